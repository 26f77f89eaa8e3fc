"""``autograder export``: the grades of a course as a table."""

import csv
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from autograder import AutograderError, checks
from autograder.gradebook import grades, journal
from autograder.gradebook.course import (
    SETTINGS,
    address,
    is_missing,
    no_gradebook,
    settings,
    told_of_gradebook,
    usable,
)
from autograder.submissions.intake import shown

BY_HAND = "needs manual grading"
COLUMNS = ("student", "assignment", "score", "max_score", "status", "containment")


@dataclass
class Sheet:
    """A table that is ready to be written.

    Attributes
    ----------
    header : list of str
        Names of the columns.
    rows : list of list
        Fields of each row.
    notes : list of str
        What the user should know about it, in sentences.
    """

    header: list[str]
    rows: list[list] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def run(folder: Path, to: str = "csv") -> int:
    """Write the grades into the folder of the course and return the exit code.

    Parameters
    ----------
    folder : Path
        Folder of the course.
    to : str
        ``csv`` (``grades.csv``), ``canvas`` (``canvas.csv``) or ``moodle`` (``moodle.csv``).

    Raises
    ------
    AutograderError
        If there is no gradebook, or if the file cannot be written.
    """
    from autograder.commands.export import platforms

    folder = folder.resolve()
    make = {"csv": table, "canvas": platforms.canvas, "moodle": platforms.moodle}[to]
    file = folder / {"csv": "grades.csv"}.get(to, f"{to}.csv")
    sheet = make(Grades(folder))
    with replacing(file) as text:
        csv.writer(text).writerows([sheet.header, *sheet.rows])
    print(file)
    for note in sheet.notes:
        print(note, file=sys.stderr)
    return 0


@contextmanager
def replacing(file: Path) -> Iterator:
    """Write under another name first, so that a full disk leaves the old file alone."""
    part = file.with_name(f"{file.name}.part")
    try:
        # Names of folders may hold bytes that are no text.
        with part.open("w", newline="", encoding="utf-8", errors="backslashreplace") as text:
            yield text
        part.replace(file)
    except OSError as error:
        raise AutograderError(f"{file} cannot be written: {error.strerror}.") from error
    finally:
        with suppress(OSError):  # it is there only where something has failed
            part.unlink()


def table(grades: "Grades") -> Sheet:
    """Return one row for each student and assignment, with the points of every part."""
    from autograder.commands.export.platforms import guarded_id

    cells = dict.fromkeys(cell for name in grades.most for cell in grades.cells[name])
    sheet = Sheet([*COLUMNS, *cells])
    for row in grades.rows():
        row["student"] = guarded_id(row["student"])
        sheet.rows.append([row.get(column, "") for column in sheet.header])
    return sheet


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
    folder : Path
        Folder of the course.

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

    def __init__(self, folder: Path):
        self.folder = folder
        self.runs = journal.runs(folder)
        with _gradebook(folder) as book:
            self.students = {each.id: _student(each) for each in book.students}
            known = {each.name: each for each in book.assignments}
            names = sorted(known, key=_place)
            self.most = {name: known[name].max_score for name in names}
            columns = {name: grades.columns(known[name]) for name in names}
            self.cells = {name: dict(grades.cells(known[name], columns[name])) for name in names}
            self._recorded = grades.submissions(book, columns)
        self.entries = {
            (each.student, each.assignment): each
            for each in journal.recall(folder)
            if each.student and each.assignment in {*checks.NAMES, *names}
        }
        self._handed_in = set(_handed_in(folder, {*checks.NAMES, *names}))
        for student, _ in sorted({*self._handed_in, *self.entries}):
            self.students.setdefault(student, Student(student))

    def rows(self) -> list[dict]:
        """Return one row for each student and assignment, those with nothing handed in too.

        Columns are ``student``, ``assignment``, ``score`` and ``max_score`` in points (late
        penalties subtracted), ``status`` (graded, not attempted, for review, needs manual grading,
        not graded, missing), ``containment`` of the run (empty if there was none), and the points
        of every part under its ``grade_id``.
        """
        return [self._row(student, name) for student in sorted(self.students) for name in self.most]

    def _row(self, student: str, name: str) -> dict:
        entry = self.entries.get((student, name))
        found = self._recorded.get((student, name))
        run = self.runs.get((student, name))
        row = {"student": student, "assignment": name, "score": 0}
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
def _gradebook(folder: Path) -> Iterator:
    """Open the gradebook that nbgrader's settings of the course name."""
    from nbgrader.api import Gradebook
    from nbgrader.coursedir import CourseDirectory
    from traitlets.config import Config

    file = folder / SETTINGS
    config = settings(folder) if file.is_file() else Config(CourseDirectory={"root": str(folder)})
    with usable(file):
        course = CourseDirectory(config=config)
    url = course.db_url
    if is_missing(folder, url):
        raise no_gradebook(folder)
    with told_of_gradebook(folder), Gradebook(address(folder, url), course.course_id) as book:
        yield book


def _student(each) -> Student:
    names = ("first_name", "last_name", "email", "lms_user_id")
    return Student(each.id, *(" ".join((getattr(each, name) or "").split()) for name in names))


def _place(name: str) -> tuple[int, str]:
    """Return by what assignments are sorted: our exercises first, in their order."""
    ours = checks.NAMES.index(name) if name in checks.NAMES else len(checks.NAMES)
    return ours, name


def _handed_in(folder: Path, names: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Yield student and assignment of the folders of submissions that are there."""
    for name in names:
        for place in (folder / "submitted").glob(f"*/{name}/"):
            student = place.parent.name
            if not student.startswith("."):
                yield shown(student), name  # as the journal names it


def points(value: float) -> float | int:
    """Return a score without a needless ``.0``."""
    return int(value) if float(value).is_integer() else round(float(value), 4)
