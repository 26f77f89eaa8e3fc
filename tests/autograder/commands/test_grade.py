"""A class from its notebooks to its grades: the same scores as nbgrader gives, and no one lost."""

import csv
import json
import os
import re
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import kept_outcomes
import kept_results
import pytest
import requests
import submissions
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

from autograder import checks
from autograder.__main__ import main
from autograder.checks import solutions
from autograder.execution import job
from autograder.execution.processes import code

pytestmark = [
    pytest.mark.slow,
    pytest.mark.kept(*kept_outcomes.JUDGES, "tests/bank", "_config.yml"),
]
WRONG = {  # answers of the bank, with what they are due
    "sampling": ("variance_for_deviation", 8),
    "latent_loss": ("averaged_over_batch", 8),
    "tfp_encoder": ("recipe", 7),
}


@pytest.fixture(scope="module")
def course(tmp_path_factory, bank_folder):
    """Grade a small class with the command."""
    folder = tmp_path_factory.mktemp("course")
    submissions.release_with_seeds(folder)
    for name in checks.NAMES:
        wrong = submissions.answer_of(bank_folder, name, WRONG[name][0])
        submissions.hand_in(folder, "right", name, solutions.source(name))
        submissions.hand_in(folder, "wrong", name, wrong)
        submissions.hand_in(folder, "untouched", name)
    broken = folder / "submitted" / "broken" / "sampling" / "sampling.ipynb"
    broken.parent.mkdir(parents=True)
    broken.write_text("{")
    assert main(["grade", str(folder)]) == 1  # one is for review
    assert main(["export", str(folder), "--to", "csv"]) == 0
    return folder


@pytest.fixture(scope="module")
def grades(course):
    with (course / "grades.csv").open(newline="", encoding="utf-8") as file:
        return {(row["student"], row["assignment"]): row for row in csv.DictReader(file)}


@pytest.mark.parametrize("name", checks.NAMES)
def test_scores_and_states(grades, name):
    right, wrong, untouched = (grades[student, name] for student in ("right", "wrong", "untouched"))
    assert (right["score"], right["max_score"], right["status"]) == ("10", "10", "graded")
    assert (wrong["score"], wrong["status"]) == (str(WRONG[name][1]), "graded")
    assert (untouched["score"], untouched["status"]) == ("0", "not attempted")


def test_there_is_one_row_for_each_student_and_assignment(course, grades):
    rows = (course / "grades.csv").read_text(encoding="utf-8").splitlines()
    assert len(rows) == 1 + len(grades) == 1 + 4 * len(checks.NAMES)
    assert rows[0].startswith("student,assignment,score,max_score,status,containment,")


@pytest.mark.parametrize("name", checks.NAMES)
def test_there_is_a_column_for_each_part(grades, name):
    exercise = checks.load(name)
    for part in exercise.parts:
        assert grades["right", name][exercise.cell(part)] == str(part.points)
        assert grades["untouched", name][exercise.cell(part)] == "0"
    parts = [grades["wrong", name][exercise.cell(part)] for part in exercise.parts]
    assert sum(map(int, parts)) == WRONG[name][1]


def test_what_cannot_be_graded_is_for_review_and_never_a_zero(grades):
    assert grades["broken", "sampling"]["status"] == "for review"
    assert grades["broken", "sampling"]["score"] == ""
    assert grades["broken", "latent_loss"]["status"] == "missing"


@pytest.mark.parametrize("name", checks.NAMES)
def test_feedback_is_readable_and_hides_the_hidden_checks(course, name):
    page = (course / "feedback" / "wrong" / name / f"{name}.html").read_text(encoding="utf-8")
    assert "✗" in page
    assert "✓" in page
    assert "hidden=" not in page
    assert "HIDDEN" not in page


def test_grading_again_changes_nothing(course, grades):
    before = (course / "grades.csv").read_bytes()
    assert main(["grade", str(course), "--student", "wrong", "--assignment", "sampling"]) == 0
    assert main(["export", str(course)]) == 0
    assert (course / "grades.csv").read_bytes() == before


def test_nbgrader_gives_the_same_scores(course, grades, tmp_path):
    kept = kept_results.folder("stock-course", code.environment())
    folders = [course / name for name in ("source", "submitted")]
    rows = kept_results.kept_or_made(
        kept, kept_results.content(folders), lambda: stock_scores(course, tmp_path / "stock")
    )
    assert len(rows) == 3 * len(checks.NAMES)
    for (student, assignment), score in rows.items():
        assert score == float(grades[student, assignment]["score"]), (student, assignment)


