"""Read the reference solutions, whose only copies are the text notebooks in ``solutions/``."""

import os
from functools import cache
from pathlib import Path
from typing import Any

from autograder import AutograderError


def folder() -> Path:
    """Return the folder of the solutions: ``AUTOGRADER_SOLUTIONS``, or the one in the clone."""
    override = os.environ.get("AUTOGRADER_SOLUTIONS")
    path = Path(override) if override else Path(__file__).resolve().parents[2] / "solutions"
    if not path.is_dir():
        raise AutograderError(
            f"The solutions are not in {path}: work in a clone of the book, or name the folder "
            "in the environment variable AUTOGRADER_SOLUTIONS."
        )
    return path


def file(name: str) -> Path:
    """Return the text notebook of an exercise."""
    path = folder() / f"{name}.md"
    if not path.is_file():
        raise AutograderError(f"The solution {path} is missing.")
    return path


def source(name: str) -> str:
    """Return the code of the solution cells of an exercise."""
    return "\n\n".join(
        cell.source
        for cell in notebook(name).cells
        if cell.cell_type == "code" and cell.metadata.get("nbgrader", {}).get("solution")
    )


def preamble(name: str) -> str:
    """Return the code of the cells above the first solution cell: the imports."""
    parts = []
    for cell in notebook(name).cells:
        if cell.metadata.get("nbgrader", {}).get("solution"):
            break
        if cell.cell_type == "code":
            parts.append(cell.source)
    return "\n\n".join(parts)


@cache
def notebook(name: str) -> Any:
    """Return the solved notebook of an exercise, read from its text."""
    import jupytext

    return jupytext.reads(file(name).read_text(encoding="utf-8"), fmt="md:myst")


@cache
def answers(name: str, names: tuple[str, ...]) -> tuple[Any, ...]:
    """Return the objects with some names that the reference solution of an exercise defines."""
    namespace: dict[str, Any] = {"__name__": "reference"}
    exec(compile(preamble(name), "<preamble>", "exec"), namespace)
    exec(compile(source(name), "<reference>", "exec"), namespace)
    return tuple(namespace[name] for name in names)
