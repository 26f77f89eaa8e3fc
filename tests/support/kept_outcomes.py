"""Slow tests that have passed pass again at once, while nothing that they depend on has changed.

``pytestmark = pytest.mark.kept("book/experiments", "book/latents")`` names the folders and files
that the tests of a file depend on; the file itself, the helpers and the versions of all libraries
are always among them. Only passes are kept, only on this machine (``.cache/tests``), and the end of
the run says how many there were. ``KEPT=no`` runs everything.

Whole folders of tests are named in ``FOLDERS``. What is executed in the quick profile is made anew
from the rest, so its records do not count.
"""

import functools
import hashlib
import os
from pathlib import Path

import kept_results
import pytest

from autograder.execution.processes import code

SITE = ("book", "solutions", "_config.yml", "_toc.yml", "package-lock.json")
JUDGES = ("autograder", "solutions", "book/latents")
FOLDERS = {"tests/site": SITE, "tests/autograder/exercises": JUDGES}
MADE = Path("book", "records", "quick")
COMPILED = "__pycache__"
KEPT = ("kept", True)  # marks the report of a test that has not run


@functools.cache
def state(root: Path, *paths: str) -> str:
    """Return a hash of what lies in some folders of a project, or of files."""
    digest = hashlib.sha256(code.environment().encode())
    digest.update(os.environ.get("TFDS_DATA_DIR", "").encode())
    for path in (*paths, "tests/support", "pyproject.toml"):
        files = sorted((root / path).rglob("*")) if (root / path).is_dir() else [root / path]
        for file in files:
            place = file.relative_to(root)
            if MADE not in place.parents and COMPILED not in place.parts and file.is_file():
                digest.update(f"{place}\n{file.stat().st_size}\n".encode())
                digest.update(file.read_bytes())
    return digest.hexdigest()


def pytest_collection_modifyitems(items):
    """Mark the tests of the folders that are kept as a whole."""
    for item in items:
        folder = item.path.parent.relative_to(item.config.rootpath).as_posix()
        if folder in FOLDERS:
            item.add_marker(pytest.mark.kept(*FOLDERS[folder]))


def place(item: pytest.Item) -> Path | None:
    """Return the file that says that a test has passed, or None if it is always to run."""
    marker = item.get_closest_marker("kept")
    if marker is None or os.environ.get("KEPT") == "no":
        return None
    root = item.config.rootpath
    # The test itself, and the fixtures of all folders above it.
    above = [folder / "conftest.py" for folder in item.path.parents if folder.is_relative_to(root)]
    files = [file.relative_to(root).as_posix() for file in (item.path, *above) if file.is_file()]
    folder = kept_results.folder(f"passed-{item.path.stem}", state(root, *marker.args, *files))
    return kept_results.file(folder, item.nodeid.partition("@")[0])


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item):
    """Make no fixtures for a test that has passed before."""
    file = place(item)
    if file is not None and file.exists():
        item.user_properties.append(KEPT)
        item.fixturenames = []


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem):
    """Let a test pass that has passed before."""
    return True if KEPT in pyfuncitem.user_properties else None


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """Keep it that a test has passed."""
    report = (yield).get_result()
    new = report.when == "call" and report.passed and KEPT not in item.user_properties
    if new and (file := place(item)) is not None:
        kept_results.write(file, True)


def pytest_terminal_summary(terminalreporter):
    """Say how many tests have not run, for they had passed before."""
    passed = terminalreporter.stats.get("passed", [])
    if count := sum(KEPT in map(tuple, report.user_properties) for report in passed):
        terminalreporter.write_line(
            f"{count} slow test{'s have' if count > 1 else ' has'} passed before with the same "
            "sources; not run again (KEPT=no runs them)."
        )
