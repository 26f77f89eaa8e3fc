"""Run a probe on the graph of an answer."""

import importlib

from autograder.checks.tracing.graphs import Graphs, NoGraphError
from autograder.checks.tracing.surroundings import quiet, without_garbage_collection
from autograder.checks.values import Values
from latents.errors import explain


def run(exercise: str, check: str, graphs: Graphs, inputs: Values) -> Values:
    """Run one probe and return ``values``, a ``problem`` or ``missing``.

    Parameters
    ----------
    exercise, check : str
        Names of the exercise and of the check, under which the probe is looked up.
    graphs : Graphs
        Graphs of the answer.
    inputs : dict
        Arguments of the probe.

    Returns
    -------
    dict
        ``{"values": ...}``, ``{"problem": sentence}`` or ``{"missing": True}``.
    """
    import tensorflow as tf

    probes = importlib.import_module(f"autograder.exercises.{exercise}.probes").PROBES
    try:
        with quiet(), without_garbage_collection(), tf.device("CPU:0"):
            return {"values": probes[check](graphs, inputs)}
    except NoGraphError as error:
        return error.state
    except tf.errors.OpError as error:
        return explain(error) | {"by_graph": True}
