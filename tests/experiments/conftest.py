"""What the experiments define, without their trainings."""

import importlib.util
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def training_bench():
    """Return the module behind the training part of ``make bench``."""
    file = PROJECT / "tests" / "benchmarks" / "training.py"
    spec = importlib.util.spec_from_file_location("training_bench", file)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
