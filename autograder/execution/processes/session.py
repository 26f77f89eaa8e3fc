"""The trusted side of the processes of a notebook: start them, ask them, end them."""

import contextlib
import os
import signal
import tempfile
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, NoReturn, Self, TypeVar

from autograder import AutograderError
from autograder.checks.values import Values
from autograder.execution import prober
from autograder.execution.processes import cgroup, start
from autograder.execution.processes.channel import Channel
from autograder.execution.worker import serve, wire
from autograder.execution.worker.entering import GO, ProcessConfig
from autograder.sandbox import Containment, Limits

START_TIMEOUT = 300  # seconds to import the libraries on a busy machine
HELPER_PROCESSES = 3  # watcher, first process and bwrap, besides those of the notebook
Reply = TypeVar("Reply")
END_TIMEOUT = 5  # seconds for a process to end after it has closed its connection


@dataclass(frozen=True)
class Budget:
    """What a notebook may use.

    Attributes
    ----------
    cell, notebook : float
        Seconds that one cell or probe, and all of them together, may take.
    containment : str
        Kind of containment of the process; ``none`` for trusted code.
    limits : Limits
        What a contained process may use; its control group and the output
        limit also apply to one that is not contained.
    """

    cell: float = 60
    notebook: float = 600
    containment: str = Containment.NONE
    limits: Limits = field(default_factory=Limits)


class EndedError(AutograderError):
    """A process of a notebook is gone; the message says why."""


class UnusableError(AutograderError):
    """A process sent something that no honest one sends; the message says what."""


def _make_group(folder: Path, slot: int, limits: Limits) -> cgroup.Group:
    return cgroup.Group(folder, slot, limits.memory, limits.processes + HELPER_PROCESSES)


class Process:
    """A process that belongs to one notebook, from its start to its end.

    Parameters
    ----------
    target : callable
        What it runs: ``target(connection, config)``.
    budget : Budget
        What it may use.
    slot : int
        Number of this process among those that run at the same time.
    groups : Path or None
        The control group that holds the groups of notebooks; without it, each process has limits,
        but all processes of a notebook together have none.
    """

    def __init__(
        self,
        target: Callable[[Connection, ProcessConfig], None],
        budget: Budget,
        slot: int = 0,
        groups: Path | None = None,
    ):
        self.budget, self.problem = budget, ""
        self._folder = tempfile.TemporaryDirectory(prefix="autograder-", ignore_cleanup_errors=True)
        context = start.context()
        ours, theirs = context.Pipe()
        self._channel = Channel(ours)
        limits = budget.limits
        config = ProcessConfig(self._folder.name, budget.containment, limits, slot)
        self._process = context.Process(target=target, args=(theirs, config))
        self._group = _make_group(groups, slot, limits) if groups else None
        try:
            start.start(self._process)
        except (EOFError, OSError) as error:
            raise AutograderError("The process that runs notebooks could not start.") from error
        start.RUNNING.add(self)
        theirs.close()
        self._wait_for_start()
        self._deadline = time.monotonic() + budget.notebook

    def __enter__(self) -> Self:
        """Return the process; leaving ``with`` ends it."""
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        """End the process and delete its folder."""
        if kind is not None and not issubclass(kind, Exception):  # the user does not want to wait
            self.kill()
        self.close()

    def kill(self) -> None:
        """End the process at once, and all that it has started."""
        self._process.kill()
        assert self._process.pid is not None  # it was started
        if self.budget.containment == Containment.NONE:
            with contextlib.suppress(OSError):  # all of them have ended
                os.killpg(self._process.pid, signal.SIGKILL)

    def close(self) -> None:
        """End the process and delete its folder."""
        self._channel.close()
        self._stop()
        if self._group is not None:
            self._group.close()
        self._folder.cleanup()

    def request(
        self, kind: str, message: Values, subject: str, decode: Callable[[Values], Reply]
    ) -> Reply:
        """Send a message and return the reply.

        Parameters
        ----------
        kind : str
            Name of the request.
        message : dict
            Its arguments.
        subject : str
            Subject of the sentence that reports a failure.
        decode : callable
            Checks and decodes the reply; one of the functions in ``wire``.

        Raises
        ------
        EndedError
            If the process has died or takes too long; every later request raises it again.
        UnusableError
            If the reply cannot be used; the process is ended.
        """
        if self.problem:
            raise EndedError(self.problem)
        start_time = time.monotonic()
        deadline = min(start_time + self.budget.cell, self._deadline)
        try:
            self._channel.send(f"{kind} ".encode() + wire.pack(message), deadline)
            return decode(wire.unpack(self._channel.receive(deadline, wire.LARGEST)))
        except TimeoutError:
            if self._deadline < start_time + self.budget.cell:
                seconds = self.budget.notebook
                self._fail(f"The notebook took {seconds:g} s in total and was stopped.")
            self._fail(f"{subject} did not end within {self.budget.cell:g} s and was stopped.")
        except (EOFError, OSError):
            self._process.join(END_TIMEOUT)
            self._fail(f"{subject} {self._cause_of_end()}, so nothing more could run.")
        except AutograderError as error:
            self.problem = f"{subject} sent a reply that cannot be used. {error}"
            self._stop()
            raise UnusableError(self.problem) from error

    def _stop(self) -> None:
        """End the process; a contained one first ends everything that it has started."""
        if self._process.is_alive():
            self._process.terminate()
            self._process.join(END_TIMEOUT)
        self.kill()
        self._process.join()
        start.RUNNING.discard(self)

    def _wait_for_start(self) -> None:
        """Wait until the libraries are imported; a failure here is never the student's."""
        problem, deadline = "", time.monotonic() + START_TIMEOUT
        try:
            self._release(deadline)
            problem = wire.started(wire.unpack(self._channel.receive(deadline, wire.LARGEST)))
            if not problem:
                return
        except (EOFError, OSError):  # TimeoutError, too
            self._process.join(END_TIMEOUT)
        code = self._process.exitcode
        self.close()
        ended = f"exit code {code}" if code is not None else f"within {START_TIMEOUT} s"
        raise AutograderError(
            problem or f"The process that runs notebooks did not start ({ended})."
        )

    def _release(self, deadline: float) -> None:
        """Let the process begin, in its control group, which then holds all that it starts."""
        assert self._process.pid is not None  # it was started
        if self._group is not None:
            try:
                self._group.add(self._process.pid)
            except AutograderError:
                self.close()
                raise
        self._channel.send(GO, deadline)

    def _cause_of_end(self) -> str:
        code = self._process.exitcode
        if self._group is not None and self._group.exhausted():
            memory = self.budget.limits.memory // 2**20
            return f"used up the {memory:,} MiB of memory of the notebook"
        if code == -signal.SIGXCPU:
            return f"used up the {self.budget.limits.cpu} s of computing time of the notebook"
        if code == -signal.SIGSEGV:
            return "crashed the process of the notebook (segmentation fault)"
        if code is not None and code < 0:
            name = signal.Signals(-code).name
            return f"ended the process of the notebook ({name}, perhaps for lack of memory)"
        return "ended the process of the notebook"

    def _fail(self, problem: str) -> NoReturn:
        self.problem = problem
        self._stop()
        raise EndedError(problem)


