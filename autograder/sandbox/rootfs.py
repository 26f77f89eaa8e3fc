"""The file system that student code sees: what Python needs, read-only, and an empty /tmp."""

import importlib.util
import os
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from autograder.sandbox import syscalls
from autograder.sandbox.syscalls import NO_DEVICES, NO_EXECUTE, NO_SUID, READ_ONLY

SYSTEM = ("/usr", "/bin", "/lib", "/lib32", "/lib64", "/sbin")
SETTINGS = ("/etc/alternatives", "/etc/ld.so.cache", "/etc/localtime")
PROJECT_PACKAGES = ("autograder", "latents")  # what lies beside their folders is invisible
DEVICES = ("null", "random", "urandom", "zero")
TERMINALS = 32  # pseudo-terminals of a notebook: IPython runs `!command` in one
BASE = "/tmp"  # where the new root is built; exists everywhere
OLD = "/old"  # where the host's files are while it is built
NAME = "student"
ROOT_BYTES = 2**20  # size of the root itself: folders, links and three short files
BYTES_PER_FILE = 16 * 2**10  # /tmp may hold one file per so many bytes of its size


def readable_paths() -> list[Path]:
    """Return what Python, the project and its libraries read at run time.

    Links are listed together with what they point to, and nothing is listed twice.
    """
    candidates = [*map(Path, (*SYSTEM, *SETTINGS, sys.prefix, sys.base_prefix))]
    candidates += map(Path, packages())
    for name in PROJECT_PACKAGES:
        spec = importlib.util.find_spec(name)
        candidates += map(Path, spec.submodule_search_locations or () if spec else ())
    listed: list[Path] = []
    for path in (path for named in candidates for path in (named, named.resolve())):
        if path.exists() and not any(path.is_relative_to(folder) for folder in _folders(listed)):
            listed.append(path)
    return listed


def packages() -> list[str]:
    """Return the folders of installed packages, which may be anywhere."""
    return [entry for entry in sys.path if entry.endswith(("site-packages", "dist-packages"))]


def _folders(paths: Iterable[Path]) -> list[Path]:
    return [path for path in paths if not path.is_symlink()]


def build(readable: Sequence[Path], hidden: Sequence[Path], uid: int, size: int) -> None:
    """Replace the root of this process, which must be the first of its mount namespace.

    Parameters
    ----------
    readable : sequence of Path
        Absolute paths that appear read-only under the same names.
    hidden : sequence of Path
        Files and folders below them that appear empty.
    uid : int
        User and group of the student.
    size : int
        Bytes that fit into /tmp.
    """
    real = {path: path.resolve() for path in readable}
    syscalls.mount("none", "/", None, syscalls.RECURSIVE | syscalls.PRIVATE)
    syscalls.mount(
        "tmpfs", BASE, "tmpfs", NO_SUID | NO_DEVICES, f"size={ROOT_BYTES},nr_inodes=1024,mode=755"
    )
    Path(BASE + OLD).mkdir()
    syscalls.pivot_root(BASE, BASE + OLD)
    os.chdir("/")
    _private(uid, size)  # first, since a path in ``readable`` may be below /tmp
    for path in sorted(readable, key=lambda path: len(path.parts)):
        _show(path, real[path])
    for path in hidden:
        _empty(path)
    _devices()
    Path("/etc").mkdir(exist_ok=True)
    for name, text in accounts(uid).items():
        Path("/etc", name).write_text(text)
    syscalls.detach(OLD)
    Path(OLD).rmdir()
    syscalls.restrict("/", READ_ONLY | NO_SUID | NO_DEVICES, below=False)


def _private(uid: int, size: int) -> None:
    """Mount /tmp, which students may write to, and /proc, which shows only their own processes."""
    Path("/tmp").mkdir()
    options = f"size={size},nr_inodes={max(size // BYTES_PER_FILE, 64)},mode=1777"
    syscalls.mount("tmpfs", "/tmp", "tmpfs", NO_SUID | NO_DEVICES, options)
    Path("/proc").mkdir()
    flags = READ_ONLY | NO_SUID | NO_DEVICES | NO_EXECUTE
    syscalls.mount("proc", "/proc", "proc", flags, "hidepid=2,subset=pid")


def _show(path: Path, real: Path) -> None:
    """Make a folder, a file or a link of the host visible under its own name."""
    link, source = Path(f"{OLD}{path}"), Path(f"{OLD}{real}")
    if os.path.lexists(path):  # inside a folder that is already visible
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    if link.is_symlink():
        path.symlink_to(link.readlink())
        return
    path.mkdir() if source.is_dir() else path.touch()
    syscalls.mount(str(source), str(path), None, syscalls.BIND | syscalls.RECURSIVE)
    syscalls.restrict(str(path), READ_ONLY | NO_SUID | NO_DEVICES, below=True)


def _empty(path: Path) -> None:
    """Make a visible folder or file appear empty."""
    if path.is_dir():
        syscalls.mount(
            "tmpfs", str(path), "tmpfs", READ_ONLY | NO_SUID | NO_DEVICES, "size=4k,mode=555"
        )
    elif path.exists():
        syscalls.mount(f"{OLD}/dev/null", str(path), None, syscalls.BIND)


def _devices() -> None:
    Path("/dev").mkdir()
    for name in DEVICES:
        Path("/dev", name).touch()
        syscalls.mount(f"{OLD}/dev/{name}", f"/dev/{name}", None, syscalls.BIND)
        syscalls.restrict(f"/dev/{name}", READ_ONLY | NO_SUID | NO_EXECUTE, below=False)
    Path("/dev/pts").mkdir()
    options = f"newinstance,ptmxmode=0666,mode=0600,max={TERMINALS}"
    syscalls.mount("devpts", "/dev/pts", "devpts", NO_SUID | NO_EXECUTE, options)
    Path("/dev/ptmx").symlink_to("pts/ptmx")
    Path("/dev/shm").symlink_to("/tmp")  # multiprocessing keeps its locks there, as files


def accounts(uid: int) -> dict[str, str]:
    """Return the files of /etc that make the student a user, by name."""
    user = f"{NAME}:x:{uid}:{uid}::/tmp:/usr/sbin/nologin\n"
    return {"passwd": user, "group": f"{NAME}:x:{uid}:\n"}
