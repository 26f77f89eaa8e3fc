"""One gradebook for all parts of nbgrader that would open their own, with transactions."""

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
    """One gradebook, shared by all parts of nbgrader that would open their own.

    nbgrader opens its database some fifteen times for each notebook, and compiles every statement
    again each time; with one session, a notebook takes a third of the time. And what nbgrader
    commits step by step becomes one transaction: a submission is recorded completely or not at all.
    """

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        """Commit everything that is committed meanwhile at the end, or nothing after an error."""
        try:
            with mock.patch.object(self.db, "commit", self._flush):
                yield
            self.db.commit()
        except BaseException:
            self.db.rollback()
            raise

    def _flush(self) -> None:
        """Do the work of a commit within a transaction: write, and discard what was read."""
        self.db.flush()
        self.db.expire_all()

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        """Stay open, but roll back after an error."""
        if kind is not None:
            self.db.rollback()

    def close(self) -> None:
        """Stay open; ``close_database`` closes."""

    def close_database(self) -> None:
        """Close the database."""
        super().close()

    @contextlib.contextmanager
    def used_by_nbgrader(self) -> Iterator[None]:
        """Make all parts of nbgrader use this gradebook."""
        with contextlib.ExitStack() as stack:
            for module in OPENERS:
                stack.enter_context(mock.patch.object(module, "Gradebook", lambda *_, **__: self))
            yield

    def times(self, student: str, assignment: str) -> Times:
        """Return the time of a submission, its due date and its penalty in the gradebook."""
        self.db.expire_all()
        due = self.db.query(Assignment.duedate).filter(Assignment.name == assignment).scalar()
        submission = self._submission(student, assignment)
        if submission is None:
            return Times(due)
        penalty = submission.late_submission_penalty or 0.0
        return Times(submission.duedate, submission.timestamp, penalty)

    def forget_time(self, student: str, assignment: str) -> None:
        """Remove the time of a submission, which nbgrader keeps unless there is a new one."""
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
        """Return the cells of an assignment by notebook and ``grade_id``; none if it is unknown."""
        try:
            notebooks = self.find_assignment(assignment).notebooks
        except MissingEntry:
            return {}
        cells = {}
        for notebook in notebooks:
            scored = [*notebook.grade_cells, *notebook.task_cells]
            points = {cell.name: cell.max_score for cell in scored}
            cells[notebook.name] = {
                cell.name: GradebookCell(cell.source or "", points.get(cell.name), cell.locked)
                for cell in notebook.source_cells
            }
        return cells

    def automatic_scores(self) -> dict[tuple[str, str], dict[str, float | None]]:
        """Return the automatic scores in the gradebook by submission and cell."""
        self.db.expire_all()
        key = SubmittedAssignment.student_id, Assignment.name
        rows = (  # in one query: a lookup for each grade would take hours for a large class
            self.db.query(*key, GradeCell.name, Grade.auto_score)
            .join(Assignment, Assignment.id == SubmittedAssignment.assignment_id)
            .join(SubmittedNotebook, SubmittedNotebook.assignment_id == SubmittedAssignment.id)
            .join(Grade, Grade.notebook_id == SubmittedNotebook.id)
            .join(GradeCell, GradeCell.id == Grade.cell_id)
        )
        scores: dict[tuple[str, str], dict[str, float | None]] = {}
        for student, assignment, cell, score in rows:
            scores.setdefault((student, assignment), {})[cell] = score
        return scores
