"""The contract of ``sampling``: the layer is traced for codes of three widths, in every mode."""

import inspect
from collections.abc import Callable, Mapping
from typing import Any

from autograder.checks.tracing.contract import AnswerError, Order, Traced
from autograder.checks.values import Values
from autograder.checks.words import listing, shape

# Arguments of the layer in each mode; one traced function returns the codes of all modes.
MODES = {"training": {"training": True}, "inference": {"training": False}, "plain": {}}
# Batch sizes for each number of latents. The layer is traced for them if it cannot be traced for
# batches of unknown size.
BATCHES = {5: (12_000, 300), 64: (100,), 2: (100,)}
FIRST_CALLS = 2, 3  # sizes of the batches that a new layer is called with
IN_A_MODEL = 2  # latents of the codes for which the layer is called as part of a model

_CLASS = "a class: `class Sampling(keras.layers.Layer)`, of which the checks make a layer"


def orders(answers: Mapping[str, Any], settings: Values) -> list[Order]:
    """Return one order for each width; see ``autograder.checks.tracing.contract``."""

    def order(width: int) -> Order:
        shapes = ((None, width),) * 2
        return Order(
            name(width), lambda: _traced(answers["Sampling"], width), shapes, BATCHES[width]
        )

    return [order(width) for width in BATCHES]


def name(width: int) -> str:
    """Return the name of the function for codes of a width."""
    return f"{width} latents"


def _traced(answer: Any, width: int) -> Traced:
    layer = _called(answer, width)
    called = _in_a_model(layer, width) if width == IN_A_MODEL else layer

    def function(mean: Any, log_var: Any) -> dict:
        return {
            mode: _code(called([mean, log_var], **arguments)) for mode, arguments in MODES.items()
        }

    return Traced(function)


def _called(answer: Any, width: int) -> Any:
    """Return a layer that has been called, so that everything its first call creates exists.

    The batches are small, since a layer may loop over examples. A layer that keeps the size of its
    first batch, or something of that size, is created again for the size that most probes use.
    """
    layer = _layer(answer)
    first, second = FIRST_CALLS
    try:
        for arguments in MODES.values():
            _call(layer, first, width, arguments)
        _call(layer, second, width, MODES["training"])
    except Exception:
        layer = _layer(answer)
        for arguments in MODES.values():
            _call(layer, BATCHES[width][0], width, arguments)
    return layer


def _call(layer: Any, batch: int, width: int, arguments: Mapping[str, bool]) -> None:
    import tensorflow as tf

    zeros = tf.zeros((batch, width))
    layer([zeros, zeros], **arguments)


def _layer(answer: Any) -> Any:
    """Return the layer that ``answer()`` makes, or raise an error that says why there is none."""
    import keras

    if _is_of_tf_keras(answer):
        raise AnswerError(
            "Sampling is a layer of tf_keras, expected one of Keras 3, in which this exercise is "
            "written: derive the class from keras.layers.Layer."
        )
    if not callable(answer) or isinstance(answer, keras.layers.Layer):
        kind = type(answer).__name__
        raise AnswerError(f"Sampling is an object of type {kind}, expected {_CLASS}.")
    if inspect.isroutine(answer) and not _takes(answer):
        raise AnswerError(f"Sampling is a function, expected {_CLASS}.")
    layer = _made(answer)
    if _is_of_tf_keras(layer) or not isinstance(layer, keras.layers.Layer):
        raise AnswerError(
            f"Sampling() gives an object of type {type(layer).__name__}, expected a layer: derive "
            "the class from keras.layers.Layer and compute the code in its method `call`."
        )
    _refuse_two_tensors(layer)
    return layer


def _made(answer: Callable[[], Any]) -> Any:
    try:
        return answer()
    except TypeError as error:
        if error.__traceback__ and error.__traceback__.tb_next:
            raise  # the error comes from the student's code
        raise AnswerError(
            f"Sampling() raised TypeError: {error}. The checks make the layer without arguments: "
            "give every argument of __init__ a default, and take the width from mean."
        ) from None


def _refuse_two_tensors(layer: Any) -> None:
    """Raise an AnswerError if ``call`` takes two tensors instead of one list."""
    kinds = inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD
    try:
        parameters = inspect.signature(layer.call).parameters.values()
    except (AttributeError, TypeError, ValueError):
        return  # Keras will say what is wrong
    named = [
        parameter.name
        for parameter in parameters
        if parameter.kind in kinds and parameter.default is parameter.empty
    ]
    if named[1:] == ["training"]:
        raise AnswerError(
            "`call` cannot be used without `training`, as in `layer([mean, log_var])`: give it a "
            "default, `def call(self, inputs, training=None)`, or leave it out."
        )
    if len(named) > 1:
        raise AnswerError(
            f"`call` takes {listing(named)} one by one, expected the list [mean, log_var] as one "
            "argument: `def call(self, inputs)` and `mean, log_var = inputs`."
        )


def _is_of_tf_keras(answer: Any) -> bool:
    kind = answer if isinstance(answer, type) else type(answer)
    return any(base.__module__.partition(".")[0] == "tf_keras" for base in kind.__mro__)


def _takes(answer: Callable, *arguments: Any) -> bool:
    try:
        inspect.signature(answer).bind(*arguments)
    except (TypeError, ValueError):
        return False
    return True


def _in_a_model(layer: Any, width: int) -> Any:
    """Return a functional model of only the layer, for batches of unknown size."""
    import keras

    ends = [keras.Input((width,)), keras.Input((width,))]
    code = layer(ends)
    if not isinstance(code, keras.KerasTensor):
        raise _no_code(code)
    if code.shape is None or tuple(code.shape) != (None, width):
        shape_of_code = "unknown" if code.shape is None else shape(code.shape)
        raise AnswerError(
            f"In a model with an unknown batch size the shape of the code is {shape_of_code}, "
            f"expected {shape((None, width))}: keras.ops.shape(mean) keeps what is known of the "
            "shape of mean."
        )
    return keras.Model(ends, code)


def _code(returned: Any) -> Any:
    """Return the output of a layer as a tensor, after checking that it is one of real numbers."""
    import keras
    import numpy as np
    import tensorflow as tf

    if isinstance(returned, np.ndarray | np.generic | tf.Variable | keras.Variable):
        returned = tf.convert_to_tensor(returned)
    if not isinstance(returned, tf.Tensor):
        raise _no_code(returned)
    if not (returned.dtype.is_floating or returned.dtype.is_integer):
        raise AnswerError(
            f"The layer returned a tensor of type {returned.dtype.name}, expected one of real "
            "numbers."
        )
    return returned


def _no_code(returned: Any) -> AnswerError:
    if returned is None:
        description = "None (is a `return` missing?)"
    elif isinstance(returned, list | tuple | dict):
        description = f"a {type(returned).__name__} of length {len(returned)}"
    else:
        description = f"an object of type {type(returned).__name__}"
    return AnswerError(
        f"The layer returned {description}, expected one tensor of the shape of the mean."
    )
