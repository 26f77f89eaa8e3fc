"""What the experiments define, without their trainings."""

import importlib.util
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def training_bench():
    """Return the module behind the training part of ``make bench``."""
    return _benchmark("training")


@pytest.fixture(scope="session")
def machine_bench():
    """Return the module behind the part of ``make bench`` that times this machine."""
    return _benchmark("machine")


@pytest.fixture(scope="session")
def arithmetic():
    """Return the module that counts multiply–adds."""
    return _benchmark("arithmetic")


def _benchmark(name):
    file = PROJECT / "tests" / "benchmarks" / f"{name}.py"
    spec = importlib.util.spec_from_file_location(f"{name}_bench", file)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # where dataclasses look for the module of a class
    spec.loader.exec_module(module)
    return module
