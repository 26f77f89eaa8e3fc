"""``autograder report``: write one self-contained page on the results of a class."""

import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from statistics import fmean, median, quantiles

from autograder import checks
from autograder.gradebook import journal
from autograder.gradebook.course import Course, atomic_write
from autograder.gradebook.feedback import CheckMessage, Group, group_messages, messages, plain
from autograder.gradebook.grades import Grades, points
from autograder.sandbox import Containment

STATUSES = (
    "graded",
    "not attempted",
    "needs manual grading",
    "for review",
    "not graded",
    "missing",
)
MOST_BINS = 25  # in a histogram
MOST_MESSAGES = 12
MOST_STUDENTS = 200  # in a list of names; the exported tables of grades have them all


def run(folder: Path) -> int:
    """Write ``report.html`` into the folder of the course and return the exit code.

    Parameters
    ----------
    folder : Path
        Folder of the course.

    Raises
    ------
    AutograderError
        If there is no gradebook, or if the page cannot be written.
    """
    folder = folder.resolve()
    page = html(Course(folder))
    file = folder / "report.html"
    with atomic_write(file) as text:
        text.write(page)
    print(file)
    return 0


def html(course: Course) -> str:
    """Return the page as HTML."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    grades = Grades(course)
    rows = grades.rows()
    seconds = {key: run.seconds for key, run in grades.runs.items()}
    environment = Environment(
        loader=PackageLoader("autograder.commands.report", ""),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "points": points,
        "plain": plain,
        "duration": duration,
        "median": median,
    }
    return environment.get_template("report.html.j2").render(
        course=course.folder.name,
        made=datetime.now().astimezone(),
        students=len(grades.students),
        statuses=STATUSES,
        most_students=MOST_STUDENTS,
        most_messages=MOST_MESSAGES,
        assignments=[_assignment(grades, name, rows, seconds) for name in grades.max_points],
        stray=_stray(grades),
        uncontained=sum(
            row["containment"] == Containment.NONE and row["score"] != "" for row in rows
        ),
    )


@dataclass
class Bar:
    """One bar of a histogram: the scores from ``label`` up to the next one."""

    label: str
    count: int = 0
    height: float = 0.0  # relative to the highest bar


@dataclass
class PartResult:
    """How many of those who attempted a part earned its points."""

    title: str
    most: float
    passed: int
    tried: int

    @property
    def share(self) -> float:
        """Fraction of the attempts that passed, between 0 and 1."""
        return self.passed / self.tried if self.tried else 0.0


@dataclass
class Look:
    """A submission that the instructor must look at."""

    student: str
    status: str
    reason: str = ""


@dataclass
class Assignment:
    """What the page shows of one assignment."""

    name: str
    most: float
    counts: Counter
    scores: list[float]
    bars: list[Bar]
    parts: list[PartResult]
    messages: list[Group]
    titles: dict[str, str]
    unread: list[str]
    looks: list[Look]
    repaired: list[Look]
    students: dict[str, list[str]]
    seconds: list[float] = field(default_factory=list)

    @property
    def submissions(self) -> int:
        """Number of submissions."""
        return self.counts.total() - self.counts["missing"]

    @property
    def mean(self) -> float | None:
        """Mean score, in points, of the graded submissions that were attempted."""
        return fmean(self.scores) if self.scores else None

    @property
    def median(self) -> float | None:
        """Median score, in points, of the same submissions."""
        return median(self.scores) if self.scores else None

    @property
    def slow(self) -> float:
        """95th percentile of the time per submission, in seconds."""
        if len(self.seconds) < 2:
            return max(self.seconds, default=0.0)
        return quantiles(self.seconds, n=20, method="inclusive")[-1]


def _assignment(grades: Grades, name: str, rows: list[dict], seconds: dict) -> Assignment:
    assignment_rows = [row for row in rows if row["assignment"] == name]
    scored = [row for row in assignment_rows if row["status"] == "graded"]
    all_messages = [
        (row["student"], messages(grades.course, row["student"], name)) for row in scored
    ]
    readable = [
        (student, student_messages)
        for student, student_messages in all_messages
        if student_messages is not None
    ]
    titles = _titles(grades, name, readable)
    scores = [row["score"] for row in scored]
    return Assignment(
        name=name,
        most=grades.max_points[name],
        counts=Counter(row["status"] for row in assignment_rows),
        scores=scores,
        bars=histogram(scores, grades.max_points[name]),
        parts=[
            _part(titles.get(cell, cell), cell, most, scored)
            for cell, most in grades.cells[name].items()
        ],
        messages=group_messages(readable),
        titles=titles,
        unread=[student for student, student_messages in all_messages if student_messages is None],
        looks=_looks(grades, name, assignment_rows),
        repaired=_repaired(grades, name, assignment_rows),
        students={
            status: [row["student"] for row in assignment_rows if row["status"] == status]
            for status in STATUSES
        },
        seconds=[value for (_, assignment), value in sorted(seconds.items()) if assignment == name],
    )


def _titles(
    grades: Grades, name: str, readable: Iterable[tuple[str, list[CheckMessage]]]
) -> dict[str, str]:
    """Return the titles of the parts by cell: ours, or those in the cells of another course."""
    titles = {}
    if name in checks.NAMES:
        exercise = checks.load(name)
        titles = {exercise.cell(part): part.title for part in exercise.parts}
    for _, student_messages in readable:
        for message in student_messages:
            titles.setdefault(message.cell, message.title)
    return titles


def _part(title: str, cell: str, most: float, scored: list[dict]) -> PartResult:
    passed = sum(row.get(cell, 0) >= most for row in scored)
    return PartResult(title, most, passed, len(scored))


def _looks(grades: Grades, name: str, rows: list[dict]) -> list[Look]:
    """Return the submissions to look at; those graded with a remark come last."""
    looks = []
    for row in rows:
        entry = grades.entries.get((row["student"], name))
        reason = entry.reason if entry else ""
        if row["status"] == "needs manual grading":
            reason = f"A cell waits for points from you. {reason}"
        if row["status"] == "for review" or reason:
            looks.append(Look(row["student"], row["status"], plain(reason)))
    return sorted(looks, key=lambda look: (-STATUSES.index(look.status), look.student))


def _repaired(grades: Grades, name: str, rows: list[dict]) -> list[Look]:
    """Return what was repaired in notebooks before grading, or noticed in their code."""
    looks = []
    for row in rows:
        entry = grades.entries.get((row["student"], name))
        for text in entry.repairs if entry and row["status"] != "for review" else ():
            looks.append(Look(row["student"], row["status"], plain(text)))
    return looks


def histogram(scores: list[float], most: float) -> list[Bar]:
    """Return one bar for each possible point, or ten if that would be too many.

    Scores above ``most`` (extra credit) are in the last bar.
    """
    width = 1.0 if most <= MOST_BINS else most / 10
    bars = [Bar(f"{points(n * width)}") for n in range(math.floor(most / width) + 1)]
    for score in scores:
        bars[min(len(bars) - 1, math.floor(score / width))].count += 1
    highest = max((bar.count for bar in bars), default=0)
    for bar in bars:
        bar.height = bar.count / highest if highest else 0.0
    return bars


def duration(seconds: float) -> str:
    """Return a readable duration: ``0.4 s``, ``12 s``, ``3 min``."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"


def _stray(grades: Grades) -> list[Look]:
    """Return the submissions that belong to no assignment."""
    return [
        Look(
            plain(f"{entry.student}/{entry.assignment}".strip("/")),
            entry.status,
            plain(entry.reason),
        )
        for entry in journal.read_entries(grades.course)
        if entry.reason and (entry.student, entry.assignment) not in grades.entries
    ]
