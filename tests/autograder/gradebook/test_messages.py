"""What the checks told students is read as it was written, and grouped by its cause."""

import nbformat
import pytest
import small_course
from nbformat.v4 import new_notebook, new_output

from autograder import checks
from autograder.gradebook import feedback
from autograder.gradebook.course import Course

pytestmark = pytest.mark.filterwarnings("ignore:Object of type <Submitted")  # of nbgrader's code
SAMPLING = "sampling"


def raised(kind, value, traceback):
    return new_output("error", ename=kind, evalue=value, traceback=traceback)


def printed(text, name="stdout"):
    return new_output("stream", name=name, text=text)


@pytest.fixture
def course(tmp_path):
    with small_course.SmallCourse(tmp_path / "course") as made:
        yield made


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("of shape (3, 2) expected (3,)", "of shape (5, 3, 1) expected ()", False),
        ("of shape (3, 2) expected (3,)", "of shape (None, 3, 1) expected (9,)", True),
        ("gave −1.5e−07 nats in 20% of", "gave 3 nats in 7.5% of", True),
        ("Line 3, `a[0]`, raised ValueError: x", "Line 12, `b`, raised ValueError: x", True),
        ("Line 3, `a[0]`, raised ValueError: x", "Line 3, `a[0]`, raised TypeError: x", False),
        ("type float32", "type float64", False),
    ],
)
def test_a_cause_is_a_message_without_numbers_shapes_and_code(one, other, same):
    assert (feedback.cause(one) == feedback.cause(other)) == same


@pytest.mark.parametrize(
    ("output", "text"),
    [
        (raised("NameError", "x", ["a", "b"]), "NameError: x"),
        (raised("NotRun", "It ended.", ["It ended."]), "It ended."),
        (printed("mine\n✗ must hold (0 of 1 point)\n  No.\n  It is\nnot"), "No. It is"),
        (printed("– must hold: not attempted yet (0 of 1 point)"), ""),
        (printed("✗ must hold (0 of 1 point)\n  No.", "stderr"), ""),
        (printed(""), ""),
    ],
)
def test_a_scoring_cell_is_read_however_the_course_was_graded(course, output, text):
    file = course.folder / "autograded" / "anna" / SAMPLING / f"{SAMPLING}.ipynb"
    file.parent.mkdir(parents=True)
    cells = [small_course.scoring_cell("sampling-mean", output)]
    nbformat.write(new_notebook(cells=cells), file)
    (found,) = feedback.messages(Course(course.folder), "anna", SAMPLING)
    assert (found.cell, found.text) == ("sampling-mean", text)


@pytest.mark.parametrize("name", checks.NAMES)
def test_what_a_result_says_is_what_is_read(course, name):
    parts = checks.load(name).parts
    told = (
        "The value at (3, 2) is 1.5e−07, expected 0: a long sentence that is wrapped in the cell."
    )
    course.grade("anna", name, lost={parts[0].name: told})
    first, *others = feedback.messages(Course(course.folder), "anna", name)
    assert (first.title, first.text) == (parts[0].title, told)
    assert [(each.title, each.text) for each in others] == [(part.title, "") for part in parts[1:]]
