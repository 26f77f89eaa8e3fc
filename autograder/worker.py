"""The process that holds one student's notebook: runs its cells, answers probes, judges nothing."""

import _thread
import contextlib
import io
import os
import sys
import tempfile
from collections.abc import Callable
from multiprocessing.connection import Connection
from queue import SimpleQueue
from typing import Any

from autograder import AutograderError, bubblewrap, checks, guard, integrity, sandbox, wire
from autograder.checks import probing
from autograder.outputs import IMAGES, MOST, SHARE, raised, shortened, size
from autograder.sandbox import Containment, Limits

THREAD = "what runs beside the checks, by a thread that goes on,"
GO = b"go"
CUT = {"output_type": "stream", "name": "stderr", "text": "… (more outputs were cut)\n"}


def serve(connection: Connection, folder: str, containment: str, limits: Limits, slot: int) -> None:
    """Answer requests until the other side hangs up.

    Parameters
    ----------
    connection : Connection
        Carries bytes: from the other side the word to begin; then what went wrong at the start;
        from the other side the key of the seal; then requests, ``run {"source": ...}``,
        ``probe {"exercise": ..., "check": ..., "inputs": ...}`` and ``finish {}``, and a sealed
        reply to each.
    folder : str
        Empty working folder of the notebook.
    containment : str
        How it is kept from everything else.
    limits : Limits
        What it may use.
    slot : int
        Number of this process among the contained ones that run at the same time.
    """
    try:
        connection.recv_bytes()  # else processes could start before this one has its control group
    except EOFError:
        return
    if containment != Containment.NONE:
        try:
            _contain(connection.fileno(), containment, limits, slot)
        except AutograderError as error:
            connection.send_bytes(wire.pack({"failed": str(error)}))
            return
        folder = "/tmp"
    _begin(connection, folder, limits.output)


def _contain(number: int, containment: str, limits: Limits, slot: int) -> None:
    """Return in a contained process only; one that bubblewrap starts goes on in `resume`."""
    common = limits, slot, [number], sandbox.readable_paths()
    if containment == Containment.BUBBLEWRAP:
        go_on = f"from autograder import worker; worker.resume({number}, {limits.output})"
        bubblewrap.enter(*common, "import autograder.warm", go_on)
    sandbox.enter(*common)


def resume(number: int, output: int) -> None:
    """Answer requests, as `serve` does, in a program that is contained already.

    Parameters
    ----------
    number : int
        Descriptor of the connection.
    output : int
        Characters of text that are kept of all outputs.
    """
    try:
        _begin(Connection(number), "/tmp", output)
    finally:
        os._exit(0)  # nothing that student code has put into the way of the end may run


def _begin(connection: Connection, folder: str, output: int) -> None:
    os.chdir(folder)
    os.environ["IPYTHONDIR"] = folder
    sys.argv = [""]  # that of the grader names the course
    with contextlib.suppress(EOFError):
        _answer(connection, output, *integrity.taken())


def _answer(connection: Connection, output: int, near: Callable, far: Callable) -> None:
    """Pass requests on to the thread of the notebook, and seal its replies.

    Student code finds the connection, so it must not find the seal: that is in this frame alone,
    which is not on the stack of the thread of the notebook. The notebook's own thread packs its
    replies, so that none of its objects get here.
    """
    guard.install()
    requests, replies = SimpleQueue(), SimpleQueue()
    thread, idle = _thread.start_new_thread(_work, (requests, replies, output)), _work.__code__
    connection.send_bytes(replies.get())
    seal = wire.Seal(connection.recv_bytes())
    frames, threads, get, put = sys._current_frames, _thread._count, replies.get, requests.put
    checked, fresh, changed, begun = (b"probe", b"finish"), replies.empty, "", False
    while True:
        request = connection.recv_bytes()
        kind, _, rest = request.partition(b" ")
        checking = kind in checked
        if checking:
            changed = changed or near() or (not begun and far()) or ""
            begun = True
        if not changed:
            put((kind, rest))
            reply = get()
            if checking:
                changed = near() or (kind == b"finish" and far()) or ""
                if not changed and threads() > 1:
                    changed = THREAD
                if not fresh() or frames()[thread].f_code is not idle:
                    changed = changed or "the autograder"
        if changed:
            reply = b'{"changed": "' + changed.encode("ascii", "replace") + b'"}'
        connection.send_bytes(seal.close(reply, checking))


def _work(requests: SimpleQueue, replies: SimpleQueue, output: int) -> None:
    """Hold the notebook: a thread of its own, in which all code of the student runs."""
    try:
        notebook, problem = Notebook(output), ""
    except Exception as error:  # nothing of a student has run, so it is the grader's
        notebook, problem = None, f"A notebook could not begin: {type(error).__name__}: {error}."
    replies.put(wire.pack({"failed": problem}))
    while True:
        replies.put(notebook.reply(*requests.get()))


