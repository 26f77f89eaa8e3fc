"""Exchange messages with an untrusted process, each within a deadline for the whole message.

The frames are those of ``multiprocessing.connection.Connection``, which the other side uses. That
class waits forever for the second half of a message, so this side does its own reading and writing.
"""

import os
import select
import socket
import struct
import time
from multiprocessing.connection import Connection

from autograder import AutograderError

HEAD, LONG_HEAD = struct.Struct("!i"), struct.Struct("!Q")
MAX_SHORT = 0x7FFFFFFF  # bytes of a message with a short head
CHUNK = 2**20
LATE = 1  # seconds in which a message that has arrived may be read after its deadline


class Channel:
    """The trusted end of a connection.

    Parameters
    ----------
    connection : Connection
        One end of ``Pipe()``; it belongs to the channel from now on.
    """

    def __init__(self, connection: Connection):
        self._socket = socket.socket(fileno=os.dup(connection.fileno()))
        connection.close()
        self._socket.setblocking(False)
        self._late_until = 0.0

    def send(self, data: bytes, deadline: float) -> None:
        """Send a message.

        Parameters
        ----------
        data : bytes
            The message.
        deadline : float
            Time of the monotonic clock by which all of it must be sent.

        Raises
        ------
        TimeoutError
            If the other side does not read in time.
        OSError
            If the other side is gone.
        """
        head = HEAD.pack(len(data)) if len(data) <= MAX_SHORT else HEAD.pack(-1)
        if len(data) > MAX_SHORT:
            head += LONG_HEAD.pack(len(data))
        unsent, self._late_until = memoryview(head + data), 0.0
        while unsent:
            self._wait(deadline, write=True)
            try:
                unsent = unsent[self._socket.send(unsent[:CHUNK]) :]
            except BlockingIOError:
                continue

    def receive(self, deadline: float, largest: int) -> bytes:
        """Return the next message.

        Parameters
        ----------
        deadline : float
            Time of the monotonic clock by which all of it must have arrived.
        largest : int
            The most bytes that it may have.

        Raises
        ------
        TimeoutError
            If it does not arrive completely in time.
        EOFError, OSError
            If the other side is gone.
        AutograderError
            If it is too long.
        """
        self._late_until = 0.0
        (size,) = HEAD.unpack(self._read(HEAD.size, deadline))
        if size == -1:
            (size,) = LONG_HEAD.unpack(self._read(LONG_HEAD.size, deadline))
        if not 0 <= size <= largest:
            raise AutograderError(f"A message of {size:,} bytes is not one of 0 to {largest:,}.")
        return self._read(size, deadline)

    def close(self) -> None:
        """Hang up."""
        self._socket.close()

    def _read(self, size: int, deadline: float) -> bytes:
        data = bytearray()
        while len(data) < size:
            self._wait(deadline, write=False)
            try:
                more = self._socket.recv(min(CHUNK, size - len(data)))
            except BlockingIOError:
                continue
            if not more:
                raise EOFError
            data += more
        return bytes(data)

    def _wait(self, deadline: float, *, write: bool) -> None:
        """Wait until the socket is ready.

        If this process did not run when the deadline passed, such as one that the user has stopped,
        a message may be there all the same; it is read, but no longer waited for.
        """
        now = time.monotonic()
        if now > deadline:
            self._late_until = self._late_until or now + LATE
            if now > self._late_until:
                raise TimeoutError
        poller = select.poll()  # not select(), which cannot watch descriptors from 1024 on
        poller.register(self._socket, select.POLLOUT if write else select.POLLIN)
        if not poller.poll(max(0, deadline - now) * 1000):
            raise TimeoutError
