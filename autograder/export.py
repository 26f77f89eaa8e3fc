"""``autograder export``: the grades of a course as a table."""

import csv
from pathlib import Path

from autograder import AutograderError, checks, grade

COLUMNS = ("student", "assignment", "score", "max_score", "status")


def run(folder: Path) -> int:
    """Write ``grades.csv`` into the folder of the course and return the exit code."""
    folder = folder.resolve()
    file = folder / "grades.csv"
    try:
        write(Grades(folder), file)
    except OSError as error:
        raise AutograderError(f"{file} cannot be written: {error.strerror}.") from error
    print(file)
    return 0


def write(grades: "Grades", file: Path) -> None:
    """Write the table under another name first, so that a full disk leaves the old one alone."""
    part = file.with_suffix(".part")
    with part.open("w", newline="", encoding="utf-8") as text:
        table = csv.DictWriter(text, [*COLUMNS, *parts()], restval="")
        table.writeheader()
        table.writerows(grades.rows())
    part.replace(file)


def parts() -> list[str]:
    """Return the columns of the parts: the ``grade_id`` of every scoring cell."""
    exercises = [checks.load(name) for name in checks.NAMES]
    return [exercise.cell(part) for exercise in exercises for part in exercise.parts]


class Grades:
    """The grades that stand in the gradebook of a course.

    Parameters
    ----------
    folder : Path
        Folder of the course.
    """

    def __init__(self, folder: Path):
        self.folder = folder
        if not (folder / "gradebook.db").is_file():
            raise AutograderError(
                f"{folder} has no gradebook: run `autograder release {folder}` first."
            )

    def rows(self) -> list[dict]:
        """Return one row for each student and assignment, those with nothing handed in too.

        Columns are ``student``, ``assignment``, ``score`` and ``max_score`` in points (late
        penalties subtracted), ``status`` (graded, not attempted, for review, needs manual grading,
        missing), and the points of every part under its ``grade_id``.
        """
        from nbgrader.api import Gradebook

        states = {(each.student, each.assignment): each for each in grade.recall(self.folder)}
        with Gradebook(f"sqlite:///{self.folder / 'gradebook.db'}", "latent-spaces") as book:
            known = {submission_key(each): each for each in _submissions(book)}
            most = {each.name: each.max_score for each in book.assignments}
            students = {each.id for each in book.students} | {student for student, _ in states}
            return [
                self._row(student, name, most[name], known.get((student, name)), states)
                for student in sorted(students)
                for name in checks.NAMES
                if name in most
            ]

    def _row(self, student: str, name: str, most: float, submission, states: dict) -> dict:
        state = states.get((student, name))
        row = {"student": student, "assignment": name, "score": 0, "max_score": points(most)}
        if state is not None and state.status == "for review":
            return row | {"status": "for review", "score": ""}
        if submission is None:
            return row | {"status": "missing"}
        row["score"] = points(max(0.0, submission.score - submission.late_submission_penalty))
        status = state.status if state else "graded"
        row["status"] = "needs manual grading" if submission.needs_manual_grade else status
        graded = [each for notebook in submission.notebooks for each in notebook.grades]
        return row | {each.name: points(each.score) for each in graded}


def _submissions(book) -> list:
    return [each for own in book.assignments for each in own.submissions]


def submission_key(submission) -> tuple[str, str]:
    """Return student and assignment of a submission."""
    return submission.student.id, submission.assignment.name


def points(value: float | None) -> float | int | str:
    """Return a score without a needless ``.0``; empty while nobody has given one."""
    if value is None:
        return ""
    return int(value) if float(value).is_integer() else round(float(value), 4)
