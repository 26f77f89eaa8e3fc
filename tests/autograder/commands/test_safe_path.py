"""What lies in the folder where a command is started is not run."""

import os
import subprocess
import sys
from pathlib import Path

import made_up
import pytest
import submissions

from autograder import sandbox
from autograder.checks import solutions
from autograder.safe_path import without_working_folder
from autograder.sandbox import namespaces

pytestmark = pytest.mark.kept("autograder", "solutions", "book/latents", "_config.yml")

MODULES = (
    *("tqdm", "rich", "nbformat", "jupytext", "sitecustomize", "usercustomize", "nbgrader"),
    *("argparse", "pathlib", "json", "random", "signal", "multiprocessing", "numpy", "keras"),
)
PROGRAM = [str(Path(sys.executable).with_name("autograder"))]
MODULE = [sys.executable, "-m", "autograder"]


@pytest.fixture
def hostile(tmp_path):
    """Return a folder full of modules that write their names into it when they are run."""
    folder = tmp_path / "submission"
    folder.mkdir()
    for name in MODULES:
        text = f"open({str(tmp_path / 'ran')!r}, 'a').write({name!r} + '\\n')\nraise ImportError"
        (folder / f"{name}.py").write_text(text)
    yield folder
    ran = tmp_path / "ran"
    assert not ran.exists(), ran.read_text()


def run(folder: Path, command: list[str], *arguments) -> str:
    done = subprocess.run(
        [*command, *map(str, arguments)],
        cwd=folder,
        env={key: value for key, value in os.environ.items() if key != "PYTHONSAFEPATH"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode in (0, 1), done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    return done.stdout


@pytest.mark.parametrize("command", [PROGRAM, MODULE], ids=["program", "module"])
def test_no_command_runs_it(tmp_path, hostile, command):
    course = made_up.course_in(tmp_path, is_graded=True)
    assert "autograder" in run(hostile, command, "--help")
    assert "sampling.ipynb" in run(hostile, command, "release", course)
    assert "report.html" in run(hostile, command, "report", course)
    assert "grades.csv" in run(hostile, command, "export", course)


@pytest.mark.slow
def test_grading_and_checking_do_not_run_it(tmp_path, hostile):
    """The processes that these commands start look for modules as well.

    How a command was started matters to its own process only, which the test above is about; so
    one of the two is a program, the other a module.
    """
    course = made_up.course_in(tmp_path)
    file = submissions.hand_in(course, "ann", "sampling", solutions.source("sampling"))
    more = ["--unsafe"] if sandbox.available() is sandbox.Containment.NONE else []
    said = run(hostile, MODULE, "grade", course, "--student", "ann", *more)
    assert "1 in = 1 graded + 0 for review" in said
    assert "10 of 10 points" in run(hostile, PROGRAM, "check", file)


def test_the_trial_of_the_containment_does_not_run_it(hostile, monkeypatch):
    monkeypatch.chdir(hostile)
    monkeypatch.delenv("PYTHONSAFEPATH", raising=False)
    assert namespaces.attempt("import json, random") == ""


# Where modules are looked for


@pytest.mark.parametrize(
    ("path", "here", "kept"),
    [
        (["/work", "/lib"], "/work", ["/lib"]),  # python -m autograder
        (["", "/lib"], "/work", ["/lib"]),  # python -c
        (["/bin", "/lib"], "/work", ["/bin", "/lib"]),  # the program
        (["/bin", "", ".", "/lib"], "/work", ["/bin", "/lib"]),  # PYTHONPATH=:.
        (["/bin", "/work", "/lib"], "/work", ["/bin", "/work", "/lib"]),  # named by the user
        (["/clone", "/lib"], "/clone", ["/clone", "/lib"]),
        (["", "/lib"], "/clone", ["/clone", "/lib"]),
        (["/bin", "__editable__.finder", "/lib"], "/w", ["/bin", "__editable__.finder", "/lib"]),
        ([], "/work", []),
    ],
)
def test_the_working_folder_is_left_out(path, here, kept):
    assert without_working_folder(path, here, "/clone") == kept


def test_an_entry_below_the_working_folder_is_left_out(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "sub").mkdir()
    assert without_working_folder(["/bin", "sub", "/lib"], "/x", "/c") == ["/bin", "/lib"]
