"""How long nbgrader takes for a page of feedback, beside one of an ordinary notebook."""

import time
from functools import cache

import nbformat
from nbconvert import HTMLExporter
from nbformat.v4 import new_code_cell, new_notebook
from nbgrader.converters import GenerateFeedback
from traitlets.config import Config

from autograder.execution.worker.outputs import Cleaner

SCORE = {"score": 0, "max_score": 0, "student": "a", "assignment": "b", "notebook": "c"}
SCORE |= {"first_name": "a", "last_name": "b", "late_penalty": 0}
LINE = "value = compute(x, 'a text')  # a comment\n"
FULL = 2_300  # such lines are about as much code as is read


@cache
def _exporter() -> HTMLExporter:
    return HTMLExporter(config=GenerateFeedback(config=Config()).config)


def seconds(cells: list) -> float:
    """Return the computing time of the page of some cells, and hold it to a size."""
    made = new_notebook(cells=cells, metadata={"language_info": {"name": "python"}})
    begin = time.process_time()
    page, _ = _exporter().from_notebook_node(made, resources={"nbgrader": SCORE})
    took = time.process_time() - begin
    assert len(page) < 20 * 2**20
    return took


@cache
def ordinary() -> float:
    """Return the time of a page with ordinary code, as much of it as is read."""
    seconds([new_code_cell("1")])  # what is done only once
    return min(seconds([new_code_cell(LINE * FULL)]) for _ in range(2))


def showing(outputs: list[list[dict]]) -> list:
    """Return cells with outputs that an untrusted process has sent, cleaned as they are."""
    cleaner = Cleaner()
    cleaned = [cleaner.clean(each) for each in outputs]
    return [new_code_cell("1", outputs=[*map(nbformat.from_dict, each)]) for each in cleaned]
