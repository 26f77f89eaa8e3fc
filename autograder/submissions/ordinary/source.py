"""The instructor's own assignments: their notebooks as they are graded, and the files beside them.

nbgrader restores locked cells from its gradebook, where releasing has put them. So it is these that
run, and a source that says something else by now is refused.
"""

import contextlib
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from autograder import AutograderError
from autograder.checks.cells import is_test
from autograder.checks.words import listing
from autograder.gradebook.assignments import Assignment, GradebookCell
from autograder.gradebook.course import Course

AUTOTEST = "AUTOTEST"  # nbgrader puts tests into the place of lines with this word


class SourceError(AutograderError):
    """An assignment that is not ours cannot be graded as it is; others can."""


@dataclass(frozen=True)
class PlainSource:
    """One notebook of an assignment.

    Attributes
    ----------
    solved, released : NotebookNode
        As instructors and as students have it; the same cells in the same order.
    hidden : dict of str to str
        Source of the cells with hidden tests as students have it, by ``grade_id``.
    """

    solved: Any
    released: Any
    hidden: dict[str, str]


def read(
    course: Course, config: Any, assignment: Assignment, known: dict[str, dict[str, GradebookCell]]
) -> dict[str, PlainSource]:
    """Return the notebooks of an assignment by their names.

    Parameters
    ----------
    course : Course
        The course.
    config : Config
        nbgrader's settings of the course.
    assignment : Assignment
        Which one.
    known : dict
        What the gradebook holds of it: cells by ``grade_id``, by notebook.

    Raises
    ------
    SourceError
        If it cannot be graded; the message says what to do.
    """
    again = f"run `autograder release {course}`, or `nbgrader generate_assignment` there."
    if missing := [name for name in assignment.notebooks if name not in known]:
        what = assignment.name if not known else listing(missing)
        raise SourceError(
            f"The gradebook does not know {what} of source/{assignment.name}: {again}"
        )
    if gone := [name for name in known if name not in assignment.notebooks]:
        raise SourceError(
            f"{listing(gone)} is missing in source/{assignment.name}: put it back, or {again}"
        )
    found = {}
    for name in assignment.notebooks:
        file = course.source(assignment.name, name)
        try:
            with contextlib.chdir(course.folder):  # to which the settings are relative
                solved = _with_header(file, config)
            found[name] = _both(solved, config, known[name], f"{assignment.name}/{name}", again)
        except AutograderError:
            raise
        except Exception as error:  # whatever nbformat or nbgrader stumbles over
            told = " ".join(str(error).split())[:300].rstrip(".")
            raise SourceError(
                f"{file} cannot be used: {told or type(error).__name__}. Correct it, and {again}"
            ) from error
    return found


def _with_header(file: Path, config: Any) -> Any:
    import nbformat
    from nbgrader.preprocessors import ClearOutput, IncludeHeaderFooter

    made = nbformat.read(file, as_version=4)
    for step in (IncludeHeaderFooter, ClearOutput):
        made, _ = step(config=config)(made, {})
    return made


def _both(
    solved: Any, config: Any, known: dict[str, GradebookCell], name: str, again: str
) -> PlainSource:
    """Return a notebook in both forms, its locked cells as the gradebook has them."""
    from nbgrader.preprocessors import ClearHiddenTests, ClearMarkScheme
    from nbgrader.utils import is_locked

    cells = {own: cell for cell in solved.cells if (own := grade_id(cell))}
    if set(cells) != set(known):
        other = listing(f"`{own}`" for own in sorted(set(cells) ^ set(known)))
        raise SourceError(f"The cells {other} of source/{name} were added or removed: {again}")
    for own, cell in cells.items():
        kept = known[own]
        changed = is_locked(cell) and cell.source != kept.source and AUTOTEST not in cell.source
        if changed or _points(cell) != kept.points:
            raise SourceError(
                f"The cell `{own}` of source/{name} is not as it was released: {again}"
            )
        if is_locked(cell):
            cell.source = kept.source
    released = deepcopy(solved)
    for cell in released.cells:
        if own := grade_id(cell):
            cell.source = known[own].source
    for step in (ClearHiddenTests, ClearMarkScheme):
        released, _ = step(config=config)(released, {})
    hidden = {
        own: visible.source
        for cell, visible in zip(solved.cells, released.cells, strict=True)
        if (own := grade_id(cell)) and is_test(cell) and visible.source != cell.source
    }
    return PlainSource(solved, released, hidden)


def grade_id(cell: Any) -> str | None:
    """Return the ``grade_id`` of a cell of a source in which nbgrader sees more than a text."""
    from nbgrader.utils import is_grade, is_locked, is_solution, is_task

    if any(each(cell) for each in (is_grade, is_solution, is_locked, is_task)):
        own: str = cell.metadata["nbgrader"]["grade_id"]
        return own
    return None


def _points(cell: Any) -> float | None:
    own = cell.metadata["nbgrader"]
    return float(own["points"]) if own.get("grade") or own.get("task") else None


def files(course: Course, config: Any, assignment: Assignment, most: int) -> dict[str, bytes]:
    """Return what nbgrader lays beside the notebooks of an assignment, by relative names.

    Raises
    ------
    SourceError
        If it is more than ``most`` bytes, or cannot be read.
    """
    place = course.sources / assignment.name
    left = set(config.get("Autograde", {}).get("exclude_overwriting", {}).get(assignment.name, ()))
    found: dict[str, bytes] = {}
    try:
        for file in sorted(place.rglob("*")):
            name = file.relative_to(place).as_posix()
            if not file.is_file() or name in left or is_ignored(config, name):
                continue
            if (most := most - file.stat().st_size) < 0:
                raise SourceError(
                    f"The files in source/{assignment.name} are too large for the working folder "
                    "of a notebook: remove some, or give it more room with --limit disk=MIB."
                )
            found[name] = file.read_bytes()
    except OSError as error:
        raise SourceError(f"{place} cannot be read: {error.strerror}.") from error
    return found


def is_ignored(config: Any, name: str) -> bool:
    """Return whether nbgrader leaves a file behind: a notebook, or what its settings ignore."""
    from fnmatch import fnmatch

    from nbgrader.coursedir import CourseDirectory

    patterns = [*CourseDirectory(config=config).ignore, "*.ipynb"]
    return any(fnmatch(part, pattern) for part in name.split("/") for pattern in patterns)
