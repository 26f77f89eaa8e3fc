"""Start processes from a warm one, which has imported all libraries and knows no secrets."""

import contextlib
import multiprocessing
import os
import signal
import threading
from collections.abc import Iterator
from multiprocessing import forkserver
from multiprocessing.process import BaseProcess
from typing import TYPE_CHECKING, Protocol

from autograder import AutograderError
from autograder.execution.worker.entering import LIBRARIES

if TYPE_CHECKING:
    from multiprocessing.context import ForkServerContext, SpawnContext

ENVIRONMENT = {
    "CUDA_VISIBLE_DEVICES": "-1",
    "GLIBC_TUNABLES": "glibc.malloc.hugetlb=1",  # faults and forks take a sixth of CPU without
    "JE_ARROW_MALLOC_CONF": "background_thread:false",  # no thread that a fork would lack
    "MPLBACKEND": "agg",
    "NBGRADER_EXECUTION": "autograde",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "PYTHONSAFEPATH": "1",  # else a module in the working folder would be imported
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "TF_NUM_INTRAOP_THREADS": "1",
}
BACKGROUND = "autograder.execution.processes.background"
PASSED = (
    *("HOME", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "PATH", "PYTHONPATH", "TMPDIR", "TZ"),
    LIBRARIES,
)
STARTING = threading.Lock()
WARM: list[int] = []  # number of the process that others are forked from
STOPPED = threading.Event()
RUNNING: set["Killable"] = set()  # those that were started and have not ended
PAUSE = 0.05  # seconds


class Killable(Protocol):
    """What can be ended at once, from any thread and more than once."""

    def kill(self) -> None:
        """End it."""


def context() -> "SpawnContext | ForkServerContext":
    """Return how processes are started: if possible, forked from one with all imports done.

    That one is started by the first call, which must come before any thread is: for a moment the
    environment of this process, which belongs to all threads, is emptied.

    Raises
    ------
    AutograderError
        If the process that others are forked from has ended. Another one would be started with the
        whole environment.
    """
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("spawn")
    chosen = multiprocessing.get_context("forkserver")
    with STARTING:
        if not WARM:
            chosen.set_forkserver_preload([BACKGROUND, "autograder.execution.processes.warm"])
            with environment():
                forkserver.ensure_running()
            # Nothing public tells the number.
            WARM.append(forkserver._forkserver._forkserver_pid)  # type: ignore[attr-defined]
    if _has_ended(WARM[0]):
        raise AutograderError(
            "The process that notebooks are forked from has ended, perhaps for want of memory: run "
            "it again; what was graded before stays."
        )
    return chosen


def start(process: BaseProcess) -> None:
    """Start a process, unless all are being stopped.

    Raises
    ------
    AutograderError
        If they are.
    EOFError, OSError
        If they are from now on.
    """
    # Where none can be forked from a clean process, a new program gets little of the environment.
    spawned = "forkserver" not in multiprocessing.get_all_start_methods()
    with STARTING:
        if STOPPED.is_set():
            raise AutograderError("The processes of notebooks were stopped.")
        with environment() if spawned else contextlib.nullcontext():
            process.start()


@contextlib.contextmanager
def stopping() -> Iterator[None]:
    """End all processes, also those that other threads are about to start, until this is left.

    By then no other thread may be waiting for one.
    """
    over = threading.Event()

    def stop() -> None:
        while not over.is_set():
            _stop()
            over.wait(PAUSE)

    thread = threading.Thread(target=stop)
    STOPPED.set()
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
        with STARTING:
            if WARM:
                forkserver._forkserver._stop()  # type: ignore[attr-defined] # nothing public does
                WARM.clear()
            STOPPED.clear()


def _stop() -> None:
    if WARM and not _has_ended(WARM[0]):  # which may still be importing libraries
        os.kill(WARM[0], signal.SIGKILL)
    for each in list(RUNNING):
        each.kill()


def _has_ended(process: int) -> bool:
    try:
        return os.waitid(os.P_PID, process, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None
    except ChildProcessError:  # somebody else has collected it
        return True


@contextlib.contextmanager
def environment() -> Iterator[None]:
    """Give the process that others are forked from little of the environment: no secrets."""
    before = dict(os.environ)
    passed = {name: before[name] for name in PASSED if name in before}
    os.environ.clear()
    os.environ.update(passed | ENVIRONMENT)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
