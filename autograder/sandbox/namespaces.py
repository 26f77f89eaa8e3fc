"""Contain a forked process before it runs student code, and end all that student code starts.

Three processes take part. The one that calls `enter` stays outside as the *watcher*, which others
wait for and kill. The *first* process of the new PID namespace reaps orphans, and all others end
with it; it dies with the watcher. Its child is the *inside*, the only process that returns from
`enter`, and runs the student's code.
"""

import os
import platform
import re
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Collection, Sequence
from pathlib import Path

from autograder.sandbox import rootfs, syscalls
from autograder.sandbox.confine import Containment, Limits, confine
from autograder.sandbox.rootfs import readable_paths
from autograder.sandbox.watcher import (
    INSIDE,
    SandboxError,
    collect,
    die_with_parent,
    failure,
    give_up,
    watch,
)

SLOTS = 1000
# RLIMIT_NPROC counts per user, hence one user for each notebook. Root picks a random block of SLOTS
# numbers, so that two graders do not collide, above those that directories and containers assign.
FIRST_USER, BLOCKS = 2_001_000_000, 146_000
FEW_USERS = 64000  # the first one in a user namespace or in a container with few users
MIN_KERNEL = (5, 14)  # it counts processes separately for each user namespace
CAPABILITIES = (6, 7, 8, 21)  # to set groups and users, drop capabilities, make namespaces
TRIAL_TIMEOUT = 60  # seconds


def fault() -> str:
    """Return why namespaces cannot contain notebooks here, as a sentence; empty if they can."""
    return attempt("from autograder.sandbox import namespaces; namespaces.trial()")


