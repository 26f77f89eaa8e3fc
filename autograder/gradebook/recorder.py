"""Where our scores meet nbgrader: its own converters record what was executed elsewhere."""

import contextlib
import logging
import os
import shutil
from collections.abc import Iterable, Mapping
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
from autograder.checks.cells import is_test
from autograder.gradebook import late
from autograder.gradebook.assignments import GradebookCell
from autograder.gradebook.course import (
    STAMP,
    STATE,
    Course,
    address,
    in_a_line,
    require_gradebook,
    told_of_gradebook,
    usable,
)
from autograder.gradebook.shared import SharedGradebook
from autograder.sandbox.limited import limited

if TYPE_CHECKING:  # what `_OneByOne` is put before
    from nbgrader.converters.base import BaseConverter as _Converter
else:
    _Converter = object

SLOWEST = 120  # seconds of computing time for the pages of one submission
DESK = f"{STATE}/repaired"  # in the form of ``submitted/``, of repaired notebooks only
MADE = f"{STATE}/made"  # what nbgrader makes of one submission, until all of it is recorded
STEPS = ("autograded", "feedback")
NOT_RUN = nbformat.v4.new_output(
    "error", ename="NotRun", evalue="This check was not run.", traceback=["This check was not run."]
)


class Replay(NbGraderPreprocessor):
    """Put stored outputs into a notebook, where nbgrader would execute it."""

    outputs: Any = Dict(help="Outputs in nbformat's form by cell id, by notebook.")

    def preprocess(self, nb: Any, resources: Any) -> tuple[Any, Any]:
        """Fill in the outputs of all code cells; a test that did not run is worth nothing."""
        for cell in nb.cells:
            if cell.cell_type == "code":
                found = Replay.outputs[resources["nbgrader"]["notebook"]].get(cell.id)
                if found is None and is_test(cell):
                    found = [NOT_RUN]
                cell.outputs = nbformat.from_dict(found or [])
        return nb, resources


class Pages(HTMLExporter):
    """Writes a page of feedback as nbconvert does, at half the price where it has no picture.

    nbconvert parses each page again, to give pictures without one an alternative text.
    """

    def from_notebook_node(self, nb: Any, resources: Any = None, **options: Any) -> Any:
        """Return a page and what belongs to it."""
        if any(_has_picture(cell) for cell in nb.cells):
            return super().from_notebook_node(nb, resources, **options)
        resources = self._init_resources(resources)
        language = nb.metadata.get("language_info", {})
        lexer = language.get("pygments_lexer", language.get("name"))
        self.register_filter("highlight_code", Highlight2HTML(pygments_lexer=lexer, parent=self))
        chosen = WidgetsDataTypeFilter(
            notebook_metadata=self._nb_metadata, parent=self, resources=resources
        )
        self.register_filter("filter_data_type", chosen)
        return TemplateExporter.from_notebook_node(self, nb, resources, **options)


def _has_picture(cell: Any) -> bool:
    shown = [data for each in cell.get("outputs", ()) for data in each.get("data", {})]
    if any(not kind.startswith("text/plain") for kind in shown):
        return True
    return cell.cell_type != "code" and ("![" in cell.source or "<img" in cell.source.lower())


class _OneByOne(_Converter):
    """A converter of nbgrader that is made once and gets one submission at a time."""

    force = True

    def init_notebooks(self) -> None:
        """Find nothing: what is converted is told by ``convert``."""
        self.assignments: dict[str, Any] = {}

    def convert(self, student: str, assignment: str, notebooks: Iterable[str]) -> None:
        """Convert one submission, or raise what nbgrader's own loop would only log."""
        place = self._format_source(assignment, student)
        self.notebooks = [os.path.join(place, f"{name}.ipynb") for name in notebooks]  # noqa: PTH118
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


