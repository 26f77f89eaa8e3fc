"""Read a submitted notebook and report its defects."""

import json
from collections import Counter
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

from autograder import AutograderError, checks
from autograder.checks import Exercise
from autograder.checks.words import listing, printable

LARGEST = 50 * 2**20  # bytes of a notebook
MOST_CELLS = 2000
MOST_VALUES = 3_000_000  # of its JSON; each takes some 80 bytes of memory
# Pages of feedback take 0.1 ms a character, and the square of a line's length.
LONGEST_TEXT, LONGEST_LINE = 100_000, 2_000  # characters of all cells, of a line
MOST_LINES = 20_000  # of all cells
# The highlighter of the pages takes the square of the length of a run of lines that are blank but
# not empty; of longer runs the blanks are removed.
LONGEST_RUN = 20
# Headings and HTML were cells of their own before version 4 of the format.
KINDS = {"code": "code", "markdown": "markdown", "raw": "raw"}
KINDS |= dict.fromkeys(("heading", "html"), "markdown")


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
        What must be fixed before it is handed in, in sentences.
    """

    exercise: Exercise
    cells: list[Any]
    defects: tuple[str, ...]


def grade_id(cell: Any) -> str | None:
    """Return the ``grade_id`` of a cell."""
    nbgrader = cell.metadata.get("nbgrader")
    found = nbgrader.get("grade_id") if isinstance(nbgrader, dict) else None
    return found if isinstance(found, str) else None


def cell_id(cell: Any) -> str | None:
    """Return the ``grade_id`` of a cell, or its id if nbgrader's metadata are gone."""
    return cell.get("id") if "nbgrader" not in cell.metadata else grade_id(cell)


def read(file: Path, called: str = "") -> Notebook:
    """Read a notebook of one of the exercises.

    Parameters
    ----------
    file : Path
        Where it lies.
    called : str
        What messages call it; by default, the name of the file.

    Raises
    ------
    AutograderError
        If it cannot be used at all; the message says why and what to do.
    """
    name = called or printable(file.name)
    found = cells(file, name)
    exercise = exercise_of(found, name)
    defects = (*_defects_of_name(exercise, name), *_defects_of_cells(exercise, found))
    return Notebook(exercise, found, defects)


def cells(file: Path, name: str) -> list[Any]:
    """Read the cells of any notebook, which is called ``name`` in messages.

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
        with file.open("rb") as opened:
            data = opened.read(LARGEST + 1)
    except FileNotFoundError as error:
        raise AutograderError(f"There is no file {file}.") from error
    except OSError as error:
        raise AutograderError(f"{name} cannot be read: {error.strerror}.") from error
    if len(data) > LARGEST:
        raise AutograderError(
            f"{name} has {size / 2**20:.0f} MiB, more than the {LARGEST // 2**20} MiB that "
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
    """Return the cells of a notebook of any version of the format, with what matters of each."""
    if sum(map(text.count, "[{,")) > MOST_VALUES:
        raise AutograderError(
            f"{name} holds more than {MOST_VALUES:,} values: clear its outputs "
            "(Edit > Clear Outputs of All Cells) and save it."
        )
    try:
        content = json.loads(text)
    except (ValueError, RecursionError) as error:
        place = f" (line {error.lineno})" if hasattr(error, "lineno") else ""
        raise AutograderError(
            f"{name} is not a notebook: it is no valid JSON{place}. It may have been cut off or "
            "edited by hand; export it again from Jupyter."
        ) from error
    try:
        raw = _raw_cells(content)
        if len(raw) > MOST_CELLS:
            raise AutograderError(
                f"{name} has {len(raw):,} cells, more than the {MOST_CELLS:,} that are read: "
                "delete those that are not needed."
            )
        cells = [_cell(each) for each in raw]
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


def _list(found: Any) -> list[Any]:
    if not isinstance(found, list):
        raise TypeError
    return found


def _cell(raw: Any) -> Any:
    """Return a cell of the present format; outputs and other metadata are not even looked at."""
    import nbformat

    source = raw["source"] if "source" in raw else raw["input"]  # so was code before version 4
    source = source if isinstance(source, str) else "".join(_list(source))
    source = source.replace("\r\n", "\n").replace("\r", "\n")
    # Half of a surrogate pair can stand in JSON, but cannot be written to a file.
    source = _bare(source.encode("utf-16", "surrogatepass").decode("utf-16", "replace"))
    metadata = raw.get("metadata")
    metadata = metadata if isinstance(metadata, dict) else {}
    own = raw.get("id") or metadata.get("id")  # Colab keeps it there
    kind = KINDS[raw["cell_type"]]
    found: dict[str, Any] = {"cell_type": kind, "source": source, "metadata": {}}
    if isinstance(own, str):
        found["id"] = own
    if "nbgrader" in metadata:
        found["metadata"]["nbgrader"] = _flat(metadata["nbgrader"])
    return nbformat.from_dict(found)


def _bare(source: str) -> str:
    """Return a text without the blanks in long runs of blank lines; the lines stay."""
    lines: list[str] = []
    for blank, run in groupby(source.split("\n"), lambda line: not line.strip()):
        found = [*run]
        lines += [""] * len(found) if blank and len(found) > LONGEST_RUN else found
    return "\n".join(lines)


def _flat(metadata: Any) -> dict[Any, Any]:
    """Return what nbgrader can have written: no lists, no dictionaries."""
    plain = str, int, float, bool
    given = metadata if isinstance(metadata, dict) else {}
    return {key: value for key, value in given.items() if isinstance(value, plain)}


def _limit(cells: list[Any], name: str) -> None:
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
    ids = [found for cell in cells if (found := cell_id(cell))]
    votes = Counter(own for found in ids for own in checks.NAMES if found.startswith(f"{own}-"))
    if not votes:
        raise AutograderError(
            f"{name} is not one of our exercises: it has none of their cells. Start from the "
            f"released notebook ({listing(f'{own}.ipynb' for own in checks.NAMES)})."
        )
    return checks.load(votes.most_common(1)[0][0])


def _defects_of_name(exercise: Exercise, name: str) -> list[str]:
    if name == f"{exercise.name}.ipynb":
        return []
    return [f"The file must be named {exercise.name}.ipynb when you hand it in, not {name}."]


def _defects_of_cells(exercise: Exercise, cells: list[Any]) -> list[str]:
    told = []
    ids = [found for cell in cells if (found := grade_id(cell))]
    needed = [f"{exercise.name}-answer", *(exercise.cell(part) for part in exercise.parts)]
    if lost := [own for own in needed if own not in ids]:
        told.append(
            f"{_cells(lost)} missing: copy {'them' if lost[1:] else 'it'} from the released "
            "notebook, or start from it anew and paste your answer."
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
    names = listing(f"`{printable(own)}`" for own in dict.fromkeys(ids))
    return f"The cells {names} are" if len(set(ids)) > 1 else f"The cell {names} is"


def _it(ids: list[str]) -> str:
    return "they" if len(set(ids)) > 1 else "it"


def was_changed(cell: Any) -> bool:
    """Return whether a locked cell differs from what nbgrader released."""
    from nbgrader.utils import compute_checksum, is_locked

    stored = cell.metadata["nbgrader"].get("checksum")
    try:
        return bool(is_locked(cell) and stored is not None and stored != compute_checksum(cell))
    except (KeyError, ValueError, OverflowError):  # its points are gone or no number
        return True
