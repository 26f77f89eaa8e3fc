"""The assignments of a course: our exercises, and what else instructors put into ``source/``."""

from dataclasses import dataclass
from pathlib import Path

from autograder import AutograderError, checks
from autograder.checks.words import listing
from autograder.gradebook.course import Course

CHECK = "exercise.check("  # what a scoring cell of our exercises calls


@dataclass(frozen=True)
class GradebookCell:
    """What the gradebook holds of a cell: its source, its points if it gives any, its lock."""

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
        Whether it is an exercise of this book, scored by our checks; any other one is scored by
        its own test cells, as nbgrader does it.
    """

    name: str
    notebooks: tuple[str, ...]
    ours: bool = False


def of_course(course: Course) -> dict[str, Assignment]:
    """Return the assignments of a course by their names, our exercises first.

    Where nothing is in ``source/`` yet, our exercises are what the course is meant to have.
    """
    plain = {each.name: each for each in _plain(course.sources)}
    some = any((course.sources / name).is_dir() for name in checks.NAMES if name not in plain)
    ours = checks.NAMES if some or not plain else ()
    return {name: Assignment(name, (name,), True) for name in ours if name not in plain} | plain


def named(course: Course, name: str) -> Assignment:
    """Return an assignment of a course by its name.

    Raises
    ------
    AutograderError
        If the course has no such assignment.
    """
    known = of_course(course)
    if name not in known:
        if (course.sources / name).is_dir():
            raise AutograderError(f"{course.sources / name} holds no notebook: put one there.")
        raise AutograderError(f"There is no assignment {name!r}, only {listing(known)}.")
    return known[name]


def _plain(source: Path) -> list[Assignment]:
    """Return the assignments that are not ours: folders that hold at least one notebook."""
    try:
        folders = sorted(each for each in source.iterdir() if each.is_dir())
    except OSError:
        return []  # a course without sources has none of these
    found = []
    for folder in folders:
        names = tuple(sorted(file.stem for file in folder.glob("*.ipynb")))
        hidden = folder.name.startswith(".")
        if names and not hidden and not _is_ours(folder):
            found.append(Assignment(folder.name, names))
    return found


def _is_ours(folder: Path) -> bool:
    """Return whether a folder of ``source/`` holds an exercise of ours, readable or not."""
    if folder.name not in checks.NAMES:
        return False
    try:
        text = (folder / f"{folder.name}.ipynb").read_text(encoding="utf-8")
    except (OSError, ValueError):
        return True  # what is wrong there is told when it is read
    # One without any nbgrader cell was spoiled; it is refused where it is read.
    return CHECK in text or '"nbgrader"' not in text
