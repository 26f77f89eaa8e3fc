"""``autograder grade``: grade the submissions of a class and record them with nbgrader."""

import logging
import os
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from autograder import AutograderError, sandbox
from autograder.checks.words import listing, printable
from autograder.commands.grading.options import LIMITS, Options, budget
from autograder.commands.grading.proof import Proofs
from autograder.commands.grading.work import Work, keep_result, kept_result, with_job_keys
from autograder.execution.pools import open_pool
from autograder.execution.processes import libraries
from autograder.execution.processes.session import Budget
from autograder.execution.result import UnforeseenError
from autograder.gradebook import assignments
from autograder.gradebook.course import Course, catch_unexpected_errors, open_nbgrader, settings
from autograder.gradebook.journal import Entry, Journal
from autograder.submissions import collect
from autograder.submissions.answers import reach
from autograder.submissions.assignment import Prepared, Sources
from autograder.submissions.folders import stamps
from autograder.submissions.ordinary.source import SourceError

__all__ = ["LIMITS", "Grading", "Options", "budget", "run"]
AHEAD = 3  # jobs to queue for each one that runs


def run(folder: Path, options: Options) -> int:
    """Grade everything in ``folder/submitted`` and return the exit code.

    Parameters
    ----------
    folder : Path
        Folder of a course that ``autograder release`` has made.
    options : Options
        Which submissions to grade, and how.
    """
    from autograder.commands.grading import summary

    course = Course(folder.resolve())
    stray = collect.stray_files(course)
    _refuse_readable_course(course, options.budget)
    if options.assignment is not None:
        assignments.find_assignment(course, options.assignment)
    if options.student is not None and not collect.has_student(course, options.student):
        raise AutograderError(
            f"There is no folder of a student {printable(options.student)!r} in {course.submitted}."
        )
    with closing(Journal(course)) as journal:
        grading = Grading(course, journal, options)
        for file in stray if options.student is None else ():
            reason = "It lies in `submitted/` itself: move it to submitted/STUDENT/ASSIGNMENT/."
            grading.review(Entry("", printable(file.name), reason=reason))
        expected = collect.count(course, options.assignment, options.student)
        with summary.progress(grading, expected):
            grading.run()
        if not grading.entries:
            raise AutograderError(f"There is nothing to grade in {course.submitted}.")
        if options.assignment is options.student is None:
            journal.forget_reviews(keep=grading.entries)
        return summary.show(course, grading)


def _refuse_readable_course(course: Course, budget: Budget) -> None:
    """Raise an error if the course lies in a folder that contained student code can read."""
    for path in sandbox.readable_paths() if budget.containment != sandbox.Containment.NONE else ():
        if course.folder.is_relative_to(path):
            raise AutograderError(
                f"The course lies in {path}, which student code can read: move it elsewhere."
            )


