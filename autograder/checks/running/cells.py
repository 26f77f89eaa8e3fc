"""Recognize the cells of a notebook that hold only checks, and count the others that have run."""

import ast
from typing import Any

REPORT = "part.report()"


def holds_only_checks(source: str) -> bool:
    """Return whether a cell consists of ``part = exercise.check(...)`` and a report."""
    if "exercise.check(" not in source:  # a quick test that most cells fail
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
            values = [*call.args, *(value.value for value in call.keywords)]
            plain = all(isinstance(value, ast.Name | ast.Constant) for value in values)
            return plain and ast.unparse(call.func) == "exercise.check"
    return False


def count_other_cells() -> int:
    """Count the cells that have run and may have changed an answer.

    Cells that hold only checks change nothing, so they are left out. If something runs before
    every cell, as ``%autoreload`` does, all cells count. Outside a notebook the count is 0.
    """
    from IPython import get_ipython

    shell = get_ipython()
    if shell is None:
        return 0
    if shell.events.callbacks.get("pre_run_cell"):
        return int(shell.execution_count)
    return sum(not holds_only_checks(source) for source in shell.history_manager.input_hist_parsed)


def is_test(cell: Any) -> bool:
    """Return whether a cell is an autograded test, and not an answer graded by hand."""
    from nbgrader.utils import is_grade, is_solution

    return bool(cell.cell_type == "code" and is_grade(cell) and not is_solution(cell))
