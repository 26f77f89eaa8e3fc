"""Messages to and from a process that is not to be trusted, each within a deadline as a whole.

The frames are those of ``multiprocessing.connection.Connection``, which the other side uses. That
class waits for ever for the second half of a message, so this side reads and writes by itself.
"""

import os
import select
import socket
import struct
import time
from multiprocessing.connection import Connection

from autograder import AutograderError

HEAD, LONG_HEAD = struct.Struct("!i"), struct.Struct("!Q")
LONGEST_SHORT = 0x7FFFFFFF  # bytes of a message whose head is short
CHUNK = 2**20


class Channel:
    """One end of a connection, the trusted one.

    Parameters
    ----------
    connection : Connection
        One end of ``Pipe()``; it belongs to the channel from now on.
    """

    def __init__(self, connection: Connection):
        self._socket = socket.socket(fileno=os.dup(connection.fileno()))
        connection.close()
        self._socket.setblocking(False)

    def send(self, data: bytes, deadline: float) -> None:
        """Send a message.

        Parameters
        ----------
        data : bytes
            The message.
        deadline : float
            Time of the monotonic clock by which all of it must be on its way.

        Raises
        ------
        TimeoutError
            If the other side does not read in time.
        OSError
            If the other side is gone.
        """
        head = HEAD.pack(len(data)) if len(data) <= LONGEST_SHORT else HEAD.pack(-1)
        if len(data) > LONGEST_SHORT:
            head += LONG_HEAD.pack(len(data))
        left = memoryview(head + data)
        while left:
            self._wait(deadline, write=True)
            try:
                left = left[self._socket.send(left[:CHUNK]) :]
            except BlockingIOError:
                continue

    def receive(self, deadline: float, largest: int) -> bytes:
        """Return the next message.

        Parameters
        ----------
        deadline : float
            Time of the monotonic clock by which all of it must be here.
        largest : int
            Bytes that it may have.

        Raises
        ------
        TimeoutError
            If it is not here in time, or not all of it.
        EOFError, OSError
            If the other side is gone.
        AutograderError
            If it is longer than it may be.
        """
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
        left = deadline - time.monotonic()
        poller = select.poll()  # not select(), which cannot watch descriptors from 1024 on
        poller.register(self._socket, select.POLLOUT if write else select.POLLIN)
        if left <= 0 or not poller.poll(left * 1000):
            raise TimeoutError
