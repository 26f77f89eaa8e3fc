"""``autograder check``: run the visible checks of a notebook in a fresh process."""

import contextlib
import os
import sys
import time
from collections.abc import Iterable
from pathlib import Path

from rich.console import Console, Group, JustifyMethod
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from autograder import AutograderError
from autograder.checks import Result
from autograder.checks.words import printable
from autograder.commands import console as printing

MARKS = {True: ("✓", "green"), False: ("✗", "red"), None: ("–", "yellow")}


def run(path: Path, limit: float) -> int:
    """Check a notebook or all notebooks in a folder, print the results, and return the exit code.

    Parameters
    ----------
    path : Path
        A notebook, or a folder of notebooks.
    limit : float
        Seconds that a cell or a check may take.
    """
    console = printing.console(soft_wrap=not sys.stdout.isatty())
    codes = []
    files = _files(path)
    for file in files:
        try:
            codes.append(_check(file, limit, console))
        except AutograderError as error:
            if files == [path]:
                raise
            console.print(Text(f"{printable(file.name)}: {error}", "red"))
            codes.append(2)
    return max(codes)


def _files(path: Path) -> list[Path]:
    if not os.path.isdir(path):  # noqa: PTH112 - Path.is_dir raises for a name that is too long
        return [path]
    notebooks = sorted(file for file in path.glob("*.ipynb") if not file.name.startswith("."))
    if not notebooks:
        raise AutograderError(f"There is no notebook (*.ipynb) in the folder {path}.")
    return notebooks


def _check(file: Path, limit: float, console: Console) -> int:
    from autograder.commands import grade
    from autograder.commands.check import checked
    from autograder.execution.judging import scoring
    from autograder.execution.judging.answer import Answer
    from autograder.execution.processes import session, start

    begin = time.monotonic()
    start.context()  # it imports TensorFlow in the background while the notebook is read
    notebook = checked.repaired_for_check(file)
    cells = notebook.students_code()
    scored, results, budget = scoring.Scored(), [], grade.budget(limit, {}, unsafe=True)
    with (
        _progress(console, len(cells) + len(notebook.exercise.parts)) as step,
        session.Session(budget) as running,
    ):
        step(f"{printable(file.name)}: starting", 0)
        scoring.run_students_code(running, _reporting_steps(cells, step), scored)
        with Answer(notebook.exercise, running, budget, 1) as answer:
            asking = notebook.exercise.asking(answer.ask, None)
            for part in notebook.exercise.parts:
                step(part.title, 0)
                results.append(asking.check(part.name))
                step(part.title, 1)
    notes = [*notebook.defects, *scored.errors, *filter(None, [answer.remark])]
    seconds = time.monotonic() - begin
    _show(console, file, results, notes, seconds)
    return 0 if all(result.passed for result in results) and not notebook.defects else 1


def _reporting_steps(cells: list, step) -> Iterable:
    """Yield the cells, and move the progress bar before and after each."""
    for number, cell in cells:
        step(f"cell {number}", 0)
        yield number, cell
        step(f"cell {number}", 1)


@contextlib.contextmanager
def _progress(console: Console, total: int):
    """Yield a function that names the current step and moves the bar."""
    columns = BarColumn(20), TextColumn("{task.description}"), TimeElapsedColumn()
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("", total=total)
        yield lambda text, done: progress.update(task, description=text, advance=done)


def _show(console: Console, file: Path, results: list[Result], notes: list, seconds: float):
    """Print the table of the parts, then the notes and the total."""
    table = Table(title=printable(file.name), title_justify="left", box=None, padding=(0, 2, 0, 0))
    columns: tuple[tuple[str, JustifyMethod], ...]
    columns = ("", "left"), ("part", "left"), ("points", "right"), ("", "left")
    for name, justify in columns:
        table.add_column(name, justify=justify)
    for result in results:
        mark, colour = MARKS[result.passed if result.attempted else None]
        explanation = Group(
            Text(result.part.title), *(Text(problem) for problem in result.problems)
        )
        if not result.attempted:
            explanation = Group(Text(result.part.title), Text("not attempted yet"))
        points = f"{result.score} of {result.part.points}"
        table.add_row(Text(mark, colour), result.part.name, points, explanation)
    console.print(table)
    for note in notes:
        console.print(Text("! " + note, "yellow"))
    score, most = (
        sum(result.score for result in results),
        sum(result.part.points for result in results),
    )
    colour = "green" if score == most and not notes else "bold"
    console.print(Text(f"{score} of {most} points in the visible checks, {seconds:.0f} s", colour))
