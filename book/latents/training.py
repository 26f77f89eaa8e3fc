"""Keep what a training run logs, and let an interrupted run go on where it stopped."""

import ast
import hashlib
import json
import os
import shutil
import time
from itertools import accumulate
from pathlib import Path
from typing import Any

# Of an epoch; validation is part of the first, but not of the seconds of the processors.
TIMES = ("seconds", "validation_seconds", "cpu_seconds")
KEPT = 3  # checkpoints of one name


class Run:
    """One call of ``fit``: its history, its seconds, and (if there is a cache) its checkpoint.

    Pass ``run.callbacks`` to ``fit``; read ``run.history`` and ``run.seconds`` afterwards. Where
    the environment variable ``LATENTS_CACHE`` names a folder (``make book`` sets it), weights,
    optimizer and history are kept there after every epoch. If a chapter is interrupted, or run
    again because of a change *after* the training, the same code on the same data loads them and
    trains only the epochs that are missing. Any change in the cells up to the training, in the
    profile, or in the modules that feed it trains anew; so does a checkpoint that is not, byte by
    byte, what was written (a power cut while it was saved). Cells that were run twice, and those
    that only show something, change nothing. The last three checkpoints of a name are kept. A
    resumed run meets the examples in the order of the first passes again; it is a valid run, but
    not bit by bit the one that was interrupted.

    Parameters
    ----------
    name : str
        Names the run; unique in the book.
    keras
        The module whose models are trained: ``keras`` or ``tf_keras``.
    """

    def __init__(self, name: str, keras):
        folder = _checkpoint_folder(name)
        self.epochs: list[dict] = []
        self.callbacks = [self._logger(keras)]
        if folder:
            checkpoint = _Checkpoint(folder)
            self.epochs = checkpoint.epochs()
            backup = keras.callbacks.BackupAndRestore(
                str(checkpoint.backup), delete_checkpoint=False
            )
            keeper = keras.callbacks.LambdaCallback(
                on_epoch_end=lambda *_: checkpoint.keep(self.epochs)
            )
            self.callbacks += [backup, keeper]  # in the order of saving

    @property
    def history(self) -> dict[str, list[float]]:
        """What was logged, a list over the epochs for each name (without the seconds)."""
        names = [name for name in next(iter(self.epochs), {}) if name not in TIMES]
        return {name: [epoch[name] for epoch in self.epochs] for name in names}

    @property
    def seconds(self) -> float:
        """Wall time of all epochs, validation included."""
        return sum(epoch["seconds"] for epoch in self.epochs)

    @property
    def training_seconds(self) -> list[float]:
        """Wall time from the begin of training to the end of each epoch, without validation."""
        return list(accumulate(row["seconds"] - row["validation_seconds"] for row in self.epochs))

    @property
    def training_cpu_seconds(self) -> list[float]:
        """The same in seconds of all processors: less depends on what else is running."""
        return list(accumulate(row["cpu_seconds"] for row in self.epochs))

    def _logger(self, keras):
        run = self
        kind: Any = keras.callbacks.Callback

        class Logger(kind):
            def on_epoch_begin(self, epoch, logs=None):
                del run.epochs[epoch:]
                self.begin, self.validation = _now(), (0.0, 0.0)

            def on_test_begin(self, logs=None):
                self.validation_begin = _now()

            def on_test_end(self, logs=None):
                self.validation = _since(self.validation_begin)

            def on_epoch_end(self, epoch, logs=None):
                row = {name: float(value) for name, value in (logs or {}).items()}
                wall, cpu = _since(self.begin)
                seconds = wall, self.validation[0], cpu - self.validation[1]
                run.epochs.append(row | dict(zip(TIMES, seconds, strict=True)))

        return Logger()


def _now() -> tuple[float, float]:
    """Return the time by the clock, and of all processors for this process, in seconds."""
    return time.perf_counter(), time.process_time()


def _since(begin: tuple[float, float]) -> tuple[float, float]:
    wall, cpu = _now()
    return wall - begin[0], cpu - begin[1]


class _Checkpoint:
    """Folder of a run: what Keras has saved, and a log that says what it must be."""

    def __init__(self, folder: Path):
        self.backup = folder / "backup"
        self._log = folder / "run.json"

    def epochs(self) -> list[dict]:
        """Return the epochs that can be loaded; drop what was not saved to its end."""
        try:
            found = json.loads(self._log.read_text())
        except (FileNotFoundError, ValueError):
            found = {}
        if found.get("backup") == self._digest():
            return found["epochs"]
        shutil.rmtree(self.backup, ignore_errors=True)
        return []

    def keep(self, epochs: list[dict]) -> None:
        """Note the epochs of what has just been saved."""
        scratch = self._log.with_suffix(".part")
        scratch.write_text(json.dumps({"backup": self._digest(), "epochs": epochs}))
        scratch.replace(self._log)

    def _digest(self) -> str:
        found = hashlib.sha256()
        for file in sorted(self.backup.rglob("*")):
            if file.is_file():
                found.update(f"{file.relative_to(self.backup)} {file.stat().st_size} ".encode())
                found.update(file.read_bytes())
        return found.hexdigest()


def _checkpoint_folder(name: str) -> Path | None:
    """Folder of a run, named by all that it depends on; None without a cache or a notebook."""
    cache, code = os.environ.get("LATENTS_CACHE"), _code_so_far()
    if not cache or code is None:
        return None
    profile = os.environ.get("PROFILE") or "quick"
    key = hashlib.sha256("\0".join([code, *_sources(profile)]).encode()).hexdigest()[:16]
    folder = Path(cache) / profile / f"{name}-{key}"
    folder.mkdir(parents=True, exist_ok=True)
    folder.touch()
    by_age = sorted(folder.parent.glob(f"{name}-{'?' * 16}"), key=lambda f: f.stat().st_mtime_ns)
    for outdated in by_age[:-KEPT]:
        shutil.rmtree(outdated)
    return folder


def _sources(profile: str) -> list[str]:
    """Text of the modules that decide what a model is trained on in this profile."""
    here = Path(__file__).parent / "data"
    origin = ("complete",) if profile == "full" else ("embedded", "drawings")
    return [(here / f"{name}.py").read_text() for name in ("__init__", "dataset", *origin)]


def _code_so_far() -> str | None:
    """Each cell that this notebook has run and that does something, this one included.

    None outside a notebook. A cell that was run twice counts once, where it was first.
    """
    try:
        from IPython import get_ipython
    except ImportError:
        return None
    shell = get_ipython()
    return "\0".join(dict.fromkeys(filter(_acts, shell.user_ns["In"]))) if shell else None


def _acts(cell: str) -> bool:
    """Whether a cell can change what a later one does: it binds a name or calls something."""
    try:
        tree = ast.parse(cell)
    except SyntaxError:  # commands of IPython, or a mistake
        return True
    return any(
        isinstance(node, ast.Call | ast.Await) or not isinstance(part, ast.Expr)
        for part in tree.body
        for node in ast.walk(part)
    )
