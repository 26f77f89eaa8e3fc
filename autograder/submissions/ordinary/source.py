"""The instructor's own assignments: their notebooks as they are graded, and the files beside them.

nbgrader restores locked cells from its gradebook, where the release has put them. So those are the
cells that run, and a source that has changed since is refused.
"""

import contextlib
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from autograder import AutograderError
from autograder.checks.running.cells import is_test
from autograder.checks.words import listing
from autograder.gradebook.assignments import Assignment, GradebookCell
from autograder.gradebook.course import Course

AUTOTEST = "AUTOTEST"  # nbgrader replaces lines with this word by tests


class SourceError(AutograderError):
    """An assignment that is not ours cannot be graded as it is; others can."""


@dataclass(frozen=True)
class PlainSource:
    """One notebook of an assignment.

    Attributes
    ----------
    solved, released : NotebookNode
        The instructors' and the students' version; the same cells in the same order.
    hidden : dict of str to str
        Source of the cells with hidden tests in the students' version, by ``grade_id``.
    """

    solved: Any
    released: Any
    hidden: dict[str, str]


def read(
    course: Course,
    config: Any,
    assignment: Assignment,
    recorded: dict[str, dict[str, GradebookCell]],
) -> dict[str, PlainSource]:
    """Return the notebooks of an assignment by their names.

    Parameters
    ----------
    course : Course
        The course.
    config : Config
        nbgrader's settings of the course.
    assignment : Assignment
        The assignment.
    recorded : dict
        Its cells in the gradebook, by notebook and ``grade_id``.

    Raises
    ------
    SourceError
        If it cannot be graded; the message says what to do.
    """
    remedy = f"run `autograder release {course}`, or `nbgrader generate_assignment` there."
    if missing := [name for name in assignment.notebooks if name not in recorded]:
        what = assignment.name if not recorded else listing(missing)
        raise SourceError(
            f"The gradebook does not know {what} of source/{assignment.name}: {remedy}"
        )
    if gone := [name for name in recorded if name not in assignment.notebooks]:
        raise SourceError(
            f"{listing(gone)} is missing in source/{assignment.name}: put it back, or {remedy}"
        )
    sources = {}
    for name in assignment.notebooks:
        file = course.source(assignment.name, name)
        try:
            with contextlib.chdir(course.folder):  # paths in the settings are relative to it
                solved = _with_header(file, config)
            path = f"{assignment.name}/{name}"
            sources[name] = _both(solved, config, recorded[name], path, remedy)
        except AutograderError:
            raise
        except Exception as error:  # nbformat and nbgrader raise many kinds
            message = " ".join(str(error).split())[:300].rstrip(".") or type(error).__name__
            raise SourceError(
                f"{file} cannot be used: {message}. Correct it, and {remedy}"
            ) from error
    return sources


def _with_header(file: Path, config: Any) -> Any:
    import nbformat
    from nbgrader.preprocessors import ClearOutput, IncludeHeaderFooter

    notebook = nbformat.read(file, as_version=4)
    for preprocessor in (IncludeHeaderFooter, ClearOutput):
        notebook, _ = preprocessor(config=config)(notebook, {})
    return notebook


def _both(
    solved: Any, config: Any, recorded: dict[str, GradebookCell], path: str, remedy: str
) -> PlainSource:
    """Return a notebook in both versions, with its locked cells taken from the gradebook."""
    from nbgrader.preprocessors import ClearHiddenTests, ClearMarkScheme
    from nbgrader.utils import is_locked

    cells = {name: cell for cell in solved.cells if (name := grade_id(cell))}
    if set(cells) != set(recorded):
        others = listing(f"`{name}`" for name in sorted(set(cells) ^ set(recorded)))
        raise SourceError(f"The cells {others} of source/{path} were added or removed: {remedy}")
    for name, cell in cells.items():
        text = recorded[name].source
        changed = is_locked(cell) and cell.source != text and AUTOTEST not in cell.source
        if changed or _points(cell) != recorded[name].points:
            raise SourceError(
                f"The cell `{name}` of source/{path} is not as it was released: {remedy}"
            )
        if is_locked(cell):
            cell.source = text
    released = deepcopy(solved)
    for cell in released.cells:
        if name := grade_id(cell):
            cell.source = recorded[name].source
    for preprocessor in (ClearHiddenTests, ClearMarkScheme):
        released, _ = preprocessor(config=config)(released, {})
    hidden = {
        name: visible.source
        for cell, visible in zip(solved.cells, released.cells, strict=True)
        if (name := grade_id(cell)) and is_test(cell) and visible.source != cell.source
    }
    return PlainSource(solved, released, hidden)


def grade_id(cell: Any) -> str | None:
    """Return the ``grade_id`` of a source cell if nbgrader treats it as a cell of its own."""
    from nbgrader.utils import is_grade, is_locked, is_solution, is_task

    if any(has_role(cell) for has_role in (is_grade, is_solution, is_locked, is_task)):
        name: str = cell.metadata["nbgrader"]["grade_id"]
        return name
    return None


def _points(cell: Any) -> float | None:
    nbgrader = cell.metadata["nbgrader"]
    scored = nbgrader.get("grade") or nbgrader.get("task")
    return float(nbgrader["points"]) if scored else None


def files(course: Course, config: Any, assignment: Assignment, max_bytes: int) -> dict[str, bytes]:
    """Return the files that nbgrader puts beside the notebooks of an assignment, by path.

    Raises
    ------
    SourceError
        If they have more than ``max_bytes`` bytes in all, or cannot be read.
    """
    folder = course.sources / assignment.name
    settings = config.get("Autograde", {})
    excluded = set(settings.get("exclude_overwriting", {}).get(assignment.name, ()))
    contents: dict[str, bytes] = {}
    room = max_bytes
    try:
        for file in sorted(folder.rglob("*")):
            name = file.relative_to(folder).as_posix()
            if not file.is_file() or name in excluded or is_ignored(config, name):
                continue
            if (room := room - file.stat().st_size) < 0:
                raise SourceError(
                    f"The files in source/{assignment.name} are too large for the working folder "
                    "of a notebook: remove some, or give it more room with --limit disk=MIB."
                )
            contents[name] = file.read_bytes()
    except OSError as error:
        raise SourceError(f"{folder} cannot be read: {error.strerror}.") from error
    return contents


def is_ignored(config: Any, name: str) -> bool:
    """Return whether nbgrader does not copy a file: a notebook, or one that its settings ignore."""
    from fnmatch import fnmatch

    from nbgrader.coursedir import CourseDirectory

    patterns = [*CourseDirectory(config=config).ignore, "*.ipynb"]
    return any(fnmatch(part, pattern) for part in name.split("/") for pattern in patterns)
