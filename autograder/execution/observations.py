"""What probes have seen of graphs: equal graphs, whoever handed them in, are probed once."""

import hashlib
import json
import threading
from collections import OrderedDict
from typing import Any

import numpy as np

from autograder.checks import Question
from autograder.checks.values import Values

MOST = 64 * 2**20  # bytes of what is kept, about
EACH = 200  # bytes of a value that is no array


def digest(exported: Values) -> str:
    """Return a hash of a graph with its variables, and of what is said of its functions."""
    found = hashlib.sha256(json.dumps(exported["functions"], sort_keys=True).encode())
    for name, data in sorted(exported["files"].items()):
        found.update(f"{name} {data.size} ".encode())
        found.update(data.tobytes())
    return found.hexdigest()


class Observations:
    """Keeps what was seen last; several threads may use it at the same time.

    Parameters
    ----------
    most : int
        Bytes that are kept, about.
    """

    def __init__(self, most: int = MOST):
        self._most, self._size = most, 0
        self._known: OrderedDict[tuple[str, str], tuple[Values, int]] = OrderedDict()
        self._one_at_a_time = threading.Lock()

    def get(self, graph: str, question: Question) -> Values | None:
        """Return what was seen of a graph, or None if that is not known."""
        key = graph, question.key
        with self._one_at_a_time:
            if key not in self._known:
                return None
            self._known.move_to_end(key)
            return self._known[key][0]

    def keep(self, graph: str, question: Question, seen: Values) -> None:
        """Keep what was seen of a graph, and forget what has not been asked for longest."""
        key, size = (graph, question.key), _size(seen)
        with self._one_at_a_time:
            if key in self._known or size > self._most // 8:
                return
            self._known[key] = seen, size
            self._size += size
            while self._size > self._most:
                _, (_, old) = self._known.popitem(last=False)
                self._size -= old


def _size(value: Any) -> int:
    if isinstance(value, np.ndarray):
        return EACH + value.nbytes
    if isinstance(value, dict):
        return EACH + sum(map(_size, value.values()))
    if isinstance(value, list):
        return EACH + sum(map(_size, value))
    return EACH + (len(value) if isinstance(value, str) else 0)
