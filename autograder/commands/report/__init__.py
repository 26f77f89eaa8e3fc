"""``autograder report``: how a class did, on one page that needs nothing but itself."""

import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from statistics import fmean, median, quantiles

from autograder import checks
from autograder.gradebook import journal
from autograder.gradebook.course import Course, replacing
from autograder.gradebook.feedback import CheckMessage, Group, grouped, messages, plain
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
MOST_BINS = 25  # of a histogram
MOST_MESSAGES = 12
MOST_STUDENTS = 200  # in a list of names; the tables of grades hold all


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
    with replacing(file) as text:
        text.write(page)
    print(file)
    return 0


def html(course: Course) -> str:
    """Return the page."""
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
        assignments=[_assignment(grades, name, rows, seconds) for name in grades.most],
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
    height: float = 0.0  # part of the highest one


@dataclass
class PartResult:
    """How many of those who tried have the points of a part."""

    title: str
    most: float
    passed: int
    tried: int

    @property
    def share(self) -> float:
        """Between 0 and 1."""
        return self.passed / self.tried if self.tried else 0.0


@dataclass
class Look:
    """A submission that somebody must look at."""

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
        """How many were handed in."""
        return self.counts.total() - self.counts["missing"]

    @property
    def mean(self) -> float | None:
        """Mean score in points of those that were graded and attempted."""
        return fmean(self.scores) if self.scores else None

    @property
    def median(self) -> float | None:
        """Median score in points of the same."""
        return median(self.scores) if self.scores else None

    @property
    def slow(self) -> float:
        """Seconds within which 95 of 100 submissions were done."""
        if len(self.seconds) < 2:
            return max(self.seconds, default=0.0)
        return quantiles(self.seconds, n=20, method="inclusive")[-1]


def _assignment(grades: Grades, name: str, rows: list[dict], seconds: dict) -> Assignment:
    own = [row for row in rows if row["assignment"] == name]
    scored = [row for row in own if row["status"] == "graded"]
    read = [(row["student"], messages(grades.course, row["student"], name)) for row in scored]
    told = [(student, found) for student, found in read if found is not None]
    titles = _titles(grades, name, told)
    scores = [row["score"] for row in scored]
    return Assignment(
        name=name,
        most=grades.most[name],
        counts=Counter(row["status"] for row in own),
        scores=scores,
        bars=histogram(scores, grades.most[name]),
        parts=[
            _part(titles.get(cell, cell), cell, most, scored)
            for cell, most in grades.cells[name].items()
        ],
        messages=grouped(told),
        titles=titles,
        unread=[student for student, found in read if found is None],
        looks=_looks(grades, name, own),
        repaired=_repaired(grades, name, own),
        students={
            status: [row["student"] for row in own if row["status"] == status]
            for status in STATUSES
        },
        seconds=[each for (_, assignment), each in sorted(seconds.items()) if assignment == name],
    )


def _titles(
    grades: Grades, name: str, told: Iterable[tuple[str, list[CheckMessage]]]
) -> dict[str, str]:
    """Return the titles of the parts: ours, or what the cells of another course say."""
    known = {}
    if name in checks.NAMES:
        exercise = checks.load(name)
        known = {exercise.cell(part): part.title for part in exercise.parts}
    for _, found in told:
        for each in found:
            known.setdefault(each.cell, each.title)
    return known


def _part(title: str, cell: str, most: float, scored: list[dict]) -> PartResult:
    passed = sum(row.get(cell, 0) >= most for row in scored)
    return PartResult(title, most, passed, len(scored))


def _looks(grades: Grades, name: str, own: list[dict]) -> list[Look]:
    """Return what somebody must look at; what was graded with a remark comes last."""
    looks = []
    for row in own:
        entry = grades.entries.get((row["student"], name))
        reason = entry.reason if entry else ""
        if row["status"] == "needs manual grading":
            reason = f"A cell waits for points from you. {reason}"
        if row["status"] == "for review" or reason:
            looks.append(Look(row["student"], row["status"], plain(reason)))
    return sorted(looks, key=lambda look: (-STATUSES.index(look.status), look.student))


def _repaired(grades: Grades, name: str, own: list[dict]) -> list[Look]:
    """Return what was repaired in notebooks before they were graded, and noticed in their code."""
    found = []
    for row in own:
        entry = grades.entries.get((row["student"], name))
        for text in entry.repairs if entry and row["status"] != "for review" else ():
            found.append(Look(row["student"], row["status"], plain(text)))
    return found


def histogram(scores: list[float], most: float) -> list[Bar]:
    """Return one bar for each point that can be had, or ten where that would be too many.

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
    """Return a time that people read: ``0.4 s``, ``12 s``, ``3 min``."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"


def _stray(grades: Grades) -> list[Look]:
    """Return what was handed in but belongs to no assignment."""
    return [
        Look(plain(f"{each.student}/{each.assignment}".strip("/")), each.status, plain(each.reason))
        for each in journal.recall(grades.course)
        if each.reason and (each.student, each.assignment) not in grades.entries
    ]
