"""The process that holds a student's notebook: runs its cells, exports its answer, no more.

Student code may take over this process and write whatever it likes to the connection. What it can
gain by that is what the graph that it sends is worth.
"""

from multiprocessing.connection import Connection

from autograder.execution.worker import entering, wire
from autograder.execution.worker.entering import Place
from autograder.execution.worker.export import export
from autograder.execution.worker.shell import Notebook
from autograder.sandbox import Limits


def serve(connection: Connection, place: Place) -> None:
    """Answer requests until the other side hangs up.

    The requests are ``run {"source": ...}`` and ``export {"exercise": ..., "settings": ...}``.
    """
    entering.enter(connection, place, __name__, begin)


def begin(connection: Connection, limits: Limits) -> None:
    """Make a notebook, say whether that went well, and answer requests."""
    try:
        notebook, problem = Notebook(limits.output), ""
        entering.hold_memory()
    except Exception as error:  # nothing of a student has run, so it is the grader's
        notebook, problem = None, f"A notebook could not begin: {type(error).__name__}: {error}."
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
