"""The trusted side of a student's process: start it, run cells and probes in it, end it."""

import contextlib
import multiprocessing
import os
import secrets
import signal
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from multiprocessing import forkserver
from pathlib import Path

from autograder import AutograderError, cgroup, wire, worker
from autograder.checks import Check, Exercise
from autograder.libraries import VARIABLE
from autograder.sandbox import Containment, Limits

ENVIRONMENT = {
    "CUDA_VISIBLE_DEVICES": "-1",
    "JE_ARROW_MALLOC_CONF": "background_thread:false",  # no thread that a fork would lack
    "MPLBACKEND": "agg",
    "NBGRADER_EXECUTION": "autograde",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "TF_NUM_INTRAOP_THREADS": "1",
}
STARTING = threading.Lock()  # the environment belongs to all threads
START = 300  # seconds for the libraries to be imported on a busy machine
AROUND = 3  # processes outside and inside that keep a contained one, and bwrap
END = 5  # seconds for a process to end that has closed its connection
TAMPERED = (
    "Something in your notebook has changed {changed}, which the checks work with, so nothing can "
    "be judged: leave it as it is."
)
PASSED = (
    "HOME",
    "LANG",
    "LC_ALL",
    "LD_LIBRARY_PATH",
    "PATH",
    "PYTHONPATH",
    "TMPDIR",
    "TZ",
    VARIABLE,
)


@dataclass(frozen=True)
class Walls:
    """What a notebook may use.

    Attributes
    ----------
    cell, notebook : float
        Seconds that one cell or probe, and that all of them, may take.
    containment : str
        How the process is kept from everything else; ``none`` for trusted code.
    limits : Limits
        What a contained process may use; its control group and the limit of output hold for all.
    """

    cell: float = 60
    notebook: float = 600
    containment: str = Containment.NONE
    limits: Limits = field(default_factory=Limits)


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
    """Give the process that others are forked from little of the environment: no secrets."""
    with STARTING:
        before = dict(os.environ)
        passed = {name: before[name] for name in PASSED if name in before}
        os.environ.clear()
        os.environ.update(passed | ENVIRONMENT)
        try:
            yield
        finally:
            os.environ.clear()
            os.environ.update(before)


def _group(folder: Path, slot: int, limits: Limits) -> cgroup.Group:
    return cgroup.Group(folder, slot, limits.memory, limits.processes + AROUND)


