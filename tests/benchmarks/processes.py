"""Run commands and measure them with all processes that they start: wall, CPU, memory."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from autograder.execution.processes import cgroup

EVERY = 0.5  # seconds between two looks at the memory
INTO_GROUP = 'echo $$ > "$0"; exec "$@"'
NO_GROUP = (
    "make bench: the CPU time of contained processes is known to a control group (version 2) "
    "alone, and none can be made here: run it as root, or as\n"
    "systemd-run --user --scope -p Delegate=yes make bench"
)


@dataclass(frozen=True)
class Cost:
    """What some commands took.

    Attributes
    ----------
    submissions : int
        How many were graded; one has a notebook of each exercise.
    wall, cpu : float
        Seconds in all; CPU seconds are those of all processes that were started.
    writer : float
        Those CPU seconds that fell in the first process of each command: what cannot be shared.
    memory : float
        Largest memory of all these processes at a time, in MiB; what several share counts once
        (PSS). None where the system does not tell.
    """

    submissions: int
    wall: float
    cpu: float
    writer: float
    memory: float | None

    def each(self) -> tuple[float, float]:
        """Return wall and CPU seconds of one submission."""
        return self.wall / self.submissions, self.cpu / self.submissions


def measure(folder: Path, submissions: int, commands: Sequence[Sequence], **extra: str) -> Cost:
    """Run commands one after the other in a folder; return what they cost.

    Parameters
    ----------
    folder : Path
        Where they run.
    submissions : int
        How many submissions they grade.
    commands : sequence
        Commands with their arguments; each must succeed.
    **extra : str
        Variables of their environment.
    """
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = os.environ | {"PATH": path, "CUDA_VISIBLE_DEVICES": "-1"} | extra
    begin, writer = time.monotonic(), 0.0
    with _group() as group, Memory() as memory:
        for command in commands:
            writer += _run(command, folder, environment, group)
        wall = time.monotonic() - begin
        cpu = _used(group)
    return Cost(submissions, round(wall, 2), round(cpu, 2), round(writer, 2), memory.most)


def _run(command: Sequence, folder: Path, environment: dict, group: Path) -> float:
    """Run a command in a control group, and return the CPU seconds of its own process."""
    with subprocess.Popen(
        ["sh", "-c", INTO_GROUP, group / "cgroup.procs", *command],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    ) as process:
        said = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        command = " ".join(map(str, command))
        sys.exit(f"make bench: {command} ended with {process.returncode}.\n{said.decode()}")
    return usage.ru_utime + usage.ru_stime


@contextmanager
def _group() -> Iterator[Path]:
    """Give the folder of a new control group, which is removed afterwards."""
    for own in cgroup.own_folders():
        folder = own / f"bench-{os.getpid()}"
        try:
            folder.mkdir()
        except OSError:
            continue
        try:
            yield folder
        finally:
            (folder / "cgroup.kill").write_text("1")
            while (folder / "cgroup.procs").read_text():
                time.sleep(0.01)
            folder.rmdir()
        return
    sys.exit(NO_GROUP)


def _used(group: Path) -> float:
    """Return the CPU seconds of all processes that have been in a control group."""
    lines = (group / "cpu.stat").read_text().splitlines()
    return int(dict(map(str.split, lines))["usage_usec"]) / 1e6


class Memory(threading.Thread):
    """Looks at the memory of all descendants of this process from time to time."""

    def __init__(self):
        super().__init__(daemon=True)
        self.most: float | None = 0
        self._over = threading.Event()

    def __enter__(self) -> "Memory":
        """Begin to look."""
        self.start()
        return self

    def __exit__(self, *_) -> None:
        """Look no longer."""
        self._over.set()
        self.join()

    def run(self) -> None:
        """Look until it is over."""
        while not self._over.wait(EVERY):
            try:
                now = sum(map(_pss, psutil.Process().children(recursive=True)))
            except (psutil.AccessDenied, AttributeError):
                self.most = None  # contained processes show theirs to root only; PSS is Linux's
                return
            self.most = max(self.most, round(now / 2**20))


def _pss(process: psutil.Process) -> int:
    try:
        return process.memory_full_info().pss
    except (psutil.NoSuchProcess, psutil.ZombieProcess):
        return 0  # it has ended by now
