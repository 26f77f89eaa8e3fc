"""The libraries that the warm process imports, from which all notebooks are forked."""

import os
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

from autograder import AutograderError
from autograder.execution.worker.entering import LIBRARIES

OUR_EXERCISES = "autograder.checks"  # stands for all that our exercises need
ORDINARY = ("numpy", "pandas", "matplotlib.pyplot")  # for a course without our exercises
NAME = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*", re.ASCII)
IMPORT_TIMEOUT = 300  # seconds for all imports


def select(config: Any, with_ours: bool) -> tuple[str, ...]:
    """Return the libraries that a course wants imported, from ``c.Autograder.libraries``.

    Parameters
    ----------
    config : Config
        nbgrader's settings of the course.
    with_ours : bool
        Whether the course has one of our exercises.

    Raises
    ------
    AutograderError
        If the setting is not a list of module names, or one of them cannot be imported.
    """
    ours = (OUR_EXERCISES,) if with_ours else ()
    if "libraries" not in config.get("Autograder", {}):
        return ours or ORDINARY
    names = config.Autograder.libraries
    valid = isinstance(names, list | tuple) and all(
        isinstance(name, str) and NAME.fullmatch(name) for name in names
    )
    if not valid:
        raise AutograderError(
            "c.Autograder.libraries in nbgrader_config.py must be a list of module names, such "
            f"as {list(ORDINARY)}."
        )
    _require(tuple(names))
    return (*ours, *names)


@cache
def _require(names: tuple[str, ...]) -> None:
    """Check in a separate process that some libraries can be imported."""
    code = "import importlib, sys\nfor name in sys.argv[1:]:\n"
    code += "    try:\n        importlib.import_module(name)\n"
    code += "    except BaseException as error:\n"
    code += "        sys.exit(f'\\n{name} cannot be imported ({type(error).__name__}: {error})')"
    command = [sys.executable, "-P", "-c", code, *names]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=IMPORT_TIMEOUT, check=False
        )
        errors = done.stderr.strip().splitlines()[-1:] or [f"exit code {done.returncode}"]
    except subprocess.TimeoutExpired:
        raise AutograderError(
            f"The libraries in nbgrader_config.py could not be imported within {IMPORT_TIMEOUT} s: "
            "take those that hang out of c.Autograder.libraries."
        ) from None
    if done.returncode:
        raise AutograderError(
            f"{errors[0].rstrip('.')}: install it, or take it out of c.Autograder.libraries in "
            "nbgrader_config.py."
        )


@contextmanager
def preloading(names: Iterable[str]) -> Iterator[None]:
    """Make warm processes that start in the meantime import some libraries."""
    before = os.environ.get(LIBRARIES)
    os.environ[LIBRARIES] = ",".join(names)
    try:
        yield
    finally:
        os.environ.pop(LIBRARIES)
        if before is not None:
            os.environ[LIBRARIES] = before


def requested() -> tuple[str, ...]:
    """Return the names of the libraries that this process is to import."""
    return tuple(filter(None, os.environ.get(LIBRARIES, OUR_EXERCISES).split(",")))
