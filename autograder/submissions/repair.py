"""Put a notebook that somebody handed in into the form in which it is graded.

The cells of the source stand in its order, whatever became of them; of the student's notebook only
the answers and the cells that were added are kept. So nothing else in it can matter.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from typing import Any

from autograder.checks.words import listing
from autograder.submissions.notebooks import cell_id


@dataclass(frozen=True)
class Repaired:
    """A notebook that can be graded.

    Attributes
    ----------
    notebook : NotebookNode
        Cells of the source, answers and added cells of the student, without outputs. Ids of code
        hang on the code alone: equal code has equal ids, whatever text stands between.
    repairs : tuple of str
        What was repaired, in sentences.
    """

    notebook: Any
    repairs: tuple[str, ...]


def repair(handed_in: list[Any], source: Any, released: Any) -> Repaired:
    """Return the notebook to grade.

    Parameters
    ----------
    handed_in : list
        Cells of the student's notebook, as ``notebooks.read`` gives them.
    source, released : NotebookNode
        The assignment as instructors and as students have it; every cell has a ``grade_id``, or
        at least an id.
    """
    import nbformat

    given = {own: cell.source.strip() for cell in released.cells if (own := cell_id(cell))}
    known = {own: cell for cell in source.cells if (own := cell_id(cell))}
    answers, added = _sort(handed_in, known, given)
    cells, plain = [], []
    for own in (None, *known):
        if own is not None and is_answer(known[own]):
            *others, last = _choose(answers[own], given.get(own, "")) or [None]
            made = [_plain(cell) for cell in others]
            cells += [*made, _restored(known[own], "" if last is None else last.source)]
            plain += made
        elif own is not None:
            cells.append(_restored(known[own], known[own].source))
        cells += added[own]
        plain += added[own]
    _name(plain, set(known))
    made = nbformat.v4.new_notebook(cells=cells, metadata=nbformat.from_dict(source.metadata))
    made.nbformat_minor = 5
    return Repaired(made, tuple(_repairs(handed_in, known, given)))


def is_answer(cell: Any) -> bool:
    """Return whether students write into a cell of the source."""
    return bool(cell.metadata.get("nbgrader", {}).get("solution"))


def _is_scored(cell: Any) -> bool:
    return bool(cell.metadata.get("nbgrader", {}).get("grade"))


def _sort(
    handed_in: list[Any], known: dict[str, Any], given: dict[str, str]
) -> tuple[dict[str, list[Any]], dict[str | None, list[Any]]]:
    """Return the copies of each answer, and the added cells by the known cell above them."""
    answers: dict[str, list[Any]] = {own: [] for own in known}
    added: dict[str | None, list[Any]] = {None: [], **{own: [] for own in known}}
    intact = {own for cell in handed_in if _is_as_given(cell, own := identity(cell, known), given)}
    above = None
    for cell in handed_in:
        own = identity(cell, known)
        if own is None or (own in intact and _is_own_work(cell, known[own], given[own])):
            if cell.source.strip():
                added[above].append(_plain(cell))
            continue
        above = own
        answers[own].append(cell)
    return answers, added


def _is_as_given(cell: Any, own: str | None, given: dict[str, str]) -> bool:
    return own is not None and cell.source.strip() == given.get(own)


def _is_own_work(cell: Any, source: Any, given: str) -> bool:
    """Return whether a copy of a locked cell, which still stands elsewhere, became another cell."""
    kept = is_answer(source) or _is_scored(source) or source.cell_type != "code"
    return not kept and cell.cell_type == "code" and cell.source.strip() != given


def identity(cell: Any, known: dict[str, Any]) -> str | None:
    """Return which cell of the source this is: by its metadata, or by its id if they are gone."""
    own = cell_id(cell)
    return own if own in known else None


def _choose(copies: list[Any], stub: str) -> list[Any]:
    """Return the copies of an answer in which something was written; else the last.

    Copies that were turned into text count only where there is no code.
    """
    written = [cell for cell in copies if cell.source.strip() not in ("", stub)]
    code = [cell for cell in written if cell.cell_type == "code"]
    return code or written[-1:] or copies[-1:]


def _restored(source: Any, text: str) -> Any:
    """Return a cell of the source, with a text and without outputs."""
    import nbformat

    made = nbformat.from_dict(source)
    made["id"], made["source"] = cell_id(source), text
    if made.cell_type == "code":
        made["outputs"], made["execution_count"] = [], None
    return made


def _plain(cell: Any) -> Any:
    """Return a cell without anything that nbgrader could take for its own."""
    from nbformat import v4

    if cell.cell_type == "code":
        return v4.new_code_cell(cell.source)
    return v4.new_markdown_cell(verbatim(cell.source))


def verbatim(text: str) -> str:
    """Return Markdown that shows a text as it is.

    Feedback pages and formgrader would run the scripts in Markdown or in raw cells in the browser
    of the instructor, and a picture that is not attached would be an error there.
    """
    lines = [line.rstrip() for line in text.splitlines()]
    if all(line.startswith("    ") for line in lines if line):
        return "\n".join(lines)
    return "\n".join(f"    {line}" if line else "" for line in lines)


def _name(plain: list[Any], taken: set[str]) -> None:
    """Give the cells of the student their ids, with numbers for code and for text apart."""
    for kind, name in (("code", "added"), ("markdown", "text")):
        names = (own for number in count(1) if (own := f"{name}-{number}") not in taken)
        for cell in plain:
            if cell.cell_type == kind:
                cell["id"] = next(names)


def _repairs(handed_in: list[Any], known: dict[str, Any], given: dict[str, str]) -> Iterator[str]:
    """Yield what was repaired, in the words of the report."""
    found = [(own, cell) for cell in handed_in if (own := identity(cell, known))]
    counts = Counter(own for own, _ in found)
    code = [own for own in known if known[own].cell_type == "code"]
    if lost := [own for own in code if own not in counts]:
        yield f"put back what was missing: {listing(lost)}"
    if twice := [own for own, copies in counts.items() if copies > 1]:
        yield f"kept what counts of the copies of {listing(twice)}"
    if list(counts) != [own for own in known if own in counts]:
        yield "restored the order of the cells"
    without = {own for own, cell in found if "nbgrader" not in cell.metadata}
    if bare := [own for own in code if own in without]:
        yield f"restored the metadata of {listing(bare)}"
    intact = {own for own, cell in found if _is_as_given(cell, own, given)}
    locked = [own for own in code if own in counts and not is_answer(known[own])]
    if changed := [own for own in locked if own not in intact]:
        yield f"restored what was changed in {listing(changed)}"
    for own in filter(lambda own: is_answer(known[own]), code):
        chosen = _choose([cell for each, cell in found if each == own], given.get(own, ""))
        if chosen and chosen[-1].cell_type != "code":
            yield f"took the text of {own} for code"
