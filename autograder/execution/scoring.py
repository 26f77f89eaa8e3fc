"""Score a notebook from outside: its code runs in one process, its graph is observed in another.

The verdicts fall here. Nothing here knows the gradebook or other students.
"""

import ast
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from autograder.checks import Exercise, Result
from autograder.checks.cells import REPORT
from autograder.execution.processes.answer import Answer
from autograder.execution.processes.session import EndedError, Session
from autograder.execution.reference import Reference
from autograder.execution.worker.outputs import Output, failure, raised


@dataclass
class Scored:
    """What came of one notebook.

    Attributes
    ----------
    results : dict of str to Result
        By the name of the part.
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

    A cell has its number in the notebook of the student, or none if it was put back.
    """
    for number, cell in cells:
        name = f"Cell {number}" if number else f"The cell {cell.id} of the released notebook"
        try:
            reply = session.run(cell.source)
        except EndedError as error:
            scored.outputs[cell.id] = [failure("Ended", str(error))]
            scored.errors.append(f"{name}: {error}")
            return
        scored.outputs[cell.id] = reply["outputs"]
        for output in reply["outputs"]:
            if output.get("output_type") == "error":
                scored.errors.append(f"{name} raised {raised(output)}")


class Judge:
    """Runs the cells that score, here; only their probes reach the graph of the answer.

    Parameters
    ----------
    answer : Answer
        Of the notebook.
    known : Reference
        Of the same exercise.
    """

    def __init__(self, answer: Answer, known: Reference):
        self.exercise = known.exercise.asking(answer.ask, known.ask)

    def understands(self, cell: Any) -> bool:
        """Return whether a scoring cell runs our checks and ends with their report."""
        return "exercise.check(" in cell.source and cell.source.rstrip().endswith(REPORT)

    def run(self, cell: Any) -> tuple[Result, list[Output]]:
        """Run a scoring cell of ours, and return its result and its outputs."""
        space: dict[str, Any] = {
            "exercise": Late(self.exercise),
            **dict.fromkeys(self.exercise.answers),
        }
        tree = ast.parse(cell.source)
        tree.body.pop()  # `part.report()` would print, and what is printed belongs to all threads
        exec(compile(tree, "<check>", "exec"), space)
        part = space["part"]
        found: Result = part.result() if isinstance(part, Later) else part
        stream = {"output_type": "stream", "name": "stdout", "text": f"{found.text()}\n"}
        data = {"text/plain": repr(found.score)}
        result = {"output_type": "execute_result", "data": data, "metadata": {}}
        return found, [stream, result | {"execution_count": 1}]


class Late:
    """An exercise whose visible checks run only where a hidden one does not pass.

    A hidden check asks at least what the visible one does. So where it passes, the visible one
    would, too; where it does not, the visible one says it in places that the student knows.
    """

    def __init__(self, exercise: Exercise):
        self._exercise = exercise

    def __getattr__(self, name: str) -> Any:
        return getattr(self._exercise, name)

    def check(self, part: str, *answers: Any, hidden: int | None = None) -> "Later":
        """Return the result of a check that runs when it is needed."""
        return Later(self._exercise, part, () if hidden is None else (hidden,))


@dataclass(frozen=True)
class Later:
    """The result of checks of a part that run when it is asked for: hidden ones first."""

    exercise: Exercise
    part: str
    hidden: tuple[int, ...] = ()

    def __and__(self, other: "Later") -> "Later":
        """Return the result of both."""
        return Later(self.exercise, self.part, (*self.hidden, *other.hidden))

    def result(self) -> Result:
        """Run the checks."""
        found = [self.exercise.check(self.part, hidden=seed) for seed in self.hidden]
        failed = [each for each in found if not each.passed]
        if found and not failed:
            return found[0]
        visible = self.exercise.check(self.part)
        return failed[0] if visible.passed and failed else visible
