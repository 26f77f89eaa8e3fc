"""Grade without running a notebook: what its answer says of itself is its result."""

import json
import shutil
import tempfile
from contextlib import closing
from functools import cache
from pathlib import Path

import nbformat
import pytest

from autograder import checks
from autograder.__main__ import main
from autograder.checks import solutions
from autograder.commands import release
from autograder.execution import job as jobs
from autograder.execution.processes import start
from autograder.execution.result import JobResult, PartScore
from autograder.gradebook.course import Course

NAME = "sampling"
EXERCISE = checks.load(NAME)
CELLS = {part.name: EXERCISE.cell(part) for part in EXERCISE.parts}
MOST = sum(part.points for part in EXERCISE.parts)
STUDENTS = {"ann": "# right", "bob": "# wrong", "cem": "# right"}
RIGHT, WRONG, REVIEW = ("graded", MOST), ("graded", 0), ("for review", "")
OUTCOME = {"ann": RIGHT, "bob": WRONG, "cem": RIGHT}


def result(job: jobs.Job, *_, **__) -> JobResult:
    """Return the result of a notebook: all points if its code says so or is ours, else none."""
    right = "# right" in str(job.cells) or _is_ours(job)
    attempted = right or "wrong" in str(job.cells)
    parts, outputs = {}, {own: [] for own, _ in job.cells}
    for part in checks.load(job.exercise).parts:
        points = part.points if right else 0
        parts[part.name] = PartScore(points, attempted)
        shown = {"output_type": "execute_result", "metadata": {}, "execution_count": 1}
        own = checks.load(job.exercise).cell(part)
        outputs[own] = [shown | {"data": {"text/plain": str(points)}}]
    return JobResult(outputs, parts, remarks=(), review="", seconds=1.0, containment="none")


def _is_ours(job: jobs.Job) -> bool:
    return any(source == solutions.source(job.exercise) for _, source in job.cells)


def replay(patch: pytest.MonkeyPatch) -> None:
    """Let no notebook be executed, and no process be started for that."""
    patch.setattr(jobs, "execute", result)
    patch.setattr(start, "context", lambda: None)


def hand_in(course: Path, student: str, answer: str = "# right", name: str = NAME) -> Path:
    """Put a notebook with an answer where a course expects it."""
    made = nbformat.read(course / "release" / name / f"{name}.ipynb", as_version=4)
    (cell,) = [each for each in made.cells if each.id == f"{name}-answer"]
    cell.source = f"{answer} {student}"
    file = course / "submitted" / student / name / f"{name}.ipynb"
    file.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(made, file)
    return file


@cache
def _made(is_graded: bool) -> tempfile.TemporaryDirectory:
    """Return a folder, which ends with this process, with a course in it."""
    made = tempfile.TemporaryDirectory(prefix="autograder-")
    folder = Path(made.name) / "course"
    if is_graded:
        shutil.copytree(Path(_made(False).name) / "course", folder)
        with pytest.MonkeyPatch.context() as patch:
            replay(patch)
            assert grade(folder) == 0
    else:
        release.release(folder)
        for student, answer in STUDENTS.items():
            hand_in(folder, student, answer)
    return made


def course_in(place: Path, is_graded: bool = False) -> Path:
    """Return a course in which three students have handed in."""
    return Path(shutil.copytree(Path(_made(is_graded).name) / "course", place / "course"))


def grade(course: Path, *options: str) -> int:
    """Grade with the command; return its exit code."""
    return main(["grade", str(course), "--unsafe", "--jobs", "2", *options])


def outcome(course: Path, assignment: str = NAME) -> dict[str, tuple]:
    """Return status and score by student, as they are exported."""
    from autograder.gradebook.grades import Grades

    rows = [row for row in Grades(Course(course)).rows() if row["assignment"] == assignment]
    return {row["student"]: (row["status"], row["score"]) for row in rows}


def book(course: Path):
    """Open the gradebook of a course for a ``with`` block."""
    from nbgrader.api import Gradebook

    return closing(Gradebook(f"sqlite:///{course / 'gradebook.db'}", "latent-spaces"))


def settings(course: Path, *lines: str) -> None:
    """Add lines to nbgrader's settings of a course."""
    file = course / "nbgrader_config.py"
    file.write_text("\n".join([file.read_text(encoding="utf-8"), *lines, ""]), encoding="utf-8")


def spoil(file: Path) -> None:
    """Make a file that is no JSON of one that is."""
    json.loads(file.read_text(encoding="utf-8"))
    file.write_text("{", encoding="utf-8")
