"""Grade one notebook: its code runs in a process of its own, the verdicts fall in this one.

Nothing here knows the gradebook or other students, so it can happen on any machine.
"""

import hashlib
import json
import platform
import time
from dataclasses import asdict, dataclass
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

from autograder import AutograderError, checks, reference, remote
from autograder.execution.plain import PlainJob, execute_plain
from autograder.outputs import Cleaner, sentences
from autograder.session import Session, Walls

DISTRIBUTIONS = ("tensorflow", "keras", "tf-keras", "tensorflow-probability", "numpy", "ipython")
JUDGING = ("execute", "guard", "integrity", "outputs", "remote", "wire", "worker")
TAMPERING = "tampering"  # what failed where no check did
NOT_OURS = "This cell is not a check of the autograder, so it gives no points."


@dataclass(frozen=True)
class Job:
    """A notebook to grade.

    Attributes
    ----------
    exercise : str
        Name of the assignment.
    cells : tuple of (str, str)
        Id and source of the code cells that are not scored, in their order.
    checks : tuple of (str, str)
        Id and source of the cells that are.
    """

    exercise: str
    cells: tuple[tuple[str, str], ...]
    checks: tuple[tuple[str, str], ...]

    def key(self, walls: Walls) -> str:
        """Return what this job has in common with those that must have the same result."""
        parts = asdict(self), asdict(walls), fingerprint(self.exercise)
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def job(exercise: str, notebook: Any) -> Job:
    """Return the job of a notebook whose locked cells are those of the source."""
    from nbgrader.utils import is_grade

    code = [cell for cell in notebook.cells if cell.cell_type == "code" and cell.source.strip()]
    return Job(
        exercise,
        tuple((cell.id, cell.source) for cell in code if not is_grade(cell)),
        tuple((cell.id, cell.source) for cell in code if is_grade(cell)),
    )


@cache
def fingerprint(exercise: str) -> str:
    """Return a hash of what a score hangs on besides the notebook: checks, solution, versions."""
    digest = hashlib.sha256(reference.file(exercise).read_bytes())
    here = Path(__file__).parent
    for file in sorted([*here.glob("checks/*.py"), *(here / f"{name}.py" for name in JUDGING)]):
        digest.update(file.read_bytes())
    versions = [f"{name} {metadata.version(name)}" for name in DISTRIBUTIONS]
    digest.update("\n".join([platform.python_version(), *versions]).encode())
    return digest.hexdigest()


def execute(
    job: Job | PlainJob,
    known: remote.Reference | None,
    walls: Walls,
    slot: int = 0,
    groups: Path | None = None,
) -> dict:
    """Run the cells of a notebook and score its parts.

    Parameters
    ----------
    job : Job or PlainJob
        What to run.
    known : Reference or None
        What the checks see on the reference solution of the same exercise; None for another job.
    walls : Walls
        Limits and containment of the process.
    slot : int
        Number of this process among those that run at the same time.
    groups : Path or None
        The control group that takes those of notebooks.

    Returns
    -------
    dict
        JSON: ``outputs`` by cell id in nbformat's form; ``parts`` by name with ``points``,
        ``attempted``, ``problems`` and ``failed``; ``remarks`` in sentences; ``seconds``.
    """
    if isinstance(job, PlainJob):
        return execute_plain(job, walls, slot, groups)
    begin = time.monotonic()
    scored, cleaner = remote.Scored(), Cleaner(walls.limits.output)
    outputs = {own: [] for own, _ in (*job.cells, *job.checks)}
    with Session(checks.load(job.exercise), walls, slot, groups) as session:
        numbered = [(n, _Cell(own, source)) for n, (own, source) in enumerate(job.cells, 1)]
        remote.run_students_code(session, numbered, scored)
        judge = remote.Judge(session, known)
        for own, source in job.checks:
            outputs[own] = _score(judge, _Cell(own, source), scored)
        if tampered := session.finish():
            _void(scored, tampered)
            outputs |= {own: [remote.failure("NotScored", tampered)] for own, _ in job.checks}
        ended = session.problem
    outputs |= {own: cleaner.clean(found) for own, found in scored.outputs.items()}
    return {
        "outputs": outputs,
        "parts": {name: _part(result) for name, result in scored.results.items()},
        "remarks": sentences([ended] if ended else []),
        "seconds": round(time.monotonic() - begin, 3),
        "containment": walls.containment,
    }


@dataclass(frozen=True)
class _Cell:
    id: str
    source: str

    def get(self, name: str, default: Any = None) -> Any:
        return getattr(self, name, default)


def _part(result: checks.Result) -> dict:
    return {
        "points": result.score,
        "attempted": result.attempted,
        "problems": list(result.problems),
        "failed": list(result.failed),
    }


def _void(scored: remote.Scored, why: str) -> None:
    """Take all points: what was seen of the answer may not be what it does."""
    for name, result in scored.results.items():
        failed = result.failed or (TAMPERING,)
        scored.results[name] = checks.Result(result.part, (why,), failed=failed)


def _score(judge: remote.Judge, cell: _Cell, scored: remote.Scored) -> list[dict]:
    """Return the outputs of a scoring cell: a number, or an error, which is worth nothing."""
    if not judge.understands(cell):
        return [remote.failure("NotScored", NOT_OURS)]
    try:
        result, outputs = judge.run(cell)
    except AutograderError:  # of the reference solution, never of the student
        raise
    except Exception as error:  # a judge that stumbles over what it was told gives no points
        told = f"What your answer returned could not be judged ({type(error).__name__})."
        return [remote.failure("NotScored", told)]
    scored.results[result.part.name] = result
    return outputs
