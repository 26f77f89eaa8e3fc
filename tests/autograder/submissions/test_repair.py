"""Whatever became of a notebook, what is graded is the source with the student's answers in it."""

import random

import nbformat
import pytest
import submissions
from nbconvert import HTMLExporter
from submissions import ANSWER, code, expected

from autograder import checks
from autograder.commands import release
from autograder.execution import job as jobs
from autograder.submissions import notebooks
from autograder.submissions.repair import repair, verbatim


def index(made, own: str) -> int:
    return made.cells.index(submissions.cell(made, own))


@pytest.mark.parametrize("name", checks.NAMES)
def test_an_orderly_notebook_needs_no_repair(tmp_path, name):
    file = submissions.save(submissions.notebook(name, "x = 1"), tmp_path / f"{name}.ipynb")
    source = release.source_notebook(name)
    found = repair(notebooks.read(file).cells, source, submissions.notebook(name))
    assert found.repairs == ()
    plain = [(cell.id, cell.source) for cell in source.cells if cell.id != f"{name}-answer"]
    cells = [cell for cell in found.notebook.cells if cell.id != f"{name}-answer"]
    assert [(cell.id, cell.source) for cell in cells] == plain
    assert found.notebook.cells[4].source == "x = 1"


def delete_checks(made):
    made.cells = [cell for cell in made.cells if not cell.id.startswith("sampling-m")]


def delete_all_but_the_answer(made):
    made.cells = [submissions.cell(made, "sampling-answer")]


def reverse(made):
    made.cells.reverse()


def double_everything(made):
    made.cells += [nbformat.from_dict(cell) for cell in made.cells]


def copy_the_stub_below(made):
    stub = submissions.cell(submissions.notebook("sampling"), "sampling-answer")
    made.cells.append(stub)


def copy_the_stub_above(made):
    stub = submissions.cell(submissions.notebook("sampling"), "sampling-answer")
    made.cells.insert(0, stub)


def lose_metadata(made):
    for cell in made.cells:
        cell.metadata = {}


def turn_the_answer_into_text(made):
    cell = submissions.cell(made, "sampling-answer")
    cell.cell_type = "markdown"
    del cell["outputs"], cell["execution_count"]


def edit_all_locked_cells(made):
    for cell in made.cells:
        if cell.id != "sampling-answer":
            cell.source = "print('mine')"


def raise_points(made):
    for cell in made.cells:
        if cell.metadata.nbgrader.grade:
            cell.metadata.nbgrader.update(points=100, checksum="forged")


REPAIRS = {
    delete_checks: "put back what was missing: sampling-mean",
    delete_all_but_the_answer: "put back what was missing: sampling-setup, ",
    reverse: "restored the order of the cells",
    double_everything: "sorted out the copies of ",
    copy_the_stub_below: "sorted out the copies of sampling-answer",
    copy_the_stub_above: "sorted out the copies of sampling-answer",
    lose_metadata: "restored the metadata of sampling-setup, ",
    turn_the_answer_into_text: "used the text of sampling-answer as code",
    edit_all_locked_cells: "restored what was changed in sampling-setup, ",
}


@pytest.mark.parametrize("damage", REPAIRS, ids=lambda damage: damage.__name__)
def test_what_is_damaged_is_fixed_and_told(made, repaired, source, damage):
    damage(made)
    found = repaired(made)
    if damage is double_everything:  # both copies of the answer run
        assert code(found)[2] == ("added-1", ANSWER)
        found.notebook.cells.pop([cell.id for cell in found.notebook.cells].index("added-1"))
    assert code(found) == expected(source)
    assert any(each.startswith(REPAIRS[damage]) for each in found.repairs), found.repairs


def forge_outputs(made):
    for cell in made.cells:
        if cell.cell_type == "code":
            cell.outputs = [{"output_type": "stream", "name": "stdout", "text": "10 of 10"}]


def name_another_kernel(made):
    made.metadata.kernelspec = {"name": "conda-env-ml-py", "display_name": "ml"}


def windows_line_ends(made):
    for cell in made.cells:
        cell.source = cell.source.replace("\n", "\r\n")


@pytest.mark.parametrize(
    "damage",
    [raise_points, forge_outputs, name_another_kernel, windows_line_ends],
    ids=lambda damage: damage.__name__,
)
def test_what_has_no_effect_is_no_repair(made, repaired, source, damage):
    whole = jobs.job_of("sampling", repaired(made).notebook)
    damage(made)
    found = repaired(made)
    assert found.repairs == ()
    assert code(found) == expected(source)
    assert jobs.job_of("sampling", found.notebook) == whole
    assert found.notebook.metadata.kernelspec.name == "python3"
    metadata = [cell.metadata for cell in found.notebook.cells]
    assert metadata == [cell.metadata for cell in source.cells]
    assert not any(cell.get("outputs") for cell in found.notebook.cells)


def test_a_split_answer_stays_in_its_order(made, repaired):
    half = nbformat.from_dict(submissions.cell(made, "sampling-answer"))
    half.update(id="half", source="first = 1")
    made.cells.insert(index(made, "sampling-answer"), half)
    assert code(repaired(made))[2] == ("added-1", "first = 1")
    assert code(repaired(made))[3] == ("sampling-answer", ANSWER)


def test_a_lost_answer_is_an_empty_cell_and_a_new_one_runs_in_its_place(made, repaired):
    at = index(made, "sampling-answer")
    made.cells[at] = submissions.added(ANSWER)
    assert code(repaired(made))[2:4] == [("added-1", ANSWER), ("sampling-answer", "")]


