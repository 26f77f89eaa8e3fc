"""Values that processes exchange: dicts, lists, strings, numbers and arrays, as JSON."""

import hashlib
from typing import Any

import numpy as np

Values = dict[str, Any]


def digest(value: Any) -> str:
    """Return a hash of a value; different values have different hashes."""
    hasher = hashlib.sha256()
    _feed(hasher, value)
    return hasher.hexdigest()


def _feed(hasher: Any, value: Any) -> None:
    if isinstance(value, dict):
        hasher.update(b"{%d" % len(value))
        for key in sorted(value):
            _feed(hasher, key)
            _feed(hasher, value[key])
    elif isinstance(value, list | tuple):
        hasher.update(b"[%d" % len(value))
        for item in value:
            _feed(hasher, item)
    elif isinstance(value, np.ndarray | np.generic):
        hasher.update(f"array {value.dtype.str} {value.shape}".encode() + value.tobytes())
    else:
        text = repr(value).encode()
        hasher.update(b"%d " % len(text) + text)
