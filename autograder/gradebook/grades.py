"""The grades of a course, read from its gradebook and from our journal."""

import os
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from autograder import checks
from autograder.checks.words import printable
from autograder.gradebook import journal
from autograder.gradebook.course import (
    Course,
    address,
    explain_gradebook_errors,
    explain_settings_errors,
    is_missing,
    no_gradebook,
    settings,
)

BY_HAND = "needs manual grading"
Columns = dict[tuple[str, str], str]  # names by notebook and ``grade_id``


@dataclass
class Submission:
    """A submission in the gradebook: points by column, and the penalty for being late."""

    points: dict[str, float] = field(default_factory=dict)
    penalty: float = 0.0
    manual: bool = False
    unscored: set[str] = field(default_factory=set)  # cells that wait for their first points


def columns_of(assignment: Any) -> Columns:
    """Return the column of every cell of an assignment, by notebook and ``grade_id``."""
    pairs = [
        (notebook.name, cell.name)
        for notebook in assignment.notebooks
        for cell in [*notebook.grade_cells, *notebook.task_cells]
    ]
    if assignment.name in checks.NAMES:  # in the order of the parts; some gradebooks lose it
        exercise = checks.load(assignment.name)
        order = [exercise.cell(part) for part in exercise.parts]
        pairs.sort(key=lambda pair: order.index(pair[1]) if pair[1] in order else len(order))
    counts = Counter(cell for _, cell in pairs)
    return {
        (notebook, cell): cell if counts[cell] == 1 else f"{notebook}.{cell}"
        for notebook, cell in pairs
    }


def cells_of(assignment: Any, columns: Columns) -> Iterator[tuple[str, float]]:
    """Yield the columns of an assignment, each with the points that it is worth."""
    max_points = {
        (notebook.name, cell.name): cell.max_score
        for notebook in assignment.notebooks
        for cell in [*notebook.grade_cells, *notebook.task_cells]
    }
    for cell, column in columns.items():
        yield column, max_points[cell]


def submissions_of(book: Any, columns: dict[str, Columns]) -> dict[tuple[str, str], Submission]:
    """Return all submissions by student and assignment, with two queries for the whole course."""
    from nbgrader.api import (
        Assignment,
        BaseCell,
        Grade,
        Notebook,
        SubmittedAssignment,
        SubmittedNotebook,
    )
    from sqlalchemy import func

    key = SubmittedAssignment.student_id, Assignment.name
    penalties = (
        book.db.query(*key, SubmittedNotebook.late_submission_penalty)
        .join(Assignment, Assignment.id == SubmittedAssignment.assignment_id)
        .outerjoin(SubmittedNotebook, SubmittedNotebook.assignment_id == SubmittedAssignment.id)
    )
    submissions: dict[tuple[str, str], Submission] = {}
    for student, name, penalty in penalties:
        submissions.setdefault((student, name), Submission()).penalty += penalty or 0.0
    scored = func.coalesce(Grade.manual_score, Grade.auto_score)
    grades = (
        book.db.query(
            *key, Notebook.name, BaseCell.name, Grade.score, Grade.needs_manual_grade, scored
        )
        .join(Assignment, Assignment.id == SubmittedAssignment.assignment_id)
        .join(SubmittedNotebook, SubmittedNotebook.assignment_id == SubmittedAssignment.id)
        .join(Grade, Grade.notebook_id == SubmittedNotebook.id)
        .join(BaseCell, BaseCell.id == Grade.cell_id)
        .join(Notebook, Notebook.id == SubmittedNotebook.notebook_id)
    )
    for student, name, notebook, cell, score, manual, points_given in grades:
        submission = submissions[student, name]
        column = columns[name].get((notebook, cell), cell)
        submission.points[column] = submission.points.get(column, 0.0) + score
        submission.manual |= manual
        submission.unscored |= {column} if manual and points_given is None else set()
    return submissions


@dataclass(frozen=True)
class Student:
    """A student in the gradebook; everything but the id may be empty."""

    id: str
    first_name: str = ""
    last_name: str = ""
    email: str = ""
    lms_user_id: str = ""


