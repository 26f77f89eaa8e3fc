"""The assignments of a course, against which what students hand in is repaired."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

from autograder import AutograderError
from autograder.checks.words import listing, printable
from autograder.gradebook import assignments
from autograder.gradebook.assignments import Assignment
from autograder.gradebook.course import Course
from autograder.submissions import collect, notebooks
from autograder.submissions.answers import leftover
from autograder.submissions.ordinary import source as ordinary_source
from autograder.submissions.ordinary.repair import repair as repair_plain
from autograder.submissions.ordinary.source import PlainSource, SourceError
from autograder.submissions.repair import is_answer, repair

MISSING = "{} is missing, so the released one was graded in its place."


@dataclass(frozen=True)
class Surroundings:
    """What a notebook of the instructor's own needs to run.

    Attributes
    ----------
    released : dict of str to str
        Source of the cells with hidden tests as students have it, by ``grade_id``.
    files : tuple of (str, bytes)
        What lies beside the notebook.
    libraries : tuple of str
        What the process has imported before it begins.
    """

    released: dict[str, str]
    files: tuple[tuple[str, bytes], ...]
    libraries: tuple[str, ...]


@dataclass(frozen=True)
class Part:
    """One notebook of a submission.

    Attributes
    ----------
    assignment, name : str
        The assignment, and the name of the notebook.
    notebook : NotebookNode
        As it is graded.
    surroundings : Surroundings or None
        None for one of our exercises.
    """

    assignment: str
    name: str
    notebook: Any
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
        What somebody should know, in a sentence; mostly empty.
    attempted : bool or None
        Whether there is an answer; None if the checks find that out.
    """

    parts: tuple[Part, ...]
    repairs: tuple[str, ...] = ()
    remark: str = ""
    attempted: bool | None = None


