"""Start processes from a warm one, which has imported all libraries and knows no secrets."""

import contextlib
import multiprocessing
import multiprocessing.util
import os
import signal
import subprocess
import threading
from collections.abc import Iterable, Iterator
from multiprocessing import forkserver
from multiprocessing.process import BaseProcess
from typing import TYPE_CHECKING, Protocol

from autograder import AutograderError
from autograder.execution.worker.entering import LIBRARIES

if TYPE_CHECKING:
    from multiprocessing.context import ForkServerContext, SpawnContext

ENVIRONMENT = {
    "CUDA_VISIBLE_DEVICES": "-1",
    # Without it, page faults and forks take a sixth of the CPU time.
    "GLIBC_TUNABLES": "glibc.malloc.hugetlb=1",
    "JE_ARROW_MALLOC_CONF": "background_thread:false",  # no thread, since a fork would lack it
    "MPLBACKEND": "agg",
    "NBGRADER_EXECUTION": "autograde",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "PYTHONSAFEPATH": "1",  # else modules in the working folder could be imported
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "TF_NUM_INTRAOP_THREADS": "1",
}
BACKGROUND = "autograder.execution.processes.background"
INHERITED_VARIABLES = (
    *("HOME", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "PATH", "PYTHONPATH", "TMPDIR", "TZ"),
    LIBRARIES,
)
STARTING = threading.Lock()
WARM_PID: list[int] = []  # of the process that others are forked from; empty until it starts
PROGRAMS: list[subprocess.Popen[bytes]] = []  # else Python would wait for them when it likes
STOPPED = threading.Event()
RUNNING: set["Killable"] = set()  # processes that were started and have not ended
PAUSE = 0.05  # seconds


class Killable(Protocol):
    """A process that any thread can kill, any number of times."""

    def kill(self) -> None:
        """End it at once."""


def context() -> "SpawnContext | ForkServerContext":
    """Return how processes are started: if possible, forked from one with all imports done.

    The first call starts that process, with the variables that it may have and no others.

    Raises
    ------
    AutograderError
        If the process that others are forked from has ended. A new one would be started with the
        whole environment.
    """
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("spawn")
    forking = multiprocessing.get_context("forkserver")
    with STARTING:
        if not WARM_PID:
            forking.set_forkserver_preload([BACKGROUND, "autograder.execution.processes.warm"])
            with _starting_programs_with(_reduced()):
                forkserver.ensure_running()
            # No public attribute has the PID.
            WARM_PID.append(forkserver._forkserver._forkserver_pid)  # type: ignore[attr-defined]
    if _has_ended(WARM_PID[0]):
        raise AutograderError(
            "The process that notebooks are forked from has ended, perhaps for lack of memory: run "
            "the command again; what was graded before is kept."
        )
    return forking


def start(process: BaseProcess) -> None:
    """Start a process, unless all are being stopped.

    Raises
    ------
    AutograderError
        If all processes are being stopped.
    EOFError, OSError
        If they are stopped while this one starts.
    """
    # Where there is no clean process to fork from, the new program gets the reduced environment.
    spawned = "forkserver" not in multiprocessing.get_all_start_methods()
    with STARTING:
        if STOPPED.is_set():
            raise AutograderError("The processes of notebooks were stopped.")
        wake()
        with reduced_environment() if spawned else contextlib.nullcontext():
            process.start()


@contextlib.contextmanager
def stopping() -> Iterator[None]:
    """End all processes, also those that other threads are about to start, until ``with`` is left.

    By then, no other thread may still be waiting for a process.
    """
    finished = threading.Event()

    def stop() -> None:
        while not finished.is_set():
            _kill_all()
            finished.wait(PAUSE)

    thread = threading.Thread(target=stop)
    STOPPED.set()
    thread.start()
    try:
        yield
    finally:
        finished.set()
        thread.join()
        with STARTING:
            if WARM_PID:
                forkserver._forkserver._stop()  # type: ignore[attr-defined] # nothing public does
                WARM_PID.clear()
            STOPPED.clear()


def wake() -> None:
    """Let the process that others are forked from go on: uncontained code may have stopped it."""
    if WARM_PID and hasattr(signal, "SIGCONT"):
        with contextlib.suppress(ProcessLookupError):
            os.kill(WARM_PID[0], signal.SIGCONT)


def _kill_all() -> None:
    if WARM_PID and not _has_ended(WARM_PID[0]):  # which may still be importing libraries
        os.kill(WARM_PID[0], signal.SIGKILL)
    for process in list(RUNNING):
        process.kill()


def _has_ended(pid: int) -> bool:
    try:
        return os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None
    except ChildProcessError:  # somebody else has waited for it
        return True


def _reduced() -> dict[str, str]:
    """Return the environment of the processes of notebooks: no secrets."""
    inherited = {name: os.environ[name] for name in INHERITED_VARIABLES if name in os.environ}
    return inherited | ENVIRONMENT


@contextlib.contextmanager
def _starting_programs_with(environment: dict[str, str]) -> Iterator[None]:
    """Let multiprocessing start programs with an environment: it has no option for that.

    The environment of this process stays as it is, since other threads may be reading it.
    """

    def spawn(path: str, arguments: Iterable[str | bytes], descriptors: Iterable[int]) -> int:
        program = subprocess.Popen(
            [*arguments], executable=path, env=environment, pass_fds=[*descriptors]
        )
        PROGRAMS.append(program)
        return program.pid

    original = multiprocessing.util.spawnv_passfds
    multiprocessing.util.spawnv_passfds = spawn  # type: ignore[assignment]
    try:
        yield
    finally:
        multiprocessing.util.spawnv_passfds = original


@contextlib.contextmanager
def reduced_environment() -> Iterator[None]:
    """Reduce the environment of this process, which all of its threads share."""
    before, reduced = dict(os.environ), _reduced()
    os.environ.clear()
    os.environ.update(reduced)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
