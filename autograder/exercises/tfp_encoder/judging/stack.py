"""Check of ``tfp_encoder``: the convolution stack."""

from itertools import permutations

import numpy as np

from autograder.checks.words import listing, number, shape
from autograder.exercises.tfp_encoder.encoder import FEW, MANY
from autograder.exercises.tfp_encoder.judging import oracle
from autograder.exercises.tfp_encoder.judging.common import EncoderCheck, numbers
from autograder.exercises.tfp_encoder.weights import (
    GAIN,
    Shape,
    arrange,
    has_bias,
    pictures,
    same_layer,
    stack_weights,
)


class Stack(EncoderCheck):
    """The stack has the layers of the chapter, judged by their weights and outputs."""

    part = "architecture"

    def compare(self, inputs, seen):
        """Report a layer with wrong weights, or compare with the stack in double precision."""
        shapes = [tuple(int(size) for size in kernel) for kernel in seen["shapes"]]
        wanted = inputs["kernels"]
        problem = _wrong_layer(shapes, arrange(shapes, wanted), wanted)
        if problem:
            return problem
        training, again, inference = (
            _means(seen[key]) for key in ("training", "again", "inference")
        )
        if training is None:
            raise ValueError("no means")
        if again is None or not _same(training, again):
            return (
                "In training the posterior mean of the same image changes from call to call: "
                "something in your stack is random, such as Dropout or GaussianNoise, and the "
                "table of layers has nothing of that kind."
            )
        if problem := _frozen(seen["frozen"], arrange(shapes, wanted), wanted):
            return problem
        if problem := _other_means(inputs, training):
            return problem
        together, large = numbers(seen["together"], FEW, None), numbers(seen["large"], FEW, None)
        if not _same(training[1], together):
            return (
                f"In a batch of {MANY} images the posterior mean of the same image is another one "
                f"than in a batch of {FEW}: treat each image alone, without statistics of the "
                "batch."
            )
        if not _is_stack(inputs, large):
            return (
                f"With {number(GAIN)} times as large weights the posterior means are no longer "
                f"those of the stack of the book, but {number(np.abs(large).max())} at most: "
                "limit neither the features nor the mean."
            )
        if inference is not None and not _same(training, inference):
            return (
                "In training the stack is that of the book, but at inference, with training=False, "
                "the posterior mean of the same image is another one: do the same in both."
            )
        return None


def _frozen(frozen, order, wanted) -> str | None:
    """Require that training changes every kernel and every bias."""
    for place, i in enumerate(order):
        if {int(index) for index in frozen} & {i, i + 1}:
            layer = f"layer {place + 1} with weights"
            return (
                f"Training does not change the weights of {layer}: leave `trainable` as it is, "
                "for the whole encoder and for each of its layers."
            )
    return None


def _is_stack(inputs, observed: np.ndarray) -> bool:
    """Return whether means with large weights are those of the stack, in any of the views."""
    x = np.asarray(pictures(inputs, FEW), dtype=np.float64)
    weights = stack_weights(inputs["kernels"], inputs["seed"], GAIN)
    for view in VIEWS:
        wanted = oracle.stack_mean(np.asarray(view(x)), *weights)[0][:, None]
        if np.allclose(observed, wanted, rtol=1e-3, atol=1e-3 * np.abs(wanted).max()):
            return True
    return False


def _means(seen) -> np.ndarray | None:
    """Return the means for both signs of the last layer: (2, batch, d)."""
    return numbers(seen, 2, FEW, None) if len(seen) else None


def _same(one: np.ndarray, other: np.ndarray) -> bool:
    if one.shape != other.shape:
        return False
    return np.allclose(one, other, rtol=1e-4, atol=1e-4 * np.abs(one).max())


def _other_means(inputs, observed: np.ndarray) -> str | None:
    """Compare means with those of the stack of the book."""
    x = np.asarray(pictures(inputs, FEW), dtype=np.float64)
    weights = stack_weights(inputs["kernels"], inputs["seed"])

    def like(image, count=FEW, **changes) -> bool:
        wanted = oracle.stack_mean(image[:count], *weights, **changes)[..., None]
        return np.allclose(observed[:, :count], wanted, rtol=1e-3, atol=1e-3 * np.abs(wanted).max())

    images = [view(x) for view in VIEWS]
    if any(like(image) for image in images):
        return None
    causes = (
        cause for cause, changes in _changes() if any(like(image, **changes) for image in images)
    )
    cause = next(causes, None)
    if not cause and like(images[0], 1):
        return (
            "For black-and-white images the posterior means are those of the stack of the book, "
            "but not for grey ones: subtract 0.5 from every pixel, and do nothing else to it."
        )
    cause = cause or "compare strides, padding and activations with the table of layers"
    return (
        "The weights of your stack have the right shapes, but with the same weights it gives "
        f"other posterior means than the stack of the book: {cause}."
    )


def _stretched(x: np.ndarray) -> np.ndarray:
    low, high = (f((1, 2, 3), keepdims=True) for f in (x.min, x.max))
    return (x - low) / (high - low) - 0.5


