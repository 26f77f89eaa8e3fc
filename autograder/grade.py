"""``autograder grade``: score what a class has handed in, into nbgrader's gradebook."""

import logging
import os
from collections import deque
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from autograder import (
    AutograderError,
    checks,
    execute,
    intake,
    remote,
    sandbox,
    session,
    submitted,
)
from autograder.journal import Entry, Journal
from autograder.release import course
from autograder.repair import repair
from autograder.sandbox import Containment
from autograder.session import Walls

AHEAD = 3  # jobs that wait for each one that runs
LIMITS = sandbox.Limits(disk=64 * 2**20)


@dataclass(frozen=True)
class Options:
    """How a course is graded.

    Attributes
    ----------
    assignment, student : str or None
        Only these.
    jobs : int
        Notebooks that run at the same time.
    force : bool
        Whether to run again what was graded before.
    walls : Walls
        Limits and containment of every notebook.
    """

    assignment: str | None = None
    student: str | None = None
    jobs: int = field(default_factory=lambda: os.cpu_count() or 1)
    force: bool = False
    walls: Walls = field(default_factory=Walls)


def walls(cell: float, limits: dict[str, int], unsafe: bool) -> Walls:
    """Return what every notebook may use.

    Parameters
    ----------
    cell : float
        Seconds that a cell or a check may take.
    limits : dict of str to int
        ``seconds`` of the notebook, and fields of ``Limits``; ``memory`` and ``disk`` in MiB.
    unsafe : bool
        Whether to run student code as the user, where it cannot be contained.

    Raises
    ------
    AutograderError
        If this machine cannot contain student code and ``unsafe`` was not asked for.
    """
    kind = sandbox.available()
    if kind is Containment.NONE and not unsafe:
        raise AutograderError(
            f"{sandbox.reason()} Student code would run as you, with your files and your network. "
            "Grade on Linux with user namespaces, or accept that with --unsafe."
        )
    seconds = limits.pop("seconds", 300)
    for name in ("memory", "disk"):
        if name in limits:
            limits[name] *= 2**20
    return Walls(cell, seconds, kind, replace(LIMITS, **limits))


def run(folder: Path, options: Options) -> int:
    """Grade what lies in ``folder/submitted`` and return the exit code.

    Parameters
    ----------
    folder : Path
        Course made by ``autograder release``.
    options : Options
        What to grade, and how.
    """
    from autograder import summary

    folder = folder.resolve()
    stray = submitted.stray(folder)
    _refuse_a_visible(folder, options.walls)
    if options.assignment is not None:
        checks.load(options.assignment)
    if options.student is not None and not (folder / "submitted" / options.student).is_dir():
        raise AutograderError(
            f"{options.student} has handed in nothing: there is no folder "
            f"{folder / 'submitted' / options.student}."
        )
    with closing(Journal(folder)) as known:
        grading = Grading(folder, known, options)
        for file in stray if options.student is None else ():
            reason = "It lies in `submitted/` itself: move it to submitted/STUDENT/ASSIGNMENT/."
            grading.review(Entry("", file.name, reason=reason))
        expected = submitted.count(folder, options.assignment, options.student)
        with summary.progress(grading, expected):
            grading.run()
        if not grading.entries:
            raise AutograderError(f"There is nothing to grade in {folder / 'submitted'}.")
        return summary.show(folder, grading)


def _refuse_a_visible(folder: Path, walls: Walls) -> None:
    """Stop if student code could read the course: what Python needs is visible to it."""
    for place in sandbox.readable_paths() if walls.containment != Containment.NONE else ():
        if folder.is_relative_to(place):
            raise AutograderError(
                f"The course lies in {place}, which student code can read: move it elsewhere."
            )


@dataclass
class Work:
    """A submission on its way.

    Attributes
    ----------
    entry : Entry
        What is known of it.
    notebook : NotebookNode
        The repaired notebook.
    stamp : bytes or None
        Content of nbgrader's file with the time of the submission.
    """

    entry: Entry
    notebook: Any
    stamp: bytes | None


