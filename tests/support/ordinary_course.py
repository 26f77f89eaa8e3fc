"""An ordinary nbgrader course, with nothing of ours in it: its sources, its class, its scores."""

import shutil
from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

SETTINGS = """\
c = get_config()
c.CourseDirectory.course_id = "ordinary"
c.Execute.timeout = 20  # for the libraries to be imported, also on a busy machine
c.Execute.iopub_timeout = 60
c.OverwriteCells.add_missing_cells = True  # stock nbgrader gives nothing for a test that is gone
"""
DATA = "1.0,2.0\n2.0,4.0\n3.0,6.0\n"  # without a header


def _nbgrader(grade_id: str, points: float | None, solution: bool, locked: bool) -> dict:
    found = {"grade_id": grade_id, "grade": points is not None, "solution": solution}
    found |= {"locked": locked, "task": False, "schema_version": 3}
    return {"nbgrader": found | ({} if points is None else {"points": points})}


def answer(grade_id: str, source: str, points: float | None = None):
    """Return a code cell that students fill in, scored by a person if it has points."""
    return new_code_cell(source, metadata=_nbgrader(grade_id, points, True, False))


def text(grade_id: str, source: str, points: float):
    """Return a text that students write and a person scores."""
    return new_markdown_cell(source, metadata=_nbgrader(grade_id, points, True, False))


def test(grade_id: str, source: str, points: float):
    """Return a cell of tests."""
    return new_code_cell(source, metadata=_nbgrader(grade_id, points, False, True))


test.__test__ = False  # for pytest


def given(grade_id: str, source: str):
    """Return a locked cell without points."""
    return new_code_cell(source, metadata=_nbgrader(grade_id, None, False, True))


def solution(head: str, body: str) -> str:
    """Return code between the marks of a solution, below a line that students see."""
    lines = [f"    {line}" for line in body.splitlines()]
    return "\n".join([head, "    ### BEGIN SOLUTION", *lines, "    ### END SOLUTION"])


def hidden(visible: str, more: str) -> str:
    """Return tests of which some are hidden."""
    return f"{visible}\n### BEGIN HIDDEN TESTS\n{more}\n### END HIDDEN TESTS"


def ps1() -> list:
    """Return the cells of a problem set in one notebook."""
    return [
        new_markdown_cell("# Problem set 1"),
        given(
            "imports", "import numpy as np\nimport pandas as pd\nimport matplotlib.pyplot as plt"
        ),
        new_code_cell("scale = 2"),
        answer("mean", solution("def mean(values):", "return sum(values) / len(values)")),
        test("test_mean", "assert abs(mean([1, 2, 4]) - 7 / 3) < 1e-9, 'It is no mean.'", 2),
        test(
            "test_mean_hidden",
            hidden("assert mean([2.0]) == 2.0", "assert mean([1, 2, 3, 6]) == 3, 'Look again.'"),
            3,
        ),
        answer("load", solution("def load(file):", "return pd.read_csv(file, header=None)")),
        test(
            "test_load",
            "table = load('data.csv')\nassert table.shape == (3, 2)\n"
            "np.testing.assert_allclose(table[1], scale * table[0], rtol=1e-6)",
            2,
        ),
        answer(
            "plot",
            "### BEGIN SOLUTION\nplt.plot(load('data.csv')[0])\nplt.title('Data')\n"
            "axes = plt.gca()\nplt.show()\n### END SOLUTION",
        ),
        test(
            "test_plot",
            "assert axes.get_title() == 'Data'\n(line,) = axes.get_lines()\n"
            "assert list(line.get_ydata()) == [1, 2, 3]",
            1,
        ),
        answer("names", solution("def names():", "return {'a', 'b', 'c', 'd'}")),
        test("test_names", "len(names() & {'a', 'b', 'c', 'd'}) / 2", 2),
        answer("draw", solution("def draw():", "return np.random.random()")),
        test(
            "test_draw",
            hidden(
                "np.random.seed(1)\nfirst = draw()",
                "np.random.seed(1)\nassert draw() == first\nassert scale == 2",
            ),
            1,
        ),
        text("why", "Because it is the centre of mass.", 3),
        answer("sketch", "### BEGIN SOLUTION\nplt.hist([1, 2])\n### END SOLUTION", 2),
    ]


def part_a() -> list:
    """Return the cells of the first of two notebooks."""
    return [
        answer("square", solution("def square(x):", "return x * x")),
        test("test_1", hidden("assert square(2) == 4", "assert square(-3) == 9"), 2),
    ]


def part_b() -> list:
    """Return the cells of the second, whose test has the same name and a module beside it."""
    return [
        given("help", "import helper"),
        answer("cube", solution("def cube(x):", "return helper.times(x, x, x)")),
        test("test_1", "assert cube(2) == 8\ncube(0.5) * 8", 1),
        test("test_2", "import sys\nif cube(1) != 1:\n    print('wrong', file=sys.stderr)", 1),
    ]


