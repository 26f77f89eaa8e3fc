"""What processes exchange is the same when it arrives."""

import numpy as np
import pytest

from autograder.checks.values import Exported, Observation, State


@pytest.mark.parametrize(
    ("state", "sent", "is_there"),
    [
        (State(), {}, True),
        (State("It raised."), {"problem": "It raised."}, False),
        (State(missing=True), {"missing": True}, False),
    ],
)
def test_a_function_is_there_if_nothing_is_said_of_it(state, sent, is_there):
    assert state.to_json() == sent
    assert State(**sent) == state
    assert state.is_there == is_there


def test_an_answer_arrives_as_it_was_exported():
    files = {"saved_model.pb": np.arange(3, dtype=np.uint8)}
    exported = Exported({"f": State(), "g": State("No.")}, files, ("mixed precision",))
    assert Exported.from_json(exported.to_json()) == exported


@pytest.mark.parametrize(
    "observation",
    [Observation({}), Observation({"size": 3}), Observation(problem="No.", by_graph=True)],
)
def test_an_observation_has_what_was_seen_even_if_that_is_nothing(observation):
    assert Observation(**observation.to_json()) == observation
