"""Record our results in nbgrader: its own converters process notebooks that ran elsewhere."""

import contextlib
import logging
import os
import shutil
from collections.abc import Iterable, Mapping
from errno import EEXIST, EILSEQ, EINVAL, EISDIR, ELOOP, ENAMETOOLONG, ENOTDIR
from pathlib import Path
from typing import TYPE_CHECKING, Any

import nbformat
from nbconvert.exporters import HTMLExporter, TemplateExporter
from nbconvert.exporters.html import Highlight2HTML
from nbconvert.filters.widgetsdatatypefilter import WidgetsDataTypeFilter
from nbgrader.converters import Autograde, GenerateFeedback
from nbgrader.converters.base import NbGraderException
from nbgrader.preprocessors import (
    CheckCellMetadata,
    ClearHiddenTests,
    Execute,
    NbGraderPreprocessor,
    OverwriteCells,
)
from sqlalchemy.exc import DatabaseError, InternalError, OperationalError
from traitlets import Dict, Type

from autograder import AutograderError
from autograder.checks.running.cells import is_test
from autograder.checks.words import one_line, printable
from autograder.gradebook import late
from autograder.gradebook.assignments import GradebookCell
from autograder.gradebook.course import (
    STAMP,
    STATE,
    Course,
    address,
    explain_gradebook_errors,
    explain_settings_errors,
    require_gradebook,
)
from autograder.gradebook.shared import SharedGradebook
from autograder.sandbox.limited import limited

if TYPE_CHECKING:  # the base class that `_OneByOne` is mixed with
    from nbgrader.converters.base import BaseConverter as _Converter
else:
    _Converter = object

SLOWEST = 120  # seconds of computing time to record one submission
REPAIRED = f"{STATE}/repaired"  # laid out like ``submitted/``, with repaired notebooks only
OUTPUT = f"{STATE}/made"  # what nbgrader writes for one submission, until all of it is recorded
STEPS = ("autograded", "feedback")
# Errors of a name that a student chose, and not of the disk of the course.
OF_A_NAME = (EEXIST, EILSEQ, EINVAL, EISDIR, ELOOP, ENAMETOOLONG, ENOTDIR)
NOT_RUN = nbformat.v4.new_output(
    "error", ename="NotRun", evalue="This check was not run.", traceback=["This check was not run."]
)


class Replay(NbGraderPreprocessor):
    """Put stored outputs into a notebook, instead of executing it."""

    outputs: Any = Dict(help="Outputs in nbformat's form by notebook and cell id.")

    def preprocess(self, nb: Any, resources: Any) -> tuple[Any, Any]:
        """Set the outputs of all code cells; a test that did not run gets an error."""
        for cell in nb.cells:
            if cell.cell_type == "code":
                outputs = Replay.outputs[resources["nbgrader"]["notebook"]].get(cell.id)
                if outputs is None and is_test(cell):
                    outputs = [NOT_RUN]
                cell.outputs = nbformat.from_dict(outputs or [])
        return nb, resources


class Pages(HTMLExporter):
    """Write a page of feedback as nbconvert does, in half the time if it has no picture.

    nbconvert parses each page again to add alternative texts to pictures without one.
    """

    def from_notebook_node(self, nb: Any, resources: Any = None, **options: Any) -> Any:
        """Return a page and its resources."""
        if any(_has_picture(cell) for cell in nb.cells):
            return super().from_notebook_node(nb, resources, **options)
        resources = self._init_resources(resources)
        language = nb.metadata.get("language_info", {})
        lexer = language.get("pygments_lexer", language.get("name"))
        self.register_filter("highlight_code", Highlight2HTML(pygments_lexer=lexer, parent=self))
        data_filter = WidgetsDataTypeFilter(
            notebook_metadata=self._nb_metadata, parent=self, resources=resources
        )
        self.register_filter("filter_data_type", data_filter)
        return TemplateExporter.from_notebook_node(self, nb, resources, **options)


def _has_picture(cell: Any) -> bool:
    kinds = [kind for output in cell.get("outputs", ()) for kind in output.get("data", {})]
    if any(not kind.startswith("text/plain") for kind in kinds):
        return True
    return cell.cell_type != "code" and ("![" in cell.source or "<img" in cell.source.lower())


