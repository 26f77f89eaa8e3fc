"""The reference solutions: text notebooks in ``solutions/``, the only copy."""

import os
from functools import cache
from pathlib import Path
from typing import Any

from autograder import AutograderError


def folder() -> Path:
    """Return the folder of the solutions: ``AUTOGRADER_SOLUTIONS``, or that of the clone."""
    place = os.environ.get("AUTOGRADER_SOLUTIONS")
    found = Path(place) if place else Path(__file__).resolve().parents[2] / "solutions"
    if not found.is_dir():
        raise AutograderError(
            f"The solutions are not in {found}: work in a clone of the book, or name the folder "
            "in the environment variable AUTOGRADER_SOLUTIONS."
        )
    return found


def file(name: str) -> Path:
    """Return the text notebook of an exercise."""
    found = folder() / f"{name}.md"
    if not found.is_file():
        raise AutograderError(f"The solution {found} is missing.")
    return found


def source(name: str) -> str:
    """Return the code of the solution cells of an exercise."""
    return "\n\n".join(
        cell.source
        for cell in notebook(name).cells
        if cell.cell_type == "code" and cell.metadata.get("nbgrader", {}).get("solution")
    )


def setting(name: str) -> str:
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
    """Return the objects that the reference solution of an exercise defines under some names."""
    space: dict[str, Any] = {"__name__": "reference"}
    exec(compile(setting(name), "<setting>", "exec"), space)
    exec(compile(source(name), "<reference>", "exec"), space)
    return tuple(space[name] for name in names)
