"""Put a notebook of an instructor's own assignment into the form in which it is graded.

In these, students write where they like, so their cells and the order of the cells are kept, as
nbgrader does. Locked cells are restored from the source, and missing ones are put back.

The name of a cell is its ``grade_id``; a list of names has None for the student's own cells.
"""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from autograder import AutograderError
from autograder.checks.words import listing
from autograder.submissions import notebooks
from autograder.submissions.ordinary.source import PlainSource, grade_id
from autograder.submissions.repair import verbatim

TAG = re.compile(r"<(?=[a-zA-Z/!?])")  # where HTML begins
ATTACHED = re.compile(r"!\[([^\]]*)\]\(attachment:[^)]*\)")


@dataclass(frozen=True)
class Repaired:
    """A notebook that can be graded.

    Attributes
    ----------
    notebook : NotebookNode
        Has no outputs; notebooks with equal code have equal ids, whatever text is in between.
    repairs : tuple of str
        What was repaired, in sentences.
    attempted : bool
        Whether the student has written anything in it.
    """

    notebook: Any
    repairs: tuple[str, ...]
    attempted: bool


def repair(submitted: list[Any], source: PlainSource) -> Repaired:
    """Return the notebook to grade.

    Parameters
    ----------
    submitted : list
        Cells of the student's notebook, as ``notebooks.cells`` returns them.
    source : PlainSource
        The assignment.

    Raises
    ------
    AutograderError
        If it has none of the cells for answers, so that it is unclear what to score.
    """
    import nbformat

    source_cells = {name: cell for cell in source.solved.cells if (name := grade_id(cell))}
    released = {name: cell.source for cell in source.released.cells if (name := grade_id(cell))}
    names = _names(submitted, source, source_cells)
    answers = {name for name, cell in source_cells.items() if is_answer(cell)}
    if answers and answers.isdisjoint(names):
        raise AutograderError(
            f"None of its cells is one for an answer ({listing(sorted(answers))}): perhaps it is "
            "another notebook, or has lost its metadata. Start from the released notebook and copy "
            "the answers into its cells."
        )
    chosen = _choose(submitted, names, source_cells, released)
    cells: list[tuple[str | None, Any]] = []
    seen = {cell.source.strip() for cell in source.released.cells}
    attempted = False
    for number, cell in enumerate(submitted):
        name = names[number]
        if name is not None and chosen[name] == number:
            original = source_cells[name]
            text = cell.source if is_answer(original) else original.source
            attempted |= is_answer(original) and text.strip() not in ("", released[name].strip())
            cells.append((name, _restored(original, text, released[name])))
        elif cell.source.strip() not in ("", released.get(name or "", "").strip()):
            attempted |= cell.source.strip() not in seen
            cells.append((None, _plain(cell, seen)))
    missing = [
        name for name, cell in source_cells.items() if name not in chosen and _is_needed(cell)
    ]
    for name in missing:
        original = source_cells[name]
        text = released[name] if is_answer(original) else original.source
        restored = _restored(original, text, released[name])
        cells.insert(_position(name, [*source_cells], cells), (name, restored))
    graded = [cell for _, cell in cells]
    _set_ids(graded)
    notebook = nbformat.v4.new_notebook(
        cells=graded, metadata=nbformat.from_dict(source.solved.metadata)
    )
    notebook.nbformat_minor = 5
    repairs = tuple(_repairs(submitted, names, source_cells, released, missing))
    return Repaired(notebook, repairs, attempted)


def is_answer(cell: Any) -> bool:
    """Return whether a cell of the source is one that students write into."""
    return bool(cell.metadata["nbgrader"].get("solution"))


def _is_needed(cell: Any) -> bool:
    """Return whether a missing cell is put back; an answer without points may have moved."""
    return not is_answer(cell) or bool(cell.metadata["nbgrader"].get("grade"))


