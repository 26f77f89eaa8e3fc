"""At the end of a grading stand a table, what must be looked at, and a count that adds up."""

import io
import sys
from types import SimpleNamespace

import pytest
import small_course
from rich.console import Console

from autograder import AutograderError, checks
from autograder.commands import console as printing
from autograder.commands.grade import Options
from autograder.commands.grading import summary
from autograder.execution.processes.session import Budget
from autograder.execution.result import JobResult, PartScore
from autograder.gradebook.course import Course
from autograder.gradebook.journal import Entry
from autograder.sandbox import Containment

pytestmark = pytest.mark.filterwarnings("ignore:Object of type <Submitted")  # of nbgrader's code
NAME = "sampling"
EXERCISE = checks.load(NAME)
MOST = sum(part.points for part in EXERCISE.parts)
ODD = r"[red]ann[bold] \[x] {y} %s"  # a name that would be markup


@pytest.fixture
def course(tmp_path):
    """Return a course in which two students have all points and one has lost those of a part."""
    with small_course.SmallCourse(tmp_path / "course") as made:
        for student in (ODD, "bob"):
            made.grade(student, NAME)
        made.grade("cem", NAME, lost={EXERCISE.parts[0].name: "no"})
        yield made


def graded(student: str, **fields) -> Entry:
    return Entry(student, NAME, **{"status": "graded", "key": student} | fields)


def grading(*entries: Entry, lost: dict | None = None, containment=Containment.NAMESPACES):
    """Return a run of which this came; ``lost`` has the points of students without one part."""
    points = {part.name: PartScore(part.points, attempted=True) for part in EXERCISE.parts}
    less = points | {EXERCISE.parts[0].name: PartScore(0, attempted=True)}
    lost = lost or {"cem": less}
    cells = {EXERCISE.cell(part): part.name for part in EXERCISE.parts}
    return SimpleNamespace(
        entries=list(entries),
        executed=2,
        note="",
        options=Options(budget=Budget(containment=containment)),
        journal=SimpleNamespace(result=lambda key: kept(lost.get(key, points))),
        automatic={
            (each.student, each.assignment): {
                cell: (less if each.student == "cem" else points)[name].points
                for cell, name in cells.items()
            }
            for each in entries
        },
    )


def kept(parts: dict[str, PartScore]) -> dict:
    return JobResult({}, parts, (), "", 1.0, Containment.NAMESPACES).to_json()


def shown(course, run, capsys) -> tuple[int, list[str]]:
    code = summary.show(Course(course.folder), run)
    return code, capsys.readouterr().out.splitlines()


def test_the_table_has_counts_and_the_mean_of_what_was_graded(course, capsys):
    entries = graded("bob"), graded("cem"), Entry("dia", NAME, "for review", "It is empty.")
    code, lines = shown(course, grading(*entries), capsys)
    assert code == 1
    head = "assignment handed in graded not attempted for review mean score"
    assert " ".join(lines[0].split()) == head
    mean = MOST - EXERCISE.parts[0].points / 2
    assert lines[1].split() == [NAME, "3", "2", "0", "1", f"{mean:.1f}"]
    assert lines[2:] == [
        f"! dia/{NAME}: It is empty.",
        "3 in = 2 graded + 1 for review (2 notebooks were run).",
    ]


def test_all_graded_is_a_success(course, capsys):
    code, lines = shown(course, grading(graded("bob"), graded("cem")), capsys)
    assert code == 0
    assert lines[-1] == "2 in = 2 graded + 0 for review (2 notebooks were run)."


def test_names_and_reasons_are_shown_letter_by_letter(course, capsys):
    reason = r"nbgrader says [/red] [link=x] \[bold] :warning: 2026"
    stray = Entry("", "[/].ipynb", "for review", reason)
    _, lines = shown(course, grading(graded(ODD, reason=reason), stray), capsys)
    assert lines[2:4] == [f"! {ODD}/{NAME}: {reason}", f"! submitted/[/].ipynb: {reason}"]


def test_a_long_list_of_findings_is_cut_but_counted(course, capsys):
    entries = [Entry(f"s{n}", NAME, "for review", "Empty.") for n in range(summary.MOST + 12)]
    _, lines = shown(course, grading(*entries), capsys)
    assert len([line for line in lines if line.startswith("! ")]) == summary.MOST
    assert lines[-2] == "… and 12 more."
    assert lines[-1].startswith("42 in = 0 graded + 42 for review")


def test_scores_that_the_gradebook_does_not_hold_are_told(course):
    everything = {part.name: PartScore(part.points, attempted=True) for part in EXERCISE.parts}
    run = grading(graded("bob"), graded("cem"), graded("not there"), lost={"cem": everything})
    with pytest.raises(AutograderError, match="what was found for cem/sampling and not there/samp"):
        summary.show(Course(course.folder), run)


def test_that_nothing_was_contained_is_told(course, capsys):
    run = grading(graded("bob"), containment=Containment.NONE)
    _, lines = shown(course, run, capsys)
    assert "Student code ran uncontained" in lines[-1]


def test_a_file_that_cannot_take_a_name_ends_nothing(course, monkeypatch):
    file = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr(sys, "stdout", file)
    assert (
        summary.show(Course(course.folder), grading(Entry("名", NAME, "for review", "Empty."))) == 1
    )
    file.flush()
    assert rb"! \u540d/sampling: Empty." in file.buffer.getvalue()


def test_the_progress_shows_names_letter_by_letter(monkeypatch):
    screen = io.StringIO()
    console = Console(file=screen, force_terminal=True, width=120, color_system=None)
    monkeypatch.setattr(printing, "console", lambda: console)
    run = grading()
    with summary.progress(run, 2):
        run.advanced(f"{ODD}: {NAME}")
        run.advanced("[/]: sampling")
    assert "[/]: sampling" in screen.getvalue()
    assert "2/2" in screen.getvalue()
