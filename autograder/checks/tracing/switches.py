"""Reset the global switches of TensorFlow and Keras to their values in a new process.

A notebook may change any of them. An answer must not depend on that, so it is traced with the
default settings, and the student is told which switches the notebook changed.
"""

import contextlib
import sys
from collections.abc import Callable, Iterator
from typing import Any

Switch = tuple[str, Callable[[], Any], Callable[[Any], None], Any]


@contextlib.contextmanager
def ordinary() -> Iterator[tuple[str, ...]]:
    """Reset all switches for a while, and yield the names of those that had been changed."""
    import tensorflow as tf
    from tensorflow.python.eager import context

    turned = [] if tf.executing_eagerly() else ["tf.compat.v1.disable_eager_execution"]
    if context.context().op_callbacks:
        turned.append("tf.debugging.enable_check_numerics")
    with contextlib.ExitStack() as stack:
        if turned[:1] == ["tf.compat.v1.disable_eager_execution"]:
            stack.enter_context(context.eager_mode())
        for callback in list(context.context().op_callbacks):
            context.context().remove_op_callback(callback)
            stack.callback(context.context().add_op_callback, callback)
        for name, read, write, default in _switches():
            value = read()
            if _name(value) != default:
                turned.append(name)
                _try_to_set(write, default)
                stack.callback(_try_to_set, write, value)
        yield tuple(turned)


def _name(value: Any) -> Any:
    """Return the name of a dtype policy, or the policy itself if it has none, as a map of them."""
    return getattr(value, "name", value)


def _try_to_set(write: Callable[[Any], None], value: Any) -> None:
    """Set a switch, unless TensorFlow refuses, as tf_keras does without the v2 behaviour."""
    with contextlib.suppress(Exception):
        write(value)


def sentence(turned: tuple[str, ...]) -> str:
    """Return a remark for the student about changed switches, or an empty string."""
    if not turned:
        return ""
    them = "it" if len(turned) == 1 else "them"
    return (
        f"Your notebook turns {'a switch' if len(turned) == 1 else 'switches'} of all of "
        f"TensorFlow, as {' and '.join(turned)} {'does' if len(turned) == 1 else 'do'}. The checks "
        f"ran without {them}; elsewhere your answer may behave differently, so remove {them}."
    )


def _switches() -> Iterator[Switch]:
    """Yield name, getter, setter and default value of each switch that has a value."""
    import keras
    import tensorflow as tf
    from tensorflow.python.framework import config

    yield (
        "tf.config.run_functions_eagerly",
        tf.config.functions_run_eagerly,
        tf.config.run_functions_eagerly,
        False,
    )
    yield (
        "tf.config.experimental.enable_op_determinism",
        config.is_op_determinism_enabled,
        lambda on: config.enable_op_determinism() if on else config.disable_op_determinism(),
        False,
    )
    for name in ("keras", "tf_keras"):
        if name in sys.modules:
            yield from _keras_switches(name, keras if name == "keras" else sys.modules[name])


def _keras_switches(name: str, library: Any) -> Iterator[Switch]:
    precision = library.mixed_precision
    policy = getattr(precision, "global_policy", None) or precision.dtype_policy
    yield (
        f"{name}.mixed_precision.set_global_policy",
        policy,
        precision.set_global_policy,
        "float32",
    )
    backend = library.backend
    yield f"{name}.backend.set_floatx", backend.floatx, backend.set_floatx, "float32"
    yield (
        f"{name}.backend.set_image_data_format",
        backend.image_data_format,
        backend.set_image_data_format,
        "channels_last",
    )
