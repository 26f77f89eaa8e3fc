"""Run a probe beside the student's code: seeded, quiet, on the CPU, exceptions turned to text."""

import contextlib
import linecache
import logging
import os
import random
import re
import sys
import traceback
import warnings
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from autograder.checks.exercise import Check, Values

SEED = 20260
LONGEST = 300  # characters of a student's error message that are repeated


def run(check: Check, answers: Mapping[str, Any], inputs: Values) -> dict:
    """Return ``{"values": ...}``, ``{"problem": sentence}`` or ``{"missing": True}``."""
    import tensorflow as tf

    fix_seeds()
    try:
        with quiet(), tf.device("CPU:0"):
            return {"values": check.probe(answers, inputs)}
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # also SystemExit: nothing that student code does ends the run
        return explain(error)


def fix_seeds() -> None:
    """Start every source of random numbers anew, so that the same answer gives the same text."""
    import keras
    import tensorflow as tf

    random.seed(SEED)
    np.random.seed(SEED)
    tf.random.set_seed(SEED)
    keras.utils.set_random_seed(SEED)
    if "tf_keras" in sys.modules:
        sys.modules["tf_keras"].utils.set_random_seed(SEED)


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Drop warnings and log lines, of C++ libraries too: nbgrader takes points for any of them."""
    before = logging.root.manager.disable
    sys.stderr.flush()
    kept = os.dup(2)
    with (
        open(os.devnull, "w") as nowhere,  # noqa: PTH123 (no path of a user)
        contextlib.redirect_stderr(nowhere),
        warnings.catch_warnings(),
    ):
        warnings.simplefilter("ignore")
        logging.disable(logging.CRITICAL)
        os.dup2(nowhere.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(kept, 2)
            os.close(kept)
            logging.disable(before)


def explain(error: BaseException) -> dict:
    """Return what a student's exception says, with the line of the answer that raised it."""
    # A KeyError shows its message as Python would write it, with \\n for the end of a line.
    told = error.args[0] if isinstance(error, KeyError) and len(error.args) == 1 else error
    message, place = _converted(str(told))
    place = _deepest(error) or place
    if isinstance(error, NotImplementedError) and place and "NotImplementedError" in place[1]:
        return {"missing": True}
    kind = type(error).__name__
    message = _clean(message)
    what = f"{kind}: {message}" if message else kind
    line = f"Line {place[0]} of your answer, `{place[1]}`," if place else "Your answer"
    return {"problem": f"{line} raised {what}{'' if what.endswith(('.', '!', '?')) else '.'}"}


def is_students(file: str) -> bool:
    """Return True for the file name of a notebook cell: in Jupyter, Colab, IPython or here."""
    return any(word in file for word in ("ipykernel_", "ipython-input-", "<answer"))


def _deepest(error: BaseException) -> tuple[int, str] | None:
    """Return line number and text of the last line of the student's cell in a traceback."""
    frames = [f for f in traceback.extract_tb(error.__traceback__) if is_students(f.filename)]
    if not frames:
        return None
    last = frames[-1]
    return last.lineno, (last.line or linecache.getline(last.filename, last.lineno)).strip()


def _converted(message: str) -> tuple[str, tuple[int, str] | None]:
    """Take apart the message of an error inside a function that TensorFlow has compiled."""
    if "in user code:" not in message:
        return message, None
    found = re.findall(r'File "(.+?)", line (\d+), in .*\n +(.+)', message)
    own = [(int(line), code.strip()) for file, line, code in found if is_students(file)]
    lines = message.splitlines()
    kinds = [k for k, line in enumerate(lines) if re.match(r"\s+\w+(Error|Exit)\b", line)]
    told = [line.strip() for line in lines[kinds[-1] if kinds else -1 :]]
    return re.sub(r"^\w+(Error|Exit): ?", "", "\n".join(told)), own[-1] if own else None


def _of_graph(message: str) -> str:
    """Return what an error of a compiled graph says, without where TensorFlow was built and run."""
    if "Graph execution error" not in message:
        return message
    lines = [line.strip() for line in message.splitlines()]
    places = [k for k, line in enumerate(lines) if line.startswith(('File "', "Detected at node"))]
    told = lines[places[-1] + 1 :] if places else lines
    told = [line for line in told if line and not line.startswith(("<stack traces", "[["))]
    return re.sub(r"\s*\[\[.*|\s*\[Op:.*", "", " ".join(told))


def _clean(message: str) -> str:
    """Return the part of an error message that says something, on one line."""
    message = re.sub(r"\x1b\[[0-9;]*m", "", message)
    message = re.sub(r"Exception encountered when calling .+\n\n", "", message)
    message = _of_graph(message)
    message = re.sub(r"(?s).*\bError encountered:\s+", "", message)  # Keras tells the cause last
    message = re.split(r"\n\nArguments received by|\n\nCall arguments received by", message)[0]
    message = re.sub(r"\{\{.*?\}\}|__wrapped__\S+ ", "", message)
    message = re.sub(r"0x[0-9a-f]{6,}", "0x…", message)  # addresses differ from run to run
    message = re.sub(r" \[Op:\w+\]( name:.*)?$", "", " ".join(message.split()))
    return message if len(message) <= LONGEST else message[: LONGEST - 1].rstrip() + "…"
