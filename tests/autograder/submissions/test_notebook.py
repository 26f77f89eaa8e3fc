"""A notebook that cannot be used, or not as it is, is described in a sentence."""

import json

import pytest
import submissions

from autograder import AutograderError, checks
from autograder.commands.check.checked import repaired_for_check
from autograder.submissions import notebooks


@pytest.fixture
def file(tmp_path):
    return submissions.save(submissions.notebook("sampling"), tmp_path / "sampling.ipynb")


def change(file, edit):
    """Edit a notebook on disk."""
    content = json.loads(file.read_text(encoding="utf-8"))
    edit(content["cells"])
    file.write_text(json.dumps(content), encoding="utf-8")
    return notebooks.read(file)


def test_a_released_notebook_is_fine(file):
    notebook = notebooks.read(file)
    assert notebook.exercise.name == "sampling"
    assert notebook.defects == ()


def test_checks_are_not_among_the_cells_to_run(file):
    ids = {notebooks.grade_id(cell) for _, cell in repaired_for_check(file).students_code()}
    assert "sampling-answer" in ids
    assert not ids & {"sampling-mean", "sampling-spread"}


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("", "is empty"),
        ("{", "is not valid JSON (line 1)"),
        ("[]", "is JSON, but a list"),
        ("{}", "is not a notebook"),
        ('{"cells": 3, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}', "is not a notebook"),
        ('{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}', "none of their"),
        ("[" * 100_000, "is not valid JSON"),
    ],
)
def test_what_is_no_notebook_of_ours(tmp_path, content, told):
    file = tmp_path / "sampling.ipynb"
    file.write_text(content, encoding="utf-8")
    with pytest.raises(AutograderError) as error:
        notebooks.read(file)
    assert told in str(error.value)
    assert "\n" not in str(error.value)


def test_bytes_that_are_no_text(tmp_path):
    file = tmp_path / "sampling.ipynb"
    file.write_bytes(b"\x89PNG\r\n\x1a\n\xff")
    with pytest.raises(AutograderError, match="it is not text"):
        notebooks.read(file)


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(AutograderError, match="There is no file"):
        notebooks.read(tmp_path / "sampling.ipynb")


def test_a_file_that_is_too_large(file, monkeypatch):
    monkeypatch.setattr(notebooks, "LARGEST", 1000)
    with pytest.raises(AutograderError, match="clear its outputs"):
        notebooks.read(file)


def test_a_byte_order_mark_and_windows_line_ends_do_no_harm(file):
    text = file.read_text(encoding="utf-8").replace("\n", "\r\n")
    file.write_bytes(b"\xef\xbb\xbf" + text.encode())
    assert notebooks.read(file).defects == ()


def test_another_name_is_told(file):
    renamed = file.rename(file.with_name("sampling (1).ipynb"))
    (defect,) = notebooks.read(renamed).defects
    assert "must be named sampling.ipynb" in defect


def test_cells_that_are_gone_are_named(file):
    def edit(cells):
        cells[:] = [
            cell for cell in cells if cell["id"] not in ("sampling-mean", "sampling-spread")
        ]

    (defect,) = change(file, edit).defects
    assert "`sampling-mean` and `sampling-spread` are missing" in defect


def test_a_copied_cell_is_named(file):
    def edit(cells):
        (answer,) = [cell for cell in cells if cell["id"] == "sampling-answer"]
        cells.append(dict(answer, id="another"))

    (defect,) = change(file, edit).defects
    assert "`sampling-answer` is there more than once" in defect


def test_a_locked_cell_that_was_edited_is_named(file):
    def edit(cells):
        (check,) = [cell for cell in cells if cell["id"] == "sampling-mean"]
        check["source"] = ["2"]

    (defect,) = change(file, edit).defects
    assert "`sampling-mean` is locked but not as released" in defect


def test_an_answer_is_no_edited_cell(file):
    def edit(cells):
        (answer,) = [cell for cell in cells if cell["id"] == "sampling-answer"]
        answer["source"] = ["Sampling = 3"]

    assert change(file, edit).defects == ()


@pytest.mark.parametrize("name", checks.NAMES)
def test_every_release_is_recognised(tmp_path, name):
    file = submissions.save(submissions.notebook(name), tmp_path / f"{name}.ipynb")
    assert notebooks.read(file).exercise.name == name
