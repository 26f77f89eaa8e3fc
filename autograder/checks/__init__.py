"""The checks of the exercises: what the notebooks of the students call.

A check has two halves. Its *probe* runs beside the student's code and only observes; its *judge*
compares what was observed with an oracle, and never sees the student's objects.
"""

import importlib

from autograder import AutograderError
from autograder.checks.exercise import Check, Exercise, Part, Result

__all__ = ["NAMES", "Check", "Exercise", "Part", "Result", "begin", "load"]

NAMES = ("sampling", "latent_loss", "tfp_encoder")


def load(name: str) -> Exercise:
    """Return an exercise by the name of its notebook."""
    if name not in NAMES:
        raise AutograderError(f"There is no exercise {name!r}: it is one of {', '.join(NAMES)}.")
    return importlib.import_module(f"autograder.checks.{name}").EXERCISE


def begin(name: str) -> Exercise:
    """Return an exercise after fixing the seeds: the first line of a student's notebook."""
    from autograder.checks.probing import fix_seeds

    fix_seeds()
    return load(name)
