"""The process that loads the graph of an answer and observes it; it never sees a student's Python.

It is contained like the one that runs the notebook: a graph could try to read and write files.
"""

from multiprocessing.connection import Connection
from typing import Any

from autograder.checks.running import probing
from autograder.checks.tracing.graphs import Graphs
from autograder.checks.tracing.surroundings import fix_seeds, quiet, without_garbage_collection
from autograder.checks.values import Exported, Observation, Values
from autograder.execution.worker import entering, wire
from autograder.execution.worker.entering import ProcessConfig
from autograder.sandbox import Limits


def serve(connection: Connection, config: ProcessConfig) -> None:
    """Answer requests until the other side hangs up.

    The requests are ``load {"key": ..., "exported": ...}`` and ``probe {"key": ..., "exercise":
    ..., "check": ..., "inputs": ...}``.
    """
    entering.enter(connection, config, __name__, begin)


def begin(connection: Connection, limits: Limits) -> None:
    """Say that all is well, and answer requests."""
    connection.send_bytes(wire.pack({"failed": ""}))
    answers: dict[str, Graphs] = {}
    with without_garbage_collection():
        _disable_optimizer()
        fix_seeds()
        while True:
            kind, _, message = connection.recv_bytes().partition(b" ")
            connection.send_bytes(_reply(answers, kind, wire.unpack(message)))


def _disable_optimizer() -> None:
    """Make TensorFlow run graphs as they are: each runs only a few times."""
    import tensorflow as tf

    tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": True})


def _reply(answers: dict[str, Graphs], kind: bytes, request: Values) -> bytes:
    try:
        handle = _load if kind == b"load" else _probe
        return wire.pack(handle(answers, **request))
    except Exception as error:  # TensorFlow may raise anything on an odd graph
        return wire.pack({"failed": f"{type(error).__name__} ended the inspection of the graph"})


def _load(answers: dict[str, Graphs], key: str, exported: Values) -> Values:
    with quiet():
        answers[key] = Graphs(Exported.from_json(exported))
    return Observation(missing=True).to_json()  # nothing has been asked yet


def _probe(answers: dict[str, Graphs], key: str, exercise: str, check: str, inputs: Any) -> Values:
    return probing.run(exercise, check, answers[key], inputs).to_json()
