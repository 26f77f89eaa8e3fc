"""The trusted side of a student's process: start it, run cells and probes in it, end it."""

import contextlib
import multiprocessing
import os
import tempfile
import threading
from collections.abc import Iterator
from multiprocessing import forkserver

from autograder import AutograderError, wire, worker
from autograder.checks import Check, Exercise

ENVIRONMENT = {
    "CUDA_VISIBLE_DEVICES": "-1",
    "MPLBACKEND": "agg",
    "NBGRADER_EXECUTION": "autograde",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "TF_NUM_INTRAOP_THREADS": "1",
}
STARTING = threading.Lock()  # the environment belongs to all threads
START = 300  # seconds for the libraries to be imported on a busy machine


class EndedError(AutograderError):
    """The student's process is gone; the message says why."""


def context():
    """Return how processes are started: if possible, forked from one with all imports done."""
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("spawn")
    chosen = multiprocessing.get_context("forkserver")
    chosen.set_forkserver_preload(["autograder.warm"])
    with environment():
        forkserver.ensure_running()
    return chosen


@contextlib.contextmanager
def environment() -> Iterator[None]:
    """Give the processes that are started here the environment of a check."""
    with STARTING:
        before = dict(os.environ)
        os.environ.update(ENVIRONMENT)
        try:
            yield
        finally:
            os.environ.clear()
            os.environ.update(before)


class Session:
    """One notebook in a process of its own.

    Parameters
    ----------
    exercise : Exercise
        What the notebook answers.
    limit : float
        Seconds that one cell or one probe may take.
    """

    def __init__(self, exercise: Exercise, limit: float = 120):
        self.exercise, self.limit = exercise, limit
        self.problem: str | None = None
        self._folder = tempfile.TemporaryDirectory(prefix="autograder-", ignore_cleanup_errors=True)
        chosen = context()
        self._connection, theirs = chosen.Pipe()
        self._process = chosen.Process(target=worker.serve, args=(theirs, self._folder.name))
        with environment():
            self._process.start()
        theirs.close()
        self._wait()

    def __enter__(self) -> "Session":
        """Return the session, which ``with`` closes."""
        return self

    def __exit__(self, *_) -> None:
        """End the process and delete its folder."""
        self.close()

    def run(self, source: str) -> dict:
        """Run a cell: ``{"outputs": [...], "ok": bool}``."""
        return self._request({"do": "run", "source": source}, "The cell")

    def ask(self, check: Check, _answers: tuple, inputs: dict) -> dict:
        """Run a probe on what the notebook has defined; ``Exercise.ask`` has this form."""
        request = {"do": "probe", "exercise": self.exercise.name}
        try:
            return self._request(request | {"check": check.name, "inputs": inputs}, "Your answer")
        except EndedError as error:
            return {"problem": str(error)}

    def close(self) -> None:
        """End the process and delete its folder."""
        self._connection.close()
        if self._process.is_alive():
            self._process.kill()
        self._process.join()
        self._folder.cleanup()

    def _request(self, message: dict, who: str) -> dict:
        """Send a message and wait for the reply.

        Raises
        ------
        EndedError
            If the process has died or takes too long; every later request raises it again.
        """
        if self.problem:
            raise EndedError(self.problem)
        try:
            self._connection.send_bytes(wire.pack(message))
            if not self._connection.poll(self.limit):
                raise TimeoutError
            reply = wire.unpack(self._connection.recv_bytes(wire.LARGEST))
        except TimeoutError:
            self._end(f"{who} did not end within {self.limit:g} s and was stopped.")
        except (EOFError, OSError):
            self._end(
                f"{who} ended the process in which the notebook ran, so nothing could follow."
            )
        except AutograderError as error:
            self._end(f"{who} gave an answer that cannot be used. {error}")
        return reply

    def _wait(self) -> None:
        """Wait until the libraries are imported; a failure here is never the student's."""
        try:
            if self._connection.poll(START) and wire.unpack(self._connection.recv_bytes()):
                return
        except (EOFError, OSError):
            self._process.join(START)
        code = self._process.exitcode
        self.close()
        raise AutograderError(
            "The process that runs notebooks did not start "
            f"({f'exit code {code}' if code is not None else f'within {START} s'})."
        )

    def _end(self, problem: str) -> None:
        self.problem = problem
        self._process.kill()
        raise EndedError(problem)
