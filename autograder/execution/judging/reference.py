"""Run the reference solutions, each in its own processes."""

import contextlib
import threading
from collections.abc import Iterable, Iterator

from autograder import AutograderError, checks
from autograder.checks import Exercise, Question, solutions
from autograder.checks.exercise import Prove
from autograder.checks.values import Values
from autograder.execution.judging.answer import Answer
from autograder.execution.judging.observations import Observations
from autograder.execution.processes.session import Budget, Session

STEP_TIMEOUT = 120  # seconds for a cell or a probe of a reference solution


class Reference:
    """A reference solution in its own processes; each question is asked of it once.

    Parameters
    ----------
    exercise : Exercise
        The exercise that it solves.

    Attributes
    ----------
    observations : Observations
        What was observed of the graphs of answers to the same exercise.
    """

    def __init__(self, exercise: Exercise):
        self.exercise, self.observations = exercise, Observations()
        self._processes: contextlib.ExitStack | None = None
        self._answer: Answer | None = None
        self._cache: dict[str, Values] = {}
        self._lock = threading.Lock()

    def ask(self, question: Question, prove: Prove) -> Values:
        """Put a question to the reference solution; ``Exercise.ask_reference`` has this form."""
        key = question.key
        with self._lock:
            if key not in self._cache:
                observation = self._started().ask(question)
                if observation.values is None:
                    self._end()  # it may have taken too long, and may succeed in new processes
                self._cache[key] = prove(observation)
            return self._cache[key]

    def close(self) -> None:
        """End the processes of the reference solution; new ones start when they are needed."""
        with self._lock:
            self._end()

    def _end(self) -> None:
        if self._processes is not None:
            self._processes.close()
            self._processes = self._answer = None

    def _started(self) -> Answer:
        if self._processes is None:
            budget = Budget(STEP_TIMEOUT)
            with contextlib.ExitStack() as stack:
                session = stack.enter_context(Session(budget))
                for source in (solutions.preamble, solutions.source):
                    reply = session.run(source(self.exercise.name))
                    if not reply.ok:
                        error = reply.outputs[-1].get("evalue")
                        raise AutograderError(
                            f"The reference solution of {self.exercise.name} does not run: {error}"
                        )
                self._answer = stack.enter_context(Answer(self.exercise, session, budget))
                self._processes = stack.pop_all()
        assert self._answer is not None  # it exists while the processes run
        return self._answer


@contextlib.contextmanager
def references(names: Iterable[str]) -> Iterator[dict[str, Reference]]:
    """Give the references of some exercises by name, and end their processes."""
    by_name = {name: Reference(checks.load(name)) for name in names}
    try:
        yield by_name
    finally:
        for reference in by_name.values():
            reference.close()
