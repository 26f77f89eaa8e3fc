"""Verdicts on the answers of the bank, kept from run to run as the build keeps executed chapters.

Grading the bank takes a quarter of an hour. A verdict depends on the answer, the code of the
autograder and of the book's package, the reference solution and the versions of the libraries, and
on nothing else; so it is kept under a hash of all of these, and any change of one grades anew.
"""

import hashlib
import pickle
import shutil
from pathlib import Path

import pytest

from autograder import checks
from autograder.commands import selftest
from autograder.commands.selftest import bank
from autograder.execution import job
from autograder.execution.processes import code

PROJECT = Path(__file__).resolve().parents[2]
FOLDER = PROJECT / ".cache" / "bank"


@pytest.fixture(scope="session")
def verdicts(bank_folder):
    """Return the verdicts on all answers of the bank, by exercise and name."""
    return {name: graded(name, bank_folder) for name in checks.NAMES}


def graded(exercise: str, folder: Path) -> dict[str, selftest.Verdict]:
    """Return the verdict on each answer of an exercise, grading those that are not kept."""
    cases = [*selftest.generated(exercise), *bank.read(folder, exercise)]
    kept = FOLDER / everything_else(exercise)
    for outdated in FOLDER.glob(f"{exercise}-*"):
        if outdated != kept:
            shutil.rmtree(outdated)
    kept.mkdir(parents=True, exist_ok=True)
    files = {case.name: kept / f"{key(case)}.pickle" for case in cases}
    missing = [case for case in cases if not files[case.name].is_file()]
    if missing:
        for verdict in selftest.verdicts(checks.load(exercise), missing):
            part = files[verdict.case.name].with_suffix(".part")
            part.write_bytes(pickle.dumps(verdict))
            part.replace(files[verdict.case.name])
    return {name: pickle.loads(file.read_bytes()) for name, file in files.items()}


def everything_else(exercise: str) -> str:
    """Return a hash of everything that the verdicts on an exercise depend on but the answer."""
    digest = hashlib.sha256(job.fingerprint(exercise).encode())
    digest.update(code.digest(("commands", "submissions")).encode())
    return f"{exercise}-{digest.hexdigest()[:24]}"


def key(case: bank.Case) -> str:
    """Return a hash of an answer and what the bank says of it."""
    return hashlib.sha256(repr(case).encode()).hexdigest()[:24]
