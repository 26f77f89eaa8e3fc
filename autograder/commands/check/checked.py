"""Prepare a notebook for ``autograder check``: the cells that would be graded, and its defects."""

import copy
from collections import defaultdict
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import nbformat

from autograder import AutograderError
from autograder.checks import Exercise
from autograder.checks.words import listing
from autograder.commands import release
from autograder.submissions import notebooks
from autograder.submissions.answers import leftover
from autograder.submissions.notebooks import cell_id
from autograder.submissions.repair import is_answer, repair


@dataclass(frozen=True)
class Checked:
    """A notebook that is ready to be checked.

    Attributes
    ----------
    exercise : Exercise
        The exercise that the notebook belongs to.
    notebook : NotebookNode
        The repaired notebook; its cells run as those of a submission do.
    repairs : tuple of str
        Descriptions of the repairs, as returned by ``repair``.
    defects : tuple of str
        Sentences on what the student should put right.
    numbers : dict
        Number, from 1, of each cell in the student's notebook, by cell id. Cells that were put
        back have none.
    """

    exercise: Exercise
    notebook: Any
    repairs: tuple[str, ...]
    defects: tuple[str, ...]
    numbers: dict[str, int]

    def students_code(self) -> list[tuple[int | None, Any]]:
        """Return number and cell of all code cells except those with checks."""
        scored = {self.exercise.cell(part) for part in self.exercise.parts}
        return [
            (self.numbers.get(cell.id), cell)
            for cell in self.notebook.cells
            if cell.cell_type == "code" and cell.id not in scored and cell.source.strip()
        ]


def repaired_for_check(file: Path) -> Checked:
    """Read a notebook and repair it as for grading.

    Raises
    ------
    AutograderError
        If it cannot be used; the message says why, and what to do about it.
    """
    submitted = notebooks.read(file)
    name = submitted.exercise.name
    try:
        released = released_notebook(name)
    except AutograderError:  # there are no solutions here to make the released notebook from
        released = _as_handed_in(submitted.cells, f"{name}-answer")
    repaired = repair(submitted.cells, released, released)
    defects = [*submitted.defects, *_missing(submitted, released)]
    for cell in filter(is_answer, repaired.notebook.cells):
        answer_id = cell.id
        if f"used the text of {answer_id} as code" in repaired.repairs:
            defects.append(
                f"The cell `{answer_id}` is text: turn it back into code (select it outside of the "
                "text and press Y)."
            )
        defects += leftover.remarks(answer_id, cell.source)
    return Checked(
        submitted.exercise,
        repaired.notebook,
        repaired.repairs,
        (*defects,),
        _numbers(submitted.cells, repaired),
    )


@cache
def released_notebook(name: str) -> Any:
    """Return the student notebook of an exercise, made without releasing a course."""
    from nbgrader.preprocessors import ClearHiddenTests, ClearSolutions

    notebook = copy.deepcopy(release.source_notebook(name))
    for step in (ClearSolutions, ClearHiddenTests):
        notebook, _ = step().preprocess(notebook, {})
    return notebook


def _as_handed_in(cells: list, answer: str) -> Any:
    """Return a stand-in for the released notebook with which repairing only restores code cells."""
    cells_by_id = {
        name: copy.deepcopy(cell) for cell in cells if (name := cell_id(cell)) is not None
    }
    if answer in cells_by_id:
        nbgrader = {"grade_id": answer, "solution": True}
        cells_by_id[answer].update(cell_type="code", source="", metadata={"nbgrader": nbgrader})
    return nbformat.from_dict({"cells": [*cells_by_id.values()], "metadata": {}})


def _missing(submitted: notebooks.Notebook, released: Any) -> list[str]:
    """Return a sentence on missing code cells other than answers and checks, if there are any."""
    present = {cell_id(cell) for cell in submitted.cells}
    scored = {submitted.exercise.cell(part) for part in submitted.exercise.parts}
    lost = [
        name
        for cell in released.cells
        if cell.cell_type == "code" and not is_answer(cell)
        if (name := cell_id(cell)) not in present | scored
    ]
    if not lost:
        return []
    names, several = listing(f"`{name}`" for name in lost), len(lost) > 1
    return [
        f"The cell{'s' * several} {names} {'are' if several else 'is'} missing and put back before "
        f"grading: copy {'them' if several else 'it'} from the released notebook, so that yours "
        "runs as well."
    ]


def _numbers(handed_in: list, repaired: Any) -> dict[str, int]:
    """Return the numbers, by cell id, of the repaired notebook's code cells in the student's."""
    places = defaultdict(list)
    for number, cell in enumerate(handed_in, 1):
        places[cell.source.strip()].append(number)
    numbers = {}
    for cell in repaired.notebook.cells:
        if cell.cell_type == "code" and places[cell.source.strip()]:
            numbers[cell.id] = places[cell.source.strip()].pop(0)
    return numbers
