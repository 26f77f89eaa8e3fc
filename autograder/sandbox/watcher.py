"""The processes around a notebook: the watcher outside, and the first process inside."""

import contextlib
import os
import signal
from typing import NoReturn

from autograder import AutograderError
from autograder.sandbox import syscalls
from autograder.sandbox.confine import close_all_but

INSIDE, FAILED, ENDED = "inside", "failed", "ended"  # reports to the watcher


class SandboxError(AutograderError):
    """A process could not be contained; no student code may run in it."""


def failure(error: object) -> SandboxError:
    """Return the error to raise where the containment has failed."""
    return SandboxError(f"A notebook's process could not be contained: {error}.")


def die_with_parent() -> None:
    """Make sure that this process does not outlive its parent."""
    parent = os.getppid()
    syscalls.prctl(syscalls.SET_DEATH_SIGNAL, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


def watch(first: int, child: int, reports: int) -> NoReturn:
    """Wait for the first process, which ends with all others inside, and end as the inside did.

    Parameters
    ----------
    first, child : int
        PIDs of the first process, and of the child of this process that ends with it; they may
        be the same.
    reports : int
        Descriptor of the pipe on which the first process and the inside report their progress.

    Raises
    ------
    SandboxError
        If the inside was not reached; everything has ended by then.
    ProcessLookupError
        If the first process ended before it reported anything.
    """
    handle = _handle(first)
    with os.fdopen(reports) as stream:
        report = stream.readline().strip()
        if handle is None and not report:
            raise ProcessLookupError(first)
        if report != INSIDE:
            _kill(handle)
            os.waitpid(child, 0)
            raise failure(_failure_reason(report))
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the grader, which decides
        signal.signal(signal.SIGTERM, lambda *_: _kill(handle))
        close_all_but({reports} if handle is None else {reports, handle})
        last_report = stream.readline().split()
        os.waitpid(child, 0)  # returns when its whole namespace has ended
    _end_as(int(last_report[1]) if last_report[:1] == [ENDED] else signal.SIGKILL)


def _failure_reason(report: str) -> str:
    """Return why a process was not contained, from the first line of the reports."""
    if report.startswith(FAILED):
        return report.removeprefix(FAILED).strip()
    return "it ended too early" if report else "its first process was killed"


def _handle(process: int) -> int | None:
    """Return a descriptor for a process, whose PID may be reused when it has ended.

    None if it has ended already, as short code may on a busy machine: its reports are there.
    """
    try:
        return os.pidfd_open(process)
    except ProcessLookupError:
        return None


def _kill(handle: int | None) -> None:
    with contextlib.suppress(ProcessLookupError):
        if handle is not None:
            signal.pidfd_send_signal(handle, signal.SIGKILL)


def _end_as(status: int) -> NoReturn:
    """End with the exit code or the signal of a status from ``os.wait``."""
    code = os.waitstatus_to_exitcode(status)
    if code >= 0:
        os._exit(code)
    syscalls.prctl(syscalls.SET_DUMPABLE, 0)  # no core dump of a process that did nothing wrong
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {-code})
    with contextlib.suppress(OSError):  # SIGKILL has no handler
        signal.signal(-code, signal.SIG_DFL)
    os.kill(os.getpid(), -code)
    os._exit(128 - code)


def give_up(report: int, error: BaseException) -> NoReturn:
    """Report why a process could not be contained, and end it."""
    try:
        os.write(report, f"{FAILED} {' '.join(str(error).split())}\n".encode())
    finally:
        os._exit(1)


def collect(inside: int, report: int) -> NoReturn:
    """Reap orphans as the first process, and end with all others when the inside ends."""
    syscalls.prctl(syscalls.SET_DUMPABLE, 0)
    syscalls.drop_capabilities()
    close_all_but({report})
    ended = None
    while ended != inside:
        ended, status = os.wait()
    os.write(report, f"{ENDED} {status}\n".encode())
    os._exit(0)  # which ends all other processes of the namespace
