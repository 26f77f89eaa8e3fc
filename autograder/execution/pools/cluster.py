"""Run notebooks on the workers of a dask cluster: submissions go there, results come back.

Every worker starts the processes of its notebooks from a warm one on its own machine. No student
code runs in a worker itself, and nothing there knows the course, the gradebook or a student's name.
"""

import asyncio
import hashlib
import logging
import multiprocessing
import random
import sys
import time
from collections.abc import Collection, Iterator
from concurrent.futures import FIRST_COMPLETED, CancelledError, wait
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from functools import cache
from typing import Any, cast

from distributed import Client, KilledWorker, Security, Worker, WorkerPlugin, get_worker
from distributed.comm import connect

from autograder import AutograderError, checks, sandbox
from autograder.execution.job import Job, fingerprint
from autograder.execution.judging.reference import references
from autograder.execution.ordinary.run import PlainJob
from autograder.execution.pools.local import Runner
from autograder.execution.pools.pool import Running
from autograder.execution.processes import cgroup, code, start
from autograder.execution.processes.session import Budget
from autograder.execution.result import JobResult
from autograder.sandbox import Containment

SCHEDULER_TIMEOUT = 10  # seconds for a scheduler to answer, and for a first worker to join it
POLL_INTERVAL = 5  # seconds between two counts of the workers while no job ends
PATIENCE = 60  # seconds to wait without any worker
RETRIES = 2  # of a job in which the grader itself failed, perhaps on another machine
LOG = logging.getLogger("distributed.worker")  # prints in the terminal of a worker
RESUMABLE = "What was graded is recorded: run it again to go on."


# On the workers


@cache
def version() -> str:
    """Return a hash of this project and of the packages that a score depends on."""
    digest = hashlib.sha256("".join(map(fingerprint, checks.NAMES)).encode())
    digest.update(code.digest(["."]).encode())
    return digest.hexdigest()


def describe() -> dict[str, str]:
    """Return what decides whether this worker may run notebooks."""
    kind = sandbox.available()
    return {"version": version(), "containment": kind, "reason": sandbox.reason()}


def run(job: Job | PlainJob, budget: Budget, expected_version: str) -> JobResult:
    """Run and score a notebook on the machine of this worker.

    Parameters
    ----------
    job : Job or PlainJob
        What to run.
    budget : Budget
        Its limits, and the least containment.
    expected_version : str
        The `version` on the machine of the grader.

    Raises
    ------
    AutograderError
        If this worker joined the cluster later than the others and cannot run the job.
    """
    description, worker = describe(), get_worker()
    if problem := _reason_against(description, expected_version, budget.containment):
        raise AutograderError(f"The worker {worker.address} cannot grade. {problem}")
    contained = replace(budget, containment=description["containment"])
    plugin = cast(Notebooks, worker.plugins[Notebooks.name])
    return plugin.runner.run(job, contained)