BOOKS = {"ps1": {"ps1": ps1}, "ps2": {"first": part_a, "second": part_b}}
FILES = (
    {"ps1": {"data.csv": DATA}, "ps2": {"helper.py": HELPER}}
    if (
        HELPER
        := "def times(*x):\n    y = 1\n    for each in x:\n        y = y * each\n    return y\n"
    )
    else {}
)


def make(folder: Path, config: str = SETTINGS) -> Path:
    """Write the sources of the course as instructors have them before anything is released."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "nbgrader_config.py").write_text(config, encoding="utf-8")
    for assignment, books in BOOKS.items():
        place = folder / "source" / assignment
        place.mkdir(parents=True, exist_ok=True)
        for name, cells in books.items():
            nbformat.write(notebook(cells()), place / f"{name}.ipynb")
        for name, content in FILES[assignment].items():
            (place / name).write_text(content, encoding="utf-8")
    return folder


def notebook(cells: list):
    """Return a notebook as Jupyter makes it; its cells have always the same ids."""
    for number, cell in enumerate(cells):
        cell["id"] = f"cell{number}"
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    return new_notebook(cells=cells, metadata={"kernelspec": kernel})


# The class. Each student changes released cells by their ids: see `hand_in`.

RIGHT = {
    "mean": "def mean(values):\n    return np.mean(values)",
    "load": "def load(file):\n    return pd.read_csv(file, names=[0, 1])",
    "plot": "fig, axes = plt.subplots()\naxes.plot([1, 2, 3])\naxes.set_title('Data')\nplt.show()",
    "names": "def names():\n    return set('abcd')",
    "draw": "def draw():\n    return np.random.random()",
    "why": "It balances.",
    "sketch": "plt.hist([1, 2, 3])",
    "square": "def square(x):\n    return x ** 2",
    "cube": "def cube(x):\n    return x ** 3",
}
LOOP = "def mean(values):\n    while True:\n        pass"
CLASS: dict[str, dict[str, str | None]] = {
    "right": RIGHT,
    "untouched": {},
    "only visible": RIGHT
    | {
        "mean": "def mean(values):\n    return 7 / 3 if len(values) == 3 else 2.0",
        "square": "def square(x):\n    return 4",
    },
    "partly": RIGHT | {"names": "def names():\n    return {'a', 'x'}", "why": ""},
    "no plot": RIGHT
    | {"plot": "axes = None", "load": "def load(file):\n    return pd.DataFrame()"},
    "inaccurate": RIGHT
    | {
        "mean": "def mean(values):\n    return round(np.mean(values), 3)",
        "cube": "def cube(x):\n    return round(x ** 3)",
    },
    "lost test": RIGHT | {"test_mean": None, "test_load": None},
    "changed test": RIGHT | {"test_mean": "pass", "mean": "def mean(values):\n    return 0"},
    "loop": RIGHT | {"mean": LOOP},
    "crash": RIGHT | {"names": "import os\nos._exit(3)"},
    "stderr": RIGHT
    | {
        "mean": "import warnings\ndef mean(values):\n    warnings.warn('odd')\n"
        "    return np.mean(values)",
        "cube": "def cube(x):\n    return x ** 3 if x != 1 else 0",
    },
    "syntax": RIGHT | {"mean": "def mean(values)\n    return 1", "square": "def square(x): return"},
    "own cells": RIGHT
    | {
        "mean": "def mean(values):\n    return helped(values)",
        "cell2": "scale = 2\ndef helped(values):\n    return np.mean(values)",
    },
    "late change": RIGHT | {"sketch": "scale = 5\nnp.random.seed(5)\nplt.hist([1])"},
}


def hand_in(course: Path, student: str, changes: dict[str, str | None]) -> None:
    """Put released notebooks with changes into ``submitted/``; None takes a cell away."""
    for assignment, books in BOOKS.items():
        place = course / "submitted" / student / assignment
        place.mkdir(parents=True)
        for name in books:
            made = nbformat.read(course / "release" / assignment / f"{name}.ipynb", as_version=4)
            kept = []
            for cell in made.cells:
                own = cell.metadata.get("nbgrader", {}).get("grade_id") or cell.id
                if own not in changes:
                    kept.append(cell)
                elif changes[own] is not None:
                    kept.append(cell)
                    cell.source = changes[own]
            made.cells = kept
            nbformat.write(made, place / f"{name}.ipynb")
        for file in FILES[assignment]:
            shutil.copy(course / "release" / assignment / file, place / file)


def scores(course: Path) -> dict[tuple[str, str, str, str], tuple[float | None, bool]]:
    """Return automatic score and need of a person, by student, assignment, notebook and cell."""
    from nbgrader.api import Gradebook

    found = {}
    with Gradebook(f"sqlite:///{course / 'gradebook.db'}", "ordinary") as book:
        for assignment in book.assignments:
            for submission in book.assignment_submissions(assignment.name):
                for each in submission.notebooks:
                    for grade in each.grades:
                        key = submission.student.id, assignment.name, each.name, grade.name
                        found[key] = grade.auto_score, bool(grade.needs_manual_grade)
    return found