class Answers(dict):
    """The names that a student has defined, and what the first cell that failed has raised."""

    raised = ""

    def __missing__(self, name: str) -> Any:
        if self.raised:
            raise NameError(f"{name} is not defined: mend the cell that stopped with {self.raised}")
        raise NameError(f"{name} is not defined: restore the cell of your answer and run it")


class Notebook:
    """An IPython shell without a kernel around it.

    Parameters
    ----------
    output : int
        Characters of text that are sent of a cell; pictures have a limit of their own.
    """

    def __init__(self, output: int):
        self.most = output
        self.streams = {number: tempfile.TemporaryFile() for number in (1, 2)}  # noqa: SIM115
        self._rewind()
        sys.stdout, sys.stderr = _text(1), _text(2)
        self.outputs: list[dict] = []
        self.late: list[dict] = []
        self.raised = ""
        self.shell = _shell(self._emit)

    def reply(self, kind: bytes, message: bytes) -> bytes:
        """Return the packed reply to a request, whatever student code does on the way."""
        try:
            request = wire.unpack(message)
            if kind == b"finish":
                return wire.pack({"finished": True})
            return wire.pack(self.run(**request) if kind == b"run" else self.probe(**request))
        except (TypeError, ValueError) as error:
            return wire.pack({"problem": f"What your answer returned cannot be judged: {error}."})
        except BaseException as error:
            told = f"{type(error).__name__} ended the request"
            return wire.pack({"problem": f"What your answer did cannot be judged: {told}."})

    def run(self, source: str) -> dict:
        """Run a cell and return its outputs in the form of nbformat, and whether it succeeded."""
        self.outputs.clear()
        self.late.clear()
        self.texts, self.images = self.most, IMAGES
        self._rewind()
        result = self.shell.run_cell(source, store_history=True)
        outputs = [
            {"output_type": "stream", "name": name, "text": text}
            for number, name in ((1, "stdout"), (2, "stderr"))
            if (text := self._written(number))
        ]
        outputs += self.outputs + self.late
        errors = [each for each in outputs if each["output_type"] == "error"]
        self.raised = self.raised or (raised(errors[0]) if errors else "")
        return {"outputs": outputs, "ok": bool(result.success)}

    def probe(self, exercise: str, check: str, inputs: dict) -> dict:
        """Run one probe on what the notebook has defined."""
        found = checks.load(exercise)
        known = {name: self.shell.user_ns.get(name) for name in found.answers}
        answers = Answers({name: value for name, value in known.items() if value is not None})
        answers.raised = self.raised
        chosen = next(each for each in found.checks if each.name == check)
        self._rewind()
        return probing.run(chosen, answers, inputs)

    def _rewind(self) -> None:
        """Forget what was written: it takes room in /tmp, which what follows may need."""
        for number, file in self.streams.items():
            os.ftruncate(file.fileno(), 0)
            os.lseek(file.fileno(), 0, os.SEEK_SET)
            os.dup2(file.fileno(), number)  # which the student may have closed

    def _written(self, number: int) -> str:
        # A longer text loses its end at the other side, which tells so.
        with contextlib.suppress(Exception):
            (sys.stdout if number == 1 else sys.stderr).flush()
        longest = self.most // SHARE + 1
        data = os.pread(self.streams[number].fileno(), 4 * longest, 0)
        return data.decode("utf-8", "replace")[:longest]

    def _emit(self, output: dict) -> None:
        """Take an output; where there is no more room, only the last one."""
        output = shortened(output, self.most // SHARE + 1)
        image = output.get("data", {}).pop("image/png", "")
        self.texts -= size(output)
        if image and len(image) <= self.images:
            self.images -= len(image)
            output["data"]["image/png"] = image
        if self.texts >= 0 and len(self.outputs) < 10 * MOST:
            self.outputs.append(output)
        else:
            self.late[:] = [CUT, output]


def _text(number: int) -> io.TextIOWrapper:
    raw = os.fdopen(number, "wb", 0, closefd=False)
    return io.TextIOWrapper(raw, "utf-8", "replace", write_through=True)


def _shell(emit):
    """Return an IPython shell that hands its outputs to ``emit``."""
    from IPython.core.interactiveshell import InteractiveShell
    from traitlets.config import Config

    config = Config()
    config.HistoryManager.enabled = False
    config.InteractiveShell.colors = "nocolor"
    InteractiveShell.displayhook_class, InteractiveShell.display_pub_class = _hooks(emit)
    shell = InteractiveShell.instance(config=config)
    shell.enable_gui = lambda gui=None: None  # `%matplotlib inline` asks for one
    shell._showtraceback = lambda kind, error, lines: emit(
        {
            "output_type": "error",
            "ename": getattr(kind, "__name__", str(kind)),
            "evalue": str(error),
            "traceback": [str(line) for line in lines],
        }
    )
    return shell


def _hooks(emit) -> tuple[type, type]:
    """Return what IPython calls with the value of a cell, and with what a cell displays."""
    from IPython.core.displayhook import DisplayHook
    from IPython.core.displaypub import DisplayPublisher

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

    return Results, Displays


def _texts(data: dict) -> dict:
    return {mime: str(text) for mime, text in data.items()}
