"""Read a notebook that somebody hands in, and say what is wrong with it."""

import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from autograder import AutograderError, checks
from autograder.checks import Exercise
from autograder.checks.words import listing

LARGEST = 50 * 2**20  # bytes of a notebook


@dataclass(frozen=True)
class Notebook:
    """A notebook of one of our exercises.

    Attributes
    ----------
    exercise : Exercise
        What it answers.
    cells : list
        Its cells, as nbformat has them.
    defects : tuple of str
        What must be mended before it is handed in, in sentences.
    """

    exercise: Exercise
    cells: list
    defects: tuple[str, ...]

    def students_code(self) -> list[tuple[int, Any]]:
        """Return number (from 1) and cell of the code cells that no check stands in."""
        scored = {self.exercise.cell(part) for part in self.exercise.parts}
        return [
            (number, cell)
            for number, cell in enumerate(self.cells, 1)
            if cell.cell_type == "code" and grade_id(cell) not in scored and cell.source.strip()
        ]


def grade_id(cell: Any) -> str | None:
    """Return the ``grade_id`` of a cell."""
    nbgrader = cell.metadata.get("nbgrader")
    return nbgrader.get("grade_id") if isinstance(nbgrader, dict) else None


def outputs(plain: list[dict]) -> list:
    """Return outputs as nbformat keeps them."""
    import nbformat

    return [nbformat.from_dict(output) for output in plain]


def read(file: Path) -> Notebook:
    """Read a notebook of one of the exercises.

    Raises
    ------
    AutograderError
        If it cannot be used at all; the message says why and what to do.
    """
    cells = _parse(_text(file), file.name).cells
    exercise = exercise_of(cells, file.name)
    defects = (*_defects_of_name(exercise, file), *_defects_of_cells(exercise, cells))
    return Notebook(exercise, cells, defects)


def _text(file: Path) -> str:
    if not file.exists():
        raise AutograderError(f"There is no file {file}.")
    if not file.is_file():
        raise AutograderError(f"{file} is not a file.")
    if (size := file.stat().st_size) > LARGEST:
        raise AutograderError(
            f"{file.name} has {size / 2**20:.0f} MiB, more than the {LARGEST // 2**20} MiB that "
            "are read: clear its outputs (Edit > Clear Outputs of All Cells) and save it."
        )
    try:
        text = file.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise AutograderError(f"{file.name} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise AutograderError(f"{file.name} is not a notebook: it is not text.") from error
    if not text.strip():
        raise AutograderError(f"{file.name} is empty: save the notebook again.")
    return text


def _parse(text: str, name: str):
    import nbformat

    try:
        content = json.loads(text)
    except (ValueError, RecursionError) as error:
        place = f" (line {error.lineno})" if hasattr(error, "lineno") else ""
        raise AutograderError(
            f"{name} is not a notebook: it is no valid JSON{place}. It may have been cut off or "
            "edited by hand; export it again from Jupyter."
        ) from error
    try:
        notebook = nbformat.reads(text, as_version=4)
        if not all(_is_cell(cell) for cell in notebook.cells):
            raise TypeError
    except Exception as error:  # nbformat raises many kinds for what is no notebook
        what = "a list" if isinstance(content, list) else "something else"
        raise AutograderError(
            f"{name} is not a notebook: it is JSON, but {what}. Hand in the .ipynb file itself."
        ) from error
    return notebook


def _is_cell(cell: Any) -> bool:
    kind = cell.cell_type in ("code", "markdown", "raw")
    return kind and isinstance(cell.source, str) and isinstance(cell.metadata, dict)


def exercise_of(cells: list, name: str) -> Exercise:
    """Return the exercise that the cells of a notebook belong to."""
    ids = [found for cell in cells if (found := grade_id(cell))]
    votes = Counter(own for found in ids for own in checks.NAMES if found.startswith(f"{own}-"))
    if not votes:
        raise AutograderError(
            f"{name} is not one of our exercises: it has none of their cells. Start from the "
            f"released notebook ({listing(f'{own}.ipynb' for own in checks.NAMES)})."
        )
    return checks.load(votes.most_common(1)[0][0])


def _defects_of_name(exercise: Exercise, file: Path) -> list[str]:
    if file.name == f"{exercise.name}.ipynb":
        return []
    return [f"The file must be named {exercise.name}.ipynb when you hand it in, not {file.name}."]


def _defects_of_cells(exercise: Exercise, cells: list) -> list[str]:
    told = []
    ids = [found for cell in cells if (found := grade_id(cell))]
    needed = [f"{exercise.name}-answer", *(exercise.cell(part) for part in exercise.parts)]
    if lost := [own for own in needed if own not in ids]:
        told.append(
            f"{_cells(lost)} missing: copy {_it(lost)} from the released notebook, or start from "
            "it anew and paste your answer."
        )
    if twice := [own for own, count in Counter(ids).items() if count > 1]:
        told.append(
            f"{_cells(twice)} there more than once: delete the {'copies' if twice[1:] else 'copy'}."
        )
    if changed := [own for cell in cells if (own := grade_id(cell)) and was_changed(cell)]:
        told.append(
            f"{_cells(changed)} locked but not as released: {_it(changed)} will be restored before "
            "grading, so what you wrote there is lost."
        )
    return told


def _cells(ids: list[str]) -> str:
    names = listing(f"`{own}`" for own in dict.fromkeys(ids))
    return f"The cells {names} are" if len(set(ids)) > 1 else f"The cell {names} is"


def _it(ids: list[str]) -> str:
    return "they" if len(set(ids)) > 1 else "it"


def was_changed(cell: Any) -> bool:
    """Return whether a locked cell differs from what nbgrader released."""
    from nbgrader.utils import compute_checksum, is_locked

    stored = cell.metadata["nbgrader"].get("checksum")
    return bool(is_locked(cell) and stored is not None and stored != compute_checksum(cell))
