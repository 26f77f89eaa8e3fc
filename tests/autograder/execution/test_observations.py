"""Equal graphs are probed once; what is kept of them has a limit and is never mixed up."""

import copy
from dataclasses import replace

import numpy as np
import pytest

from autograder.checks import Exercise, Question
from autograder.checks.tracing.export import FILES
from autograder.checks.values import Exported, Observation, State
from autograder.execution.judging.answer import Answer
from autograder.execution.judging.observations import Observations, digest


def graph(**changes):
    files = {name: np.arange(5, dtype=np.uint8) for name in FILES}
    return replace(Exported({"f": State()}, files), **changes)


def question(check="Mean", **inputs):
    return Question(check, {}, inputs or {"mean": np.array([1.0, 2.0])})


def test_equal_graphs_have_one_digest_whatever_switches_were_turned():
    assert digest(graph()) == digest(copy.deepcopy(graph(switches=("x",))))


@pytest.mark.parametrize("name", FILES)
def test_one_byte_makes_another_graph(name):
    other = copy.deepcopy(graph())
    other.files[name][2] += 1
    assert digest(other) != digest(graph())


def test_bytes_cannot_move_from_one_file_to_the_next():
    other = copy.deepcopy(graph())
    other.files[FILES[0]], other.files[FILES[1]] = (
        np.arange(4, dtype=np.uint8),
        np.array([4, *range(5)], np.uint8),
    )
    assert digest(other) != digest(graph())


def test_what_is_said_of_functions_counts():
    assert digest(graph(functions={"f": State("x")})) != digest(graph())


def test_what_was_seen_is_known_for_the_same_question_to_the_same_graph_alone():
    known = Observations()
    seen = Observation({"mean": np.zeros(2)})
    known.keep("a", question(), seen)
    assert known.get("a", question()) is seen
    assert known.get("b", question()) is None
    assert known.get("a", question("Spread")) is None
    assert known.get("a", question(mean=np.array([1.0, 2.5]))) is None


def test_what_has_not_been_asked_for_longest_is_forgotten():
    known = Observations(capacity=40_000)
    for number in range(12):
        known.keep(str(number), question(), Observation({"x": np.zeros(500)}))
        assert known.get("0", question()) is not None
    assert known.get("1", question()) is None
    assert known.get("11", question()) is not None


def test_a_problem_is_not_kept_since_it_may_be_one_of_memory_or_time():
    known = Observations()
    known.keep("a", question(), Observation(problem="It ran out of memory.", by_graph=True))
    assert known.get("a", question()) is None


def test_what_is_large_is_not_kept():
    known = Observations(capacity=40_000)
    known.keep("a", question(), Observation({"x": np.zeros(5000)}))
    assert known.get("a", question()) is None


class Worker:
    """A process that exports a graph of its own for each settings, and counts how often."""

    def __init__(self, hidden: int, visible: int):
        self.graphs, self.asked = {"hidden": hidden, "visible": visible}, []

    def export(self, exercise, names, settings):
        """Return the graph of these settings."""
        self.asked.append(settings["of"])
        made = np.full(3, self.graphs[settings["of"]], np.uint8)
        return graph(files=dict.fromkeys(FILES, made))


def answer(worker, known, monkeypatch):
    def observe(self, key, exported, question):
        graph_number = int(exported.files[FILES[0]][0])
        return Observation({"by": graph_number, "at": question.settings["of"]})

    monkeypatch.setattr(Answer, "_observe", observe)
    settings = lambda seed: {"of": "visible" if seed is None else "hidden"}  # noqa: E731
    exercise = Exercise("x", ("f",), (), (), settings)
    return Answer(exercise, worker, None, observations=known)


HIDDEN, VISIBLE = Question("C", {"of": "hidden"}, {}), Question("C", {"of": "visible"}, {})


def test_a_loss_is_explained_by_what_was_seen_of_an_equal_answer(monkeypatch):
    known, first, second = Observations(), Worker(1, 2), Worker(1, 3)
    for worker in (first, second):
        asked = answer(worker, known, monkeypatch)
        assert asked.ask(HIDDEN).values == {"by": 1, "at": "hidden"}
        assert asked.ask(VISIBLE).values == {"by": 2, "at": "visible"}
    assert (first.asked, second.asked) == (["hidden", "visible"], ["hidden"])


def test_a_hidden_question_is_answered_by_the_graph_itself_alone(monkeypatch):
    known, right, wrong = Observations(), Worker(1, 2), Worker(9, 2)
    for worker, wanted in ((right, 1), (wrong, 9)):
        asked = answer(worker, known, monkeypatch)
        assert asked.ask(VISIBLE).values["by"] == 2
        assert asked.ask(HIDDEN).values["by"] == wanted


def test_what_a_hidden_question_shows_is_kept_for_its_own_graph_alone(monkeypatch):
    known = Observations()
    asked = answer(Worker(1, 2), known, monkeypatch)
    for each in (VISIBLE, HIDDEN):
        asked.ask(each)
    forged = answer(Worker(2, 2), known, monkeypatch)  # as the graph for announced places was
    assert forged.ask(HIDDEN).values["by"] == 2


def test_answers_without_a_graph_do_not_explain_each_other(monkeypatch):
    known = Observations()
    monkeypatch.setattr(Worker, "export", lambda self, *_: self.graphs.pop(0))
    none = graph(functions={"f": State("no")}, files={})
    for number in (2, 3):
        worker = Worker(1, 1)
        worker.graphs = [none, graph(files=dict.fromkeys(FILES, np.full(3, number, np.uint8)))]
        asked = answer(worker, known, monkeypatch)
        assert asked.ask(HIDDEN) == Observation(problem="no")
        assert asked.ask(VISIBLE).values["by"] == number
