"""Grade one notebook: its code runs in a separate process, and is judged in this one.

Nothing here knows the gradebook or other students, so it can run on any machine.
"""

import hashlib
import json
import time
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

from autograder import AutograderError, checks
from autograder.checks import solutions
from autograder.execution.judging import scoring
from autograder.execution.judging.answer import Answer
from autograder.execution.judging.reference import Reference
from autograder.execution.judging.scoring import Judge, Scored
from autograder.execution.ordinary.run import PlainJob, execute_plain
from autograder.execution.processes import code
from autograder.execution.processes.session import Budget, Session, UnusableError
from autograder.execution.result import JobResult, PartScore
from autograder.execution.worker.outputs import Cleaner, Output, failure, sentences

NOT_A_CHECK = "This cell is not a check of the autograder, so it is worth no points."


@dataclass(frozen=True)
class Job:
    """A notebook to grade.

    Attributes
    ----------
    exercise : str
        Name of the assignment.
    cells : tuple of (str, str)
        Id and source of the code cells that are not scored, in order.
    checks : tuple of (str, str)
        Id and source of the cells that are scored, in order.
    libraries : tuple of str
        What the process has imported before it begins.
    """

    exercise: str
    cells: tuple[tuple[str, str], ...]
    checks: tuple[tuple[str, str], ...]
    libraries: tuple[str, ...] = ()

    def key(self, budget: Budget) -> str:
        """Return a hash that is equal for jobs that must have the same result."""
        parts = asdict(self), asdict(budget), fingerprint(self.exercise)
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def job_of(exercise: str, notebook: Any, libraries: tuple[str, ...] = ()) -> Job:
    """Return the job for a notebook whose locked cells are those of the source."""
    from nbgrader.utils import is_grade

    cells = [cell for cell in notebook.cells if cell.cell_type == "code" and cell.source.strip()]
    return Job(
        exercise,
        tuple((cell.id, cell.source) for cell in cells if not is_grade(cell)),
        tuple((cell.id, cell.source) for cell in cells if is_grade(cell)),
        libraries,
    )


@cache
def fingerprint(exercise: str) -> str:
    """Return a hash of what a score depends on besides the notebook: checks, solution, versions."""
    digest = hashlib.sha256(solutions.file(exercise).read_bytes())
    digest.update(code.digest(["exercises"]).encode())
    digest.update(code.environment().encode())
    return digest.hexdigest()


def execute(
    job: Job | PlainJob,
    reference: Reference | None,
    budget: Budget,
    slot: int = 0,
    groups: Path | None = None,
) -> JobResult:
    """Run the cells of a notebook and score its parts.

    Parameters
    ----------
    job : Job or PlainJob
        What to run.
    reference : Reference or None
        The reference solution of the same exercise; None for a `PlainJob`.
    budget : Budget
        Limits and containment of each process.
    slot : int
        Number of this notebook among those that run at the same time.
    groups : Path or None
        The control group that holds the groups of notebooks.
    """
    if isinstance(job, PlainJob):
        return execute_plain(job, budget, slot, groups)
    assert reference is not None  # only a plain job has none
    start = time.monotonic()
    scored, cleaner, review = Scored(), Cleaner(budget.limits.output), ""
    outputs: dict[str, list[Output]] = {cell_id: [] for cell_id, _ in (*job.cells, *job.checks)}
    try:
        with Session(budget, 2 * slot, groups) as session:
            remarks = _run(job, session, reference, budget, slot, groups, scored, outputs)
    except UnusableError as error:
        review, remarks = str(error), []
    outputs |= {cell_id: cleaner.clean(raw) for cell_id, raw in scored.outputs.items()}
    return JobResult(
        outputs=outputs,
        parts={} if review else {name: _part(result) for name, result in scored.results.items()},
        remarks=sentences(remarks),
        review=review,
        seconds=round(time.monotonic() - start, 3),
        containment=budget.containment,
    )


def _run(
    job: Job,
    session: Session,
    reference: Reference,
    budget: Budget,
    slot: int,
    groups: Path | None,
    scored: Scored,
    outputs: dict[str, list[Output]],
) -> list[str]:
    """Run and score a notebook in a process that is ready; return remarks for the student."""
    numbered = [(n, _Cell(*cell)) for n, cell in enumerate(job.cells, 1)]
    scoring.run_students_code(session, numbered, scored)
    prober = budget, 2 * slot + 1, groups
    with Answer(reference.exercise, session, *prober, reference.observations) as answer:
        judge = Judge(answer, reference)
        for cell_id, source in job.checks:
            outputs[cell_id] = _score(judge, _Cell(cell_id, source), scored)
        return [remark for remark in (session.problem, answer.remark) if remark]


@dataclass(frozen=True)
class _Cell:
    id: str
    source: str


def _part(result: checks.Result) -> PartScore:
    return PartScore(result.score, result.attempted, tuple(result.problems), tuple(result.failed))


def _score(judge: Judge, cell: _Cell, scored: Scored) -> list[Output]:
    """Return the outputs of a scoring cell: the points, or an error, which is worth nothing."""
    if not judge.understands(cell):
        return [failure("NotScored", NOT_A_CHECK)]
    try:
        result, outputs = judge.run(cell)
    except AutograderError:  # from the reference solution or an untrustworthy process
        raise
    except Exception as error:  # a judge that fails on what it received gives no points
        kind = type(error).__name__
        raise UnusableError(f"The results of the answer could not be judged ({kind}).") from error
    scored.results[result.part.name] = result
    return outputs
