"""``autograder report``: one page on a class that is true, complete and harmless to open."""

import contextlib
import itertools
import re
import tomllib
from pathlib import Path

import pytest
import small_course
from report_page import Page

import autograder
from autograder import checks
from autograder.__main__ import main
from autograder.commands import report
from autograder.gradebook.course import Course
from autograder.gradebook.journal import Journal

pytestmark = pytest.mark.filterwarnings("ignore:Object of type <Submitted")  # of nbgrader's code
SAMPLING = "sampling"
EVIL = "<script>alert(1)</script>"


@pytest.fixture
def course(tmp_path):
    with small_course.SmallCourse(tmp_path / "course") as made:
        yield made


def page_of(course):
    assert main(["report", str(course.folder)]) == 0
    return Page((course.folder / "report.html").read_text(encoding="utf-8"))


def summary(page):
    """Return the rows of the summary by their names, for the first assignment."""
    header, *rows = page.table("Submissions by state")
    assert [name.replace(" ", "") for name in header[1:]] == list(checks.NAMES)
    return {row[0]: row[1 + checks.NAMES.index(SAMPLING)] for row in rows}


def test_the_command_names_its_file(course, capsys):
    assert main(["report", str(course.folder)]) == 0
    assert capsys.readouterr().out == f"{course.folder / 'report.html'}\n"


def test_the_summary_counts_every_state(course):
    course.grade("anna", SAMPLING)
    course.grade("ben", SAMPLING, lost={"mean": "Wrong."})
    course.grade("untouched", SAMPLING, lost={"mean": "Nothing there."})
    course.note("untouched", SAMPLING, "not attempted")
    course.note("broken", SAMPLING, "for review", "It is no notebook.")
    course.grade("by hand", SAMPLING)
    course.change("by hand", SAMPLING, "mean", needs_manual_grade=True)
    course.hand_in("waiting", SAMPLING)
    course.student("absent")
    page = page_of(course)
    assert summary(page) == {
        "graded": "2",
        "not attempted": "1",
        "needs manual grading": "1",
        "for review": "1",
        "not graded": "1",
        "missing": "1",
        "mean score": "9.0",
        "median score": "9",
        "highest possible": "10",
    }
    assert "6 of 7 students have handed it in." in page.said


def test_late_penalties_and_points_by_hand_are_in_the_scores(course):
    course.grade("late", SAMPLING, penalty=2)
    course.grade("by hand", SAMPLING, lost={"spread": "Wrong.", "mean": "Wrong."})
    course.change("by hand", SAMPLING, "spread", manual_score=2)
    course.change("by hand", SAMPLING, "mean", manual_score=1)
    page = page_of(course)
    assert summary(page)["mean score"] == "8.5"
    assert "8 points 1 times, 9 points 1 times, 10 points 0 times." in histogram(page)["aria-label"]
    shares = {row[0]: row[2] for row in page.table("How many of the 2")[1:]}
    part = checks.load(SAMPLING).part
    assert shares[part("spread").title] == "2 (100 %)"
    assert shares[part("mean").title] == "1 (50 %)"


def histogram(page):
    (found,) = [svg for svg in page.all("svg") if svg.get("role") == "img"]
    return found


def test_the_histogram_has_a_bar_for_each_score_that_occurs(course):
    for student, lost in {"a": [], "b": [], "c": ["mean"], "d": ["shapes"]}.items():
        course.grade(student, SAMPLING, lost=dict.fromkeys(lost, "Wrong."))
    page = page_of(course)
    counts = re.findall(r"(\d+) points (\d+) times", histogram(page)["aria-label"])
    assert [int(label) for label, _ in counts] == list(range(11))
    assert {int(label): int(count) for label, count in counts if count != "0"} == {
        8: 1,
        9: 1,
        10: 2,
    }
    rectangles = [rect for rect in page.all("rect") if "class" not in rect]
    assert [float(rect["height"]) for rect in rectangles] == [70, 70, 140]


@pytest.mark.parametrize(
    ("scores", "most", "bars"),
    [
        ([0, 0.5, 2, 3], 2, {"0": 2, "1": 0, "2": 2}),
        ([99, 100, 101, 9.9], 100, {"0": 1, "90": 1, "100": 2}),
        ([], 3, {"0": 0, "1": 0, "2": 0, "3": 0}),
        ([0, 1], 0, {"0": 2}),
    ],
)
def test_a_bar_holds_the_scores_from_its_number_up_to_the_next(scores, most, bars):
    found = {bar.label: bar.count for bar in report.histogram(scores, most)}
    assert {label: count for label, count in found.items() if label in bars} == bars
    assert sum(found.values()) == len(scores)


