"""System calls of Linux that Python does not offer; each raises OSError when it is refused."""

import ctypes
import functools
import os
from pathlib import Path

NEW_MOUNTS, NEW_CGROUP, NEW_HOSTNAME, NEW_IPC = 0x20000, 0x2000000, 0x4000000, 0x8000000
NEW_USER, NEW_PIDS, NEW_NETWORK = 0x10000000, 0x20000000, 0x40000000
NEW_TIME = 0x80

READ_ONLY, NO_SUID, NO_DEVICES, NO_EXECUTE = 1, 2, 4, 8  # flags of mount and mount_setattr
BIND, RECURSIVE, PRIVATE = 0x1000, 0x4000, 0x40000
DETACH = 2  # flag of umount2

SET_DEATH_SIGNAL, SET_DUMPABLE, SET_SECCOMP = 1, 4, 22
READ_BOUNDING, DROP_BOUNDING, SET_NO_NEW_PRIVILEGES, AMBIENT = 23, 24, 38, 47
CLEAR_AMBIENT = 4

MOUNT_SETATTR = 442  # the number of the system call on every architecture
CURRENT_FOLDER, WHOLE_TREE = -100, 0x8000  # AT_FDCWD, AT_RECURSIVE
CAPABILITIES_V3 = 0x20080522


class _Attributes(ctypes.Structure):
    _fields_ = [(name, ctypes.c_uint64) for name in ("set", "clear", "propagation", "user")]


@functools.cache
def libc() -> ctypes.CDLL:
    """Return the C library of this process."""
    return ctypes.CDLL(None, use_errno=True)


def _check(result: int, what: str) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")
    return result


def prctl(option: int, *values: int) -> int:
    """Change or read a property of this process."""
    padded = [ctypes.c_ulong(value) for value in (*values, 0, 0, 0, 0)[:4]]
    return _check(libc().prctl(option, *padded), f"prctl {option}")


def unshare(flags: int) -> None:
    """Leave the namespaces of the parent; ``NEW_PIDS`` takes effect from the next fork on."""
    _check(libc().unshare(flags), f"unshare {flags:#x}")


def mount(source: str, target: str, kind: str | None, flags: int, options: str = "") -> None:
    """Mount a file system, or bind a path to another one."""
    arguments = [text.encode() if text else None for text in (source, target, kind, options)]
    result = libc().mount(*arguments[:3], ctypes.c_ulong(flags), arguments[3])
    _check(result, f"mount {source} on {target}")


def restrict(path: str, flags: int, *, below: bool) -> None:
    """Add flags such as ``READ_ONLY`` to a mount, and to all mounts below it."""
    attributes = _Attributes(set=flags)
    result = libc().syscall(
        ctypes.c_long(MOUNT_SETATTR),
        ctypes.c_long(CURRENT_FOLDER),
        path.encode(),
        ctypes.c_ulong(WHOLE_TREE if below else 0),
        ctypes.byref(attributes),
        ctypes.c_ulong(ctypes.sizeof(attributes)),
    )
    _check(result, f"mount_setattr {path}")


def pivot_root(new: str, old: str) -> None:
    """Make ``new`` the root of the file system and move the present one to ``old``."""
    _check(libc().pivot_root(new.encode(), old.encode()), f"pivot_root {new}")


def detach(path: str) -> None:
    """Take a mount and all below it out of the file system, even while files are open in it."""
    _check(libc().umount2(path.encode(), DETACH), f"umount {path}")


def drop_bounding_set() -> None:
    """Make sure that no program started from here can gain a capability."""
    for capability in range(64):
        try:
            prctl(READ_BOUNDING, capability)
        except OSError:  # past the last one that the kernel knows
            return
        prctl(DROP_BOUNDING, capability)


def drop_capabilities() -> None:
    """Give up all capabilities for good."""
    prctl(AMBIENT, CLEAR_AMBIENT)
    header = (ctypes.c_uint32 * 2)(CAPABILITIES_V3, 0)
    _check(libc().capset(header, (ctypes.c_uint32 * 6)()), "capset")


def replace_environment(values: dict[str, str]) -> None:
    """Set the environment and erase the one with which the program was started.

    Otherwise ``/proc/self/environ`` would go on showing it.
    """
    fields = Path("/proc/self/stat").read_text().rpartition(")")[2].split()
    start, end = int(fields[47]), int(fields[48])  # fields 50 and 51, counted from field 3
    if not 0 < start < end:
        raise OSError("the kernel does not say where the environment is")
    os.environ.clear()
    libc().clearenv()
    ctypes.memset(start, 0, end - start)
    os.environ.update(values)
