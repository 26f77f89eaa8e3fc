"""Run a probe on the graph of an answer."""

import importlib

from autograder.checks.graphs import Graphs, NoGraphError
from autograder.checks.surroundings import quiet, without_collector
from autograder.checks.values import Values
from latents.errors import explain


def run(exercise: str, check: str, graphs: Graphs, inputs: Values) -> Values:
    """Return ``{"values": ...}``, ``{"problem": sentence}`` or ``{"missing": True}``.

    Parameters
    ----------
    exercise, check : str
        Names, by which the probe is found.
    graphs : Graphs
        The answer.
    inputs : dict
        Where to probe.
    """
    import tensorflow as tf

    probes = importlib.import_module(f"autograder.exercises.{exercise}.probes").PROBES
    try:
        with quiet(), without_collector(), tf.device("CPU:0"):
            return {"values": probes[check](graphs, inputs)}
    except NoGraphError as error:
        return error.state
    except tf.errors.OpError as error:
        return explain(error) | {"by_graph": True}
