"""Export the answer of a notebook: the last thing that a student's Python does."""

from collections.abc import Iterable, Mapping
from typing import Any

from autograder.checks.tracing.export import export as traced
from autograder.checks.values import Values
from autograder.execution.worker import entering
from autograder.execution.worker.shell import Notebook


def export(notebook: Notebook, exercise: str, names: Iterable[str], settings: Values) -> Values:
    """Return the graph of what a notebook has defined; see ``autograder.checks.tracing.export``."""
    notebook.rewind()  # the printed text takes room in /tmp that the answer may need
    entering.release_memory()
    return traced(exercise, Answers(notebook.names(), names, notebook.raised), settings)


class Answers(dict[str, Any]):
    """The answers that a student has defined, and the error of the first cell that failed.

    Parameters
    ----------
    defined : mapping of str to object
        The namespace of the notebook.
    names : iterable of str
        Names of the answers.
    raised : str
        The error of the first cell that failed; empty if none did.
    """

    def __init__(self, defined: Mapping[str, Any], names: Iterable[str], raised: str):
        super().__init__({name: defined[name] for name in names if defined.get(name) is not None})
        self.raised = raised

    def __missing__(self, name: str) -> Any:
        if self.raised:
            raise NameError(f"{name} is not defined: fix the cell that stopped with {self.raised}")
        raise NameError(f"{name} is not defined: restore the cell of your answer and run it")
