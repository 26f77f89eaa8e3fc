"""Put a notebook of the instructor's own assignments into the form in which it is graded.

Students of these write where they like, so their cells and the order of these stand, as nbgrader
has it. What the instructor has locked is as in the source, and what was lost is put back.
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
        Without outputs; equal code has equal ids, whatever text stands between.
    repairs : tuple of str
        What was repaired, in sentences.
    attempted : bool
        Whether there is anything of the student in it.
    """

    notebook: Any
    repairs: tuple[str, ...]
    attempted: bool


def repair(handed_in: list[Any], source: PlainSource) -> Repaired:
    """Return the notebook to grade.

    Parameters
    ----------
    handed_in : list
        Cells of the student's notebook, as ``notebooks.cells`` gives them.
    source : PlainSource
        The assignment.

    Raises
    ------
    AutograderError
        If no cell for an answer is in it, so that nobody knows what to score.
    """
    import nbformat

    known = {own: cell for cell in source.solved.cells if (own := grade_id(cell))}
    given = {own: cell.source for cell in source.released.cells if (own := grade_id(cell))}
    names = _names(handed_in, source, known)
    answers = {own for own, cell in known.items() if is_answer(cell)}
    if answers and answers.isdisjoint(names):
        raise AutograderError(
            f"None of its cells is one for an answer ({listing(sorted(answers))}): perhaps it is "
            "another notebook, or has lost its metadata. Start from the released notebook and copy "
            "the answers into its cells."
        )
    chosen = _chosen(handed_in, names, known, given)
    cells: list[tuple[str | None, Any]] = []
    seen = {cell.source.strip() for cell in source.released.cells}
    attempted = False
    for number, cell in enumerate(handed_in):
        own = names[number]
        if own is not None and chosen[own] == number:
            text = cell.source if is_answer(known[own]) else known[own].source
            attempted |= is_answer(known[own]) and text.strip() not in ("", given[own].strip())
            cells.append((own, _restored(known[own], text, given[own])))
        elif cell.source.strip() not in ("", given.get(own or "", "").strip()):
            attempted |= cell.source.strip() not in seen
            cells.append((None, _plain(cell, seen)))
    lost = [own for own in known if own not in chosen and _is_needed(known[own])]
    for own in lost:
        text = given[own] if is_answer(known[own]) else known[own].source
        cells.insert(_place(own, [*known], cells), (own, _restored(known[own], text, given[own])))
    made = [cell for _, cell in cells]
    _number(made)
    notebook = nbformat.v4.new_notebook(
        cells=made, metadata=nbformat.from_dict(source.solved.metadata)
    )
    notebook.nbformat_minor = 5
    return Repaired(notebook, tuple(_repairs(handed_in, names, known, given, lost)), attempted)


def is_answer(cell: Any) -> bool:
    """Return whether students write into a cell of the source."""
    return bool(cell.metadata["nbgrader"].get("solution"))


def _is_needed(cell: Any) -> bool:
    """Return whether a cell is put back; an answer without points may have moved elsewhere."""
    return not is_answer(cell) or bool(cell.metadata["nbgrader"].get("grade"))


def _names(handed_in: list[Any], source: PlainSource, known: dict[str, Any]) -> list[str | None]:
    """Return which cell of the source each cell is: by its metadata, or by its id without them."""
    ids = {cell.get("id"): grade_id(cell) for cell in source.solved.cells if cell.get("id")}
    found = []
    for cell in handed_in:
        bare = "nbgrader" not in cell.metadata
        own = ids.get(cell.get("id")) if bare else notebooks.grade_id(cell)
        found.append(own if own in known else None)
    return found


def _chosen(
    handed_in: list[Any],
    names: list[str | None],
    known: dict[str, Any],
    given: dict[str, str],
) -> dict[str, int]:
    """Return which of the copies of a cell counts, by number.

    Of an answer it is the last one with something written in it. Of a locked cell it is the first
    one that is as it was released, for a copy below other cells would run too late for them.
    """
    chosen: dict[str, int] = {}
    for own in dict.fromkeys(filter(None, names)):
        copies = [number for number, name in enumerate(names) if name == own]
        stub = given[own].strip()
        wanted = [
            number
            for number in copies
            if (handed_in[number].source.strip() not in ("", stub)) == is_answer(known[own])
        ]
        chosen[own] = (wanted or copies)[-1 if is_answer(known[own]) else 0]
    return chosen


def _place(own: str, order: list[str], cells: list[tuple[str | None, Any]]) -> int:
    """Return where a lost cell goes: below the one that it follows in the source."""
    there = [name for name, _ in cells]
    for above in reversed(order[: order.index(own)]):
        if above in there:
            return there.index(above) + 1
    return 0


def _restored(source: Any, text: str, given: str) -> Any:
    """Return a cell of the source, with a text and without outputs."""
    import nbformat

    made = nbformat.from_dict(source)
    made["source"] = text
    if made.cell_type == "code":
        made["outputs"], made["execution_count"] = [], None
    elif is_answer(source) and text != given:  # the same text means that there is no answer
        made["source"] = harmless(text)
    return made


def _plain(cell: Any, seen: set[str]) -> Any:
    """Return a cell without anything that nbgrader could take for its own."""
    from nbformat import v4

    if cell.cell_type == "code":
        return v4.new_code_cell(cell.source)
    if cell.source.strip() in seen:
        return v4.new_markdown_cell(cell.source)
    raw = cell.cell_type == "raw"
    return v4.new_markdown_cell(verbatim(cell.source) if raw else harmless(cell.source))


def harmless(text: str) -> str:
    """Return Markdown without HTML, whose scripts would run in the browser of the instructor.

    Formulas, lists and code look as they were meant to. Pictures that were pasted into the cell are
    not kept; one that is not there would be an error for nbgrader.
    """
    return ATTACHED.sub(r"*(picture \1: see the notebook that was handed in)*", TAG.sub("< ", text))


def _number(cells: list[Any]) -> None:
    """Give the cells their ids, with numbers for code and for text apart."""
    counts: Counter[str] = Counter()
    for cell in cells:
        kind = "code" if cell.cell_type == "code" else "text"
        counts[kind] += 1
        cell["id"] = f"{kind}-{counts[kind]}"


def _repairs(
    handed_in: list[Any],
    names: list[str | None],
    known: dict[str, Any],
    given: dict[str, str],
    lost: list[str],
) -> Iterator[str]:
    """Yield what was repaired, in the words of the report."""
    if lost:
        yield f"put back what was missing: {listing(lost)}"
    counts = Counter(filter(None, names))
    if twice := [own for own, count in counts.items() if count > 1]:
        yield f"kept what counts of the copies of {listing(twice)}"
    found = [(own, cell) for own, cell in zip(names, handed_in, strict=True) if own]
    if bare := [own for own, cell in found if "nbgrader" not in cell.metadata]:
        yield f"restored the metadata of {listing(dict.fromkeys(bare))}"
    intact = {own for own, cell in found if cell.source.strip() == given[own].strip()}
    locked = [own for own in counts if not is_answer(known[own])]
    if changed := [own for own in locked if own not in intact]:
        yield f"restored what was changed in {listing(changed)}"
