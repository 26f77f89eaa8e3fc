"""The process that holds a student's notebook: it runs the cells and exports the answer, no more.

Student code may take over this process and write whatever it likes to the connection. All it can
gain is the points for the graph that it sends.
"""

from multiprocessing.connection import Connection

from autograder.execution.worker import entering, wire
from autograder.execution.worker.entering import ProcessConfig
from autograder.execution.worker.export import export
from autograder.execution.worker.shell import Notebook
from autograder.sandbox import Limits


def serve(connection: Connection, config: ProcessConfig) -> None:
    """Answer requests until the other side hangs up.

    The requests are ``run {"source": ...}`` and ``export {"exercise": ..., "settings": ...}``.
    """
    entering.enter(connection, config, __name__, begin)


def begin(connection: Connection, limits: Limits) -> None:
    """Make a notebook, report whether that succeeded, and answer requests."""
    try:
        notebook, problem = Notebook(limits.output), ""
        entering.reserve_memory()
    except Exception as error:  # no student code has run, so it is the grader's fault
        notebook, problem = None, f"A notebook could not start: {type(error).__name__}: {error}."
    connection.send_bytes(wire.pack({"failed": problem}))
    if notebook is None:
        return
    while True:
        kind, _, message = connection.recv_bytes().partition(b" ")
        connection.send_bytes(_reply(notebook, kind, message))


def _reply(notebook: Notebook, kind: bytes, message: bytes) -> bytes:
    """Return the packed reply to a request, whatever student code does on the way."""
    try:
        request = wire.unpack(message)
        return wire.pack(notebook.run(**request) if kind == b"run" else export(notebook, **request))
    except BaseException as error:
        return wire.pack({"failed": f"{type(error).__name__} ended the request"})
