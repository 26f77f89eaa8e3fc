"""Contain a forked process before it runs student code, and end all that student code starts.

Three processes take part. The one that calls `enter` stays outside as the *watcher* and is the one
that others wait for and kill. The *first* process of the new process namespace collects what its
descendants leave and ends them all when it ends; it dies with the watcher. Its child is the
*inside*, the only one that returns from `enter`, and runs the student's code.
"""

import functools
import os
import platform
import re
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Collection, Sequence
from enum import StrEnum
from pathlib import Path

from autograder import linux, rootfs
from autograder.confine import Limits, confine
from autograder.rootfs import readable_paths
from autograder.watcher import (
    INSIDE,
    SandboxError,
    collect,
    die_with_parent,
    failure,
    give_up,
    watch,
)

__all__ = ["Containment", "Limits", "SandboxError", "available", "enter", "readable_paths"]

SLOTS = 1000
# RLIMIT_NPROC counts by user, hence one for each notebook. Root takes a block of SLOTS numbers at
# random, so that two graders do not meet, above those that directories and containers give out.
FIRST_USER, BLOCKS = 2_001_000_000, 146_000
FEW_USERS = 64000  # the first one in a user namespace or in a container with few users
OLDEST = (5, 14)  # the kernel that counts processes for each user namespace apart
RIGHTS = (6, 7, 8, 21)  # capabilities to set groups and users, drop capabilities, make namespaces
TRIAL = 60  # seconds


class Containment(StrEnum):
    """What separates student code from the machine."""

    NAMESPACES = "namespaces"  # a user of its own for each slot; needs root
    USER_NAMESPACES = "user namespaces"  # the grader's own user under another number
    BUBBLEWRAP = "bubblewrap"  # the same, made by the program bwrap; slow to start
    NONE = "none"


def available() -> Containment:
    """Return the best that the kernel and the rights of this process allow; tried only once."""
    return _tried()[0]


def reason() -> str:
    """Return why `available` says ``NONE``, as a sentence; empty if it does not."""
    return _tried()[1]


@functools.cache
def _tried() -> tuple[Containment, str]:
    if sys.platform != "linux":
        return Containment.NONE, f"Notebooks can be contained on Linux only, not on {sys.platform}."
    from autograder import bubblewrap

    if not (refusal := attempt("from autograder import sandbox; sandbox.trial()")):
        return _kind(), ""
    if not (second := bubblewrap.fault()):
        return Containment.BUBBLEWRAP, ""
    return Containment.NONE, f"{refusal} {second}"


