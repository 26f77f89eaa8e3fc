"""Grade the solutions first: where these lose points, no student may be judged."""

from typing import Any

from autograder import AutograderError, checks
from autograder.checks.cells import is_test
from autograder.commands.grading.work import Runnable, runnable
from autograder.execution import job as jobs
from autograder.execution.ordinary.run import PlainJob
from autograder.gradebook.journal import Journal
from autograder.submissions.assignment import Sources
from autograder.submissions.ordinary.source import SourceError

NOT_SEEN = {"points": 0, "problems": [jobs.NOT_OURS]}  # its cell is no check, or it is gone


class Proofs:
    """The solutions of a course, graded as students are, before any of them.

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
        self._failed: dict[str, SourceError] = {}

    def prove(self, assignment: str) -> None:
        """Return when the solution has got all points, unless it had them before.

        Raises
        ------
        SourceError
            If it has not, and the assignment is the instructor's own: others can be graded.
        AutograderError
            If it has not, and is one of our exercises.
        """
        if assignment in self._failed:
            raise self._failed[assignment]
        if assignment in self._proven:
            return
        try:
            for part in self._sources.solved(assignment):
                self._prove(assignment, runnable(part))
        except SourceError as error:
            self._failed[assignment] = error
            raise
        self._proven.add(assignment)

    def _prove(self, assignment: str, part: Runnable) -> None:
        key = part.job.key(self._pool.budget)
        if self._journal.result(key) is not None:
            return
        future = self._pool.start(part.job)
        self._pool.finished([future])
        result = self._pool.result(future, f"the solution of {assignment}")
        if isinstance(part.job, PlainJob):  # a result that has lost points is forgotten
            _judge_plain(assignment, part, result)
        else:
            _judge(assignment, result)
        self._journal.finish(key, result, result["seconds"])


def _judge_plain(assignment: str, part: Runnable, result: dict) -> None:
    """Raise a SourceError if a test does not give the solution all its points."""
    import nbformat
    from nbgrader.utils import determine_grade

    for cell in part.notebook.cells:
        if not is_test(cell):
            continue
        made = nbformat.from_dict(cell | {"outputs": result["outputs"].get(cell.id, [])})
        most = float(cell.metadata["nbgrader"]["points"])
        try:
            score, _ = determine_grade(made)
        except (KeyError, ValueError) as error:  # a value that is no score
            score, told = 0, f"shows a value that nbgrader does not take: {error}"
        else:
            told = _message(made["outputs"])
        if score < most:
            own = cell.metadata["nbgrader"]["grade_id"]
            raise SourceError(
                f"The solution in source/{assignment}/{part.name}.ipynb gets {score:g} of "
                f"{most:g} points in the cell `{own}`, which {told}. So nobody can be graded for "
                f"{assignment}: correct it and release it again, or raise the limits with "
                "--timeout or --limit."
            )


def _message(found: list) -> str:
    """Return what a test has said of the solution, in the words of a sentence."""
    for output in found:
        if output.output_type == "error":
            told = f"{output.ename}: {output.evalue}".strip().partition("\n")[0]
            return f"raised {told[:300].rstrip(': .')}"
        if output.output_type == "stream" and output.name == "stderr":
            return f"wrote to the error stream: {' '.join(output.text.split())[:300].rstrip('.')}"
    return "ends with a value that is less"


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
