"""A message has one deadline, whatever the other side does in the middle of it."""

import contextlib
import multiprocessing
import os
import struct
import threading
import time

import pytest

from autograder import AutograderError
from autograder.execution.processes.channel import Channel

LARGEST = 64 * 2**20


@pytest.fixture
def ends():
    ours, theirs = multiprocessing.Pipe()
    channel = Channel(ours)
    yield channel, theirs
    channel.close()
    theirs.close()


def soon(seconds=0.3):
    return time.monotonic() + seconds


@pytest.mark.parametrize("size", [0, 1, 5000, 3 * 2**20])
def test_messages_pass_in_both_directions(ends, size):
    channel, theirs = ends
    data = os.urandom(size)

    def echo():
        theirs.send_bytes(theirs.recv_bytes())

    thread = threading.Thread(target=echo)
    thread.start()
    channel.send(data, soon(30))
    assert channel.receive(soon(30), LARGEST) == data
    thread.join()


@pytest.mark.parametrize(
    "written",
    [
        b"",
        b"\x00",
        struct.pack("!i", 1000),
        struct.pack("!i", 1000) + b"half",
        struct.pack("!i", -1),
    ],
)
def test_half_a_message_is_a_message_that_is_late(ends, written):
    channel, theirs = ends
    os.write(theirs.fileno(), written)
    begin = time.monotonic()
    with pytest.raises(TimeoutError):
        channel.receive(soon(), LARGEST)
    assert time.monotonic() - begin < 5


def test_a_message_that_drips_is_late_as_a_whole(ends):
    channel, theirs = ends
    stop = threading.Event()

    def drip():
        os.write(theirs.fileno(), struct.pack("!i", 10_000))
        while not stop.wait(0.05):
            os.write(theirs.fileno(), b"x")

    thread = threading.Thread(target=drip)
    thread.start()
    with pytest.raises(TimeoutError):
        channel.receive(soon(), LARGEST)
    stop.set()
    thread.join()


def test_a_side_that_reads_nothing_cannot_keep_the_sender(ends):
    channel, _ = ends
    with pytest.raises(TimeoutError):
        channel.send(bytes(32 * 2**20), soon())


@pytest.mark.parametrize("size", [LARGEST + 1, -2, 2**31 - 1])
def test_a_message_of_a_size_that_cannot_be_is_refused(ends, size):
    channel, theirs = ends
    os.write(theirs.fileno(), struct.pack("!i", size))
    with pytest.raises(AutograderError, match="bytes is not one of"):
        channel.receive(soon(5), LARGEST)


def test_a_long_head_is_understood_and_refused(ends):
    channel, theirs = ends
    os.write(theirs.fileno(), struct.pack("!iQ", -1, 2**40))
    with pytest.raises(AutograderError, match="bytes is not one of"):
        channel.receive(soon(5), LARGEST)


@pytest.mark.parametrize("written", [b"", struct.pack("!i", 1000) + b"half"])
def test_a_side_that_hangs_up_is_told_from_one_that_is_late(ends, written):
    channel, theirs = ends
    os.write(theirs.fileno(), written)
    theirs.close()
    with pytest.raises((EOFError, ConnectionError)):
        channel.receive(soon(30), LARGEST)
    with pytest.raises(ConnectionError):
        channel.send(bytes(2**20), soon(30))


def test_a_message_that_was_there_in_time_is_read_however_late(ends):
    channel, theirs = ends
    theirs.send_bytes(b"in time")
    assert channel.receive(soon(-12), LARGEST) == b"in time"
    with pytest.raises(TimeoutError):
        channel.receive(soon(-12), LARGEST)


def test_a_flood_after_the_deadline_ends(ends):
    channel, theirs = ends
    stop = threading.Event()

    def flood():
        os.write(theirs.fileno(), struct.pack("!i", LARGEST))
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            while not stop.is_set():
                os.write(theirs.fileno(), b"x")

    thread = threading.Thread(target=flood)
    thread.start()
    begin = time.monotonic()
    with pytest.raises(TimeoutError):
        channel.receive(soon(0.1), LARGEST)
    assert time.monotonic() - begin < 10
    stop.set()
    channel.close()
    thread.join()
