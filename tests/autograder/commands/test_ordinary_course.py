"""Any nbgrader assignment gets the scores that nbgrader itself gives, cell by cell."""

import csv
import os
import shutil
import subprocess
import sys
from pathlib import Path

import kept_results
import nbformat
import ordinary_course
import pytest
from ordinary_course import BOOKS, CLASS, DATA

from autograder.__main__ import main
from autograder.execution.processes import code
from autograder.gradebook.course import Course
from autograder.gradebook.journal import read_entries

pytestmark = [
    pytest.mark.slow,
    pytest.mark.kept("autograder", "solutions", "book/latents", "_config.yml"),
]
RELEASE = ("--assignment", "ps1", "--assignment", "ps2")
# The process ends in the middle, and stock nbgrader scores no test of the whole notebook. Here
# those count that had run; hidden tests, which come last, had not.
CRASHED = {"test_load": 2, "test_mean": 2, "test_plot": 1}
CRASHED |= dict.fromkeys(("test_mean_hidden", "test_names", "test_draw"), 0)


@pytest.fixture(scope="module")
def handed_in(tmp_path_factory) -> Path:
    """Return a course in which the class has handed in and nothing is graded."""
    folder = ordinary_course.make(tmp_path_factory.mktemp("ordinary") / "course")
    assert main(["release", str(folder), *RELEASE]) == 0
    for student, changes in CLASS.items():
        ordinary_course.hand_in(folder, student, changes)
    return folder


@pytest.fixture(scope="module")
def stock(handed_in, tmp_path_factory) -> dict:
    """Return the scores of stock nbgrader."""

    def made() -> dict:
        folder = Path(shutil.copytree(handed_in, tmp_path_factory.mktemp("stock") / "course"))
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        for name in BOOKS:
            command = ["nbgrader", "autograde", name]
            environment = os.environ | {"PATH": path}
            subprocess.run(command, cwd=folder, env=environment, capture_output=True)
        return ordinary_course.scores(folder)

    kept = kept_results.folder("stock-ordinary", code.environment())
    folders = [handed_in / name for name in ("source", "submitted")]
    return kept_results.kept_or_made(kept, kept_results.content(folders), made)


@pytest.fixture(scope="module")
def graded(handed_in, tmp_path_factory) -> Path:
    """Return the same course when it is graded here."""
    folder = Path(shutil.copytree(handed_in, tmp_path_factory.mktemp("ours") / "course"))
    assert main(["grade", str(folder), "--timeout", "10"]) == 0
    return folder


def test_every_cell_of_every_student_gets_the_same_score(stock, graded):
    ours = ordinary_course.scores(graded)
    assert len(ours) == len(CLASS) * 11  # cells with points
    crashed = {key for key in ours if key[0] == "crash" and key[3] in CRASHED}
    assert {key: ours[key] for key in ours if key not in crashed} == {
        key: stock[key] for key in stock if key not in crashed
    }
    assert {key[3]: ours[key] for key in crashed} == {
        cell: (points, False) for cell, points in CRASHED.items()
    }
    assert {stock[key] for key in crashed} == {(None, True)}


def test_the_scores_are_not_all_alike(graded):
    ours = ordinary_course.scores(graded)
    tests = {own[1:] for own in ours if own[3].startswith("test")}
    for own in tests:
        assert len({ours[student, *own][0] for student in CLASS}) > 1, own
    assert 0 < ours["partly", "ps1", "ps1", "test_names"][0] < 2
    assert ours["only visible", "ps1", "ps1", "test_mean_hidden"][0] == 0
    assert ours["late change", "ps1", "ps1", "test_draw"][0] == 1  # what came later is undone


def rows(folder: Path) -> dict[tuple[str, str], dict]:
    assert main(["export", str(folder)]) == 0
    with (folder / "grades.csv").open(encoding="utf-8", newline="") as text:
        return {(row["student"], row["assignment"]): row for row in csv.DictReader(text)}


def test_what_a_person_must_score_is_not_shown_as_complete(graded):
    found = rows(graded)
    row = found["right", "ps1"]
    assert (row["status"], row["score"], row["why"]) == ("needs manual grading", "", "")
    assert (row["test_mean"], found["right", "ps2"]["score"]) == ("2", "4")
    assert found["untouched", "ps2"]["status"] == "not attempted"
    assert found["right", "ps2"]["first.test_1"] == "2"
    assert main(["report", str(graded)]) == 0
    assert "needs manual grading" in (graded / "report.html").read_text(encoding="utf-8")


def test_hidden_lines_are_in_no_page_of_feedback(graded):
    pages = [*(graded / "feedback").rglob("*.html")]
    assert len(pages) == 3 * len(CLASS)
    text = "".join(page.read_text(encoding="utf-8") for page in pages)
    assert "Look again." in text  # the message of a hidden test is for students
    assert "HIDDEN" not in text
    assert "[1, 2, 3, 6]" not in text


def test_nothing_is_run_twice_and_a_lost_notebook_is_told(graded, tmp_path, capsys):
    folder = Path(shutil.copytree(graded, tmp_path / "course"))
    capsys.readouterr()
    assert main(["grade", str(folder), "--timeout", "10"]) == 0
    assert "(0 notebooks were run)" in capsys.readouterr().out
    (folder / "submitted" / "right" / "ps2" / "second.ipynb").unlink()
    assert main(["grade", str(folder), "--timeout", "10", "--student", "right"]) == 0
    assert "second.ipynb is missing, so the released one" in capsys.readouterr().out
    assert rows(folder)["right", "ps2"]["score"] == "2"