VIEWS = (  # transformations of the pixels in front of the stack; `centring` judges them
    lambda x: x - 0.5,
    lambda x: x,
    lambda x: 2 * x - 1,
    lambda x: 0.5 - x,
    lambda x: x + 0.5,
    lambda x: x - 1,
    lambda x: -x,
    lambda x: x / 255 - 0.5,
    lambda x: x / 255,
    lambda x: x / 127.5 - 1,
    lambda x: x - 0.286,  # the mean of Fashion-MNIST
    lambda x: (x - 0.286) / 0.353,
    lambda x: x - 0.1307,  # the mean of MNIST
    lambda x: (x - 0.1307) / 0.3081,
    lambda x: x - x.mean((1, 2, 3), keepdims=True),
    lambda x: x - x.mean(),
    lambda x: (x - x.mean((1, 2, 3), keepdims=True)) / x.std((1, 2, 3), keepdims=True),
    lambda x: (x > 0.5) - 0.5,
    lambda x: (x > 0) - 0.5,
    lambda x: np.round(x, 1) - 0.5,
    lambda x: x - 0.5 * (np.arange(x.shape[-1]) == 0),  # the first channel only
    _stretched,
)

NAMES = {
    "relu": "your activations seem to be relu, expected tf.nn.leaky_relu",
    "none": "your convolutions seem to have no activation, expected tf.nn.leaky_relu",
    "leaky 0.3": "your activations seem to have the slope 0.3, the default of the layer LeakyReLU; "
    "tf.nn.leaky_relu has 0.2",
    "leaky 0.01": "your activations seem to have the slope 0.01; tf.nn.leaky_relu has 0.2",
}


def _changes():
    """Yield the usual mistakes, as descriptions and arguments of ``oracle.stack_mean``."""
    for name in oracle.ACTIVATIONS:
        cause = f"your activations seem to be {name}, expected tf.nn.leaky_relu"
        yield NAMES.get(name, cause), {"activations": (name,) * 5}
    for strides in sorted(set(permutations(oracle.STRIDES[:4]))):
        cause = f"the strides of your convolutions seem to be {listing(map(str, (*strides, 1)))}"
        yield f"{cause}, expected 1, 2, 1, 2 and 1", {"strides": (*strides, 1)}
    for name in ("none", "relu"):
        cause = f"the activation of the last convolution seems to be {name}"
        changes = {"activations": ("leaky",) * 4 + (name,)}
        yield f"{cause}, expected tf.nn.leaky_relu after each of the five", changes
    for name in oracle.ACTIVATIONS:
        cause = f"the dense layer seems to have the activation {name}"
        yield f"{cause}, expected none, for a mean may have any sign", {"last": name}


def _wrong_layer(shapes, order, wanted) -> str | None:
    """Report the first layer whose weights differ from those in the table, or return None."""
    count = len(wanted)
    if len(order) <= count:
        return (
            f"Your encoder has {len(order)} layers with weights, expected {count + 1}: five "
            "convolutions and a dense layer."
        )
    for place, (i, expected) in enumerate(zip(order, wanted, strict=False)):
        if not same_layer(shapes[i], expected):
            return (
                f"Layer {place + 1} with weights is {_layer(shapes[i])}, expected "
                f"{_layer(expected)}: {_cause(shapes[i], expected)}."
            )
    for i in order[count:]:
        features = int(np.prod(shapes[i][:-1]))
        if features != wanted[-1][-1]:
            return (
                f"The dense layer gets {features} features, expected 4 · encoded_size = "
                f"{wanted[-1][-1]}: {_features_cause(features / wanted[-1][-1])}."
            )
    for place, i in enumerate(order):
        if not has_bias(shapes, i):
            return f"Layer {place + 1} with weights has no bias, expected one for each output."
    if len(shapes) > 2 * len(order):
        others = [s for i, s in enumerate(shapes) if not {i, i - 1} & set(order)]
        return (
            f"Besides kernels and biases your encoder has weights of shape "
            f"{listing(map(shape, others))}, expected none: the stack is five convolutions and a "
            "dense layer."
        )
    return None


def _layer(kernel: Shape) -> str:
    if len(kernel) != 4:
        return f"dense with {kernel[0]} inputs and {kernel[-1]} outputs"
    size, inputs, outputs = f"{kernel[0]} × {kernel[1]}", kernel[2], kernel[3]
    return f"a {size} convolution from {inputs} to {outputs} channels"


def _cause(observed: Shape, expected: Shape) -> str:
    if len(observed) != len(expected):
        return "the stack has five convolutions before its dense layer"
    if tuple(observed) == (*expected[:2], expected[3], expected[2]):
        return "inputs and outputs are exchanged, as in a transposed convolution"
    if observed[:2] != expected[:2]:
        return "check the size of its kernel"
    if observed[2] != expected[2]:
        return "check what goes into it"
    return "check its number of filters"


def _features_cause(ratio: float) -> str:
    if ratio == 49:
        return "the last convolution must have padding='valid', so that one position is left"
    if ratio > 1 and ratio == int(ratio):
        return (
            f"the last convolution leaves {int(ratio)} positions instead of one; two convolutions "
            "of stride 2 make it meet a 7 × 7 map"
        )
    return "it follows the last convolution directly, behind Flatten"
