"""A reference solution is asked once, and one that took too long is asked again."""

from contextlib import nullcontext
from typing import ClassVar

import pytest

from autograder import AutograderError, checks
from autograder.checks import Question
from autograder.checks.values import Observation
from autograder.execution.judging import reference
from autograder.execution.worker.wire import CellRun

QUESTION = Question("Mean", {}, {})


class FakeAnswer:
    """Answers of a reference solution, in their order."""

    left: ClassVar[list[Observation]] = []

    def __init__(self, *_):
        pass

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    def ask(self, question):
        """Return the next answer."""
        return self.left.pop(0)


class FakeSession:
    """A process in which every cell runs."""

    def run(self, source):
        """Return that it ran."""
        return CellRun([], ok=True)


@pytest.fixture
def asked(monkeypatch):
    monkeypatch.setattr(reference, "Session", lambda *_: nullcontext(FakeSession()))
    monkeypatch.setattr(reference, "Answer", FakeAnswer)
    return reference.Reference(checks.load("sampling"))


def prove(observation):
    if observation.values is None:
        raise AutograderError(observation.problem)
    return observation.values


def test_a_reference_that_took_too_long_is_asked_again_and_then_remembered(asked, monkeypatch):
    answers = [Observation(problem="It did not end within 120 s."), Observation({"size": 3})]
    monkeypatch.setattr(FakeAnswer, "left", answers)
    with pytest.raises(AutograderError, match="did not end"):
        asked.ask(QUESTION, prove)
    assert asked.ask(QUESTION, prove) == {"size": 3}
    assert asked.ask(QUESTION, prove) == {"size": 3}
    assert not answers


def test_what_is_not_right_is_not_remembered(asked, monkeypatch):
    answers = [Observation({"size": 3}), Observation({"size": 4})]
    monkeypatch.setattr(FakeAnswer, "left", answers)

    def refuse(observation):
        raise AutograderError("It is wrong.")

    with pytest.raises(AutograderError, match="wrong"):
        asked.ask(QUESTION, refuse)
    assert asked.ask(QUESTION, prove) == {"size": 4}
