"""What processes exchange: dicts, lists, strings, numbers and arrays, as JSON."""

import hashlib
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

Values = dict[str, Any]


@dataclass(frozen=True)
class State:
    """Whether a function of an answer is there.

    Attributes
    ----------
    problem : str
        Why it is not, in a sentence; empty if it is, or if nobody has written it.
    missing : bool
        Whether the answer is still the stub.
    """

    problem: str = ""
    missing: bool = False

    @property
    def is_there(self) -> bool:
        """Whether the function can be called."""
        return not (self.problem or self.missing)

    def to_json(self) -> Values:
        """Return the form in which it is sent."""
        return {name: value for name, value in vars(self).items() if value}


@dataclass(frozen=True)
class Exported:
    """An answer as data: what `autograder.checks.tracing.export` makes of it.

    Attributes
    ----------
    functions : dict of str to State
        The functions that the contract of the exercise asks for, by name.
    files : dict of str to array
        Bytes of the files of a SavedModel by name; empty if there is nothing to save.
    switches : tuple of str
        Names of the global switches that the notebook had changed.
    """

    functions: dict[str, State]
    files: dict[str, np.ndarray]
    switches: tuple[str, ...] = ()

    def to_json(self) -> Values:
        """Return the form in which it is sent."""
        functions = {name: state.to_json() for name, state in self.functions.items()}
        return {"functions": functions, "files": self.files, "switches": list(self.switches)}

    @classmethod
    def from_json(cls, message: Values) -> Self:
        """Return what was sent by a process that is trusted."""
        functions = {name: State(**state) for name, state in message["functions"].items()}
        return cls(functions, message["files"], tuple(message["switches"]))


@dataclass(frozen=True)
class Observation:
    """What a probe has observed of an answer, or why it has observed nothing.

    Attributes
    ----------
    values : dict or None
        What was observed.
    problem, missing
        As in `State`, where nothing was observed.
    by_graph : bool
        Whether an operation of the graph raised the problem.
    remark : str
        What the student should know besides, in a sentence; usually empty.
    """

    values: Values | None = None
    problem: str = ""
    missing: bool = False
    by_graph: bool = False
    remark: str = ""

    @classmethod
    def nothing(cls, state: State) -> Self:
        """Return that nothing was observed, because a function is not there."""
        return cls(problem=state.problem, missing=state.missing)

    def to_json(self) -> Values:
        """Return the form in which it is sent."""
        return {name: value for name, value in vars(self).items() if value or value == {}}


def count_values(document: str | bytes) -> int:
    """Return how many values a JSON document may hold, without reading it: there are no more."""
    if isinstance(document, bytes):
        return sum(map(document.count, (b"[", b"{", b",")))
    return sum(map(document.count, "[{,"))


def digest(value: Any) -> str:
    """Return a hash of a value; different values have different hashes."""
    hasher = hashlib.sha256()
    _feed(hasher, value)
    return hasher.hexdigest()


def _feed(hasher: Any, value: Any) -> None:
    if isinstance(value, dict):
        hasher.update(b"{%d" % len(value))
        for key in sorted(value):
            _feed(hasher, key)
            _feed(hasher, value[key])
    elif isinstance(value, list | tuple):
        hasher.update(b"[%d" % len(value))
        for item in value:
            _feed(hasher, item)
    elif isinstance(value, np.ndarray | np.generic):
        hasher.update(f"array {value.dtype.str} {value.shape}".encode() + value.tobytes())
    else:
        text = repr(value).encode()
        hasher.update(b"%d " % len(text) + text)
