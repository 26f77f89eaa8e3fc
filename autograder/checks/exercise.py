"""An exercise: the names a student defines, its parts, and how its checks are run."""

import functools
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from autograder import AutograderError
from autograder.checks import solutions
from autograder.checks.check import Check, Part, Question, Result
from autograder.checks.running import local
from autograder.checks.values import Values

# Replaces the error message of a graph operation, which could reveal hidden inputs.
AT_HIDDEN_PLACES = "With the inputs of a hidden check, your answer ends with an error."


@functools.lru_cache(maxsize=1024)  # every submission of a class gets the same questions
def _question(check: Check, settings: Callable[[int | None], Values], seed: int | None) -> Question:
    rng = None
    if seed is not None:
        rng = np.random.default_rng([seed, zlib.crc32(check.name.encode())])
    return Question(check.name, settings(seed), check.inputs(rng))


Ask = Callable[[Question, tuple[Any, ...]], Values]


def no_settings(seed: int | None) -> Values:
    """Return empty settings, for an exercise whose answers are always traced in the same way."""
    return {}


@dataclass(frozen=True)
class Exercise:
    """One exercise: what the student defines, and how it is scored.

    Attributes
    ----------
    name : str
        Name of the assignment and of its notebook.
    answers : tuple of str
        Names that the student defines.
    parts : tuple of Part
        Parts in the order of the notebook; they add up to ten points.
    checks : tuple of Check
        All checks; each belongs to one part.
    settings : callable
        Returns the arguments of the contract when an answer is traced, given the seed of a
        hidden check, or None for a visible one.
    ask, ask_reference : callable, optional
        Functions ``ask(question, answers)`` that put a `Question` to the student's answers and to
        the reference solution. By default both are probed in this process, the student's own.
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
            Seed from which hidden inputs are drawn. A hidden check also needs the reference
            solution, so it works only where the solutions are available.
        """
        result = Result(self.part(part))
        for check in self.checks:
            if check.part == part:
                result &= self._run(check, answers, hidden)
                if not result.attempted:
                    break
        return result

    def asking(self, ask: Ask, ask_reference: Ask | None) -> "Exercise":
        """Return a copy of this exercise that has other processes run its probes."""
        return replace(self, ask=ask, ask_reference=ask_reference)

    def without(self, check: str) -> "Exercise":
        """Return a copy of this exercise without one check."""
        return replace(self, checks=tuple(c for c in self.checks if c.name != check))

    def _run(self, check: Check, answers: tuple[Any, ...], hidden: int | None) -> "Result":
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
        """Return what the probe observes of the reference solution, once that has passed."""
        if self.ask_reference is not None:
            seen = self.ask_reference(question, ())
        else:
            seen = self._ask_here(question, solutions.answers(self.name, self.answers))
        problem = seen.get("problem") or ("it is not written" if seen.get("missing") else None)
        if not problem and not seen.get("judged"):
            problem = check.judge(question.inputs, seen["values"], None)
            seen["judged"] = not problem  # `ask_reference` may cache this dict
        if problem:
            raise AutograderError(
                f"The reference solution of {self.name} fails {check.name}: {problem}"
            )
        values: Values = seen["values"]
        return values

    def _ask_here(self, question: Question, answers: tuple[Any, ...]) -> Values:
        return local.ask(self.name, dict(zip(self.answers, answers, strict=True)), question)
