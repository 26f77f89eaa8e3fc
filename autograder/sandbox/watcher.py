"""The processes around a notebook: one outside that others wait for, and the first one inside."""

import contextlib
import os
import signal
from typing import NoReturn

from autograder import AutograderError
from autograder.sandbox import syscalls
from autograder.sandbox.confine import close_all_but

INSIDE, FAILED, ENDED = "inside", "failed", "ended"  # what is reported to the watcher


class SandboxError(AutograderError):
    """A process could not be contained; nothing of a student may run in it."""


def failure(error: object) -> SandboxError:
    """Return what to raise where containing has failed."""
    return SandboxError(f"A notebook's process could not be contained: {error}.")


def die_with_parent() -> None:
    """See to it that this process does not outlive the one that started it."""
    parent = os.getppid()
    syscalls.prctl(syscalls.SET_DEATH_SIGNAL, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


def watch(first: int, child: int, reports: int) -> NoReturn:
    """Wait for the first process, whose end is that of all inside, and end as the inside did.

    Parameters
    ----------
    first, child : int
        The first process, and the child of this one that ends with it; they may be the same.
    reports : int
        Where the first process and the inside tell how far they are.

    Raises
    ------
    SandboxError
        If the inside was not reached; everything has ended by then.
    """
    handle = os.pidfd_open(first)  # its number may be that of another process when it has ended
    with os.fdopen(reports) as stream:
        begin = stream.readline().strip()
        if begin != INSIDE:
            _kill(handle)
            os.waitpid(child, 0)
            raise failure(_why(begin))
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the grader, which decides
        signal.signal(signal.SIGTERM, lambda *_: _kill(handle))
        close_all_but({reports, handle})
        end = stream.readline().split()
        os.waitpid(child, 0)  # returns when its whole namespace has ended
    _end_as(int(end[1]) if end[:1] == [ENDED] else signal.SIGKILL)


def _why(begin: str) -> str:
    """Return what the first line of the reports says of a process that was not contained."""
    if begin.startswith(FAILED):
        return begin.removeprefix(FAILED).strip()
    return "it ended too early" if begin else "its first process was killed"


def _kill(process: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        signal.pidfd_send_signal(process, signal.SIGKILL)


def _end_as(status: int) -> NoReturn:
    """End with the code or the signal of a status that ``os.wait`` gave."""
    code = os.waitstatus_to_exitcode(status)
    if code >= 0:
        os._exit(code)
    syscalls.prctl(syscalls.SET_DUMPABLE, 0)  # no memory dump of a process that did nothing wrong
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {-code})
    with contextlib.suppress(OSError):  # SIGKILL has no handler
        signal.signal(-code, signal.SIG_DFL)
    os.kill(os.getpid(), -code)
    os._exit(128 - code)


def give_up(report: int, error: BaseException) -> NoReturn:
    """End a process that is half contained, and report why."""
    try:
        os.write(report, f"{FAILED} {' '.join(str(error).split())}\n".encode())
    finally:
        os._exit(1)


def collect(inside: int, report: int) -> NoReturn:
    """Wait, as the first process, for what others leave; end them all when the inside ends."""
    syscalls.prctl(syscalls.SET_DUMPABLE, 0)
    syscalls.drop_capabilities()
    close_all_but({report})
    ended = None
    while ended != inside:
        ended, status = os.wait()
    os.write(report, f"{ENDED} {status}\n".encode())
    os._exit(0)  # and with this process all others of its namespace
