"""Make what students hand in: released notebooks with an answer in them."""

import json
from pathlib import Path

import nbformat

from autograder import checks
from autograder.__main__ import main
from autograder.commands import release

ANSWER = "class Sampling:\n    pass"  # some code, right or wrong


def notebook(exercise: str, answer: str | None = None):
    """Return a released notebook, untouched or with the code of an answer in its cell."""
    made = nbformat.reads(release.student_notebooks()[exercise], as_version=4)
    if answer is not None:
        cell(made, f"{exercise}-answer").source = answer
    return made


def cell(made, cell_id: str):
    """Return a cell by its id."""
    return next(each for each in made.cells if each.id == cell_id)


def added(source: str):
    """Return a code cell that a student has added."""
    return nbformat.v4.new_code_cell(source)


def save(made, file: Path) -> Path:
    """Write a notebook as Jupyter does."""
    file.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(made, file)
    return file


def release_with_seeds(course: Path, seed: int = 7) -> None:
    """Release all exercises into a course whose hidden checks are the same in every run."""
    course.mkdir(parents=True, exist_ok=True)
    file = course / ".autograder" / "seeds.json"
    file.parent.mkdir()
    file.write_text(json.dumps(dict.fromkeys(checks.NAMES, seed)), encoding="utf-8")
    assert main(["release", str(course)]) == 0


def hand_in(course: Path, student: str, exercise: str, answer: str | None = None) -> Path:
    """Put a notebook where a course expects it."""
    file = course / "submitted" / student / exercise / f"{exercise}.ipynb"
    return save(notebook(exercise, answer), file)


def answer_of(bank_folder: Path, exercise: str, name: str) -> str:
    """Return the code of an answer of the bank."""
    (file,) = (bank_folder / exercise).glob(f"*/{name}.py")
    return file.read_text(encoding="utf-8")


EXERCISES = checks.NAMES


def code(found) -> list[tuple[str, str]]:
    """Return id and source of what runs of a repaired notebook, in its order."""
    cells = found.notebook.cells
    return [(cell.id, cell.source) for cell in cells if cell.cell_type == "code"]


def expected(source, answer: str = ANSWER) -> list[tuple[str, str]]:
    """Return what runs if an answer is all that a student wrote."""
    cells = [cell for cell in source.cells if cell.cell_type == "code"]
    own = "sampling-answer"
    return [(cell.id, answer if cell.id == own else cell.source) for cell in cells]