def stock_scores(course: Path, stock: Path) -> dict[tuple[str, str], float]:
    """Return the scores that nbgrader itself gives in a copy of the course."""
    shutil.copytree(course, stock, ignore=shutil.ignore_patterns("autograded", "feedback"))
    shutil.rmtree(stock / "submitted" / "broken")
    for name in checks.NAMES:
        nbgrader(stock, "autograde", name, "--force")
    nbgrader(stock, "export", "--to=grades.csv")
    with (stock / "grades.csv").open(newline="") as file:
        return {
            (row["student_id"], row["assignment"]): float(row["score"])
            for row in csv.DictReader(file)
            if row["student_id"] != "broken"
        }


@pytest.mark.parametrize("student", ["right", "wrong", "untouched"])
def test_nbgrader_validates_what_our_checks_pass(course, grades, student):
    file = course / "submitted" / student / "sampling" / "sampling.ipynb"
    kept = kept_results.folder("stock-validation", code.environment() + job.fingerprint("sampling"))
    settings = course / "nbgrader_config.py"
    said = kept_results.kept_or_made(
        kept,
        settings.read_text(encoding="utf-8") + file.read_text(encoding="utf-8"),
        lambda: nbgrader(course, "validate", str(file)),
    )
    passed = grades[student, "sampling"]["score"] == "10"
    assert ("Success! Your notebook passes all the tests." in said) == passed
    assert ("VALIDATION FAILED" in said) == (not passed)


def nbgrader(folder: Path, *arguments: str) -> str:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        [sys.executable, "-m", "nbgrader", *arguments],
        cwd=folder,
        env=os.environ | {"PATH": path},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["grade", "."], "is not a course: run `autograder release"),
        (["export", "."], "has no gradebook: run `autograder release"),
    ],
)
def test_a_folder_that_is_no_course_is_told(tmp_path, monkeypatch, capsys, arguments, told):
    monkeypatch.chdir(tmp_path)
    assert main(arguments) == 2
    said = capsys.readouterr().err
    assert told in said
    assert len(said.splitlines()) == 1
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--assignment", "samplign"], "There is no assignment 'samplign'"),
        (["--student", "nobody"], "There is no folder of a student 'nobody' in"),
    ],
)
def test_a_wrong_option_is_told(course, capsys, options, told):
    assert main(["grade", str(course), *options]) == 2
    assert told in capsys.readouterr().err


@pytest.fixture(scope="module")
def formgrader(course, tmp_path_factory):
    """Start nbgrader's formgrader on the graded course; give a function that fetches a page."""
    home = tmp_path_factory.mktemp("jupyter")
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    server = subprocess.Popen(
        [
            *(sys.executable, "-m", "jupyter", "server", "--no-browser", "--allow-root"),
            *("--port=0", "--ServerApp.token=secret", f"--ServerApp.root_dir={course}"),
        ],
        cwd=course,
        env=os.environ | {"JUPYTER_CONFIG_DIR": str(home), "HOME": str(home), "PATH": path},
        stderr=subprocess.PIPE,
        text=True,
    )
    told = []
    for line in server.stderr:  # ends if the server does
        told.append(line)
        if found := re.search(r"http://127\.0\.0\.1:\d+", line):
            break
    assert server.poll() is None, "".join(told)
    drain = threading.Thread(target=server.stderr.read, daemon=True)
    drain.start()
    # Jupyter names its address a moment before it listens there.
    patient = requests.Session()
    patient.mount("http://", HTTPAdapter(max_retries=Retry(connect=10, backoff_factor=0.1)))

    def page(name: str) -> str:
        answer = patient.get(f"{found[0]}/formgrader/{name}", params={"token": "secret"})
        answer.raise_for_status()
        return answer.text

    yield page
    patient.close()
    server.terminate()
    server.wait()
    drain.join()
    server.stderr.close()


def test_formgrader_opens_the_gradebook(formgrader):
    assignments = json.loads(formgrader("api/assignments"))
    assert [each["name"] for each in assignments] == sorted(checks.NAMES)
    assert {each["max_score"] for each in assignments} == {10.0}
    submissions_ = json.loads(formgrader("api/submissions/sampling"))
    scores = {each["student"]: each["score"] for each in submissions_}
    assert scores["right"] == 10.0
    assert scores["wrong"] == WRONG["sampling"][1]


def test_formgrader_shows_an_autograded_notebook(formgrader):
    (wrong,) = [
        each
        for each in json.loads(formgrader("api/submitted_notebooks/sampling/sampling"))
        if each["student"] == "wrong"
    ]
    page = formgrader(f"submissions/{wrong['id']}")
    assert "you seem to use exp(log_var)" in " ".join(page.split())
