"""The output of ``autograder grade``: a progress bar and a summary."""

from collections import Counter
from collections.abc import Iterable
from contextlib import contextmanager
from statistics import fmean

from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    TextColumn,
    TimeRemainingColumn,
)
from rich.table import Table
from rich.text import Text

from autograder import AutograderError, checks
from autograder.checks.words import listing
from autograder.commands import console as printing
from autograder.commands.grading.work import kept_result
from autograder.gradebook import assignments
from autograder.gradebook.course import Course
from autograder.gradebook.grades import BY_HAND, Grades
from autograder.gradebook.journal import Entry
from autograder.sandbox import Containment

UNCONTAINED = (
    "Student code runs uncontained, as you, with your files and your network: --unsafe. "
    "This is noted with every score."
)
MOST = 30  # findings to list; the report has them all


class Rate(ProgressColumn):
    """Shows how many submissions are graded per minute."""

    def render(self, task) -> Text:
        """Return the rate of a task, or nothing if it is not known yet."""
        return Text(f"{60 * task.speed:.0f} a minute" if task.speed else "")


@contextmanager
def progress(grading, expected: int):
    """Show a progress bar during a grading run."""
    columns = BarColumn(20), MofNCompleteColumn(), Rate(), TimeRemainingColumn()
    console = printing.console()
    if _uncontained(grading) and grading.options.scheduler is None:
        console.print(Text(UNCONTAINED, "bold red"), soft_wrap=True)
    with Progress(
        *columns,
        TextColumn("{task.description}", markup=False),  # student names may look like markup
        console=console,
        transient=True,
    ) as bar:
        task = bar.add_task("starting", total=expected)
        grading.advanced = lambda text: bar.update(task, advance=1, description=text)
        yield


def show(course: Course, grading) -> int:
    """Print a table, the submissions to look at and the counts; return the exit code.

    Raises
    ------
    AutograderError
        If the gradebook does not have the recorded scores.
    """
    console = printing.console()
    rows = {(row["student"], row["assignment"]): row for row in Grades(course).rows()}
    assignments_of_course = assignments.find_assignments(course)
    console.print(
        _table(grading.entries, rows, dict.fromkeys([*checks.NAMES, *assignments_of_course]))
    )
    findings = [entry for entry in grading.entries if entry.reason]
    for entry in findings[:MOST]:
        place = f"{entry.student or 'submitted'}/{entry.assignment}".rstrip("/")
        console.print(Text(f"! {place}: {entry.reason}", "yellow"), soft_wrap=True)
    if len(findings) > MOST:
        console.print(f"… and {len(findings) - MOST} more.")
    counts = Counter(entry.status for entry in grading.entries)
    review = counts.pop("for review", 0)
    graded_counts = ", ".join(f"{count} {status}" for status, count in sorted(counts.items()))
    console.print(
        f"{len(grading.entries)} in = {graded_counts or '0 graded'} + {review} for review "
        f"({grading.executed} notebooks were run)."
    )
    ours = {
        name
        for name in checks.NAMES
        if name not in assignments_of_course or assignments_of_course[name].ours
    }
    if wrong := [
        entry
        for entry in grading.entries
        if not _recorded(grading, entry, rows, entry.assignment in ours)
    ]:
        names = listing(f"{entry.student}/{entry.assignment}" for entry in wrong[:MOST])
        raise AutograderError(
            f"The gradebook does not hold what was found for {names}: run it again with --force."
        )
    graded = {(entry.student, entry.assignment) for entry in grading.entries}
    if by_hand := sum(rows[key]["status"] == BY_HAND for key in graded & rows.keys()):
        verb = "needs" if by_hand == 1 else "need"
        console.print(f"{by_hand} {verb} points by hand, or your confirmation, in formgrader.")
    if grading.note:
        console.print(Text(grading.note, "yellow"), soft_wrap=True)
    if _uncontained(grading):
        warning = "Student code ran uncontained, as you: --unsafe. This is noted with every score."
        console.print(Text(warning, "bold red"), soft_wrap=True)
    return 1 if review else 0


def _uncontained(grading) -> bool:
    return grading.options.budget.containment == Containment.NONE


def _recorded(grading, entry: Entry, rows: dict, is_ours: bool) -> bool:
    """Return whether the gradebook has the points that each part was given."""
    if entry.status == "for review":
        return True
    row = rows.get((entry.student, entry.assignment))
    if not is_ours:  # nbgrader has scored it itself
        return row is not None
    result = kept_result(grading.journal, entry.key)
    parts = result.parts if result else {}
    exercise = checks.load(entry.assignment)
    points = {
        exercise.cell(part): parts[part.name].points if part.name in parts else 0
        for part in exercise.parts
    }
    automatic = grading.automatic.get((entry.student, entry.assignment), {})
    return row is not None and all(
        automatic.get(cell) == expected for cell, expected in points.items()
    )


def _table(entries: list, rows: dict, names: Iterable[str]) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0))
    table.add_column("assignment")
    for name in ("handed in", "graded", "not attempted", "for review", "mean score"):
        table.add_column(name, justify="right")
    for name in names:
        assignment_entries = [entry for entry in entries if entry.assignment == name]
        if not assignment_entries:
            continue
        counts = Counter(entry.status for entry in assignment_entries)
        graded = [entry.student for entry in assignment_entries if entry.status == "graded"]
        # A gradebook that was replaced may lack some of them; `show` reports that.
        scores = [rows.get((student, name), {}).get("score", "") for student in graded]
        scores = [score for score in scores if score != ""]
        mean = f"{fmean(scores):.1f}" if scores else ""
        states = ("graded", "not attempted", "for review")
        table.add_row(
            name, str(len(assignment_entries)), *(str(counts[state]) for state in states), mean
        )
    return table
