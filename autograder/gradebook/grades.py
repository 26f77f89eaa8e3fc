"""The grades of a course: what stands in its gradebook, read all at once, and in our journal."""

from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from autograder import checks
from autograder.checks.words import printable
from autograder.gradebook import journal
from autograder.gradebook.course import (
    Course,
    address,
    is_missing,
    no_gradebook,
    settings,
    told_of_gradebook,
    usable,
)

BY_HAND = "needs manual grading"
Columns = dict[tuple[str, str], str]  # of an assignment, by notebook and ``grade_id``


@dataclass
class Submission:
    """What the gradebook holds of one submission: points by ``grade_id``, and late penalty."""

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
    if assignment.name in checks.NAMES:  # in their order, in which some gradebooks do not keep them
        exercise = checks.load(assignment.name)
        order = [exercise.cell(part) for part in exercise.parts]
        pairs.sort(key=lambda pair: order.index(pair[1]) if pair[1] in order else len(order))
    counts = Counter(cell for _, cell in pairs)
    return {
        (notebook, cell): cell if counts[cell] == 1 else f"{notebook}.{cell}"
        for notebook, cell in pairs
    }


def cells_of(assignment: Any, columns: Columns) -> Iterator[tuple[str, float]]:
    """Yield each column of an assignment and the points that it is worth."""
    most = {
        (notebook.name, cell.name): cell.max_score
        for notebook in assignment.notebooks
        for cell in [*notebook.grade_cells, *notebook.task_cells]
    }
    for own, column in columns.items():
        yield column, most[own]


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
    found: dict[tuple[str, str], Submission] = {}
    for student, name, penalty in penalties:
        found.setdefault((student, name), Submission()).penalty += penalty or 0.0
    given = func.coalesce(Grade.manual_score, Grade.auto_score)
    grades = (
        book.db.query(
            *key, Notebook.name, BaseCell.name, Grade.score, Grade.needs_manual_grade, given
        )
        .join(Assignment, Assignment.id == SubmittedAssignment.assignment_id)
        .join(SubmittedNotebook, SubmittedNotebook.assignment_id == SubmittedAssignment.id)
        .join(Grade, Grade.notebook_id == SubmittedNotebook.id)
        .join(BaseCell, BaseCell.id == Grade.cell_id)
        .join(Notebook, Notebook.id == SubmittedNotebook.notebook_id)
    )
    for student, name, notebook, cell, score, manual, scored in grades:
        submission, column = found[student, name], columns[name].get((notebook, cell), cell)
        submission.points[column] = submission.points.get(column, 0.0) + score
        submission.manual |= manual
        submission.unscored |= {column} if manual and scored is None else set()
    return found


@dataclass(frozen=True)
class Student:
    """What nbgrader knows of a student; everything but the id may be empty."""

    id: str
    first_name: str = ""
    last_name: str = ""
    email: str = ""
    lms_user_id: str = ""


class Grades:
    """The grades that stand in the gradebook of a course.

    Parameters
    ----------
    course : Course
        The course.

    Attributes
    ----------
    students : dict of str to Student
        By their ids: those of the gradebook and those who have handed in something.
    most : dict of str to float
        Points that each assignment is worth, our exercises first.
    cells : dict of str to dict of str to float
        For each assignment, the points of its cells by ``grade_id``; where several notebooks have
        the same, by ``notebook.grade_id``.
    runs : dict of (str, str) to Run
        By student and assignment, what was run.

    Raises
    ------
    AutograderError
        If there is no gradebook, or if it cannot be read.
    """

    def __init__(self, course: Course):
        self.course = course
        self.runs = journal.runs(course)
        with _gradebook(course) as book:
            self.students = {each.id: _student(each) for each in book.students}
            known = {each.name: each for each in book.assignments}
            names = sorted(known, key=_place)
            self.most = {name: known[name].max_score for name in names}
            columns = {name: columns_of(known[name]) for name in names}
            self.cells = {name: dict(cells_of(known[name], columns[name])) for name in names}
            self._recorded = submissions_of(book, columns)
        self.entries = {
            (each.student, each.assignment): each
            for each in journal.recall(course)
            if each.student and each.assignment in {*checks.NAMES, *names}
        }
        self._handed_in = set(_handed_in(course, {*checks.NAMES, *names}))
        for student, _ in sorted({*self._handed_in, *self.entries}):
            self.students.setdefault(student, Student(student))

    def rows(self) -> list[dict[str, Any]]:
        """Return one row for each student and assignment, those with nothing handed in too.

        Columns are ``student``, ``assignment``, ``score`` and ``max_score`` in points (late
        penalties subtracted), ``status`` (graded, not attempted, for review, needs manual grading,
        not graded, missing), ``containment`` of the run (empty if there was none), and the points
        of every part under its ``grade_id``.
        """
        return [self._row(student, name) for student in sorted(self.students) for name in self.most]

    def _row(self, student: str, name: str) -> dict[str, Any]:
        entry = self.entries.get((student, name))
        found = self._recorded.get((student, name))
        run = self.runs.get((student, name))
        row: dict[str, Any] = {"student": student, "assignment": name, "score": 0}
        row |= {"max_score": points(self.most[name]), "containment": run.containment if run else ""}
        if entry is not None and entry.status == "for review":
            return row | {"status": "for review", "score": ""}
        if found is None:
            if entry is not None or (student, name) in self._handed_in:
                return row | {"status": "not graded", "score": ""}
            return row | {"status": "missing", "score": ""}
        status = entry.status if entry else "graded"
        if not status:  # it was about to be recorded anew when grading was cut off
            return row | {"status": "not graded", "score": ""}
        row |= {cell: points(value) for cell, value in found.points.items()}
        if found.manual:  # what there is so far would look like a score
            return row | dict.fromkeys(["score", *found.unscored], "") | {"status": BY_HAND}
        row["score"] = points(max(0.0, sum(found.points.values()) - found.penalty))
        return row | {"status": status}


@contextmanager
def _gradebook(course: Course) -> Iterator[Any]:
    """Open the gradebook that nbgrader's settings of the course name."""
    from nbgrader.api import Gradebook
    from nbgrader.coursedir import CourseDirectory
    from traitlets.config import Config

    found = course.settings.is_file()
    config = settings(course) if found else Config(CourseDirectory={"root": str(course)})
    with usable(course.settings):
        directory = CourseDirectory(config=config)
    url = directory.db_url
    if is_missing(course, url):
        raise no_gradebook(course)
    with (
        told_of_gradebook(course),
        Gradebook(address(course, url), directory.course_id) as book,
    ):
        yield book


def _student(each: Any) -> Student:
    names = ("first_name", "last_name", "email", "lms_user_id")
    return Student(each.id, *(" ".join((getattr(each, name) or "").split()) for name in names))


def _place(name: str) -> tuple[int, str]:
    """Return by what assignments are sorted: our exercises first, in their order."""
    ours = checks.NAMES.index(name) if name in checks.NAMES else len(checks.NAMES)
    return ours, name


def _handed_in(course: Course, names: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Yield student and assignment of the folders of submissions that are there."""
    for name in names:
        for place in course.submitted.glob(f"*/{name}/"):
            student = place.parent.name
            if not student.startswith("."):
                yield printable(student), name  # as the journal names it


def points(value: float) -> float | int:
    """Return a score without a needless ``.0``."""
    return int(value) if float(value).is_integer() else round(float(value), 4)
