"""The notebook that ``autograder check`` runs: the same cells as are graded, and what is wrong."""

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
    """A notebook as it is checked.

    Attributes
    ----------
    exercise : Exercise
        What it answers.
    notebook : NotebookNode
        The repaired notebook; its cells run as those of a submission do.
    repairs : tuple of str
        What was repaired, in the words of ``repair``.
    defects : tuple of str
        What the student should put right, in sentences.
    numbers : dict
        By cell id, the number (from 1) of the cell in the notebook of the student; what was put
        back has none.
    """

    exercise: Exercise
    notebook: Any
    repairs: tuple[str, ...]
    defects: tuple[str, ...]
    numbers: dict[str, int]

    def students_code(self) -> list[tuple[int | None, Any]]:
        """Return number and cell of the code cells that no check stands in."""
        scored = {self.exercise.cell(part) for part in self.exercise.parts}
        return [
            (self.numbers.get(cell.id), cell)
            for cell in self.notebook.cells
            if cell.cell_type == "code" and cell.id not in scored and cell.source.strip()
        ]


def repaired_for_check(file: Path) -> Checked:
    """Read a notebook, and repair it as it is before it is graded.

    Raises
    ------
    AutograderError
        If it cannot be used at all; the message says why and what to do.
    """
    found = notebooks.read(file)
    name = found.exercise.name
    try:
        released = released_notebook(name)
    except AutograderError:  # installed without the solutions, from which notebooks are released
        released = _as_handed_in(found.cells, f"{name}-answer")
    made = repair(found.cells, released, released)
    defects = [*found.defects, *_missing(found, released)]
    for cell in filter(is_answer, made.notebook.cells):
        own = cell.id
        if f"took the text of {own} for code" in made.repairs:
            defects.append(
                f"The cell `{own}` is text: turn it back into code (select it outside of the "
                "text and press Y)."
            )
        defects += leftover.told(own, cell.source)
    return Checked(
        found.exercise, made.notebook, made.repairs, (*defects,), _numbers(found.cells, made)
    )


@cache
def released_notebook(name: str) -> Any:
    """Return the notebook of an exercise as students get it, without a course to release it in."""
    from nbgrader.preprocessors import ClearHiddenTests, ClearSolutions

    notebook = copy.deepcopy(release.source_notebook(name))
    for step in (ClearSolutions, ClearHiddenTests):
        notebook, _ = step().preprocess(notebook, {})
    return notebook


def _as_handed_in(cells: list, answer: str) -> Any:
    """Return a notebook against which repairing changes nothing but text into code."""
    known = {own: copy.deepcopy(cell) for cell in cells if (own := cell_id(cell)) is not None}
    if answer in known:
        nbgrader = {"grade_id": answer, "solution": True}
        known[answer].update(cell_type="code", source="", metadata={"nbgrader": nbgrader})
    return nbformat.from_dict({"cells": [*known.values()], "metadata": {}})


def _missing(found: notebooks.Notebook, released: Any) -> list[str]:
    """Return that code cells are missing which only prepare or show something."""
    there = {cell_id(cell) for cell in found.cells}
    scored = {found.exercise.cell(part) for part in found.exercise.parts}
    lost = [
        own
        for cell in released.cells
        if cell.cell_type == "code" and not is_answer(cell)
        if (own := cell_id(cell)) not in there | scored
    ]
    if not lost:
        return []
    names, several = listing(f"`{own}`" for own in lost), len(lost) > 1
    return [
        f"The cell{'s' * several} {names} {'are' if several else 'is'} missing and put back before "
        f"grading: copy {'them' if several else 'it'} from the released notebook, so that yours "
        "runs as well."
    ]


def _numbers(handed_in: list, made: Any) -> dict[str, int]:
    """Return by cell id where the code of a repaired notebook stands in that of the student."""
    places = defaultdict(list)
    for number, cell in enumerate(handed_in, 1):
        places[cell.source.strip()].append(number)
    found = {}
    for cell in made.notebook.cells:
        if cell.cell_type == "code" and places[cell.source.strip()]:
            found[cell.id] = places[cell.source.strip()].pop(0)
    return found
