"""How the checks write numbers and shapes, the same in every sentence."""

from collections.abc import Iterable

import numpy as np


def number(value: float) -> str:
    """Return three significant digits; 0, nan and infinity in words a student knows."""
    value = float(value)
    if np.isnan(value):
        return "nan"
    if np.isinf(value):
        return "infinite" if value > 0 else "minus infinity"
    text = f"{value:.3g}"
    return "0" if text in ("0", "-0") else text.replace("-", "−")


def shape(sizes: Iterable[int | None]) -> str:
    """Return a shape as Python writes a tuple."""
    return str(tuple(None if size is None else int(size) for size in sizes))


def listing(items: Iterable[str]) -> str:
    """Return ``a, b and c``."""
    *head, last = items
    return f"{', '.join(head)} and {last}" if head else last
