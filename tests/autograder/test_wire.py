"""Only JSON and arrays of numbers cross the border to student code."""

import json

import numpy as np
import pytest

from autograder import AutograderError, wire


def test_values_arrive_as_they_were_sent():
    sent = {"a": np.arange(6.0).reshape(2, 3), "b": [1, None, "x"], "c": np.float32(0.5)}
    got = wire.unpack(wire.pack(sent))
    np.testing.assert_array_equal(got["a"], sent["a"])
    assert got["a"].dtype == np.float64
    assert got["b"] == [1, None, "x"]
    assert got["c"] == 0.5


@pytest.mark.parametrize("array", [np.array([True]), np.float16([1]), np.int8([[1], [2]])])
def test_the_type_of_an_array_is_kept(array):
    got = wire.unpack(wire.pack(array))
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
    ],
)
def test_what_cannot_be_read_is_one_sentence(data):
    with pytest.raises(AutograderError, match="could not be read"):
        wire.unpack(data)


def test_a_message_has_a_largest_size(monkeypatch):
    monkeypatch.setattr(wire, "LARGEST", 10)
    with pytest.raises(AutograderError, match="larger than 10"):
        wire.unpack(wire.pack("x" * 20))
