"""Verdicts on the answers of the bank: grading all of them takes a quarter of an hour."""

from pathlib import Path

import kept_results
import pytest

from autograder import checks
from autograder.commands import selftest
from autograder.commands.selftest import bank
from autograder.execution import job
from autograder.execution.processes import code


@pytest.fixture(scope="session")
def verdicts(bank_folder):
    """Return the verdicts on all answers of the bank, by exercise and name."""
    return {name: graded(name, bank_folder) for name in checks.NAMES}


def graded(exercise: str, folder: Path) -> dict[str, selftest.Verdict]:
    """Return the verdict on each answer of an exercise, grading those that are not kept."""
    cases = [*selftest.generated(exercise), *bank.read(folder, exercise)]
    dependencies = job.fingerprint(exercise) + code.digest(("commands", "submissions"))
    kept = kept_results.folder(f"bank-{exercise}", dependencies)
    files = {case.name: kept_results.file(kept, repr(case)) for case in cases}
    missing = [case for case in cases if not files[case.name].is_file()]
    if missing:
        for verdict in selftest.verdicts(checks.load(exercise), missing):
            kept_results.write(files[verdict.case.name], verdict)
    return {name: kept_results.read(file) for name, file in files.items()}
