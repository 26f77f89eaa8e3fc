"""What ``autograder grade`` shows: how far it is, and what came of it."""

import sys
from collections import Counter
from collections.abc import Iterable
from contextlib import contextmanager, suppress
from statistics import fmean
from typing import Any

from rich.console import Console
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
from autograder.gradebook import assignments
from autograder.gradebook.course import Course
from autograder.gradebook.grades import BY_HAND, Grades
from autograder.gradebook.journal import Entry
from autograder.sandbox import Containment

UNCONTAINED = (
    "Student code runs uncontained, as you, with your files and your network: --unsafe. "
    "This is noted with every score."
)
MOST = 30  # findings that are listed; all stand in the report


class Rate(ProgressColumn):
    """How many submissions are graded in a minute."""

    def render(self, task) -> Text:
        """Return the rate of a task, once there is one."""
        return Text(f"{60 * task.speed:.0f} a minute" if task.speed else "")


@contextmanager
def progress(grading, expected: int):
    """Show how far a run over some submissions is, while it runs."""
    columns = BarColumn(20), MofNCompleteColumn(), Rate(), TimeRemainingColumn()
    console = _console()
    if _uncontained(grading) and grading.options.scheduler is None:
        console.print(Text(UNCONTAINED, "bold red"), soft_wrap=True)
    with Progress(
        *columns,
        TextColumn("{task.description}", markup=False),  # names of students may look like it
        console=console,
        transient=True,
    ) as bar:
        task = bar.add_task("starting", total=expected)
        grading.advanced = lambda text: bar.update(task, advance=1, description=text)
        yield


def show(course: Course, grading) -> int:
    """Print a table, what must be looked at, and the count; return the exit code.

    Raises
    ------
    AutograderError
        If the gradebook does not hold what was graded.
    """
    console = _console()
    rows = {(row["student"], row["assignment"]): row for row in Grades(course).rows()}
    known = assignments.of_course(course)
    console.print(_table(grading.entries, rows, dict.fromkeys([*checks.NAMES, *known])))
    findings = [entry for entry in grading.entries if entry.reason]
    for entry in findings[:MOST]:
        place = f"{entry.student or 'submitted'}/{entry.assignment}".rstrip("/")
        console.print(Text(f"! {place}: {entry.reason}", "yellow"), soft_wrap=True)
    if len(findings) > MOST:
        console.print(f"… and {len(findings) - MOST} more.")
    counts = Counter(entry.status for entry in grading.entries)
    review = counts.pop("for review", 0)
    told = ", ".join(f"{count} {status}" for status, count in sorted(counts.items()))
    console.print(
        f"{len(grading.entries)} in = {told or '0 graded'} + {review} for review "
        f"({grading.executed} notebooks were run)."
    )
    ours = {name for name in checks.NAMES if name not in known or known[name].ours}
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
    if by_hand := sum(rows[own]["status"] == BY_HAND for own in graded & rows.keys()):
        verb = "needs" if by_hand == 1 else "need"
        console.print(f"{by_hand} {verb} points by hand, or your confirmation, in formgrader.")
    if grading.note:
        console.print(Text(grading.note, "yellow"), soft_wrap=True)
    if _uncontained(grading):
        told = "Student code ran uncontained, as you: --unsafe. This is noted with every score."
        console.print(Text(told, "bold red"), soft_wrap=True)
    return 1 if review else 0


def _console() -> Console:
    """Return where to print; a name that a terminal or a file cannot take ends nothing."""
    output: Any = sys.stdout  # perhaps of a kind that cannot do it
    with suppress(AttributeError):
        output.reconfigure(errors="backslashreplace")
    return Console(highlight=False)


def _uncontained(grading) -> bool:
    return grading.options.budget.containment == Containment.NONE


def _recorded(grading, entry: Entry, rows: dict, is_ours: bool) -> bool:
    """Return whether the gradebook has the points of every part, as they were found."""
    if entry.status == "for review":
        return True
    row = rows.get((entry.student, entry.assignment))
    if not is_ours:  # nbgrader itself has scored it
        return row is not None
    parts = (grading.journal.result(entry.key) or {"parts": {}})["parts"]
    exercise = checks.load(entry.assignment)
    cells = {exercise.cell(part): parts.get(part.name, {}) for part in exercise.parts}
    found = grading.automatic.get((entry.student, entry.assignment), {})
    return row is not None and all(
        found.get(cell) == part.get("points", 0) for cell, part in cells.items()
    )


def _table(entries: list, rows: dict, names: Iterable[str]) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0))
    table.add_column("assignment")
    for name in ("handed in", "graded", "not attempted", "for review", "mean score"):
        table.add_column(name, justify="right")
    for name in names:
        own = [entry for entry in entries if entry.assignment == name]
        if not own:
            continue
        counts = Counter(entry.status for entry in own)
        graded = [entry.student for entry in own if entry.status == "graded"]
        # A gradebook that was exchanged need not know them all, which is told below.
        scores = [rows.get((student, name), {}).get("score", "") for student in graded]
        scores = [score for score in scores if score != ""]
        mean = f"{fmean(scores):.1f}" if scores else ""
        states = ("graded", "not attempted", "for review")
        table.add_row(name, str(len(own)), *(str(counts[state]) for state in states), mean)
    return table
