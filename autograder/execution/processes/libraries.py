"""The libraries that the process from which all notebooks are forked has imported already."""

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

OURS = "autograder.checks"  # stands for all that our exercises need
ORDINARY = ("numpy", "pandas", "matplotlib.pyplot")  # of a course without our exercises
NAME = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*", re.ASCII)
LONGEST = 300  # seconds for all imports


def chosen(config: Any, with_ours: bool) -> tuple[str, ...]:
    """Return what a course wants to have imported: ``c.Autograder.libraries`` of its settings.

    Parameters
    ----------
    config : Config
        nbgrader's settings of the course.
    with_ours : bool
        Whether one of our exercises is in the course.

    Raises
    ------
    AutograderError
        If the setting is no list of names of modules, or one of them cannot be imported.
    """
    ours = (OURS,) if with_ours else ()
    if "libraries" not in config.get("Autograder", {}):
        return ours or ORDINARY
    names = config.Autograder.libraries
    named = isinstance(names, list | tuple) and all(
        isinstance(each, str) and NAME.fullmatch(each) for each in names
    )
    if not named:
        raise AutograderError(
            "c.Autograder.libraries in nbgrader_config.py must be a list of names of modules, such "
            f"as {list(ORDINARY)}."
        )
    _require(tuple(names))
    return (*ours, *names)


@cache
def _require(names: tuple[str, ...]) -> None:
    """Import some libraries in a process of their own, which is where they may fail."""
    code = "import importlib, sys\nfor name in sys.argv[1:]:\n"
    code += "    try:\n        importlib.import_module(name)\n"
    code += "    except BaseException as error:\n"
    code += "        sys.exit(f'\\n{name} cannot be imported ({type(error).__name__}: {error})')"
    command = [sys.executable, "-P", "-c", code, *names]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=LONGEST, check=False)
        told = done.stderr.strip().splitlines()[-1:] or [f"exit code {done.returncode}"]
    except subprocess.TimeoutExpired:
        raise AutograderError(
            f"The libraries in nbgrader_config.py are not imported within {LONGEST} s: take those "
            "out of c.Autograder.libraries that hang."
        ) from None
    if done.returncode:
        raise AutograderError(
            f"{told[0].rstrip('.')}: install it, or take it out of c.Autograder.libraries in "
            "nbgrader_config.py."
        )


@contextmanager
def announced(names: Iterable[str]) -> Iterator[None]:
    """Tell the processes that begin meanwhile what to import."""
    before = os.environ.get(LIBRARIES)
    os.environ[LIBRARIES] = ",".join(names)
    try:
        yield
    finally:
        os.environ.pop(LIBRARIES)
        if before is not None:
            os.environ[LIBRARIES] = before


def named() -> tuple[str, ...]:
    """Return what a process has been told to import."""
    return tuple(filter(None, os.environ.get(LIBRARIES, OURS).split(",")))
