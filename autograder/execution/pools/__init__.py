"""Where notebooks run: in processes of this machine, or on the workers of a cluster."""

from contextlib import AbstractContextManager

from autograder import AutograderError
from autograder.execution.pools import local
from autograder.execution.pools.pool import Pool
from autograder.execution.processes.session import Budget


def open_pool(scheduler: str | None, jobs: int, budget: Budget) -> AbstractContextManager[Pool]:
    """Return a context manager that gives a pool.

    Parameters
    ----------
    scheduler : str or None
        Address of the scheduler of a dask cluster; without it, notebooks run on this machine.
    jobs : int
        Notebooks that run at the same time; ignored for a cluster, which has its own number.
    budget : Budget
        Limits and containment of every notebook; on a cluster, the weakest accepted
        containment.
    """
    if scheduler is None:
        return local.here(jobs, budget)
    try:
        from autograder.execution.pools import cluster
    except ImportError as error:
        raise AutograderError(
            f'A cluster needs dask ({error}): install it with `pip install ".[cluster]"`.'
        ) from error
    return cluster.connected(scheduler, budget)
