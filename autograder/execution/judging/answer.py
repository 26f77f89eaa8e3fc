"""The answer of a notebook: exported by the worker, and observed by the prober."""

from pathlib import Path
from typing import Any

from autograder.checks import Exercise, Question, values
from autograder.checks.tracing.switches import sentence
from autograder.checks.values import Exported, Observation, State, Values
from autograder.execution.judging.observations import Observations, digest
from autograder.execution.processes.session import Budget, EndedError, Prober, Session


class Answer:
    """The answer of a notebook whose cells have run: exported once, then observed elsewhere.

    Parameters
    ----------
    exercise : Exercise
        The exercise that it answers.
    session : Session
        The process that holds the notebook.
    budget : Budget
        What the observing process may use.
    slot : int
        Number of the observing process among those that run at the same time.
    groups : Path or None
        The control group that holds the groups of notebooks.
    observations : Observations or None
        Cache of what was observed of graphs, to read and to extend.
    """

    def __init__(
        self,
        exercise: Exercise,
        session: Session,
        budget: Budget,
        slot: int = 0,
        groups: Path | None = None,
        observations: Observations | None = None,
    ):
        self.exercise, self._session = exercise, session
        self._prober_arguments = budget, slot, groups
        self._observations = observations or Observations()
        self._prober: Prober | None = None
        self._exported: dict[str, tuple[Exported, str]] = {}
        self._loaded: set[str] = set()
        self._visible_key = values.digest(exercise.settings(None))
        self.switches: list[str] = []

    def __enter__(self) -> "Answer":
        """Return the answer; leaving ``with`` ends the observing process."""
        return self

    def __exit__(self, *_: object) -> None:
        """End the observing process."""
        if self._prober is not None:
            self._prober.close()

    @property
    def remark(self) -> str:
        """What a student should know about global switches, in a sentence; usually empty."""
        return sentence(tuple(self.switches))

    def ask(self, question: Question, _answers: tuple[Any, ...] = ()) -> Observation:
        """Put a question to the answer; ``Exercise.ask`` has this form."""
        try:
            key, stand_in = question.settings_key, self._stand_in(question)
            if key not in self._exported:
                observation = self._observations.get(stand_in, question) if stand_in else None
                if observation is not None:
                    return observation
                self._exported[key] = self._export(question.settings)
            exported, graph = self._exported[key]
            if state := _common_state(exported):
                return Observation.nothing(state)
            observation = self._observations.get(graph, question)
            if observation is None:
                observation = self._observe(key, exported, question)
                self._observations.keep(graph, question, observation)
            if stand_in:
                self._observations.keep(stand_in, question, observation)
            return observation
        except EndedError as error:
            return Observation(problem=str(error))

    def _stand_in(self, question: Question) -> str | None:
        """Return the graph for hidden checks, if it may stand in for the one for visible checks.

        Visible checks run after a loss, to explain it, and give no points: answers whose graphs
        for hidden checks are equal share what is observed there. For hidden questions and for
        answers without a graph, nothing stands in.
        """
        if question.settings_key != self._visible_key:
            return None
        others = [export for key, export in self._exported.items() if key != self._visible_key]
        return next((graph for exported, graph in others if exported.files), None)

    def _export(self, settings: Values) -> tuple[Exported, str]:
        exported = self._session.export(self.exercise.name, self.exercise.answers, settings)
        self.switches = list(dict.fromkeys([*self.switches, *exported.switches]))
        return exported, digest(exported)

    def _observe(self, key: str, exported: Exported, question: Question) -> Observation:
        if self._prober is None:
            self._prober = Prober(*self._prober_arguments)
        if key not in self._loaded:
            self._prober.load(key, exported)
            self._loaded.add(key)
        return self._prober.probe(key, self.exercise.name, question.check, question.inputs)


def _common_state(exported: Exported) -> State | None:
    """Return why there is nothing to observe, if it is the same for all functions."""
    states = [*exported.functions.values()]
    if exported.files or not states or any(state != states[0] for state in states):
        return None
    return State("The graph of your answer did not arrive.") if states[0].is_there else states[0]