class _OneByOne(_Converter):
    """A converter of nbgrader that is created once and then gets one submission at a time."""

    force = True

    def init_notebooks(self) -> None:
        """Look for no submissions: ``convert`` gets them as arguments."""
        self.assignments: dict[str, Any] = {}

    def convert(self, student: str, assignment: str, notebooks: Iterable[str]) -> None:
        """Convert one submission, or raise what nbgrader's own loop would only log."""
        folder = self._format_source(assignment, student)
        self.notebooks = [os.path.join(folder, f"{name}.ipynb") for name in notebooks]  # noqa: PTH118
        if not self.init_destination(assignment, student):
            raise NbGraderException("its settings exclude this student")
        self.run_pre_convert_hook()
        self.init_assignment(assignment, student)
        for notebook in self.notebooks:
            self.convert_single_notebook(notebook)
        self.set_permissions(assignment, student)
        self.run_post_convert_hook()


class _Autograde(_OneByOne, Autograde):
    pass


class _Feedback(_OneByOne, GenerateFeedback):
    export_class = Type(Pages)


def _move_back(before: Path, final: Path) -> None:
    if before.exists():
        shutil.move(before, final)


def _default_preprocessors(converter: Any, prefix: str = "") -> list[Any]:
    preprocessors: list[Any] = converter.class_traits()[f"{prefix}preprocessors"].default()
    return preprocessors


