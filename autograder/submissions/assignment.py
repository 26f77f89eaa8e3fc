"""The assignments of a course, and the repair of what students submit for them."""

import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

from autograder import AutograderError
from autograder.checks.words import listing, printable
from autograder.gradebook.assignments import Assignment, find_assignments
from autograder.gradebook.course import STAMP, Course
from autograder.submissions import collect, notebooks
from autograder.submissions.answers import leftover
from autograder.submissions.ordinary import source as ordinary_source
from autograder.submissions.ordinary.repair import repair as repair_plain
from autograder.submissions.ordinary.source import PlainSource, SourceError
from autograder.submissions.repair import is_answer, repair

MOST_FILES = 2_000  # beside a notebook
LONGEST_PART, LONGEST_PATH = 200, 1_000  # bytes of a name, characters of a path
MISSING = "{} is missing, so the released one was graded in its place."


@dataclass(frozen=True)
class Surroundings:
    """What a notebook of an instructor's own assignment needs to run.

    Attributes
    ----------
    released : dict of str to str
        Source of the cells with hidden tests in the students' version, by ``grade_id``.
    files : tuple of (str, bytes)
        Name and content of the files beside the notebook.
    """

    released: dict[str, str]
    files: tuple[tuple[str, bytes], ...]


@dataclass(frozen=True)
class Part:
    """One notebook of a submission.

    Attributes
    ----------
    assignment, name : str
        The assignment, and the name of the notebook.
    notebook : NotebookNode
        The repaired notebook, as it is graded.
    libraries : tuple of str
        Modules that the process imports before the notebook starts.
    surroundings : Surroundings or None
        None for one of our exercises.
    """

    assignment: str
    name: str
    notebook: Any
    libraries: tuple[str, ...] = ()
    surroundings: Surroundings | None = None


@dataclass(frozen=True)
class Prepared:
    """A submission that can be graded.

    Attributes
    ----------
    parts : tuple of Part
        All notebooks of the assignment.
    repairs : tuple of str
        What was repaired, in sentences.
    remark : str
        What the instructor should know, in a sentence; mostly empty.
    attempted : bool or None
        Whether there is an answer; None if the checks find that out.
    """

    parts: tuple[Part, ...]
    repairs: tuple[str, ...] = ()
    remark: str = ""
    attempted: bool | None = None


