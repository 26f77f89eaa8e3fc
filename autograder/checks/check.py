"""Checks, the parts they belong to, the questions they ask, and the results students read."""

import functools
import textwrap
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from autograder.checks.values import Values, digest

INDENT: dict[str, Any] = {
    "initial_indent": "  ",
    "subsequent_indent": "  ",
    "break_long_words": False,
}


@dataclass(frozen=True)
class Part:
    """A unit of scoring: a student gets all of its points, or none.

    Attributes
    ----------
    name : str
        Key of the part within its exercise.
    title : str
        What must hold, for the student.
    points : int
        Points the part is worth.
    """

    name: str
    title: str
    points: int


class Check(ABC):
    """One property that an answer must have.

    The probe that observes the graph of an answer is looked up under the name of the check in the
    exercise's ``probes.PROBES``, because it runs in a process that does not have this class.

    Attributes
    ----------
    part : str
        Name of the part that this check belongs to.
    if_raised : str
        What usually helps when the student's code raises an exception here.
    """

    part: ClassVar[str]
    if_raised: ClassVar[str] = ""

    @property
    def name(self) -> str:
        """Key of the check within its exercise."""
        return type(self).__name__

    @abstractmethod
    def inputs(self, rng: np.random.Generator | None) -> Values:
        """Return the probe's inputs: announced ones if ``rng`` is None, else drawn from ``rng``."""

    @abstractmethod
    def judge(self, inputs: Values, seen: Values, reference: Values | None) -> str | None:
        """Return None for a pass, or one or two sentences that say what is wrong.

        Parameters
        ----------
        inputs, seen : dict
            What ``inputs`` and the probe returned.
        reference : dict or None
            What the probe returned for the reference solution; None for visible checks.
        """


def seed_of(rng: np.random.Generator | None) -> int | None:
    """Return the hidden seed from which, with the check's name, a generator was made."""
    if rng is None:
        return None
    seeds: Any = rng.bit_generator.seed_seq  # made by `default_rng`, so it has its entropy
    return int(np.ravel(seeds.entropy)[0])


@dataclass(frozen=True)
class Question:
    """A question put to an answer: the name of a check and the inputs of its probe.

    Attributes
    ----------
    check : str
        Name of the check and of its probe.
    settings : dict
        Arguments of the exercise's contract when the answer is traced.
    inputs : dict
        Arguments of the probe.
    """

    check: str
    settings: Values
    inputs: Values

    @functools.cached_property
    def settings_key(self) -> str:
        """Return a hash of the settings."""
        return digest(self.settings)

    @functools.cached_property
    def key(self) -> str:
        """Return a hash that identifies the question within its exercise."""
        return digest({"check": self.check, "settings": self.settings, "inputs": self.inputs})


@dataclass(frozen=True)
class Result:
    """The result of the checks of a part.

    Attributes
    ----------
    part : Part
        The part.
    problems : tuple of str
        Sentences that say what is wrong; empty for a pass.
    attempted : bool
        False if the answer is still the released stub.
    failed : tuple of str
        Names of the checks that failed.
    remark : str
        Anything else the student should know; usually empty.
    """

    part: Part
    problems: tuple[str, ...] = ()
    attempted: bool = True
    failed: tuple[str, ...] = ()
    remark: str = ""

    @property
    def passed(self) -> bool:
        """Whether the part earns its points."""
        return self.attempted and not self.problems

    @property
    def score(self) -> int:
        """All points of the part, or none."""
        return self.part.points if self.passed else 0

    def __and__(self, other: "Result") -> "Result":
        """Combine two results: it passes if both do, and keeps the first problems."""
        attempted = self.attempted and other.attempted
        failed = tuple(dict.fromkeys(self.failed + other.failed))
        problems, remark = self.problems or other.problems, self.remark or other.remark
        return Result(self.part, problems, attempted, failed, remark)

    def text(self) -> str:
        """Return the text that the student reads."""
        points = f"{self.score} of {self.part.points} point{'s' * (self.part.points != 1)}"
        if not self.attempted:
            return f"– {self.part.title}: not attempted yet ({points})"
        messages = [message for message in (*self.problems, self.remark) if message]
        lines = [textwrap.fill(message, 92, **INDENT) for message in messages]
        return "\n".join([f"{'✓' if self.passed else '✗'} {self.part.title} ({points})", *lines])

    def report(self) -> int:
        """Print the result and return the score, which nbgrader records."""
        print(self.text())
        return self.score
