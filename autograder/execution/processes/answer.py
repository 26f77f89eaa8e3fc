"""The answer of a notebook: exported by the worker, and observed by the prober."""

from pathlib import Path
from typing import Any

from autograder.checks import Exercise, Question, values
from autograder.checks.switches import sentence
from autograder.checks.values import Values
from autograder.execution.observations import Observations, digest
from autograder.execution.processes.session import Budget, EndedError, Prober, Session


class Answer:
    """The answer of a notebook whose cells have run: exported once, then observed elsewhere.

    Parameters
    ----------
    exercise : Exercise
        What it answers.
    session : Session
        The process that holds the notebook.
    budget : Budget
        What the process that observes may use.
    slot : int
        Its number among those that run at the same time.
    groups : Path or None
        The control group that takes those of notebooks.
    known : Observations or None
        What was seen of graphs before, and where to keep what is seen of this one.
    """

    def __init__(
        self,
        exercise: Exercise,
        session: Session,
        budget: Budget,
        slot: int = 0,
        groups: Path | None = None,
        known: Observations | None = None,
    ):
        self.exercise, self._session = exercise, session
        self._place, self._known = (budget, slot, groups), known or Observations()
        self._prober: Prober | None = None
        self._exported: dict[str, tuple[Values, str]] = {}
        self._loaded: set[str] = set()
        self._announced = values.digest(exercise.settings(None))
        self.switches: list[str] = []

    def __enter__(self) -> "Answer":
        """Return the answer, whose second process ``with`` ends."""
        return self

    def __exit__(self, *_: object) -> None:
        """End the process that observes."""
        if self._prober is not None:
            self._prober.close()

    @property
    def remark(self) -> str:
        """What a student should know of global switches, in a sentence; mostly empty."""
        return sentence(tuple(self.switches))

    def ask(self, question: Question, _answers: tuple[Any, ...] = ()) -> Values:
        """Put a question to the answer; ``Exercise.ask`` has this form."""
        try:
            key, stand_in = question.traced, self._stand_in(question)
            if key not in self._exported:
                if stand_in and (seen := self._known.get(stand_in, question)) is not None:
                    return seen
                self._exported[key] = self._export(question.settings)
            exported, graph = self._exported[key]
            if state := _state_of_all(exported):
                return state
            seen = self._known.get(graph, question)
            if seen is None:
                seen = self._observe(key, exported, question)
                self._known.keep(graph, question, seen)
            if stand_in:
                self._known.keep(stand_in, question, seen)
            return seen
        except EndedError as error:
            return {"problem": str(error)}

    def _stand_in(self, question: Question) -> str | None:
        """Return the graph for hidden checks, if it may stand in for the one for announced places.

        Announced places are asked after a loss, to explain it, and give no points: answers whose
        graphs for hidden checks are equal share what is seen there. Hidden questions are answered
        by the graph itself alone, and so is what has no graph.
        """
        if question.traced != self._announced:
            return None
        others = [each for key, each in self._exported.items() if key != self._announced]
        return next((graph for exported, graph in others if exported["files"]), None)

    def _export(self, settings: Values) -> tuple[Values, str]:
        exported = self._session.export(self.exercise.name, self.exercise.answers, settings)
        self.switches = list(dict.fromkeys([*self.switches, *exported["switches"]]))
        return exported, digest(exported)

    def _observe(self, key: str, exported: Values, question: Question) -> Values:
        if self._prober is None:
            self._prober = Prober(*self._place)
        if key not in self._loaded:
            self._prober.load(key, exported)
            self._loaded.add(key)
        return self._prober.probe(key, self.exercise.name, question.check, question.inputs)


def _state_of_all(exported: Values) -> Values:
    """Return why there is nothing to observe, if it is the same for all functions."""
    states: list[Values] = list(exported["functions"].values())
    if not exported["files"] and states and all(state == states[0] for state in states):
        return states[0] or {"problem": "The graph of your answer did not arrive."}
    return {}
