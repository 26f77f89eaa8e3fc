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
from typing import NoReturn, Self, TypeVar

from autograder import AutograderError
from autograder.checks.values import Exported, Observation, Values
from autograder.execution import prober
from autograder.execution.processes import cgroup, start
from autograder.execution.processes.channel import Channel
from autograder.execution.worker import serve, wire
from autograder.execution.worker.entering import GO, ProcessConfig
from autograder.execution.worker.wire import CellRun
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


class TimeLimitError(EndedError):
    """A cell, a probe or a notebook took longer than it may."""


class MemoryLimitError(EndedError):
    """A notebook used more memory than it may."""


class CpuLimitError(EndedError):
    """A notebook used more computing time than it may."""


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
        self.budget = budget
        self._ended: EndedError | None = None  # why, if the process is gone
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
        # Only requests take time off: waiting for others, such as the reference solution, is free.
        self._seconds_left = budget.notebook

    @property
    def pid(self) -> int:
        """Number of the process."""
        assert self._process.pid is not None  # it was started
        return self._process.pid

    @property
    def folder(self) -> Path:
        """Working folder of the process."""
        return Path(self._folder.name)

    @property
    def problem(self) -> str:
        """Why the process is gone, in a sentence; empty while it runs."""
        return "" if self._ended is None else str(self._ended)

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
        if self.budget.containment == Containment.NONE:
            with contextlib.suppress(OSError):  # all of them have ended
                os.killpg(self.pid, signal.SIGKILL)

    def close(self) -> None:
        """End the process and delete its folder.

        Raises
        ------
        UnusableError
            If what the notebook has started does not end.
        """
        self._channel.close()
        self._stop()
        try:
            if self._group is not None:
                self._group.close()
        except AutograderError as error:
            raise UnusableError(str(error)) from error
        finally:
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
        if self._ended is not None:
            raise self._ended
        start_time = time.monotonic()
        deadline = start_time + min(self.budget.cell, self._seconds_left)
        try:
            self._channel.send(f"{kind} ".encode() + wire.pack(message), deadline)
            return decode(wire.unpack(self._channel.receive(deadline, wire.LARGEST)))
        except TimeoutError:
            if self._seconds_left < self.budget.cell:
                problem = f"The notebook took {self.budget.notebook:g} s in total and was stopped."
            else:
                problem = f"{subject} did not end within {self.budget.cell:g} s and was stopped."
            self._fail(TimeLimitError(problem))
        except (EOFError, OSError):
            self._process.join(END_TIMEOUT)
            error, cause = self._cause_of_end()
            self._fail(error(f"{subject} {cause}, so nothing more could run."))
        except AutograderError as error:
            problem = f"{subject} sent a reply that cannot be used. {error}"
            self._ended = EndedError(problem)
            self._stop()
            raise UnusableError(problem) from error
        finally:
            self._seconds_left -= time.monotonic() - start_time

    def _stop(self) -> None:
        """End the process; a contained one first ends everything that it has started."""
        start.wake()
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
        if self._group is not None:
            try:
                self._group.add(self.pid)
            except AutograderError:
                self.close()
                raise
        self._channel.send(GO, deadline)

    def _cause_of_end(self) -> tuple[type[EndedError], str]:
        code = self._process.exitcode
        if self._group is not None and self._group.exhausted():
            memory = self.budget.limits.memory // 2**20
            return MemoryLimitError, f"used up the {memory:,} MiB of memory of the notebook"
        if code == -signal.SIGXCPU:
            seconds = self.budget.limits.cpu
            return CpuLimitError, f"used up the {seconds} s of computing time of the notebook"
        if code == -signal.SIGSEGV:
            return EndedError, "crashed the process of the notebook (segmentation fault)"
        if code is not None and code < 0:
            reason = f"{_name_of_signal(-code)}, perhaps for lack of memory"
            return EndedError, f"ended the process of the notebook ({reason})"
        return EndedError, "ended the process of the notebook"

    def _fail(self, error: EndedError) -> NoReturn:
        self._ended = error
        self._stop()
        raise error


def _name_of_signal(number: int) -> str:
    """Return the name of a signal; those for real time have none."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


class Session(Process):
    """The process that holds a notebook and runs its student's code.

    Parameters are those of `Process`, without the target.
    """

    def __init__(self, budget: Budget, slot: int = 0, groups: Path | None = None):
        super().__init__(serve.serve, budget, slot, groups)

    def run(self, source: str) -> CellRun:
        """Run a cell.

        Raises
        ------
        EndedError, UnusableError
            As `Process.request` does.
        """
        return self.request("run", {"source": source}, "The cell", wire.cell)

    def export(self, exercise: str, names: Iterable[str], settings: Values) -> Exported:
        """Return the answer as data."""
        message = {"exercise": exercise, "names": list(names), "settings": settings}
        return self.request("export", message, "Your answer", wire.exported)


class Prober(Process):
    """The process that observes the graphs of an answer.

    Parameters are those of `Process`, without the target.
    """

    def __init__(self, budget: Budget, slot: int = 0, groups: Path | None = None):
        super().__init__(prober.serve, budget, slot, groups)

    def load(self, key: str, exported: Exported) -> None:
        """Load the graph of an answer under a key."""
        self._observe("load", {"key": key, "exported": exported.to_json()})

    def probe(self, key: str, exercise: str, check: str, inputs: Values) -> Observation:
        """Return what a probe observes."""
        message = {"key": key, "exercise": exercise, "check": check, "inputs": inputs}
        return self._observe("probe", message)

    def _observe(self, kind: str, message: Values) -> Observation:
        return self.request(kind, message, "The graph of your answer", wire.observed)
