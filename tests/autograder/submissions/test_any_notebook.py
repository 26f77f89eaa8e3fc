"""Whatever a document holds, it is read and repaired, or turned down with a sentence."""

import copy
import json
from functools import cache
from typing import Any

import nbformat
import pytest
import submissions
from hypothesis import event, given, settings
from hypothesis import strategies as st
from seeds import examples

from autograder import AutograderError
from autograder.execution import job as jobs
from autograder.execution.processes import session
from autograder.submissions import notebooks
from autograder.submissions.repair import repair

NAME = "sampling"
ANY_TEXT = st.text(st.characters(), max_size=30)  # halves of surrogate pairs included
NUMBERS = st.integers() | st.floats() | st.sampled_from([10**30, -(10**400), 0.1])
WORDS = st.sampled_from(
    [
        *("code", "markdown", "raw", "heading", "html", "stream", "image/png", "text/html"),
        *("sampling-answer", "sampling-mean", "\ud800", "\x1b[2J", "é\u202e", "x" * 5_000),
    ]
)
SCALARS = st.none() | st.booleans() | NUMBERS | ANY_TEXT | WORDS
KEYS = ANY_TEXT | st.sampled_from(
    [
        *("cells", "worksheets", "cell_type", "metadata", "source", "input", "outputs", "id"),
        *("nbgrader", "grade_id", "points", "locked", "grade", "solution", "checksum", "data"),
    ]
)
JSON = st.recursive(
    SCALARS,
    lambda below: st.lists(below, max_size=4) | st.dictionaries(KEYS, below, max_size=4),
    max_leaves=12,
)
NBGRADER = st.fixed_dictionaries(
    {},
    optional={
        "grade_id": SCALARS,
        "points": SCALARS,
        "locked": SCALARS,
        "grade": SCALARS,
        "solution": SCALARS,
        "task": SCALARS,
        "schema_version": SCALARS,
    },
)
CELLS = st.fixed_dictionaries(
    {},
    optional={
        "cell_type": SCALARS,
        "source": ANY_TEXT | st.lists(ANY_TEXT, max_size=3) | JSON,
        "input": JSON,
        "metadata": st.fixed_dictionaries({"nbgrader": NBGRADER | JSON}) | JSON,
        "outputs": st.lists(JSON, max_size=2) | JSON,
        "id": SCALARS,
        "level": SCALARS,
        "attachments": JSON,
        "execution_count": SCALARS,
    },
)


@cache
def versions() -> dict[str, dict[str, Any]]:
    """Return a notebook with an answer in several versions of the format."""
    made = submissions.notebook(NAME, submissions.ANSWER)
    made.cells.insert(3, submissions.added("x = 1"))
    made.cells[3].outputs = [nbformat.v4.new_output("stream", text="x\n")]
    by_version = {"4.5": json.loads(json.dumps(made))}
    for minor in range(5):
        older = by_version[f"4.{minor}"] = copy.deepcopy(by_version["4.5"])
        older["nbformat_minor"] = minor
        for cell in older["cells"]:
            del cell["id"]
    by_version["3"] = json.loads(json.dumps(nbformat.convert(made, 3)))  # which changes it
    return by_version


VERSIONS = ["3", *(f"4.{minor}" for minor in range(6))]


def places(document: Any) -> list[tuple[Any, Any]]:
    """Return every place in a document: what holds it, and its key or number there."""
    result, waiting = [], [document]
    while waiting:
        holder = waiting.pop()
        keys = [*holder] if isinstance(holder, dict) else range(len(holder))
        result += [(holder, key) for key in keys]
        waiting += [holder[key] for key in keys if isinstance(holder[key], dict | list)]
    return result


@st.composite
def mutated(draw) -> dict[str, Any]:
    """Draw a notebook of some version in which up to six places have changed."""
    document = copy.deepcopy(versions()[draw(st.sampled_from(VERSIONS))])
    for _ in range(draw(st.integers(1, 6))):
        if not (found := places(document)):
            break
        holder, key = found[draw(st.integers(0, len(found) - 1))]
        match draw(st.sampled_from(["replace", "replace", "copy", "remove", "repeat", "insert"])):
            case "replace":
                holder[key] = draw(JSON)
            case "copy":
                other, there = found[draw(st.integers(0, len(found) - 1))]
                holder[key] = copy.deepcopy(other[there])
            case "remove":
                del holder[key]
            case "repeat" if isinstance(holder, list):
                holder.insert(key, copy.deepcopy(holder[key]))
            case _ if isinstance(holder, list):
                holder.insert(key, draw(CELLS))
            case _:
                holder[draw(KEYS)] = draw(JSON)
    return document


@st.composite
def invented(draw) -> dict[str, Any]:
    """Draw a document that has the keys of a notebook and nothing else of one."""
    cells = draw(st.lists(CELLS, max_size=5))
    document = {
        "nbformat": draw(st.sampled_from([3, 4]) | SCALARS),
        "nbformat_minor": draw(st.integers(0, 6) | SCALARS),
        "metadata": draw(JSON),
        "cells": cells,
        "worksheets": draw(JSON | st.just([{"cells": cells}])),
    }
    for key in draw(st.sets(st.sampled_from(sorted(document)), max_size=2)):
        del document[key]
    return document


def is_sentence(text: str) -> bool:
    return text.isprintable() and text.endswith(".") and len(text) < 1_000


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    return tmp_path_factory.mktemp("notebooks") / f"{NAME}.ipynb"


@pytest.fixture(scope="module")
def released():
    return submissions.notebook(NAME)


@settings(max_examples=examples(400))
@given(document=mutated() | invented() | JSON)
def test_a_document_is_read_and_repaired_or_turned_down(file, source, released, document):
    file.write_text(json.dumps(document), encoding="utf-8")
    try:
        notebook = notebooks.read(file)
    except AutograderError as error:
        assert is_sentence(str(error))
        event("turned down")
        return
    assert all(map(is_sentence, notebook.defects)), notebook.defects
    repaired = repair(notebook.cells, source, released)
    nbformat.validate(repaired.notebook)
    nbformat.writes(repaired.notebook).encode()
    ids = [cell.id for cell in repaired.notebook.cells]
    assert len(ids) == len(set(ids))
    assert all(line.isprintable() for line in repaired.repairs)
    jobs.job_of(NAME, repaired.notebook).key(session.Budget())
    event("repaired" if repaired.repairs else "as handed in")


@settings(max_examples=examples(200))
@given(content=st.binary(max_size=200) | ANY_TEXT.map(lambda text: text.encode("utf-8", "replace")))
def test_bytes_that_are_no_document_are_turned_down(file, content):
    file.write_bytes(content)
    with pytest.raises(AutograderError) as refused:
        notebooks.read(file)
    assert is_sentence(str(refused.value))


@pytest.mark.parametrize("version", VERSIONS)
def test_the_answer_survives_every_version_of_the_format(file, source, released, version):
    file.write_text(json.dumps(versions()[version]), encoding="utf-8")
    repaired = repair(notebooks.read(file).cells, source, released)
    assert ("sampling-answer", submissions.ANSWER) in submissions.code(repaired)
    assert "x = 1" in [text for _, text in submissions.code(repaired)]