def test_files_beside_a_notebook_are_there_for_whoever_scores_by_hand(course):
    place = course / "submitted" / "right" / "ps1"
    (place / "data.csv").unlink(missing_ok=True)
    for name in ("plot.png", "more/notes.txt", "data.csv/hidden.txt"):
        (place / name).parent.mkdir(exist_ok=True)
        (place / name).write_bytes(b"theirs")
    assert main(["grade", str(course), "--assignment", "ps1"]) == 0
    made = course / "autograded" / "right" / "ps1"
    assert (made / "plot.png").read_bytes() == (made / "more/notes.txt").read_bytes() == b"theirs"
    assert (made / "data.csv").read_text() == DATA  # the source's, whatever has its name


# Sources


def change_source(folder: Path, assignment: str, name: str, cell: str, source: str) -> None:
    file = folder / "source" / assignment / f"{name}.ipynb"
    made = nbformat.read(file, as_version=4)
    (found,) = [c for c in made.cells if c.metadata.get("nbgrader", {}).get("grade_id") == cell]
    found.source = source
    nbformat.write(made, file)


@pytest.fixture
def course(handed_in, tmp_path) -> Path:
    """Return a course of one student, who is right."""
    folder = Path(shutil.copytree(handed_in, tmp_path / "course"))
    for student in CLASS.keys() - {"right"}:
        shutil.rmtree(folder / "submitted" / student)
    return folder


def reasons(folder: Path) -> dict[str, str]:
    return {each.assignment: each.reason for each in read_entries(Course(folder))}


def test_a_solution_that_loses_points_stops_its_own_assignment_only(course):
    change_source(course, "ps2", "second", "cube", "def cube(x):\n    return missing")
    assert main(["grade", str(course)]) == 1
    told = reasons(course)
    assert told["ps1"] == ""
    assert "source/ps2/second.ipynb gets 0 of 1 points in the cell `test_1`" in told["ps2"]
    assert "raised NameError: name 'missing' is not defined" in told["ps2"]
    assert rows(course)["right", "ps1"]["status"] == "needs manual grading"


def test_a_test_that_was_changed_after_the_release_is_told(course):
    change_source(course, "ps2", "first", "test_1", "assert square(3) == 9")
    assert main(["grade", str(course), "--assignment", "ps2"]) == 1
    assert (
        "The cell `test_1` of source/ps2/first is not as it was released" in reasons(course)["ps2"]
    )
    assert main(["release", str(course), "--assignment", "ps2"]) == 0
    assert main(["grade", str(course), "--assignment", "ps2"]) == 0


def test_an_assignment_that_the_gradebook_does_not_know_is_told(course):
    shutil.copytree(course / "source" / "ps2", course / "source" / "ps3")
    shutil.copytree(course / "submitted" / "right" / "ps2", course / "submitted" / "right" / "ps3")
    assert main(["grade", str(course), "--assignment", "ps3"]) == 1
    assert "does not know ps3" in reasons(course)["ps3"]
    assert "nbgrader generate_assignment" in reasons(course)["ps3"]


def test_releasing_leaves_sources_alone_and_names_the_one_that_nbgrader_refuses(course, capsys):
    change_source(course, "ps1", "ps1", "mean", "### BEGIN SOLUTION")  # without an end
    files = {file: file.read_bytes() for file in (course / "source").rglob("*") if file.is_file()}
    capsys.readouterr()
    assert main(["release", str(course)]) == 2
    told = capsys.readouterr().err
    assert "nbgrader could not release ps1: " in told
    assert "no end solution statement found" in told
    assert (course / "release" / "ps2" / "first.ipynb").is_file()
    assert (course / "release" / "sampling" / "sampling.ipynb").is_file()
    assert all(file.read_bytes() == content for file, content in files.items())


# Libraries


def configure(folder: Path, line: str) -> None:
    file = folder / "nbgrader_config.py"
    file.write_text(f"{ordinary_course.SETTINGS}{line}\n", encoding="utf-8")


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ("['nump-y']", "must be a list of module names"),
        ("'numpy'", "must be a list of module names"),
        ("['no_such_module']", "no_such_module cannot be imported (ModuleNotFoundError"),
    ],
)
def test_libraries_that_cannot_be_had_end_the_run_in_a_sentence(course, capsys, value, told):
    configure(course, f"c.Autograder.libraries = {value}")
    capsys.readouterr()
    assert main(["grade", str(course)]) == 2
    said = capsys.readouterr().err
    assert told in said
    assert len(said.splitlines()) == 1


LOOK = "import sys\nassert 'tensorflow' not in sys.modules and 'sqlite3' in sys.modules\n"


def test_a_course_without_our_exercises_imports_its_libraries_and_no_tensorflow(course):
    configure(course, "c.Autograder.libraries = ['numpy', 'sqlite3']")
    ordinary_course.hand_in(course, "looks", CLASS["right"] | {"square": f"{LOOK}square = pow"})
    changes = CLASS["right"] | {"square": f"{LOOK}{CLASS['right']['square']}"}
    ordinary_course.hand_in(course, "sees", changes)
    command = [sys.executable, "-m", "autograder", "grade", str(course), "--assignment", "ps2"]
    subprocess.run(command, check=True, capture_output=True)  # a process of its own warms up
    found = ordinary_course.scores(course)
    assert found["sees", "ps2", "first", "test_1"] == (2.0, False)
    assert found["looks", "ps2", "first", "test_1"] == (0.0, False)
