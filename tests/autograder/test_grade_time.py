"""When something was handed in: nbgrader's late penalties are taken, and a time can change."""

from made_up import MOST, NAME, OUTCOME, RIGHT, book, grade, outcome, settings

PLUGIN = """\
from nbgrader.plugins import LateSubmissionPlugin


class OnePointADay(LateSubmissionPlugin):
    def late_submission_penalty(self, student_id, score, total_seconds_late):
        return total_seconds_late / 86400
"""


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
    assert f"ann/{NAME}: timestamp.txt holds no time" in capsys.readouterr().out
