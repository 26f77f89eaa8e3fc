"""A notebook of an ordinary assignment in its process: what runs when, and what is kept of it."""

import dataclasses

import pytest

from autograder import AutograderError
from autograder.execution.ordinary.outputs import scored
from autograder.execution.ordinary.run import PlainCell, PlainJob, execute_plain
from autograder.execution.processes.session import Budget
from autograder.execution.worker.outputs import failure
from autograder.execution.worker.wire import CellRun

VISIBLE = "seen = 1"


def run(*cells: PlainCell, files=(), budget: Budget | None = None) -> dict[str, list[dict]]:
    return execute_plain(PlainJob("ps1/ps1.ipynb", cells, files), budget or Budget(20)).outputs


def code(own: str, source: str) -> PlainCell:
    return PlainCell(own, source)


def test_cell(own: str, source: str) -> PlainCell:
    return PlainCell(own, source, scored=True)


test_cell.__test__ = False


def hidden(own: str, source: str) -> PlainCell:
    return PlainCell(own, source, scored=True, released=VISIBLE)


def shown(found: list[dict]) -> list[str]:
    return [each.get("text") or each.get("evalue") or each["data"]["text/plain"] for each in found]


def test_hidden_tests_run_after_the_last_cell_with_the_state_of_their_place():
    found = run(
        code("a", "import random\nrandom.seed(1)\nk, order = 2, []\ndef f():\n    return k"),
        hidden("t", "order.append('hidden')\n(f(), random.random(), 'late' in globals())"),
        code("b", "order.append('cell')\nk, late = 3, 4\nrandom.random()"),
        code("c", "(f(), order)"),
    )
    random_number = shown(found["b"])[0]
    assert shown(found["t"]) == [f"(2, {random_number}, False)"]
    assert shown(found["c"]) == ["(3, ['cell'])"]


def test_names_of_hidden_lines_are_there_for_later_hidden_tests_only():
    found = run(
        hidden("t1", "helper = 7"),
        test_cell("t2", "helper"),
        hidden("t3", "helper"),
        code("end", "helper"),
    )
    assert shown(found["t3"]) == ["7"]
    assert shown(found["t2"]) == shown(found["end"]) == ["name 'helper' is not defined"]


def test_a_process_that_ends_leaves_the_points_that_were_made():
    found = run(
        test_cell("t1", "assert True"),
        hidden("t2", "assert True"),
        code("end", "import os\nos._exit(0)"),
        test_cell("t3", "assert True"),
    )
    assert found["t1"] == []
    for own, kind in {"t2": "NotRun", "end": "Ended", "t3": "NotRun"}.items():
        assert [each["ename"] for each in found[own]] == [kind]


def test_a_cell_that_takes_too_long_is_interrupted_and_the_next_one_runs():
    found = run(
        code("loop", "while True:\n    try:\n        pass\n    except Exception:\n        pass"),
        test_cell("t", "assert True"),
        budget=Budget(1),
    )
    assert shown(found["loop"]) == ["The cell did not end within 1 s and was stopped."]
    assert found["t"] == []


def test_files_lie_beside_the_notebook_and_modules_among_them_can_be_imported():
    big = bytes(range(256)) * 2**13  # more than fits into one message
    found = run(
        code(
            "a",
            "import helper\nlen(open('data/big.bin', 'rb').read()), helper.value, open('e').read()",
        ),
        files=(("data/big.bin", big), ("helper.py", b"value = 3\n"), ("e", b"")),
    )
    assert shown(found["a"]) == [f"({len(big)}, 3, '')"]


def test_the_preparation_leaves_no_trace_in_the_history():
    found = run(hidden("t", "1"), code("a", "x = 5"), code("b", "In[1:], In[-1]"))
    assert shown(found["b"]) == [f"(['{VISIBLE}', 'x = 5', 'In[1:], In[-1]'], 'In[1:], In[-1]')"]


def test_a_plot_is_shown_and_closed_as_in_a_notebook():
    source = "import matplotlib.pyplot as plt\n_ = plt.plot([1, 2])\nplt.show()"
    found = run(test_cell("t", source), code("a", "plt.get_fignums()"))
    assert [each["output_type"] for each in found["t"]] == ["display_data"]
    assert found["t"][0]["data"]["image/png"]
    assert shown(found["a"]) == ["[]"]


@pytest.mark.parametrize(
    "files",
    [
        (("x" * 300, b""),),
        (("notes", b""), ("notes/a.txt", b"")),
    ],
    ids=["long", "file and folder"],
)
def test_a_file_that_cannot_be_written_is_for_review(files):
    result = execute_plain(PlainJob("ps1/ps1.ipynb", (code("a", "1"),), files), Budget(20))
    assert result.review.startswith("The file ")
    assert "could not be put beside the notebook: " in result.review


def test_another_environment_is_refused():
    job = PlainJob("ps1/ps1.ipynb", (), environment="other")
    with pytest.raises(AutograderError, match="the packages that the machine of the gradebook has"):
        execute_plain(job, Budget(20))


# The key


def test_whatever_a_score_depends_on_changes_the_key():
    first = PlainJob("a", (hidden("t", "assert 1"),), (("data.csv", b"1"),), ("numpy",))
    others = [
        {"cells": (hidden("t", "assert 2"),)},
        {"cells": (test_cell("t", "assert 1"),)},
        {"files": (("data.csv", b"2"),)},
        {"files": (("other.csv", b"1"),)},
        {"libraries": ()},
        {"environment": "other"},
    ]
    keys = {dataclasses.replace(first, **change).key(Budget()) for change in others}
    keys |= {first.key(Budget()), first.key(Budget(cell=1))}
    assert len(keys) == len(others) + 2
    assert dataclasses.replace(first, name="b").key(Budget()) == first.key(Budget())


# Outputs


def result(text: str) -> dict:
    return {"output_type": "execute_result", "data": {"text/plain": text}, "metadata": {}}


def stream(name: str, text: str) -> dict:
    return {"output_type": "stream", "name": name, "text": text}


FLOOD = [{"output_type": "display_data", "data": {"text/plain": "x" * 10_000}}] * 300


@pytest.mark.parametrize("deciding", [result("0.5"), stream("stderr", "no"), failure("E", "no")])
def test_a_flood_of_outputs_does_not_take_away_the_one_that_decides(deciding):
    last = scored(CellRun([*FLOOD, deciding], ok=True))[-1]
    assert last["output_type"] == deciding["output_type"]
    assert shown([last]) == shown([deciding])


@pytest.mark.parametrize("text", ["", None])
def test_a_value_without_a_text_gives_no_points(text):
    (found,) = scored(CellRun([result(text)], ok=True))
    assert found["ename"] == "NotScored"


def test_a_cell_that_failed_without_a_word_gives_no_points():
    (found,) = scored(CellRun([], ok=False))
    assert found["output_type"] == "error"


CHANGED = "df.append(0)"


@pytest.mark.parametrize(
    ("later", "more", "told"),
    [
        (CHANGED, "assert True", True),
        ("pass", "assert False", False),  # only what is hidden fails
        ("pass", "assert True", False),
    ],
)
def test_a_test_that_fails_only_for_what_later_cells_have_changed_is_named(later, more, told):
    job = PlainJob(
        "ps1/ps1.ipynb",
        (
            code("a", "df = [1]"),
            PlainCell("t", f"assert len(df) == 1\n{more}", True, released="assert len(df) == 1"),
            code("b", later),
        ),
    )
    remarks = " ".join(execute_plain(job, Budget(20)).remarks)
    assert ("After the last cell `t` fails in lines that passed at its place" in remarks) is told