@dataclass
class Sources:
    """The assignments of a course, in the instructors' and in the students' version.

    Parameters
    ----------
    course : Course
        The course.
    recorder : Recorder or None
        Access to the gradebook; only the instructor's own assignments need it.
    config : Config or None
        nbgrader's settings of the course; only the instructor's own assignments need them.
    libraries : tuple of str
        Modules that a process imports before its notebook starts.
    max_bytes : int
        Limit on the total size of the files beside a notebook.
    """

    course: Course
    recorder: Any = None
    config: Any = None
    libraries: tuple[str, ...] = ()
    max_bytes: int = 2**25
    assignments: dict[str, Assignment] = field(init=False)
    _ours: dict[str, tuple[Any, Any]] = field(init=False, default_factory=dict)
    _plain: dict[str, dict[str, PlainSource] | SourceError] = field(
        init=False, default_factory=dict
    )
    _files: dict[str, dict[str, bytes]] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        self.assignments = find_assignments(self.course)

    def require(self, assignment: str) -> None:
        """Stop if the source of an assignment cannot be used, whatever students submitted.

        Raises
        ------
        SourceError
            If it is one of the instructor's own; the others can still be graded.
        AutograderError
            If it is one of our exercises.
        """
        if self.assignments[assignment].ours:
            self.read(assignment)
        else:
            self._plain_sources(assignment)

    def prepare(self, submission: collect.Submission) -> Prepared:
        """Return the repaired notebooks of a submission.

        Raises
        ------
        AutograderError
            If it cannot be graded; the message says why and what to do.
        """
        if self.assignments[submission.assignment].ours:
            notebook, repairs = self.repair(submission)
            return Prepared((self._part(submission.assignment, notebook),), repairs)
        return self._prepare_plain(submission)

    def solved(self, assignment: str) -> tuple[Part, ...]:
        """Return the notebooks with the instructor's solutions."""
        if self.assignments[assignment].ours:
            return (self._part(assignment, self.read(assignment)[0]),)
        parts = []
        for name, source in self._plain_sources(assignment).items():
            notebook = repair_plain(source.solved.cells, source).notebook
            parts.append(self._plain_part(assignment, name, notebook, source, {}))
        return tuple(parts)

    def repair(self, submission: collect.Submission) -> tuple[Any, tuple[str, ...]]:
        """Return the notebook of a submission to one of our exercises, and what was repaired."""
        assert submission.file is not None  # without a file there is a reason, and no grading
        submitted = notebooks.read(submission.file, submission.name)
        if submitted.exercise.name != submission.assignment:
            raise AutograderError(
                f"This is the notebook of {submitted.exercise.name}, submitted for "
                f"{submission.assignment}."
            )
        repaired = repair(submitted.cells, *self.read(submission.assignment))
        answers = [cell for cell in repaired.notebook.cells if is_answer(cell)]
        remarks = [text for cell in answers for text in leftover.remarks(cell.id, cell.source)]
        return repaired.notebook, (*_renamed(submission), *repaired.repairs, *remarks)

    def read(self, assignment: str) -> tuple[Any, Any]:
        """Return one of our exercises in the instructors' and in the students' version.

        Raises
        ------
        AutograderError
            If the course does not have it.
        """
        if assignment not in self._ours:
            steps = "source", "release"
            self._ours[assignment] = tuple(self._notebook(step, assignment) for step in steps)
        return self._ours[assignment]

    def _notebook(self, step: str, assignment: str) -> Any:
        import nbformat

        file = self.course.folder / step / assignment / f"{assignment}.ipynb"
        remedy = f"run `autograder release {self.course}` again."
        if not file.is_file():
            raise AutograderError(f"{file} is missing: {remedy}")
        try:
            return nbformat.read(file, as_version=4)
        except Exception as error:  # nbformat raises many kinds
            raise AutograderError(f"{file} cannot be read as a notebook: {remedy}") from error

    def _part(self, assignment: str, notebook: Any) -> Part:
        return Part(assignment, assignment, notebook, self.libraries)

    def _plain_sources(self, assignment: str) -> dict[str, PlainSource]:
        if assignment not in self._plain:
            details = self.assignments[assignment]
            try:
                recorded = self.recorder.source_cells(assignment)
                sources = ordinary_source.read(self.course, self.config, details, recorded)
                self._files[assignment] = ordinary_source.files(
                    self.course, self.config, details, self.max_bytes
                )
                self._plain[assignment] = sources
            except SourceError as error:
                self._plain[assignment] = error
        result = self._plain[assignment]
        if isinstance(result, SourceError):
            raise result
        return result

    def _prepare_plain(self, submission: collect.Submission) -> Prepared:
        sources = self._plain_sources(submission.assignment)
        students_files = self._students_files(submission)
        parts, repairs, attempted = [], [*_renamed(submission)], False
        for name, source in sources.items():
            file = submission.notebooks.get(name)
            cells = source.released.cells
            if file is not None:
                cells = notebooks.cells(file.copy, printable(file.name))
            try:
                repaired = repair_plain(cells, source)
            except AutograderError as error:
                raise AutograderError(f"{name}.ipynb cannot be matched. {error}") from error
            attempted |= repaired.attempted
            part = self._plain_part(
                submission.assignment, name, repaired.notebook, source, students_files
            )
            parts.append(part)
            repairs += repaired.repairs if file is not None else ()
        missing = [f"{name}.ipynb" for name in sources if name not in submission.notebooks]
        remark = MISSING.format(listing(missing)) if missing else ""
        repairs += [f"used the released {name}" for name in missing]
        return Prepared(tuple(parts), tuple(repairs), remark, attempted)

    def _plain_part(
        self,
        assignment: str,
        name: str,
        notebook: Any,
        source: PlainSource,
        students_files: dict[str, bytes],
    ) -> Part:
        files = tuple(sorted({**students_files, **self._files[assignment]}.items()))
        return Part(assignment, name, notebook, self.libraries, Surroundings(source.hidden, files))

    def _students_files(self, submission: collect.Submission) -> dict[str, bytes]:
        """Return the files that a student submitted, except where the source has files."""
        source_files = self._files[submission.assignment]
        # Pages of feedback have these names, too.
        notebook_names = {
            f"{name}.{ending}"
            for name in self._plain_sources(submission.assignment)
            for ending in ("ipynb", "html")
        }
        folders = {str(above) for name in source_files for above in PurePosixPath(name).parents}
        wanted = {
            name: file
            for name, file in submission.other_files.items()
            if not ordinary_source.is_ignored(self.config, name)
            # Neither a file or folder of the source, nor below a file of the source.
            and name not in folders
            and source_files.keys().isdisjoint({name, *map(str, PurePosixPath(name).parents)})
        }
        if problem := naming_problem({*source_files, *wanted, *notebook_names}):
            raise AutograderError(problem)
        size = sum(map(len, source_files.values()))
        size += sum(file.stat().st_size for file in wanted.values())
        if size > self.max_bytes:
            raise AutograderError(
                f"The files beside the notebook take up {size / 2**20:.0f} MiB, more than the "
                f"{self.max_bytes / 2**20:.0f} MiB that fit beside it: remove what is not needed."
            )
        return {name: file.read_bytes() for name, file in wanted.items()}


def naming_problem(names: set[str]) -> str:
    """Return why files of these names cannot lie beside a notebook; empty if they can."""
    if len(names) > MOST_FILES:
        return (
            f"There are {len(names):,} files beside the notebook, and no more than {MOST_FILES:,} "
            "are put there: remove what is not needed."
        )
    for name in sorted(names):
        parts = PurePosixPath(name).parts
        above = {str(folder) for folder in PurePosixPath(name).parents}
        if max(len(os.fsencode(part)) for part in parts) > LONGEST_PART or len(name) > LONGEST_PATH:
            return f"The file {printable(name)} has too long a name: rename it."
        if both := above & names:
            return f"There are a file and a folder of the name {printable(both.pop())}: rename one."
        if parts[0] == STAMP and len(parts) > 1:
            return f"A folder cannot be called {STAMP}, where nbgrader keeps the time: rename it."
    return ""


def _renamed(submission: collect.Submission) -> Iterable[str]:
    if not submission.renamed:
        return ()
    return (f"used {submission.name} as the notebook",)
