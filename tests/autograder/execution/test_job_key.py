"""Work is the same, and done once, if its cells, checks, limits and environment are."""

import dataclasses
import importlib.util
import subprocess
import sys
from pathlib import Path

import nbformat
import submissions

from autograder.execution import job as jobs
from autograder.execution.processes import code
from autograder.execution.processes.session import Budget
from autograder.sandbox import Limits

PRINT = "print(code.environment())"


def key(found, budget: Budget | None = None, exercise: str = "sampling") -> str:
    return jobs.job_of(exercise, found.notebook).key(budget or Budget())


def ids(found) -> list[str]:
    return [cell.id for cell in found.notebook.cells if cell.cell_type == "code"]


def test_equal_code_has_an_equal_key(made, repaired):
    made.cells.insert(5, submissions.added("helper = 1"))
    whole = repaired(made)
    for cell in made.cells:
        cell["id"] = f"new-{cell.id}"
        cell.metadata["tags"] = [" "]
    made.cells.insert(0, nbformat.v4.new_markdown_cell("Notes"))
    made.cells.insert(3, submissions.added("  \n"))
    made.cells.append(nbformat.v4.new_raw_cell("more"))
    submissions.cell(made, "new-sampling-answer").outputs = [
        nbformat.v4.new_output("stream", text="hello")
    ]
    assert key(repaired(made)) == key(whole)
    assert ids(repaired(made)) == ids(whole)  # so that outputs by id fit both


def test_other_code_has_another_key(made, repaired):
    keys = [key(repaired(made))]
    submissions.cell(made, "sampling-answer").source += "\n    x = 1"
    keys.append(key(repaired(made)))
    made.cells.insert(5, submissions.added("helper = 1"))
    keys.append(key(repaired(made)))
    made.cells.append(made.cells.pop(5))
    keys.append(key(repaired(made)))
    assert len(set(keys)) == len(keys)


def test_other_limits_have_another_key(made, repaired):
    found = repaired(made)
    budget = [Budget(), Budget(cell=1), Budget(notebook=1), Budget(containment="namespaces")]
    budget.append(Budget(limits=dataclasses.replace(Limits(), memory=2**20)))
    assert len({key(found, each) for each in budget}) == len(budget)


def test_other_libraries_have_another_key(made, repaired):
    notebook = repaired(made).notebook
    keys = {jobs.job_of("sampling", notebook, names).key(Budget()) for names in ((), ("scipy",))}
    assert len(keys) == 2


def test_the_environment_is_the_same_whatever_was_imported_before(project):
    lines = [
        "import sys; sys.path.insert(0, '')",
        "import setuptools, pkg_resources" if has_pkg_resources() else "import setuptools",
        "import nbgrader.api",
    ]
    hashes = set()
    for count in range(len(lines) + 1):
        script = "; ".join(
            [*lines[:count], "from autograder.execution.processes import code", PRINT]
        )
        done = subprocess.run(
            [sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=project
        )
        hashes.add(done.stdout)
    assert len(hashes) == 1


def has_pkg_resources() -> bool:
    return importlib.util.find_spec("pkg_resources") is not None


def test_data_of_the_packages_count_and_compiled_files_do_not(monkeypatch, tmp_path):
    monkeypatch.setattr(code, "LATENTS", tmp_path)
    (tmp_path / "data.npz").write_bytes(b"1")
    before = code.digest([])
    (tmp_path / "__pycache__").mkdir()
    (tmp_path / "__pycache__" / "x.pyc").write_bytes(b"2")
    assert code.digest([]) == before
    (tmp_path / "data.npz").write_bytes(b"2")
    assert code.digest([]) != before


def forget() -> None:
    jobs.fingerprint.cache_clear()
    code.environment.cache_clear()


def test_another_check_solution_or_version_has_another_key(made, repaired, monkeypatch, tmp_path):
    found = repaired(made)
    keys = [key(found)]
    cell = next(each for each in found.notebook.cells if each.id == "sampling-mean")
    cell.source += "\n# more"
    keys.append(key(found))
    solution = tmp_path / "sampling.md"
    solution.write_text("other", encoding="utf-8")
    for target, name, value in (
        (jobs.solutions, "file", lambda _: solution),
        (code.metadata, "distributions", lambda path: []),
        (code.platform, "python_version", lambda: "4"),
    ):
        monkeypatch.setattr(target, name, value)
        forget()
        keys.append(key(found))
    monkeypatch.undo()
    forget()
    assert len(set(keys)) == len(keys)


IMPORTED = """
import sys
import autograder.execution.job, autograder.execution.processes.warm
for name in autograder.checks.NAMES:
    autograder.checks.load(name)
for name, module in list(sys.modules.items()):
    if name.partition(".")[0] in ("autograder", "latents"):
        print(module.__file__)
"""


def test_the_key_covers_all_code_that_is_imported_for_a_score():
    done = subprocess.run(
        [sys.executable, "-c", IMPORTED], capture_output=True, text=True, check=True
    )
    covered = code.paths([*code.EXECUTION_MODULES, "exercises"])
    files = [Path(line) for line in done.stdout.split()]
    assert len(files) > 50
    left = [each for each in files if not any(each.is_relative_to(place) for place in covered)]
    assert not left
