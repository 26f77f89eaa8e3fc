"""The side of a student's process in `ordinary.run`: files, limits on cells, states to return to.

`ordinary.run` calls these functions by the source of cells that leave no trace in the history.
"""

import base64
import ctypes
import os
import random
import sys
import threading
import zlib
from pathlib import Path
from types import ModuleType
from typing import Any

from autograder.execution.worker import entering

INLINE = "module://matplotlib_inline.backend_inline"  # as in a kernel of Jupyter


class CellTimeoutError(KeyboardInterrupt):
    """A cell took too long; as an interrupt, so that ``except Exception`` does not hold it up."""

    seconds = 0.0

    def __str__(self) -> str:
        """Return what is told; it is raised without arguments."""
        return f"The cell did not end within {self.seconds:g} s and was stopped."


_kept: dict[str, tuple[dict[str, Any], Any, Any, str]] = {}  # by the cell whose place it is
_begun: dict[str, Any] = {}  # of the complete run of a cell: the name space before it
_defined: dict[str, Any] = {}  # names that only hidden lines have defined
_timers: list[threading.Timer] = []


def begin(seconds: float) -> None:
    """Make the shell like that of a kernel, and interrupt cells that take too long.

    Parameters
    ----------
    seconds : float
        That one cell may take.
    """
    if "" not in sys.path:
        sys.path.insert(0, "")  # modules beside the notebook
    _plot_in_the_notebook()
    entering.release_memory()  # nothing is exported
    CellTimeoutError.seconds = seconds
    events = _shell().events
    events.register("pre_run_cell", lambda _: _start(seconds))
    events.register("post_run_cell", lambda _: _stop())
    _forget_this_cell()


def write(name: str, data: str, more: bool) -> None:
    """Write a part of a file into the working folder.

    Parameters
    ----------
    name : str
        Relative to the working folder.
    data : str
        Compressed, in base 64.
    more : bool
        Whether it follows another part.
    """
    file = Path(name)
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("ab" if more else "wb") as opened:
        opened.write(zlib.decompress(base64.b64decode(data)))
    _forget_this_cell()


def keep(cell: str) -> None:
    """Keep the state of the notebook in front of a cell: names, random numbers, working folder."""
    _forget_this_cell()
    _kept[cell] = dict(_shell().user_ns), random.getstate(), _numpy_state(), str(Path.cwd())


def put_back(cell: str) -> None:
    """Go back to the state in front of a cell, but for what hidden lines above it have defined."""
    space = _shell().user_ns
    if _begun:
        new = {name: value for name, value in space.items() if name not in _begun}
        _defined.update(new)
    names, numbers, arrays, folder = _kept[cell]
    space.clear()  # in place: functions look their names up here
    space.update(_defined | names)
    _begun.clear()
    _begun.update(space)
    random.setstate(numbers)
    if arrays is not None:
        sys.modules["numpy"].random.set_state(arrays)
    os.chdir(folder)
    _forget_this_cell()


def _shell() -> Any:
    from IPython import get_ipython

    return get_ipython()


def _forget_this_cell() -> None:
    """Take the cell that runs out of the history, as if it had not been there."""
    shell = _shell()
    history = shell.history_manager
    for kept in (history.input_hist_parsed, history.input_hist_raw):
        if len(kept) > 1:
            kept.pop()
    shell.execution_count -= 1  # and it is added again when the cell has ended


def _plot_in_the_notebook() -> None:
    """Let Matplotlib draw as in a notebook: `show` shows, and a cell closes its figures."""
    os.environ["MPLBACKEND"] = INLINE
    matplotlib = sys.modules.get("matplotlib")
    if matplotlib is None:
        return
    matplotlib.rcParams["backend"] = INLINE
    if isinstance(pyplot := sys.modules.get("matplotlib.pyplot"), ModuleType):
        from matplotlib_inline import backend_inline

        pyplot.switch_backend(INLINE)
        backend_inline.configure_inline_support(_shell(), INLINE)


def _numpy_state() -> Any:
    numpy = sys.modules.get("numpy")
    return numpy.random.get_state() if numpy is not None else None


def _start(seconds: float) -> None:
    """Interrupt this thread after some time."""
    _stop()
    timer = threading.Timer(seconds, _interrupt, [threading.get_ident()])
    timer.daemon = True
    timer.start()
    _timers.append(timer)


def _stop() -> None:
    while _timers:
        _timers.pop().cancel()


def _interrupt(thread: int) -> None:
    error = ctypes.py_object(CellTimeoutError)
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), error)
