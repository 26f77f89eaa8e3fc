"""The process that holds one student's notebook: runs its cells, answers probes, judges nothing."""

import contextlib
import io
import os
import sys
import tempfile
from multiprocessing.connection import Connection
from typing import Any

from autograder import checks, wire
from autograder.checks import probing

LONGEST_OUTPUT = 100_000  # characters of a stream that are kept


def serve(connection: Connection, folder: str) -> None:
    """Answer requests until the other side hangs up.

    Parameters
    ----------
    connection : Connection
        Carries bytes: ``{"do": "run", "source": ...}`` and ``{"do": "probe", "exercise": ...,
        "check": ..., "inputs": ...}``.
    folder : str
        Empty working folder of the notebook.
    """
    os.chdir(folder)
    os.environ["IPYTHONDIR"] = folder
    notebook = Notebook()
    connection.send_bytes(wire.pack("ready"))
    with contextlib.suppress(EOFError):
        while True:
            request = wire.unpack(connection.recv_bytes())
            reply = notebook.run if request.pop("do") == "run" else notebook.probe
            connection.send_bytes(_packed(reply(**request)))


def _packed(reply: dict) -> bytes:
    try:
        return wire.pack(reply)
    except (TypeError, ValueError) as error:
        return wire.pack({"problem": f"What your answer returned cannot be judged: {error}."})


class Answers(dict):
    """The names that a student has defined."""

    def __missing__(self, name: str) -> Any:
        raise NameError(f"{name} is not defined: restore the cell of your answer and run it")


class Notebook:
    """An IPython shell without a kernel around it."""

    def __init__(self):
        self.streams = {number: tempfile.TemporaryFile() for number in (1, 2)}  # noqa: SIM115
        for number, file in self.streams.items():
            os.dup2(file.fileno(), number)
        sys.stdout, sys.stderr = _text(1), _text(2)
        self.outputs: list[dict] = []
        self.shell = _shell(self.outputs.append)

    def run(self, source: str) -> dict:
        """Run a cell and return its outputs in the form of nbformat, and whether it succeeded."""
        self.outputs.clear()
        begin = {number: self._end(number) for number in self.streams}
        result = self.shell.run_cell(source, store_history=True)
        outputs = [
            {"output_type": "stream", "name": name, "text": text}
            for number, name in ((1, "stdout"), (2, "stderr"))
            if (text := self._since(number, begin[number]))
        ]
        return {"outputs": outputs + self.outputs, "ok": bool(result.success)}

    def probe(self, exercise: str, check: str, inputs: dict) -> dict:
        """Run one probe on what the notebook has defined."""
        found = checks.load(exercise)
        known = {name: self.shell.user_ns.get(name) for name in found.answers}
        answers = Answers({name: value for name, value in known.items() if value is not None})
        chosen = next(each for each in found.checks if each.name == check)
        return probing.run(chosen, answers, inputs)

    def _end(self, number: int) -> int:
        (sys.stdout if number == 1 else sys.stderr).flush()
        return os.fstat(number).st_size

    def _since(self, number: int, begin: int) -> str:
        data = os.pread(number, min(self._end(number) - begin, LONGEST_OUTPUT), begin)
        return data.decode("utf-8", "replace")


def _text(number: int) -> io.TextIOWrapper:
    raw = os.fdopen(number, "wb", 0, closefd=False)
    return io.TextIOWrapper(raw, "utf-8", "replace", write_through=True)


def _shell(emit):
    """Return an IPython shell that hands its outputs to ``emit``."""
    from IPython.core.displayhook import DisplayHook
    from IPython.core.displaypub import DisplayPublisher
    from IPython.core.interactiveshell import InteractiveShell
    from traitlets.config import Config

    class Results(DisplayHook):
        def start_displayhook(self):
            pass

        def write_output_prompt(self):
            pass

        def write_format_data(self, format_dict, md_dict=None):
            emit(
                {
                    "output_type": "execute_result",
                    "data": _texts(format_dict),
                    "metadata": {},
                    "execution_count": self.prompt_count,
                }
            )

        def finish_displayhook(self):
            pass

    class Displays(DisplayPublisher):
        def publish(self, data, metadata=None, **_):
            emit({"output_type": "display_data", "data": _texts(data), "metadata": {}})

        def clear_output(self, wait=False):
            pass

    config = Config()
    config.HistoryManager.enabled = False
    config.InteractiveShell.colors = "nocolor"
    InteractiveShell.displayhook_class = Results
    InteractiveShell.display_pub_class = Displays
    shell = InteractiveShell.instance(config=config)
    shell._showtraceback = lambda kind, error, lines: emit(
        {
            "output_type": "error",
            "ename": getattr(kind, "__name__", str(kind)),
            "evalue": str(error),
            "traceback": [str(line) for line in lines],
        }
    )
    return shell


def _texts(data: dict) -> dict:
    return {mime: str(text)[:LONGEST_OUTPUT] for mime, text in data.items()}
