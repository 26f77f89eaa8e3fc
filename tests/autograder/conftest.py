"""What the tests of the autograder share."""

import json
from pathlib import Path

import made_up
import nbformat
import pytest
import submissions
from graded_bank import verdicts  # noqa: F401

from autograder import checks
from autograder.commands import release
from autograder.execution.judging.reference import references as references_of
from autograder.submissions import notebooks
from autograder.submissions.repair import repair


@pytest.fixture(scope="session")
def bank_folder(project) -> Path:
    return project / "tests" / "bank"


@pytest.fixture(scope="session")
def references():
    with references_of(checks.NAMES) as known:
        yield known


@pytest.fixture(scope="module")
def source():
    """Return the notebook of the exercise `sampling` as instructors have it."""
    return release.source_notebook("sampling")


@pytest.fixture
def made():
    """Return the notebook of a student with an answer."""
    return submissions.notebook("sampling", submissions.ANSWER)


@pytest.fixture
def repaired(tmp_path, source):
    """Give a function that writes a notebook, reads and repairs it as ``grade`` does."""

    def of(notebook):
        file = tmp_path / "sampling.ipynb"
        content = notebook if isinstance(notebook, dict) else dict(notebook)
        file.write_text(json.dumps(content), encoding="utf-8")
        found = repair(notebooks.read(file).cells, source, submissions.notebook("sampling"))
        nbformat.validate(found.notebook)
        ids = [cell.id for cell in found.notebook.cells]
        assert len(ids) == len(set(ids))
        return found

    return of


@pytest.fixture
def replayed(monkeypatch):
    """Let no notebook be executed: see `made_up`."""
    made_up.replay(monkeypatch)


@pytest.fixture
def course(tmp_path, replayed):
    """Return a course in which three students have handed in and nothing is graded."""
    return made_up.course_in(tmp_path)


@pytest.fixture
def graded(tmp_path, replayed):
    """Return the same course when it is graded."""
    return made_up.course_in(tmp_path, is_graded=True)
