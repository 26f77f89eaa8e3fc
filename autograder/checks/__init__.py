"""The checks of the exercises, as student notebooks call them.

An answer is exported as a graph (``export``); the graph is examined and loaded (``graphs``) and
probed (``probing``); and a judge compares the observations with an oracle. In a student's notebook
all of this happens in one process. In grading, each step has its own process, and the judges and
oracles do not exist in the one that runs student code.
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
    """Return the exercise that belongs to a notebook, by name."""
    exercise: Exercise = judging(name).EXERCISE
    return exercise


def judging(name: str) -> ModuleType:
    """Return the module with the judges of an exercise."""
    if name not in NAMES:
        raise AutograderError(f"There is no exercise {name!r}: it is one of {', '.join(NAMES)}.")
    return importlib.import_module(f"autograder.exercises.{name}.judging")


def begin(name: str) -> Any:
    """Return an exercise after fixing the seeds: the first line of a student's notebook.

    While a notebook is graded, the judges are not available to the student's code. The checks then
    only say that the answer is judged later.
    """
    from autograder.checks.running import later
    from autograder.checks.tracing.surroundings import fix_seeds

    fix_seeds()
    return later.Exercise(name) if later.judged_elsewhere(name) else load(name)