def test_messages_are_grouped_by_their_cause(course):
    for student, value in {"a": "2.5", "b": "−3e−05", "c": "0.1"}.items():
        told = f"At (3, {value}) it is {value}, expected 1: forgot exp. See `x = {student}`."
        course.grade(student, SAMPLING, lost={"spread": told, "mean": told})
    course.grade("d", SAMPLING, lost={"spread": "At (3, 4) it is 2, expected 1: forgot mean."})
    header, first, second = page_of(course).table("What most students were told")
    assert header == ["Students", "Message"]
    part = checks.load(SAMPLING).part
    assert first[0] == "3"
    assert "forgot exp. See" in first[1]
    assert f"{part('mean').title}: 3; {part('spread').title}: 3" in first[1]
    assert first[1].endswith("a b c")
    assert second[0] == "1"
    assert "forgot mean." in second[1]


def test_only_the_most_frequent_messages_are_shown(course):
    for number in range(report.MOST_MESSAGES + 3):
        told = f"It is {'x' * number} wrong."
        course.grade(f"s{number}", SAMPLING, lost={"mean": told})
    page = page_of(course)
    assert len(page.table("What most students were told")) == 1 + report.MOST_MESSAGES
    assert "… and 3 rarer ones" in page.said


def test_what_needs_a_look_stands_there_with_what_to_do(course):
    course.note("broken", SAMPLING, "for review", "It is no notebook.")
    course.grade("by hand", SAMPLING)
    course.change("by hand", SAMPLING, "mean", needs_manual_grade=True)
    course.grade("slow", SAMPLING)
    course.note("slow", SAMPLING, "graded", "Cell 3 took longer than 60 s.")
    course.hand_in("waiting", SAMPLING)
    page = page_of(course)
    broken, by_hand, slow = page.table("To grade again")[1:]
    assert broken[0] == "broken for review"
    assert broken[1].startswith(
        "It is no notebook. Correct submitted/ broken /sampling/ or ask for"
    )
    assert by_hand[0] == "by hand needs manual grading"
    assert "Give the points in formgrader" in by_hand[1]
    assert slow[0] == "slow graded"
    assert slow[1].startswith("Cell 3 took longer than 60 s. The score stands.")
    assert "1 not graded yet: run autograder grade DIR --assignment sampling . Whose waiting" in (
        page.said
    )


def test_what_belongs_to_no_assignment_is_listed(course):
    course.note("", "lost.ipynb", "for review", "It lies in `submitted/` itself.")
    course.note("anna", "smapling", "for review", "There is no assignment 'smapling'.")
    found = page_of(course).table("Handed in, but not where")[1:]
    assert found == [
        ["lost.ipynb", "It lies in `submitted/` itself."],
        ["anna/smapling", "There is no assignment 'smapling'."],
    ]


def test_the_times_of_the_journal_are_summed_up(course):
    with contextlib.closing(Journal(Course(course.folder))) as journal:
        for number in range(21):
            journal.finish(f"key{number}", {}, float(number))
    for number in range(21):
        course.note(f"s{number:02}", SAMPLING, "graded", key=f"key{number}")
    page = page_of(course)
    assert "Half of the 21 timed submissions ran no longer than 10 s" in page.said
    assert "95 of 100 no longer than 19 s, the longest 20 s." in page.said
    assert summary(page)["median time"] == "10 s"


def test_scores_of_runs_without_containment_are_counted_in_red(course):
    with contextlib.closing(Journal(Course(course.folder))) as journal:
        journal.finish("key", {"containment": "none"}, 1.0)
    for student, key in {"anna": "", "ben": "key", "chris": "key"}.items():
        course.grade(student, SAMPLING)
        course.note(student, SAMPLING, "graded", key=key)
    course.note("broken", SAMPLING, "for review", key="key")
    assert "2 scores come from runs without containment" in (page := page_of(course)).said
    assert {"class": "danger"} in page.all("p")


def test_of_contained_runs_nothing_is_said(course):
    course.grade("anna", SAMPLING)
    assert {"class": "danger"} not in page_of(course).all("p")


