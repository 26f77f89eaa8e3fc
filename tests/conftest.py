"""What all tests share: a clean environment, the project's folder, and a word on the data sets."""

import fcntl
import os
import subprocess
import sys
from pathlib import Path

import hypothesis
import pytest

PROJECT = Path(__file__).resolve().parents[1]
OURS = (
    *("PROFILE", "LATENTS_BOOK", "LATENTS_CACHE", "LATENTS_RECORDS"),
    # Where the repository is changes the notebooks, and with them what the tests expect.
    *("LATENTS_REPOSITORY", "LATENTS_SITE", "GITHUB_ACTIONS"),
)

sys.path.insert(0, str(PROJECT / "tests" / "support"))
sys.path.insert(0, str(PROJECT / "book" / "_tools"))
sys.path.insert(0, str(PROJECT / "book" / "_ext"))  # where Sphinx finds them, too
sys.path.insert(0, str(PROJECT / "book"))  # else tests/latents hides the package latents
sys.path.insert(0, str(PROJECT))  # else tests/autograder hides the package autograder
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ["MPLBACKEND"] = "Agg"
for variable in OURS:  # a test that wants one sets it
    os.environ.pop(variable, None)

pytest_plugins = ["kept_outcomes"]


import skips  # noqa: E402
from skips import pytest_sessionfinish, pytest_terminal_summary  # noqa: E402, F401


def complete_sets() -> dict:
    from latents import data
    from latents.data import complete

    return {name: complete.prepared(name) for name in data.NAMES}


def pytest_report_header():
    found = [
        f"{name} {folder.name if folder else 'not found'}"
        for name, folder in complete_sets().items()
    ]
    return f"complete data sets (TFDS_DATA_DIR): {', '.join(found)}"


# The same examples in every run, so that a failure is a failure of the change that is tested;
# HYPOTHESIS_PROFILE=search looks for new ones, and `make check` tries a few.
same = hypothesis.settings(derandomize=True, deadline=None, database=None)
for name, count in {"same": 50, "few": 5}.items():
    hypothesis.settings.register_profile(name, same, max_examples=count)
hypothesis.settings.register_profile("search", deadline=None, max_examples=5_000)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "same"))


COSTLY = ("verdicts",)  # fixtures that several files share and that take minutes to make


def pytest_itemcollected(item):
    """Run each file, or all that share a costly fixture, in one process: nothing is made twice."""
    shared = [name for name in COSTLY if name in getattr(item, "fixturenames", ())]
    item.add_marker(pytest.mark.xdist_group((shared or [item.nodeid.partition("::")[0]])[0]))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_node_collection_finished(node, ids):
    """Stop if the groups are not heeded: each process would make the costly fixtures again."""
    loose = [each for each in ids if "@" not in each]
    if loose and node.config.option.dist == "loadgroup":
        pytest.exit(f"pytest-xdist does not group the tests, such as {loose[0]}.", 4)


NEEDED = {"full_data": skips.DATA, "gpu": skips.GPU}  # by marker: what a machine may lack


def pytest_collection_modifyitems(items):
    for marker, reason in NEEDED.items():
        marked = [item for item in items if marker in item.keywords]
        if marked and skips.REASONS[reason]():
            for item in marked:
                item.add_marker(pytest.mark.skip(reason=reason))


@pytest.fixture(scope="session")
def project() -> Path:
    return PROJECT


@pytest.fixture(scope="session")
def built(project, tmp_path_factory):
    """Build the book in the quick profile, once for all processes; return the folder of its site.

    The first process builds. The others wait for it, and build themselves if it has failed.
    """
    folder = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        folder = folder.parent  # what the processes of one run share
    done = folder / "book-is-built"
    with (folder / "book.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not done.exists():
            build(project)
            done.touch()
    return project / "_build" / "html"


def build(project):
    environment = {key: value for key, value in os.environ.items() if key != "LATENTS_RECORDS"}
    done = subprocess.run(
        [sys.executable, project / "book" / "_tools" / "build.py"],
        env=environment | {"PROFILE": "quick"},
        capture_output=True,
        text=True,
        timeout=3000,
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]


@pytest.fixture(scope="session")
def fashion():
    from latents import data

    return data.load("fashion_mnist")


@pytest.fixture(scope="session")
def drawings():
    from latents import data

    return data.load("horses_or_humans")
