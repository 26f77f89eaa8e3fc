"""Only JSON and arrays of numbers cross the border, and only messages of the expected form."""

import json

import numpy as np
import pytest

from autograder import AutograderError
from autograder.checks.tracing.export import FILES
from autograder.checks.values import State
from autograder.execution.worker import wire


def test_values_arrive_as_they_were_sent():
    sent = {"a": np.arange(6.0).reshape(2, 3), "b": [1, None, "x"], "c": np.float32(0.5)}
    got = wire.unpack(wire.pack(sent))
    np.testing.assert_array_equal(got["a"], sent["a"])
    assert got["a"].dtype == np.float64
    assert got["b"] == [1, None, "x"]
    assert got["c"] == 0.5


@pytest.mark.parametrize("array", [np.array([True]), np.float16([1]), np.int8([[1], [2]])])
def test_the_type_of_an_array_is_kept(array):
    got = wire.unpack(wire.pack({"it": array}))["it"]
    assert got.dtype == array.dtype
    assert got.shape == array.shape


@pytest.mark.parametrize("value", [np.array([object()]), np.array(["a"]), object(), {1, 2}, b"x"])
def test_objects_are_refused(value):
    with pytest.raises(TypeError, match="neither a number nor an array"):
        wire.pack({"value": value})


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b"\xff\xfe",
        b"[" * 100_000,
        json.dumps({"__array__": "AAAA", "dtype": "|O", "shape": [1]}).encode(),
        json.dumps({"__array__": "AAAA", "dtype": "<f8", "shape": [10**9]}).encode(),
        json.dumps({"__array__": 3, "dtype": "<f8", "shape": [1]}).encode(),
        json.dumps({"__array__": "AAAA"}).encode(),
        json.dumps({"__array__": "", "dtype": "<f8", "shape": [-1]}).encode(),
        json.dumps({"__array__": "", "dtype": "<f8", "shape": [True]}).encode(),
        json.dumps({"__array__": "", "dtype": "<f8", "shape": [0] * 40}).encode(),
        json.dumps({"__array__": "", "dtype": "f8,f8", "shape": [0]}).encode(),
        json.dumps({"__array__": "", "dtype": {"a": 1}, "shape": [0]}).encode(),
        b'{"a": ' + b"9" * 5000 + b"}",
    ],
)
def test_what_cannot_be_read_is_one_sentence(data):
    with pytest.raises(AutograderError, match="could not be read"):
        wire.unpack(data)


@pytest.mark.parametrize("data", [b"[]", b"3", b'"x"', b"null"])
def test_a_message_is_a_dict(data):
    with pytest.raises(AutograderError, match="not a dict"):
        wire.unpack(data)


def test_a_message_has_a_largest_size(monkeypatch):
    monkeypatch.setattr(wire, "LARGEST", 10)
    with pytest.raises(AutograderError, match="larger than 10"):
        wire.unpack(wire.pack({"x": "x" * 20}))


def test_a_message_has_a_largest_number_of_values():
    with pytest.raises(AutograderError, match="more than 1,000,000 values"):
        wire.unpack(b'{"a": [' + b"0," * 1_000_001 + b"0]}")


ODD = [None, 3, "x", [], {}, [1], {"a": 1}, np.zeros(3), np.zeros((2, 2), np.uint8), True]


@pytest.mark.parametrize("odd", ODD, ids=repr)
def test_whatever_a_cell_sends_becomes_a_list_of_dicts(odd):
    run = wire.cell({"outputs": odd, "ok": odd})
    assert isinstance(run.outputs, list)
    assert all(isinstance(output, dict) for output in run.outputs)
    assert run.ok is (odd is True)


def graph(**changes):
    files = {name: np.zeros(3, np.uint8) for name in FILES}
    return {"functions": {"f": {}}, "files": files, "switches": []} | changes


def test_a_graph_of_the_expected_form_passes():
    got = wire.exported(graph(switches=["a.b"]))
    assert got.functions == {"f": State()}
    assert set(got.files) == set(FILES)
    assert got.switches == ("a.b",)


@pytest.mark.parametrize("odd", ODD, ids=repr)
@pytest.mark.parametrize("key", ["functions", "files", "switches"])
def test_a_graph_of_another_form_is_refused_or_made_plain(key, odd):
    try:
        got = wire.exported(graph(**{key: odd}))
    except AutograderError as error:
        assert str(error).endswith(".")
        return
    assert all(isinstance(switch, str) for switch in got.switches)
    assert all(isinstance(state.problem, str) for state in got.functions.values())
    assert all(isinstance(state.missing, bool) for state in got.functions.values())
    assert not got.files or set(got.files) == set(FILES)


@pytest.mark.parametrize(
    "functions",
    [
        {"f": 3},
        {"f\n": {}},
        {"x" * 1000: {}},
        {str(number): {} for number in range(1000)},
    ],
)
def test_functions_with_strange_names_or_states_are_refused(functions):
    with pytest.raises(AutograderError):
        wire.exported(graph(functions=functions))


def test_a_problem_is_one_line_of_a_fixed_length():
    got = wire.exported(graph(functions={"f": {"problem": "a\n\x1b[2J" + "b" * 10_000}}))
    problem = got.functions["f"].problem
    assert problem.isprintable()
    assert len(problem) <= 900


@pytest.mark.parametrize("odd", ODD, ids=repr)
def test_what_is_observed_is_values_a_problem_or_missing(odd):
    for key in ("values", "problem", "missing"):
        try:
            got = wire.observed({key: odd})
        except AutograderError:
            continue
        assert sum([got.values is not None, bool(got.problem), got.missing]) == 1


def test_a_process_that_failed_is_told():
    for decode in (wire.cell, wire.exported, wire.observed):
        with pytest.raises(AutograderError, match="It says: MemoryError ended the request"):
            decode({"failed": "MemoryError ended the request"})
