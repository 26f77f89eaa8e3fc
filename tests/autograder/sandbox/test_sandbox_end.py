"""How contained code ends, and that nothing of it is left."""

import contextlib
import os
import select
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from autograder import sandbox
from autograder.sandbox import watcher

pytest_plugins = ["boxes"]
pytestmark = pytest.mark.usefixtures("untouched")

# The last line waits for the daemon, which would end with this process before it tells anything.
DAEMON = """
import os, signal, time
ends = os.pipe()
if not os.fork():
    os.setsid()
    if not os.fork():
        for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
            signal.signal(number, signal.SIG_IGN)
        tell("daemon")
        os.write(ends[1], b"x")
        while True:
            time.sleep(1000)
    os._exit(0)
os.read(ends[0], 1)
"""


@pytest.mark.parametrize(
    ("source", "code"),
    [
        ("pass", 0),
        ("raise SystemExit(3)", 3),
        ("import os; os._exit(77)", 77),
        ("import os; os.abort()", -signal.SIGABRT),
        ("import ctypes; ctypes.string_at(0)", -signal.SIGSEGV),
        ("import os; os.kill(os.getpid(), 9)", -signal.SIGKILL),
        ("import os; os.kill(os.getpid(), 15)", -signal.SIGTERM),
    ],
)
def test_the_watcher_ends_as_the_code_does(containment, source, code):
    with containment.start(source) as box:
        assert box.code() == code


SHORT = """
import os, sys
from autograder.sandbox import watcher
first = os.fork()  # ends, and is gone, before it is watched
if first == 0:
    os._exit(0)
os.waitpid(first, 0)
reports, report = os.pipe()
os.write(report, sys.argv[1].encode())
os.close(report)
child = os.fork()
if child == 0:
    os._exit(0)
try:
    watcher.watch(first, child, reports)
except ProcessLookupError:
    print("nothing was reported")
"""


