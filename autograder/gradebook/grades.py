"""What stands in the gradebook of the submissions of a course, read all at once."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from autograder import checks


@dataclass
class Submission:
    """What the gradebook holds of one submission: points by ``grade_id``, and late penalty."""

    points: dict[str, float] = field(default_factory=dict)
    penalty: float = 0.0
    manual: bool = False
    unscored: set[str] = field(default_factory=set)  # cells that wait for their first points


def columns(assignment) -> dict[tuple[str, str], str]:
    """Return the column of every cell of an assignment, by notebook and ``grade_id``."""
    pairs = [
        (notebook.name, cell.name)
        for notebook in assignment.notebooks
        for cell in [*notebook.grade_cells, *notebook.task_cells]
    ]
    if assignment.name in checks.NAMES:  # in their order, in which some gradebooks do not keep them
        exercise = checks.load(assignment.name)
        order = [exercise.cell(part) for part in exercise.parts]
        pairs.sort(key=lambda pair: order.index(pair[1]) if pair[1] in order else len(order))
    counts = Counter(cell for _, cell in pairs)
    return {
        (notebook, cell): cell if counts[cell] == 1 else f"{notebook}.{cell}"
        for notebook, cell in pairs
    }


def cells(assignment, columns: dict[tuple[str, str], str]) -> Iterator[tuple[str, float]]:
    """Yield each column of an assignment and the points that it is worth."""
    most = {
        (notebook.name, cell.name): cell.max_score
        for notebook in assignment.notebooks
        for cell in [*notebook.grade_cells, *notebook.task_cells]
    }
    for own, column in columns.items():
        yield column, most[own]


def submissions(book, columns: dict) -> dict[tuple[str, str], Submission]:
    """Return all submissions by student and assignment, with two queries for the whole course."""
    from nbgrader.api import (
        Assignment,
        BaseCell,
        Grade,
        Notebook,
        SubmittedAssignment,
        SubmittedNotebook,
    )
    from sqlalchemy import func

    key = SubmittedAssignment.student_id, Assignment.name
    penalties = (
        book.db.query(*key, SubmittedNotebook.late_submission_penalty)
        .join(Assignment, Assignment.id == SubmittedAssignment.assignment_id)
        .outerjoin(SubmittedNotebook, SubmittedNotebook.assignment_id == SubmittedAssignment.id)
    )
    found: dict[tuple[str, str], Submission] = {}
    for student, name, penalty in penalties:
        found.setdefault((student, name), Submission()).penalty += penalty or 0.0
    given = func.coalesce(Grade.manual_score, Grade.auto_score)
    grades = (
        book.db.query(
            *key, Notebook.name, BaseCell.name, Grade.score, Grade.needs_manual_grade, given
        )
        .join(Assignment, Assignment.id == SubmittedAssignment.assignment_id)
        .join(SubmittedNotebook, SubmittedNotebook.assignment_id == SubmittedAssignment.id)
        .join(Grade, Grade.notebook_id == SubmittedNotebook.id)
        .join(BaseCell, BaseCell.id == Grade.cell_id)
        .join(Notebook, Notebook.id == SubmittedNotebook.notebook_id)
    )
    for student, name, notebook, cell, score, manual, scored in grades:
        submission, column = found[student, name], columns[name].get((notebook, cell), cell)
        submission.points[column] = submission.points.get(column, 0.0) + score
        submission.manual |= manual
        submission.unscored |= {column} if manual and scored is None else set()
    return found