def _names(
    submitted: list[Any], source: PlainSource, source_cells: dict[str, Any]
) -> list[str | None]:
    """Return the names of submitted cells, by their metadata or, without metadata, their ids."""
    ids = {cell.get("id"): grade_id(cell) for cell in source.solved.cells if cell.get("id")}
    names = []
    for cell in submitted:
        bare = "nbgrader" not in cell.metadata
        name = ids.get(cell.get("id")) if bare else notebooks.grade_id(cell)
        names.append(name if name in source_cells else None)
    return names


def _choose(
    submitted: list[Any],
    names: list[str | None],
    source_cells: dict[str, Any],
    released: dict[str, str],
) -> dict[str, int]:
    """Return the number of the copy to use for each name.

    Of an answer it is the last copy that has been edited. Of a locked cell it is the first copy
    that is as it was released: a later copy might run too late for the cells above it.
    """
    chosen: dict[str, int] = {}
    for name in dict.fromkeys(filter(None, names)):
        copies = [number for number, other in enumerate(names) if other == name]
        stub = released[name].strip()
        answer = is_answer(source_cells[name])
        wanted = [
            number
            for number in copies
            if (submitted[number].source.strip() not in ("", stub)) == answer
        ]
        chosen[name] = (wanted or copies)[-1 if answer else 0]
    return chosen


def _position(name: str, order: list[str], cells: list[tuple[str | None, Any]]) -> int:
    """Return where to insert a missing cell: below the one that it follows in the source."""
    present = [other for other, _ in cells]
    for above in reversed(order[: order.index(name)]):
        if above in present:
            return present.index(above) + 1
    return 0


def _restored(source_cell: Any, text: str, released_text: str) -> Any:
    """Return a cell of the source, with a text and without outputs."""
    import nbformat

    cell = nbformat.from_dict(source_cell)
    cell["source"] = text
    if cell.cell_type == "code":
        cell["outputs"], cell["execution_count"] = [], None
    elif is_answer(source_cell) and text != released_text:  # an unchanged text is no answer
        cell["source"] = harmless(text)
    return cell


def _plain(cell: Any, seen: set[str]) -> Any:
    """Return a cell without anything that nbgrader could mistake for its own."""
    from nbformat import v4

    if cell.cell_type == "code":
        return v4.new_code_cell(cell.source)
    if cell.source.strip() in seen:
        return v4.new_markdown_cell(cell.source)
    raw = cell.cell_type == "raw"
    return v4.new_markdown_cell(verbatim(cell.source) if raw else harmless(cell.source))


def harmless(text: str) -> str:
    """Return Markdown without HTML, whose scripts would run in the instructor's browser.

    Formulas, lists and code look as they were meant to. Pictures that were pasted into the cell are
    not kept; nbgrader would fail at a reference to one that is missing.
    """
    return ATTACHED.sub(r"*(picture \1: see the notebook that was handed in)*", TAG.sub("< ", text))


def _set_ids(cells: list[Any]) -> None:
    """Give the cells their ids, numbering code and text separately."""
    counts: Counter[str] = Counter()
    for cell in cells:
        kind = "code" if cell.cell_type == "code" else "text"
        counts[kind] += 1
        cell["id"] = f"{kind}-{counts[kind]}"


def _repairs(
    submitted: list[Any],
    names: list[str | None],
    source_cells: dict[str, Any],
    released: dict[str, str],
    missing: list[str],
) -> Iterator[str]:
    """Yield what was repaired, in the words of the report."""
    if missing:
        yield f"put back what was missing: {listing(missing)}"
    counts = Counter(filter(None, names))
    if copied := [name for name, count in counts.items() if count > 1]:
        yield f"sorted out the copies of {listing(copied)}"
    named_cells = [(name, cell) for name, cell in zip(names, submitted, strict=True) if name]
    if bare := [name for name, cell in named_cells if "nbgrader" not in cell.metadata]:
        yield f"restored the metadata of {listing(dict.fromkeys(bare))}"
    intact = {name for name, cell in named_cells if cell.source.strip() == released[name].strip()}
    locked = [name for name in counts if not is_answer(source_cells[name])]
    if changed := [name for name in locked if name not in intact]:
        yield f"restored what was changed in {listing(changed)}"
