"""Run a probe beside the student's code: seeded, quiet, on the CPU, exceptions turned to text."""

import contextlib
import logging
import os
import random
import sys
import warnings
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from autograder.checks.exercise import Check, Values
from latents.errors import explain

SEED = 20260


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
