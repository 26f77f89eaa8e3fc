"""Ctrl-C, or the signal of a system that shuts down, ends a command soon and loses nothing."""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import ordinary_course
import psutil
import pytest
import submissions

from autograder.__main__ import main
from autograder.checks import solutions
from autograder.execution import job as jobs
from autograder.execution.processes import start
from autograder.gradebook.course import Course
from autograder.gradebook.journal import read_entries

NAME = "latent_loss"
SOON = 4  # seconds; on a quiet machine it takes less than two, and other tests run beside these
LOOP = """
import subprocess, time
subprocess.Popen(["sleep", "1000"])
while True:
    try:
        time.sleep(1000)
    except BaseException:
        pass
"""
COMMAND = "autograder.__main__"
ORDINARY = "ps2"  # of an ordinary course, in which no TensorFlow is imported
# Signals, whether the whole group gets them, as from a terminal, and the exit code.
WAYS = {
    "Ctrl-C": ([signal.SIGINT], True, 130),
    "Ctrl-C twice": ([signal.SIGINT] * 2, True, 130),
    "kill": ([signal.SIGTERM], False, 143),
    "kill twice": ([signal.SIGTERM] * 2, False, 143),
}
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def released(tmp_path_factory):
    folder = tmp_path_factory.mktemp("released")
    assert main(["release", str(folder), "--assignment", NAME]) == 0
    return folder


@pytest.fixture
def course(released, tmp_path):
    """Return a course with one notebook that ends and two that never do."""
    folder = Path(shutil.copytree(released, tmp_path / "course"))
    right = solutions.source(NAME)
    submissions.hand_in(folder, "ann", NAME, right)
    for student in ("bob", "cem"):
        submissions.hand_in(folder, student, NAME, f"{LOOP}# {student}")
    return folder


@pytest.fixture(scope="module")
def released_ordinary(tmp_path_factory):
    settings = f"{ordinary_course.SETTINGS}c.Autograder.libraries = []\n"
    folder = ordinary_course.make(tmp_path_factory.mktemp("ordinary") / "course", settings)
    chosen = [f"--assignment={name}" for name in ordinary_course.BOOKS]
    assert main(["release", str(folder), *chosen]) == 0
    return folder


@pytest.fixture
def ordinary(released_ordinary, tmp_path):
    """Return a course without our exercises, in which two of three have an endless notebook."""
    folder = Path(shutil.copytree(released_ordinary, tmp_path / "ordinary"))
    ordinary_course.hand_in(folder, "ann", ordinary_course.RIGHT)
    for student in ("bob", "cem"):
        endless = {"square": f"{LOOP}# {student}"}
        ordinary_course.hand_in(folder, student, ordinary_course.RIGHT | endless)
    return folder


@contextlib.contextmanager
def started(*arguments: str):
    """Start a command in a group of its own; end what is left of it."""
    with subprocess.Popen(
        [sys.executable, "-m", COMMAND, *arguments],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def family(process: subprocess.Popen) -> list[psutil.Process]:
    """Return all processes that a command has started, theirs included."""
    return psutil.Process(process.pid).children(recursive=True)


def wait_for(condition, seconds: float = 120) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)


def sleepers(process: subprocess.Popen) -> list[psutil.Process]:
    """Return what the endless notebooks have started."""
    found = []
    for each in family(process):
        with contextlib.suppress(psutil.Error):
            found += [each] if each.name() == "sleep" else []
    return found


def stop(process: subprocess.Popen, way: str) -> str:
    """Send signals to a command; return what it prints, and require a quick and complete end."""
    numbers, whole_group, code = WAYS[way]
    others = family(process)
    begin = time.monotonic()
    for number in numbers:
        (os.killpg if whole_group else os.kill)(process.pid, number)
        time.sleep(0.1)
    _, printed = process.communicate(timeout=60)
    assert time.monotonic() - begin < SOON
    # Python lets go of signals shortly before it ends, so that a second one may still kill it.
    assert process.returncode in (code, 128 - code)
    _, left = psutil.wait_procs(others, timeout=SOON)
    assert not [each for each in left if each.status() != psutil.STATUS_ZOMBIE]
    return printed


@pytest.mark.parametrize(
    ("way", "kind"),
    [
        ("Ctrl-C", "ordinary"),
        ("Ctrl-C twice", "course"),
        ("kill", "ordinary"),
        ("kill twice", "ordinary"),
    ],
)
def test_grading_stops_and_goes_on_where_it_was(way, kind, request, monkeypatch, capsys):
    course = request.getfixturevalue(kind)
    options = ["--assignment", ORDINARY] if kind == "ordinary" else []
    with started("grade", str(course), "--jobs", "2", *options) as process:
        # The first has ended, and is recorded while the others run.
        wait_for(lambda: len(sleepers(process)) == 2)
        wait_for(lambda: "ann" in [e.student for e in recall_or_nothing(course) if e.recorded])
        printed = stop(process, way)
    assert printed.strip().endswith("autograder grade: stopped.")
    assert "Traceback" not in printed
    assert [each.student for each in read_entries(Course(course)) if each.recorded] == ["ann"]
    hand_in_as_ann(course, kind)
    # All are known from ann.
    monkeypatch.setattr(start, "context", lambda: None)
    monkeypatch.setattr(jobs, "execute", lambda *_: pytest.fail("executed again"))
    capsys.readouterr()
    assert main(["grade", str(course), *options]) == 0
    assert "(0 notebooks were run)" in capsys.readouterr().out
    assert [each.status for each in read_entries(Course(course))] == ["graded"] * 3


def hand_in_as_ann(course: Path, kind: str) -> None:
    """Let the two whose notebooks do not end hand in what the first has handed in."""
    for student in ("bob", "cem"):
        if kind == "ordinary":
            shutil.rmtree(course / "submitted" / student)
            ordinary_course.hand_in(course, student, ordinary_course.RIGHT)
        else:
            submissions.hand_in(course, student, NAME, solutions.source(NAME))


def recall_or_nothing(course: Path) -> list:
    file = course / ".autograder"
    return read_entries(Course(course)) if file.is_dir() and any(file.glob("journal*")) else []


@pytest.mark.parametrize("way", ["Ctrl-C", "kill twice"])
def test_a_check_of_a_notebook_stops(tmp_path, way):
    file = submissions.hand_in(tmp_path, "ann", NAME, LOOP)
    with started("check", str(file)) as process:
        wait_for(lambda: sleepers(process))
        assert "stopped" in stop(process, way)


@pytest.mark.parametrize(("command", "way"), [("check", "Ctrl-C twice"), ("selftest", "kill")])
def test_a_command_stops_while_libraries_are_imported(tmp_path, command, way):
    file = submissions.hand_in(tmp_path, "ann", NAME, solutions.source(NAME))
    arguments = ["check", str(file)] if command == "check" else ["selftest", "--jobs", "2"]
    with started(*arguments) as process:
        wait_for(lambda: family(process))
        time.sleep(1)
        printed = stop(process, way)
    assert printed.strip() == f"autograder {command}: stopped."


def test_a_selftest_stops_while_it_grades():
    with started("selftest", "--jobs", "2", "--exercise", NAME) as process:
        wait_for(lambda: len(family(process)) > 4)
        stop(process, "Ctrl-C twice")


def test_nothing_outlives_a_command_that_is_killed(course):
    with started("grade", str(course), "--jobs", "2") as process:
        wait_for(lambda: len(sleepers(process)) == 2)
        others = family(process)
        process.kill()
        _, left = psutil.wait_procs(others, timeout=10)
    assert not left
