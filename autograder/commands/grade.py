"""``autograder grade``: score what a class has handed in, into nbgrader's gradebook."""

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
from autograder.commands.grading.work import Work, keyed
from autograder.execution.pools import open_pool
from autograder.execution.processes import libraries
from autograder.execution.processes.session import Budget
from autograder.gradebook import assignments
from autograder.gradebook.course import Course, foreseen, opened, settings
from autograder.gradebook.journal import Entry, Journal
from autograder.submissions import collect
from autograder.submissions.answers import reach
from autograder.submissions.assignment import Prepared, Sources
from autograder.submissions.folders import stamps
from autograder.submissions.ordinary.source import SourceError

__all__ = ["LIMITS", "Grading", "Options", "budget", "run"]
AHEAD = 3  # jobs that wait for each one that runs


def run(folder: Path, options: Options) -> int:
    """Grade what lies in ``folder/submitted`` and return the exit code.

    Parameters
    ----------
    folder : Path
        Course made by ``autograder release``.
    options : Options
        What to grade, and how.
    """
    from autograder.commands.grading import summary

    course = Course(folder.resolve())
    stray = collect.stray(course)
    _refuse_a_visible(course, options.budget)
    if options.assignment is not None:
        assignments.named(course, options.assignment)
    if options.student is not None and not collect.is_there(course, options.student):
        raise AutograderError(
            f"There is no folder of a student {printable(options.student)!r} in {course.submitted}."
        )
    with closing(Journal(course)) as known:
        grading = Grading(course, known, options)
        for file in stray if options.student is None else ():
            reason = "It lies in `submitted/` itself: move it to submitted/STUDENT/ASSIGNMENT/."
            grading.review(Entry("", printable(file.name), reason=reason))
        expected = collect.count(course, options.assignment, options.student)
        with summary.progress(grading, expected):
            grading.run()
        if not grading.entries:
            raise AutograderError(f"There is nothing to grade in {course.submitted}.")
        if options.assignment is options.student is None:
            known.forget_findings(but=grading.entries)
        return summary.show(course, grading)


def _refuse_a_visible(course: Course, budget: Budget) -> None:
    """Stop if student code could read the course: what Python needs is visible to it."""
    for place in sandbox.readable_paths() if budget.containment != sandbox.Containment.NONE else ():
        if course.folder.is_relative_to(place):
            raise AutograderError(
                f"The course lies in {place}, which student code can read: move it elsewhere."
            )


