"""A submission on its way from the folder where it lies to the gradebook."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from autograder.execution.job import Job, job_of
from autograder.execution.ordinary.run import PlainJob, plain_job
from autograder.execution.processes.session import Budget
from autograder.gradebook.journal import Entry
from autograder.submissions.assignment import Part, Prepared


@dataclass(frozen=True)
class Runnable:
    """A notebook and what is run of it.

    Attributes
    ----------
    name : str
        The name of the notebook.
    notebook : NotebookNode
        As it is graded.
    job : Job or PlainJob
        What is run of it.
    """

    name: str
    notebook: Any
    job: Job | PlainJob


def runnable(part: Part) -> Runnable:
    """Return a notebook with its job."""
    if part.surroundings is None:
        return Runnable(part.name, part.notebook, job_of(part.assignment, part.notebook))
    called, given = f"{part.assignment}/{part.name}.ipynb", part.surroundings
    job = plain_job(called, part.notebook, given.released, given.files, given.libraries)
    return Runnable(part.name, part.notebook, job)


@dataclass(eq=False)
class Work:
    """A submission: one notebook, or several that are recorded together.

    Attributes
    ----------
    entry : Entry
        What is known of it.
    parts : tuple of (str, Runnable)
        Its notebooks with the keys of their jobs, of which some may be equal.
    stamp : bytes or None
        Content of nbgrader's file with the time of the submission.
    remark : str
        What somebody should know about the submission, in a sentence; mostly empty.
    attempted : bool or None
        Whether there is an answer; None if the results say so.
    results : dict of str to dict
        What has come of its jobs, by their keys.
    """

    entry: Entry
    parts: tuple[tuple[str, Runnable], ...]
    stamp: bytes | None
    remark: str = ""
    attempted: bool | None = None
    results: dict[str, dict] = field(default_factory=dict)

    @property
    def is_done(self) -> bool:
        """Whether all of its notebooks have run."""
        return all(key in self.results for key, _ in self.parts)

    @property
    def notebooks(self) -> dict[str, Any]:
        """The repaired notebooks by their names."""
        return {part.name: part.notebook for _, part in self.parts}

    @property
    def files(self) -> dict[str, bytes]:
        """The files beside its notebooks, which whoever scores by hand may want to see."""
        jobs = [part.job for _, part in self.parts if isinstance(part.job, PlainJob)]
        return {name: data for job in jobs for name, data in job.files}

    def outputs(self) -> dict[str, dict]:
        """Return the outputs by cell id, of each notebook."""
        return {part.name: _outputs(part, self.results[key]) for key, part in self.parts}

    def result(self) -> dict:
        """Return what came of all notebooks together; of one, its result."""
        found = [self.results[key] for key, _ in self.parts]
        if len(found) == 1:
            return found[0]
        names = [part.name for _, part in self.parts]
        remarks = [
            f"{name}.ipynb: {remark}"
            for name, result in zip(names, found, strict=True)
            for remark in result["remarks"]
        ]
        seconds = round(sum(result["seconds"] for result in found), 3)
        more = {"seconds": seconds, "containment": found[0]["containment"]}
        return {"outputs": {}, "parts": {}, "remarks": remarks} | more

    def was_attempted(self) -> bool:
        """Return whether there is an answer."""
        if self.attempted is not None:
            return self.attempted
        scored = [*_scored(self.results.values())]
        return any(part["attempted"] for part in scored) or not scored


def keyed(prepared: Prepared, budget: Budget) -> tuple[tuple[tuple[str, Runnable], ...], str]:
    """Return the notebooks of a submission with the keys of their jobs, and the key of them all."""
    parts = tuple((each.job.key(budget), each) for each in map(runnable, prepared.parts))
    keys = [key for key, _ in parts]
    return parts, keys[0] if len(keys) == 1 else hashlib.sha256(
        "\n".join(keys).encode()
    ).hexdigest()


def _outputs(part: Runnable, result: dict) -> dict[str, list]:
    """Return outputs by cell id; a check of ours that has shown nothing did not run."""
    if isinstance(part.job, PlainJob):
        return result["outputs"]
    return {own: found for own, found in result["outputs"].items() if found}


def _scored(results: Any) -> Iterator[dict]:
    for result in results:
        yield from result["parts"].values()