def test_hostile_texts_are_only_text(course):
    names = [f'{EVIL}"', "<img src=x onerror=alert(1)>", "=1+1", "a\u202eb\x1b[31m", "李小龍"]
    for own in names:
        told = (
            f"Line 3 of your answer, `{EVIL}`, raised E{own}: </td></table>{EVIL} & {{{{ 7 * 7 }}}}"
        )
        course.grade(own, SAMPLING, lost={"mean": told})
        course.note(own, SAMPLING, "graded", EVIL)
    course.note(EVIL, f"{EVIL}.ipynb", "for review", EVIL)
    page = page_of(course)
    tags = {tag for tag, _ in page.elements}
    assert not tags & {"script", "img", "link", "iframe", "object", "base", "form"}
    assert not [name for _, own in page.elements for name in own if name.startswith("on")]
    assert EVIL in page.said
    assert "{{ 7 * 7 }}" in page.said
    assert "李小龍" in page.said
    assert not re.search("[\u202e\x1b]", page.text)


def test_the_page_asks_no_host_for_anything(course):
    course.grade("anna", SAMPLING, lost={"mean": "See https://example.org/x.js and url(x)."})
    page = page_of(course)
    (policy,) = [each for each in page.all("meta") if "http-equiv" in each]
    assert policy["content"] == "default-src 'none'; style-src 'unsafe-inline'"
    addresses = [own[name] for _, own in page.elements for name in ("src", "href") if name in own]
    assert addresses == [f"#a{number}" for number, _ in enumerate(checks.NAMES, 1)]
    style = page.text.partition("<style>")[2].partition("</style>")[0]
    assert "prefers-color-scheme: dark" in style
    assert "url(" not in style
    assert "@import" not in style


def test_the_page_can_be_read_without_eyes(course):
    course.grade("anna", SAMPLING, lost={"mean": "Wrong."})
    course.note("broken", SAMPLING, "for review", "It is no notebook.")
    page = page_of(course)
    assert page.all("html") == [{"lang": "en"}]
    assert len(page.all("h1")) == len(page.all("main")) == 1
    assert all(own["scope"] in ("col", "row") for own in page.all("th"))
    assert len(page.all("caption")) == len(page.all("table")) == 4
    for svg in page.all("svg"):
        assert svg.get("aria-hidden") == "true" or svg["aria-label"]
    ids = [own["id"] for _, own in page.elements if "id" in own]
    assert len(ids) == len(set(ids))
    named = [own["aria-labelledby"] for _, own in page.elements if "aria-labelledby" in own]
    assert set(named) <= set(ids)
    levels = [int(tag[1]) for tag, _ in page.elements if tag in ("h1", "h2", "h3")]
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels))


def test_a_course_without_students_has_a_page(course):
    page = page_of(course)
    assert "Nobody has handed in anything yet" in page.said
    assert "0 of 0 students have handed it in." in page.said
    assert summary(page)["mean score"] == "–"


def test_a_gradebook_without_our_assignments_has_a_page(tmp_path, monkeypatch):
    with small_course.SmallCourse(tmp_path) as course:
        for name in checks.NAMES:
            course.book.remove_assignment(name)
        assert "knows none of the assignments" in page_of(course).said


@pytest.mark.parametrize(
    "content", [b"{", b"[]", b'{"cells": [{}]}', b"\xff", b"[" * 100_000, None]
)
def test_a_notebook_that_cannot_be_read_costs_its_messages_only(course, content):
    course.grade("anna", SAMPLING, lost={"mean": "Wrong."})
    file = notebook_of(course, "anna")
    file.unlink()
    if content is not None:
        file.write_bytes(content)
    page = page_of(course)
    assert summary(page)["mean score"] == "8.0"
    assert "1 graded notebook in autograded/ cannot be read" in page.said


def notebook_of(course, student):
    return course.folder / "autograded" / student / SAMPLING / f"{SAMPLING}.ipynb"


def test_a_page_that_cannot_be_written_leaves_the_old_one_alone(course, capsys):
    page_of(course)
    before = (course.folder / "report.html").read_bytes()
    (course.folder / "report.html.part").mkdir()
    course.grade("anna", SAMPLING)
    assert main(["report", str(course.folder)]) == 2
    assert "report.html cannot be written: Is a directory." in capsys.readouterr().err
    assert (course.folder / "report.html").read_bytes() == before


def test_the_template_is_part_of_the_package(project):
    settings = tomllib.loads((project / "pyproject.toml").read_text(encoding="utf-8"))
    patterns = settings["tool"]["setuptools"]["package-data"]["autograder.commands.report"]
    folder = Path(autograder.__file__).parent / "commands" / "report"
    found = {file for pattern in patterns for file in folder.glob(pattern)}
    assert folder / "report.html.j2" in found
