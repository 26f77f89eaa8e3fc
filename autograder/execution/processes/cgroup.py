"""Limit all processes of a notebook together, where a part of cgroup v2 is delegated to us."""

import contextlib
import os
import secrets
import select
from collections.abc import Collection, Iterator
from pathlib import Path

from autograder import AutograderError

CONTROLLERS = {"memory", "pids"}
FAIR = {"cpu"}  # where it can be had: notebooks get equal shares, however many processes they have
CROWDED = (
    "Other programs share the control group {folder}: start the grader in one of its own "
    "(systemd-run --user --scope -p Delegate=yes autograder grade ...) to limit total memory."
)
GRADER_GROUP = "grader"  # holds the processes of the grader itself
PREFIX = "notebook-"
PATIENCE = 10_000  # milliseconds to wait until killed processes are gone


def delegated(
    mounts: Path = Path("/proc/self/mountinfo"), membership: Path = Path("/proc/self/cgroup")
) -> Path | None:
    """Return the folder of this process's own group in which it may limit others, or None.

    Parameters
    ----------
    mounts, membership : Path
        Files in which the kernel lists the mounts, and the groups of this process.
    """
    for folder in own_folders(mounts, membership):
        controllers = {*(folder / "cgroup.controllers").read_text().split()}
        if controllers >= CONTROLLERS and os.access(folder, os.W_OK):
            return folder
    return None


def own_folders(
    mounts: Path = Path("/proc/self/mountinfo"), membership: Path = Path("/proc/self/cgroup")
) -> Iterator[Path]:
    """Yield the folders in which this process's own cgroup (version 2) is visible."""
    paths = [line[3:] for line in membership.read_text().splitlines() if line.startswith("0::")]
    for line in mounts.read_text().splitlines():
        mount, _, kind = line.partition(" - ")
        if not kind.startswith("cgroup2 ") or not paths:
            continue
        root, mounted = mount.split()[3:5]
        folder = Path(mounted, os.path.relpath(paths[0], root))
        if ".." in folder.parts or not (folder / "cgroup.controllers").is_file():
            continue  # the group lies outside this mount
        yield folder


def divide(folder: Path, processes: Collection[int]) -> None:
    """Prepare a group for groups of notebooks, and remove those that a killed run left behind.

    Parameters
    ----------
    folder : Path
        What `delegated` returned.
    processes : collection of int
        The processes of the grader; they move to their own group, since the kernel requires that a
        group holds either processes or limited groups.

    Raises
    ------
    AutograderError
        If other processes share the group or the kernel refuses.
    """
    try:
        for leftover in folder.glob(f"{PREFIX}*"):
            with contextlib.suppress(FileNotFoundError):  # its own grader has removed it
                if not _has_a_grader(leftover) and not _populated(leftover):
                    leftover.rmdir()
        enabled = {*(folder / "cgroup.subtree_control").read_text().split()}
        available = {*(folder / "cgroup.controllers").read_text().split()}
        wanted = CONTROLLERS | (FAIR & available)
        if enabled >= wanted:
            return
        present = {int(text) for text in (folder / "cgroup.procs").read_text().split()}
        if present - {*processes}:
            raise AutograderError(CROWDED.format(folder=folder))
        (folder / GRADER_GROUP).mkdir(exist_ok=True)
        for pid in present:
            (folder / GRADER_GROUP / "cgroup.procs").write_text(str(pid))
        controllers = " ".join(f"+{name}" for name in sorted(wanted))
        (folder / "cgroup.subtree_control").write_text(controllers)
    except OSError as error:
        raise AutograderError(f"The control group {folder} cannot be divided: {error}.") from error


def _has_a_grader(folder: Path) -> bool:
    """Return whether the grader that made a group for a notebook may still be running."""
    pid = folder.name.removeprefix(PREFIX).partition("-")[0]
    return Path("/proc", pid).exists()


def prepared() -> tuple[Path | None, str]:
    """Return the group that can hold the groups of notebooks, or why there is none.

    Call it before this process starts others, since they begin in the group of this process.
    """
    folder = delegated()
    if folder is None:
        return None, ""  # no reason, since the user could hardly change that
    if folder.name == GRADER_GROUP:
        folder = folder.parent  # this process has moved there in an earlier call
    try:
        divide(folder, [os.getpid()])
    except AutograderError as error:
        return None, str(error)
    return folder, ""


class Group:
    """The control group of one notebook.

    Parameters
    ----------
    folder : Path
        A group that `divide` has prepared.
    slot : int
        Number of the notebook among those that run at the same time.
    memory : int
        Bytes that all its processes and its /tmp may hold together.
    processes : int
        Processes and threads, including those that watch it.

    Raises
    ------
    AutograderError
        If the kernel refuses.
    """

    def __init__(self, folder: Path, slot: int, memory: int, processes: int):
        # With a random part, so that a group that could not be removed is in nobody's way.
        self.folder = folder / f"{PREFIX}{os.getpid()}-{slot}-{secrets.token_hex(4)}"
        try:
            self.folder.mkdir()
            self._set("memory.max", memory)
            self._set("memory.oom.group", 1)  # kill the whole notebook, not one process of it
            if (self.folder / "memory.swap.max").exists():
                self._set("memory.swap.max", 0)
            self._set("pids.max", processes)
        except OSError as error:
            raise AutograderError(
                f"The control group {self.folder} cannot be created: {error}."
            ) from error

    def __enter__(self) -> "Group":
        """Return the group; leaving ``with`` closes it."""
        return self

    def __exit__(self, *_: object) -> None:
        """End what is left in the group and remove it."""
        self.close()

    def add(self, process: int) -> None:
        """Move a process into the group; all that it starts from now on belongs to it, too.

        Raises
        ------
        AutograderError
            If the kernel refuses.
        """
        try:
            self._set("cgroup.procs", process)
        except ProcessLookupError:  # it has ended, and whoever waits for it will notice
            return
        except OSError as error:
            raise AutograderError(
                f"The control group {self.folder} accepts no process: {error}."
            ) from error

    def exhausted(self) -> bool:
        """Return whether the kernel has killed the notebook because it ran out of memory."""
        return _values(self.folder / "memory.events").get("oom_kill", 0) > 0

    def close(self) -> None:
        """End what is left in the group and remove it.

        Raises
        ------
        AutograderError
            If its processes cannot be ended.
        """
        self._set("cgroup.kill", 1)
        with (self.folder / "cgroup.events").open() as events:
            changed = select.poll()
            changed.register(events, select.POLLPRI)
            while _populated(self.folder):
                if not changed.poll(PATIENCE):
                    raise AutograderError(f"Processes in {self.folder} do not end.")
        self.folder.rmdir()

    def _set(self, name: str, value: int) -> None:
        (self.folder / name).write_text(str(value))


def _populated(folder: Path) -> bool:
    return _values(folder / "cgroup.events").get("populated", 0) > 0


def _values(file: Path) -> dict[str, int]:
    return {name: int(value) for name, value in map(str.split, file.read_text().splitlines())}