class Grading:
    """One grading run over the submissions of a course: prepare, execute, record.

    This thread prepares and records. Other threads each wait for a process that runs a notebook.
    """

    def __init__(self, course: Course, journal: Journal, options: Options):
        self.course, self.journal, self.options = course, journal, options
        self.entries: list[Entry] = []
        self.executed = 0
        self.automatic: dict[tuple[str, str], dict[str, float]] = {}
        self.note = ""
        self.advanced = lambda text: None
        self._running: dict[Future, list[Work]] = {}
        self._key_of: dict[Future, str] = {}
        self._fresh: set[str] = set()

    def run(self) -> None:
        """Grade all selected submissions; those finished before a failure stay recorded."""
        selection = self.options.assignment, self.options.student
        submissions = collect.find(self.course, self.journal, *selection)
        pool_settings = self.options.scheduler, self.options.jobs, self.options.budget
        imported = _libraries(self.course)
        with (
            libraries.preloading(imported),
            open_pool(*pool_settings) as self._pool,
            _course(self.course, imported, self.options.budget) as (recorder, self._sources),
        ):
            self.options = replace(self.options, budget=self._pool.budget)
            self.note = self._pool.note
            self._recorder = recorder
            self._proofs = Proofs(self._pool, self.journal, self._sources)
            for submission in submissions:
                if work := self._prepare(submission):
                    self._begin(work)
                while len(self._running) > AHEAD * self._pool.jobs:
                    self._record_next()
            while self._running:
                self._record_next()
            self.automatic = recorder.automatic_scores()

    def review(self, entry: Entry) -> None:
        """Mark a submission as one that cannot be graded and needs review."""
        self._settle(replace(entry, status="for review", recorded=""))

    def _isolating_errors(self, *key: str):
        """Turn an unforeseen error into a review of this submission, so that the run goes on."""
        entry = self.journal.entry(*key)
        return catch_unexpected_errors(
            lambda message: self.review(replace(entry, reason=message, key="", repairs=()))
        )

    def _settle(self, entry: Entry) -> None:
        self.journal.note(entry)
        self.entries.append(entry)
        self.advanced(f"{entry.student}: {entry.assignment}")

    def _prepare(self, submission: collect.Submission) -> Work | None:
        """Return the work to do for a submission, or None if there is none."""
        with self._isolating_errors(submission.student, submission.assignment):
            return self._work(submission)

    def _work(self, submission: collect.Submission) -> Work | None:
        entry = self.journal.entry(submission.student, submission.assignment)
        new = replace(entry, reason="", sha256=submission.sha256, key="", repairs=())
        if submission.reason:
            self.review(replace(new, reason=submission.reason, sha256=""))
            return None
        try:
            self._sources.require(submission.assignment)
        except SourceError as error:  # any other error, as in one of our exercises, ends the run
            self._refuse(new, error)
            return None
        try:
            prepared = self._sources.prepare(submission)
        except AutograderError as error:
            self._refuse(new, error)
            return None
        return self._work_if_due(submission, new, prepared)

    def _work_if_due(
        self, submission: collect.Submission, entry: Entry, prepared: Prepared
    ) -> Work | None:
        """Return the work to do for a submission, or None if its grade is already recorded."""
        parts, job_key = with_job_keys(prepared, self.options.budget)
        stamp, remark = stamps.read_timestamp(submission.stamp)
        reaches = [reach.remark(part.notebook.cells) for part in prepared.parts]
        remark = " ".join(filter(None, [prepared.remark, remark, *reaches]))
        key = entry.student, entry.assignment
        terms = " ".join(filter(None, [remark, self._recorder.terms(*key, stamp)]))
        new = replace(entry, key=job_key, repairs=prepared.repairs, terms=terms)
        is_recorded = (
            new.recorded == new.due and entry.status != "for review" and not self.options.force
        )
        names = [part.name for part in prepared.parts]
        if is_recorded and self._recorder.has_output(*key, names, stamp):
            self._settle(self.journal.entry(*key))
            return None
        return Work(new, parts, stamp, remark, prepared.attempted)

    def _refuse(self, entry: Entry, error: AutograderError) -> None:
        self.review(replace(entry, reason=str(error), key="", repairs=()))

    def _begin(self, work: Work) -> None:
        """Use known results, wait for jobs that are already running, and start the others."""
        try:
            self._proofs.prove(work.entry.assignment)
        except SourceError as error:
            self._refuse(work.entry, error)
            return
        for key, part in work.parts:
            usable = not self.options.force or key in self._fresh
            if usable and (result := kept_result(self.journal, key)):
                work.results[key] = result
            else:
                self._await(work, key, part.job)
        if work.is_done:
            self.record(work)

    def _await(self, work: Work, key: str, job: Any) -> None:
        """Wait for the result of a job, and start it unless the same job is already running."""
        for future, running in self._key_of.items():
            if running == key:
                if work not in self._running[future]:
                    self._running[future].append(work)
                return
        future = self._pool.start(job)
        self._running[future], self._key_of[future] = [work], key

    def _record_next(self) -> None:
        """Record the jobs that have just finished, then raise the error of one that failed."""
        failures = []
        for future in self._pool.finished(self._running):
            works, key = self._running.pop(future), self._key_of.pop(future)
            submissions = listing(f"{work.entry.student}/{work.entry.assignment}" for work in works)
            try:
                result = self._pool.result(future, submissions)
            except UnforeseenError as error:
                for work in works:
                    if not work.refused:  # by the error of another of its notebooks
                        work.refused = True
                        self._refuse(work.entry, error)
                continue
            except Exception as error:
                failures.append(error)
                continue
            self.executed += 1
            self._fresh.add(key)
            keep_result(self.journal, key, result)
            for work in works:
                work.results[key] = result
                if work.is_done:
                    self.record(work)
        if failures:
            raise failures[0]

    def record(self, work: Work) -> None:
        """Record a submission all of whose notebooks have run."""
        with self._isolating_errors(work.entry.student, work.entry.assignment):
            self._write(work)

    def _write(self, work: Work) -> None:
        entry, result = work.entry, work.result()
        if len(work.parts) > 1:
            keep_result(self.journal, entry.key, result)
        if entry.recorded:  # an interruption from here on must not leave it marked as recorded
            self.journal.note(replace(entry, status="", recorded=""))
        if result.review:
            self.review(replace(entry, reason=result.review))
            return
        key = entry.student, entry.assignment
        problem = self._recorder.record(
            *key, work.notebooks, work.outputs(), work.stamp, work.files
        )
        if problem:
            self.review(replace(entry, reason=f"nbgrader could not record it: {problem}."))
            return
        status = "graded" if work.was_attempted() else "not attempted"
        reason = " ".join([*result.remarks, work.remark]).strip()
        self._settle(replace(entry, status=status, reason=reason, recorded=entry.due))


def _libraries(course: Course) -> tuple[str, ...]:
    """Return the libraries that the processes of a course import before they start."""
    course_assignments = assignments.find_assignments(course).values()
    has_exercises = any(assignment.ours for assignment in course_assignments)
    return libraries.select(settings(course), has_exercises)


@contextmanager
def _course(
    course: Course, imported: tuple[str, ...], budget: Budget
) -> Iterator[tuple[Any, Sources]]:
    """Yield the recorder and the sources of a course."""
    os.environ.pop("NBGRADER_EXECUTION", None)
    with open_nbgrader(course) as api:
        from autograder.gradebook.recorder import Recorder

        log = logging.getLogger("traitlets")
        level = log.level
        log.setLevel(logging.CRITICAL)
        try:
            with closing(Recorder(api)) as recorder:
                size_limit = budget.limits.disk // 2  # the notebook needs the rest
                yield recorder, Sources(course, recorder, api.config, imported, size_limit)
        finally:
            log.setLevel(level)
