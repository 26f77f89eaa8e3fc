"""What ``autograder check`` runs is what is graded, and a student's defects are named."""

import copy

import nbformat
import pytest
import submissions
from made_up import NAME, book, grade, hand_in

from autograder import checks
from autograder.commands import release, report
from autograder.commands.check import checked
from autograder.commands.check.checked import repaired_for_check
from autograder.gradebook.course import Course
from autograder.submissions import notebooks
from autograder.submissions.answers import leftover
from autograder.submissions.assignment import Sources
from autograder.submissions.collect import Submission
from autograder.submissions.repair import repair

RAISE = "# YOUR CODE HERE\nraise NotImplementedError()\n"
NOT = "raise NotImplementedError"
LEFT = "is still the released `raise NotImplementedError()`, and the code below it does not run"


@pytest.fixture(params=["with solutions", "without"])
def solutions(request, monkeypatch, tmp_path):
    """Check with and without the solutions, as a student has it who installed the package."""
    checked.released_notebook.cache_clear()
    if request.param == "without":
        monkeypatch.setenv("AUTOGRADER_SOLUTIONS", str(tmp_path / "nowhere"))
    yield request.param == "with solutions"
    checked.released_notebook.cache_clear()


@pytest.fixture
def found(tmp_path, solutions):
    """Give a function that writes a notebook and reads it for a check."""

    def read(made):
        return repaired_for_check(submissions.save(made, tmp_path / f"{NAME}.ipynb"))

    submissions.notebook(NAME)  # released while the solutions can be found
    return read


@pytest.fixture
def made(monkeypatch):
    with monkeypatch.context() as patch:
        patch.delenv("AUTOGRADER_SOLUTIONS", raising=False)
        return submissions.notebook(NAME, submissions.ANSWER)


def answer(found) -> str:
    (cell,) = [each for each in found.notebook.cells if each.id == f"{NAME}-answer"]
    assert cell.cell_type == "code"
    return cell.source


def drop(made, *ids: str) -> None:
    made.cells = [cell for cell in made.cells if cell.id not in ids]


@pytest.mark.parametrize("name", checks.NAMES)
def test_the_released_notebook_is_that_of_a_course(name):
    released = [(cell.id, cell.source) for cell in submissions.notebook(name).cells]
    assert [(cell.id, cell.source) for cell in checked.released_notebook(name).cells] == released
    assert "HIDDEN" not in str(released)


def test_an_orderly_notebook_is_run_as_it_is(found, made):
    read = found(made)
    assert (read.repairs, read.defects) == ((), ())
    scored = {read.exercise.cell(part) for part in read.exercise.parts}
    code = [
        (number, cell.source)
        for number, cell in enumerate(made.cells, 1)
        if cell.cell_type == "code" and cell.id not in scored
    ]
    assert [(number, cell.source) for number, cell in read.students_code()] == code


def test_an_answer_that_became_text_is_run_and_named(found, made):
    submissions.cell(made, f"{NAME}-answer").cell_type = "markdown"
    for key in ("outputs", "execution_count"):
        del submissions.cell(made, f"{NAME}-answer")[key]
    read = found(made)
    assert answer(read) == submissions.ANSWER
    assert read.defects == (
        f"The cell `{NAME}-answer` is text: turn it back into code (select it outside of the text "
        "and press Y).",
    )


def test_an_answer_whose_metadata_are_gone_is_run(found, made):
    for cell in made.cells:
        cell.metadata.pop("nbgrader", None)
    assert answer(found(made)) == submissions.ANSWER


def test_a_missing_import_cell_is_put_back_and_named(found, made, solutions):
    drop(made, f"{NAME}-imports")
    read = found(made)
    if not solutions:  # from which it could be known what is missing
        assert read.defects == ()
        return
    assert read.defects == (
        f"The cell `{NAME}-imports` is missing and put back before grading: copy it from the "
        "released notebook, so that yours runs as well.",
    )
    assert (None, f"{NAME}-imports") in [(n, cell.id) for n, cell in read.students_code()]


def test_added_cells_keep_the_numbers_that_the_student_sees(found, made):
    made.cells.insert(0, submissions.added("import my_module"))
    drop(made, f"{NAME}-setup")
    made.cells.append(submissions.added("print(1)"))
    numbers = {cell.source: number for number, cell in found(made).students_code()}
    assert numbers["import my_module"] == 1
    assert numbers["print(1)"] == len(made.cells)


def test_the_released_raise_above_an_answer_is_named_with_its_line(found, made):
    submissions.cell(made, f"{NAME}-answer").source = RAISE + submissions.ANSWER
    (defect,) = found(made).defects
    assert defect.startswith(f"Line 2 of `{NAME}-answer` {LEFT}")


