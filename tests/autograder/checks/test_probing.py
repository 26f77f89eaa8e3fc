"""A probe observes a graph in quiet surroundings, and what keeps it from that is a sentence."""

import gc
import sys
from types import SimpleNamespace

import pytest

from autograder.checks.running import probing
from autograder.checks.tracing.graphs import NoGraphError
from autograder.checks.values import Observation, State

NAME = "autograder.exercises.sampling.probes"


@pytest.fixture
def observe(monkeypatch):
    """Give a function that runs a function as the probe of a check."""

    def run(probe):
        monkeypatch.setitem(sys.modules, NAME, SimpleNamespace(PROBES={"Look": probe}))
        return probing.run("sampling", "Look", None, {"x": 3})

    return run


def test_a_probe_gets_its_inputs_and_gives_values(observe):
    assert observe(lambda graphs, inputs: {"twice": 2 * inputs["x"]}) == Observation({"twice": 6})


@pytest.mark.parametrize("state", [State(missing=True), State("It raised.")])
def test_a_graph_that_is_not_there_is_told(observe, state):
    def probe(graphs, inputs):
        raise NoGraphError(state)

    assert observe(probe) == Observation.nothing(state)


def test_an_error_of_an_operation_is_a_problem_that_says_that_the_graph_has_it(observe):
    def probe(graphs, inputs):
        import tensorflow as tf

        return tf.debugging.assert_equal(1, 2, message="not the same")

    seen = observe(probe)
    assert "not the same" in seen.problem
    assert seen.by_graph


def test_a_mistake_of_ours_is_no_problem_of_a_student(observe):
    with pytest.raises(ZeroDivisionError):
        observe(lambda graphs, inputs: 1 / 0)


def test_the_garbage_collector_rests_during_a_probe_and_works_again_after_it(observe):
    assert observe(lambda graphs, inputs: {"on": gc.isenabled()}) == Observation({"on": False})
    assert gc.isenabled()


def test_nothing_is_printed_on_standard_error(observe, capfd):
    import os
    import warnings

    def probe(graphs, inputs):
        os.write(2, b"from below")
        warnings.warn("from above", stacklevel=1)
        print("beside", file=sys.stderr)
        return {}

    observe(probe)
    assert capfd.readouterr().err == ""
