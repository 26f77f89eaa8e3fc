"""Give up all rights for good: the last steps of a process before it runs student code."""

import os
import sys
import tempfile
from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from autograder.sandbox import rootfs, seccomp, syscalls

OUTSIDE_PROCESSES = 2  # watcher and first process, which belong to the user of the grader
KEPT_VARIABLES = (  # of the environment; student code can read them
    "CUDA_VISIBLE_DEVICES",
    "KERAS_BACKEND",
    "LANG",
    "LC_ALL",
    "MPLBACKEND",
    "NBGRADER_EXECUTION",
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "PYTHONHASHSEED",
    "TF_CPP_MIN_LOG_LEVEL",
    "TF_ENABLE_ONEDNN_OPTS",
    "TF_NUM_INTEROP_THREADS",
    "TF_NUM_INTRAOP_THREADS",
    "TZ",
)


class Containment(StrEnum):
    """What separates student code from the machine."""

    NAMESPACES = "namespaces"  # with a separate user for each slot; needs root
    USER_NAMESPACES = "user namespaces"  # the user of the grader, under another number
    BUBBLEWRAP = "bubblewrap"  # the same, set up by the program bwrap; slow to start
    NONE = "none"


@dataclass(frozen=True)
class Limits:
    """What one notebook may use.

    Parameters
    ----------
    cpu : int
        Seconds of computing time of each of its processes.
    memory : int
        Bytes of address space of each of its processes; TensorFlow takes 2.7 GB. Where we can make
        control groups, also the memory of all processes and the private /tmp together: a notebook
        of one process can never come near it, and many processes gain nothing.
    processes : int
        Processes and threads at the same time; TensorFlow makes a few threads for each core.
    files : int
        Open files of each process.
    disk : int
        Bytes of the private /tmp, which is kept in the machine's memory.
    output : int
        Characters of text that are kept of all its outputs together.
    """

    cpu: int = 300
    memory: int = 4 * 2**30
    processes: int = 256
    files: int = 256
    disk: int = 512 * 2**20
    output: int = 2**20


def confine(user: int, limits: Limits, keep: Collection[int], *, own_user: bool) -> None:
    """Restrict a process that is root in its namespaces such that student code may run in it.

    The order of the steps matters: each but the last needs a right that a later one gives up.

    Parameters
    ----------
    user : int
        Number of its user and its group from now on.
    limits : Limits
        What it may use.
    keep : collection of int
        File descriptors that stay open.
    own_user : bool
        Whether this slot alone uses that user. In a user namespace it does not: supplementary
        groups then stay, and two processes outside count towards the user's limit.

    Raises
    ------
    OSError
        If the kernel refuses a step, or a check at the end shows that one had no effect.
    """
    os.setsid()
    restrict(limits, limits.processes + (0 if own_user else OUTSIDE_PROCESSES))
    syscalls.drop_bounding_set()
    if own_user:
        os.setgroups([])
    os.setresgid(user, user, user)
    os.setresuid(user, user, user)
    seal(user, keep)


def seal(user: int, keep: Collection[int]) -> None:
    """Finish the restriction of a process that already has its limits and its user.

    Parameters and exceptions are those of `confine`.
    """
    syscalls.drop_capabilities()
    syscalls.prctl(syscalls.SET_NO_NEW_PRIVILEGES, 1)
    syscalls.prctl(syscalls.SET_DUMPABLE, 0)
    syscalls.replace_environment(_environment())
    tempfile.tempdir = None  # the folder that was found outside need not exist here
    os.chdir("/tmp")
    close_all_but(keep)
    seccomp.install()
    _verify(user)


def restrict(limits: Limits, processes: int) -> None:
    """Limit what this process and each of its descendants may use."""
    import resource

    values = {
        resource.RLIMIT_CPU: (limits.cpu, limits.cpu + 1),  # SIGXCPU, then SIGKILL
        resource.RLIMIT_AS: (limits.memory,) * 2,
        resource.RLIMIT_NPROC: (processes,) * 2,
        resource.RLIMIT_NOFILE: (limits.files,) * 2,
        resource.RLIMIT_FSIZE: (limits.disk,) * 2,
    }
    forbidden = (resource.RLIMIT_CORE, resource.RLIMIT_MEMLOCK, resource.RLIMIT_MSGQUEUE)
    for kind, pair in (values | dict.fromkeys(forbidden, (0, 0))).items():
        highest = resource.getrlimit(kind)[1]  # only root may exceed it
        if highest != resource.RLIM_INFINITY:
            pair = min(pair[0], highest), min(pair[1], highest)
        resource.setrlimit(kind, pair)


def _environment() -> dict[str, str]:
    inherited = {name: os.environ[name] for name in KEPT_VARIABLES if name in os.environ}
    return {
        "LANG": "C.UTF-8",
        **inherited,
        "HOME": "/tmp",
        "LOGNAME": rootfs.NAME,
        "PATH": f"{sys.prefix}/bin:/usr/bin:/bin",
        "USER": rootfs.NAME,
    }


def close_all_but(keep: Collection[int]) -> None:
    """Close all other file descriptors; point the remaining standard streams to /dev/null."""
    devnull = os.open(os.devnull, os.O_RDWR)
    for descriptor in {0, 1, 2} - {*keep}:
        os.dup2(devnull, descriptor)
    last = max(int(entry.name) for entry in Path("/proc/self/fd").iterdir())
    begin = 3
    for kept in [*sorted(descriptor for descriptor in keep if descriptor > 2), last + 1]:
        os.closerange(begin, kept)
        begin = kept + 1


def _verify(user: int) -> None:
    """Check in the kernel's report on this process that every restriction holds."""
    text = Path("/proc/self/status").read_text()
    status = dict(line.split(":\t", 1) for line in text.splitlines() if ":\t" in line)
    none = f"{0:016x}"
    expected = {name: none for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")}
    expected |= dict.fromkeys(("Uid", "Gid"), "\t".join([str(user)] * 4))
    expected |= {"NoNewPrivs": "1", "Seccomp": "2"}
    for name, value in expected.items():
        if status.get(name) != value:
            raise OSError(f"{name} is {status.get(name)} and not {value}")
