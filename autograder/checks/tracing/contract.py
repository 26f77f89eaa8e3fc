"""The functions that an answer is traced into, each for inputs of known widths."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Shape = tuple[int | None, ...]


class AnswerError(Exception):
    """An answer is of the wrong kind; the message is the sentence that the student reads."""


@dataclass(frozen=True)
class Traced:
    """A function to trace, and the variables that a probe sets or asks gradients for.

    Attributes
    ----------
    function : callable
        Takes tensors and returns a tensor or a dict of tensors.
    variables : dict of str to sequence of tf.Variable
        Kept in this order under ``FUNCTION.NAME``, so that a probe can find them.
    """

    function: Callable[..., Any]
    variables: Mapping[str, Sequence[Any]] = field(default_factory=dict)


@dataclass(frozen=True)
class Order:
    """One function that an answer must provide.

    Attributes
    ----------
    name : str
        Name under which probes look up the function.
    make : callable
        Returns a `Traced`. It runs the student's code, so any exception counts as the student's.
    shapes : tuple of tuple
        Shape of each float32 input. It begins with None, for a batch of unknown size.
    batches : tuple of int
        Batch sizes to fall back on if the function cannot be traced for an unknown one.
    """

    name: str
    make: Callable[[], Traced]
    shapes: tuple[Shape, ...]
    batches: tuple[int, ...] = ()


def at(name: str, batch: int) -> str:
    """Return the name of a function that was traced for batches of one size."""
    return f"{name} of {batch}"
