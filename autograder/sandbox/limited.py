"""Limit the computing time: a last resort where the limits on sizes do not help."""

import contextlib
import signal
import threading
import time
from collections.abc import Iterator

from autograder import AutograderError


class TooSlowError(AutograderError):
    """Something takes too much computing time; the message gives the limit."""


@contextlib.contextmanager
def limited(seconds: float) -> Iterator[None]:
    """Stop code that takes too much computing time, even within a regular expression.

    This works only in the main thread, on systems with such a timer; elsewhere nothing happens.

    Raises
    ------
    TooSlowError
        In the code that runs too long.
    """
    if not hasattr(signal, "setitimer") or threading.current_thread() != threading.main_thread():
        yield
        return

    begin = time.thread_time()

    def end(*_) -> None:
        # The timer counts the time of all threads.
        left = seconds - (time.thread_time() - begin)
        if left <= 0:
            raise TooSlowError(f"it takes more than {seconds:.0f} s of computing time")
        signal.setitimer(signal.ITIMER_VIRTUAL, left)

    before = signal.signal(signal.SIGVTALRM, end)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)
