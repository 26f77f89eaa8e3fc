"""``autograder release``: make the student notebooks from the solutions, with nbgrader."""

import re
import tempfile
from collections.abc import Collection, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import nbformat
import yaml
from nbformat.v4 import new_code_cell, new_notebook

from autograder import AutograderError, checks
from autograder.checks import solutions
from autograder.checks.words import listing
from autograder.commands import seeds
from autograder.commands.setup_cell import setup_source
from autograder.gradebook.assignments import find_assignments
from autograder.gradebook.course import Course, open_nbgrader, prepare_gradebook

SCHEMA = 3  # of nbgrader's cell metadata
NO_SEED = "hidden=0)"  # placeholder in the solutions, which are public
METADATA = {
    "colab": {"provenance": []},
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
CONFIGURATION = """\
# Settings of nbgrader for this course; see https://nbgrader.readthedocs.io.
c = get_config()  # noqa: F821
c.CourseDirectory.course_id = "latent-spaces"
c.ClearSolutions.code_stub = {"python": "# YOUR CODE HERE\\nraise NotImplementedError()"}
c.Execute.timeout = 120  # seconds a cell; to import TensorFlow can take longer than nbgrader's 30
"""


def source_notebook(name: str, seed: int = 0):
    """Return the solved notebook of an exercise in the form that nbgrader expects.

    Parameters
    ----------
    name : str
        Name of the exercise.
    seed : int
        Seed of the hidden checks; every course has its own.
    """
    cells: list[Any] = []
    for cell in solutions.notebook(name).cells:
        cell = cell.copy()
        cell.source = cell.source.replace(NO_SEED, f"hidden={seed})")
        grade_id = cell.metadata.get("nbgrader", {}).get("grade_id")
        cell["id"] = grade_id or f"{name}-{len(cells)}"
        cells.append(cell)
    cells.insert(1, _setup_cell(name))
    for cell in cells:
        if cell.cell_type == "code":
            cell.update(outputs=[], execution_count=None)
        if nbgrader := cell.metadata.get("nbgrader"):
            nbgrader["cell_type"] = cell.cell_type
    notebook = new_notebook(cells=cells, metadata=METADATA)
    notebook.nbformat_minor = 5
    nbformat.validate(notebook)
    return notebook


def _setup_cell(name: str):
    grade_id = f"{name}-setup"
    nbgrader = {"grade_id": grade_id, "grade": False, "locked": True, "schema_version": SCHEMA}
    nbgrader |= {"solution": False, "task": False}
    config = yaml.safe_load((solutions.folder().parent / "_config.yml").read_text(encoding="utf-8"))
    source = setup_source(("latents", "autograder"), config.get("repository") or {}, "grade")
    return new_code_cell(source, id=grade_id, metadata={"nbgrader": nbgrader})


def release(folder: Path, only: Collection[str] = ()) -> list[Path]:
    """Write the student notebooks of assignments, and return their files.

    ``folder`` becomes an nbgrader course: ``source/`` (with the solutions), ``release/`` (for the
    students), ``gradebook.db`` and ``nbgrader_config.py``. Other assignments in
    ``source/`` are released as they are.

    Parameters
    ----------
    folder : Path
        Folder of the course.
    only : collection of str
        Names of assignments; if empty, our exercises and all assignments in ``source/``.

    Raises
    ------
    AutograderError
        If an assignment cannot be released, after all others have been.
    """
    course = Course(folder.resolve())
    plain = {
        name: assignment
        for name, assignment in find_assignments(course).items()
        if not assignment.ours
    }
    ours, others = _chosen(only, plain)
    try:
        _write_sources(course, ours)
    except OSError as error:
        raise AutograderError(f"{course} cannot be written to: {error.strerror}.") from error
    failed = []
    with open_nbgrader(course) as api:
        prepare_gradebook(course, api.coursedir.db_url)
        for name in [*ours, *others]:
            outcome = api.generate_assignment(name, force=True, create=True)
            if not outcome["success"]:
                failed.append(f"nbgrader could not release {name}: {_reason(outcome)}.")
    files = {name: [course.released(name, name)] for name in ours}
    for name in others:
        files[name] = [course.released(name, notebook) for notebook in plain[name].notebooks]
    if failed:
        raise AutograderError(" ".join(failed))
    return [_normalize(file) if name in ours else file for name in files for file in files[name]]


def _chosen(only: Collection[str], plain: Mapping) -> tuple[list[str], list[str]]:
    """Return the exercises of ours and the other assignments to release."""
    available = [*checks.NAMES, *plain]
    if unknown := [name for name in only if name not in available]:
        raise AutograderError(f"There is no assignment {unknown[0]!r}, only {listing(available)}.")
    wanted = only or available
    ours = [name for name in checks.NAMES if name in wanted and name not in plain]
    if not only and (taken := [name for name in checks.NAMES if name in plain]):
        raise AutograderError(
            f"source/{taken[0]} is an assignment of yours with the name of one of our exercises: "
            "rename it, or release single assignments with --assignment."
        )
    return ours, [name for name in plain if name in wanted]


def _reason(outcome: dict) -> str:
    """Return nbgrader's error message, without the traceback."""
    text = f"{outcome.get('error', '')}\n{outcome.get('log', '')}"
    raised = re.findall(r"^ *(?:\w+\.)*(\w+(?:Error|Exception|Entry): .+)$", text, re.MULTILINE)
    # A line with NbGraderException only refers to the real error.
    specific = [line for line in raised if not line.startswith("NbGraderException")]
    return next(iter([*specific[::-1], *raised, *text.split("\n")[-1:]])).strip().rstrip(".")


@cache
def student_notebooks() -> dict[str, str]:
    """Return the text of the student notebook of every exercise."""
    with tempfile.TemporaryDirectory(prefix="autograder-") as folder:
        files = release(Path(folder))
        return {file.stem: file.read_text(encoding="utf-8") for file in files}


def stub(name: str) -> str:
    """Return the code of the answer cell as released to students."""
    text = student_notebooks()[name]
    cells = nbformat.reads(text, as_version=4).cells
    return next(cell.source for cell in cells if cell.id == f"{name}-answer")


def _write_sources(course: Course, names: list[str]) -> None:
    course.folder.mkdir(parents=True, exist_ok=True)
    seed_of = seeds.of_course(course, names)
    for name in names:
        file = course.source(name, name)
        file.parent.mkdir(parents=True, exist_ok=True)
        text = _text(source_notebook(name, seed_of[name]))
        file.write_text(text, encoding="utf-8", newline="\n")
    configuration = course.settings
    if not configuration.exists():
        configuration.write_text(CONFIGURATION, encoding="utf-8")


def _normalize(file: Path) -> Path:
    """Rewrite a notebook in a form that does not depend on the versions of the tools."""
    notebook = nbformat.read(file, as_version=4)
    notebook.metadata = nbformat.from_dict(METADATA)
    file.chmod(0o644)
    file.write_text(_text(notebook), encoding="utf-8", newline="\n")
    return file


def _text(notebook: Any) -> str:
    return nbformat.writes(notebook, indent=1, ensure_ascii=False).rstrip("\n") + "\n"
