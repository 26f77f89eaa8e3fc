"""When a test may be skipped: the reasons, and what must be so on this machine for each.

A test that skips for any other reason, or for a reason that does not hold here, fails the run.
"""

import functools
import os
import platform
import shutil
import stat
import subprocess
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest


@functools.cache
def _no_namespaces() -> bool:
    """Ask a program of the system, and not the code that is tested."""
    if not (program := shutil.which("unshare")):
        return True
    call = [program, "--user", "--map-root-user", "--mount", "--pid", "--net", "--fork", "true"]
    return subprocess.run(call, capture_output=True, timeout=60).returncode != 0


def _no_bubblewrap() -> bool:
    """Whether the package index has no bwrap for this machine, or the kernel would refuse it."""
    built = sys.platform == "linux" and platform.machine() in ("x86_64", "aarch64")
    return not built or _no_namespaces()


def _no_data() -> bool:
    from latents import data
    from latents.data import complete

    return not all(complete.prepared(name) for name in data.NAMES)


def _no_gpu() -> bool:
    """Ask TensorFlow, which takes seconds to start, only where a driver has made a device."""
    devices = [*Path("/dev").glob("nvidia[0-9]*"), *Path("/dev").glob("dxg")]
    if sys.platform == "linux" and not devices:
        return True
    import tensorflow as tf

    return not tf.config.list_physical_devices("GPU")


def _private_python() -> bool:
    path = Path(sys.executable).resolve()
    return os.geteuid() == 0 and not all(
        folder.stat().st_mode & stat.S_IXOTH for folder in (path, *path.parents)
    )


NAMESPACES = "this kernel gives no namespaces, so no student code can be contained"
BUBBLEWRAP = "bubblewrap cannot run on this machine"
DATA = "the complete data sets are not in TFDS_DATA_DIR"
GPU = "TensorFlow finds no graphics card on this machine"
NO_ROOT = "only root may do this"
ROOT = "this does not concern root"
PYTHON = "an unprivileged user can run no Python 3.11 on this machine"
PLATFORM = "this concerns Linux only"

REASONS: dict[str, Callable[[], bool]] = {
    NAMESPACES: _no_namespaces,
    BUBBLEWRAP: _no_bubblewrap,
    DATA: _no_data,
    GPU: _no_gpu,
    NO_ROOT: lambda: os.geteuid() != 0,
    ROOT: lambda: os.geteuid() == 0,
    PYTHON: _private_python,
    PLATFORM: lambda: sys.platform != "linux",
}


def unexpected(reason: str) -> bool:
    """Return whether a test must not be skipped here for this reason."""
    return not any(reason.startswith(known) and holds() for known, holds in REASONS.items())


def reason_of(report: pytest.TestReport) -> str:
    """Return why a test or a file was skipped."""
    skipped = report.longrepr
    text = skipped[2] if isinstance(skipped, tuple) else str(skipped)
    return text.removeprefix("Skipped: ")


def table(reports: Iterable[pytest.TestReport]) -> list[str]:
    """Return lines that say how many tests were skipped, why, and which of them must not be."""
    by_reason: dict[str, list[str]] = {}
    for report in reports:
        by_reason.setdefault(reason_of(report), []).append(report.nodeid)
    lines = []
    for reason, names in sorted(by_reason.items(), key=lambda item: -len(item[1])):
        verdict = "NOT EXPECTED HERE, fails the run" if unexpected(reason) else "expected here"
        lines += [f"{len(names):5}  {reason} ({verdict})", f"       {names[0]}"]
        if len(names) > 1:
            lines[-1] += f" and {len(names) - 1} more"
    return lines


# Hooks of pytest


def pytest_terminal_summary(terminalreporter):
    """Say what was skipped and why, and name what must not be skipped on this machine."""
    if reports := terminalreporter.stats.get("skipped", []):
        terminalreporter.section("skipped tests")
        for line in table(reports):
            terminalreporter.write_line(line)


def pytest_sessionfinish(session):
    """Fail a run in which a test was skipped that could have run."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if reporter is None or session.exitstatus != pytest.ExitCode.OK:  # also so in xdist's workers
        return
    if any(unexpected(reason_of(report)) for report in reporter.stats.get("skipped", [])):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
