"""Stand-ins for exercises and results in the process that runs a graded notebook."""

import sys
from typing import Any

from autograder.checks.words import listing


def judged_elsewhere(name: str) -> bool:
    """Return whether this process has been deprived of the judges of an exercise."""
    module = f"autograder.exercises.{name}.judging"
    return module in sys.modules and sys.modules[module] is None


class Exercise:
    """Stands in for an exercise; its checks say that the answer is judged later.

    Parameters
    ----------
    name : str
        Name of the exercise.
    """

    def __init__(self, name: str):
        self.name = name

    def check(self, part: str, *answers: Any, hidden: int | None = None) -> "Pending":
        """Return a pending result."""
        return Pending((part,))


class Pending:
    """The pending result of a check that is run after the last cell of the notebook.

    Parameters
    ----------
    parts : tuple of str
        Names of the parts.
    """

    passed, attempted, score, problems = False, True, 0, ()

    def __init__(self, parts: tuple[str, ...]):
        self.parts = parts

    def __and__(self, other: "Pending") -> "Pending":
        """Combine two pending results."""
        return Pending(tuple(dict.fromkeys(self.parts + other.parts)))

    def text(self) -> str:
        """Return a sentence saying that the parts are judged later."""
        return f"– {listing(self.parts)}: judged after the last cell of the notebook"

    def report(self) -> int:
        """Print that the part is judged later."""
        print(self.text())
        return 0