class Session(Process):
    """The process that holds a notebook and runs its student's code.

    Parameters are those of `Process`, without the target.
    """

    def __init__(self, budget: Budget, slot: int = 0, groups: Path | None = None):
        super().__init__(serve.serve, budget, slot, groups)

    def run(self, source: str) -> dict[str, Any]:
        """Run a cell: ``{"outputs": [dict, ...], "ok": bool}``.

        Raises
        ------
        EndedError, UnusableError
            As `Process.request` does.
        """
        outputs, ok = self.request("run", {"source": source}, "The cell", wire.cell)
        return {"outputs": outputs, "ok": ok}

    def export(self, exercise: str, names: Iterable[str], settings: Values) -> Values:
        """Return the exported answer, in the form of ``autograder.checks.tracing.export``."""
        message = {"exercise": exercise, "names": list(names), "settings": settings}
        return self.request("export", message, "Your answer", wire.exported)


class Prober(Process):
    """The process that observes the graphs of an answer.

    Parameters are those of `Process`, without the target.
    """

    def __init__(self, budget: Budget, slot: int = 0, groups: Path | None = None):
        super().__init__(prober.serve, budget, slot, groups)

    def load(self, key: str, exported: Values) -> None:
        """Load the graph of an answer under a key."""
        self._observe("load", {"key": key, "exported": exported})

    def probe(self, key: str, exercise: str, check: str, inputs: Values) -> Values:
        """Return what a probe observes: ``values``, a ``problem``, or that it is ``missing``."""
        message = {"key": key, "exercise": exercise, "check": check, "inputs": inputs}
        return self._observe("probe", message)

    def _observe(self, kind: str, message: Values) -> Values:
        return self.request(kind, message, "The graph of your answer", wire.observed)