def test_an_answer_wins_over_an_old_one_that_was_turned_into_text(made, repaired, source):
    old = nbformat.v4.new_markdown_cell("old = 1")
    old.metadata = submissions.cell(made, "sampling-answer").metadata
    made.cells.append(old)
    assert code(repaired(made)) == expected(source)


def test_added_cells_stay_below_the_cell_that_they_followed(made, repaired):
    made.cells.insert(index(made, "sampling-answer"), submissions.added("above = 1"))
    made.cells.insert(index(made, "sampling-answer") + 1, submissions.added("below = 1"))
    made.cells.insert(0, submissions.added("first = 1"))
    made.cells.append(submissions.added("last = 1"))
    found = code(repaired(made))
    assert [found[0], found[-1]] == [("added-1", "first = 1"), ("added-4", "last = 1")]
    assert found[4:6] == [("sampling-answer", ANSWER), ("added-3", "below = 1")]
    assert found[3] == ("added-2", "above = 1")


def test_a_copy_of_a_locked_cell_that_became_another_cell_is_an_added_one(made, repaired, source):
    copy = nbformat.from_dict(submissions.cell(made, "sampling-imports"))
    copy.update(id="copy", source="import math")
    made.cells.insert(index(made, "sampling-answer"), copy)
    found = repaired(made)
    assert code(found)[2] == ("added-1", "import math")
    assert [each for each in code(found) if each[0] != "added-1"] == expected(source)


def test_a_changed_copy_of_a_check_is_dropped(made, repaired, source):
    copy = nbformat.from_dict(submissions.cell(made, "sampling-mean"))
    copy.update(id="copy", source="2")
    made.cells.append(copy)
    assert code(repaired(made)) == expected(source)


@pytest.mark.parametrize(
    "forged",
    [
        {"grade": True, "grade_id": "sampling-extra", "points": 100, "solution": False},
        {"grade": True, "grade_id": "sampling-mean", "points": 100, "solution": False},
        {"grade": True, "grade_id": ["sampling-mean"], "points": {}, "solution": True},
        {"grade": True, "grade_id": {"sampling-mean": 1}},
        {"grade": True, "grade_id": 7, "points": "many", "locked": True, "checksum": "0"},
        {"grade": True, "grade_id": "sampling-x", "points": "many", "checksum": "0"},
        {"grade": True, "grade_id": "sampling-x", "checksum": "0"},
        ["grade"],
        "grade",
        None,
        {},
    ],
    ids=str,
)
def test_forged_metadata_of_added_cells_count_for_nothing(made, repaired, source, forged):
    cell = submissions.added("10")
    cell.metadata["nbgrader"] = forged
    made.cells.append(cell)
    found = repaired(made)
    assert [each for each in code(found) if each[0] != "added-1"] == expected(source)
    added = [cell for cell in found.notebook.cells if cell.id == "added-1"]
    assert [cell.metadata for cell in added] in ([], [{}])


def test_an_id_of_a_locked_cell_with_other_metadata_is_not_believed(made, repaired, source):
    cell = submissions.added("10")
    cell.update(id="sampling-mean", metadata={"nbgrader": {"grade_id": "mine"}})
    made.cells.insert(0, cell)
    assert code(repaired(made)) == [("added-1", "10"), *expected(source)]


@pytest.mark.parametrize("kind", ["markdown", "raw"])
@pytest.mark.parametrize(
    "text",
    [
        "<script>evil()</script>",
        "    code\n\n<script>evil()</script>",
        "\t<script>evil()</script>",
        "- a\n\n  <script>evil()</script>",
        "    code\r<script>evil()</script>",
        "    code\x0b\u2028<script>evil()</script>",
        "\n\n   <script>evil()</script>",
        "![x](attachment:missing.png)",
        "[x](javascript:evil())",
    ],
)
def test_text_of_a_student_is_shown_and_never_interpreted(made, repaired, kind, text):
    new = {"markdown": nbformat.v4.new_markdown_cell, "raw": nbformat.v4.new_raw_cell}[kind]
    made.cells.append(new(text))
    (cell,) = [each for each in repaired(made).notebook.cells if each.id == "text-1"]
    page, _ = HTMLExporter(template_name="basic").from_notebook_node(
        nbformat.v4.new_notebook(cells=[cell])
    )
    assert "evil()" in page or "missing.png" in page
    for tag in ("<script>evil", "<img", 'href="javascript'):
        assert tag not in page


def test_text_is_shown_as_it_is_once():
    assert verbatim("a\n\n  b ") == "    a\n\n      b"
    assert verbatim(verbatim("a\n\n  b ")) == verbatim("a\n\n  b ")


@pytest.mark.parametrize("seed", range(20))
def test_repairing_twice_is_repairing_once(made, repaired, seed):
    chance = random.Random(seed)
    extra = [submissions.added(f"x{number} = 1") for number in range(5)]
    extra += [nbformat.v4.new_markdown_cell("# a\n<b>"), nbformat.v4.new_raw_cell("raw")]
    extra += [nbformat.from_dict(chance.choice(made.cells)) for _ in range(6)]
    for number, cell in enumerate(extra):
        cell["source"] = chance.choice([cell.source, f"changed = {number}", ""])
    made.cells = chance.sample([*made.cells, *extra], chance.randrange(15, 25))
    once = repaired(made).notebook
    again = repaired(once)
    assert again.notebook == once
    # The checks of the source are not those that were released, so they count as changed.
    assert [
        each for each in again.repairs if not each.startswith("restored what was changed")
    ] == []
