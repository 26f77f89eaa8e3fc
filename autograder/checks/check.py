"""A check, the part that it belongs to, what it asks of an answer, and what a student reads."""

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
    """What is scored as one: all of its points, or none.

    Attributes
    ----------
    name : str
        Key of the part within its exercise.
    title : str
        What must hold, for the student.
    points : int
        Worth of the part.
    """

    name: str
    title: str
    points: int


class Check(ABC):
    """One property that an answer must have.

    Its probe, which observes the graph of an answer, is found by the name of the check in
    ``probes.PROBES`` of the exercise: it runs where this class is not.

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
        """Return where to probe: announced places for ``None``, others drawn from ``rng``."""

    @abstractmethod
    def judge(self, inputs: Values, seen: Values, reference: Values | None) -> str | None:
        """Return None for a pass, or one or two sentences on what is wrong.

        Parameters
        ----------
        inputs, seen : dict
            What ``inputs`` and the probe returned.
        reference : dict or None
            What the probe returned for the reference solution; only hidden checks know it.
        """


def seed_of(rng: np.random.Generator | None) -> int | None:
    """Return the hidden seed, with which and the name of a check its generator was seeded."""
    if rng is None:
        return None
    seeds: Any = rng.bit_generator.seed_seq  # of `default_rng`, so its entropy is known
    return int(np.ravel(seeds.entropy)[0])


@dataclass(frozen=True)
class Question:
    """What is asked of an answer: the name of a check, and where to probe.

    Attributes
    ----------
    check : str
        Name of the check, and so of its probe.
    settings : dict
        What the contract of the exercise is given when the answer is traced.
    inputs : dict
        What the probe is given.
    """

    check: str
    settings: Values
    inputs: Values

    @functools.cached_property
    def traced(self) -> str:
        """Return what tells the settings from others."""
        return digest(self.settings)

    @functools.cached_property
    def key(self) -> str:
        """Return what tells the question from others of the same exercise."""
        return digest({"check": self.check, "settings": self.settings, "inputs": self.inputs})


@dataclass(frozen=True)
class Result:
    """What the checks of a part found.

    Attributes
    ----------
    part : Part
        The part.
    problems : tuple of str
        What is wrong, in sentences; empty for a pass.
    attempted : bool
        False while the stub still stands.
    failed : tuple of str
        Names of the checks that found something.
    remark : str
        What else a student should know; mostly empty.
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
        """Return the result of both: the first problems that were found, or none."""
        attempted = self.attempted and other.attempted
        failed = tuple(dict.fromkeys(self.failed + other.failed))
        problems, remark = self.problems or other.problems, self.remark or other.remark
        return Result(self.part, problems, attempted, failed, remark)

    def text(self) -> str:
        """Return what the student reads."""
        points = f"{self.score} of {self.part.points} point{'s' * (self.part.points != 1)}"
        if not self.attempted:
            return f"– {self.part.title}: not attempted yet ({points})"
        said = [each for each in (*self.problems, self.remark) if each]
        lines = [textwrap.fill(each, 92, **INDENT) for each in said]
        return "\n".join([f"{'✓' if self.passed else '✗'} {self.part.title} ({points})", *lines])

    def report(self) -> int:
        """Print the result and return the score, which nbgrader records."""
        print(self.text())
        return self.score
