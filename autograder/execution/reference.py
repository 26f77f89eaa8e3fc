"""The reference solutions, each in processes of its own."""

import contextlib
import threading
from collections.abc import Iterable, Iterator
from typing import Any

from autograder import AutograderError, checks
from autograder.checks import Exercise, Question, solutions
from autograder.checks.values import Values
from autograder.execution.observations import Observations
from autograder.execution.processes.answer import Answer
from autograder.execution.processes.session import Budget, Session

REFERENCE = 120  # seconds for a step of a reference solution


class Reference:
    """What the probes see on the reference solution: its own processes, one answer a question.

    Parameters
    ----------
    exercise : Exercise
        Whose solution it is.

    Attributes
    ----------
    observations : Observations
        What was seen of the graphs of answers to the same exercise.
    """

    def __init__(self, exercise: Exercise):
        self.exercise, self.observations = exercise, Observations()
        self._open: contextlib.ExitStack | None = None
        self._answer: Answer | None = None
        self._seen: dict[str, Values] = {}
        self._one_at_a_time = threading.Lock()

    def ask(self, question: Question, _answers: tuple[Any, ...] = ()) -> Values:
        """Put a question to the reference solution; ``Exercise.ask_reference`` has this form."""
        key = question.key
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
            budget = Budget(REFERENCE)
            with contextlib.ExitStack() as stack:
                session = stack.enter_context(Session(budget))
                for source in (solutions.setting, solutions.source):
                    reply = session.run(source(self.exercise.name))
                    if not reply["ok"]:
                        said = reply["outputs"][-1].get("evalue")
                        raise AutograderError(
                            f"The reference solution of {self.exercise.name} does not run: {said}"
                        )
                self._answer = stack.enter_context(Answer(self.exercise, session, budget))
                self._open = stack.pop_all()
        assert self._answer is not None  # it is there while they are open
        return self._answer


@contextlib.contextmanager
def references(names: Iterable[str]) -> Iterator[dict[str, Reference]]:
    """Give the references of some exercises by their names, and end their processes."""
    known = {name: Reference(checks.load(name)) for name in names}
    try:
        yield known
    finally:
        for each in known.values():
            each.close()
