"""A limit on computing time is one for the code that it surrounds."""

import threading
import time

import pytest

from autograder.sandbox.limited import TooSlowError, limited


def busy(seconds: float) -> None:
    begin = time.thread_time()
    while time.thread_time() - begin < seconds:
        pass


def test_code_that_takes_too_long_is_stopped():
    with pytest.raises(TooSlowError), limited(0.3):
        busy(5)


def test_what_other_threads_compute_does_not_count():
    others = [threading.Thread(target=busy, args=(0.4,)) for _ in range(4)]
    with limited(0.8):
        for other in others:
            other.start()
        busy(0.3)
        for other in others:
            other.join()
