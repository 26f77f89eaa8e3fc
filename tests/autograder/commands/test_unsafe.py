"""Grading where nothing can contain student code: refused, or done, said in red and recorded."""

import csv
from functools import partial

import pytest
import submissions

from autograder import sandbox
from autograder.__main__ import main
from autograder.checks import solutions
from autograder.commands import console as printing
from autograder.execution.pools import local
from autograder.sandbox import Containment

pytestmark = pytest.mark.slow
RED, YELLOW = "\x1b[1;31m", "\x1b[33m"


@pytest.fixture
def course(tmp_path, monkeypatch):
    """Make a course with one submission on a machine that can contain nothing."""
    monkeypatch.setattr(sandbox, "available", lambda: Containment.NONE)
    monkeypatch.setattr(sandbox, "reason", lambda: "This machine contains nothing.")
    folder = tmp_path / "course"
    assert main(["release", str(folder)]) == 0
    submissions.hand_in(folder, "anna", "sampling", solutions.source("sampling"))
    return folder


@pytest.fixture
def coloured(monkeypatch):
    """Let the command believe that it writes to a wide terminal with colours."""
    terminal = partial(printing.console, force_terminal=True, width=200)
    monkeypatch.setattr(printing, "console", terminal)


def test_without_unsafe_nothing_runs(course, capsys):
    assert main(["grade", str(course)]) == 2
    told = capsys.readouterr().err
    assert "This machine contains nothing. Student code would run as you" in told
    assert not (course / "autograded").exists()


def test_with_unsafe_it_is_graded_said_in_red_and_recorded(course, coloured, capsys, monkeypatch):
    monkeypatch.setattr(local.cgroup, "prepared", lambda: (None, "Others share the group."))
    assert main(["grade", str(course), "--unsafe"]) == 0
    said = capsys.readouterr().out
    begin, _, end = said.partition("1 in = 1 graded")
    assert f"{RED}Student code runs uncontained, as you" in begin
    assert f"{RED}Student code ran uncontained, as you" in end
    assert f"{YELLOW}Others share the group." in end
    assert main(["export", str(course)]) == 0
    with (course / "grades.csv").open(newline="", encoding="utf-8") as file:
        (row,) = [row for row in csv.DictReader(file) if row["assignment"] == "sampling"]
    assert (row["score"], row["status"], row["containment"]) == ("10", "graded", "none")
    assert main(["report", str(course)]) == 0
    page = (course / "report.html").read_text(encoding="utf-8")
    assert "1 score comes from a run without containment" in page