class Grading:
    """One run over the submissions of a course: prepare, execute, record.

    Preparing and recording happen in this thread, executing in others, each of which waits for a
    process that runs a notebook.
    """

    def __init__(self, course: Course, known: Journal, options: Options):
        self.course, self.journal, self.options = course, known, options
        self.entries: list[Entry] = []
        self.executed = 0
        self.automatic: dict[tuple[str, str], dict[str, float]] = {}
        self.note = ""
        self.advanced = lambda text: None
        self._running: dict[Future, list[Work]] = {}
        self._key_of: dict[Future, str] = {}
        self._fresh: set[str] = set()

    def run(self) -> None:
        """Grade everything; what was finished before a failure stays finished."""
        only = self.options.assignment, self.options.student
        found = collect.find(self.course, self.journal, *only)
        chosen = self.options.scheduler, self.options.jobs, self.options.budget
        imported = _libraries(self.course)
        with (
            libraries.announced(imported),
            open_pool(*chosen) as self._pool,
            _course(self.course, imported, self.options.budget) as (recorder, self._sources),
        ):
            self.options = replace(self.options, budget=self._pool.budget)
            self.note = self._pool.note
            self._recorder = recorder
            self._proofs = Proofs(self._pool, self.journal, self._sources)
            for submission in found:
                if work := self._prepare(submission):
                    self._begin(work)
                while len(self._running) > AHEAD * self._pool.jobs:
                    self._record_next()
            while self._running:
                self._record_next()
            self.automatic = recorder.automatic()

    def review(self, entry: Entry) -> None:
        """List a submission that cannot be graded."""
        self._settle(replace(entry, status="for review", recorded=""))

    def _alone(self, *whose: str):
        """Let an error that nobody foresaw cost a single submission, and not the run."""
        known = self.journal.entry(*whose)
        return foreseen(lambda told: self.review(replace(known, reason=told, key="", repairs=())))

    def _settle(self, entry: Entry) -> None:
        self.journal.note(entry)
        self.entries.append(entry)
        self.advanced(f"{entry.student}: {entry.assignment}")

    def _prepare(self, submission: collect.Submission) -> Work | None:
        """Return what there is to do for a submission, or None if nothing is."""
        with self._alone(submission.student, submission.assignment):
            return self._work(submission)

    def _work(self, submission: collect.Submission) -> Work | None:
        entry = self.journal.entry(submission.student, submission.assignment)
        new = replace(entry, reason="", sha256=submission.sha256, key="", repairs=())
        if submission.reason:
            self.review(replace(new, reason=submission.reason, sha256=""))
            return None
        try:
            self._sources.require(submission.assignment)
        except SourceError as error:  # of one of our exercises, it ends the run
            self._refuse(new, error)
            return None
        try:
            prepared = self._sources.prepared(submission)
        except AutograderError as error:
            self._refuse(new, error)
            return None
        return self._work_if_due(submission, new, prepared)

    def _work_if_due(
        self, submission: collect.Submission, entry: Entry, prepared: Prepared
    ) -> Work | None:
        """Return what there is to do for a submission, unless it was done before."""
        parts, key = keyed(prepared, self.options.budget)
        assert submission.place is not None  # else there is a reason, and it is not prepared
        stamp, remark = stamps.stamp(submission.place)
        reaches = [reach.remark(part.notebook.cells) for part in prepared.parts]
        remark = " ".join(filter(None, [prepared.remark, remark, *reaches]))
        whose = entry.student, entry.assignment
        terms = " ".join(filter(None, [remark, self._recorder.terms(*whose, stamp)]))
        new = replace(entry, key=key, repairs=prepared.repairs, terms=terms)
        known = new.recorded == new.due and entry.status != "for review" and not self.options.force
        names = [part.name for part in prepared.parts]
        if known and self._recorder.holds(*whose, names, stamp):
            self._settle(self.journal.entry(*whose))
            return None
        return Work(new, parts, stamp, remark, prepared.attempted)

    def _refuse(self, entry: Entry, error: AutograderError) -> None:
        self.review(replace(entry, reason=str(error), key="", repairs=()))

    def _begin(self, work: Work) -> None:
        """Take results that are known, wait for those that are under way, or start jobs."""
        try:
            self._proofs.prove(work.entry.assignment)
        except SourceError as error:
            self._refuse(work.entry, error)
            return
        for key, part in work.parts:
            usable = not self.options.force or key in self._fresh
            if usable and (result := self.journal.result(key)):
                work.results[key] = result
            else:
                self._await(work, key, part.job)
        if work.is_done:
            self._record(work)

    def _await(self, work: Work, key: str, job: Any) -> None:
        """Wait for the result of a job, which begins unless the same is under way."""
        for future, running in self._key_of.items():
            if running == key:
                if work not in self._running[future]:
                    self._running[future].append(work)
                return
        future = self._pool.start(job)
        self._running[future], self._key_of[future] = [work], key

    def _record_next(self) -> None:
        """Record what has just ended; a job that failed ends the run, after all others."""
        failures = []
        for future in self._pool.finished(self._running):
            works, key = self._running.pop(future), self._key_of.pop(future)
            whose = listing(f"{work.entry.student}/{work.entry.assignment}" for work in works)
            try:
                result = self._pool.result(future, whose)
            except Exception as error:
                failures.append(error)
                continue
            self.executed += 1
            self._fresh.add(key)
            self.journal.finish(key, result, result["seconds"])
            for work in works:
                work.results[key] = result
                if work.is_done:
                    self._record(work)
        if failures:
            raise failures[0]

    def _record(self, work: Work) -> None:
        with self._alone(work.entry.student, work.entry.assignment):
            self._write(work)

    def _write(self, work: Work) -> None:
        entry, result = work.entry, work.result()
        if len(work.parts) > 1:
            self.journal.finish(entry.key, result, result["seconds"])
        if entry.recorded:  # which is not so any more if this is cut off
            self.journal.note(replace(entry, status="", recorded=""))
        if result.get("review"):
            self.review(replace(entry, reason=result["review"]))
            return
        whose = entry.student, entry.assignment
        problem = self._recorder.record(
            *whose, work.notebooks, work.outputs(), work.stamp, work.files
        )
        if problem:
            self.review(replace(entry, reason=f"nbgrader could not record it: {problem}."))
            return
        status = "graded" if work.was_attempted() else "not attempted"
        reason = " ".join([*result["remarks"], work.remark]).strip()
        self._settle(replace(entry, status=status, reason=reason, recorded=entry.due))


def _libraries(course: Course) -> tuple[str, ...]:
    """Return what the processes of a course import before they begin."""
    with_ours = any(each.ours for each in assignments.of_course(course).values())
    return libraries.chosen(settings(course), with_ours)


@contextmanager
def _course(
    course: Course, imported: tuple[str, ...], budget: Budget
) -> Iterator[tuple[Any, Sources]]:
    """Give a recorder and the sources of a course."""
    os.environ.pop("NBGRADER_EXECUTION", None)
    with opened(course) as api:
        from autograder.gradebook.recorder import Recorder

        log = logging.getLogger("traitlets")
        level = log.level
        log.setLevel(logging.CRITICAL)
        try:
            with closing(Recorder(api)) as recorder:
                most = budget.limits.disk // 2  # the notebook needs some of it
                yield recorder, Sources(course, recorder, api.config, imported, most)
        finally:
            log.setLevel(level)
