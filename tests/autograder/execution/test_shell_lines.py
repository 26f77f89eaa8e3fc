"""Lines for the shell and for pip work where student code is contained, and cost no points."""

import nbformat
import pytest
import skips
import submissions

from autograder import sandbox
from autograder.__main__ import main
from autograder.checks import solutions
from autograder.gradebook.course import Course
from autograder.gradebook.grades import Grades

pytestmark = pytest.mark.slow
NAME = "sampling"
LINES = {
    "shell": "!echo hello",
    "captured": "said = !echo hello\nprint(said)",
    "pip": "print('hello')\n%pip install --quiet tensorflow-probability-of-a-test",
    "terminal": "!test -t 1 && echo hello",
}


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    if sandbox.available() is sandbox.Containment.NONE:
        pytest.skip(skips.NAMESPACES)
    folder = tmp_path_factory.mktemp("course")
    assert main(["release", str(folder)]) == 0
    for student, line in LINES.items():
        answer = f"{line}\n\n{solutions.source(NAME)}\n# {student}"
        submissions.hand_in(folder, student, NAME, answer)
    assert main(["grade", str(folder)]) == 0
    return folder


@pytest.mark.parametrize("student", LINES)
def test_an_answer_below_such_a_line_gets_all_points(course, student):
    rows = [row for row in Grades(Course(course)).rows() if row["assignment"] == NAME]
    assert {row["student"]: (row["status"], row["score"]) for row in rows} == {
        each: ("graded", 10) for each in LINES
    }
    file = course / "autograded" / student / NAME / f"{NAME}.ipynb"
    (answer,) = [c for c in nbformat.read(file, 4).cells if c.id == f"{NAME}-answer"]
    printed = "".join(each.get("text", "") for each in answer.outputs)
    assert "hello" in printed
    assert "out of pty devices" not in printed
