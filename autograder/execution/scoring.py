"""Score a notebook from outside: its code runs in one process, its graph is observed in another.

The verdicts fall here. Nothing here knows the gradebook or other students.
"""

import ast
import contextlib
import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from autograder import AutograderError, checks, reference
from autograder.checks import Exercise, Question, Result
from autograder.checks.cells import REPORT
from autograder.checks.switches import sentence
from autograder.checks.values import Values
from autograder.outputs import raised
from autograder.session import EndedError, Prober, Session, Walls


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


def failure(kind: str, message: str) -> dict:
    """Return an output of nbformat that says that a cell has failed."""
    return {"output_type": "error", "ename": kind, "evalue": message, "traceback": [message]}


class Answer:
    """The answer of a notebook whose cells have run: exported once, then observed elsewhere.

    Parameters
    ----------
    exercise : Exercise
        What it answers.
    session : Session
        The process that holds the notebook.
    walls : Walls
        What the process that observes may use.
    slot : int
        Its number among those that run at the same time.
    groups : Path or None
        The control group that takes those of notebooks.
    """

    def __init__(
        self,
        exercise: Exercise,
        session: Session,
        walls: Walls,
        slot: int = 0,
        groups: Path | None = None,
    ):
        self.exercise, self._session = exercise, session
        self._place = walls, slot, groups
        self._prober: Prober | None = None
        self._exported: dict[str, Values] = {}
        self.switches: list[str] = []

    def __enter__(self) -> "Answer":
        """Return the answer, whose second process ``with`` ends."""
        return self

    def __exit__(self, *_) -> None:
        """End the process that observes."""
        if self._prober is not None:
            self._prober.close()

    @property
    def remark(self) -> str:
        """What a student should know of global switches, in a sentence; mostly empty."""
        return sentence(tuple(self.switches))

    def ask(self, question: Question, _answers: tuple = ()) -> Values:
        """Put a question to the answer; ``Exercise.ask`` has this form."""
        try:
            key = repr(sorted(question.settings.items()))
            if key not in self._exported:
                self._export(key, question.settings)
            if state := _state_of_all(self._exported[key]):
                return state
            return self._prober.probe(key, self.exercise.name, question.check, question.inputs)
        except EndedError as error:
            return {"problem": str(error)}

    def _export(self, key: str, settings: Values) -> None:
        exported = self._session.export(self.exercise.name, self.exercise.answers, settings)
        self.switches = list(dict.fromkeys([*self.switches, *exported["switches"]]))
        self._exported[key] = exported  # at once: a graph that cannot be loaded is not made again
        if not _state_of_all(exported):
            if self._prober is None:
                self._prober = Prober(*self._place)
            self._prober.load(key, exported)


def _state_of_all(exported: Values) -> dict:
    """Return why there is nothing to observe, if it is the same for all functions."""
    states = list(exported["functions"].values())
    if not exported["files"] and states and all(state == states[0] for state in states):
        return states[0] or {"problem": "The graph of your answer did not arrive."}
    return {}


class Reference:
    """What the probes see on the reference solution: its own processes, one answer a question.

    Parameters
    ----------
    exercise : Exercise
        Whose solution it is.
    """

    def __init__(self, exercise: Exercise):
        self.exercise = exercise
        self._open: contextlib.ExitStack | None = None
        self._answer: Answer | None = None
        self._seen: dict[tuple[str, str], Values] = {}
        self._one_at_a_time = threading.Lock()

    def ask(self, question: Question, _answers: tuple = ()) -> Values:
        """Put a question to the reference solution; ``Exercise.ask_reference`` has this form."""
        key = question.check, repr((question.settings, question.inputs))
        with self._one_at_a_time:
            if key in self._seen:
                return self._seen[key]
            seen = self._running().ask(question)
            if "values" in seen:
                self._seen[key] = seen
            else:  # perhaps it took too long, which it need not do again
                self._end()
            return seen

    def close(self) -> None:
        """End the processes of the reference solution; others start if there is need."""
        with self._one_at_a_time:
            self._end()

    def _end(self) -> None:
        if self._open is not None:
            self._open.close()
            self._open = self._answer = None

    def _running(self) -> Answer:
        if self._open is None:
            walls = Walls(REFERENCE)
            with contextlib.ExitStack() as stack:
                session = stack.enter_context(Session(walls))
                for source in (reference.setting, reference.source):
                    reply = session.run(source(self.exercise.name))
                    if not reply["ok"]:
                        said = reply["outputs"][-1].get("evalue")
                        raise AutograderError(
                            f"The reference solution of {self.exercise.name} does not run: {said}"
                        )
                self._answer = stack.enter_context(Answer(self.exercise, session, walls))
                self._open = stack.pop_all()
        return self._answer


REFERENCE = 120  # seconds for a step of a reference solution


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

    def run(self, cell: Any) -> tuple[Result, list[dict]]:
        """Run a scoring cell of ours, and return its result and its outputs."""
        space = {"exercise": Late(self.exercise), **dict.fromkeys(self.exercise.answers)}
        tree = ast.parse(cell.source)
        tree.body.pop()  # `part.report()` would print, and what is printed belongs to all threads
        exec(compile(tree, "<check>", "exec"), space)
        part = space["part"]
        part = part.result() if isinstance(part, Later) else part
        stream = {"output_type": "stream", "name": "stdout", "text": f"{part.text()}\n"}
        data = {"text/plain": repr(part.score)}
        result = {"output_type": "execute_result", "data": data, "metadata": {}}
        return part, [stream, result | {"execution_count": 1}]


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
