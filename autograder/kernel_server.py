"""The process that kernels are forked from: everything is imported in it and nothing has run.

TensorFlow survives a fork only while its runtime has not started, and a fork copies one thread
only. So this process imports, then waits, and has one thread.
"""

import atexit
import builtins
import contextlib
import gc
import importlib
import json
import os
import runpy
import selectors
import signal
import socket
import struct
import sys
from collections.abc import Iterator
from pathlib import Path

from autograder import AutograderError

INLINE = "module://matplotlib_inline.backend_inline"  # what ipykernel chooses for figures
MORE = (  # what a kernel consists of without its debugger, and what hidden checks need
    "autograder.reference",
    "ipykernel.kernelapp",
    "IPython.core.completerlib",
    "IPython.extensions.storemagic",
    "jupytext",
    "tornado.platform.asyncio",
)
LAUNCHER = "ipykernel_launcher"
NUMBER = struct.Struct("q")  # how the process id of a kernel is told, and later its exit code
QUIET = {  # what keeps libraries from starting threads when they are imported
    "JE_ARROW_MALLOC_CONF": "background_thread:false",
    "OPENBLAS_NUM_THREADS": "1",
}
STREAMS = 3  # standard input, output and error
THREADS = Path("/proc/self/task")


def main(descriptor: int) -> None:
    """Fork kernels for the process at the other end of a socket until that ends.

    Parameters
    ----------
    descriptor : int
        The socket, over which each request comes as one byte with the descriptors of a
        connection and of the standard streams. Over that connection comes what the kernel is to
        be, and go its process id and its exit code. If nothing can be imported, the socket
        carries the reason, and this process ends.
    """
    asked = socket.socket(fileno=descriptor)
    try:
        made = _prepare()
    except Exception as error:
        asked.sendall(f"{type(error).__name__}: {error}".encode())
        return
    begun = _serve(asked)
    if begun is None:
        os._exit(0)  # the libraries have nothing to tidy up, but would take their time for it
    _become_kernel(*begun, made)


def _prepare() -> dict[str, str]:
    """Import what notebooks import and what a kernel consists of.

    Returns
    -------
    dict
        The variables that libraries have put into the environment.
    """
    os.environ["JPY_PARENT_PID"] = str(os.getpid())  # ipykernel reads it when it is imported
    with _as_in_a_notebook():
        before = dict(os.environ)
        from autograder import warm

        for name in MORE:
            with contextlib.suppress(ModuleNotFoundError):  # what is not installed is not needed
                importlib.import_module(name)
    vars(warm).pop("WATCHES")  # on tampering, which is not looked for here
    threads = len(list(THREADS.iterdir()))
    if threads > 1:
        raise AutograderError(f"a library has started {threads - 1} threads, which no fork has")
    gc.collect()
    gc.freeze()  # or else the first collection in a kernel would copy all memory
    return {name: text for name, text in os.environ.items() if before.get(name) != text}


class Current:
    """Stands for a standard stream, whatever object that is at the time.

    Parameters
    ----------
    name : str
        Its name in `sys`.
    """

    def __init__(self, name: str):
        self._name, self._first = name, getattr(sys, name)

    def __getattr__(self, attribute: str):
        """Return what the stream of now has under a name."""
        now = getattr(sys, self._name)
        return getattr(self._first if now is self else now, attribute)

    def close(self) -> None:
        """Leave the stream open: a kernel closes what log messages were written to before it."""


@contextlib.contextmanager
def _as_in_a_notebook() -> Iterator[None]:
    """Let libraries find what they look for, when they are imported, to tell a notebook.

    Without it, a figure would not be shown, `tf.print` would write to the terminal, and the
    warnings of TensorFlow to standard error, where nbgrader takes them for a failure.
    """
    from IPython import get_ipython

    kept = sys.stdout, sys.stderr
    builtins.get_ipython, sys.ps1 = get_ipython, "In : "
    sys.stdout, sys.stderr = Current("stdout"), Current("stderr")  # for what keeps a stream
    if not os.environ.get("MPLBACKEND"):
        os.environ["MPLBACKEND"] = INLINE
    try:
        yield
    finally:
        del builtins.get_ipython, sys.ps1
        sys.stdout, sys.stderr = kept


def _serve(asked: socket.socket) -> tuple[socket.socket, list[int]] | None:
    """Fork a kernel for each request; return in each of these, and when nobody can ask again.

    Returns
    -------
    tuple or None
        In a kernel, its connection and the descriptors of its streams.
    """
    kernels: dict[int, tuple[int, socket.socket]] = {}  # by what tells of their end
    with selectors.PollSelector() as selector:
        selector.register(asked, selectors.EVENT_READ)
        while True:
            for key, _ in selector.select():
                if key.fd in kernels:
                    selector.unregister(key.fd)
                    _tell_end(key.fd, *kernels.pop(key.fd))
                    continue
                told, descriptors, _, _ = socket.recv_fds(asked, 1, 1 + STREAMS)
                if not told:
                    _end_all(kernels)
                    return None
                connection, streams = socket.socket(fileno=descriptors[0]), descriptors[1:]
                pid = os.fork()
                if pid == 0:
                    asked.close()
                    _forget(kernels)
                    return connection, streams
                for stream in streams:
                    os.close(stream)
                _tell(connection, pid)
                watch = os.pidfd_open(pid)
                kernels[watch] = pid, connection
                selector.register(watch, selectors.EVENT_READ)


def _tell(connection: socket.socket, number: int) -> None:
    with contextlib.suppress(OSError):  # nobody may want to know any more
        connection.sendall(NUMBER.pack(number))


def _tell_end(watch: int, pid: int, connection: socket.socket) -> None:
    os.close(watch)
    _, status = os.waitpid(pid, 0)
    _tell(connection, os.waitstatus_to_exitcode(status))
    connection.close()


def _end_all(kernels: dict) -> None:
    """End the kernels of a process that has ended, and what they have started."""
    for pid, _ in kernels.values():
        for kill in (os.killpg, os.kill):  # a kernel leads a group only when it has begun
            with contextlib.suppress(ProcessLookupError):
                kill(pid, signal.SIGKILL)


def _forget(kernels: dict) -> None:
    """Close in a kernel what belongs to other kernels."""
    for watch, (_, connection) in kernels.items():
        os.close(watch)
        connection.close()


def _become_kernel(connection: socket.socket, streams: list[int], made: dict[str, str]) -> None:
    """Turn this process into the kernel that was asked for, and run it to its end."""
    with connection, connection.makefile("rb") as file:
        request = json.load(file)
    os.setsid()
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    os.chdir(request["cwd"])
    # A kernel ends when this is not its parent any more.
    environment = made | request["env"] | {"JPY_PARENT_PID": str(os.getppid())}
    os.environ.clear()
    os.environ.update(environment)
    sys.modules["numpy"].random.seed()  # or else all kernels would draw the same numbers
    sys.argv = [LAUNCHER, *request["arguments"]]
    # The last handler of an orderly end: Python would go on and take all libraries apart, which
    # means to copy their memory first, since it is shared with the warm process.
    atexit.register(os._exit, 0)
    try:
        runpy.run_module(LAUNCHER, run_name="__main__", alter_sys=True)
    except BaseException:
        atexit.unregister(os._exit)
        raise
