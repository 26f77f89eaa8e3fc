"""Contain a process before it runs or loads anything from a student."""

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
# Environment variable: comma-separated names of the modules that the warm process has imported; if
# it is not set, those that our exercises need.
LIBRARIES = "AUTOGRADER_LIBRARIES"
RESERVE = 512 * 2**20  # bytes; without them TensorFlow crashes when it cannot start a thread

Begin = Callable[[Connection, Limits], None]


class ProcessConfig(NamedTuple):
    """How and where a process is to run, and what it may use.

    Attributes
    ----------
    folder : str
        Its empty working folder, if it is not contained.
    containment : str
        Kind of its containment.
    limits : Limits
        What it may use.
    slot : int
        Number of this process among the contained ones that run at the same time.
    """

    folder: str
    containment: str
    limits: Limits
    slot: int


def enter(connection: Connection, config: ProcessConfig, module: str, begin: Begin) -> None:
    """Contain this process, then call ``begin(connection, limits)``.

    Parameters
    ----------
    connection : Connection
        Carries bytes: the other side sends the word to begin; a failure to start is reported back.
        What follows is up to ``begin`` and the other side.
    config : ProcessConfig
        How and where this process is to run.
    module : str
        Name of the module that defines ``begin``, for a containment that starts a new program.
    begin : callable
        Called when the process is contained.
    """
    try:
        connection.recv_bytes()  # not before this process is in its control group
    except EOFError:
        return
    folder = config.folder
    try:
        if config.containment == Containment.NONE:
            _bind_to_parent()
            _limit_files(config.limits)
        else:
            _contain(connection.fileno(), config, module)
            folder = "/tmp"
    except AutograderError as error:
        connection.send_bytes(wire.pack({"failed": str(error)}))
        return
    start(connection, folder, config.limits, begin)


def start(connection: Connection, folder: str, limits: Limits, begin: Begin) -> None:
    """Call ``begin`` in a process that is already contained; return when the other side is gone."""
    os.chdir(folder)
    os.environ["IPYTHONDIR"] = folder
    sys.argv = [""]  # the grader's own would reveal the course
    concealed.block_imports()
    try:
        begin(connection, limits)
    except (EOFError, ConnectionError):
        return


def resume(descriptor: int, module: str, limits: dict[str, int]) -> None:
    """Do what `start` does, in a program that bubblewrap has started.

    Parameters
    ----------
    descriptor : int
        File descriptor of the connection.
    module : str
        Name of the module whose ``begin`` is called.
    limits : dict
        Fields of ``Limits``.
    """
    try:
        start(Connection(descriptor), "/tmp", Limits(**limits), sys.modules[module].begin)
    finally:
        os._exit(0)  # no exit handler that student code has registered may run


def _contain(descriptor: int, config: ProcessConfig, module: str) -> None:
    """Return only in a contained process; one that bubblewrap starts continues in `resume`."""
    common = config.limits, config.slot, [descriptor], sandbox.readable_paths()
    if config.containment == Containment.BUBBLEWRAP:
        names = os.environ.get(LIBRARIES)
        setup = f"import os; os.environ[{LIBRARIES!r}] = {names!r}\n" if names else ""
        setup += f"import autograder.execution.processes.warm, {module}"
        call = f"entering.resume({descriptor}, {module!r}, {asdict(config.limits)})"
        main = f"from autograder.execution.worker import entering; {call}"
        bubblewrap.enter(*common, setup, main, concealed.paths())
    sandbox.enter(*common, concealed.paths())


def _bind_to_parent() -> None:
    """Lead a process group that can be killed as a whole, and die with the parent."""
    if os.name == "posix":
        os.setpgid(0, 0)
    if sys.platform == "linux":
        watcher.die_with_parent()


def _limit_files(limits: Limits) -> None:
    """Limit the size of files, so that endless output ends as it does in a contained process."""
    highest = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
    limit = limits.disk if highest == resource.RLIM_INFINITY else min(limits.disk, highest)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, highest))


def reserve_memory() -> None:
    """Make cells raise ``MemoryError`` a little earlier, so that an answer can still be exported.

    This does nothing where the memory is not limited.
    """
    limit = resource.getrlimit(resource.RLIMIT_AS)[1]
    if limit != resource.RLIM_INFINITY:
        resource.setrlimit(resource.RLIMIT_AS, (max(limit - RESERVE, limit // 2), limit))


def release_memory() -> None:
    """Allow the process to use all of its memory again."""
    limit = resource.getrlimit(resource.RLIMIT_AS)[1]
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
