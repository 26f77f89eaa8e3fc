"""What the tests of the autograder share."""

from pathlib import Path

import pytest

from autograder import checks, remote, selftest


@pytest.fixture(scope="session")
def bank_folder(project) -> Path:
    return project / "tests" / "bank"


@pytest.fixture(scope="session")
def verdicts(bank_folder):
    """Grade all answers of the bank once for all tests; verdicts by exercise and name."""
    from autograder import bank

    found = {}
    for name in checks.NAMES:
        exercise = checks.load(name)
        cases = [*selftest.generated(name), *bank.read(bank_folder, name)]
        found[name] = {verdict.case.name: verdict for verdict in selftest.verdicts(exercise, cases)}
    return found


@pytest.fixture(scope="session")
def references():
    with remote.references(checks.NAMES) as known:
        yield known
