"""Put a submitted notebook into the form in which it is graded.

The cells of the source stand in its order, whatever became of them; of the student's notebook only
the answers and the added cells are kept. So nothing else in it can matter.

The name of a cell is its ``grade_id``, or its id if it has no ``grade_id``.
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
        Cells of the source, with the answers and the added cells of the student, without outputs.
        The ids of code cells depend on the code cells alone: notebooks with equal code have equal
        ids, whatever text they have in between.
    repairs : tuple of str
        What was repaired, in sentences.
    """

    notebook: Any
    repairs: tuple[str, ...]


def repair(submitted: list[Any], source: Any, released: Any) -> Repaired:
    """Return the notebook to grade.

    Parameters
    ----------
    submitted : list
        Cells of the student's notebook, as ``notebooks.read`` returns them.
    source, released : NotebookNode
        The assignment in the instructors' and in the students' version; every cell has a
        ``grade_id``, or at least an id.
    """
    import nbformat

    released_texts = {
        name: cell.source.strip() for cell in released.cells if (name := cell_id(cell))
    }
    source_cells = {name: cell for cell in source.cells if (name := cell_id(cell))}
    answers, added = _sort(submitted, source_cells, released_texts)
    cells, plain = [], []
    for name in (None, *source_cells):
        if name is not None and is_answer(source_cells[name]):
            *others, last = _choose(answers[name], released_texts.get(name, "")) or [None]
            others = [_plain(cell) for cell in others]
            text = "" if last is None else last.source
            cells += [*others, _restored(source_cells[name], text)]
            plain += others
        elif name is not None:
            cells.append(_restored(source_cells[name], source_cells[name].source))
        cells += added[name]
        plain += added[name]
    _set_ids(plain, set(source_cells))
    notebook = nbformat.v4.new_notebook(cells=cells, metadata=nbformat.from_dict(source.metadata))
    notebook.nbformat_minor = 5
    return Repaired(notebook, tuple(_repairs(submitted, source_cells, released_texts)))


def is_answer(cell: Any) -> bool:
    """Return whether a cell of the source is one that students write into."""
    return bool(cell.metadata.get("nbgrader", {}).get("solution"))


def _is_scored(cell: Any) -> bool:
    return bool(cell.metadata.get("nbgrader", {}).get("grade"))


def _sort(
    submitted: list[Any], source_cells: dict[str, Any], released_texts: dict[str, str]
) -> tuple[dict[str, list[Any]], dict[str | None, list[Any]]]:
    """Return the copies of each answer, and the added cells by the source cell above them."""
    answers: dict[str, list[Any]] = {name: [] for name in source_cells}
    added: dict[str | None, list[Any]] = {None: [], **{name: [] for name in source_cells}}
    intact = {
        name
        for cell in submitted
        if _is_as_released(cell, name := source_name(cell, source_cells), released_texts)
    }
    above = None
    for cell in submitted:
        name = source_name(cell, source_cells)
        if name is None or (
            name in intact and _is_own_work(cell, source_cells[name], released_texts[name])
        ):
            if cell.source.strip():
                added[above].append(_plain(cell))
            continue
        above = name
        answers[name].append(cell)
    return answers, added


def _is_as_released(cell: Any, name: str | None, released_texts: dict[str, str]) -> bool:
    return name is not None and cell.source.strip() == released_texts.get(name)


def _is_own_work(cell: Any, source_cell: Any, released_text: str) -> bool:
    """Return whether the student wrote new code into a copy of a locked cell.

    Ask only if another copy of that cell is intact.
    """
    if is_answer(source_cell) or _is_scored(source_cell) or source_cell.cell_type != "code":
        return False
    return bool(cell.cell_type == "code" and cell.source.strip() != released_text)


def source_name(cell: Any, source_cells: dict[str, Any]) -> str | None:
    """Return the name of the source cell that a submitted cell is a copy of; None if of none."""
    name = cell_id(cell)
    return name if name in source_cells else None


def _choose(copies: list[Any], stub: str) -> list[Any]:
    """Return the copies of an answer that have been edited, or the last one if none has.

    Copies that were turned into text count only if there is no code.
    """
    edited = [cell for cell in copies if cell.source.strip() not in ("", stub)]
    code = [cell for cell in edited if cell.cell_type == "code"]
    return code or edited[-1:] or copies[-1:]


def _restored(source_cell: Any, text: str) -> Any:
    """Return a cell of the source, with a text and without outputs."""
    import nbformat

    cell = nbformat.from_dict(source_cell)
    cell["id"], cell["source"] = cell_id(source_cell), text
    if cell.cell_type == "code":
        cell["outputs"], cell["execution_count"] = [], None
    return cell


def _plain(cell: Any) -> Any:
    """Return a cell without anything that nbgrader could mistake for its own."""
    from nbformat import v4

    if cell.cell_type == "code":
        return v4.new_code_cell(cell.source)
    return v4.new_markdown_cell(verbatim(cell.source))


def verbatim(text: str) -> str:
    """Return Markdown that shows a text as it is.

    Feedback pages and formgrader would run scripts in Markdown or raw cells in the instructor's
    browser, and a picture that is not attached would be an error there.
    """
    lines = [line.rstrip() for line in text.splitlines()]
    if all(line.startswith("    ") for line in lines if line):
        return "\n".join(lines)
    return "\n".join(f"    {line}" if line else "" for line in lines)


def _set_ids(cells: list[Any], taken: set[str]) -> None:
    """Give the student's cells their ids, numbering code and text separately."""
    for cell_type, prefix in (("code", "added"), ("markdown", "text")):
        ids = (id_ for number in count(1) if (id_ := f"{prefix}-{number}") not in taken)
        for cell in cells:
            if cell.cell_type == cell_type:
                cell["id"] = next(ids)


def _repairs(
    submitted: list[Any], source_cells: dict[str, Any], released_texts: dict[str, str]
) -> Iterator[str]:
    """Yield what was repaired, in the words of the report."""
    named_cells = [(name, cell) for cell in submitted if (name := source_name(cell, source_cells))]
    counts = Counter(name for name, _ in named_cells)
    code = [name for name in source_cells if source_cells[name].cell_type == "code"]
    if missing := [name for name in code if name not in counts]:
        yield f"put back what was missing: {listing(missing)}"
    if copied := [name for name, copies in counts.items() if copies > 1]:
        yield f"sorted out the copies of {listing(copied)}"
    if list(counts) != [name for name in source_cells if name in counts]:
        yield "restored the order of the cells"
    without_metadata = {name for name, cell in named_cells if "nbgrader" not in cell.metadata}
    if bare := [name for name in code if name in without_metadata]:
        yield f"restored the metadata of {listing(bare)}"
    intact = {name for name, cell in named_cells if _is_as_released(cell, name, released_texts)}
    locked = [name for name in code if name in counts and not is_answer(source_cells[name])]
    if changed := [name for name in locked if name not in intact]:
        yield f"restored what was changed in {listing(changed)}"
    for answer in filter(lambda name: is_answer(source_cells[name]), code):
        copies = [cell for name, cell in named_cells if name == answer]
        chosen = _choose(copies, released_texts.get(answer, ""))
        if chosen and chosen[-1].cell_type != "code":
            yield f"used the text of {answer} as code"
