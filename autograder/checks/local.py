"""Check an answer in the process that holds it, as a student does in a notebook.

It takes the same way as in grading: the answer is traced, saved, examined, loaded and probed. Only
the borders between processes are missing.
"""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from autograder.checks import probing
from autograder.checks.cells import others_run
from autograder.checks.check import Question
from autograder.checks.export import export
from autograder.checks.graphs import Graphs
from autograder.checks.switches import ordinary, sentence
from autograder.checks.values import Values


@dataclass(frozen=True)
class Kept:
    """The graph of an answer, and what it was made of.

    Attributes
    ----------
    exercise, settings
        What was traced, and how.
    answers : dict
        The student's objects.
    cells : int
        How many cells without checks had run.
    graphs : Graphs
        What came of it.
    """

    exercise: str
    answers: dict[str, Any]
    settings: str
    cells: int
    graphs: Graphs

    def serves(self, exercise: str, answers: Mapping[str, Any], settings: str, cells: int) -> bool:
        """Return whether tracing the answer again would give the same."""
        same = (self.exercise, self.settings, self.cells) == (exercise, settings, cells)
        # Not `==`, for an object of a student may say that it equals everything.
        return same and all(self.answers.get(name) is answers[name] for name in answers)


KEPT: deque[Kept] = deque(maxlen=4)  # of the student and of the reference, announced and hidden


def ask(exercise: str, answers: Mapping[str, Any], question: Question) -> Values:
    """Put a question to an answer, which is traced at most once until another cell has run."""
    settings, cells = question.traced, others_run()
    wanted = exercise, answers, settings, cells
    kept = next((one for one in KEPT if one.serves(*wanted)), None)
    with ordinary() as turned:
        if kept is None:
            exported = export(exercise, answers, question.settings)
            kept = Kept(exercise, dict(answers), settings, cells, Graphs(exported))
            KEPT.append(kept)
        seen = probing.run(exercise, question.check, kept.graphs, question.inputs)
    return {**seen, "remark": sentence(turned)}
