"""Find answers that reach into the autograder: graded, but to be looked at by an instructor."""

import ast
import re
import warnings
from collections.abc import Iterable
from typing import Any

from autograder.checks.words import listing
from autograder.submissions.answers.leftover import WRONG

# The released notebook imports these itself, so a student may, too.
ALLOWED = {"from autograder import checks", "from latents import workshop"}
CONCEALED = ("autograder", "latents.bounds", "latents.workshop.models", "latents.workshop.pictures")
WORD = re.compile(r"\bautograder\b")


def remark(cells: Iterable[Any]) -> str:
    """Return a sentence on the cells that reach into the autograder; empty if none does.

    Parameters
    ----------
    cells : iterable of NotebookNode
        Cells of the notebook as it is graded; locked ones do not count.
    """
    ids = [cell.id for cell in cells if _is_students(cell) and _reaches(cell.source)]
    if not ids:
        return ""
    subject, verb = ("cell", "reaches") if len(ids) == 1 else ("cells", "reach")
    return f"The {subject} {listing(ids)} {verb} into the autograder: take a look."


def _is_students(cell: Any) -> bool:
    nbgrader = cell.metadata.get("nbgrader", {})
    return cell.cell_type == "code" and (bool(nbgrader.get("solution")) or not nbgrader)


def _reaches(source: str) -> bool:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about the student's code, which is not run here
        try:
            tree = ast.parse(source)
        except WRONG:  # for example a shell command or a magic
            return bool(WORD.search(source))
    return any(map(_is_reach, ast.walk(tree)))


def _is_reach(node: ast.AST) -> bool:
    match node:
        case ast.Import(names=names):
            return any(alias.name.startswith(CONCEALED) for alias in names)
        case ast.ImportFrom(module=str(module), names=names):
            if ast.unparse(node) in ALLOWED:
                return False
            return module.startswith(CONCEALED) or any(
                f"{module}.{alias.name}".startswith(CONCEALED) for alias in names
            )
        case ast.Constant(value=str(text)):
            return bool(WORD.search(text)) and "\n" not in text.strip()
        case ast.Attribute(value=ast.Name(id="exercise"), attr=name):
            return name != "check"
    return False
