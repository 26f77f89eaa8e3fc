"""Cache what probes observe: equal graphs, whoever handed them in, are probed only once."""

import hashlib
import json
import threading
from collections import OrderedDict
from typing import Any

import numpy as np

from autograder.checks import Question
from autograder.checks.values import Exported, Observation

CAPACITY = 64 * 2**20  # bytes of all observations, roughly
OVERHEAD = 200  # bytes of a Python object besides its content, roughly


def digest(exported: Exported) -> str:
    """Return a hash of a graph with its variables, and of the states of its functions."""
    functions = exported.to_json()["functions"]
    hasher = hashlib.sha256(json.dumps(functions, sort_keys=True).encode())
    for name, data in sorted(exported.files.items()):
        hasher.update(f"{name} {data.size} ".encode())
        hasher.update(data.tobytes())
    return hasher.hexdigest()


class Observations:
    """A cache of observations that several threads may use at the same time.

    Parameters
    ----------
    capacity : int
        Bytes that are kept, roughly.
    """

    def __init__(self, capacity: int = CAPACITY):
        self._capacity, self._size = capacity, 0
        self._entries: OrderedDict[tuple[str, str], tuple[Observation, int]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, graph: str, question: Question) -> Observation | None:
        """Return what was observed of a graph, or None if that is not known."""
        key = graph, question.key
        with self._lock:
            if key not in self._entries:
                return None
            self._entries.move_to_end(key)
            return self._entries[key][0]

    def keep(self, graph: str, question: Question, observation: Observation) -> None:
        """Keep what was observed of a graph, and drop what was used least recently.

        A problem is not kept: with more memory or time, the same graph may have none.
        """
        if observation.values is None:
            return
        key, size = (graph, question.key), _size(observation.to_json())
        with self._lock:
            if key in self._entries or size > self._capacity // 8:
                return
            self._entries[key] = observation, size
            self._size += size
            while self._size > self._capacity:
                _, (_, dropped) = self._entries.popitem(last=False)
                self._size -= dropped


def _size(value: Any) -> int:
    if isinstance(value, np.ndarray):
        return OVERHEAD + value.nbytes
    if isinstance(value, dict):
        return OVERHEAD + sum(map(_size, value.values()))
    if isinstance(value, list):
        return OVERHEAD + sum(map(_size, value))
    return OVERHEAD + (len(value) if isinstance(value, str) else 0)
