"""What crosses the border to a process with student code: JSON and arrays, no objects."""

import base64
import hashlib
import hmac
import json
from typing import Any

import numpy as np

from autograder import AutograderError

KEY = 32  # bytes of the key that messages are sealed with
LARGEST = 64 * 2**20  # bytes of one message
KINDS = "biuf"  # Boolean, integer, unsigned, floating


class Seal:
    """Tells the messages of one process from those that student code in it may have written.

    Parameters
    ----------
    key : bytes
        Known to both sides, and to nobody else.
    """

    def __init__(self, key: bytes):
        # The state of this object cannot be read, unlike an attribute that holds the key.
        self._keyed = hashlib.blake2b(key=key, digest_size=KEY)
        self._count = 0

    def close(self, data: bytes, checked: bool) -> bytes:
        """Return the next message with its seal, which says whether ``data`` was checked."""
        marked = bytes([checked]) + data
        return self._next(marked) + marked

    def open(self, message: bytes) -> tuple[bytes, bool]:
        """Return the content of the next message, and whether it was checked.

        Raises
        ------
        AutograderError
            If it is not the next message of the one who has the key.
        """
        seal, marked = message[:KEY], message[KEY:]
        if not marked or not hmac.compare_digest(seal, self._next(marked)):
            raise AutograderError("Something in the notebook wrote to the autograder in its name.")
        return marked[1:], bool(marked[0])

    def _next(self, marked: bytes) -> bytes:
        """Return the seal of the next message, which no other message has."""
        self._count += 1
        sealed = self._keyed.copy()
        sealed.update(self._count.to_bytes(8, "big") + marked)
        return sealed.digest()


def pack(message: Any) -> bytes:
    """Return a message of dicts, lists, texts, numbers and arrays as bytes."""
    return json.dumps(message, default=_plain).encode()


def unpack(data: bytes) -> Any:
    """Return the message that some bytes hold.

    Raises
    ------
    AutograderError
        If they are too many, not JSON, or hold an array of anything but numbers.
    """
    if len(data) > LARGEST:
        raise AutograderError(f"A message of {len(data):,} bytes is larger than {LARGEST:,}.")
    try:
        return json.loads(data, object_hook=_array)
    except (ValueError, RecursionError, TypeError, KeyError) as error:
        raise AutograderError(f"A message could not be read: {error}.") from error


def _plain(value: Any) -> Any:
    if isinstance(value, np.ndarray) and value.dtype.kind in KINDS:
        data = base64.b64encode(np.ascontiguousarray(value).tobytes()).decode()
        return {"__array__": data, "dtype": value.dtype.str, "shape": list(value.shape)}
    if isinstance(value, np.generic):
        return value.item()
    raise TypeError(f"a value of type {type(value).__name__} is neither a number nor an array")


def _array(value: dict) -> Any:
    if "__array__" not in value:
        return value
    dtype = np.dtype(value["dtype"])
    if dtype.kind not in KINDS:
        raise ValueError(f"an array of {dtype}")
    data = base64.b64decode(value["__array__"], validate=True)
    return np.frombuffer(data, dtype).reshape(value["shape"])
