"""What may cross a border: dicts, lists, texts, numbers and arrays of numbers, as JSON."""

import hashlib
from typing import Any

import numpy as np

Values = dict[str, Any]


def digest(value: Any) -> str:
    """Return a hash that tells a value from others."""
    found = hashlib.sha256()
    _feed(found, value)
    return found.hexdigest()


def _feed(found: Any, value: Any) -> None:
    if isinstance(value, dict):
        found.update(b"{%d" % len(value))
        for key in sorted(value):
            _feed(found, key)
            _feed(found, value[key])
    elif isinstance(value, list | tuple):
        found.update(b"[%d" % len(value))
        for each in value:
            _feed(found, each)
    elif isinstance(value, np.ndarray | np.generic):
        found.update(f"array {value.dtype.str} {value.shape}".encode() + value.tobytes())
    else:
        text = repr(value).encode()
        found.update(b"%d " % len(text) + text)
