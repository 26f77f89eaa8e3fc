"""Run notebooks on the workers of a dask cluster: submissions travel there, results return.

Every worker starts the processes of its notebooks from a warm one on its own machine. Nothing of a
student runs in a worker itself, and nothing there knows the course, the gradebook or a name.
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
from autograder.execution import code
from autograder.execution.job import Job, fingerprint
from autograder.execution.ordinary.run import PlainJob
from autograder.execution.pools.local import Runner, Running
from autograder.execution.processes import cgroup, start
from autograder.execution.processes.session import Budget
from autograder.execution.reference import references
from autograder.sandbox import Containment

ANSWER = 10  # seconds for a scheduler to answer, and for a first worker to join it
LOOK = 5  # seconds between two looks at the workers while no job ends
PATIENCE = 60  # seconds without any worker
RETRIES = 2  # of a job that the grader itself could not run, perhaps on another machine
LOG = logging.getLogger("distributed.worker")  # what a worker prints
SAFE = "What was graded is recorded: run it again to go on."


# On the workers


@cache
def version() -> str:
    """Return a hash of this project and of the packages that a score hangs on."""
    digest = hashlib.sha256("".join(map(fingerprint, checks.NAMES)).encode())
    digest.update(code.digest(["."]).encode())
    return digest.hexdigest()


def described() -> dict[str, str]:
    """Return what must be known of a worker before it may run a notebook."""
    kind = sandbox.available()
    return {"version": version(), "containment": kind, "reason": sandbox.reason()}


def run(job: Job | PlainJob, budget: Budget, wanted: str) -> dict[str, Any]:
    """Run and score a notebook on the machine of this worker.

    Parameters
    ----------
    job : Job or PlainJob
        What to run.
    budget : Budget
        Its limits, and the least containment.
    wanted : str
        The version that the grader has.

    Raises
    ------
    AutograderError
        If this worker has joined the cluster later than the others and is not fit for the job.
    """
    own, worker = described(), get_worker()
    if problem := _objection(own, wanted, budget.containment):
        raise AutograderError(f"The worker {worker.address} cannot grade. {problem}")
    contained = replace(budget, containment=own["containment"])
    kept = cast(Notebooks, worker.plugins[Notebooks.name])
    return kept.runner.run(job, contained)


class Notebooks(WorkerPlugin):
    """What a worker keeps for all its jobs: reference solutions, and slots of notebooks."""

    name = "autograder"
    idempotent = True  # graders of several courses may share a cluster

    def setup(self, worker: Worker) -> None:
        """Make this process able to start those of notebooks."""
        # A nanny marks its worker as a daemon, and a daemon may start no processes. This takes the
        # mark off in the worker alone: its nanny still ends it, and with it end the notebooks.
        multiprocessing.current_process().daemon = False
        # Else every notebook begins with the import of the program that this process runs: dask.
        vars(sys.modules["__main__"]).update(__spec__=None, __file__=None)
        groups, note = cgroup.prepared()
        if note:
            LOG.warning(note)
        start.context()
        self._open = ExitStack()
        known = self._open.enter_context(references(checks.NAMES))
        # Drawn, so that two workers on a machine hardly ever give two notebooks the same.
        slots = random.sample(range(sandbox.SLOTS // 2), worker.state.nthreads)
        self.runner = Runner(known, slots, groups)

    def teardown(self, worker: Worker) -> None:
        """End the processes of the reference solutions."""
        self._open.close()


# On the machine of the gradebook


@contextmanager
def connected(address: str, budget: Budget) -> Iterator["Cluster"]:
    """Give a pool of the workers that a scheduler knows.

    Parameters
    ----------
    address : str
        Of the scheduler, as dask writes it: ``tcp://host:8786``.
    budget : Budget
        Limits of every notebook, and the least containment.

    Raises
    ------
    AutograderError
        If there are no workers, or one of them cannot grade as this machine does.
    """
    for name in ("distributed", "distributed.client"):  # what they would tell is told here
        logging.getLogger(name).setLevel(logging.CRITICAL)
    try:
        asyncio.run(asyncio.wait_for(_greeted(address), ANSWER))
        client = Client(address, timeout=ANSWER, set_as_default=False)
    except (OSError, ValueError, RuntimeError, TypeError) as error:  # TypeError: without TLS keys
        told = f" ({' '.join(str(error).split())})" if str(error) else ""
        raise AutograderError(
            f"No scheduler answers at {address}{told}: start one with `dask scheduler`, and take "
            "the address that it prints."
        ) from error
    with client:
        cluster = Cluster(client, address, budget)
        try:
            yield cluster
        except BaseException:
            cluster.stop()
            raise


async def _greeted(address: str) -> None:
    """Return if a scheduler answers: `Client` would wait for ever for one that is silent."""
    comm = await connect(address, **Security().get_connection_args("client"))
    await comm.close()


class Cluster:
    """Workers that run notebooks; the same methods and attributes as ``local.Local``.

    Parameters
    ----------
    client : Client
        The connection to the scheduler.
    address : str
        Of the scheduler, as the user has written it.
    budget : Budget
        Limits of every notebook, and the least containment.
    """

    note = ""  # each worker prints its own

    def __init__(self, client: Client, address: str, budget: Budget):
        self._client, self._address = client, address
        try:
            client.wait_for_workers(1, timeout=ANSWER)
        except TimeoutError as error:
            raise AutograderError(
                f"The scheduler at {address} has no workers: start some with "
                f"`dask worker {address}`."
            ) from error
        self.budget = replace(budget, containment=self._containment(budget.containment))
        client.register_plugin(Notebooks())
        self._executor = client.get_executor(pure=False, retries=RETRIES)
        self._look()

    @property
    def jobs(self) -> int:
        """Notebooks that can run at the same time, which changes with the workers."""
        if time.monotonic() - self._looked > LOOK:
            self._look()
        return self._threads

    def start(self, job: Job | PlainJob) -> Running:
        """Hand a job to the scheduler."""
        running: Running = self._executor.submit(run, job, self.budget, version())
        return running

    def finished(self, running: Collection[Running]) -> set[Running]:
        """Wait until some jobs have ended, and return these.

        Raises
        ------
        AutograderError
            If there is no worker for a long time.
        """
        since = None
        while not (done := wait(running, LOOK, FIRST_COMPLETED).done):
            since = None if self._look() else since or self._looked
            if since is not None and self._looked - since >= PATIENCE:
                raise AutograderError(
                    f"The scheduler at {self._address} has shown no workers for {PATIENCE} s. "
                    f"{SAFE}"
                )
        return done

    def result(self, future: Running, whose: str) -> dict[str, Any]:
        """Return the result of a job that has ended.

        Raises
        ------
        AutograderError
            If no worker has lived long enough to give one, or the scheduler is gone.
        """
        try:
            return future.result()
        except KilledWorker as error:
            raise AutograderError(
                f"{error.allowed_failures + 1} workers have died while they ran the notebook of "
                f"{whose}: see what they have printed. {SAFE}"
            ) from error
        except CancelledError as error:
            raise AutograderError(
                f"The connection to the scheduler at {self._address} was lost. {SAFE}"
            ) from error
        except AutograderError:
            raise
        except Exception as error:  # the worker has printed where it was raised
            raise AutograderError(
                f"A worker could not run the notebook of {whose}: {type(error).__name__}, {error}. "
                f"See what it has printed. {SAFE}"
            ) from error

    def stop(self) -> None:
        """Give up what has not begun; what is running ends on the workers, unheard."""
        self._executor.shutdown(wait=False)

    def _look(self) -> int:
        """Return the number of threads of all workers; 0 if the scheduler does not answer."""
        try:
            scheduler: Any = self._client.scheduler  # None once the client is closed
            found: dict[str, int] = self._client.sync(scheduler.ncores, callback_timeout=ANSWER)
        except Exception:  # dask raises many kinds, and all mean the same here
            found = {}
        self._threads, self._looked = sum(found.values()), time.monotonic()
        return self._threads

    def _containment(self, least: str) -> Containment:
        """Return the weakest containment that workers offer, if all of them are fit."""
        kinds = []
        for worker, said in self._client.run(described, on_error="return").items():
            if isinstance(said, AutograderError):
                problem = str(said)
            elif isinstance(said, Exception):
                problem = f"{said}: install this project there, in the version that is here."
            else:
                problem = _objection(said, version(), least)
                kinds.append(said["containment"])
            if problem:
                raise AutograderError(f"The worker {worker} cannot grade. {problem}")
        return Containment(max(kinds, key=_weakness))


def _objection(said: dict[str, str], wanted: str, least: str) -> str:
    """Return why a worker must run no notebook, in a sentence; else an empty text."""
    if said["version"] != wanted:
        return (
            "It has another version of this project or of its packages than the machine of the "
            "gradebook: install the same on both, and start the worker again."
        )
    if _weakness(said["containment"]) > _weakness(least):
        return (
            f"{said['reason']} Start it where it can contain student code, or accept that with "
            "--unsafe."
        )
    return ""


def _weakness(kind: str) -> int:
    return [*Containment].index(kind)
