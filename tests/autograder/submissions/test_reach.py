"""Answers that reach into the autograder are named to the instructor; ordinary ones are not."""

import nbformat
import pytest
import submissions

from autograder.submissions.answers import reach


def told(source: str, **metadata) -> str:
    cell = submissions.added(source)
    cell.id = "added-1"
    cell.metadata.update(metadata)
    return reach.remark([cell])


@pytest.mark.parametrize(
    "source",
    [
        "import autograder",
        "import autograder.execution.worker.wire as w",
        "from autograder.execution.worker import wire",
        "from autograder.checks import Result",
        "from autograder import checks, execution",
        "import numpy, autograder.checks",
        "def f():\n    from latents.bounds import diagonal_gaussian_kl",
        "from latents import bounds",
        "__import__('autograder.execution.worker.wire')",
        "import importlib; importlib.import_module('autograder.exercises.sampling.judging')",
        "exercise.checks",
        "exercise.__class__.check = print",
        "!cat autograder/execution/worker/wire.py",
        "%%bash\ngrep -r autograder /",
    ],
)
def test_it_is_named(source):
    assert told(source) == "The cell added-1 reaches into the autograder: take a look."


@pytest.mark.parametrize(
    "source",
    [
        "",
        "x = 1",
        "from autograder import checks",
        "from latents import workshop",
        "from latents import plots",
        "exercise = checks.begin('sampling')",
        "part = exercise.check('mean', Sampling)\npart.report()",
        '"""Notes.\n\nThe autograder said that my mean is wrong.\n"""',
        "# what the autograder said",
        "!pip install tqdm",
        "class",
    ],
)
def test_it_is_ordinary(source):
    assert told(source) == ""


def test_locked_cells_do_not_count():
    assert told("import autograder", nbgrader={"grade": False, "solution": False}) == ""
    assert told("import autograder", nbgrader={"grade": False, "solution": True}) != ""


def test_several_cells_are_named_together():
    cells = [submissions.added("import autograder") for _ in range(2)]
    for number, cell in enumerate(cells):
        cell.id = f"added-{number}"
    remark = "The cells added-0 and added-1 reach into the autograder: take a look."
    assert reach.remark(cells) == remark


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(
    "source", ["x = (\n" + ("-" * 1999 + "\n") * 40 + "1)", "1 if 2else 3", "\x00", "(" * 5000]
)
def test_code_that_cannot_be_parsed_reaches_nowhere(source):
    cell = nbformat.v4.new_code_cell(source)
    assert reach.remark([cell]) == ""
