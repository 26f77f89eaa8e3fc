"""An exercise, its parts and their checks, and the result that a student reads."""

import functools
import textwrap
import zlib
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

import numpy as np

from autograder import AutograderError
from autograder.checks.values import Values, digest

INDENT = {"initial_indent": "  ", "subsequent_indent": "  ", "break_long_words": False}

# Said in place of what an operation of a graph says, which may repeat what is not announced.
AT_HIDDEN_PLACES = "At places that are not announced, your answer ends with an error."


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


@functools.lru_cache(maxsize=1024)  # the same are put to every submission of a class
def _question(check: Check, settings: Callable[[int | None], Values], seed: int | None) -> Question:
    rng = None
    if seed is not None:
        rng = np.random.default_rng([seed, zlib.crc32(check.name.encode())])
    return Question(check.name, settings(seed), check.inputs(rng))


Ask = Callable[[Question, tuple], Values]


def no_settings(seed: int | None) -> Values:
    """Return the settings of an exercise whose answers are always traced in the same way."""
    return {}


@dataclass(frozen=True)
class Exercise:
    """One assignment: what the student writes, and how it is scored.

    Attributes
    ----------
    name : str
        Name of the assignment and of its notebook.
    answers : tuple of str
        Names that the student defines.
    parts : tuple of Part
        In the order of the notebook; together ten points.
    checks : tuple of Check
        Every one belongs to a part.
    settings : callable
        Returns what the contract is given when an answer is traced: for the seed of a hidden
        check, or for None.
    ask, ask_reference : callable, optional
        Who puts a `Question` to the student's answers and to the reference solution: ``ask(
        question, answers)``. By default this process does, which is the student's own.
    """

    name: str
    answers: tuple[str, ...]
    parts: tuple[Part, ...]
    checks: tuple[Check, ...]
    settings: Callable[[int | None], Values] = no_settings
    ask: Ask | None = field(default=None, compare=False)
    ask_reference: Ask | None = field(default=None, compare=False)

    def part(self, name: str) -> Part:
        """Return a part by its name."""
        for part in self.parts:
            if part.name == name:
                return part
        raise AutograderError(
            f"The exercise {self.name} has no part {name!r}, only "
            f"{', '.join(part.name for part in self.parts)}."
        )

    def cell(self, part: Part) -> str:
        """Return the ``grade_id`` of the cell that scores a part."""
        return f"{self.name}-{part.name}"

    def check(self, part: str, *answers: Any, hidden: int | None = None) -> "Result":
        """Run the checks of a part on the student's answers.

        Parameters
        ----------
        part : str
            Name of the part.
        *answers
            The student's objects, in the order of ``Exercise.answers``.
        hidden : int, optional
            Seed of places that are not announced. Such a check also consults the reference
            solution, so it works only where the solutions are.
        """
        result = Result(self.part(part))
        for check in self.checks:
            if check.part == part:
                result &= self._run(check, answers, hidden)
                if not result.attempted:
                    break
        return result

    def asking(self, ask: Ask, ask_reference: Ask | None) -> "Exercise":
        """Return this exercise with other processes running its probes."""
        return replace(self, ask=ask, ask_reference=ask_reference)

    def without(self, check: str) -> "Exercise":
        """Return this exercise without one check."""
        return replace(self, checks=tuple(c for c in self.checks if c.name != check))

    def _run(self, check: Check, answers: tuple, hidden: int | None) -> "Result":
        part = self.part(check.part)
        question = _question(check, self.settings, hidden)
        seen = (self.ask or self._ask_here)(question, answers)
        return replace(
            self._judge(check, part, question, seen, hidden), remark=seen.get("remark", "")
        )

    def _judge(
        self, check: Check, part: Part, question: Question, seen: Values, hidden: int | None
    ) -> "Result":
        if seen.get("missing"):
            return Result(part, attempted=False)
        if problem := seen.get("problem"):
            if hidden is not None and seen.get("by_graph"):
                problem = AT_HIDDEN_PLACES
            problem = f"{problem} {check.if_raised}".strip()
            return Result(part, (problem,), failed=(check.name,))
        reference = self._reference(check, question) if hidden is not None else None
        problem = check.judge(question.inputs, seen["values"], reference)
        return Result(part, (problem,), failed=(check.name,)) if problem else Result(part)

    def _reference(self, check: Check, question: Question) -> Values:
        """Return what the reference solution does, after making sure that it is right."""
        if self.ask_reference is not None:
            seen = self.ask_reference(question, ())
        else:
            from autograder.checks import solutions

            seen = self._ask_here(question, solutions.answers(self))
        problem = seen.get("problem") or ("it is not written" if seen.get("missing") else None)
        if not problem and not seen.get("judged"):
            problem = check.judge(question.inputs, seen["values"], None)
            seen["judged"] = not problem  # who asks keeps what was seen
        if problem:
            raise AutograderError(
                f"The reference solution of {self.name} fails {check.name}: {problem}"
            )
        return seen["values"]

    def _ask_here(self, question: Question, answers: tuple) -> Values:
        from autograder.checks import local

        return local.ask(self.name, dict(zip(self.answers, answers, strict=True)), question)


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
