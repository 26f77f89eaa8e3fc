"""Notebooks that are huge, deep, broken or forged cost a sentence, and little time."""

import json
import os
import time

import nbformat
import pytest
import submissions
from nbconvert import HTMLExporter

from autograder import AutograderError
from autograder.submissions import notebooks

HEAD = '{"metadata": {}, "nbformat": 4, "nbformat_minor": 5, "cells": '
CELL = '{"cell_type": "code", "id": "a", "metadata": {}, "outputs": [], "source": "x = 1"}'
LINE = r"x = 1;\n"  # as JSON writes it
OURS = CELL.replace('"a"', '"sampling-answer"')


@pytest.fixture
def file(tmp_path):
    return tmp_path / "sampling.ipynb"


def told(file) -> str:
    """Return the sentence by which a file is turned down; it takes less than 2 s of computing."""
    begin = time.process_time()
    with pytest.raises(AutograderError) as error:
        notebooks.read(file)
    assert time.process_time() - begin < 2
    said = str(error.value)
    assert said.isprintable()
    assert len(said) < 600
    return said


def nested(depth: int) -> str:
    return f'{HEAD}[{OURS}], "deep": {"[" * depth}{"]" * depth}}}'


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (f"{HEAD}[{','.join([CELL] * 100_000)}]}}", "has 100,000 cells, more than the 2,000"),
        (f"{HEAD}[{','.join([OURS] * 2_001)}]}}", "has 2,001 cells"),
        (HEAD + "[" + "{}," * 2_000_000 + "{}]}", "more than 3,000,000 values"),
        (nested(100_000), "is not valid JSON"),
        (f"{HEAD}[{CELL}", "is not valid JSON (line 1). It may have been cut off"),
        (f"{HEAD}[{CELL}, 3]}}", "is JSON, but something else"),
        (f"{HEAD}[{CELL.replace('code', 'video')}]}}", "is JSON, but something else"),
        (HEAD + '[{"cell_type": ["code"], "source": ""}]}', "is JSON, but something else"),
        (f"{HEAD}[{CELL.replace('{}', '[3]')}]}}", "none of their cells"),
        ('{"nbformat": 3, "worksheets": [{}]}', "is JSON, but something else"),
        ('{"nbformat": 3, "worksheets": {}}', "is JSON, but something else"),
        ("1" * 100_000, "is not valid JSON"),
        ("null", "is JSON, but something else"),
        ('"' + "x" * 1000 + '"', "is JSON, but something else"),
        (" \n\t", "is empty"),
        (f"{HEAD}[{OURS.replace('x = 1', 'x = 1;' * 400)}]}}", "has a line of 2,400 characters"),
        (f"{HEAD}[{OURS.replace('x = 1', LINE * 20_000)}]}}", "hold 140,000 characters"),
    ],
    ids=range(17),
)
def test_what_is_turned_down(file, content, reason):
    file.write_text(content, encoding="utf-8")
    assert reason in told(file)


@pytest.mark.parametrize("depth", [100, 500, 900, 980])
def test_what_is_deep_where_it_does_not_matter_is_read_or_told(file, depth):
    file.write_text(nested(depth), encoding="utf-8")
    try:
        assert notebooks.read(file).exercise.name == "sampling"
    except AutograderError as error:
        assert "is not valid JSON" in str(error)


def test_a_notebook_of_100_mb_is_turned_down(file):
    file.touch()
    os.truncate(file, 100 * 2**20)
    assert "is 100 MiB, more than the 50 MiB that are read" in told(file)


@pytest.mark.parametrize(
    "content",
    [b"\x00" * 1000, b"\x7fELF\x02", "déjà".encode("latin-1"), "{}".encode("utf-16")],
    ids=["zeros", "program", "latin-1", "utf-16"],
)
def test_what_is_no_utf_8_is_turned_down(file, content):
    file.write_bytes(content)
    assert "is not a notebook" in told(file)


@pytest.mark.parametrize("name", ["a\nb.ipynb", "a\x1b[2J.ipynb", "a\udcff.ipynb", "a\u202eb"])
def test_names_with_control_characters_are_written_out(file, name):
    strange = file.with_name(name)
    strange.write_text("{")
    assert told(strange).startswith("a\\")


def test_what_cannot_be_read_is_told(file, monkeypatch):
    file.write_text("{")

    def refuse(*_, **__):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(type(file), "open", refuse)
    assert told(file) == "sampling.ipynb cannot be read: Permission denied."
    monkeypatch.setattr(type(file), "stat", refuse)
    assert told(file) == "sampling.ipynb cannot be read: Permission denied."


def test_a_pipe_is_not_waited_for(file):
    os.mkfifo(file)
    assert told(file) == "sampling.ipynb is not a file."


def test_huge_outputs_and_metadata_are_not_even_looked_at(file):
    made = submissions.notebook("sampling", "x = 1")
    content = json.loads(json.dumps(made))
    for cell in content["cells"]:
        cell["metadata"]["more"] = [[{}] * 1000] * 30
        cell["outputs"] = [{"output_type": "stream", "text": "x" * 100_000}] * 10
        cell["attachments"] = 3
    file.write_text(json.dumps(content))
    begin = time.process_time()
    found = notebooks.read(file)
    assert time.process_time() - begin < 2
    assert found.defects == ()
    assert {key for cell in found.cells for key in cell} == {
        *("cell_type", "id", "metadata", "source")
    }


def test_half_of_a_surrogate_pair_can_be_written_afterwards(file):
    text = json.dumps(submissions.notebook("sampling", "x = 'HERE'"))
    file.write_text(text.replace("HERE", r"\ud800 \ud83d\ude00"))
    (answer,) = [cell for cell in notebooks.read(file).cells if cell.id == "sampling-answer"]
    assert answer.source == "x = '\ufffd 😀'"


@pytest.mark.parametrize("points", [None, "many", [], {}, "missing"])
def test_points_that_are_no_number_are_a_defect(file, points):
    made = submissions.notebook("sampling", "x = 1")
    metadata = submissions.cell(made, "sampling-mean").metadata.nbgrader
    metadata["points"] = points
    if points == "missing":
        del metadata["points"]
    file.write_text(json.dumps(made))
    assert "`sampling-mean` is locked but not as released" in notebooks.read(file).defects[0]


@pytest.mark.slow
def test_the_costliest_text_that_is_read_is_rendered_in_seconds():
    line = ("a.b" * notebooks.LONGEST_LINE)[: notebooks.LONGEST_LINE - 1] + "\n"
    cell = nbformat.v4.new_code_cell(line * (notebooks.LONGEST_TEXT // len(line)))
    begin = time.process_time()
    HTMLExporter().from_notebook_node(nbformat.v4.new_notebook(cells=[cell]))
    assert time.process_time() - begin < 30
