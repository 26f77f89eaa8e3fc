"""What all tests share: a clean environment, the project's folder, and a word on the data sets."""

import os
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[1]
OURS = ("PROFILE", "LATENTS_BOOK", "LATENTS_CACHE", "LATENTS_RECORDS", "LATENTS_REPOSITORY")

sys.path.insert(0, str(PROJECT / "book" / "_tools"))
sys.path.insert(0, str(PROJECT / "book" / "_ext"))  # where Sphinx finds them, too
sys.path.insert(0, str(PROJECT / "book"))  # else tests/latents hides the package latents
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ["MPLBACKEND"] = "Agg"
for variable in OURS:  # a test that wants one sets it
    os.environ.pop(variable, None)


def complete_sets() -> dict:
    from latents import complete, data

    return {name: complete.prepared(name) for name in data.NAMES}


def pytest_report_header():
    found = [
        f"{name} {folder.name if folder else 'not found'}"
        for name, folder in complete_sets().items()
    ]
    return f"complete data sets (TFDS_DATA_DIR): {', '.join(found)}"


def pytest_collection_modifyitems(items):
    missing = [name for name, folder in complete_sets().items() if folder is None]
    if not missing:
        return
    reason = (
        f"{' and '.join(missing)} not found: set TFDS_DATA_DIR to a folder where TensorFlow "
        "Datasets has prepared fashion_mnist and horses_or_humans"
    )
    for item in items:
        if "full_data" in item.keywords:
            item.add_marker(pytest.mark.skip(reason=reason))


@pytest.fixture(scope="session")
def project() -> Path:
    return PROJECT


@pytest.fixture(scope="session")
def fashion():
    from latents import data

    return data.load("fashion_mnist")


@pytest.fixture(scope="session")
def drawings():
    from latents import data

    return data.load("horses_or_humans")
