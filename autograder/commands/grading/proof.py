"""Grade the solutions first: if one loses points, no student is graded on that assignment."""

from autograder import AutograderError, checks
from autograder.checks.running.cells import is_test
from autograder.commands.grading.work import Runnable, keep_result, runnable
from autograder.execution import job as jobs
from autograder.execution.ordinary.run import PlainJob
from autograder.execution.pools.pool import Pool
from autograder.execution.result import JobResult, PartScore
from autograder.gradebook.journal import Journal
from autograder.submissions.assignment import Sources
from autograder.submissions.ordinary.source import SourceError

# Used where the cell of a part is missing or holds no check.
NOT_SEEN = PartScore(0, True, (jobs.NOT_A_CHECK,))


class Proofs:
    """Grades the solutions of a course like submissions, before any submission.

    A library in an unexpected place, a changed source or a tight limit could cost students points
    that they deserve. So an assignment is graded only once its solution has got all points. The
    result is kept in the journal, for each combination of checks, versions and limits.

    Parameters
    ----------
    pool : Local or Cluster
        Pool that runs the notebooks.
    journal : Journal
        Journal with earlier results.
    sources : Sources
        The assignments.
    """

    def __init__(self, pool: Pool, journal: Journal, sources: Sources):
        self._pool, self._journal, self._sources = pool, journal, sources
        self._proven: set[str] = set()
        self._failed: dict[str, SourceError] = {}

    def prove(self, assignment: str) -> None:
        """Make sure that the solution of an assignment gets all points.

        Raises
        ------
        SourceError
            If it does not, and the assignment is the instructor's own: others can be graded.
        AutograderError
            If it does not, and the assignment is one of our exercises.
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
        # Both raise an error if points are lost, so such a result is not stored.
        if isinstance(part.job, PlainJob):
            _judge_plain(assignment, part, result)
        else:
            _judge(assignment, result)
        keep_result(self._journal, key, result)


def _judge_plain(assignment: str, part: Runnable, result: JobResult) -> None:
    """Raise a SourceError if a test does not give the solution all of its points."""
    import nbformat
    from nbgrader.utils import determine_grade

    if result.review:
        raise SourceError(
            f"The solution in source/{assignment}/{part.name}.ipynb cannot be run, so nobody can "
            f"be graded for {assignment}. {result.review}"
        )
    for cell in part.notebook.cells:
        if not is_test(cell):
            continue
        cell_with_outputs = nbformat.from_dict(cell | {"outputs": result.outputs.get(cell.id, [])})
        most = float(cell.metadata["nbgrader"]["points"])
        try:
            score, _ = determine_grade(cell_with_outputs)
        except (KeyError, ValueError) as error:  # the value is not a score
            score, message = 0, f"shows a value that nbgrader does not take: {error}"
        else:
            message = _message(cell_with_outputs["outputs"])
        if score < most:
            grade_id = cell.metadata["nbgrader"]["grade_id"]
            raise SourceError(
                f"The solution in source/{assignment}/{part.name}.ipynb gets {score:g} of "
                f"{most:g} points in the cell `{grade_id}`, which {message}. So nobody can be "
                f"graded for {assignment}: correct it and release it again, or raise the limits "
                "with --timeout or --limit."
            )


def _message(outputs: list) -> str:
    """Return why a test failed, as the end of a sentence."""
    for output in outputs:
        if output.output_type == "error":
            message = f"{output.ename}: {output.evalue}".strip().partition("\n")[0]
            return f"raised {message[:300].rstrip(': .')}"
        if output.output_type == "stream" and output.name == "stderr":
            return f"wrote to the error stream: {' '.join(output.text.split())[:300].rstrip('.')}"
    return "ends with a value that is less"


def _judge(assignment: str, result: JobResult) -> None:
    exercise = checks.load(assignment)
    scores = {part.name: result.parts.get(part.name, NOT_SEEN) for part in exercise.parts}
    lost = [part.name for part in exercise.parts if scores[part.name].points < part.points]
    if not lost:
        return
    problems = [result.review, *result.remarks]
    problems += [problem for name in lost for problem in scores[name].problems]
    first = next(filter(None, problems), "")
    first_problem = f" The first problem: {first}" if first else ""
    raise AutograderError(
        f"The reference solution of {assignment} does not get all points here, so no answer to it "
        f"can be judged.{first_problem} Check the packages of this environment and the limits, "
        "or release the course again."
    )
