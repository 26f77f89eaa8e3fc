"""What an answer is turned into: functions that are traced, each for inputs of known widths."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Shape = tuple[int | None, ...]


class AnswerError(Exception):
    """An answer is of a wrong kind; the message is the sentence that the student reads."""


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
    """One function that an answer has to give.

    Attributes
    ----------
    name : str
        Under which probes find the function.
    make : callable
        Returns a `Traced`. It runs the student's code, so whatever it raises is the student's.
    shapes : tuple of tuple
        Shape of each float32 input. Its first number is None: the size of the batch is unknown.
    batches : tuple of int
        Sizes for which the function is traced instead, where it cannot be without knowing one.
    """

    name: str
    make: Callable[[], Traced]
    shapes: tuple[Shape, ...]
    batches: tuple[int, ...] = ()


def at(name: str, batch: int) -> str:
    """Return the name of a function that was traced for batches of one size."""
    return f"{name} of {batch}"
