"""Find answers that reach into the autograder: graded, but an instructor should look at them."""

import ast
import re
from collections.abc import Iterable
from typing import Any

from autograder.checks.words import listing

# What the released notebook itself does, and a student may do again.
ALLOWED = {"from autograder import checks", "from latents import workshop"}
CONCEALED = ("autograder", "latents.bounds", "latents.workshop_models", "latents.workshop_pictures")
WORD = re.compile(r"\bautograder\b")


def remark(cells: Iterable[Any]) -> str:
    """Return in a sentence which of a student's cells reach into the autograder; mostly empty.

    Parameters
    ----------
    cells : iterable of NotebookNode
        Cells of the notebook as it is graded; locked ones do not count.
    """
    found = [cell.id for cell in cells if _is_students(cell) and _reaches(cell.source)]
    if not found:
        return ""
    cell = "cell" if len(found) == 1 else "cells"
    return f"The {cell} {listing(found)} reach{'es' * (len(found) == 1)} into the autograder: look."


def _is_students(cell: Any) -> bool:
    nbgrader = cell.metadata.get("nbgrader", {})
    return cell.cell_type == "code" and (bool(nbgrader.get("solution")) or not nbgrader)


def _reaches(source: str) -> bool:
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError):  # a line of the shell or a magic
        return bool(WORD.search(source))
    return any(map(_is_reach, ast.walk(tree)))


def _is_reach(node: ast.AST) -> bool:
    match node:
        case ast.Import(names=names):
            return any(each.name.startswith(CONCEALED) for each in names)
        case ast.ImportFrom(module=str(module), names=names):
            if ast.unparse(node) in ALLOWED:
                return False
            return module.startswith(CONCEALED) or any(
                f"{module}.{each.name}".startswith(CONCEALED) for each in names
            )
        case ast.Constant(value=str(text)):
            return bool(WORD.search(text)) and "\n" not in text.strip()
        case ast.Attribute(value=ast.Name(id="exercise"), attr=name):
            return name != "check"
    return False