@dataclass
class Sources:
    """The assignments of a course, as instructors and as students have them.

    Parameters
    ----------
    course : Course
        The course.
    recorder : Recorder or None
        What knows the gradebook; only the instructor's own assignments need it.
    config : Config or None
        nbgrader's settings of the course; only the same need it.
    libraries : tuple of str
        What the processes of notebooks have imported before they begin.
    most : int
        Bytes of the files that lie beside a notebook.
    """

    course: Course
    recorder: Any = None
    config: Any = None
    libraries: tuple[str, ...] = ()
    most: int = 2**25
    known: dict[str, Assignment] = field(init=False)
    _read: dict[str, tuple[Any, Any]] = field(init=False, default_factory=dict)
    _plain: dict[str, dict[str, PlainSource] | SourceError] = field(
        init=False, default_factory=dict
    )
    _files: dict[str, dict[str, bytes]] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        self.known = assignments.of_course(self.course)

    def require(self, assignment: str) -> None:
        """Stop if an assignment cannot be used; no student is to blame for that.

        Raises
        ------
        SourceError
            If it is one of the instructor's own; others can be graded.
        AutograderError
            If it is one of our exercises.
        """
        if self.known[assignment].ours:
            self.read(assignment)
        else:
            self._plain_sources(assignment)

    def prepared(self, submission: collect.Submission) -> Prepared:
        """Return what there is to run of a submission.

        Raises
        ------
        AutograderError
            If it cannot be graded; the message says why and what to do.
        """
        if self.known[submission.assignment].ours:
            notebook, repairs = self.repaired(submission)
            return Prepared((self._part(submission.assignment, notebook),), repairs)
        return self._prepared_plain(submission)

    def solved(self, assignment: str) -> tuple[Part, ...]:
        """Return the notebooks with the instructor's solutions."""
        if self.known[assignment].ours:
            return (self._part(assignment, self.read(assignment)[0]),)
        parts = []
        for name, source in self._plain_sources(assignment).items():
            own = repair_plain(source.solved.cells, source).notebook
            parts.append(self._plain_part(assignment, name, own, source, {}))
        return tuple(parts)

    def repaired(self, submission: collect.Submission) -> tuple[Any, tuple[str, ...]]:
        """Return the notebook of a submission to an exercise of ours, and what was repaired."""
        assert submission.file is not None  # else there is a reason, and nothing is graded
        handed_in = notebooks.read(submission.file, submission.name)
        if handed_in.exercise.name != submission.assignment:
            raise AutograderError(
                f"It is the notebook of {handed_in.exercise.name}, handed in for "
                f"{submission.assignment}."
            )
        found = repair(handed_in.cells, *self.read(submission.assignment))
        answers = [cell for cell in found.notebook.cells if is_answer(cell)]
        left = [each for cell in answers for each in leftover.told(cell.id, cell.source)]
        return found.notebook, (*_renamed(submission), *found.repairs, *left)

    def read(self, assignment: str) -> tuple[Any, Any]:
        """Return an exercise of ours as instructors and as students have it.

        Raises
        ------
        AutograderError
            If the course does not have it; no student is to blame for that.
        """
        if assignment not in self._read:
            steps = "source", "release"
            self._read[assignment] = tuple(self._notebook(step, assignment) for step in steps)
        return self._read[assignment]

    def _notebook(self, step: str, assignment: str) -> Any:
        import nbformat

        file = self.course.folder / step / assignment / f"{assignment}.ipynb"
        again = f"run `autograder release {self.course}` again."
        if not file.is_file():
            raise AutograderError(f"{file} is missing: {again}")
        try:
            return nbformat.read(file, as_version=4)
        except Exception as error:  # whatever nbformat stumbles over
            raise AutograderError(f"{file} cannot be read as a notebook: {again}") from error

    def _part(self, assignment: str, notebook: Any) -> Part:
        return Part(assignment, assignment, notebook)

    def _plain_sources(self, assignment: str) -> dict[str, PlainSource]:
        if assignment not in self._plain:
            chosen = self.known[assignment]
            try:
                known = self.recorder.source_cells(assignment)
                own = ordinary_source.read(self.course, self.config, chosen, known)
                self._files[assignment] = ordinary_source.files(
                    self.course, self.config, chosen, self.most
                )
                self._plain[assignment] = own
            except SourceError as error:
                self._plain[assignment] = error
        found = self._plain[assignment]
        if isinstance(found, SourceError):
            raise found
        return found

    def _prepared_plain(self, submission: collect.Submission) -> Prepared:
        sources = self._plain_sources(submission.assignment)
        theirs = self._theirs(submission)
        parts, repairs, attempted = [], [*_renamed(submission)], False
        for name, source in sources.items():
            file = submission.notebooks.get(name)
            cells = source.released.cells
            if file is not None:
                cells = notebooks.cells(file.kept, printable(file.name))
            try:
                found = repair_plain(cells, source)
            except AutograderError as error:
                raise AutograderError(f"{name}.ipynb cannot be matched. {error}") from error
            attempted |= found.attempted
            parts.append(
                self._plain_part(submission.assignment, name, found.notebook, source, theirs)
            )
            repairs += found.repairs if file is not None else ()
        lost = [f"{name}.ipynb" for name in sources if name not in submission.notebooks]
        remark = MISSING.format(listing(lost)) if lost else ""
        repairs += [f"took the released {name}" for name in lost]
        return Prepared(tuple(parts), tuple(repairs), remark, attempted)

    def _plain_part(
        self,
        assignment: str,
        name: str,
        notebook: Any,
        source: PlainSource,
        theirs: dict[str, bytes],
    ) -> Part:
        files = tuple(sorted({**theirs, **self._files[assignment]}.items()))
        return Part(assignment, name, notebook, Surroundings(source.hidden, files, self.libraries))

    def _theirs(self, submission: collect.Submission) -> dict[str, bytes]:
        """Return the student's files that lie beside the notebooks, without those of the source."""
        ours = self._files[submission.assignment]
        folders = {str(above) for name in ours for above in PurePosixPath(name).parents}
        wanted = {
            name: file
            for name, file in submission.others.items()
            if not ordinary_source.is_ignored(self.config, name)
            # Neither a file of the source, nor one in its place or below it.
            and name not in folders
            and ours.keys().isdisjoint({name, *map(str, PurePosixPath(name).parents)})
        }
        size = sum(map(len, ours.values())) + sum(file.stat().st_size for file in wanted.values())
        if size > self.most:
            raise AutograderError(
                f"The files beside the notebook have {size / 2**20:.0f} MiB, more than the "
                f"{self.most / 2**20:.0f} MiB that fit beside it: remove what is not needed."
            )
        return {name: file.read_bytes() for name, file in wanted.items()}


def _renamed(submission: collect.Submission) -> Iterable[str]:
    if not submission.renamed:
        return ()
    return (f"took {submission.name} for the notebook",)
