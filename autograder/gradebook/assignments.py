"""The assignments of a course: our exercises, and others that instructors put in ``source/``."""

from dataclasses import dataclass
from pathlib import Path

from autograder import AutograderError, checks
from autograder.checks.words import listing
from autograder.gradebook.course import Course

CHECK = "exercise.check("  # what a scoring cell of our exercises calls


@dataclass(frozen=True)
class GradebookCell:
    """A cell in the gradebook: its source, its points (if it is scored), whether it is locked."""

    source: str
    points: float | None
    locked: bool


@dataclass(frozen=True)
class Assignment:
    """One assignment of a course.

    Attributes
    ----------
    name : str
        The name of its folder in ``source/``.
    notebooks : tuple of str
        Names of its notebooks, without the ending.
    ours : bool
        Whether it is an exercise of this book, scored by our checks; any other assignment is scored
        by its own test cells, as in nbgrader.
    """

    name: str
    notebooks: tuple[str, ...]
    ours: bool = False


def find_assignments(course: Course) -> dict[str, Assignment]:
    """Return the assignments of a course by name, our exercises first.

    As long as ``source/`` is empty, the course is taken to have all our exercises.
    """
    plain = {assignment.name: assignment for assignment in _plain(course.sources)}
    others = [name for name in checks.NAMES if name not in plain]
    has_ours = any((course.sources / name).is_dir() for name in others)
    ours = others if has_ours or not plain else []
    return {name: Assignment(name, (name,), True) for name in ours} | plain


def find_assignment(course: Course, name: str) -> Assignment:
    """Return an assignment of a course by its name.

    Raises
    ------
    AutograderError
        If the course has no such assignment.
    """
    assignments = find_assignments(course)
    if name not in assignments:
        if (course.sources / name).is_dir():
            raise AutograderError(f"{course.sources / name} holds no notebook: put one there.")
        raise AutograderError(f"There is no assignment {name!r}, only {listing(assignments)}.")
    return assignments[name]


def _plain(source: Path) -> list[Assignment]:
    """Return the assignments that are not ours: folders with at least one notebook."""
    try:
        folders = sorted(folder for folder in source.iterdir() if folder.is_dir())
    except OSError:
        return []  # a course without sources has no such assignments
    assignments = []
    for folder in folders:
        names = tuple(sorted(file.stem for file in folder.glob("*.ipynb")))
        hidden = folder.name.startswith(".")
        if names and not hidden and not _is_ours(folder):
            assignments.append(Assignment(folder.name, names))
    return assignments


def _is_ours(folder: Path) -> bool:
    """Return whether a folder of ``source/`` is one of our exercises, readable or not."""
    if folder.name not in checks.NAMES:
        return False
    try:
        text = (folder / f"{folder.name}.ipynb").read_text(encoding="utf-8")
    except (OSError, ValueError):
        return True  # the error is reported when the notebook is read
    # A notebook without any nbgrader cell is a damaged one of ours; reading it reports that.
    return CHECK in text or '"nbgrader"' not in text
