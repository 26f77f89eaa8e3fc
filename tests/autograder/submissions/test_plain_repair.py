"""A notebook of an ordinary assignment is repaired as nbgrader does it, or more kindly."""

from copy import deepcopy

import nbformat
import pytest
from ordinary_course import answer, given, notebook, text
from ordinary_course import test as tests

from autograder import AutograderError
from autograder.submissions.ordinary.repair import harmless, repair
from autograder.submissions.ordinary.source import PlainSource

STUB = "def f():\n    raise NotImplementedError()"
MINE = "def f():\n    return 2"


@pytest.fixture
def source() -> PlainSource:
    cells = [
        given("imports", "import math"),
        nbformat.v4.new_code_cell("scale = 1"),
        answer("f", "def f():\n    return 1"),
        tests("test_f", "assert f()\nassert f() == 1", 1),
        text("why", "Because.", 1),
    ]
    solved = notebook(cells)
    released = deepcopy(solved)
    for cell, written in zip(released.cells[2:], (STUB, "assert f()", "YOUR ANSWER"), strict=True):
        cell.source = written
    return PlainSource(solved, released, {"test_f": "assert f()"})


@pytest.fixture
def cells(source) -> list:
    """Return the cells of a student with an answer."""
    made = deepcopy(source.released.cells)
    made[2].source = MINE
    return made


def sources(found) -> list[str]:
    return [cell.source for cell in found.notebook.cells]


WHOLE = ["import math", "scale = 1", MINE, "assert f()\nassert f() == 1", "YOUR ANSWER"]


def test_an_ordinary_notebook_is_as_it_was_with_its_hidden_tests(source, cells):
    found = repair(cells, source)
    assert sources(found) == WHOLE
    assert found.repairs == ()
    assert found.attempted
    assert [cell.id for cell in found.notebook.cells] == [
        *map("code-{}".format, range(1, 5)),
        "text-1",
    ]


def test_an_untouched_notebook_is_not_attempted(source):
    assert not repair(source.released.cells, source).attempted


def test_own_cells_and_changes_of_open_cells_stand_where_they_are(source, cells):
    cells[1].source = "scale = 7"
    cells.insert(2, nbformat.v4.new_code_cell("helper = 1"))
    expected = [WHOLE[0], "scale = 7", "helper = 1", *WHOLE[2:]]
    assert sources(repair(cells, source)) == expected


def test_a_lost_test_is_put_back_below_the_cell_that_it_follows(source, cells):
    del cells[3], cells[0]
    found = repair(cells, source)
    assert sources(found) == WHOLE
    assert found.repairs == ("put back what was missing: imports and test_f",)


def test_a_changed_test_is_restored(source, cells):
    cells[3].source = "pass"
    found = repair(cells, source)
    assert sources(found) == WHOLE
    assert found.repairs == ("restored what was changed in test_f",)


def test_of_copies_the_one_with_an_answer_counts(source, cells):
    cells.insert(3, deepcopy(source.released.cells[2]))  # the stub again, below the answer
    found = repair(cells, source)
    assert sources(found) == WHOLE
    assert "sorted out the copies of f" in found.repairs


def test_of_copies_of_a_locked_cell_the_first_counts(source, cells):
    """For those below it need what it does."""
    cells.append(deepcopy(cells[0]))
    assert sources(repair(cells, source)) == WHOLE
    cells[0].source = "import os"  # which was changed, so that the copy is as released
    assert sources(repair(cells, source)) == ["import os", *WHOLE[1:], "import math"]


@pytest.mark.parametrize("kind", ["foreign", "stripped", "one cell"])
def test_a_notebook_without_a_cell_for_an_answer_is_refused(source, cells, kind):
    for number, cell in enumerate(cells):
        cell["id"] = f"other-{number}"
        if kind == "foreign":
            cell.metadata = {"nbgrader": {"grade_id": f"other-{number}"}}
        else:
            cell.metadata = nbformat.from_dict({})
    chosen = cells[2:3] if kind == "one cell" else cells
    with pytest.raises(AutograderError, match=r"None of its cells is one for an answer \(f"):
        repair(chosen, source)


def test_a_copy_of_a_test_that_became_a_cell_of_its_own_is_kept(source, cells):
    cells.append(deepcopy(cells[3]))
    cells[-1].source = "print(f())"
    assert sources(repair(cells, source)) == [*WHOLE, "print(f())"]


def test_cells_without_metadata_are_known_by_their_ids(source, cells):
    for cell in cells:
        cell.metadata = nbformat.from_dict({})
    found = repair(cells, source)
    assert sources(found) == WHOLE
    graded = [
        cell for cell in found.notebook.cells if cell.metadata.get("nbgrader", {}).get("grade")
    ]
    assert len(graded) == 2


def test_html_of_students_is_a_text_and_formulas_stay(source, cells):
    cells[4].source = "$a<b$ <script>alert(1)</script> ![x](attachment:x.png)"
    shown = sources(repair(cells, source))[-1]
    assert shown.startswith("$a< b$ < script>alert(1)< /script>")
    assert "attachment:" not in shown
    assert harmless("$1 < 2$ and `x`") == "$1 < 2$ and `x`"
