"""Find what a released answer cell raises, left above the code that a student wrote."""

import ast
import re
import warnings
from collections.abc import Iterator

MAGIC = re.compile(r"^([ \t]*+)(?:\w[\w, \t]*+=[ \t]*+)?[%!].*$", re.MULTILINE)
WRONG = (SyntaxError, ValueError, RecursionError, MemoryError)  # what Python's parser raises


def unreachable_below(source: str) -> list[int]:
    """Return the lines of ``raise NotImplementedError()`` below which other code stands.

    Nothing is told of code that Python cannot read: it says so itself when it runs. Lines of
    IPython count as Python that does nothing.
    """
    return sorted(_lines(_parsed(source)))


def told(cell_id: str, source: str) -> list[str]:
    """Return a sentence for each such line of an answer."""
    return [
        f"Line {line} of `{cell_id}` is still the released `raise NotImplementedError()`, and "
        "what stands below it does not run: delete that line."
        for line in unreachable_below(source)
    ]


def _parsed(source: str) -> ast.AST:
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
    raised = statement.exc if isinstance(statement, ast.Raise) else None
    if isinstance(raised, ast.Call) and not raised.args and not raised.keywords:
        raised = raised.func
    return isinstance(raised, ast.Name) and raised.id == "NotImplementedError"
