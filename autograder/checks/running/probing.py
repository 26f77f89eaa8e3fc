"""Run a probe on the graph of an answer."""

import importlib

from autograder.checks.tracing.graphs import Graphs, NoGraphError
from autograder.checks.tracing.surroundings import quiet, without_garbage_collection
from autograder.checks.values import Observation, Values
from latents.workshop.errors import explain


def run(exercise: str, check: str, graphs: Graphs, inputs: Values) -> Observation:
    """Run one probe and return what it observes.

    Parameters
    ----------
    exercise, check : str
        Names of the exercise and of the check, under which the probe is looked up.
    graphs : Graphs
        Graphs of the answer.
    inputs : dict
        Arguments of the probe.
    """
    import tensorflow as tf

    probes = importlib.import_module(f"autograder.exercises.{exercise}.probes").PROBES
    try:
        with quiet(), without_garbage_collection(), tf.device("CPU:0"):
            return Observation(probes[check](graphs, inputs))
    except NoGraphError as error:
        return Observation.nothing(error.state)
    except tf.errors.OpError as error:
        return Observation(**explain(error), by_graph=True)
