"""Count what a model computes and moves for an image, from the layers that it calls."""

import contextlib
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from unittest import mock

BACKWARD = 3  # products in a training step: forward, gradient of the weights, gradient of the input
COUNTED = ("Dense", "Conv2D", "Conv2DTranspose")


@dataclass(frozen=True)
class Arithmetic:
    """What the products of a model need for one image.

    Attributes
    ----------
    multiply_adds : int
        Of the forward pass; those at the border that meet padding are counted.
    activations : int
        Numbers that the layers read and write in the forward pass, weights apart.
    weights : int
        Numbers that are trained in these layers.
    """

    multiply_adds: int
    activations: int
    weights: int

    def __add__(self, other: "Arithmetic") -> "Arithmetic":
        pairs = zip(vars(self).values(), vars(other).values(), strict=True)
        return Arithmetic(*(mine + its for mine, its in pairs))


def of_layer(layer, read: tuple, written: tuple) -> Arithmetic:
    """Count a Dense, Conv2D or Conv2DTranspose layer of Keras 3 or of tf_keras.

    Its kernel is applied as a whole at each place: of the output, but of the input where the
    convolution is transposed.

    Parameters
    ----------
    layer
        A layer that is built.
    read, written : tuple of int
        Shapes of input and output, the batch included.
    """
    transposed = "Conv2DTranspose" in _kinds(layer)
    places = math.prod((read if transposed else written)[1:-1])
    numbers = math.prod(read[1:]) + math.prod(written[1:])
    return Arithmetic(math.prod(layer.kernel.shape) * places, numbers, layer.count_params())


def of_model(model, example) -> Arithmetic:
    """Count all such layers that a model calls when it judges a batch.

    Parameters
    ----------
    model
        Of Keras 3 or of tf_keras, compiled; it may be one that has no ``call`` of its own.
    example : pair of array_like
        Input and target, as in training.

    Raises
    ------
    TypeError
        A layer has a kernel but is of another kind: its products would be left out in silence.
    """
    import tensorflow as tf

    found: list[Arithmetic] = []
    with contextlib.ExitStack() as stack:
        for layer in _leaves(model):
            if hasattr(layer, "kernel"):
                if not _kinds(layer) & set(COUNTED):
                    raise TypeError(f"{layer.name} is none of {', '.join(COUNTED)}.")
                stack.enter_context(_counting(layer, found))
        model.test_step(tuple(map(tf.convert_to_tensor, example)))
    return sum(found, Arithmetic(0, 0, 0))


def moved(counted: Arithmetic, batch: int, size: int = 4) -> int:
    """Return the bytes that the products of a training step with Adam must move at least.

    Each product reads its two operands once and writes its result: three products with input,
    output and weights of a layer, or with their gradients. Adam reads gradient, weight and two
    moments and writes the last three, in single precision.

    Parameters
    ----------
    counted : Arithmetic
    batch : int
        Images in a step.
    size : int
        Bytes of a number in the products: 4, or 2 in half precision.
    """
    products = BACKWARD * (batch * counted.activations + counted.weights) * size
    return products + 7 * 4 * counted.weights


def _leaves(model) -> Iterator[Any]:
    for part in getattr(model, "layers", ()):
        if hasattr(part, "layers"):
            yield from _leaves(part)
        else:
            yield part


def _kinds(layer) -> set[str]:
    return {kind.__name__ for kind in type(layer).__mro__}


def _counting(layer, found: list[Arithmetic]):
    call = layer.call

    def counted_call(inputs, *given, **settings):
        outputs = call(inputs, *given, **settings)
        found.append(of_layer(layer, tuple(inputs.shape), tuple(outputs.shape)))
        return outputs

    return mock.patch.object(layer, "call", counted_call)
