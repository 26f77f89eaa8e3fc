"""Bombs in contained code: each stops at its limit and costs nobody else anything."""

import signal
import tempfile
from pathlib import Path

import pytest

pytest_plugins = ["boxes"]
pytestmark = pytest.mark.usefixtures("untouched")
FORKS = """
import os, signal
made = []
try:
    while len(made) < 500:
        if not (child := os.fork()):
            signal.pause()
        made.append(child)
except BlockingIOError as error:
    made.append(error.strerror)
"""


def test_a_memory_bomb_is_an_exception_and_the_code_goes_on(containment):
    source = """
try:
    bytearray(2**31)
except MemoryError:
    tell(len(bytearray(2**20)))
"""
    assert containment.tells(source, memory=2**30) == 2**20


def test_a_fork_bomb_stops_at_the_limit(containment):
    *made, error = containment.tells(FORKS + "tell(made)", processes=20)
    assert len(made) == 19
    assert error == "Resource temporarily unavailable"


def test_a_thread_bomb_stops_at_the_limit(containment):
    source = """
import threading
stop, made = threading.Event(), 0
try:
    while made < 500:
        threading.Thread(target=stop.wait, daemon=True).start()
        made += 1
except RuntimeError:
    tell(made)
stop.set()
"""
    assert containment.tells(source, processes=20) == 19


@pytest.mark.parametrize("slot", [1, 0], ids=["another slot", "another grader"])
def test_a_fork_bomb_disturbs_nobody_else(containment, slot):
    bomb = FORKS + "tell(len(made))\nsignal.pause()"
    with containment.start(bomb, processes=20) as first:
        assert first.hear() == 20
        second = containment.tells(FORKS + "tell(len(made))", processes=10, slot=slot)
    assert second == 10


def test_a_full_disk_is_an_error_and_the_machine_is_not_affected(containment):
    source = """
try:
    for number in range(100):
        with open(f"filling-{number}", "wb") as file:
            file.write(bytes(2**18))
except OSError as error:
    tell([error.strerror, number])
"""
    assert containment.tells(source, disk=2**20) == ["No space left on device", 4]
    assert not [*Path(tempfile.gettempdir()).glob("filling-*")]


def test_the_number_of_files_is_limited(containment):
    source = """
try:
    for number in range(10_000):
        open(str(number), "w").close()
except OSError as error:
    tell([error.strerror, number])
"""
    error, number = containment.tells(source, disk=2**20)
    assert error == "No space left on device"
    assert number < 100


def test_the_number_of_open_files_is_limited(containment):
    source = """
files = []
try:
    while len(files) < 500:
        files.append(open("/dev/null"))
except OSError as error:
    tell([error.strerror, len(files)])
"""
    error, number = containment.tells(source, files=30)
    assert error == "Too many open files"
    assert number < 30


def test_an_endless_loop_ends_at_the_limit_of_computing_time(containment):
    with containment.start("while True: pass", cpu=1) as box:
        assert box.rest() == []
        assert box.code() == -signal.SIGXCPU


@pytest.mark.slow
def test_an_endless_loop_that_ignores_the_signal_is_killed(containment):
    source = "import signal; signal.signal(signal.SIGXCPU, signal.SIG_IGN)\nwhile True: pass"
    with containment.start(source, cpu=1) as box:
        assert box.rest() == []
        assert box.code() == -signal.SIGKILL