class Grades:
    """The grades in the gradebook of a course.

    Parameters
    ----------
    course : Course
        The course.

    Attributes
    ----------
    students : dict of str to Student
        The students in the gradebook and those who have submitted something, by id.
    max_points : dict of str to float
        Points that each assignment is worth, our exercises first.
    cells : dict of str to dict of str to float
        For each assignment, the points of its cells by ``grade_id``, or by ``notebook.grade_id``
        if several notebooks have the same ``grade_id``.
    runs : dict of (str, str) to Run
        How the notebooks were run, by student and assignment.

    Raises
    ------
    AutograderError
        If there is no gradebook, or if it cannot be read.
    """

    def __init__(self, course: Course):
        self.course = course
        self.runs = journal.runs(course)
        with _gradebook(course) as book:
            self.students = {student.id: _student(student) for student in book.students}
            by_name = {assignment.name: assignment for assignment in book.assignments}
            names = sorted(by_name, key=_sort_key)
            self.max_points = {name: by_name[name].max_score for name in names}
            columns = {name: columns_of(by_name[name]) for name in names}
            self.cells = {name: dict(cells_of(by_name[name], columns[name])) for name in names}
            self._recorded = submissions_of(book, columns)
        self.entries = {
            (entry.student, entry.assignment): entry
            for entry in journal.read_entries(course)
            if entry.student and entry.assignment in {*checks.NAMES, *names}
        }
        self._submitted = set(_submitted(course, {*checks.NAMES, *names}))
        for student, _ in sorted({*self._submitted, *self.entries}):
            self.students.setdefault(student, Student(student))

    def rows(self) -> list[dict[str, Any]]:
        """Return one row for each student and assignment, even if nothing was submitted.

        Columns are ``student``, ``assignment``, ``score`` and ``max_score`` in points (late
        penalties subtracted), ``status`` (graded, not attempted, for review, needs manual grading,
        not graded, missing), ``containment`` of the run (empty if there was none), and the points
        of every part under its ``grade_id``.
        """
        return [
            self._row(student, name)
            for student in sorted(self.students)
            for name in self.max_points
        ]

    def _row(self, student: str, name: str) -> dict[str, Any]:
        entry = self.entries.get((student, name))
        recorded = self._recorded.get((student, name))
        run = self.runs.get((student, name))
        row: dict[str, Any] = {"student": student, "assignment": name, "score": 0}
        row["max_score"] = points(self.max_points[name])
        row["containment"] = run.containment if run else ""
        if entry is not None and entry.status == "for review":
            return row | {"status": "for review", "score": ""}
        if recorded is None:
            if entry is not None or (student, name) in self._submitted:
                return row | {"status": "not graded", "score": ""}
            return row | {"status": "missing", "score": ""}
        status = entry.status if entry else "graded"
        if not status:  # grading was interrupted before it was recorded anew
            return row | {"status": "not graded", "score": ""}
        row |= {cell: points(value) for cell, value in recorded.points.items()}
        if recorded.manual:  # the points so far would look like a score
            return row | dict.fromkeys(["score", *recorded.unscored], "") | {"status": BY_HAND}
        row["score"] = points(max(0.0, sum(recorded.points.values()) - recorded.penalty))
        return row | {"status": status}


@contextmanager
def _gradebook(course: Course) -> Iterator[Any]:
    """Open the gradebook that nbgrader's settings of the course name."""
    from nbgrader.api import Gradebook
    from nbgrader.coursedir import CourseDirectory
    from traitlets.config import Config

    has_settings = course.settings.is_file()
    config = settings(course) if has_settings else Config(CourseDirectory={"root": str(course)})
    with explain_settings_errors(course.settings):
        directory = CourseDirectory(config=config)
    url = directory.db_url
    if is_missing(course, url):
        raise no_gradebook(course)
    with (
        explain_gradebook_errors(course),
        Gradebook(address(course, url), directory.course_id) as book,
    ):
        yield book


def _student(row: Any) -> Student:
    """Return a student of the gradebook, with all white space normalized."""
    names = ("first_name", "last_name", "email", "lms_user_id")
    return Student(row.id, *(" ".join((getattr(row, name) or "").split()) for name in names))


def _sort_key(name: str) -> tuple[int, str]:
    """Return the key that sorts assignments: our exercises first, in their order."""
    ours = checks.NAMES.index(name) if name in checks.NAMES else len(checks.NAMES)
    return ours, name


def _submitted(course: Course, names: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Yield student and assignment of all folders of submissions."""
    for student in _folders(course.submitted):
        present = {folder.name for folder in _folders(student)}
        if not student.name.startswith("."):
            # The name that the journal uses.
            yield from ((printable(student.name), name) for name in names if name in present)


def _folders(folder: Path) -> list[Path]:
    """Return the folders in a folder, no links among them; none if it cannot be read."""
    with suppress(OSError), os.scandir(folder) as entries:
        return sorted(Path(entry) for entry in entries if entry.is_dir(follow_symlinks=False))
    return []


def points(value: float) -> float | int:
    """Return a score without a needless ``.0``."""
    return int(value) if float(value).is_integer() else round(float(value), 4)
