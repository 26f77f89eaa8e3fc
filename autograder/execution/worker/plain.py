"""What `ordinary.run` does inside a student's process: files, cell timeouts, states to restore.

It calls these functions in cells of its own, which leave no trace in the history.
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

INLINE = "module://matplotlib_inline.backend_inline"  # as in a Jupyter kernel


class CellTimeoutError(KeyboardInterrupt):
    """A cell took too long; an interrupt, so that ``except Exception`` does not catch it."""

    seconds = 0.0

    def __str__(self) -> str:
        """Return the message here, since it is raised without arguments."""
        return f"The cell did not end within {self.seconds:g} s and was stopped."


_states: dict[str, tuple[dict[str, Any], Any, Any, str]] = {}  # by the cell that they precede
_names_before: dict[str, Any] = {}  # the namespace before the complete run of the last cell
_hidden_names: dict[str, Any] = {}  # names that only hidden lines have defined
_timers: list[threading.Timer] = []


def begin(seconds: float) -> None:
    """Make the shell like that of a kernel, and interrupt cells that take too long.

    Parameters
    ----------
    seconds : float
        How long one cell may take.
    """
    if "" not in sys.path:
        sys.path.insert(0, "")  # to find modules beside the notebook
    _plot_in_the_notebook()
    entering.release_memory()  # nothing is exported
    CellTimeoutError.seconds = seconds
    events = _shell().events
    events.register("pre_run_cell", lambda _: _start_timer(seconds))
    events.register("post_run_cell", lambda _: _stop_timer())
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


def save_state(cell: str) -> None:
    """Save the state of the notebook before a cell: names, random numbers, working folder."""
    _forget_this_cell()
    _states[cell] = dict(_shell().user_ns), random.getstate(), _numpy_state(), str(Path.cwd())


def restore_state(cell: str) -> None:
    """Restore the state before a cell, but keep what hidden lines above it have defined."""
    namespace = _shell().user_ns
    if _names_before:
        new = {name: value for name, value in namespace.items() if name not in _names_before}
        _hidden_names.update(new)
    names, random_state, numpy_state, folder = _states[cell]
    namespace.clear()  # in place: functions look their names up here
    namespace.update(_hidden_names | names)
    _names_before.clear()
    _names_before.update(namespace)
    random.setstate(random_state)
    if numpy_state is not None:
        sys.modules["numpy"].random.set_state(numpy_state)
    os.chdir(folder)
    _forget_this_cell()


def _shell() -> Any:
    from IPython import get_ipython

    return get_ipython()


def _forget_this_cell() -> None:
    """Remove the running cell from the history, as if it had never been there."""
    shell = _shell()
    history = shell.history_manager
    for sources in (history.input_hist_parsed, history.input_hist_raw):
        if len(sources) > 1:
            sources.pop()
    shell.execution_count -= 1  # IPython counts one up when the cell has ended


def _plot_in_the_notebook() -> None:
    """Make Matplotlib plot as in a notebook: `show` displays, and figures close with their cell."""
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


def _start_timer(seconds: float) -> None:
    """Interrupt this thread after some time."""
    _stop_timer()
    timer = threading.Timer(seconds, _interrupt, [threading.get_ident()])
    timer.daemon = True
    timer.start()
    _timers.append(timer)


def _stop_timer() -> None:
    while _timers:
        _timers.pop().cancel()


def _interrupt(thread: int) -> None:
    error = ctypes.py_object(CellTimeoutError)
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), error)
