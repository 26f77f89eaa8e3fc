"""One gradebook for everything in nbgrader that would open its own, and transactions in it."""

import contextlib
from collections.abc import Iterator
from unittest import mock

from nbgrader.api import (
    Assignment,
    Grade,
    Gradebook,
    GradeCell,
    MissingEntry,
    SubmittedAssignment,
    SubmittedNotebook,
)
from nbgrader.converters import autograde
from nbgrader.preprocessors import getgrades, latesubmissions, overwritecells, saveautogrades

from autograder.gradebook.assignments import GradebookCell
from autograder.gradebook.late import Times

# Modules of nbgrader that open the gradebook for each notebook.
OPENERS = (autograde, getgrades, latesubmissions, overwritecells, saveautogrades)


class SharedGradebook(Gradebook):
    """The one gradebook that every part of nbgrader gets which would open its own.

    nbgrader opens its database some fifteen times for each notebook, and compiles every statement
    anew each time; with one session a notebook costs a third. And what it commits step by step
    becomes one transaction: a submission is recorded, or it is not.
    """

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        """Keep everything that is committed meanwhile, or nothing."""
        try:
            with mock.patch.object(self.db, "commit", self._flush):
                yield
            self.db.commit()
        except BaseException:
            self.db.rollback()
            raise

    def _flush(self) -> None:
        """Do what a commit does within a transaction: write, and forget what was read."""
        self.db.flush()
        self.db.expire_all()

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        """Stay open, but forget what was begun before an error."""
        if kind is not None:
            self.db.rollback()

    def close(self) -> None:
        """Stay open; ``end`` closes."""

    def end(self) -> None:
        """Close the database."""
        super().close()

    @contextlib.contextmanager
    def everywhere(self) -> Iterator[None]:
        """Give this gradebook to the parts of nbgrader that ask for one."""
        with contextlib.ExitStack() as stack:
            for module in OPENERS:
                stack.enter_context(mock.patch.object(module, "Gradebook", lambda *_, **__: self))
            yield

    def times(self, student: str, assignment: str) -> Times:
        """Return what stands in the gradebook of the time of a submission."""
        self.db.expire_all()
        of_all = self.db.query(Assignment.duedate).filter(Assignment.name == assignment).scalar()
        submission = self._submission(student, assignment)
        if submission is None:
            return Times(of_all)
        penalty = submission.late_submission_penalty or 0.0
        return Times(submission.duedate, submission.timestamp, penalty)

    def forget_time(self, student: str, assignment: str) -> None:
        """Remove the time of a submission, which nbgrader would keep if there is no new one."""
        if (submission := self._submission(student, assignment)) is not None:
            submission.timestamp = None
            self.db.commit()

    def _submission(self, student: str, assignment: str) -> SubmittedAssignment | None:
        return (
            self.db.query(SubmittedAssignment)
            .join(Assignment, Assignment.id == SubmittedAssignment.assignment_id)
            .filter(Assignment.name == assignment, SubmittedAssignment.student_id == student)
            .one_or_none()
        )

    def source_cells(self, assignment: str) -> dict[str, dict[str, GradebookCell]]:
        """Return the cells of an assignment by ``grade_id``, by notebook; none if it is unknown."""
        try:
            notebooks = self.find_assignment(assignment).notebooks
        except MissingEntry:
            return {}
        found = {}
        for each in notebooks:
            points = {cell.name: cell.max_score for cell in [*each.grade_cells, *each.task_cells]}
            found[each.name] = {
                cell.name: GradebookCell(cell.source or "", points.get(cell.name), cell.locked)
                for cell in each.source_cells
            }
        return found

    def automatic(self) -> dict[tuple[str, str], dict[str, float | None]]:
        """Return what stands in the gradebook: automatic points by submission and cell."""
        self.db.expire_all()
        whose = SubmittedAssignment.student_id, Assignment.name
        rows = (  # in one query: a lookup for each grade would take hours for a large class
            self.db.query(*whose, GradeCell.name, Grade.auto_score)
            .join(Assignment, Assignment.id == SubmittedAssignment.assignment_id)
            .join(SubmittedNotebook, SubmittedNotebook.assignment_id == SubmittedAssignment.id)
            .join(Grade, Grade.notebook_id == SubmittedNotebook.id)
            .join(GradeCell, GradeCell.id == Grade.cell_id)
        )
        found: dict[tuple[str, str], dict[str, float | None]] = {}
        for student, assignment, cell, score in rows:
            found.setdefault((student, assignment), {})[cell] = score
        return found