class Notebooks(WorkerPlugin):
    """A plugin that holds what all jobs of a worker share: reference solutions, and slots."""

    name = "autograder"
    idempotent = True  # since graders of several courses may share a cluster

    def setup(self, worker: Worker) -> None:
        """Enable this process to start the processes of notebooks."""
        # A nanny marks its worker as a daemon, and a daemon may start no processes. This removes
        # the mark only in the worker: its nanny still ends it, and the notebooks end with it.
        multiprocessing.current_process().daemon = False
        # Otherwise every process of a notebook would first import the main program: dask.
        vars(sys.modules["__main__"]).update(__spec__=None, __file__=None)
        groups, note = cgroup.prepared()
        if note:
            LOG.warning(note)
        start.context()
        self._processes = ExitStack()
        by_name = self._processes.enter_context(references(checks.NAMES))
        # Random, so that two workers on a machine hardly ever use the same slot.
        slots = random.sample(range(sandbox.SLOTS // 2), worker.state.nthreads)
        self.runner = Runner(by_name, slots, groups)

    def teardown(self, worker: Worker) -> None:
        """End the processes of the reference solutions."""
        self._processes.close()


# On the machine of the gradebook


@contextmanager
def connected(address: str, budget: Budget) -> Iterator["Cluster"]:
    """Give a pool of the workers of a scheduler.

    Parameters
    ----------
    address : str
        Address of the scheduler, as dask writes it: ``tcp://host:8786``.
    budget : Budget
        Limits of every notebook, and the least containment.

    Raises
    ------
    AutograderError
        If there are no workers, or one of them cannot grade as this machine does.
    """
    for name in ("distributed", "distributed.client"):  # this module reports their errors itself
        logging.getLogger(name).setLevel(logging.CRITICAL)
    try:
        asyncio.run(asyncio.wait_for(_greet(address), SCHEDULER_TIMEOUT))
        client = Client(address, timeout=SCHEDULER_TIMEOUT, set_as_default=False)
    except (OSError, ValueError, RuntimeError, TypeError) as error:  # TypeError: without TLS keys
        detail = f" ({' '.join(str(error).split())})" if str(error) else ""
        raise AutograderError(
            f"No scheduler answers at {address}{detail}: start one with `dask scheduler`, and use "
            "the address that it prints."
        ) from error
    with client:
        cluster = Cluster(client, address, budget)
        try:
            yield cluster
        except BaseException:
            cluster.stop()
            raise


async def _greet(address: str) -> None:
    """Return if a scheduler answers: `Client` would wait forever for a silent one."""
    comm = await connect(address, **Security().get_connection_args("client"))
    await comm.close()


class Cluster:
    """A `Pool` whose notebooks run on the workers of a cluster.

    Parameters
    ----------
    client : Client
        The connection to the scheduler.
    address : str
        Address of the scheduler, as the user has written it.
    budget : Budget
        Limits of every notebook, and the least containment.
    """

    note = ""  # each worker prints its own

    def __init__(self, client: Client, address: str, budget: Budget):
        self._client, self._address = client, address
        try:
            client.wait_for_workers(1, timeout=SCHEDULER_TIMEOUT)
        except TimeoutError as error:
            raise AutograderError(
                f"The scheduler at {address} has no workers: start some with "
                f"`dask worker {address}`."
            ) from error
        self.budget = replace(budget, containment=self._containment(budget.containment))
        client.register_plugin(Notebooks())
        self._executor = client.get_executor(pure=False, retries=RETRIES)
        self._count_threads()

    @property
    def jobs(self) -> int:
        """Number of notebooks that can run at the same time, which changes with the workers."""
        if time.monotonic() - self._counted_at > POLL_INTERVAL:
            self._count_threads()
        return self._threads

    def start(self, job: Job | PlainJob) -> Running:
        """Submit a job to the scheduler."""
        running: Running = self._executor.submit(run, job, self.budget, version())
        return running

    def finished(self, running: Collection[Running]) -> set[Running]:
        """Wait until some jobs have ended, and return these.

        Raises
        ------
        AutograderError
            If there are no workers for a long time.
        """
        idle_since = None
        while not (done := wait(running, POLL_INTERVAL, FIRST_COMPLETED).done):
            idle_since = None if self._count_threads() else idle_since or self._counted_at
            if idle_since is not None and self._counted_at - idle_since >= PATIENCE:
                raise AutograderError(
                    f"The scheduler at {self._address} has had no workers for {PATIENCE} s. "
                    f"{RESUMABLE}"
                )
        return done

    def result(self, future: Running, submission: str) -> JobResult:
        """Return the result of a job that has ended.

        Raises
        ------
        AutograderError
            If every worker that ran it died, or the scheduler is gone.
        """
        try:
            return future.result()
        except KilledWorker as error:
            raise AutograderError(
                f"{error.allowed_failures + 1} workers died while they ran the notebook of "
                f"{submission}: see what they printed. {RESUMABLE}"
            ) from error
        except CancelledError as error:
            raise AutograderError(
                f"The connection to the scheduler at {self._address} was lost. {RESUMABLE}"
            ) from error
        except AutograderError:
            raise
        except Exception as error:  # the worker has printed the traceback
            raise AutograderError(
                f"A worker could not run the notebook of {submission}: {type(error).__name__}, "
                f"{error}. See what it printed. {RESUMABLE}"
            ) from error

    def stop(self) -> None:
        """Cancel the jobs that have not begun; the results of running ones are lost."""
        self._executor.shutdown(wait=False)

    def _count_threads(self) -> int:
        """Return the number of threads of all workers; 0 if the scheduler does not answer."""
        try:
            scheduler: Any = self._client.scheduler  # None once the client is closed
            threads: dict[str, int] = self._client.sync(
                scheduler.ncores, callback_timeout=SCHEDULER_TIMEOUT
            )
        except Exception:  # dask raises many kinds, and all mean the same here
            threads = {}
        self._threads, self._counted_at = sum(threads.values()), time.monotonic()
        return self._threads

    def _containment(self, least: str) -> Containment:
        """Return the weakest containment that workers offer, if all of them can grade."""
        kinds = []
        for worker, reply in self._client.run(describe, on_error="return").items():
            if isinstance(reply, AutograderError):
                problem = str(reply)
            elif isinstance(reply, Exception):
                problem = f"{reply}: install this project there, in the same version as here."
            else:
                problem = _reason_against(reply, version(), least)
                kinds.append(reply["containment"])
            if problem:
                raise AutograderError(f"The worker {worker} cannot grade. {problem}")
        return Containment(max(kinds, key=_weakness))


def _reason_against(description: dict[str, str], expected_version: str, least: str) -> str:
    """Return why a worker must not run notebooks, in a sentence; empty if it may."""
    if description["version"] != expected_version:
        return (
            "It has a different version of this project or of its packages than the machine of the "
            "gradebook: install the same on both, and restart the worker."
        )
    if _weakness(description["containment"]) > _weakness(least):
        return (
            f"{description['reason']} Start it where it can contain student code, or accept that "
            "with --unsafe."
        )
    return ""


def _weakness(kind: str) -> int:
    return [*Containment].index(kind)
