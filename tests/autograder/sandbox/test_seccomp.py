"""The filter of system calls: what it refuses on each architecture, and that the kernel obeys."""

import errno
import platform

import pytest

from autograder.sandbox import seccomp, syscalls

pytest_plugins = ["boxes"]
X86 = seccomp.ARCHITECTURES["x86_64"]
ARM = seccomp.ARCHITECTURES["aarch64"]
EVERYDAY = {  # numbers on x86_64 and aarch64
    "read": (0, 63),
    "write": (1, 64),
    "mmap": (9, 222),
    "openat": (257, 56),
    "futex": (202, 98),
    "execve": (59, 221),
    "wait4": (61, 260),
    "kill": (62, 129),
    "prctl": (157, 167),
    "socketpair": (53, 199),
    "sched_getaffinity": (204, 123),
    "getrandom": (318, 278),
    "exit_group": (231, 94),
}
THREAD = 0x3D0F00  # the flags with which the C library makes a thread
both = pytest.mark.parametrize("machine", [X86, ARM], ids=["x86_64", "aarch64"])


def verdict(machine, number, argument=0, second=0, audit=None):
    """Return what the filter answers, computed as the kernel does."""
    program = seccomp.program(machine)
    data = {
        seccomp.NUMBER: number,
        seccomp.ARCHITECTURE: machine.audit if audit is None else audit,
        seccomp.FIRST_ARGUMENT: argument,
        seccomp.SECOND_ARGUMENT: second,
    }
    position, value = 0, None
    while True:
        operation, if_true, if_false, constant = program[position]
        position += 1
        if operation == seccomp.LOAD:
            value = data[constant]
        elif operation == seccomp.RETURN:
            return constant
        else:
            compare = {
                seccomp.EQUAL: value == constant,
                seccomp.AT_LEAST: value >= constant,
                seccomp.ANY_BIT: bool(value & constant),
            }
            position += if_true if compare[operation] else if_false


def refused(number):
    return seccomp.REFUSE | number


@both
def test_everyday_calls_are_allowed(machine):
    for name, numbers in EVERYDAY.items():
        assert verdict(machine, numbers[machine.column]) == seccomp.ALLOW, name


@both
def test_every_listed_call_is_refused(machine):
    for name, numbers in seccomp.REFUSED.items():
        if (number := numbers[machine.column]) is not None:
            assert verdict(machine, number) == refused(errno.EPERM), name


@both
def test_no_other_call_is_refused(machine):
    listed = {numbers[machine.column] for numbers in seccomp.REFUSED.values()} - {None}
    special = {machine.clone, machine.clone3, machine.socket, machine.ioctl}
    assert len(listed) == sum(v[machine.column] is not None for v in seccomp.REFUSED.values())
    assert not listed & special
    stopped = {number for number in range(600) if verdict(machine, number) != seccomp.ALLOW}
    assert stopped == listed | {machine.clone3, machine.socket}


@both
def test_threads_and_processes_are_made_but_no_namespaces(machine):
    assert verdict(machine, machine.clone, THREAD) == seccomp.ALLOW
    assert verdict(machine, machine.clone, 17) == seccomp.ALLOW  # SIGCHLD: a fork
    assert verdict(machine, machine.clone3) == refused(errno.ENOSYS)
    for flag in (
        syscalls.NEW_CGROUP,
        syscalls.NEW_HOSTNAME,
        syscalls.NEW_IPC,
        syscalls.NEW_MOUNTS,
        syscalls.NEW_NETWORK,
        syscalls.NEW_PIDS,
        syscalls.NEW_USER,
    ):
        assert verdict(machine, machine.clone, flag | 17) == refused(errno.EPERM)


@both
def test_terminals_can_be_used_but_not_typed_into(machine):
    for request in (0x5401, 0x5413, 0x5430, 0x80045430):  # TCGETS, TIOCGWINSZ, TIOCGPTN
        assert verdict(machine, machine.ioctl, 3, request) == seccomp.ALLOW
    for request in (seccomp.TYPE_FOR_OTHERS, seccomp.CONSOLE):
        assert verdict(machine, machine.ioctl, 3, request) == refused(errno.EPERM)


