"""The checks of the exercises: what the notebooks of the students call.

An answer is turned into a graph (``export``), the graph is examined, loaded (``graphs``) and probed
(``probing``), and a judge compares what was observed with an oracle. In a student's notebook all of
it happens in one process; in grading, each step has a process of its own, and the judges and
oracles are not even there where student code runs.
"""

import importlib
from types import ModuleType
from typing import Any

from autograder import AutograderError
from autograder.checks.check import Check, Part, Question, Result
from autograder.checks.exercise import Exercise

__all__ = ["NAMES", "Check", "Exercise", "Part", "Question", "Result", "begin", "judging", "load"]

NAMES = ("sampling", "latent_loss", "tfp_encoder")


def load(name: str) -> Exercise:
    """Return an exercise by the name of its notebook."""
    exercise: Exercise = judging(name).EXERCISE
    return exercise


def judging(name: str) -> ModuleType:
    """Return the module with the judges of an exercise."""
    if name not in NAMES:
        raise AutograderError(f"There is no exercise {name!r}: it is one of {', '.join(NAMES)}.")
    return importlib.import_module(f"autograder.exercises.{name}.judging")


def begin(name: str) -> Any:
    """Return an exercise after fixing the seeds: the first line of a student's notebook.

    Where a notebook is graded there are no judges beside the student's code. Then the checks say
    that they come later.
    """
    from autograder.checks import later
    from autograder.checks.surroundings import fix_seeds

    fix_seeds()
    return later.Exercise(name) if later.judged_elsewhere(name) else load(name)