class Session:
    """One notebook in a process of its own.

    Parameters
    ----------
    exercise : Exercise
        What the notebook answers.
    walls : Walls
        What it may use.
    slot : int
        Number of this process among those that run at the same time.
    groups : Path or None
        The control group that takes those of notebooks; without it, each process has its limits,
        but all of a notebook together have none.
    """

    def __init__(
        self,
        exercise: Exercise,
        walls: Walls | float = 120,
        slot: int = 0,
        groups: Path | None = None,
    ):
        self.exercise = exercise
        self.walls = walls if isinstance(walls, Walls) else Walls(walls)
        self._deadline = time.monotonic() + self.walls.notebook
        self.problem: str | None = None
        self.tampered = ""
        self._folder = tempfile.TemporaryDirectory(prefix="autograder-", ignore_cleanup_errors=True)
        chosen = context()
        self._connection, theirs = chosen.Pipe()
        limits = self.walls.limits
        arguments = theirs, self._folder.name, self.walls.containment, limits, slot
        self._process = chosen.Process(target=worker.serve, args=arguments)
        self._group = _group(groups, slot, limits) if groups else None
        spawned = chosen.get_start_method() == "spawn"  # and not forked from a clean process
        with environment() if spawned else contextlib.nullcontext():
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
        """Run a cell: ``{"outputs": [dict, ...], "ok": bool}``."""
        reply = self._request("run", {"source": source}, "The cell")
        outputs = reply.get("outputs")
        found = (
            [each for each in outputs if isinstance(each, dict)]
            if isinstance(outputs, list)
            else []
        )
        return {"outputs": found, "ok": reply.get("ok") is True}

    def ask(self, check: Check, _answers: tuple, inputs: dict) -> dict:
        """Run a probe on what the notebook has defined; ``Exercise.ask`` has this form."""
        request = {"exercise": self.exercise.name, "check": check.name, "inputs": inputs}
        try:
            reply = self._request("probe", request, "Your answer")
        except EndedError as error:
            return {"problem": str(error)}
        problem, values = reply.get("problem"), reply.get("values")
        if isinstance(problem, str) and problem:
            return {"problem": problem}
        if reply.get("missing") is True:
            return {"missing": True}
        if isinstance(values, dict):
            return {"values": values}
        return {"problem": "What your answer returned cannot be judged."}

    def finish(self) -> str:
        """Look once more whether anything was tampered with; return what, or an empty text."""
        if self.problem:
            return self.tampered
        with contextlib.suppress(EndedError):
            self._request("finish", {}, "Your answer")
        return self.tampered

    def close(self) -> None:
        """End the process and delete its folder."""
        self._connection.close()
        self._stop()
        if self._group is not None:
            self._group.close()
        self._folder.cleanup()

    def _stop(self) -> None:
        """End the process; a contained one first ends all that it has started."""
        if self._process.is_alive():
            self._process.terminate()
            self._process.join(END)
        if self._process.is_alive():
            self._process.kill()
        self._process.join()

    def _request(self, kind: str, message: dict, who: str) -> dict:
        """Send a message and wait for the reply.

        Raises
        ------
        EndedError
            If the process has died or takes too long; every later request raises it again.
        """
        if self.problem:
            raise EndedError(self.problem)
        try:
            self._connection.send_bytes(f"{kind} ".encode() + wire.pack(message))
            left = self._deadline - time.monotonic()
            if not self._connection.poll(max(0, min(self.walls.cell, left))):
                raise TimeoutError
            content, checked = self._seal.open(self._connection.recv_bytes(wire.LARGEST))
            reply = wire.unpack(content)
            if not isinstance(reply, dict):
                raise AutograderError(f"It is a {type(reply).__name__}.")
        except TimeoutError:
            if left < self.walls.cell:
                self._end(f"The notebook took {self.walls.notebook:g} s in all and was stopped.")
            self._end(f"{who} did not end within {self.walls.cell:g} s and was stopped.")
        except (EOFError, OSError):
            self._process.join(END)
            self._end(f"{who} {self._how_it_ended()}, so nothing could follow.")
        except AutograderError as error:
            self._end(f"{who} gave an answer that cannot be used. {error}")
        if checked and "changed" in reply:
            self.tampered = TAMPERED.format(changed=" ".join(str(reply["changed"])[:200].split()))
            self._end(self.tampered)
        if checked != (kind != "run"):
            self._end(f"{who} gave an answer that cannot be used.")
        return reply

    def _wait(self) -> None:
        """Wait until the libraries are imported; a failure here is never the student's."""
        key, problem = secrets.token_bytes(wire.KEY), ""
        self._seal = wire.Seal(key)
        try:
            self._let_go()
            if self._connection.poll(START):
                problem = wire.unpack(self._connection.recv_bytes())["failed"]
                if not problem:
                    self._connection.send_bytes(key)
                    return
        except (EOFError, OSError):
            self._process.join(START)
        code = self._process.exitcode
        self.close()
        ended = f"exit code {code}" if code is not None else f"within {START} s"
        raise AutograderError(
            problem or f"The process that runs notebooks did not start ({ended})."
        )

    def _let_go(self) -> None:
        """Let the process begin, in its group, to which then belongs all that it starts."""
        if self._group is not None:
            try:
                self._group.add(self._process.pid)
            except AutograderError:
                self.close()
                raise
        self._connection.send_bytes(worker.GO)

    def _how_it_ended(self) -> str:
        code = self._process.exitcode
        if self._group is not None and self._group.exhausted():
            memory = self.walls.limits.memory // 2**20
            return f"used up the {memory:,} MiB of memory of the notebook"
        if code == -signal.SIGXCPU:
            return f"used up the {self.walls.limits.cpu} s of computing time of the notebook"
        if code == -signal.SIGSEGV:
            return "crashed the process of the notebook (segmentation fault)"
        if code is not None and code < 0:
            name = signal.Signals(-code).name
            return f"brought the process of the notebook to its end ({name}, as for want of memory)"
        return "ended the process of the notebook"

    def _end(self, problem: str) -> None:
        self.problem = problem
        self._stop()
        raise EndedError(problem)
