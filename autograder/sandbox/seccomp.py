"""Filter the system calls of student code, in the kernel."""

import ctypes
import errno
import platform
import struct
import sys
from dataclasses import dataclass

from autograder.sandbox import syscalls

# Numbers on x86_64 and on aarch64, from the kernel's headers.
REFUSED: dict[str, tuple[int | None, int | None]] = {
    # the file system and the namespaces
    "mount": (165, 40),
    "umount2": (166, 39),
    "pivot_root": (155, 41),
    "chroot": (161, 51),
    "unshare": (272, 97),
    "setns": (308, 268),
    "open_tree": (428, 428),
    "move_mount": (429, 429),
    "fsopen": (430, 430),
    "fsconfig": (431, 431),
    "fsmount": (432, 432),
    "fspick": (433, 433),
    "mount_setattr": (442, 442),
    "open_tree_attr": (467, 467),
    "name_to_handle_at": (303, 264),
    "open_by_handle_at": (304, 265),
    "fanotify_init": (300, 262),
    "quotactl": (179, 60),
    "quotactl_fd": (443, 443),
    "acct": (163, 89),
    # other processes
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "process_madvise": (440, 440),
    "pidfd_getfd": (438, 438),
    "kcmp": (312, 272),
    "migrate_pages": (256, 238),
    "move_pages": (279, 239),
    # parts of the kernel with a history of vulnerabilities, which no notebook needs
    "bpf": (321, 280),
    "perf_event_open": (298, 241),
    "userfaultfd": (323, 282),
    "io_uring_setup": (425, 425),
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
    "add_key": (248, 217),
    "request_key": (249, 218),
    "keyctl": (250, 219),
    "personality": (135, 92),
    "modify_ldt": (154, None),
    "lookup_dcookie": (212, 18),
    "uselib": (134, None),
    "ustat": (136, None),
    "sysfs": (139, None),
    "nfsservctl": (180, 42),
    # the machine
    "kexec_load": (246, 104),
    "kexec_file_load": (320, 294),
    "create_module": (174, None),
    "init_module": (175, 105),
    "finit_module": (313, 273),
    "delete_module": (176, 106),
    "reboot": (169, 142),
    "swapon": (167, 224),
    "swapoff": (168, 225),
    "settimeofday": (164, 170),
    "clock_settime": (227, 112),
    "adjtimex": (159, 171),
    "clock_adjtime": (305, 266),
    "sethostname": (170, 161),
    "setdomainname": (171, 162),
    "syslog": (103, 116),
    "vhangup": (153, 58),
    "iopl": (172, None),
    "ioperm": (173, None),
    "_sysctl": (156, None),
    # memory to which neither the address space limit nor the size of /tmp would apply
    "memfd_create": (319, 279),
    "memfd_secret": (447, 447),
    "shmget": (29, 194),
    "msgget": (68, 186),
    "semget": (64, 190),
    "mq_open": (240, 180),
}
# Flags of clone, with which student code may make threads and processes, but no namespaces.
NAMESPACES = (
    syscalls.NEW_MOUNTS
    | syscalls.NEW_CGROUP
    | syscalls.NEW_HOSTNAME
    | syscalls.NEW_IPC
    | syscalls.NEW_USER
    | syscalls.NEW_PIDS
    | syscalls.NEW_NETWORK
)
UNIX_SOCKETS = 1  # AF_UNIX
TYPE_FOR_OTHERS, CONSOLE = 0x5412, 0x541C  # TIOCSTI and TIOCLINUX: requests to a terminal
X32 = 0x40000000  # set in the numbers of the other system call table of x86_64

LOAD, EQUAL, AT_LEAST, ANY_BIT, RETURN = 0x20, 0x15, 0x35, 0x45, 0x06  # operations of the filter
# Offsets of the data that it may load; for an argument, the lower half.
NUMBER, ARCHITECTURE, FIRST_ARGUMENT, SECOND_ARGUMENT = 0, 4, 16, 24
ALLOW, KILL, REFUSE = 0x7FFF0000, 0x80000000, 0x00050000
FILTER = 2  # mode of PR_SET_SECCOMP


