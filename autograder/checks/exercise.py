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
from autograder.checks.values import Observation, Values

# Replaces the error message of a graph operation, which could reveal hidden inputs.
AT_HIDDEN_PLACES = "With the inputs of a hidden check, your answer ends with an error."


@functools.lru_cache(maxsize=1024)  # every submission of a class gets the same questions
def _question(check: Check, settings: Callable[[int | None], Values], seed: int | None) -> Question:
    rng = None
    if seed is not None:
        rng = np.random.default_rng([seed, zlib.crc32(check.name.encode())])
    return Question(check.name, settings(seed), check.inputs(rng))


Ask = Callable[[Question, tuple[Any, ...]], Observation]
Prove = Callable[[Observation], Values]
AskReference = Callable[[Question, Prove], Values]


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
    ask : callable, optional
        Function ``ask(question, answers)`` that puts a `Question` to the student's answers. By
        default they are probed in this process, the student's own.
    ask_reference : callable, optional
        Function ``ask_reference(question, prove)`` that returns the values of the reference
        solution. What is observed of it goes through ``prove``, which returns its values or raises
        an `AutograderError`. By default the reference solution is probed in this process.
    """

    name: str
    answers: tuple[str, ...]
    parts: tuple[Part, ...]
    checks: tuple[Check, ...]
    settings: Callable[[int | None], Values] = no_settings
    ask: Ask | None = field(default=None, compare=False)
    ask_reference: AskReference | None = field(default=None, compare=False)

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

    def asking(self, ask: Ask, ask_reference: AskReference | None) -> "Exercise":
        """Return a copy of this exercise that has other processes run its probes."""
        return replace(self, ask=ask, ask_reference=ask_reference)

    def without(self, check: str) -> "Exercise":
        """Return a copy of this exercise without one check."""
        return replace(self, checks=tuple(c for c in self.checks if c.name != check))

    def _run(self, check: Check, answers: tuple[Any, ...], hidden: int | None) -> "Result":
        part = self.part(check.part)
        question = _question(check, self.settings, hidden)
        seen = (self.ask or self._ask_here)(question, answers)
        return replace(self._judge(check, part, question, seen, hidden), remark=seen.remark)

    def _judge(
        self, check: Check, part: Part, question: Question, seen: Observation, hidden: int | None
    ) -> "Result":
        if seen.values is None:
            if seen.missing:
                return Result(part, attempted=False)
            problem = AT_HIDDEN_PLACES if hidden is not None and seen.by_graph else seen.problem
            problem = f"{problem} {check.if_raised}".strip()
            return Result(part, (problem,), failed=(check.name,))
        reference = self._reference(check, question) if hidden is not None else None
        wrong = check.judge(question.inputs, seen.values, reference)
        return Result(part, (wrong,), failed=(check.name,)) if wrong else Result(part)

    def _reference(self, check: Check, question: Question) -> Values:
        """Return what the probe observes of the reference solution, which must be right."""
        prove = functools.partial(self._prove, check, question)
        if self.ask_reference is not None:
            return self.ask_reference(question, prove)
        return prove(self._ask_here(question, solutions.answers(self.name, self.answers)))

    def _prove(self, check: Check, question: Question, seen: Observation) -> Values:
        problem: str | None = seen.problem or "it is not written"
        if seen.values is not None:
            problem = check.judge(question.inputs, seen.values, None)
            if not problem:
                return seen.values
        raise AutograderError(
            f"The reference solution of {self.name} fails {check.name}: {problem}"
        )

    def _ask_here(self, question: Question, answers: tuple[Any, ...]) -> Observation:
        return local.ask(self.name, dict(zip(self.answers, answers, strict=True)), question)
