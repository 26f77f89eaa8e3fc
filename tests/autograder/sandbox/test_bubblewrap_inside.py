"""What code can do in a process that bwrap has contained, and how it ends."""

import signal
import subprocess
import tempfile
from pathlib import Path

import pytest
import running
import skips

from autograder.checks import solutions
from autograder.execution import job as jobs
from autograder.execution.processes import session
from autograder.sandbox import Containment, Limits, bubblewrap, confine

pytest_plugins = ["boxes"]
MIB = 2**20
UNFILTERED = "from autograder.sandbox import seccomp; seccomp.install = lambda: None"

# The same as `boxes.MAIN`, with bwrap.
MAIN = """\
import json, os, sys
given = json.loads(sys.argv[1])
sys.path.insert(0, given["package"])
from pathlib import Path
from autograder import sandbox
from autograder.sandbox import bubblewrap

readable = [*sandbox.readable_paths(), *map(Path, given["readable"])]
limits = sandbox.Limits(**given["limits"])
tell = f'''
import json, os
def tell(value):
    os.write({given["channel"]}, (json.dumps(value) + "\\\\n").encode())
'''
code = tell + given["source"]
try:
    bubblewrap.enter(
        limits, given["slot"], [given["channel"]], readable, given["prelude"], code
    )
except sandbox.SandboxError as error:
    exec(tell)
    tell({"refused": str(error)})
"""


@pytest.fixture(scope="module")
def bwrap():
    """Skip where the program is missing or may do nothing."""
    program = bubblewrap.program()
    if program is None:
        pytest.skip(f"{skips.BUBBLEWRAP}: it is not installed")
    if "--size" not in subprocess.run([program, "--help"], capture_output=True, text=True).stdout:
        pytest.skip(f"{skips.BUBBLEWRAP}: {program} is older than 0.7")
    plain = [program, "--unshare-all", "--unshare-user", "--ro-bind", "/", "/", "true"]
    done = subprocess.run(plain, capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f"{skips.BUBBLEWRAP}: {done.stderr.strip()}")


@pytest.fixture
def start(bwrap, containment):
    """Give a function that starts code in a box made by bwrap."""
    with tempfile.TemporaryDirectory(prefix="main-") as folder:
        Path(folder).chmod(0o755)  # for the user who is not root
        script = Path(folder, "main.py")
        script.write_text(MAIN)
        yield lambda source, **given: containment.start(source, script=script, **given)


def told(box):
    """Return the only value that a box tells until all in it have ended."""
    with box:
        values = box.rest()
        assert len(values) == 1, f"{values}, {box.errors()}"
        return values[0]


# What code inside can do


def test_only_what_was_listed_is_visible(start, project):
    source = """
found = []
for folder, folders, files in os.walk("/"):
    hidden = {*shown, "/proc", "/tmp", "/dev"}
    folders[:] = [name for name in folders if os.path.join(folder, name) not in hidden]
    found += [os.path.join(folder, name) for name in files]
others = [name for name in os.listdir("/tmp") if not any(
    path.startswith(f"/tmp/{name}/") for path in shown)]
tell([found, sorted(os.listdir("/dev")), others, os.getcwd(), os.path.exists(SOLUTIONS)])
""".replace("SOLUTIONS", repr(str(project / "solutions")))
    prelude = "from autograder.sandbox import rootfs\nshown = [*map(str, rootfs.readable_paths())]"
    files, devices, private, here, solutions = told(start(source, prelude=prelude))
    allowed = {"/etc/passwd", "/etc/group", "/etc/ld.so.cache", "/etc/localtime"}
    assert {*files} <= allowed
    assert devices == ["null", "ptmx", "pts", "random", "shm", "terminals", "urandom", "zero"]
    assert private == []
    assert (here, solutions) == ("/tmp", False)


@pytest.mark.parametrize(
    "place",
    [
        "/x",
        "/usr/x",
        "/etc/x",
        "/dev/x",
        "/proc/x",
        "/dev/null/x",
        "/dev/terminals/x",
        "/dev/terminals/shm/x",
    ],
)
def test_nothing_outside_of_tmp_can_be_written(start, containment, place):
    refused = "Read-only file system", "No such file or directory", "Not a directory"
    assert told(start(containment.writing(place))) in (*refused, "Permission denied")


def test_programs_find_pseudo_terminals_of_their_own(start):
    source = """
import pty
before = os.listdir("/dev/pts")
child, terminal = pty.fork()
if not child:
    os.execv("/bin/sh", ["sh", "-c", "tty > /dev/null && test -t 0 && echo terminal"])
text = os.read(terminal, 1024).decode()
tell([before, os.waitpid(child, 0)[1], text.split()])
"""
    assert told(start(source)) == [["ptmx"], 0, ["terminal"]]


def test_the_private_folder_is_limited(start):
    source = """
try:
    with open("/tmp/x", "wb") as file:
        while True:
            file.write(bytes(2**16))
except OSError as error:
    tell([error.strerror, os.path.getsize("/tmp/x")])
"""
    text, size = told(start(source, disk=3 * MIB))
    assert text in ("No space left on device", "File too large")
    assert size <= 3 * MIB


