"""Options of a grading run: what is graded, and the resources a notebook may use."""

import os
from dataclasses import dataclass, field, replace

from autograder import AutograderError, sandbox
from autograder.execution.processes.session import Budget

LIMITS = sandbox.Limits(disk=64 * 2**20)


@dataclass(frozen=True)
class Options:
    """Options of a grading run.

    Attributes
    ----------
    assignment, student : str or None
        Names to restrict the run to; None for all.
    jobs : int
        Notebooks that run at the same time on this machine.
    force : bool
        Whether to grade again what has been graded before.
    budget : Budget
        Limits and containment of every notebook.
    scheduler : str or None
        Address of the scheduler of a cluster that runs the notebooks; None for this machine.
    """

    assignment: str | None = None
    student: str | None = None
    jobs: int = field(default_factory=lambda: os.cpu_count() or 1)
    force: bool = False
    budget: Budget = field(default_factory=Budget)
    scheduler: str | None = None


def budget(
    cell: float, limits: dict[str, int], unsafe: bool, scheduler: str | None = None
) -> Budget:
    """Return the limits and the containment of every notebook.

    Parameters
    ----------
    cell : float
        Seconds that a cell or a check may take.
    limits : dict of str to int
        ``seconds`` of the notebook, and fields of ``Limits``; ``memory`` and ``disk`` in MiB,
        ``output`` in KiB of text.
    unsafe : bool
        Whether student code may run as the user where it cannot be contained.
    scheduler : str or None
        Address of a cluster's scheduler. Its workers then contain the notebooks, and the result
        names the weakest containment that they may use.

    Raises
    ------
    AutograderError
        If this machine cannot contain student code and ``unsafe`` was not asked for.
    """
    if scheduler is not None:
        *_, weakest, nothing = sandbox.Containment
        kind = nothing if unsafe else weakest
    elif (kind := sandbox.available()) is sandbox.Containment.NONE and not unsafe:
        raise AutograderError(
            f"{sandbox.reason()} Student code would run as you, with your files and your network. "
            "Grade on Linux with user namespaces or bubblewrap, or accept that with --unsafe."
        )
    seconds = limits.pop("seconds", 300)
    for name, unit in {"memory": 2**20, "disk": 2**20, "output": 2**10}.items():
        if name in limits:
            limits[name] *= unit
    return Budget(cell, seconds, kind, replace(LIMITS, **limits))
