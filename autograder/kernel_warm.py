"""The process that kernels are forked from, and a forked kernel, as seen from outside."""

import asyncio
import atexit
import contextlib
import json
import os
import select
import signal
import socket
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from autograder import AutograderError
from autograder.kernel_server import NUMBER, QUIET

# Without the current folder in the path: modules of a student may lie there.
SERVE = (
    "import sys; sys.path[:] = filter(None, sys.path); "
    "from autograder.kernel_server import main; main({})"
)
START = 300  # seconds for the libraries to be imported on a busy machine
END = 5  # seconds for the warm process to end
CHANGING = ("JPY_", "NBGRADER_")  # variables that no library reads when it is imported
FAILED = "Kernels are started in the ordinary way, for the warm process did not start: {}"


class ForkedKernel:
    """A kernel that is no child of this process, with what `LocalProvisioner` asks a `Popen`.

    Parameters
    ----------
    pid : int
        Its process, which leads a group of processes.
    connection : socket.socket
        Over this its exit code will come.
    """

    stdin = stdout = stderr = None

    def __init__(self, pid: int, connection: socket.socket):
        self.pid, self._connection = pid, connection
        self.returncode: int | None = None

    def poll(self) -> int | None:
        """Return the exit code, or None if the kernel has not ended."""
        if self.returncode is None:
            try:
                told = self._connection.recv(NUMBER.size)
            except BlockingIOError:
                return None
            self._connection.close()
            self.returncode = NUMBER.unpack(told)[0] if told else self._without_a_parent()
        return self.returncode

    def wait(self) -> int:
        """Wait for the end of the kernel and return its exit code."""
        while self.poll() is None:
            select.select([self._connection], [], [])
        return self.returncode

    def send_signal(self, number: int) -> None:
        """Send a signal to the kernel, but not to what it has started."""
        if self.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def kill(self) -> None:
        """End the kernel at once."""
        self.send_signal(signal.SIGKILL)

    def terminate(self) -> None:
        """Ask the kernel to end."""
        self.send_signal(signal.SIGTERM)

    def _without_a_parent(self) -> int:
        """End a kernel whose exit code nobody can tell any more, and return one."""
        with contextlib.suppress(OSError):
            os.killpg(self.pid, signal.SIGKILL)
        return -signal.SIGKILL


class WarmProcess:
    """A process with all imports done, from which kernels are forked; it ends with this process.

    Parameters
    ----------
    interpreter : list of str
        Python with its options, as kernels are started.
    environment : mapping
        That of the first kernel: libraries read it when they are imported.
    """

    def __init__(self, interpreter: list[str], environment: Mapping[str, str]):
        self._made_of = interpreter, _lasting(environment)
        self._asking, theirs = socket.socketpair()
        try:
            with theirs:
                self._process = subprocess.Popen(
                    [*interpreter, "-c", SERVE.format(theirs.fileno())],
                    env={**environment, **QUIET},
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                    pass_fds=[theirs.fileno()],
                    start_new_session=True,  # so that Ctrl-C is for this process alone
                )
        except OSError as error:
            self._asking.close()
            raise AutograderError(FAILED.format(error)) from error
        atexit.register(self.end)

    def suits(self, interpreter: list[str], environment: Mapping[str, str]) -> bool:
        """Return whether a kernel would have the same libraries if it imported them itself."""
        return self._made_of == (interpreter, _lasting(environment))

    def has_ended(self) -> bool:
        """Return whether something has ended the process."""
        return self._process.poll() is not None

    async def kernel(
        self, arguments: list[str], environment: Mapping[str, str], options: Mapping[str, Any]
    ) -> ForkedKernel:
        """Fork a kernel.

        Parameters
        ----------
        arguments : list of str
            Of the program that is a kernel.
        environment : mapping
            That of the kernel.
        options : mapping
            What `subprocess.Popen` would be told: ``cwd``, ``stdin``, ``stdout``, ``stderr``.

        Raises
        ------
        AutograderError
            If the process has not got as far as to fork.
        """
        folder = str(Path(options.get("cwd") or "").absolute())
        request = {"arguments": arguments, "cwd": folder, "env": environment}
        connection, theirs = socket.socketpair()
        connection.setblocking(False)
        try:
            with theirs, Path(os.devnull).open("r+b") as nothing:
                streams = _streams(options, nothing.fileno())
                socket.send_fds(self._asking, [b"k"], [theirs.fileno(), *streams])
            pid = await asyncio.wait_for(_told(connection, request), START)
        except (OSError, AutograderError) as error:
            connection.close()
            reason = self._reason() or str(error) or f"it took more than {START} s"
            self.end()
            raise AutograderError(FAILED.format(reason)) from error
        return ForkedKernel(pid, connection)

    def end(self) -> None:
        """End the process, and with it its kernels."""
        atexit.unregister(self.end)
        self._asking.close()
        try:
            self._process.wait(END)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _reason(self) -> str:
        """Return why nothing could be imported, if the process has told."""
        self._asking.setblocking(False)
        with contextlib.suppress(OSError):
            return self._asking.recv(1000).decode("utf-8", "replace")
        return ""


async def _told(connection: socket.socket, request: dict) -> int:
    """Say what a kernel is to be, and return its process."""
    loop = asyncio.get_running_loop()
    await loop.sock_sendall(connection, json.dumps(request).encode())
    connection.shutdown(socket.SHUT_WR)
    told = await loop.sock_recv(connection, NUMBER.size)
    if not told:
        raise AutograderError("it has ended")
    return NUMBER.unpack(told)[0]


def _lasting(environment: Mapping[str, str]) -> dict[str, str]:
    return {name: text for name, text in environment.items() if not name.startswith(CHANGING)}


def _streams(options: Mapping[str, Any], nothing: int) -> list[int]:
    """Return the descriptors of the standard streams of a kernel, as Jupyter would choose them."""

    def descriptor(name: str, ordinary: int) -> int:
        given = options.get(name)
        if given is None:
            return ordinary
        if given == subprocess.DEVNULL:
            return nothing
        return given if isinstance(given, int) else given.fileno()

    output = descriptor("stdout", 1)
    merged = options.get("stderr") == subprocess.STDOUT
    return [descriptor("stdin", nothing), output, output if merged else descriptor("stderr", 2)]
