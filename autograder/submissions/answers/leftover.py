"""Find the ``raise`` of a released answer cell, left above the code that a student wrote."""

import ast
import re
import warnings
from collections.abc import Iterator

MAGIC = re.compile(r"^([ \t]*+)(?:\w[\w, \t]*+=[ \t]*+)?[%!].*$", re.MULTILINE)
WRONG = (SyntaxError, ValueError, RecursionError, MemoryError)  # what Python's parser raises


def unreachable_below(source: str) -> list[int]:
    """Return the line numbers of ``raise NotImplementedError()`` that have other code below.

    Code that Python cannot parse is ignored: Python reports that itself when it runs. Magics and
    shell commands of IPython count as statements that do nothing.
    """
    return sorted(_lines(_parse(source)))


def remarks(cell_id: str, source: str) -> list[str]:
    """Return a sentence for each line of an answer that ``unreachable_below`` finds."""
    return [
        f"Line {line} of `{cell_id}` is still the released `raise NotImplementedError()`, and "
        "the code below it does not run: delete that line."
        for line in unreachable_below(source)
    ]


def _parse(source: str) -> ast.AST:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about the student's code, which is not run here
        for text in (source, MAGIC.sub(r"\1pass", source)):
            try:
                return ast.parse(text)
            except WRONG:
                continue
    return ast.Module([], [])


def _lines(tree: ast.AST) -> Iterator[int]:
    for node in ast.walk(tree):
        for name in ("body", "orelse", "finalbody"):
            block = getattr(node, name, None)
            for statement in block[:-1] if isinstance(block, list) else ():
                if _is_released(statement):
                    yield statement.lineno


def _is_released(statement: ast.stmt) -> bool:
    """Return whether a statement raises NotImplementedError without a message."""
    exception = statement.exc if isinstance(statement, ast.Raise) else None
    if isinstance(exception, ast.Call) and not exception.args and not exception.keywords:
        exception = exception.func
    return isinstance(exception, ast.Name) and exception.id == "NotImplementedError"
