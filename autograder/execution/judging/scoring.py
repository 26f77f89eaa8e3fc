"""Score a notebook from outside: its code runs in one process, its graph is observed in another.

The judging happens here. Nothing here knows the gradebook or other students.
"""

import ast
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from autograder.checks import Exercise, Result
from autograder.checks.running.cells import REPORT
from autograder.execution.judging.answer import Answer
from autograder.execution.judging.reference import Reference
from autograder.execution.processes.session import EndedError, Session
from autograder.execution.worker.outputs import Output, failure, raised


@dataclass
class Scored:
    """The results of one notebook.

    Attributes
    ----------
    results : dict of str to Result
        By name of the part.
    outputs : dict of str to list
        Outputs of the cells that ran, in nbformat's form, by cell id.
    errors : list of str
        What the student's other cells raised, in sentences.
    """

    results: dict[str, Result] = field(default_factory=dict)
    outputs: dict[str, list[Output]] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)


def run_students_code(
    session: Session, cells: Iterable[tuple[int | None, Any]], scored: Scored
) -> None:
    """Run the cells that a student may have changed, and go on after an exception.

    Each cell comes with its number in the student's notebook, or None if it was restored.
    """
    for number, cell in cells:
        name = f"Cell {number}" if number else f"The cell {cell.id} of the released notebook"
        try:
            reply = session.run(cell.source)
        except EndedError as error:
            scored.outputs[cell.id] = [failure("Ended", str(error))]
            scored.errors.append(f"{name}: {error}")
            return
        scored.outputs[cell.id] = reply.outputs
        for output in reply.outputs:
            if output.get("output_type") == "error":
                scored.errors.append(f"{name} raised {raised(output)}")


class Judge:
    """Runs the scoring cells in this process; only their probes reach the graph of the answer.

    Parameters
    ----------
    answer : Answer
        The answer of the notebook.
    reference : Reference
        The reference solution of the same exercise.
    """

    def __init__(self, answer: Answer, reference: Reference):
        self.exercise = reference.exercise.asking(answer.ask, reference.ask)

    def understands(self, cell: Any) -> bool:
        """Return whether a scoring cell runs our checks and ends with their report."""
        return "exercise.check(" in cell.source and cell.source.rstrip().endswith(REPORT)

    def run(self, cell: Any) -> tuple[Result, list[Output]]:
        """Run one of our scoring cells, and return its result and its outputs."""
        namespace: dict[str, Any] = {
            "exercise": LazyExercise(self.exercise),
            **dict.fromkeys(self.exercise.answers),
        }
        tree = ast.parse(cell.source)
        tree.body.pop()  # `part.report()` would print, and all threads share standard output
        exec(compile(tree, "<check>", "exec"), namespace)
        part = namespace["part"]
        result: Result = part.result() if isinstance(part, LazyResult) else part
        stream = {"output_type": "stream", "name": "stdout", "text": f"{result.text()}\n"}
        data = {"text/plain": repr(result.score)}
        points = {"output_type": "execute_result", "data": data, "metadata": {}}
        return result, [stream, points | {"execution_count": 1}]


class LazyExercise:
    """An exercise whose visible checks run only where a hidden one does not pass.

    A hidden check asks at least what the visible one does. So where it passes, the visible one
    would pass too; where it fails, the visible one explains it at places that the student knows.
    """

    def __init__(self, exercise: Exercise):
        self._exercise = exercise

    def __getattr__(self, name: str) -> Any:
        return getattr(self._exercise, name)

    def check(self, part: str, *answers: Any, hidden: int | None = None) -> "LazyResult":
        """Return the result of a check that does not run before it is needed."""
        return LazyResult(self._exercise, part, () if hidden is None else (hidden,))


@dataclass(frozen=True)
class LazyResult:
    """The result of the checks of a part, which run when it is asked for: hidden ones first."""

    exercise: Exercise
    part: str
    hidden: tuple[int, ...] = ()

    def __and__(self, other: "LazyResult") -> "LazyResult":
        """Return the result of both."""
        return LazyResult(self.exercise, self.part, (*self.hidden, *other.hidden))

    def result(self) -> Result:
        """Run the checks."""
        results = [self.exercise.check(self.part, hidden=seed) for seed in self.hidden]
        failed = [result for result in results if not result.passed]
        if results and not failed:
            return results[0]
        visible = self.exercise.check(self.part)
        return failed[0] if visible.passed and failed else visible
