"""A submission on its way from the folder of the course to the gradebook."""

import hashlib
from dataclasses import dataclass, field
from typing import Any

from autograder.execution.job import Job, job_of
from autograder.execution.ordinary.run import PlainJob, plain_job
from autograder.execution.processes.session import Budget
from autograder.execution.result import JobResult
from autograder.gradebook.journal import Entry, Journal
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
        ours = job_of(part.assignment, part.notebook, part.libraries)
        return Runnable(part.name, part.notebook, ours)
    path, surroundings = f"{part.assignment}/{part.name}.ipynb", part.surroundings
    job = plain_job(path, part.notebook, surroundings.released, surroundings.files, part.libraries)
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
    results : dict of str to JobResult
        Results of its jobs by their keys.
    refused : bool
        Whether it is for review already.
    """

    entry: Entry
    parts: tuple[tuple[str, Runnable], ...]
    stamp: bytes | None
    remark: str = ""
    attempted: bool | None = None
    results: dict[str, JobResult] = field(default_factory=dict)
    refused: bool = False

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

    def result(self) -> JobResult:
        """Combine the results of all notebooks; a single one keeps its result."""
        results = [self.results[key] for key, _ in self.parts]
        if len(results) == 1:
            return results[0]
        names = [part.name for _, part in self.parts]
        named = [*zip(names, results, strict=True)]
        return JobResult(
            outputs={},
            parts={},
            remarks=tuple(f"{name}.ipynb: {text}" for name, run in named for text in run.remarks),
            review=next((f"{name}.ipynb: {run.review}" for name, run in named if run.review), ""),
            seconds=round(sum(run.seconds for run in results), 3),
            containment=results[0].containment,
        )

    def was_attempted(self) -> bool:
        """Return whether there is an answer."""
        if self.attempted is not None:
            return self.attempted
        scored = [part for result in self.results.values() for part in result.parts.values()]
        return any(part.attempted for part in scored) or not scored


def kept_result(journal: Journal, key: str) -> JobResult | None:
    """Return the result of a job from the journal, or None if it has not run."""
    kept = journal.result(key)
    return None if kept is None else JobResult.from_json(kept)


def keep_result(journal: Journal, key: str, result: JobResult) -> None:
    """Keep the result of a job in the journal."""
    journal.finish(key, result.to_json(), result.seconds)


def with_job_keys(
    prepared: Prepared, budget: Budget
) -> tuple[tuple[tuple[str, Runnable], ...], str]:
    """Return the notebooks of a submission with the keys of their jobs, and a key for them all."""
    parts = tuple((part.job.key(budget), part) for part in map(runnable, prepared.parts))
    keys = [key for key, _ in parts]
    return parts, keys[0] if len(keys) == 1 else hashlib.sha256(
        "\n".join(keys).encode()
    ).hexdigest()


def _outputs(part: Runnable, result: JobResult) -> dict[str, list[Any]]:
    """Return outputs by cell id; one of our checks without output did not run."""
    if isinstance(part.job, PlainJob):
        return result.outputs
    return {cell: outputs for cell, outputs in result.outputs.items() if outputs}
