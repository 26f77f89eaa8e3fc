"""Where student code runs there is no oracle, no judge and no model that holds a solution."""

import subprocess
import sys

import pytest

from autograder import checks, sandbox
from autograder.execution.processes import session
from autograder.execution.processes.session import Budget
from autograder.execution.worker import concealed
from autograder.sandbox import Containment

pytestmark = pytest.mark.slow
MODULES = [f"autograder.exercises.{name}.judging" for name in checks.NAMES]
MODULES += ["latents.bounds", "latents.workshop.models", "autograder.exercises.sampling.judging.x"]


@pytest.mark.parametrize("containment", [sandbox.available(), Containment.NONE])
def test_their_modules_cannot_be_imported(containment):
    with session.Session(Budget(containment=containment)) as running:
        for name in MODULES:
            reply = running.run(f"import {name}")
            assert reply.outputs[-1]["ename"] == "ModuleNotFoundError", name


def test_their_files_are_empty():
    assert sandbox.available() is not Containment.NONE, sandbox.reason()
    source = f"""
import os
for place in {[str(path) for path in concealed.paths()]!r}:
    print(os.listdir(place) if os.path.isdir(place) else os.path.getsize(place))
"""
    with session.Session(Budget(containment=sandbox.available())) as running:
        (output,) = running.run(source).outputs
    assert set(output["text"].split()) == {"[]", "0"}
    assert len(output["text"].split()) == len(concealed.paths()) >= len(checks.NAMES) + 3


def test_what_a_contract_or_a_probe_imports_holds_none_of_them():
    """In a new process, for here others have imported them."""
    names = [f"autograder.exercises.{n}.{part}" for n in checks.NAMES for part in PARTS]
    source = f"""
import importlib, sys
for name in {[*names, "autograder.execution.processes.warm"]!r}:
    importlib.import_module(name)
print([name for name in sys.modules if name.startswith({(*MODULES,)!r})])
"""
    done = subprocess.run(
        [sys.executable, "-c", source], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


PARTS = ("contract", "probes")


def test_checks_say_that_they_come_later():
    with session.Session(Budget()) as running:
        running.run("from autograder import checks\nexercise = checks.begin('sampling')")
        (shown, score) = running.run(
            "part = exercise.check('mean', None)\npart &= exercise.check('mean', None, hidden=3)\n"
            "part.report()"
        ).outputs
    assert shown["text"] == "– mean: judged after the last cell of the notebook\n"
    assert score["data"]["text/plain"] == "0"