@dataclass(frozen=True)
class Architecture:
    """A processor for which the numbers of the system calls are known."""

    audit: int  # its identifier in the data that a filter sees
    column: int  # of ``REFUSED``
    clone: int
    clone3: int
    socket: int
    ioctl: int


ARCHITECTURES = {
    "x86_64": Architecture(0xC000003E, 0, clone=56, clone3=435, socket=41, ioctl=16),
    "aarch64": Architecture(0xC00000B7, 1, clone=220, clone3=435, socket=198, ioctl=29),
}


class _Program(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p)]


def architecture() -> Architecture:
    """Return this machine's architecture.

    Raises
    ------
    OSError
        If no filter is known for it.
    """
    name = platform.machine()
    if name not in ARCHITECTURES or sys.maxsize < 2**32:
        bits = 64 if sys.maxsize > 2**32 else 32
        raise OSError(
            f"system calls cannot be filtered on {name} with {bits}-bit Python, "
            f"only on 64-bit {' and '.join(ARCHITECTURES)}"
        )
    return ARCHITECTURES[name]


def program(machine: Architecture) -> list[tuple[int, int, int, int]]:
    """Return the filter as instructions ``(operation, skip if true, skip if false, value)``."""
    instructions = [
        (LOAD, 0, 0, ARCHITECTURE),
        (EQUAL, 1, 0, machine.audit),
        (RETURN, 0, 0, KILL),
        (LOAD, 0, 0, NUMBER),
    ]
    if machine is ARCHITECTURES["x86_64"]:
        instructions += [(AT_LEAST, 0, 1, X32), (RETURN, 0, 0, REFUSE | errno.ENOSYS)]
    for numbers in REFUSED.values():
        if (number := numbers[machine.column]) is not None:
            instructions += [(EQUAL, 0, 1, number), (RETURN, 0, 0, REFUSE | errno.EPERM)]
    return [
        *instructions,
        # A filter cannot read the flags of clone3 in memory; the C library falls back to clone.
        (EQUAL, 0, 1, machine.clone3),
        (RETURN, 0, 0, REFUSE | errno.ENOSYS),
        (EQUAL, 0, 4, machine.clone),
        (LOAD, 0, 0, FIRST_ARGUMENT),
        (ANY_BIT, 0, 1, NAMESPACES),
        (RETURN, 0, 0, REFUSE | errno.EPERM),
        (RETURN, 0, 0, ALLOW),
        # Pseudo-terminals are for shell commands; nobody may type into those of others.
        (EQUAL, 0, 5, machine.ioctl),
        (LOAD, 0, 0, SECOND_ARGUMENT),
        (EQUAL, 1, 0, TYPE_FOR_OTHERS),
        (EQUAL, 0, 1, CONSOLE),
        (RETURN, 0, 0, REFUSE | errno.EPERM),
        (RETURN, 0, 0, ALLOW),
        (EQUAL, 0, 3, machine.socket),
        (LOAD, 0, 0, FIRST_ARGUMENT),
        (EQUAL, 1, 0, UNIX_SOCKETS),
        (RETURN, 0, 0, REFUSE | errno.EACCES),
        (RETURN, 0, 0, ALLOW),
    ]


def install() -> None:
    """Filter the system calls of this process and of all that it starts, for good.

    The process must have one thread and must have given up gaining rights (no_new_privs).

    Raises
    ------
    OSError
        If the machine's architecture is not known or the kernel refuses the filter.
    """
    instructions = program(architecture())
    code = b"".join(struct.pack("=HBBI", *instruction) for instruction in instructions)
    filter_program = _Program(len(instructions), code)
    syscalls.prctl(syscalls.SET_SECCOMP, FILTER, ctypes.addressof(filter_program))
