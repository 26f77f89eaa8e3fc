"""Grade the reference solutions first: where these lose points, no student may be judged."""

from typing import Any

from autograder import AutograderError, checks, execute
from autograder.journal import Journal
from autograder.sources import Sources

NOT_SEEN = {"points": 0, "problems": [execute.NOT_OURS]}  # its cell is no check, or it is gone


class Proofs:
    """The reference solutions of a course, graded as students are, before any of them.

    A library that is found in an odd place, a source that was changed or a limit that is too tight
    would cost points that students deserve. So nothing is run for an assignment before it is
    proven, which is noted in the journal and done once for each set of checks, versions and limits.

    Parameters
    ----------
    pool : Local or Cluster
        Where notebooks run.
    journal : Journal
        What was proven before.
    sources : Sources
        The assignments.
    """

    def __init__(self, pool: Any, journal: Journal, sources: Sources):
        self._pool, self._journal, self._sources = pool, journal, sources
        self._proven: set[str] = set()

    def prove(self, assignment: str) -> None:
        """Return when the reference solution has got all points, unless it had them before.

        Raises
        ------
        AutograderError
            If it has not.
        """
        if assignment in self._proven:
            return
        solved, _ = self._sources.read(assignment)
        job = execute.job(assignment, solved)
        key = job.key(self._pool.walls)
        if self._journal.result(key) is None:
            future = self._pool.start(job)
            self._pool.finished([future])
            result = self._pool.result(future, f"the reference solution of {assignment}")
            _judge(assignment, result)  # one that has lost points is forgotten
            self._journal.finish(key, result, result["seconds"])
        self._proven.add(assignment)


def _judge(assignment: str, result: dict) -> None:
    exercise, parts = checks.load(assignment), result["parts"]
    seen = {part.name: parts.get(part.name, NOT_SEEN) for part in exercise.parts}
    lost = [part.name for part in exercise.parts if seen[part.name]["points"] < part.points]
    if not lost:
        return
    problems = [*result["remarks"], *(text for name in lost for text in seen[name]["problems"])]
    told = f" It was told: {problems[0]}" if problems else ""
    raise AutograderError(
        f"The reference solution of {assignment} does not get all points here, so no answer to it "
        f"can be judged.{told} See to the packages of this environment and to the limits, or "
        "release the course again."
    )
