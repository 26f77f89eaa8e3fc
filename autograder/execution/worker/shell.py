"""A notebook without a kernel: IPython runs its cells, and their outputs are collected."""

import asyncio
import contextlib
import io
import os
import sys
import tempfile
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, cast

from autograder.execution.worker.outputs import (
    MAX_OUTPUTS,
    SHARE,
    TOTAL_IMAGES,
    Output,
    raised,
    shortened,
    size,
)

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

CUT = {"output_type": "stream", "name": "stderr", "text": "… (more outputs were cut)\n"}

Emit = Callable[[Output], None]


class Notebook:
    """An IPython shell without a kernel.

    Parameters
    ----------
    output : int
        Characters of text that are sent for a cell; pictures have their own limit.
    """

    def __init__(self, output: int):
        self.max_text, self.longest = output, output // SHARE + 1
        self.longest_in_bytes = 4 * self.longest
        self.streams = {number: tempfile.TemporaryFile() for number in (1, 2)}  # noqa: SIM115
        self.rewind()
        sys.stdout, sys.stderr = _text(1), _text(2)
        self.outputs: list[Output] = []
        self.overflow: list[Output] = []
        self.raised = ""
        self.shell = _shell(self._emit)
        # As in Jupyter: cells may ask for an event loop, and import from the working folder.
        asyncio.set_event_loop(asyncio.new_event_loop())
        sys.path.insert(0, "")

    def run(self, source: str) -> dict[str, Any]:
        """Run a cell and return its outputs in the form of nbformat, and whether it succeeded."""
        self.outputs.clear()
        self.overflow.clear()
        self.texts, self.images = self.max_text, TOTAL_IMAGES
        self.rewind()
        result = self.shell.run_cell(source, store_history=True)
        outputs = [
            {"output_type": "stream", "name": name, "text": text}
            for number, name in ((1, "stdout"), (2, "stderr"))
            if (text := self._written(number))
        ]
        outputs += self.outputs + self.overflow
        errors = [output for output in outputs if output["output_type"] == "error"]
        self.raised = self.raised or (raised(errors[0]) if errors else "")
        return {"outputs": outputs, "ok": bool(result.success)}

    def names(self) -> dict[str, Any]:
        """Return the namespace of the notebook."""
        names: dict[str, Any] = self.shell.user_ns
        return names

    def rewind(self) -> None:
        """Drop what was written: it takes room in /tmp that the next steps may need.

        The part of a text that is sent stays allocated, so that a cell can print on a full disk.
        """
        for number, file in self.streams.items():
            os.ftruncate(file.fileno(), self.longest_in_bytes)
            if hasattr(os, "posix_fallocate"):  # not on macOS
                os.posix_fallocate(file.fileno(), 0, self.longest_in_bytes)
            os.lseek(file.fileno(), 0, os.SEEK_SET)
            os.dup2(file.fileno(), number)  # the student may have closed it

    def _written(self, number: int) -> str:
        # One character too many is sent, so that the other side cuts a longer text and says so.
        with contextlib.suppress(Exception):
            (sys.stdout if number == 1 else sys.stderr).flush()
        file = self.streams[number].fileno()
        end = min(os.lseek(file, 0, os.SEEK_CUR), self.longest_in_bytes)
        return os.pread(file, end, 0).decode("utf-8", "replace")[: self.longest]

    def _emit(self, output: Output) -> None:
        """Collect an output; once the limits are reached, keep only the last one."""
        output = shortened(output, self.longest)
        image = output.get("data", {}).pop("image/png", "")
        self.texts -= size(output)
        if image and len(image) <= self.images:
            self.images -= len(image)
            output["data"]["image/png"] = image
        if self.texts >= 0 and len(self.outputs) < 10 * MAX_OUTPUTS:
            self.outputs.append(output)
        else:
            self.overflow[:] = [CUT, output]


def _text(number: int) -> io.TextIOWrapper:
    raw = os.fdopen(number, "wb", 0, closefd=False)
    return io.TextIOWrapper(raw, "utf-8", "replace", write_through=True)


def _shell(emit: Emit) -> "InteractiveShell":
    """Return an IPython shell that hands its outputs to ``emit``."""
    from IPython.core.interactiveshell import InteractiveShell
    from traitlets.config import Config

    config = Config()
    config.HistoryManager.enabled = False
    config.InteractiveShell.colors = "nocolor"
    kind: Any = InteractiveShell  # untyped, since its types forbid replacing attributes
    kind.displayhook_class, kind.display_pub_class = _hooks(emit)
    shell = kind.instance(config=config)
    shell.enable_gui = lambda gui=None: None  # `%matplotlib inline` calls it
    shell._showtraceback = lambda kind, error, lines: emit(
        {
            "output_type": "error",
            "ename": getattr(kind, "__name__", str(kind)),
            "evalue": str(error),
            "traceback": [str(line) for line in lines],
        }
    )
    return cast(InteractiveShell, shell)


def _hooks(emit: Emit) -> tuple[type, type]:
    """Return the classes to which IPython hands the value of a cell and what it displays."""
    from IPython.core.displayhook import DisplayHook
    from IPython.core.displaypub import DisplayPublisher

    class Results(DisplayHook):
        def start_displayhook(self) -> None:
            pass

        def write_output_prompt(self) -> None:
            pass

        def write_format_data(self, format_dict: Mapping[str, Any], md_dict: Any = None) -> None:
            emit(
                {
                    "output_type": "execute_result",
                    "data": _texts(format_dict),
                    "metadata": {},
                    "execution_count": self.prompt_count,
                }
            )

        def finish_displayhook(self) -> None:
            pass

    class Displays(DisplayPublisher):
        def publish(
            self, data: Mapping[str, Any], metadata: Any = None, *_: Any, **__: Any
        ) -> None:
            emit({"output_type": "display_data", "data": _texts(data), "metadata": {}})

        def clear_output(self, wait: bool = False) -> None:
            pass

    return Results, Displays


def _texts(data: Mapping[str, Any]) -> dict[str, str]:
    return {mime: str(text) for mime, text in data.items()}