class Recorder:
    """Writes results into the gradebook, ``autograded/`` and ``feedback/`` of a course.

    Parameters
    ----------
    api : NbGraderAPI
        nbgrader's interface to the course.

    Raises
    ------
    AutograderError
        If the gradebook or the settings of the course cannot be used.
    """

    def __init__(self, api: Any):
        self.course = Course(Path(api.coursedir.root))
        config = api.config.copy()
        steps = [
            Replay if step is Execute else step
            for step in _default_preprocessors(Autograde, "autograde_")
        ]
        # Repaired notebooks consist of cells of the source, whose metadata need no check.
        steps.remove(CheckCellMetadata)
        config.Autograde.autograde_preprocessors = steps
        config.Autograde.sanitize_preprocessors = [OverwriteCells]
        config.GenerateFeedback.preprocessors = [
            ClearHiddenTests,
            *_default_preprocessors(GenerateFeedback),
        ]
        config.CourseDirectory.submitted_directory = REPAIRED
        for step in STEPS:
            config.CourseDirectory[f"{step}_directory"] = f"{OUTPUT}/{step}"
        self._coursedir = api.coursedir
        coursedir = type(api.coursedir)(config=config)
        require_gradebook(self.course, coursedir.db_url)
        with explain_gradebook_errors(self.course):
            self._gradebook = SharedGradebook(
                address(self.course, coursedir.db_url), coursedir.course_id
            )
            self._assignments = {row.name for row in self._gradebook.assignments}
        log = logging.getLogger("autograder.nbgrader")
        log.setLevel(logging.CRITICAL)
        log.propagate = False
        with contextlib.chdir(self.course.folder), explain_settings_errors(self.course.settings):
            self._autograde = _Autograde(coursedir=coursedir, config=config)
            self._feedback = _Feedback(coursedir=coursedir, config=config)
            for converter in (self._autograde, self._feedback):
                converter.log = log
                converter.start()
            self._rules = late.rules(self._autograde, self.course)

    def close(self) -> None:
        """Close the gradebook."""
        self._gradebook.close_database()

    def record(
        self,
        student: str,
        assignment: str,
        notebooks: dict[str, Any],
        outputs: dict[str, Any],
        stamp: bytes | None,
        files: Mapping[str, bytes],
    ) -> str:
        """Record one submission, replacing any earlier one.

        Parameters
        ----------
        student, assignment : str
            The student and the assignment.
        notebooks : dict of str to NotebookNode
            The repaired notebooks by name.
        outputs : dict of str to dict
            Outputs by notebook and cell id; a test without an entry did not run.
        stamp : bytes or None
            Content of the file with the time of the submission.
        files : mapping of str to bytes
            Content of the other files beside the notebooks, by name.

        Returns
        -------
        str
            Why nbgrader could not record it, in which case nothing was changed; else empty.

        Raises
        ------
        AutograderError
            If the gradebook or the disk cannot be used, so that no submission could be recorded.
        """
        self._require(assignment)
        try:
            with contextlib.ExitStack() as undo:
                with (
                    contextlib.chdir(self.course.folder),
                    self._gradebook.transaction(),
                    self._gradebook.used_by_nbgrader(),
                ):
                    self._lay_out(student, assignment, notebooks, stamp, files)
                    if stamp is None:
                        self._gradebook.forget_time(student, assignment)
                    Replay.outputs = outputs
                    with limited(SLOWEST):
                        self._autograde.convert(student, assignment, notebooks)
                        self._feedback.convert(student, assignment, notebooks)
                    self._publish(student, assignment, undo)
                undo.pop_all()
        except (Exception, SystemExit) as error:
            self._raise_if_fatal(error)
            return one_line(error)
        finally:
            for folder in (REPAIRED, OUTPUT):
                shutil.rmtree(self.course.folder / folder, ignore_errors=True)
        return ""

    def _publish(self, student: str, assignment: str, undo: contextlib.ExitStack) -> None:
        """Replace the earlier output of nbgrader by the new one; ``undo`` restores it."""
        for step, converter in zip(STEPS, (self._autograde, self._feedback), strict=True):
            output = Path(converter._format_dest(assignment, student))
            final = self._folder(step, student, assignment)
            final.parent.mkdir(parents=True, exist_ok=True)
            if final.exists():
                before = output.with_name(f"{assignment} before")
                undo.callback(_move_back, before, final)
                shutil.move(final, before)
            undo.callback(shutil.rmtree, final, ignore_errors=True)
            shutil.move(output, final)

    def _folder(self, step: str, student: str, assignment: str) -> Path:
        """Return the folder in which the course keeps the output of a step for a submission."""
        name = getattr(self._coursedir, f"{step}_directory")
        return Path(self._coursedir.format_path(name, student, assignment))

    def _require(self, assignment: str) -> None:
        if assignment not in self._assignments:
            raise AutograderError(
                f"The gradebook of {self.course} does not know {assignment}: run "
                f"`autograder release {self.course}` again."
            )

    def source_cells(self, assignment: str) -> dict[str, dict[str, GradebookCell]]:
        """Return the cells of an assignment in the gradebook; see `SharedGradebook`."""
        with explain_gradebook_errors(self.course):
            return self._gradebook.source_cells(assignment)

    def terms(self, student: str, assignment: str, stamp: bytes | None) -> str:
        """Return what the penalty for a late submission depends on; empty if it is on time."""
        return late.terms(self._times(student, assignment), stamp, self._rules)

    def _times(self, student: str, assignment: str) -> late.Times:
        with explain_gradebook_errors(self.course):
            return self._gradebook.times(student, assignment)

    def has_output(
        self, student: str, assignment: str, notebooks: Iterable[str], stamp: bytes | None
    ) -> bool:
        """Return whether all output for a submission exists, and has its current time."""
        autograded, pages = (self._folder(step, student, assignment) for step in STEPS)
        file = autograded / STAMP
        kept = file.read_bytes() if file.is_file() else None
        complete = all(
            (autograded / f"{name}.ipynb").is_file() and (pages / f"{name}.html").is_file()
            for name in notebooks
        )
        if not complete or kept != stamp:
            return False
        return late.is_current(self._times(student, assignment), stamp)

    def _lay_out(
        self,
        student: str,
        assignment: str,
        notebooks: dict[str, Any],
        stamp: bytes | None,
        files: Mapping[str, bytes],
    ) -> None:
        """Write a submission to the folder where nbgrader looks for it."""
        folder = self.course.folder / REPAIRED / student / assignment
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        for name, notebook in notebooks.items():
            nbformat.write(notebook, folder / f"{name}.ipynb")
        if stamp is not None:
            (folder / STAMP).write_bytes(stamp)
        for name, data in files.items():
            try:
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                (folder / name).write_bytes(data)
            except OSError as error:
                if error.errno not in OF_A_NAME:
                    raise
                reason = f"the file {printable(name)} cannot be written ({error.strerror})"
                raise NbGraderException(reason) from error

    def _raise_if_fatal(self, error: BaseException | None) -> None:
        """Raise an AutograderError if the error is one of the gradebook or the disk."""
        if isinstance(error, OSError):
            path = error.filename or self.course.folder
            raise AutograderError(
                f"What was graded cannot be written ({path}: {error.strerror}). Make room there "
                "or check the permissions, and run it again; what was graded before stays."
            ) from error
        while error is not None:  # nbgrader wraps some in exceptions of its own
            if type(error) in (OperationalError, DatabaseError, InternalError):
                with explain_gradebook_errors(self.course):
                    raise error
            error = error.__context__

    def automatic_scores(self) -> dict[tuple[str, str], dict[str, float | None]]:
        """Return the automatic scores in the gradebook by submission and cell."""
        return self._gradebook.automatic_scores()
