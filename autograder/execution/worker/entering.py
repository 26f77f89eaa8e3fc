"""What a process does before it runs or loads anything of a student: it is contained."""

import os
import resource
import sys
from collections.abc import Callable
from dataclasses import asdict
from multiprocessing.connection import Connection
from typing import NamedTuple

from autograder import AutograderError, sandbox
from autograder.execution.worker import concealed, wire
from autograder.sandbox import Containment, Limits, bubblewrap, watcher

GO = b"go"
# Variable: names of what the warm process has imported, with a comma between them; unset means what
# our exercises need.
LIBRARIES = "AUTOGRADER_LIBRARIES"
RESERVE = 512 * 2**20  # bytes; without them TensorFlow crashes where it cannot start a thread

Begin = Callable[[Connection, Limits], None]


class Place(NamedTuple):
    """Where a process is to run, and what it may use.

    Attributes
    ----------
    folder : str
        Its empty working folder, where it is not contained.
    containment : str
        How it is kept from everything else.
    limits : Limits
        What it may use.
    slot : int
        Number of this process among the contained ones that run at the same time.
    """

    folder: str
    containment: str
    limits: Limits
    slot: int


def enter(connection: Connection, place: Place, module: str, begin: Begin) -> None:
    """Contain this process, then call ``begin(connection, limits)``.

    Parameters
    ----------
    connection : Connection
        Carries bytes: from the other side the word to begin; then what went wrong at the start.
        What follows is between ``begin`` and the other side.
    place : Place
        Where this process is to run.
    module : str
        Name of the module of ``begin``, for a containment that starts another program.
    begin : callable
        What the process does when it is contained.
    """
    try:
        connection.recv_bytes()  # else processes could start before this one has its control group
    except EOFError:
        return
    folder = place.folder
    try:
        if place.containment == Containment.NONE:
            _bind_to_parent()
            _limit_files(place.limits)
        else:
            _contain(connection.fileno(), place, module)
            folder = "/tmp"
    except AutograderError as error:
        connection.send_bytes(wire.pack({"failed": str(error)}))
        return
    start(connection, folder, place.limits, begin)


def start(connection: Connection, folder: str, limits: Limits, begin: Begin) -> None:
    """Call ``begin`` in a process that is contained already, and end when the other side does."""
    os.chdir(folder)
    os.environ["IPYTHONDIR"] = folder
    sys.argv = [""]  # that of the grader names the course
    concealed.forget()
    try:
        begin(connection, limits)
    except (EOFError, ConnectionError):
        return


def resume(number: int, module: str, limits: dict[str, int]) -> None:
    """Go on as `start` does, in a program that bubblewrap has started.

    Parameters
    ----------
    number : int
        Descriptor of the connection.
    module : str
        Name of the module whose ``begin`` is called.
    limits : dict
        Fields of ``Limits``.
    """
    try:
        start(Connection(number), "/tmp", Limits(**limits), sys.modules[module].begin)
    finally:
        os._exit(0)  # nothing that student code has put into the way of the end may run


def _contain(number: int, place: Place, module: str) -> None:
    """Return in a contained process only; one that bubblewrap starts goes on in `resume`."""
    common = place.limits, place.slot, [number], sandbox.readable_paths()
    if place.containment == Containment.BUBBLEWRAP:
        names = os.environ.get(LIBRARIES)
        first = f"import os; os.environ[{LIBRARIES!r}] = {names!r}\n" if names else ""
        first += f"import autograder.execution.processes.warm, {module}"
        call = f"entering.resume({number}, {module!r}, {asdict(place.limits)})"
        then = f"from autograder.execution.worker import entering; {call}"
        bubblewrap.enter(*common, first, then, concealed.paths())
    sandbox.enter(*common, concealed.paths())


def _bind_to_parent() -> None:
    """Lead a group that can be ended as a whole, and end with the process that this came from."""
    if os.name == "posix":
        os.setpgid(0, 0)
    if sys.platform == "linux":
        watcher.die_with_parent()


def _limit_files(limits: Limits) -> None:
    """Let no file grow for ever, so that an endless output ends as it does in a contained one."""
    highest = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
    most = limits.disk if highest == resource.RLIM_INFINITY else min(limits.disk, highest)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, highest))


def hold_memory() -> None:
    """Let cells meet a ``MemoryError`` a little earlier, so that an answer can still be exported.

    Nothing happens where the memory is not limited.
    """
    most = resource.getrlimit(resource.RLIMIT_AS)[1]
    if most != resource.RLIM_INFINITY:
        resource.setrlimit(resource.RLIMIT_AS, (max(most - RESERVE, most // 2), most))


def release_memory() -> None:
    """Let what follows use all of it."""
    most = resource.getrlimit(resource.RLIMIT_AS)[1]
    resource.setrlimit(resource.RLIMIT_AS, (most, most))
