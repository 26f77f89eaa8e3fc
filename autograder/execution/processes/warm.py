"""Imported once by the process that is forked for each notebook; no operation may run here.

TensorFlow survives a fork only while its runtime has not started, so this module imports and does
nothing else.
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


def _import_everything() -> None:
    # The libraries greet the user on standard error, whatever their log level is.
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        import IPython.core.completerlib
        import IPython.core.interactiveshell
        import IPython.core.magics  # noqa: F401

        import autograder.execution.worker.plain
        import autograder.execution.worker.serve  # noqa: F401

        for name in libraries.named():
            if name == libraries.OURS:
                _import_ours()
            else:
                # One that fails is told before; on another machine, by the notebook that needs it.
                with contextlib.suppress(Exception):
                    importlib.import_module(name)
        if "tqdm" in sys.modules:
            sys.modules["tqdm"].tqdm.monitor_interval = 0  # no thread for every progress bar
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


def _import_ours() -> None:
    import keras  # noqa: F401
    import tensorflow_probability as tfp
    import tf_keras  # noqa: F401
    import tqdm  # noqa: F401

    import autograder.checks.local
    import autograder.execution.prober
    import latents.plots
    import latents.workshop  # noqa: F401

    for lazy in (tfp.layers, tfp.distributions):
        dir(lazy)
    for name in autograder.checks.NAMES:  # not their judges, which student code must not see
        for part in ("contract", "probes"):
            importlib.import_module(f"autograder.exercises.{name}.{part}")


_import_everything()
if sys.version_info < (3, 12):  # as later versions do; a tenth of what TFP computes goes there
    library: Any = typing  # of which this is not public
    library._get_protocol_attrs = functools.cache(library._get_protocol_attrs)
gc.collect()
gc.freeze()  # else the first collection in a fork would write to, and so copy, all memory
