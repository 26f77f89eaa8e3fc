"""Which cells of a notebook hold checks and nothing else, and how many others have run."""

import ast
from typing import Any

REPORT = "part.report()"


def scores(source: str) -> bool:
    """Return whether a cell consists of our checks: ``part = exercise.check(...)``, a report."""
    if "exercise.check(" not in source:  # nearly every other cell
        return False
    try:
        *steps, last = ast.parse(source).body
    except (SyntaxError, ValueError):
        return False
    return ast.unparse(last) == REPORT and all(map(_is_step, steps))


def _is_step(statement: ast.stmt) -> bool:
    match statement:
        case (
            ast.Assign(targets=[ast.Name(id="part")], value=ast.Call() as call)
            | ast.AugAssign(target=ast.Name(id="part"), value=ast.Call() as call)
        ):
            given = [*call.args, *(each.value for each in call.keywords)]
            plain = all(isinstance(each, ast.Name | ast.Constant) for each in given)
            return plain and ast.unparse(call.func) == "exercise.check"
    return False


def others_run() -> int:
    """Return how many cells have run that may have changed what an answer does.

    Checks change nothing. Where something runs before every cell, as ``%autoreload`` does, all
    cells count. Outside a notebook none does.
    """
    from IPython import get_ipython

    shell = get_ipython()
    if shell is None:
        return 0
    if shell.events.callbacks.get("pre_run_cell"):
        return int(shell.execution_count)
    return sum(not scores(source) for source in shell.history_manager.input_hist_parsed)


def is_test(cell: Any) -> bool:
    """Return whether the outputs of a cell give points: it is no answer that a person scores."""
    from nbgrader.utils import is_grade, is_solution

    return bool(cell.cell_type == "code" and is_grade(cell) and not is_solution(cell))