def test_no_right_no_process_and_no_network_is_left(start):
    source = """
import socket
status = dict(line.split(":", 1) for line in open("/proc/self/status"))
kinds = [name for name in os.listdir("/proc") if name.isdigit()]
def refused(call):
    try:
        call()
    except OSError as error:
        return error.strerror
tell([{name: value.split() for name, value in status.items()}, sorted(kinds, key=int),
      [refused(lambda: socket.socket()), refused(lambda: open("/proc/1/environ").read()),
       refused(lambda: open("/proc/1/mem", "rb").read(1))]])
"""
    status, processes, refusals = told(start(source, slot=7))
    for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
        assert status[name] == ["0" * 16]
    assert status["Uid"] == status["Gid"] == ["64007"] * 4
    assert (status["NoNewPrivs"], status["Seccomp"]) == (["1"], ["2"])
    assert processes == ["1", "2"]
    assert refusals == ["Permission denied"] * 3


def test_the_environment_and_the_files_of_the_grader_are_gone(start):
    source = """
links = {}
for name in os.listdir("/proc/self/fd"):
    try:
        links[name] = os.readlink(f"/proc/self/fd/{name}")
    except FileNotFoundError:  # the listing itself
        pass
tell([dict(os.environ), links])
"""
    environment = {"TOKEN": "the-answers", "MPLBACKEND": "agg"}
    kept, links = told(start(source, environment=environment))
    assert kept["MPLBACKEND"] == "agg"
    assert {*kept} <= {"HOME", "LOGNAME", "PATH", "USER", "LANG", *confine.KEPT_VARIABLES}
    assert (
        sorted(link for link in links.values() if not link.startswith("pipe:")) == ["/dev/null"] * 3
    )
    assert len(links) == 4


def test_processes_are_limited(start, containment):
    if containment.name == "root":
        pytest.skip(f"{skips.ROOT}, whose processes the kernel does not limit: bwrap is not chosen")
    source = """
import time
made = 0
try:
    while True:
        if os.fork() == 0:
            time.sleep(3600)
        made += 1
except BlockingIOError:
    tell(made)
"""
    assert told(start(source, processes=20)) <= 22


def test_what_the_imports_compute_does_not_count(start):
    busy = "import time\nwhile time.process_time() < 2: pass"
    assert told(start("tell('still there')", prelude=busy, cpu=1)) == "still there"


def test_threads_of_the_imports_are_not_inside(start):
    thread = """
import threading
threading.Thread(target=threading.Event().wait, daemon=True).start()
"""
    source = "tell(len(os.listdir('/proc/self/task')))"
    assert told(start(source, prelude=thread)) == 1


# How it ends


@pytest.mark.parametrize(
    ("code", "ends"),
    [
        ("pass", 0),
        ("os._exit(77)", 77),
        ("os.abort()", -signal.SIGABRT),
        ("import ctypes; ctypes.string_at(0)", -signal.SIGSEGV),
        ("os.kill(os.getpid(), 9)", -signal.SIGKILL),
        ("while True: pass", -signal.SIGXCPU),
    ],
)
def test_the_watcher_ends_as_the_code_does(start, code, ends):
    with start(code, cpu=1) as box:
        assert box.rest() == []
        assert box.code() == ends


# The last line waits for the daemon, which would end with this process before it tells anything.
DAEMON = """
ends = os.pipe()
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        tell("daemon")
        os.write(ends[1], b"x")
        while True:
            import signal
            signal.pause()
    os._exit(0)
os.read(ends[0], 1)
"""


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_all_ends_with_the_watcher(start, number):
    with start(DAEMON + "import signal; signal.pause()") as box:
        assert box.hear() == "daemon"
        box.process.send_signal(number)
        assert box.rest() == []  # returns when no process is left that could tell anything
        assert box.code() == -signal.SIGKILL


def test_a_daemon_ends_with_the_notebook(start):
    with start(DAEMON) as box:
        assert box.rest() == ["daemon"]
        assert box.code() == 0


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({"readable": ["/does/not/exist"]}, "Can't find source path /does/not/exist"),
        ({"prelude": "1 / 0"}, "ZeroDivisionError"),
        (
            {"prelude": "from autograder.sandbox import seccomp; seccomp.install = lambda: None"},
            "Seccomp",
        ),
        ({"prelude": "import os; os._exit(0)"}, "its first process was killed"),
    ],
)
def test_no_code_runs_when_a_step_fails(start, given, reason):
    assert reason in told(start("tell('inside')", **given))["refused"]


# A notebook

LEFT_BEHIND = """
import ctypes, os, time
ends = os.pipe()
if os.fork() == 0:
    os.setsid()
    ctypes.CDLL(None).prctl(15, b"left-by-bwrap")
    os.write(ends[1], b"x")
    time.sleep(3600)
print("daemon", os.read(ends[0], 1))
"""


@pytest.mark.slow
def test_a_notebook_is_graded_with_bwrap_and_nothing_is_left(bwrap, references):
    known = references["sampling"]
    answer = solutions.preamble("sampling"), solutions.source("sampling"), LEFT_BEHIND
    cells = tuple((f"cell-{number}", source) for number, source in enumerate(answer))
    parts = tuple(
        (known.exercise.cell(part), f'part = exercise.check("{part.name}")\npart.report()')
        for part in known.exercise.parts
    )
    budget = session.Budget(60, 300, Containment.BUBBLEWRAP, Limits(disk=64 * MIB))
    result = jobs.execute(jobs.Job("sampling", cells, parts), known, budget)
    assert sum(part.points for part in result.parts.values()) == 10
    assert result.containment == "bubblewrap"
    assert "daemon b'x'" in str(result.outputs["cell-2"])
    assert "left-by-bwrap\n" not in running.names()
