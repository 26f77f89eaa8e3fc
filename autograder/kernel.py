"""Start the kernels of Jupyter as forks of one process that has imported TensorFlow already.

``JUPYTER_DEFAULT_PROVISIONER_NAME=warm-fork`` makes Jupyter use this for its kernels, so that
``nbgrader autograde`` and formgrader import the libraries once and not for each notebook. It does
not contain what a notebook does; ``autograder grade`` does.
"""

import functools
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jupyter_client.connect import KernelConnectionInfo
from jupyter_client.provisioning import LocalProvisioner

from autograder import AutograderError
from autograder.kernel_server import LAUNCHER
from autograder.kernel_warm import ForkedKernel, WarmProcess

# Whatever else `subprocess.Popen` is asked for, only it can do.
KNOWN = {"cwd", "env", "extra_arguments", "independent", "kernel_id", "stdin", "stdout", "stderr"}


class WarmForkProvisioner(LocalProvisioner):
    """Starts a Python kernel as a fork, and every other kernel in the ordinary way."""

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> KernelConnectionInfo:
        """Start a kernel; see `KernelProvisionerBase`."""
        kernel = None
        if can_fork(cmd, kwargs):
            try:
                kernel = await _origin(os.getpid()).kernel(cmd, kwargs)
            except AutograderError as error:
                self.log.warning("%s", error)
        if kernel is None:
            self.log.debug("This kernel is started in the ordinary way: %s", cmd)
            return await super().launch_kernel(cmd, **kwargs)
        self.process, self.pid, self.pgid = kernel, kernel.pid, kernel.pid
        self.cwd = kwargs.get("cwd") or Path.cwd()
        return self.connection_info


def can_fork(cmd: list[str], options: Mapping[str, Any]) -> bool:
    """Return whether a command starts a kernel of this Python, which ends when this process does.

    Parameters
    ----------
    cmd : list of str
        The command.
    options : mapping
        What `subprocess.Popen` would be told.
    """
    _, module = _halves(cmd)
    streams = [options.get(name) for name in ("stdin", "stdout", "stderr")]
    return (
        hasattr(os, "pidfd_open")
        and module[:1] == [LAUNCHER]
        and _is_this_python(cmd[0])
        and set(options) <= KNOWN
        and subprocess.PIPE not in streams
        and not options.get("independent")
        and Path(options.get("cwd") or ".").is_dir()
    )


def _halves(cmd: list[str]) -> tuple[list[str], list[str]]:
    """Return a command before and after the ``-m`` that precedes the name of a module."""
    at = cmd.index("-m") if "-m" in cmd else len(cmd)
    return cmd[:at], cmd[at + 1 :]


def _is_this_python(program: str) -> bool:
    """Return whether a program is the interpreter of the environment that this runs in."""
    found, own = Path(shutil.which(program) or os.devnull), Path(sys.executable)
    # Environments may share one interpreter, to which each has a link.
    return found.samefile(own) and found.parent.samefile(own.parent)


@functools.cache
def _origin(_process: int) -> "Origin":
    """Return where the kernels of this process come from; a process that it forks has its own."""
    return Origin()


class Origin:
    """Forks kernels from one warm process, which is started for the first of them."""

    def __init__(self):
        self._lock = threading.Lock()
        self._warm: WarmProcess | None = None
        self._failed = False

    async def kernel(self, cmd: list[str], options: Mapping[str, Any]) -> ForkedKernel | None:
        """Return a kernel that has been started, or None if only the ordinary way is right.

        Raises
        ------
        AutograderError
            If there can be no warm process; only once, and then None is returned.
        """
        interpreter, (_, *arguments) = _halves(cmd)
        environment = dict(options.get("env") or os.environ)
        if self._failed:
            return None
        try:
            with self._lock:
                if self._warm is None or self._warm.has_ended():
                    self._warm = WarmProcess(interpreter, environment)
                warm = self._warm
            if warm.suits(interpreter, environment):
                return await warm.kernel(arguments, environment, options)
        except AutograderError:
            if not self._failed:
                self._failed = True
                raise
        return None
