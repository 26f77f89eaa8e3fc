"""How a course is graded: what is graded, and what every notebook may use."""

import os
from dataclasses import dataclass, field, replace

from autograder import AutograderError, sandbox
from autograder.execution.processes.session import Budget

LIMITS = sandbox.Limits(disk=64 * 2**20)


@dataclass(frozen=True)
class Options:
    """How a course is graded.

    Attributes
    ----------
    assignment, student : str or None
        Only these.
    jobs : int
        Notebooks that run at the same time on this machine.
    force : bool
        Whether to run again what was graded before.
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
    """Return what every notebook may use.

    Parameters
    ----------
    cell : float
        Seconds that a cell or a check may take.
    limits : dict of str to int
        ``seconds`` of the notebook, and fields of ``Limits``; ``memory`` and ``disk`` in MiB,
        ``output`` in KiB of text.
    unsafe : bool
        Whether to run student code as the user, where it cannot be contained.
    scheduler : str or None
        Of a cluster: its workers contain the notebooks, and this is the least that they must do.

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
