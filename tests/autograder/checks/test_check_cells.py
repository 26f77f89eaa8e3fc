"""Which cells count as checks, which change nothing, and which may have changed an answer."""

from types import SimpleNamespace

import nbformat
import pytest
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

from autograder import checks
from autograder.checks.running.cells import count_other_cells, holds_only_checks
from autograder.commands import release
from autograder.execution.judging import scoring

CHECK = 'part = exercise.check("kl", make_prior, make_encoder)\n# more\npart.report()\n'


@pytest.mark.parametrize("name", checks.NAMES)
@pytest.mark.parametrize("of", ["source", "release"])
def test_the_scoring_cells_of_the_exercises_are_checks_and_no_others(name, of):
    made = nbformat.reads(release.student_notebooks()[name], as_version=4)
    notebook = release.source_notebook(name) if of == "source" else made
    for cell in notebook.cells:
        is_scoring = cell.cell_type == "code" and cell.metadata.nbgrader["grade"]
        assert holds_only_checks(cell.source) == is_scoring


@pytest.mark.parametrize(
    "source",
    [
        "",
        "part.report()",
        'part = exercise.check("kl")',
        'part = exercise.check("kl", make())\npart.report()',
        'part = exercise.check("kl", *answers)\npart.report()',
        'part = exercise.check("kl", hidden=(x := 3))\npart.report()',
        'part = other.exercise.check("kl")\npart.report()',
        'part = exercise.check("kl")\nx = 1\npart.report()',
        'part.x = exercise.check("kl")\npart.report()',
        'part = exercise.check("kl")\npart.report(x)',
        '%time exercise.check("kl")\npart.report()',
        'part = exercise.check("kl"\npart.report()',
    ],
)
def test_cells_that_could_change_something_are_no_checks(source):
    assert not holds_only_checks(source)


def test_a_source_may_do_more_in_a_scoring_cell(references):
    judge = scoring.Judge(SimpleNamespace(ask=None), references["sampling"])
    more = 'names = ["shapes"]\npart = exercise.check(names[0])\npart.report()\n'
    assert judge.understands(nbformat.v4.new_code_cell(more))
    assert not holds_only_checks(more)


@pytest.fixture
def shell():
    config = Config()
    config.HistoryManager.enabled = False
    made = InteractiveShell.instance(config=config)
    yield made
    InteractiveShell.clear_instance()


def run(shell, *sources):
    for source in sources:
        shell.run_cell(source, store_history=True)


def test_only_other_cells_count(shell, capsys):
    before = count_other_cells()
    run(shell, CHECK, CHECK)
    assert count_other_cells() == before
    run(shell, "x = 1", CHECK, "x = 2")
    assert count_other_cells() == before + 2


ANSWER = """
calls = []
def make_prior(size): ...
def make_encoder(*arguments):
    calls.append(arguments)
    return "no model"
"""


@pytest.mark.slow
def test_checks_one_after_the_other_build_one_encoder(shell, capsys):
    run(shell, "from autograder import checks\nexercise = checks.load('tfp_encoder')", ANSWER)
    later = CHECK.replace("kl", "architecture")
    run(shell, CHECK, later)
    assert len(shell.user_ns["calls"]) == 1
    run(shell, "x = 1", CHECK, later)
    assert len(shell.user_ns["calls"]) == 2
    assert capsys.readouterr().out.count("expected a model of tf_keras") == 4


def test_all_cells_count_where_something_runs_before_each(shell, capsys):
    shell.events.register("pre_run_cell", lambda *_: None)
    before = count_other_cells()
    run(shell, CHECK)
    assert count_other_cells() == before + 1


def test_outside_a_notebook_no_cell_has_run():
    assert InteractiveShell._instance is None
    assert count_other_cells() == 0
