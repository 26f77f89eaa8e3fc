"""Format numbers, shapes, lists and names the same way in every message."""

from collections.abc import Iterable

import numpy as np

LONGEST_NAME = 128  # characters of a file name
LONGEST_ERROR = 300  # characters of an exception's message


def number(value: float) -> str:
    """Return a number with three significant digits; nan and infinity are spelled out."""
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


def printable(name: str) -> str:
    """Return a file name in a form that can be printed on one line."""
    text = name.encode("utf-8", "backslashreplace").decode()
    text = "".join(
        character if character.isprintable() else repr(character)[1:-1] for character in text
    )
    return text if len(text) <= LONGEST_NAME else text[: LONGEST_NAME - 1] + "…"


def one_line(error: BaseException) -> str:
    """Return type and message of an exception in one line, without a full stop."""
    message = next(iter(str(error).strip().splitlines()), "").rstrip(".")[:LONGEST_ERROR]
    message = "".join(char if char.isprintable() else "?" for char in message)
    return f"{type(error).__name__}: {message}" if message else type(error).__name__


def unforeseen(error: BaseException) -> str:
    """Return the sentence for an error that is a mistake of the autograder."""
    return f"The autograder failed on it: {one_line(error)}. Please report this."


def listing(items: Iterable[str]) -> str:
    """Return ``a, b and c``."""
    *head, last = items
    return f"{', '.join(head)} and {last}" if head else last
