"""Score a notebook from outside: its code runs in a process of its own, the verdicts fall here."""

import ast
import contextlib
import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from autograder import AutograderError, checks, reference
from autograder.checks import Check, Exercise, Part, Result
from autograder.checks.cells import REPORT
from autograder.outputs import raised
from autograder.session import EndedError, Session


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
    outputs: dict[str, list] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)


def run_students_code(session: Session, cells: Iterable[tuple[int, Any]], scored: Scored) -> None:
    """Run the cells that a student may have changed, and go on after an exception."""
    for number, cell in cells:
        try:
            reply = session.run(cell.source)
        except EndedError as error:
            scored.outputs[cell.get("id", "")] = [failure("Ended", str(error))]
            scored.errors.append(f"Cell {number}: {error}")
            return
        scored.outputs[cell.get("id", "")] = reply["outputs"]
        for output in reply["outputs"]:
            if output.get("output_type") == "error":
                scored.errors.append(f"Cell {number} raised {raised(output)}")


def failure(kind: str, message: str) -> dict:
    """Return an output of nbformat that says that a cell has failed."""
    return {"output_type": "error", "ename": kind, "evalue": message, "traceback": [message]}


class Reference:
    """What the probes see on the reference solution: one process for it, one answer a place.

    Parameters
    ----------
    exercise : Exercise
        Whose solution it is.
    """

    def __init__(self, exercise: Exercise):
        self.exercise = exercise
        self._session: Session | None = None
        self._seen: dict[tuple[str, str], dict] = {}
        self._one_at_a_time = threading.Lock()

    def ask(self, check: Check, _answers: tuple, inputs: dict) -> dict:
        """Run a probe on the reference solution; ``Exercise.ask_reference`` has this form."""
        key = check.name, repr(inputs)
        with self._one_at_a_time:
            if key not in self._seen:
                self._seen[key] = self._running().ask(check, (), inputs)
            return self._seen[key]

    def close(self) -> None:
        """End the process of the reference solution; another one starts if there is need."""
        with self._one_at_a_time:
            if self._session is not None:
                self._session.close()
                self._session = None

    def _running(self) -> Session:
        if self._session is None:
            self._session = Session(self.exercise)
            for source in (reference.setting, reference.source):
                reply = self._session.run(source(self.exercise.name))
                if not reply["ok"]:
                    said = reply["outputs"][-1].get("evalue")
                    raise AutograderError(
                        f"The reference solution of {self.exercise.name} does not run: {said}"
                    )
        return self._session


@contextlib.contextmanager
def references(names: Iterable[str]) -> Iterator[dict[str, Reference]]:
    """Give the references of some exercises by their names, and end their processes."""
    known = {name: Reference(checks.load(name)) for name in names}
    try:
        yield known
    finally:
        for each in known.values():
            each.close()


class Judge:
    """Runs the cells that score, here, and lets only their probes touch the student's process."""

    def __init__(self, session: Session, known: Reference):
        self.exercise = known.exercise.asking(session.ask, known.ask)

    def understands(self, cell: Any) -> bool:
        """Return whether a scoring cell runs our checks and ends with their report."""
        return "exercise.check(" in cell.source and cell.source.rstrip().endswith(REPORT)

    def run(self, cell: Any) -> tuple[Result, list[dict]]:
        """Run a scoring cell of ours, and return its result and its outputs."""
        space = {"exercise": self.exercise, **dict.fromkeys(self.exercise.answers)}
        tree = ast.parse(cell.source)
        tree.body.pop()  # `part.report()` would print, and what is printed belongs to all threads
        exec(compile(tree, "<check>", "exec"), space)
        part = space["part"]
        stream = {"output_type": "stream", "name": "stdout", "text": f"{part.text()}\n"}
        data = {"text/plain": repr(part.score)}
        result = {"output_type": "execute_result", "data": data, "metadata": {}}
        return part, [stream, result | {"execution_count": 1}]


def visible(session: Session, exercise: Exercise, part: Part) -> Result:
    """Return the result of the visible checks of one part."""
    return exercise.asking(session.ask, None).check(part.name)
