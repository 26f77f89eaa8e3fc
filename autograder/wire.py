"""What crosses the border to a process with student code: JSON and arrays, no objects."""

import base64
import json
from typing import Any

import numpy as np

from autograder import AutograderError

LARGEST = 64 * 2**20  # bytes of one message
KINDS = "biuf"  # Boolean, integer, unsigned, floating


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
