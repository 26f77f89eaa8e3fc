"""Make small graded courses with nbgrader's own gradebook, without running a notebook."""

import contextlib
import os
import sys
import tempfile
from functools import cache
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output

from autograder import checks
from autograder.checks import Result
from autograder.commands import release
from autograder.gradebook.course import Course
from autograder.gradebook.journal import Entry, Journal


class SmallCourse:
    """A course in a folder; use it in a ``with`` block, which opens the gradebook.

    Parameters
    ----------
    folder : Path
        Folder of the course; made if it is not there.
    """

    def __init__(self, folder: Path):
        self.folder = folder
        folder.mkdir(exist_ok=True)
        (folder / "nbgrader_config.py").write_text(release.CONFIGURATION, encoding="utf-8")

    def __enter__(self):
        (self.folder / "gradebook.db").write_bytes(empty_gradebook())
        self.book = gradebook(self.folder)
        return self

    def __exit__(self, *_):
        self.book.close()

    def student(self, own: str, **fields) -> None:
        """Put a student into nbgrader's list: first_name, last_name, email, lms_user_id."""
        self.book.update_or_create_student(own, **fields)

    def hand_in(self, student: str, name: str) -> None:
        """Make the folder of a submission; its content does not matter here."""
        (self.folder / "submitted" / student / name).mkdir(parents=True)

    def grade(self, student: str, name: str, lost: dict | None = None, penalty: float = 0) -> None:
        """Record a submission that has all points but those of the parts in ``lost``.

        Parameters
        ----------
        student, name : str
            Whose, of what.
        lost : dict
            The message of each part that failed.
        penalty : float
            Points lost because it was late.
        """
        lost = lost or {}
        exercise = checks.load(name)
        self.student(student)
        submission = self.book.add_submission(name, student)
        (notebook,) = submission.notebooks
        notebook.late_submission_penalty = penalty
        cells = []
        for part in exercise.parts:
            problems = (lost[part.name],) if part.name in lost else ()
            result = Result(part, problems)
            grade = self.book.find_grade(exercise.cell(part), name, name, student)
            grade.auto_score, grade.needs_manual_grade = result.score, False
            cells.append(scoring_cell(exercise.cell(part), said(result)))
        self.book.db.commit()
        file = self.folder / "autograded" / student / name / f"{name}.ipynb"
        file.parent.mkdir(parents=True, exist_ok=True)
        nbformat.write(new_notebook(cells=cells), file)

    def change(self, student: str, name: str, part: str, **fields) -> None:
        """Change what stands in the gradebook of a part, as formgrader does."""
        cell = checks.load(name).cell(checks.load(name).part(part))
        grade = self.book.find_grade(cell, name, name, student)
        for field, value in fields.items():
            setattr(grade, field, value)
        self.book.db.commit()

    def note(self, student: str, name: str, status: str, reason: str = "", **more) -> None:
        """Write into the journal what became of a submission."""
        with contextlib.closing(Journal(Course(self.folder))) as journal:
            journal.note(Entry(student, name, status, reason, **more))


def gradebook(folder: Path):
    """Open the gradebook in a folder with nbgrader; it is made if it is not there."""
    from nbgrader.api import Gradebook

    return Gradebook(f"sqlite:///{folder / 'gradebook.db'}", "latent-spaces")


@cache
def empty_gradebook() -> bytes:
    """Return the file of a gradebook that knows the assignments and no student."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    with tempfile.TemporaryDirectory() as name, pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", path)  # nbgrader starts `alembic` by its name
        with gradebook(Path(name)) as book:
            for own in checks.NAMES:
                exercise = checks.load(own)
                book.add_assignment(own)
                book.add_notebook(own, own)
                for part in exercise.parts:
                    cell = {"max_score": part.points, "cell_type": "code"}
                    book.add_grade_cell(exercise.cell(part), own, own, **cell)
        return (Path(name) / "gradebook.db").read_bytes()


def said(result: Result):
    """Return the output in which a scoring cell tells its result."""
    return new_output("stream", name="stdout", text=f"{result.text()}\n")


def scoring_cell(own: str, *outputs):
    """Return a scoring cell as it stands in an autograded notebook."""
    nbgrader = {"grade_id": own, "grade": True, "locked": True, "points": 1}
    return new_code_cell("part.report()", metadata={"nbgrader": nbgrader}, outputs=list(outputs))
