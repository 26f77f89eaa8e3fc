"""Read a submitted notebook and report its defects."""

import json
from collections import Counter
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

from autograder import AutograderError, checks
from autograder.checks import Exercise
from autograder.checks.values import count_values
from autograder.checks.words import listing, printable

LARGEST = 50 * 2**20  # bytes of a notebook
MOST_CELLS = 2000
MOST_VALUES = 3_000_000  # of its JSON; each takes some 80 bytes of memory
# Rendering feedback takes 0.1 ms per character, and is quadratic in the length of a line.
LONGEST_TEXT, LONGEST_LINE = 100_000, 2_000  # characters of all cells, of one line
MOST_LINES = 20_000  # of all cells
# The syntax highlighter is quadratic in the length of a run of lines that are blank but not empty;
# in longer runs the blanks are removed.
LONGEST_RUN = 20
# Before version 4 of the format, headings and HTML had their own cell types.
KINDS = {"code": "code", "markdown": "markdown", "raw": "raw"}
KINDS |= dict.fromkeys(("heading", "html"), "markdown")


@dataclass(frozen=True)
class Notebook:
    """A notebook of one of our exercises.

    Attributes
    ----------
    exercise : Exercise
        The exercise that it answers.
    cells : list
        Its cells, as nbformat represents them.
    defects : tuple of str
        What must be fixed before it is submitted, in sentences.
    """

    exercise: Exercise
    cells: list[Any]
    defects: tuple[str, ...]


def grade_id(cell: Any) -> str | None:
    """Return the ``grade_id`` of a cell."""
    nbgrader = cell.metadata.get("nbgrader")
    name = nbgrader.get("grade_id") if isinstance(nbgrader, dict) else None
    return name if isinstance(name, str) else None


def cell_id(cell: Any) -> str | None:
    """Return the ``grade_id`` of a cell, or its id if it has lost nbgrader's metadata."""
    return cell.get("id") if "nbgrader" not in cell.metadata else grade_id(cell)


def read(file: Path, name: str = "") -> Notebook:
    """Read a notebook of one of the exercises.

    Parameters
    ----------
    file : Path
        The file of the notebook.
    name : str
        Its name in messages; by default, the name of the file.

    Raises
    ------
    AutograderError
        If it cannot be used at all; the message says why and what to do.
    """
    name = name or printable(file.name)
    notebook_cells = cells(file, name)
    exercise = exercise_of(notebook_cells, name)
    defects = (*_name_defects(exercise, name), *_cell_defects(exercise, notebook_cells))
    return Notebook(exercise, notebook_cells, defects)


def cells(file: Path, name: str) -> list[Any]:
    """Read the cells of any notebook, which messages call ``name``.

    Raises
    ------
    AutograderError
        If it cannot be used at all; the message says why and what to do.
    """
    return _parse(_text(file, name), name)


def _text(file: Path, name: str) -> str:
    try:
        size = file.stat().st_size
        if not file.is_file():
            raise AutograderError(f"{name} is not a file.")
        with file.open("rb") as stream:
            data = stream.read(LARGEST + 1)
    except FileNotFoundError as error:
        raise AutograderError(f"There is no file {file}.") from error
    except OSError as error:
        raise AutograderError(f"{name} cannot be read: {error.strerror}.") from error
    if len(data) > LARGEST:
        raise AutograderError(
            f"{name} is {size / 2**20:.0f} MiB, more than the {LARGEST // 2**20} MiB that "
            "are read: clear its outputs (Edit > Clear Outputs of All Cells) and save it."
        )
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise AutograderError(
            f"{name} is not a notebook: it is not text in UTF-8. Save it again in Jupyter."
        ) from error
    if not text.strip():
        raise AutograderError(f"{name} is empty: save the notebook again.")
    return text


def _parse(text: str, name: str) -> list[Any]:
    """Return the cells of a notebook in any version of the format, without their outputs."""
    if count_values(text) > MOST_VALUES:
        raise AutograderError(
            f"{name} holds more than {MOST_VALUES:,} values: clear its outputs "
            "(Edit > Clear Outputs of All Cells) and save it."
        )
    try:
        content = json.loads(text)
    except (ValueError, RecursionError) as error:
        where = f" (line {error.lineno})" if hasattr(error, "lineno") else ""
        raise AutograderError(
            f"{name} is not a notebook: it is not valid JSON{where}. It may have been cut off or "
            "edited by hand; export it again from Jupyter."
        ) from error
    try:
        raw = _raw_cells(content)
        if len(raw) > MOST_CELLS:
            raise AutograderError(
                f"{name} has {len(raw):,} cells, more than the {MOST_CELLS:,} that are read: "
                "delete those that are not needed."
            )
        cells = [_cell(cell) for cell in raw]
    except (TypeError, KeyError) as error:
        what = "a list" if isinstance(content, list) else "something else"
        raise AutograderError(
            f"{name} is not a notebook: it is JSON, but {what}. Hand in the .ipynb file itself."
        ) from error
    _limit(cells, name)
    return cells


def _raw_cells(content: Any) -> list[Any]:
    if not isinstance(content, dict):
        raise TypeError
    if "cells" not in content:  # version 3 and before
        return [cell for sheet in _list(content["worksheets"]) for cell in _list(sheet["cells"])]
    return _list(content["cells"])


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise TypeError
    return value