def attempt(source: str) -> str:
    """Run a trial as a program of its own; return why it failed, or an empty text."""
    places = os.pathsep.join([str(Path(__file__).parents[1]), os.environ.get("PYTHONPATH", "")])
    try:
        done = subprocess.run(
            [sys.executable, "-P", "-c", source],
            env=os.environ | {"PYTHONPATH": places.strip(os.pathsep)},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=TRIAL,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"The trial of the containment did not end well: {error}."
    if done.returncode == 0:
        return ""
    lines = done.stderr.strip().splitlines() or [f"The trial ended with {done.returncode}."]
    return lines[-1]


def trial() -> None:
    """Enter a containment and end; say why if that is not possible."""
    try:
        enter(Limits(), 0, (), readable_paths())
    except SandboxError as error:
        sys.exit(str(error))
    os._exit(0)


def enter(limits: Limits, slot: int, keep: Collection[int], readable: Sequence[Path]) -> None:
    """Continue in a contained process; the one that called stays outside as its watcher.

    The watcher ends as the inside does, with its code or its signal, and by then all processes
    inside are gone. It may be killed at any time: so is, then, everything inside. Student code
    inherits the memory of the caller: what is secret must never have been in it.

    Parameters
    ----------
    limits : Limits
        What the notebook may use.
    slot : int
        From 0; no two that a grader runs at a time may have the same.
    keep : collection of int
        File descriptors that stay open inside, besides 0, 1 and 2, which lead to /dev/null.
    readable : sequence of Path
        What is visible, read-only, usually `readable_paths`.

    Raises
    ------
    SandboxError
        If any step failed. It is raised outside only, in the caller, which must run no student
        code and should report and end: it has become the watcher of nothing.
    """
    kind, user = _kind(), _user(slot)
    reports, report = os.pipe()
    try:
        watcher, first = _fork(kind, user)
    except OSError as error:
        os.close(reports)
        os.close(report)
        raise failure(error) from error
    if first:
        os.close(report)
        watch(first, first, reports)
    try:
        os.close(reports)
        _become_first(user, watcher, report, limits, readable)
        own = kind is Containment.NAMESPACES
        confine(user, limits, {*keep, report}, own_user=own)
        os.write(report, f"{INSIDE}\n".encode())
        os.close(report)
    except BaseException as error:  # the half contained process must not reach the caller
        give_up(report, error)


def _fork(kind: Containment, user: int) -> tuple[int, int]:
    """Return a descriptor of the watcher, and the first process or 0 in that process itself."""
    if len([*Path("/proc/self/task").iterdir()]) > 1:
        raise OSError("it has several threads")
    if kind is Containment.USER_NAMESPACES:
        _map_user(user)
    die_with_parent()
    watcher = os.pidfd_open(os.getpid())
    linux.unshare(linux.NEW_PIDS)
    return watcher, os.fork()


def _kind() -> Containment:
    """Return which kind of containment the rights of this process call for."""
    status = Path("/proc/self/status").read_text()
    rights = int(re.search(r"^CapEff:\s*(\w+)$", status, re.MULTILINE)[1], 16)
    if all(rights >> right & 1 for right in RIGHTS):
        return Containment.NAMESPACES
    return Containment.USER_NAMESPACES


def _user(slot: int) -> int:
    """Return the number of the user and the group inside."""
    if not 0 <= slot < SLOTS:
        raise SandboxError(f"There are slots 0 to {SLOTS - 1} for notebooks, and no slot {slot}.")
    maps = Path("/proc/self/uid_map"), Path("/proc/self/gid_map")
    if _kind() is Containment.NAMESPACES and all(map(_has_all_users, maps)):
        return FIRST_USER + SLOTS * (int.from_bytes(os.urandom(4), "big") % BLOCKS) + slot
    return FEW_USERS + slot


def _has_all_users(file: Path) -> bool:
    ranges = [tuple(map(int, line.split())) for line in file.read_text().splitlines()]
    last = FIRST_USER + SLOTS * BLOCKS
    return any(first <= FIRST_USER and last <= first + count for first, _, count in ranges)


def _map_user(user: int) -> None:
    """Move to a user namespace in which this process has all rights and another number."""
    refuse_an_old_kernel()
    outside = os.geteuid(), os.getegid()
    linux.unshare(linux.NEW_USER)
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{user} {outside[0]} 1")
    Path("/proc/self/gid_map").write_text(f"{user} {outside[1]} 1")


def refuse_an_old_kernel() -> None:
    """Raise OSError where the limit on processes would count those of the grader."""
    release = tuple(map(int, re.findall(r"\d+", platform.release())[:2]))
    if release < OLDEST:
        raise OSError(
            f"without root this needs Linux {OLDEST[0]}.{OLDEST[1]} or newer, "
            f"and this is {platform.release()}"
        )


def _die_with(process: int) -> None:
    """Die with the parent, of which only a descriptor is known here."""
    linux.prctl(linux.SET_DEATH_SIGNAL, signal.SIGKILL)
    if select.select([process], [], [], 0)[0]:
        os._exit(1)


# The first process


def _become_first(
    user: int, watcher: int, report: int, limits: Limits, readable: Sequence[Path]
) -> None:
    """Build the surroundings; return in a child that is to become the inside."""
    _die_with(watcher)
    os.setsid()
    os.umask(0o022)
    # If memory runs out, the kernel ends notebooks before anything else.
    Path("/proc/self/oom_score_adj").write_text("1000")
    linux.unshare(
        linux.NEW_MOUNTS | linux.NEW_NETWORK | linux.NEW_IPC | linux.NEW_HOSTNAME | _cgroup()
    )
    socket.sethostname("notebook")
    rootfs.build(readable, user, limits.disk)
    if inside := os.fork():
        linux.drop_bounding_set()
        collect(inside, report)


def _cgroup() -> int:
    return linux.NEW_CGROUP if Path("/proc/self/ns/cgroup").exists() else 0
