"""Draw images and weights from seeds, so that nothing depends on an encoder's initialization."""

from collections.abc import Sequence

import numpy as np

from autograder.checks.values import Values

GAIN = 3.0  # of all weights of the stack: each layer then amplifies its input
Shape = tuple[int, ...]


def pictures(inputs: Values, batch: int) -> np.ndarray:
    """Return random images: the first is black and white, the second grey, and so on.

    The first ones are the same for a batch of any size.
    """
    rng = np.random.default_rng([inputs["seed"], 1])
    images = rng.uniform(size=(batch, *inputs["shape"]))
    images[::2] = np.round(images[::2])
    return images.astype(np.float32)


def drawn(shapes: Sequence[Shape], seed: int, gain: float, bias: float) -> list[np.ndarray]:
    """Return random values for weights.

    With a gain of 2 outputs of the stack vary from image to image as much as its inputs do.
    """
    rng = np.random.default_rng([seed, 2])
    spreads = [np.sqrt(gain / np.prod(s[:-1])) if len(s) > 1 else bias for s in shapes]
    return [rng.normal(0, spread, shape) for spread, shape in zip(spreads, shapes, strict=True)]


def stack_weights(kernels: Sequence[Shape], seed: int, gain: float = 1.0) -> tuple[list, list]:
    """Return values of kernels and biases of a stack and, as the last of each, of one output.

    All are multiplied by ``gain``.

    The layer behind the stack gets the same column for each of its outputs. So the posterior mean
    is the same number in every latent, whichever outputs an answer takes for the mean.
    """
    rng = np.random.default_rng(seed)
    shapes = [*kernels, (kernels[-1][-1], 1)]
    values = [gain * rng.normal(0, np.sqrt(2 / np.prod(s[:-1])), s) for s in shapes]
    return values, [gain * rng.normal(0, 0.3, s[-1]) for s in shapes]


def arrange(shapes: Sequence[Shape], wanted: Sequence[Shape]) -> list[int]:
    """Return the places of the kernels in a list of weights, from the image to the code.

    A subclassed model lists its weights in the order of its attributes, whatever comes first when
    it is called. So kernels are sorted by shape where all wanted shapes are there.
    """
    places = [i for i, s in enumerate(shapes) if len(s) > 1]
    candidates = {w: [i for i in places if same_layer(shapes[i], w)] for w in map(tuple, wanted)}
    if len(candidates) < len(wanted) or any(len(same) != 1 for same in candidates.values()):
        return places
    stack = [same[0] for same in candidates.values()]
    return stack + [i for i in places if i not in stack]


def same_layer(shape: Shape, wanted: Shape) -> bool:
    """Compare kernel shapes; a dense layer on the flattened 7 × 7 map equals a convolution."""
    wanted = tuple(wanted)  # it is a list after being sent between processes
    if wanted[:2] == (7, 7) and tuple(shape) == (int(np.prod(wanted[:-1])), wanted[-1]):
        return True
    return tuple(shape) == wanted


def paired(shapes: Sequence[Shape]) -> list[int]:
    """Return the places of weights, reordered so that each kernel is followed by its bias.

    A layer of the student's own may list all kernels before all biases, or each bias before its
    kernel. Where that explains nothing, the order stays.
    """
    kernels = [i for i, s in enumerate(shapes) if len(s) > 1]
    biases = [i for i, s in enumerate(shapes) if len(s) == 1]
    pairs = [*zip(kernels, biases, strict=False)]
    if (
        all(has_bias(shapes, i) for i in kernels)
        or len(kernels) != len(biases)
        or any(shapes[kernel][-1] != shapes[bias][0] for kernel, bias in pairs)
    ):
        return [*range(len(shapes))]
    others = [i for i in range(len(shapes)) if i not in kernels and i not in biases]
    return [i for pair in pairs for i in pair] + others


def has_bias(shapes: Sequence[Shape], kernel: int) -> bool:
    """Return whether the weight after a kernel is its bias."""
    return kernel + 1 < len(shapes) and tuple(shapes[kernel + 1]) == (shapes[kernel][-1],)


def fits(shapes: Sequence[Shape], wanted: Sequence[Shape]) -> bool:
    """Return whether weights have the wanted kernels and further ones, each with a bias."""
    order = arrange(shapes, wanted)
    behind = order[len(wanted) :]
    return (
        bool(behind)
        and all(same_layer(shapes[i], w) for i, w in zip(order, wanted, strict=False))
        and all(int(np.prod(shapes[i][:-1])) == wanted[-1][-1] for i in behind)
        and all(has_bias(shapes, i) for i in order)
    )


def first_layer(shapes: Sequence[Shape], channels: int) -> tuple[int, int | None]:
    """Return the places of kernel and bias of the layer that takes the image."""
    kernels = [i for i, s in enumerate(shapes) if len(s) > 1]
    meets = [i for i in kernels if len(shapes[i]) == 4 and shapes[i][2] in (channels, 1)]
    first = (meets or kernels)[0]
    return first, first + 1 if has_bias(shapes, first) else None


def last_layers(shapes: Sequence[Shape], wanted: Sequence[Shape]) -> tuple[list[int], list[int]]:
    """Return the places of kernels and biases of the layers behind the wanted ones."""
    order = arrange(shapes, wanted)
    last = order[len(wanted) :] if fits(shapes, wanted) else order[-1:]
    return last, [i + 1 for i in last if has_bias(shapes, i)]
