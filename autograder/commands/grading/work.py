"""A submission on its way from the folder of the course to the gradebook."""

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
    """A notebook and the job that runs it.

    Attributes
    ----------
    name : str
        The name of the notebook.
    notebook : NotebookNode
        The repaired notebook.
    job : Job or PlainJob
        The job that runs the notebook.
    """

    name: str
    notebook: Any
    job: Job | PlainJob


def runnable(part: Part) -> Runnable:
    """Return a notebook with its job."""
    if part.surroundings is None:
        return Runnable(part.name, part.notebook, job_of(part.assignment, part.notebook))
    path, surroundings = f"{part.assignment}/{part.name}.ipynb", part.surroundings
    job = plain_job(
        path, part.notebook, surroundings.released, surroundings.files, surroundings.libraries
    )
    return Runnable(part.name, part.notebook, job)


@dataclass(eq=False)
class Work:
    """A submission: one notebook, or several that are recorded together.

    Attributes
    ----------
    entry : Entry
        Its entry in the journal.
    parts : tuple of (str, Runnable)
        Keys of the jobs and the notebooks; keys may be equal.
    stamp : bytes or None
        Content of nbgrader's ``timestamp.txt``, if there is one.
    remark : str
        Sentences for the instructor about the submission; usually empty.
    attempted : bool or None
        Whether there is an answer; None if only the results will show that.
    results : dict of str to dict
        Results of its jobs by their keys.
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
        """The files beside its notebooks, which people who grade by hand may want to see."""
        jobs = [part.job for _, part in self.parts if isinstance(part.job, PlainJob)]
        return {name: data for job in jobs for name, data in job.files}

    def outputs(self) -> dict[str, dict]:
        """Return the outputs by cell id, of each notebook."""
        return {part.name: _outputs(part, self.results[key]) for key, part in self.parts}

    def result(self) -> dict:
        """Combine the results of all notebooks; a single one keeps its result."""
        results = [self.results[key] for key, _ in self.parts]
        if len(results) == 1:
            return results[0]
        names = [part.name for _, part in self.parts]
        remarks = [
            f"{name}.ipynb: {remark}"
            for name, result in zip(names, results, strict=True)
            for remark in result["remarks"]
        ]
        seconds = round(sum(result["seconds"] for result in results), 3)
        totals = {"seconds": seconds, "containment": results[0]["containment"]}
        return {"outputs": {}, "parts": {}, "remarks": remarks} | totals

    def was_attempted(self) -> bool:
        """Return whether there is an answer."""
        if self.attempted is not None:
            return self.attempted
        scored = [*_scored(self.results.values())]
        return any(part["attempted"] for part in scored) or not scored


def with_job_keys(
    prepared: Prepared, budget: Budget
) -> tuple[tuple[tuple[str, Runnable], ...], str]:
    """Return the notebooks of a submission with the keys of their jobs, and a key for them all."""
    parts = tuple((part.job.key(budget), part) for part in map(runnable, prepared.parts))
    keys = [key for key, _ in parts]
    return parts, keys[0] if len(keys) == 1 else hashlib.sha256(
        "\n".join(keys).encode()
    ).hexdigest()


def _outputs(part: Runnable, result: dict) -> dict[str, list]:
    """Return outputs by cell id; one of our checks without output did not run."""
    if isinstance(part.job, PlainJob):
        return result["outputs"]
    return {cell: outputs for cell, outputs in result["outputs"].items() if outputs}


def _scored(results: Any) -> Iterator[dict]:
    for result in results:
        yield from result["parts"].values()
