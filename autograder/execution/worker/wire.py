"""Exchange messages with an untrusted process: JSON and arrays, no objects.

Whatever such a process sends is checked here and nowhere else, by type and size. Anything that does
not have the expected form raises an `AutograderError`, whose message says what is wrong.
"""

import base64
import json
import re
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from autograder import AutograderError
from autograder.checks.tracing.export import FILES
from autograder.checks.values import Exported, Observation, State, Values, count_values
from autograder.execution.worker.outputs import Output, sentences

LARGEST = 64 * 2**20  # bytes of one message
MAX_VALUES = 1_000_000  # of its JSON; each takes some 80 bytes of memory
MAX_FUNCTIONS = 300  # of an answer
MAX_NAME = 80  # characters
KINDS = "biuf"  # Boolean, integer, unsigned, floating
NUMERIC_TYPE = re.compile(r"[<>|=]?[biuf](1|2|4|8)")  # type of an array, as NumPy writes it


def pack(message: Any) -> bytes:
    """Return a message of dicts, lists, texts, numbers and arrays as bytes."""
    return json.dumps(message, default=_plain).encode()


def unpack(data: bytes) -> Values:
    """Return the message that was packed into some bytes.

    Raises
    ------
    AutograderError
        If they are too long, not JSON, not a dict, or hold an array of anything but numbers.
    """
    if len(data) > LARGEST:
        raise AutograderError(f"A message of {len(data):,} bytes is larger than {LARGEST:,}.")
    if count_values(data) > MAX_VALUES:
        raise AutograderError(f"A message holds more than {MAX_VALUES:,} values.")
    try:
        message = json.loads(data, object_hook=_array)
    except (ValueError, RecursionError, TypeError, KeyError) as error:
        raise AutograderError(f"A message could not be read: {error}.") from error
    if not isinstance(message, dict):
        raise AutograderError(f"A message is a {type(message).__name__} and not a dict.")
    return message


def started(message: Values) -> str:
    """Return what went wrong when a process started; empty if nothing did."""
    return _text(message.get("failed"))


@dataclass(frozen=True)
class CellRun:
    """What came of running a cell.

    Attributes
    ----------
    outputs : list of dict
        Its outputs in nbformat's form, not cleaned yet.
    ok : bool
        Whether it succeeded.
    """

    outputs: list[Output]
    ok: bool


def cell(message: Values) -> CellRun:
    """Return what came of running a cell."""
    _refuse_failed(message)
    outputs = message.get("outputs")
    raw = outputs if isinstance(outputs, list) else []
    return CellRun(list(filter(_is_output, raw)), message.get("ok") is True)


def exported(message: Values) -> Exported:
    """Return an answer that was exported."""
    _refuse_failed(message)
    functions, files, switches = map(message.get, ("functions", "files", "switches"))
    if not (isinstance(functions, dict) and isinstance(files, dict) and isinstance(switches, list)):
        raise AutograderError("It is not the graph of an answer.")
    if len(functions) > MAX_FUNCTIONS or not all(map(_is_name, functions)):
        raise AutograderError("The functions of the answer have names that cannot be used.")
    if files and not (set(files) == set(FILES) and all(map(_is_bytes, files.values()))):
        raise AutograderError("The graph of the answer does not consist of the expected files.")
    states = {name: _state(state) for name, state in functions.items()}
    return Exported(states, files, sentences(switches[:20], 100))


def observed(message: Values) -> Observation:
    """Return what a probe observed."""
    _refuse_failed(message)
    values = message.get("values")
    if isinstance(values, dict):
        return Observation(values)
    state = _state(message)
    if state.is_there:
        raise AutograderError("It says nothing about the answer.")
    return replace(Observation.nothing(state), by_graph=message.get("by_graph") is True)


def _state(state: Any) -> State:
    if not isinstance(state, dict):
        raise AutograderError("It does not say what became of a function.")
    problem = _text(state.get("problem"))
    return State(problem, missing=not problem and state.get("missing") is True)


def _refuse_failed(message: Values) -> None:
    if reason := _text(message.get("failed")):
        raise AutograderError(f"It says: {reason}.")


def _text(value: Any) -> str:
    return next(iter(sentences([value]))) if isinstance(value, str) else ""


def _is_output(value: Any) -> bool:
    return isinstance(value, dict) and isinstance(value.get("output_type"), str)


def _is_name(value: str) -> bool:
    return len(value) <= MAX_NAME and value.isprintable()


def _is_bytes(value: Any) -> bool:
    return isinstance(value, np.ndarray) and value.dtype == np.uint8 and value.ndim == 1


def _plain(value: Any) -> Any:
    if isinstance(value, np.ndarray) and value.dtype.kind in KINDS:
        data = base64.b64encode(np.ascontiguousarray(value).tobytes()).decode()
        return {"__array__": data, "dtype": value.dtype.str, "shape": list(value.shape)}
    if isinstance(value, np.generic):
        return value.item()
    raise TypeError(f"a value of type {type(value).__name__} is neither a number nor an array")


def _array(value: Values) -> Any:
    if "__array__" not in value:
        return value
    text, kind, shape = value["__array__"], value["dtype"], value["shape"]
    if not (isinstance(kind, str) and NUMERIC_TYPE.fullmatch(kind)):
        raise ValueError(f"an array of {str(kind)[:40]!r}")
    if not (isinstance(shape, list) and len(shape) <= 8 and all(map(_is_size, shape))):
        raise ValueError("an array without a shape")
    data = base64.b64decode(text, validate=True)
    return np.frombuffer(data, np.dtype(kind)).reshape(shape)


def _is_size(value: Any) -> bool:
    return type(value) is int and 0 <= value <= LARGEST
