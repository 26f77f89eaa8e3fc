"""A limit of computing time: the last resort against what no limit of sizes foresaw."""

import contextlib
import signal
import threading
from collections.abc import Iterator

from autograder import AutograderError


class TooSlowError(AutograderError):
    """Something takes too much computing time; the message says how much it had."""


@contextlib.contextmanager
def limited(seconds: float) -> Iterator[None]:
    """End what takes too much computing time, also within a regular expression.

    Only the main thread of a system with such a clock can do it.

    Raises
    ------
    TooSlowError
        In the code that runs too long.
    """
    if not hasattr(signal, "setitimer") or threading.current_thread() != threading.main_thread():
        yield
        return

    def end(*_) -> None:
        raise TooSlowError(f"it takes more than {seconds:.0f} s of computing time")

    before = signal.signal(signal.SIGVTALRM, end)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)