class Grading:
    """One run over the submissions of a course: prepare, execute, record.

    Preparing and recording happen in this thread, executing in others, each of which waits for a
    process that runs a notebook.
    """

    def __init__(self, folder: Path, known: Journal, options: Options):
        self.folder, self.journal, self.options = folder, known, options
        self.entries: list[Entry] = []
        self.executed = 0
        self.automatic: dict[tuple[str, str], dict[str, float]] = {}
        self.advanced = lambda text: None
        self._running: dict[Future, list[Work]] = {}
        self._key_of: dict[Future, str] = {}
        self._fresh: set[str] = set()

    def run(self) -> None:
        """Grade everything; what was finished before a failure stays finished."""
        found = submitted.find(
            self.folder, self.journal, self.options.assignment, self.options.student
        )
        session.context()  # TensorFlow is imported there while nbgrader is imported here
        with _course(self.folder) as (recorder, self._sources), self._pool() as start:
            self._recorder = recorder
            for submission in found:
                if work := self._prepare(submission):
                    self._begin(work, start)
                while len(self._running) > AHEAD * self.options.jobs:
                    self._record_next()
            while self._running:
                self._record_next()
            self.automatic = recorder.automatic()

    def review(self, entry: Entry) -> None:
        """List a submission that cannot be graded."""
        self._settle(replace(entry, status="for review", recorded=""))

    def _settle(self, entry: Entry) -> None:
        self.journal.note(entry)
        self.entries.append(entry)
        self.advanced(f"{entry.student}: {entry.assignment}")

    def _prepare(self, submission: submitted.Submission) -> Work | None:
        """Return what there is to do for a submission, or None if nothing is."""
        entry = self.journal.entry(submission.student, submission.assignment)
        if submission.reason:
            self.review(replace(entry, reason=submission.reason, sha256="", key="", repairs=()))
            return None
        try:
            notebook, repairs = self._sources.repaired(submission)
        except AutograderError as error:
            new = replace(entry, reason=str(error), sha256=submission.sha256, key="", repairs=())
            self.review(new)
            return None
        key = execute.job(submission.assignment, notebook).key(self.options.walls)
        new = replace(entry, sha256=submission.sha256, key=key, repairs=repairs, reason="")
        if new.recorded == new.due and entry.status != "for review" and not self.options.force:
            self._settle(entry)
            return None
        return Work(new, notebook, submitted.stamp(submission))

    def _begin(self, work: Work, start) -> None:
        """Record a result that is known, wait for one that is under way, or start a job."""
        key = work.entry.key
        usable = not self.options.force or key in self._fresh
        if usable and (result := self.journal.result(key)):
            self._record(work, result)
            return
        for future, own in self._key_of.items():
            if own == key:
                self._running[future].append(work)
                return
        future = start(execute.job(work.entry.assignment, work.notebook))
        self._running[future], self._key_of[future] = [work], key

    def _record_next(self) -> None:
        done, _ = wait(self._running, return_when=FIRST_COMPLETED)
        for future in done:
            works, key = self._running.pop(future), self._key_of.pop(future)
            result = future.result()
            self.executed += 1
            self._fresh.add(key)
            self.journal.finish(key, result, result["seconds"])
            for work in works:
                self._record(work, result)

    def _record(self, work: Work, result: dict) -> None:
        entry = work.entry
        try:
            self._recorder.record(
                entry.student, entry.assignment, work.notebook, result["outputs"], work.stamp
            )
        except AutograderError as error:
            self.review(replace(entry, reason=f"nbgrader could not record it: {error}"))
            return
        parts = result["parts"].values()
        attempted = any(part["attempted"] for part in parts) or not parts
        status = "graded" if attempted else "not attempted"
        reason = " ".join(result["remarks"])
        self._settle(replace(entry, status=status, reason=reason, recorded=entry.due))

    @contextmanager
    def _pool(self):
        """Give a function that starts a job; at most ``jobs`` of them run at the same time."""
        slots = deque(range(self.options.jobs))
        with remote.references(checks.NAMES) as known, ThreadPoolExecutor(len(slots)) as pool:

            def one(job: execute.Job) -> dict:
                slot = slots.pop()
                try:
                    return execute.execute(job, known[job.exercise], self.options.walls, slot)
                finally:
                    slots.append(slot)

            try:
                yield lambda job: pool.submit(one, job)
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                raise


class Sources:
    """The assignments of a course, as instructors and as students have them."""

    def __init__(self, folder: Path):
        self.folder = folder
        self._read: dict[str, tuple[Any, Any]] = {}

    def repaired(self, submission: submitted.Submission) -> tuple[Any, tuple[str, ...]]:
        """Return the notebook of a submission as it is graded, and what was mended."""
        handed_in = intake.read(submission.file)
        if handed_in.exercise.name != submission.assignment:
            raise AutograderError(
                f"It is the notebook of {handed_in.exercise.name}, handed in for "
                f"{submission.assignment}."
            )
        found = repair(handed_in.cells, *self._of(submission.assignment))
        renamed = [f"took {submission.file.name} for the notebook"] if submission.renamed else []
        return found.notebook, (*renamed, *found.repairs)

    def _of(self, assignment: str) -> tuple[Any, Any]:
        if assignment not in self._read:
            import nbformat

            files = [
                self.folder / step / assignment / f"{assignment}.ipynb"
                for step in ("source", "release")
            ]
            for file in files:
                if not file.is_file():
                    raise AutograderError(
                        f"{file} is missing: run `autograder release {self.folder}` again."
                    )
            self._read[assignment] = tuple(nbformat.read(file, as_version=4) for file in files)
        return self._read[assignment]


@contextmanager
def _course(folder: Path) -> Iterator[tuple[Any, Sources]]:
    """Give a recorder and the sources of a course."""
    os.environ.pop("NBGRADER_EXECUTION", None)
    with course(folder) as api:
        from autograder.record import Recorder

        logging.getLogger("traitlets").setLevel(logging.CRITICAL)
        yield Recorder(api), Sources(folder)