def test_what_is_checked_is_what_is_graded(course, made):
    """The same cells run in the same order, whatever became of the notebook."""
    made.cells[0], made.cells[4] = made.cells[4], made.cells[0]
    made.cells.append(copy.deepcopy(submissions.cell(made, f"{NAME}-imports")))
    made.cells.insert(2, submissions.added("x = 1"))
    submissions.cell(made, f"{NAME}-setup").source = "import os"
    drop(made, f"{NAME}-train")
    file = submissions.save(made, course / "submitted" / "eve" / NAME / f"{NAME}.ipynb")
    graded, repairs = Sources(Course(course)).repair(Submission("eve", NAME, file, file.name))
    read = repaired_for_check(file)
    scored = {read.exercise.cell(part) for part in read.exercise.parts}
    wanted = [
        (cell.id, cell.source)
        for cell in graded.cells
        if cell.cell_type == "code" and cell.id not in scored and cell.source.strip()
    ]
    assert [(cell.id, cell.source) for _, cell in read.students_code()] == wanted
    assert read.repairs == repairs


def test_defects_stand_in_the_class_report(course):
    hand_in(course, "ann", f"{RAISE}# wrong")
    hand_in(course, "bob", f"{RAISE}x = 1 # right")
    made = nbformat.read(course / "submitted" / "cem" / NAME / f"{NAME}.ipynb", as_version=4)
    drop(made, f"{NAME}-imports")
    nbformat.write(made, course / "submitted" / "cem" / NAME / f"{NAME}.ipynb")
    assert grade(course) == 0
    page = " ".join(report.html(Course(course)).split())
    assert page.count(LEFT) == 1  # below that of ann stands only a comment
    assert f"Line 2 of `{NAME}-answer` {LEFT}" in page
    assert f"put back what was missing: {NAME}-imports" in page
    with book(course) as opened:
        assert {each.student_id for each in opened.assignment_submissions(NAME)} >= {"cem"}


# The released line in code


@pytest.mark.parametrize(
    ("source", "lines"),
    [
        (RAISE + "x = 1", [2]),
        ("raise NotImplementedError\nx = 1", [1]),
        ("def f():\n    '''Text.'''\n    raise NotImplementedError()\n    return 1", [3]),
        ("class A:\n    def f(self):\n        raise NotImplementedError()\n        x = 1", [3]),
        ("\n\n!pip list\nraise NotImplementedError()\nx = 1", [4]),
        ("said = !ls\n%matplotlib inline\nraise NotImplementedError()\nx = 1", [3]),
        ("def f():\n    !ls\n    raise NotImplementedError()\n    x = 1", [3]),
        (f"def f():\n    {NOT}()\n    x\n\ndef g():\n    {NOT}\n    y", [2, 6]),
        ("if True:\n    pass\nelse:\n    raise NotImplementedError()\n    x = 1", [4]),
        ("try:\n    x\nfinally:\n    raise NotImplementedError()\n    x = 1", [4]),
        # as released, or meant
        (RAISE, []),
        ("def f():\n    x = 1\n    raise NotImplementedError()", []),
        ("def f():\n    raise NotImplementedError('later')\n    x = 1", []),
        ("if odd:\n    raise NotImplementedError()\nx = 1", []),
        ("x = 1\nraise NotImplementedError()", []),
        ("text = 'raise NotImplementedError()'\nx = 1", []),
        ("raise ValueError()\nx = 1", []),
        # what Python cannot read
        ("raise NotImplementedError()\nx = (", []),
        ("%%bash\nraise NotImplementedError()\nls -l /", []),
        ("x = 1\0", []),
        ("(" * 2_000, []),
        ("-" * 50_000 + "1", []),
        ("!\n" * 40_000 + "raise NotImplementedError()\nx = '\\d'", [40_001]),
        ("", []),
    ],
    ids=range(24),
)  # fmt: skip
def test_the_line_is_found_where_it_hides_other_code(source, lines):
    assert leftover.unreachable_below(source) == lines


@pytest.mark.parametrize("name", checks.NAMES)
def test_no_untouched_and_no_solved_notebook_has_it(name):
    source = release.source_notebook(name)
    for cell in [*source.cells, *submissions.notebook(name).cells]:
        assert leftover.remarks("x", cell.source) == []


def test_a_check_needs_nothing_of_the_repaired_notebook_but_what_a_grade_has(tmp_path, made):
    file = submissions.save(made, tmp_path / f"{NAME}.ipynb")
    source = release.source_notebook(NAME)
    graded = repair(notebooks.read(file).cells, source, submissions.notebook(NAME)).notebook
    read = repaired_for_check(file).notebook
    assert [cell.id for cell in read.cells] == [cell.id for cell in graded.cells]
    assert "HIDDEN" in str(graded)
    assert "HIDDEN" not in str(read)
