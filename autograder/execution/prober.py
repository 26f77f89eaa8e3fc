"""The process that loads the graph of an answer and observes it; it never sees a student's Python.

It is contained as the one that runs the notebook is: a graph could try to read and write files.
"""

from multiprocessing.connection import Connection
from typing import Any

from autograder.checks import probing
from autograder.checks.graphs import Graphs
from autograder.checks.surroundings import fix_seeds, quiet, without_collector
from autograder.checks.values import Values
from autograder.execution.worker import entering, wire
from autograder.execution.worker.entering import Place
from autograder.sandbox import Limits


def serve(connection: Connection, place: Place) -> None:
    """Answer requests until the other side hangs up.

    The requests are ``load {"key": ..., "exported": ...}`` and ``probe {"key": ..., "exercise":
    ..., "check": ..., "inputs": ...}``.
    """
    entering.enter(connection, place, __name__, begin)


def begin(connection: Connection, limits: Limits) -> None:
    """Say that all is well, and answer requests."""
    connection.send_bytes(wire.pack({"failed": ""}))
    answers: dict[str, Graphs] = {}
    with without_collector():
        _do_not_optimize()
        fix_seeds()
        while True:
            kind, _, message = connection.recv_bytes().partition(b" ")
            connection.send_bytes(_reply(answers, kind, wire.unpack(message)))


def _do_not_optimize() -> None:
    """Let TensorFlow take graphs as they are: each runs a few times only."""
    import tensorflow as tf

    tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": True})


def _reply(answers: dict[str, Graphs], kind: bytes, request: Values) -> bytes:
    try:
        load = _load if kind == b"load" else _probe
        return wire.pack(load(answers, **request))
    except Exception as error:  # whatever TensorFlow makes of an odd graph
        return wire.pack({"failed": f"{type(error).__name__} ended a look at the graph"})


def _load(answers: dict[str, Graphs], key: str, exported: Values) -> Values:
    with quiet():
        answers[key] = Graphs(exported)
    return {"missing": True}  # nothing was asked yet


def _probe(answers: dict[str, Graphs], key: str, exercise: str, check: str, inputs: Any) -> Values:
    return probing.run(exercise, check, answers[key], inputs)
