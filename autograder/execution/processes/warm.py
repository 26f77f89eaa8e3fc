"""Import all libraries in the process that notebooks are forked from; run no operation.

TensorFlow survives a fork only while its runtime has not started, so this module does nothing but
import.
"""

import contextlib
import functools
import gc
import importlib
import os
import sys
import typing
from typing import Any

from autograder.execution.processes import libraries


def _import_libraries() -> None:
    # The libraries print to standard error when they are imported, whatever their log level is.
    stderr, devnull = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(devnull, 2)
    try:
        import IPython.core.completerlib
        import IPython.core.interactiveshell
        import IPython.core.magics  # noqa: F401

        import autograder.execution.worker.plain
        import autograder.execution.worker.serve  # noqa: F401

        for name in libraries.requested():
            if name == libraries.OUR_EXERCISES:
                _import_for_our_exercises()
            else:
                # `libraries` has reported one that fails; on another machine, the notebook does.
                with contextlib.suppress(Exception):
                    importlib.import_module(name)
        if "tqdm" in sys.modules:
            sys.modules["tqdm"].tqdm.monitor_interval = 0  # no thread for progress bars
    finally:
        os.dup2(stderr, 2)
        os.close(stderr)
        os.close(devnull)


def _import_for_our_exercises() -> None:
    import keras  # noqa: F401
    import tensorflow_probability as tfp
    import tf_keras  # noqa: F401
    import tqdm  # noqa: F401

    import autograder.checks.running.local
    import autograder.execution.prober
    import latents.plots
    import latents.workshop  # noqa: F401

    for lazy in (tfp.layers, tfp.distributions):
        dir(lazy)
    for name in autograder.checks.NAMES:  # not the judges, which student code must not see
        for part in ("contract", "probes"):
            importlib.import_module(f"autograder.exercises.{name}.{part}")


_import_libraries()
if sys.version_info < (3, 12):  # as later versions do; TFP spends a tenth of its time there
    library: Any = typing  # the attribute is not public
    library._get_protocol_attrs = functools.cache(library._get_protocol_attrs)
gc.collect()
gc.freeze()  # otherwise the first collection in a fork would write to all memory, and so copy it