def _cell(raw: Any) -> Any:
    """Return a cell in the current format, without outputs and all other metadata."""
    import nbformat

    source = raw["source"] if "source" in raw else raw["input"]  # code before version 4
    source = source if isinstance(source, str) else "".join(_list(source))
    source = source.replace("\r\n", "\n").replace("\r", "\n")
    # Half of a surrogate pair is possible in JSON, but cannot be written to a file.
    source = source.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    source = _without_blank_runs(source)
    metadata = raw.get("metadata")
    metadata = metadata if isinstance(metadata, dict) else {}
    raw_id = raw.get("id") or metadata.get("id")  # Colab keeps it in the metadata
    kind = KINDS[raw["cell_type"]]
    cell: dict[str, Any] = {"cell_type": kind, "source": source, "metadata": {}}
    if isinstance(raw_id, str):
        cell["id"] = raw_id
    if "nbgrader" in metadata:
        cell["metadata"]["nbgrader"] = _flat(metadata["nbgrader"])
    return nbformat.from_dict(cell)


def _without_blank_runs(source: str) -> str:
    """Remove the blanks from long runs of blank lines; the number of lines stays the same."""
    lines: list[str] = []
    for blank, run in groupby(source.split("\n"), lambda line: not line.strip()):
        run_lines = [*run]
        too_long = blank and len(run_lines) > LONGEST_RUN
        lines += [""] * len(run_lines) if too_long else run_lines
    return "\n".join(lines)


def _flat(metadata: Any) -> dict[Any, Any]:
    """Return the metadata that nbgrader can have written: no lists, no dictionaries."""
    scalars = str, int, float, bool
    items = metadata.items() if isinstance(metadata, dict) else ()
    return {key: value for key, value in items if isinstance(value, scalars)}


def _limit(cells: list[Any], name: str) -> None:
    """Refuse cells that would take too long to render."""
    if (size := sum(len(cell.source) for cell in cells)) > LONGEST_TEXT:
        raise AutograderError(
            f"The cells of {name} hold {size:,} characters, more than the {LONGEST_TEXT:,} that "
            "are read: delete what is not needed."
        )
    if (lines := sum(cell.source.count("\n") + 1 for cell in cells)) > MOST_LINES:
        raise AutograderError(
            f"The cells of {name} have {lines:,} lines, more than the {MOST_LINES:,} that are "
            "read: delete what is not needed."
        )
    for number, cell in enumerate(cells, 1):
        if (size := max(map(len, cell.source.split("\n")))) > LONGEST_LINE:
            raise AutograderError(
                f"Cell {number} of {name} has a line of {size:,} characters, more than the "
                f"{LONGEST_LINE:,} that are read: break it."
            )


def exercise_of(cells: list[Any], name: str) -> Exercise:
    """Return the exercise that the cells of a notebook belong to."""
    ids = [id_ for cell in cells if (id_ := cell_id(cell))]
    votes = Counter(
        exercise for id_ in ids for exercise in checks.NAMES if id_.startswith(f"{exercise}-")
    )
    if not votes:
        raise AutograderError(
            f"{name} is not one of our exercises: it has none of their cells. Start from the "
            f"released notebook ({listing(f'{exercise}.ipynb' for exercise in checks.NAMES)})."
        )
    return checks.load(votes.most_common(1)[0][0])


def _name_defects(exercise: Exercise, name: str) -> list[str]:
    if name == f"{exercise.name}.ipynb":
        return []
    return [f"The file must be named {exercise.name}.ipynb when you hand it in, not {name}."]


def _cell_defects(exercise: Exercise, cells: list[Any]) -> list[str]:
    defects = []
    ids = [name for cell in cells if (name := grade_id(cell))]
    needed = [f"{exercise.name}-answer", *(exercise.cell(part) for part in exercise.parts)]
    if missing := [name for name in needed if name not in ids]:
        defects.append(
            f"{_cells(missing)} missing: copy {'them' if missing[1:] else 'it'} from the released "
            "notebook, or start from it anew and paste your answer."
        )
    if copied := [name for name, count in Counter(ids).items() if count > 1]:
        copies = "copies" if copied[1:] else "copy"
        defects.append(f"{_cells(copied)} there more than once: delete the {copies}.")
    if changed := [name for cell in cells if (name := grade_id(cell)) and was_changed(cell)]:
        defects.append(
            f"{_cells(changed)} locked but not as released: {_it(changed)} will be restored before "
            "grading, so what you wrote there is lost."
        )
    return defects


def _cells(ids: list[str]) -> str:
    names = listing(f"`{printable(name)}`" for name in dict.fromkeys(ids))
    return f"The cells {names} are" if len(set(ids)) > 1 else f"The cell {names} is"


def _it(ids: list[str]) -> str:
    return "they" if len(set(ids)) > 1 else "it"


def was_changed(cell: Any) -> bool:
    """Return whether a locked cell differs from the released one."""
    from nbgrader.utils import compute_checksum, is_locked

    stored = cell.metadata["nbgrader"].get("checksum")
    try:
        return bool(is_locked(cell) and stored is not None and stored != compute_checksum(cell))
    except (KeyError, ValueError, OverflowError):  # its points are missing or not a number
        return True