def attempt(source: str) -> str:
    """Run a trial in a separate Python program; return why it failed, or an empty text."""
    path = os.pathsep.join([str(Path(__file__).parents[2]), os.environ.get("PYTHONPATH", "")])
    try:
        process = subprocess.run(
            [sys.executable, "-P", "-c", source],
            env=os.environ | {"PYTHONPATH": path.strip(os.pathsep)},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=TRIAL_TIMEOUT,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"The trial of the containment failed: {error}."
    if process.returncode == 0:
        return ""
    lines = process.stderr.strip().splitlines()
    return lines[-1] if lines else f"The trial ended with exit code {process.returncode}."


def trial() -> None:
    """Enter a containment and end; print why if that is not possible."""
    try:
        enter(Limits(), 0, (), readable_paths())
    except SandboxError as error:
        sys.exit(str(error))
    os._exit(0)


def enter(
    limits: Limits,
    slot: int,
    keep: Collection[int],
    readable: Sequence[Path],
    hidden: Sequence[Path] = (),
) -> None:
    """Continue in a contained process; the calling process stays outside as its watcher.

    The watcher ends as the inside does, with its exit code or its signal, and by then all processes
    inside are gone. It may be killed at any time, which also kills everything inside. Student code
    inherits the memory of the caller, which must never have held a secret.

    Parameters
    ----------
    limits : Limits
        What the notebook may use.
    slot : int
        Number of the notebook, from 0; two that a grader runs at the same time must differ.
    keep : collection of int
        File descriptors that stay open inside, besides 0, 1 and 2, which lead to /dev/null.
    readable : sequence of Path
        Paths that are visible, read-only; usually `readable_paths`.
    hidden : sequence of Path
        Files and folders below them that appear empty.

    Raises
    ------
    SandboxError
        If any step failed. It is raised only outside, in the caller, which must not run student
        code and should report the error and end.
    """
    containment, user = kind(), _user(slot)
    reports, report = os.pipe()
    try:
        watcher, first = _fork(containment, user)
    except OSError as error:
        os.close(reports)
        os.close(report)
        raise failure(error) from error
    if first:
        os.close(report)
        watch(first, first, reports)
    try:
        os.close(reports)
        _become_first(user, watcher, report, limits, (readable, hidden))
        own_user = containment is Containment.NAMESPACES
        confine(user, limits, {*keep, report}, own_user=own_user)
        os.write(report, f"{INSIDE}\n".encode())
        os.close(report)
    except BaseException as error:  # a partly contained process must not return to the caller
        give_up(report, error)


def _fork(containment: Containment, user: int) -> tuple[int, int]:
    """Return a descriptor of the watcher, and the PID of the first process, 0 in that process."""
    if len([*Path("/proc/self/task").iterdir()]) > 1:
        raise OSError("it has several threads")
    if containment is Containment.USER_NAMESPACES:
        _map_user(user)
    die_with_parent()
    watcher = os.pidfd_open(os.getpid())
    syscalls.unshare(syscalls.NEW_PIDS)
    return watcher, os.fork()


def kind() -> Containment:
    """Return the kind of containment that the capabilities of this process permit."""
    status = Path("/proc/self/status").read_text()
    match = re.search(r"^CapEff:\s*(\w+)$", status, re.MULTILINE)
    assert match is not None  # every kernel reports it
    capabilities = int(match[1], 16)
    if all(capabilities >> capability & 1 for capability in CAPABILITIES):
        return Containment.NAMESPACES
    return Containment.USER_NAMESPACES


def _user(slot: int) -> int:
    """Return the number of the user and the group inside."""
    if not 0 <= slot < SLOTS:
        raise SandboxError(f"There are slots 0 to {SLOTS - 1} for notebooks, and no slot {slot}.")
    maps = Path("/proc/self/uid_map"), Path("/proc/self/gid_map")
    if kind() is Containment.NAMESPACES and all(map(_has_all_users, maps)):
        return FIRST_USER + SLOTS * (int.from_bytes(os.urandom(4), "big") % BLOCKS) + slot
    return FEW_USERS + slot


def _has_all_users(file: Path) -> bool:
    ranges = [tuple(map(int, line.split())) for line in file.read_text().splitlines()]
    last = FIRST_USER + SLOTS * BLOCKS
    return any(first <= FIRST_USER and last <= first + count for first, _, count in ranges)


def _map_user(user: int) -> None:
    """Move to a user namespace in which this process has all capabilities and another user id."""
    refuse_an_old_kernel()
    outside = os.geteuid(), os.getegid()
    syscalls.unshare(syscalls.NEW_USER)
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{user} {outside[0]} 1")
    Path("/proc/self/gid_map").write_text(f"{user} {outside[1]} 1")


def refuse_an_old_kernel() -> None:
    """Raise OSError where the limit on processes would count those of the grader."""
    release = tuple(map(int, re.findall(r"\d+", platform.release())[:2]))
    if release < MIN_KERNEL:
        raise OSError(
            f"without root this needs Linux {MIN_KERNEL[0]}.{MIN_KERNEL[1]} or newer, "
            f"and this is {platform.release()}"
        )


def _die_with(parent: int) -> None:
    """Die with the parent, given a descriptor of it, since its PID is not visible here."""
    syscalls.prctl(syscalls.SET_DEATH_SIGNAL, signal.SIGKILL)
    if select.select([parent], [], [], 0)[0]:
        os._exit(1)


# The first process


def _become_first(
    user: int,
    watcher: int,
    report: int,
    limits: Limits,
    paths: tuple[Sequence[Path], Sequence[Path]],
) -> None:
    """Set up the namespaces and the root; return in the child that is to become the inside."""
    _die_with(watcher)
    os.setsid()
    os.umask(0o022)
    # If memory runs out, the kernel kills notebooks before anything else.
    Path("/proc/self/oom_score_adj").write_text("1000")
    flags = syscalls.NEW_MOUNTS | syscalls.NEW_NETWORK | syscalls.NEW_IPC | syscalls.NEW_HOSTNAME
    syscalls.unshare(flags | _cgroup_flag())
    socket.sethostname("notebook")
    rootfs.build(*paths, user, limits.disk)
    if inside := os.fork():
        syscalls.drop_bounding_set()
        collect(inside, report)


def _cgroup_flag() -> int:
    return syscalls.NEW_CGROUP if Path("/proc/self/ns/cgroup").exists() else 0
