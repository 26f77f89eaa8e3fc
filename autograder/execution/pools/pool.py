"""What grading needs of a pool: somewhere to run many notebooks at the same time."""

from collections.abc import Collection
from concurrent.futures import Future
from typing import Protocol

from autograder.execution.job import Job
from autograder.execution.ordinary.run import PlainJob
from autograder.execution.processes.session import Budget
from autograder.execution.result import JobResult

Running = Future[JobResult]


class Pool(Protocol):
    """Runs notebooks: `local.Local` on this machine, `cluster.Cluster` on those of a cluster.

    Attributes
    ----------
    jobs : int
        Notebooks that can run at the same time; it may change while they run.
    budget : Budget
        Limits and containment of every notebook.
    note : str
        What the user should know about the limits, in a sentence; usually empty.
    """

    note: str

    @property
    def jobs(self) -> int:
        """Return how many notebooks can run at the same time."""

    @property
    def budget(self) -> Budget:
        """Return the limits and the containment of every notebook."""

    def start(self, job: Job | PlainJob) -> Running:
        """Start a job as soon as there is room for it."""

    def finished(self, running: Collection[Running]) -> set[Running]:
        """Wait until some jobs have ended, and return these."""

    def result(self, future: Running, submission: str) -> JobResult:
        """Return the result of a job that has ended; errors name the submission."""
