"""Run notebooks in processes of this machine."""

from collections import deque
from collections.abc import Collection, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from contextlib import contextmanager
from pathlib import Path

from autograder import AutograderError, checks
from autograder.checks.words import unforeseen
from autograder.execution import job as jobs
from autograder.execution.judging.reference import Reference, references
from autograder.execution.ordinary.run import PlainJob
from autograder.execution.pools.pool import Running
from autograder.execution.processes import cgroup, start
from autograder.execution.processes.session import Budget
from autograder.execution.result import JobResult, UnforeseenError


@contextmanager
def here(jobs: int, budget: Budget) -> Iterator["Local"]:
    """Give a pool that runs notebooks on this machine."""
    groups, note = cgroup.prepared()  # before the first process that must begin in one
    start.context()  # imports TensorFlow there while nbgrader is imported here
    with references(checks.NAMES) as by_name, threads(jobs) as executor:
        yield Local(executor, Runner(by_name, range(jobs), groups), jobs, budget, note)


@contextmanager
def threads(count: int) -> Iterator[ThreadPoolExecutor]:
    """Give threads that wait for processes of notebooks; if anything fails, end these at once."""
    with ThreadPoolExecutor(count) as executor:
        try:
            yield executor
        except BaseException:
            with start.stopping():
                executor.shutdown(cancel_futures=True)
            raise


class Runner:
    """Runs notebooks in processes of this machine, each with its own slot.

    Parameters
    ----------
    references : dict of str to Reference
        The reference solutions, by name of the exercise.
    slots : iterable of int
        One for each notebook that may run at the same time.
    groups : Path or None
        The control group that holds the groups of notebooks.
    """

    def __init__(
        self,
        references: dict[str, Reference],
        slots: Iterable[int],
        groups: Path | None = None,
    ):
        self._references, self._slots, self._groups = references, deque(slots), groups

    def run(self, job: jobs.Job | PlainJob, budget: Budget) -> JobResult:
        """Return the result of a job; several threads may do this at the same time.

        Raises
        ------
        UnforeseenError
            If running or judging this notebook failed in a way that nobody foresaw.
        AutograderError
            If no notebook can be run.
        """
        slot = self._slots.pop()
        reference = None if isinstance(job, PlainJob) else self._references[job.exercise]
        try:
            return jobs.execute(job, reference, budget, slot, self._groups)
        except AutograderError:
            raise
        except Exception as error:
            raise UnforeseenError(unforeseen(error)) from error
        finally:
            self._slots.append(slot)
            if reference is not None:
                reference.close()  # its cache now answers nearly all questions


class Local:
    """Threads of this machine, each of which waits for a process that runs a notebook.

    Attributes
    ----------
    jobs : int
        Notebooks that run at the same time.
    budget : Budget
        Limits and containment of every notebook.
    note : str
        What the user should know about the limits, in a sentence; usually empty.
    """

    def __init__(
        self,
        executor: ThreadPoolExecutor,
        runner: Runner,
        jobs: int,
        budget: Budget,
        note: str = "",
    ):
        self._executor, self._runner, self.jobs = executor, runner, jobs
        self.budget, self.note = budget, note

    def start(self, job: jobs.Job | PlainJob) -> Running:
        """Start a job as soon as a thread is free."""
        return self._executor.submit(self._runner.run, job, self.budget)

    def finished(self, running: Collection[Running]) -> set[Running]:
        """Wait until some jobs have ended, and return these."""
        return wait(running, return_when=FIRST_COMPLETED).done

    def result(self, future: Running, submission: str) -> JobResult:
        """Return the result of a job that has ended."""
        return future.result()