@both
def test_sockets_stay_within_the_machine(machine):
    assert verdict(machine, machine.socket, 1) == seccomp.ALLOW
    for family in (
        0,
        2,
        10,
        16,
        17,
        38,
        40,
    ):  # internet, netlink, packets, crypto, virtual machines
        assert verdict(machine, machine.socket, family) == refused(errno.EACCES)


@both
def test_calls_of_another_architecture_kill(machine):
    other = ARM if machine is X86 else X86
    for audit in (other.audit, 0x40000003):  # i386
        assert verdict(machine, 0, audit=audit) == seccomp.KILL


def test_the_second_table_of_x86_64_is_refused():
    assert verdict(X86, seccomp.X32 | 41) == refused(errno.ENOSYS)


@both
def test_jumps_stay_within_the_program(machine):
    program = seccomp.program(machine)
    for position, (operation, if_true, if_false, _) in enumerate(program):
        if operation not in (seccomp.LOAD, seccomp.RETURN):
            assert position + 1 + max(if_true, if_false) < len(program)
    assert program[-1][0] == seccomp.RETURN


@pytest.mark.parametrize("name", ["riscv64", "i686", ""])
def test_an_unknown_architecture_is_told(monkeypatch, name):
    monkeypatch.setattr(platform, "machine", lambda: name)
    with pytest.raises(OSError, match=f"cannot be filtered on {name}"):
        seccomp.architecture()


def test_the_kernel_obeys(containment):
    source = """
import ctypes, os, socket
libc = ctypes.CDLL(None, use_errno=True)
told = {}
for name, number in given["numbers"].items():
    ctypes.set_errno(0)
    result = libc.syscall(ctypes.c_long(number), *[ctypes.c_long(0)] * 6)
    told[name] = [result, ctypes.get_errno()]
try:
    socket.socket()
except OSError as error:
    told["internet"] = [-1, error.errno]
with socket.socketpair()[0], socket.socket(socket.AF_UNIX) as own:
    own.bind("/tmp/socket")
tell(told)
"""
    machine = seccomp.architecture()
    numbers = {name: pair[machine.column] for name, pair in seccomp.REFUSED.items()}
    numbers = {name: number for name, number in numbers.items() if number is not None}
    numbers["clone3"] = machine.clone3
    told = containment.tells(source, prelude=f"given['numbers'] = {numbers!r}")
    assert told.pop("internet") == [-1, errno.EACCES]
    assert told.pop("clone3") == [-1, errno.ENOSYS]
    assert told == {name: [-1, errno.EPERM] for name in told}
    assert len(told) == len(numbers) - 1


def test_threads_programs_and_forks_work_under_it(containment):
    source = """
import concurrent.futures, multiprocessing, os, subprocess
with concurrent.futures.ThreadPoolExecutor(4) as pool:
    threads = list(pool.map(abs, [-1, -2]))
with multiprocessing.get_context("fork").Pool(2) as pool:
    forks = pool.map(abs, [-3, -4])
tell([threads, forks, subprocess.run(["/bin/sh", "-c", "echo $((6 * 7))"],
      capture_output=True, text=True).stdout])
"""
    assert containment.tells(source) == [[1, 2], [3, 4], "42\n"]


def test_a_child_inherits_the_filter(containment):
    source = """
import os, subprocess, sys
code = "import os, socket\\ntry: socket.socket()\\nexcept PermissionError: print('refused')"
tell(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout)
"""
    assert containment.tells(source) == "refused\n"


def test_without_giving_up_rights_first_it_cannot_be_installed_by_a_user(containment):
    if containment.name == "root":
        prelude = "os.setresgid(65534, 65534, 65534); os.setresuid(65534, 65534, 65534)"
    else:
        prelude = ""
    prelude += """
from autograder.sandbox import seccomp
try:
    seccomp.install()
except OSError as error:
    tell(error.errno)
sys.exit(0)
"""
    with containment.start("", prelude=prelude) as box:
        assert box.rest() == [errno.EACCES]
