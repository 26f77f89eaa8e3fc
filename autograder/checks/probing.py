"""Run a probe beside the student's code: seeded, quiet, on the CPU, exceptions turned to text."""

import contextlib
import gc
import logging
import os
import random
import sys
import warnings
import zlib
from collections.abc import Iterator, Mapping
from typing import Any

from autograder import wire
from autograder.checks.exercise import Check, Values
from latents.errors import explain

SEED = 20260
USED: set[int] = set()  # seeds that kernels of TensorFlow in this process may have


def run(check: Check, answers: Mapping[str, Any], inputs: Values) -> dict:
    """Return ``{"values": ...}``, ``{"problem": sentence}`` or ``{"missing": True}``."""
    import tensorflow as tf

    place = zlib.crc32(wire.pack([check.name, inputs]))
    fix_seeds(place, keep_kernels=place not in USED)
    USED.add(place)
    try:
        with quiet(), without_collector(), tf.device("CPU:0"):
            return {"values": check.probe(answers, inputs)}
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # also SystemExit: nothing that student code does ends the run
        return explain(error)


def fix_seeds(seed: int = SEED, keep_kernels: bool = False) -> None:
    """Start every source of random numbers anew, so that the same answer gives the same text.

    Parameters
    ----------
    seed : int
        Where they start.
    keep_kernels : bool
        Spare TensorFlow making its kernels again. Right only for a seed that is new here.
    """
    import keras

    with _keeping_kernels() if keep_kernels else contextlib.nullcontext():
        keras.utils.set_random_seed(seed)  # and those of Python, NumPy and TensorFlow
        if "tf_keras" in sys.modules:
            sys.modules["tf_keras"].utils.set_random_seed(seed)


@contextlib.contextmanager
def _keeping_kernels() -> Iterator[None]:
    """Let seeds be set without TensorFlow's throwing away all kernels, which cost time to make.

    It does so because a kernel that draws random numbers goes on where it stopped. Such a kernel
    belongs to one seed, so after a seed that is new to the process none of them is found.
    """
    from tensorflow.python.eager.context import context

    eager = context()

    def set_seed(seed: int) -> None:
        eager._seed, eager._rng = seed, random.Random(seed)

    eager._set_global_seed = set_seed
    try:
        yield
    finally:
        del eager._set_global_seed


@contextlib.contextmanager
def without_collector() -> Iterator[None]:
    """Put off garbage collection: it walks all the libraries, and a probe makes little garbage."""
    before = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if before:
            gc.enable()


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
