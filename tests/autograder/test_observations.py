"""Equal graphs are probed once; what is kept of them has a limit and is never mixed up."""

import copy

import numpy as np
import pytest

from autograder.checks import Question
from autograder.checks.export import FILES
from autograder.execution.observations import Observations, digest


def graph(**changes):
    files = {name: np.arange(5, dtype=np.uint8) for name in FILES}
    return {"functions": {"f": {}}, "files": files, "switches": []} | changes


def question(check="Mean", **inputs):
    return Question(check, {}, inputs or {"mean": np.array([1.0, 2.0])})


def test_equal_graphs_have_one_digest_whatever_switches_were_turned():
    assert digest(graph()) == digest(copy.deepcopy(graph(switches=["x"])))


@pytest.mark.parametrize("name", FILES)
def test_one_byte_makes_another_graph(name):
    other = copy.deepcopy(graph())
    other["files"][name][2] += 1
    assert digest(other) != digest(graph())


def test_bytes_cannot_move_from_one_file_to_the_next():
    other = copy.deepcopy(graph())
    other["files"][FILES[0]], other["files"][FILES[1]] = (
        np.arange(4, dtype=np.uint8),
        np.array([4, *range(5)], np.uint8),
    )
    assert digest(other) != digest(graph())


def test_what_is_said_of_functions_counts():
    assert digest(graph(functions={"f": {"problem": "x"}})) != digest(graph())


def test_what_was_seen_is_known_for_the_same_question_to_the_same_graph_alone():
    known = Observations()
    seen = {"values": {"mean": np.zeros(2)}}
    known.keep("a", question(), seen)
    assert known.get("a", question()) is seen
    assert known.get("b", question()) is None
    assert known.get("a", question("Spread")) is None
    assert known.get("a", question(mean=np.array([1.0, 2.5]))) is None


def test_what_has_not_been_asked_for_longest_is_forgotten():
    known = Observations(most=40_000)
    for number in range(12):
        known.keep(str(number), question(), {"values": {"x": np.zeros(500)}})
        assert known.get("0", question()) is not None
    assert known.get("1", question()) is None
    assert known.get("11", question()) is not None


def test_what_is_large_is_not_kept():
    known = Observations(most=40_000)
    known.keep("a", question(), {"values": {"x": np.zeros(5000)}})
    assert known.get("a", question()) is None
