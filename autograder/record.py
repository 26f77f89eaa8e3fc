"""Where our scores meet nbgrader: its own converters record what was executed elsewhere."""

import contextlib
import logging
import os
import shutil
from pathlib import Path
from typing import Any
from unittest import mock

import nbformat
from nbgrader.api import Grade, Gradebook, GradeCell
from nbgrader.converters import Autograde, GenerateFeedback, autograde
from nbgrader.converters.base import NbGraderException
from nbgrader.preprocessors import (
    CheckCellMetadata,
    ClearHiddenTests,
    Execute,
    NbGraderPreprocessor,
    OverwriteCells,
    getgrades,
    latesubmissions,
    overwritecells,
    saveautogrades,
)
from nbgrader.utils import is_grade
from traitlets import Dict

from autograder import AutograderError, intake, remote
from autograder.journal import FOLDER

DESK = f"{FOLDER}/repaired"  # in the form of ``submitted/``, of repaired notebooks only
STAMP = "timestamp.txt"  # nbgrader's name for the file with the time of a submission
# Modules of nbgrader that open the gradebook for each notebook.
OPENERS = (autograde, getgrades, latesubmissions, overwritecells, saveautogrades)


class Replay(NbGraderPreprocessor):
    """Put stored outputs into a notebook, where nbgrader would execute it."""

    outputs = Dict(help="Outputs in nbformat's form by cell id.")

    def preprocess(self, nb, resources):
        """Fill in the outputs of all code cells; a check that did not run is worth nothing."""
        for cell in nb.cells:
            if cell.cell_type == "code":
                found = Replay.outputs.get(cell.id, [])
                if not found and is_grade(cell):
                    found = [remote.failure("NotRun", "This check was not run.")]
                cell.outputs = intake.outputs(found)
        return nb, resources


class _OneByOne:
    """A converter of nbgrader that is made once and gets one submission at a time."""

    force = True

    def init_notebooks(self) -> None:
        """Find nothing: what is converted is told by ``convert``."""
        self.assignments = {}

    def convert(self, student: str, assignment: str) -> None:
        """Convert one submission.

        Raises
        ------
        AutograderError
            If nbgrader could not; with the reason that it gave.
        """
        place = self._format_source(assignment, student)
        self.assignments = {place: [os.path.join(place, f"{assignment}.ipynb")]}  # noqa: PTH118
        told: list[str] = []
        handler = logging.Handler(logging.ERROR)
        handler.emit = lambda record: told.append(record.getMessage())
        self.log.addHandler(handler)
        try:
            self.convert_notebooks()
        except (NbGraderException, SystemExit) as error:
            raise AutograderError(_reason(told) or str(error)) from error
        finally:
            self.log.removeHandler(handler)


def _reason(told: list[str]) -> str:
    """Return what nbgrader's log says went wrong: the end of a traceback, or its first line."""
    ends = [text.strip().splitlines()[-1] for text in told if text.startswith("Traceback")]
    return next(iter(ends + told), "")


class _Autograde(_OneByOne, Autograde):
    pass


class _Feedback(_OneByOne, GenerateFeedback):
    pass


def _default(converter, prefix: str = "") -> list:
    return converter.class_traits()[f"{prefix}preprocessors"].default()


class _Shared(Gradebook):
    """The one gradebook that every part of nbgrader gets which would open its own.

    nbgrader opens its database some fifteen times for each notebook, and compiles every statement
    anew each time; with one session a notebook costs a third.
    """

    def __exit__(self, kind, *_) -> None:
        """Stay open, but forget what was begun before an error."""
        if kind is not None:
            self.db.rollback()

    def close(self) -> None:
        """Stay open; ``end`` closes."""

    def end(self) -> None:
        """Close the database."""
        super().close()


class Recorder:
    """Writes results into the gradebook, ``autograded/`` and ``feedback/`` of a course.

    Parameters
    ----------
    api : NbGraderAPI
        nbgrader's interface to the course.
    """

    def __init__(self, api: Any):
        self.course = Path(api.coursedir.root)
        config = api.config.copy()
        # The notebooks are made of the cells of the source, so their metadata are as they must be.
        own = [Replay if each is Execute else each for each in _default(Autograde, "autograde_")]
        own.remove(CheckCellMetadata)
        config.Autograde.autograde_preprocessors = own
        config.Autograde.sanitize_preprocessors = [OverwriteCells]
        config.GenerateFeedback.preprocessors = [ClearHiddenTests, *_default(GenerateFeedback)]
        config.CourseDirectory.submitted_directory = DESK
        coursedir = type(api.coursedir)(config=config)
        self._shared = _Shared(coursedir.db_url, coursedir.course_id)
        log = logging.getLogger("autograder.nbgrader")
        log.setLevel(logging.ERROR)
        log.propagate = False
        log.addHandler(logging.NullHandler())
        with contextlib.chdir(self.course):
            self._autograde = _Autograde(coursedir=coursedir, config=config)
            self._feedback = _Feedback(coursedir=coursedir, config=config)
            for converter in (self._autograde, self._feedback):
                converter.log = log
                converter.start()

    def record(self, student: str, assignment: str, notebook: Any, outputs: dict, stamp) -> None:
        """Record one submission in the place of any earlier one.

        Parameters
        ----------
        student, assignment : str
            Whose, of what.
        notebook : NotebookNode
            The repaired notebook.
        outputs : dict
            Outputs by cell id.
        stamp : bytes or None
            Content of the file with the time of the submission.
        """
        place = self.course / DESK / student / assignment
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir(parents=True)
        nbformat.write(notebook, place / f"{assignment}.ipynb")
        if stamp is not None:
            (place / STAMP).write_bytes(stamp)
        Replay.outputs = outputs
        with contextlib.chdir(self.course), self._one_session():
            self._autograde.convert(student, assignment)
            self._feedback.convert(student, assignment)
        shutil.rmtree(place, ignore_errors=True)

    def automatic(self) -> dict[tuple[str, str], dict[str, float | None]]:
        """Return what stands in the gradebook: automatic points by submission and cell."""
        found: dict = {}
        self._shared.db.expire_all()
        for grade in self._shared.db.query(Grade).join(GradeCell):
            key = grade.notebook.student.id, grade.notebook.assignment.assignment.name
            found.setdefault(key, {})[grade.name] = grade.auto_score
        return found

    @contextlib.contextmanager
    def _one_session(self):
        with contextlib.ExitStack() as stack:
            for module in OPENERS:
                stack.enter_context(
                    mock.patch.object(module, "Gradebook", lambda *_, **__: self._shared)
                )
            yield
