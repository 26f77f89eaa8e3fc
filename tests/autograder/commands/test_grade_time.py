"""When something was handed in: nbgrader's late penalties are taken, and a time can change."""

from pathlib import Path

import pytest
from made_up import MOST, NAME, OUTCOME, RIGHT, book, grade, outcome, settings

PLUGIN = """\
from nbgrader.plugins import LateSubmissionPlugin


class OnePointADay(LateSubmissionPlugin):
    def late_submission_penalty(self, student_id, score, total_seconds_late):
        return total_seconds_late / 86400
"""

DUE = "2026-11-01 12:00:00 UTC"
LATE = ("graded", 0)


def due(course: Path, when: str) -> None:
    """Set the due date of the assignment, as `nbgrader db assignment add` does."""
    with book(course) as opened:
        opened.update_or_create_assignment(NAME, duedate=when)


def stamp_of(course: Path, student: str) -> Path:
    return course / "submitted" / student / NAME / "timestamp.txt"


@pytest.fixture
def late(graded):
    """Return a graded course in which one of three was late and has lost all points for it."""
    due(graded, DUE)
    settings(graded, "c.LateSubmissionPlugin.penalty_method = 'zero'")
    stamp_of(graded, "ann").write_text("2026-11-03 12:00:00 UTC\n")
    assert grade(graded) == 0
    assert outcome(graded) == OUTCOME | {"ann": LATE}
    return graded


def more_time_for_all(course: Path) -> None:
    due(course, "2026-12-01 12:00:00 UTC")


def more_time_for_one(course: Path) -> None:
    with book(course) as opened:
        opened.grant_extension(NAME, "ann", days=3)


def no_stamp(course: Path) -> None:
    stamp_of(course, "ann").unlink()


def a_stamp_without_a_time(course: Path) -> None:
    stamp_of(course, "ann").write_text("03.11.2026, 12 Uhr")


def no_penalties(course: Path) -> None:
    settings(course, "c.LateSubmissionPlugin.penalty_method = 'none'")


FORGIVEN = [more_time_for_all, more_time_for_one, no_stamp, a_stamp_without_a_time, no_penalties]


@pytest.mark.parametrize("options", [(), ("--force",)], ids=["plain", "force"])
@pytest.mark.parametrize("forgive", FORGIVEN)
def test_a_penalty_that_is_not_due_any_more_is_given_back(late, forgive, options):
    forgive(late)
    assert grade(late, *options) == 0
    assert outcome(late) == OUTCOME
    page = (late / "feedback" / "ann" / NAME / f"{NAME}.html").read_text(encoding="utf-8")
    assert f"Score: {float(MOST)} / {float(MOST)}" in page


def test_a_penalty_that_an_older_version_left_is_given_back(late, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr("autograder.gradebook.recorder.Recorder.terms", lambda *_: "")
        assert grade(late) == 0  # recorded without a word on what the penalty depends on
    more_time_for_all(late)
    assert grade(late) == 0
    assert outcome(late) == OUTCOME


def test_what_was_on_time_is_late_when_the_due_date_is_put_forward(late):
    stamp_of(late, "cem").write_text("2026-10-31 12:00:00 UTC\n")
    assert grade(late) == 0
    assert outcome(late)["cem"] == RIGHT
    due(late, "2026-10-30 12:00:00 UTC")
    assert grade(late) == 0
    assert outcome(late) == OUTCOME | {"ann": LATE, "cem": LATE}


def test_a_due_date_that_makes_nobody_late_records_nothing_anew(late, monkeypatch):
    stamp_of(late, "cem").write_text("2026-10-01 12:00:00 UTC\n")
    assert grade(late) == 0
    recorded = []
    monkeypatch.setattr(
        "autograder.gradebook.recorder.Recorder.record",
        lambda self, student, *_: recorded.append(student),
    )
    assert grade(late) == 0
    assert recorded == []
    due(late, "2026-11-01 13:00:00 UTC")
    assert grade(late) == 0
    assert recorded == ["ann"]  # who is one hour less late, for which a plugin may take less


def test_a_stamp_that_holds_no_time_is_told_as_long_as_it_lies_there(graded, capsys):
    a_stamp_without_a_time(graded)
    assert grade(graded) == 0
    assert f"ann/{NAME}: timestamp.txt contains no time" in capsys.readouterr().out
    no_stamp(graded)
    assert grade(graded) == 0
    assert "contains no time" not in capsys.readouterr().out


RATE = """\
from nbgrader.plugins import LateSubmissionPlugin


class Rate(LateSubmissionPlugin):
    def late_submission_penalty(self, student_id, score, total_seconds_late):
        return {points}


c.AssignLatePenalties.plugin_class = Rate
"""


def test_a_plugin_in_the_settings_that_changes_is_noticed(graded):
    due(graded, DUE)
    stamp_of(graded, "ann").write_text("2026-11-03 12:00:00 UTC\n")
    for points in (1, 2, 2):
        settings(graded, RATE.format(points=points))
        assert grade(graded) == 0
        assert outcome(graded)["ann"] == ("graded", MOST - points)


def test_a_late_penalty_of_a_plugin_is_taken_and_kept(course, tmp_path, monkeypatch):
    (tmp_path / "penalties_of_a_test.py").write_text(PLUGIN)
    monkeypatch.syspath_prepend(tmp_path)
    settings(course, "c.AssignLatePenalties.plugin_class = 'penalties_of_a_test.OnePointADay'")
    with book(course) as opened:
        opened.update_or_create_assignment(NAME, duedate="2026-11-01 12:00:00 UTC")
    for student in ("ann", "bob"):
        stamp = course / "submitted" / student / NAME / "timestamp.txt"
        stamp.write_text("2026-11-03 12:00:00 UTC\n")
    wanted = OUTCOME | {"ann": ("graded", MOST - 2)}  # what is not there cannot be taken from bob
    assert grade(course) == 0
    assert outcome(course) == wanted
    assert grade(course, "--force") == 0
    assert outcome(course) == wanted
    page = course / "feedback" / "ann" / NAME / f"{NAME}.html"
    assert f"{MOST - 2}" in page.read_text(encoding="utf-8")


def test_a_time_that_changes_alone_is_recorded(graded):
    with book(graded) as opened:
        opened.update_or_create_assignment(NAME, duedate="2026-11-01 12:00:00 UTC")
    settings(graded, "c.LateSubmissionPlugin.penalty_method = 'zero'")
    stamp = graded / "submitted" / "ann" / NAME / "timestamp.txt"
    for time, score in (("02", 0), ("01", MOST), ("03", 0)):
        stamp.write_text(f"2026-11-{time} 12:00:00 UTC\n")
        assert grade(graded) == 0
        assert outcome(graded)["ann"] == ("graded", score)


def test_a_time_that_is_none_is_told_and_costs_nothing(course, capsys):
    (course / "submitted" / "ann" / NAME / "timestamp.txt").write_text("yesterday")
    assert grade(course) == 0
    assert outcome(course)["ann"] == RIGHT
    assert f"ann/{NAME}: timestamp.txt contains no time" in capsys.readouterr().out