def _default(converter: Any, prefix: str = "") -> list[Any]:
    found: list[Any] = converter.class_traits()[f"{prefix}preprocessors"].default()
    return found


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
        # The notebooks are made of the cells of the source, so their metadata are as they must be.
        own = [Replay if each is Execute else each for each in _default(Autograde, "autograde_")]
        own.remove(CheckCellMetadata)
        config.Autograde.autograde_preprocessors = own
        config.Autograde.sanitize_preprocessors = [OverwriteCells]
        config.GenerateFeedback.preprocessors = [ClearHiddenTests, *_default(GenerateFeedback)]
        config.CourseDirectory.submitted_directory = DESK
        for step in STEPS:
            config.CourseDirectory[f"{step}_directory"] = f"{MADE}/{step}"
        self._final = api.coursedir
        coursedir = type(api.coursedir)(config=config)
        require_gradebook(self.course, coursedir.db_url)
        with told_of_gradebook(self.course):
            self._shared = SharedGradebook(
                address(self.course, coursedir.db_url), coursedir.course_id
            )
            self._known = {each.name for each in self._shared.assignments}
        log = logging.getLogger("autograder.nbgrader")
        log.setLevel(logging.CRITICAL)
        log.propagate = False
        with contextlib.chdir(self.course.folder), usable(self.course.settings):
            self._autograde = _Autograde(coursedir=coursedir, config=config)
            self._feedback = _Feedback(coursedir=coursedir, config=config)
            for converter in (self._autograde, self._feedback):
                converter.log = log
                converter.start()
            self._rules = late.rules(self._autograde, self.course)

    def close(self) -> None:
        """Close the gradebook."""
        self._shared.end()

    def record(
        self,
        student: str,
        assignment: str,
        notebooks: dict[str, Any],
        outputs: dict[str, Any],
        stamp: bytes | None,
        files: Mapping[str, bytes],
    ) -> str:
        """Record one submission in the place of any earlier one.

        Parameters
        ----------
        student, assignment : str
            Whose, of what.
        notebooks : dict of str to NotebookNode
            The repaired notebooks by their names.
        outputs : dict of str to dict
            Outputs by cell id, of each notebook; a test that is not among them did not run.
        stamp : bytes or None
            Content of the file with the time of the submission.
        files : mapping of str to bytes
            What else lies beside the notebooks, by name; not their time.

        Returns
        -------
        str
            Why nbgrader could not record it, and nothing of it is left; empty if it did.

        Raises
        ------
        AutograderError
            If no submission could be recorded: the gradebook or the disk is the reason.
        """
        self._require(assignment)
        try:
            with contextlib.ExitStack() as undo:
                with (
                    contextlib.chdir(self.course.folder),
                    self._shared.transaction(),
                    self._shared.everywhere(),
                ):
                    self._lay_out(student, assignment, notebooks, stamp, files)
                    if stamp is None:
                        self._shared.forget_time(student, assignment)
                    Replay.outputs = outputs
                    with limited(SLOWEST):
                        self._autograde.convert(student, assignment, notebooks)
                        self._feedback.convert(student, assignment, notebooks)
                    self._publish(student, assignment, undo)
                undo.pop_all()
        except (Exception, SystemExit) as error:
            self._end_if_not_the_submission(error)
            return in_a_line(error)
        finally:
            for place in (DESK, MADE):
                shutil.rmtree(self.course.folder / place, ignore_errors=True)
        return ""

    def _publish(self, student: str, assignment: str, undo: contextlib.ExitStack) -> None:
        """Put what was made in the place of what was there, which comes back where this fails."""
        for step, converter in zip(STEPS, (self._autograde, self._feedback), strict=True):
            made = Path(converter._format_dest(assignment, student))
            final = self._place(step, student, assignment)
            final.parent.mkdir(parents=True, exist_ok=True)
            if final.exists():
                before = made.with_name(f"{assignment} before")
                shutil.move(final, before)
                undo.callback(shutil.move, before, final)
            undo.callback(shutil.rmtree, final, ignore_errors=True)
            shutil.move(made, final)

    def _place(self, step: str, student: str, assignment: str) -> Path:
        """Return where the course keeps the notebooks, or the pages, of a submission."""
        name = getattr(self._final, f"{step}_directory")
        return Path(self._final.format_path(name, student, assignment))

    def _require(self, assignment: str) -> None:
        if assignment not in self._known:
            raise AutograderError(
                f"The gradebook of {self.course} does not know {assignment}: run "
                f"`autograder release {self.course}` again."
            )

    def source_cells(self, assignment: str) -> dict[str, dict[str, GradebookCell]]:
        """Return what the gradebook holds of an assignment; see `SharedGradebook`."""
        with told_of_gradebook(self.course):
            return self._shared.source_cells(assignment)

    def terms(self, student: str, assignment: str, stamp: bytes | None) -> str:
        """Return what the penalty for a late submission depends on; empty if it is on time."""
        return late.terms(self._times(student, assignment), stamp, self._rules)

    def _times(self, student: str, assignment: str) -> late.Times:
        with told_of_gradebook(self.course):
            return self._shared.times(student, assignment)

    def holds(
        self, student: str, assignment: str, notebooks: Iterable[str], stamp: bytes | None
    ) -> bool:
        """Return whether what was made of a submission is there, with the time that it has now."""
        autograded, pages = (self._place(step, student, assignment) for step in STEPS)
        file = autograded / STAMP
        kept = file.read_bytes() if file.is_file() else None
        made = all(
            (autograded / f"{name}.ipynb").is_file() and (pages / f"{name}.html").is_file()
            for name in notebooks
        )
        if not made or kept != stamp:
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
        """Put a submission where nbgrader looks for it."""
        place = self.course.folder / DESK / student / assignment
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir(parents=True)
        for name, notebook in notebooks.items():
            nbformat.write(notebook, place / f"{name}.ipynb")
        if stamp is not None:
            (place / STAMP).write_bytes(stamp)
        for name, data in files.items():
            (place / name).parent.mkdir(parents=True, exist_ok=True)
            (place / name).write_bytes(data)

    def _end_if_not_the_submission(self, error: BaseException | None) -> None:
        """Raise an AutograderError if it is the gradebook or the disk that cannot be used."""
        if isinstance(error, OSError):
            place = error.filename or self.course.folder
            raise AutograderError(
                f"What was graded cannot be written ({place}: {error.strerror}). Make room there "
                "or see to the rights, and run it again; what was graded before stays."
            ) from error
        while error is not None:  # nbgrader hides some behind exceptions of its own
            if type(error) in (OperationalError, DatabaseError, InternalError):
                with told_of_gradebook(self.course):
                    raise error
            error = error.__context__

    def automatic(self) -> dict[tuple[str, str], dict[str, float | None]]:
        """Return what stands in the gradebook: automatic points by submission and cell."""
        return self._shared.automatic()