@pytest.mark.parametrize(
    ("reports", "code", "said"),
    [
        (f"{watcher.INSIDE}\n{watcher.ENDED} {7 << 8}\n", 7, ""),
        ("", 0, "nothing was reported\n"),
    ],
)
def test_code_that_ends_before_it_is_watched_ends_as_it_has_reported(reports, code, said):
    done = subprocess.run([sys.executable, "-c", SHORT, reports], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (code, said), done.stderr


def test_killing_all_processes_reaches_nobody_outside(containment):
    source = """
import os, signal
for process in (-1, 1):
    try:
        os.kill(process, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        pass
tell("alive")
"""
    with containment.start("import signal; tell('up'); signal.pause()", slot=1) as other:
        assert other.hear() == "up"
        assert containment.tells(source) == "alive"
        assert other.process.poll() is None


def test_a_daemon_ends_with_the_notebook(containment):
    with containment.start(DAEMON + "tell('end')") as box:
        assert sorted(box.rest()) == ["daemon", "end"]
        assert box.code() == 0


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_daemon_ends_with_the_watcher(containment, number):
    clear = (
        "import ctypes; ctypes.CDLL(None).prctl(1, 0, 0, 0, 0)  # no signal at a parent's death\n"
    )
    with containment.start(clear + DAEMON + "signal.pause()") as box:
        assert box.hear() == "daemon"
        box.process.send_signal(number)
        assert box.rest() == []
        assert box.code() == -signal.SIGKILL


OWNER = """\
import json, multiprocessing, os, signal, sys
from multiprocessing import reduction
given = json.loads(sys.argv[1])
sys.path.insert(0, given["package"])

class Passed:  # a file that multiprocessing hands over
    def __init__(self, number):
        self.number = number
    def __reduce__(self):
        return Passed.rebuilt, (reduction.DupFd(self.number),)
    @staticmethod
    def rebuilt(passed):
        return passed

def contained(passed):
    from autograder import sandbox
    channel = passed.detach()
    sandbox.enter(sandbox.Limits(), 0, [channel], sandbox.readable_paths())
    tell = lambda value: os.write(channel, (json.dumps(value) + "\\n").encode())
    exec(given["source"], {"tell": tell})

if __name__ == "__main__":
    context = multiprocessing.get_context("forkserver")
    process = context.Process(target=contained, args=(Passed(given["channel"]),))
    process.start()
    os.close(given["channel"])
    signal.pause()
"""


def descendants(process: int) -> set[int]:
    parents = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(FileNotFoundError, ProcessLookupError):
                parents[int(entry.name)] = int(
                    (entry / "stat").read_text().rpartition(")")[2].split()[1]
                )
    found, new = set(), {process}
    while new:
        found |= new
        new = {child for child, parent in parents.items() if parent in new}
    return found


def test_everything_ends_with_the_process_that_owns_the_session(containment):
    with tempfile.TemporaryDirectory(prefix="owner-") as folder:
        Path(folder).chmod(0o755)
        script = Path(folder, "owner.py")
        script.write_text(OWNER)
        source = DAEMON + "signal.pause()"
        with containment.start(source, script=script) as box:
            assert box.hear() == "daemon"
            alive = descendants(box.process.pid)
            assert len(alive) >= 6  # owner, fork server, watcher, first, inside, daemon
            watched = [os.pidfd_open(process) for process in alive]
            box.process.kill()
            assert box.rest() == []
            for number in watched:
                assert select.select([number], [], [], containment.patience)[0], "a process is left"
                os.close(number)


# When it cannot be entered


def test_a_path_that_does_not_exist_refuses_everything(containment):
    source = "tell('inside')"
    with containment.start(source, readable=["/does/not/exist"]) as box:
        (told,) = box.rest()
        assert told["by"] == box.process.pid
        assert "could not be contained" in told["refused"]
        assert "/does/not/exist" in told["refused"]


@pytest.mark.parametrize(
    "step",
    [
        "syscalls.unshare",
        "syscalls.pivot_root",
        "syscalls.restrict",
        "syscalls.detach",
        "syscalls.drop_capabilities",
        "syscalls.replace_environment",
        "os.setresuid",
        "seccomp.install",
    ],
)
def test_no_code_runs_when_a_step_fails(containment, step):
    prelude = f"""
from autograder.sandbox import seccomp, syscalls
def refuse(*_, **__):
    raise OSError("the kernel says no")
{step} = refuse
"""
    with containment.start("tell('inside')", prelude=prelude) as box:
        (told,) = box.rest()
        assert told["by"] == box.process.pid
        assert told["refused"].endswith("could not be contained: the kernel says no.")
        assert box.code() == 1


@pytest.mark.parametrize("step", ["seccomp.install", "syscalls.drop_bounding_set"])
def test_no_code_runs_when_a_step_had_no_effect(containment, step):
    prelude = f"from autograder.sandbox import seccomp, syscalls; {step} = lambda: None"
    with containment.start("tell('inside')", prelude=prelude) as box:
        (told,) = box.rest()
        assert " is " in told["refused"] and " and not " in told["refused"]


def test_a_step_that_kills_the_first_process_is_a_refusal(containment):
    ended = "from autograder.sandbox import rootfs; rootfs.build = lambda *_: os._exit(0)"
    with containment.start("tell('inside')", prelude=ended) as box:
        (told,) = box.rest()
        assert "its first process was killed" in told["refused"]


def test_a_slot_that_does_not_exist_is_refused(containment):
    with containment.start("tell('inside')", slot=1000) as box:
        (told,) = box.rest()
        assert "no slot 1000" in told["refused"]


def test_a_process_with_threads_is_refused(containment):
    prelude = """
import threading
stop = threading.Event()
threading.Thread(target=stop.wait, daemon=True).start()
"""
    with containment.start("tell('inside')", prelude=prelude) as box:
        (told,) = box.rest()
        assert "several threads" in told["refused"]


def test_what_is_available_is_known(containment):
    prelude = "tell([sandbox.available(), sandbox.reason()])"
    expected = "namespaces" if containment.name == "root" else "user namespaces"
    with containment.start("", prelude=prelude) as box:
        assert box.rest() == [[expected, ""]]


def test_where_nothing_is_allowed_the_reason_is_told(containment):
    source = "from autograder import sandbox; tell([sandbox.available(), sandbox.reason()])"
    found, reason = containment.tells(source)
    assert found == "none"
    assert "could not be contained" in reason
    assert "Operation not permitted" in reason


@pytest.mark.parametrize("machine", ["riscv64", "i686"])
def test_another_processor_is_a_reason(containment, machine):
    prelude = f"import platform; platform.machine = lambda: {machine!r}"
    with containment.start("tell('inside')", prelude=prelude) as box:
        (told,) = box.rest()
        assert f"system calls cannot be filtered on {machine}" in told["refused"]


def test_another_system_is_a_reason(monkeypatch):
    monkeypatch.setattr(sandbox.sys, "platform", "darwin")
    sandbox.availability.cache_clear()
    assert sandbox.available() is sandbox.Containment.NONE
    assert sandbox.reason() == "Notebooks can be contained on Linux only, not on darwin."
    sandbox.availability.cache_clear()
