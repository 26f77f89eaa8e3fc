"""What is observed of the graphs of a prior and an encoder; nothing is judged here.

Every probe sets all weights of the encoder anew, from seeds that the student's code has never seen.
"""

import contextlib
from collections.abc import Sequence
from typing import Any

import numpy as np

from autograder.checks.tracing.graphs import Graphs, NoGraphError
from autograder.checks.values import Values
from autograder.exercises.tfp_encoder.contract import INFERENCE, TRAINING, prior_name
from autograder.exercises.tfp_encoder.encoder import (
    FEW,
    MANY,
    ONE,
    Encoder,
    at,
    encoder_of,
    places_of,
    tensor,
)
from autograder.exercises.tfp_encoder.weights import GAIN, first_layer, fits, pictures

CODES = 20  # calls with few images, more than a short list of noises
CALLS = 8  # calls with many images, for the distribution of codes
REPEATS = 8  # calls with many images, if the loss is sampled
FAR = 150.0  # how far from the prior the mean is moved, in standard deviations of it
ASIDE = 1.25  # the same, for gradients
SHRINK = 0.5  # factor of the scale, so that sampling noise does not hide its gradient
NUDGE = 5e-4  # relative change of a kernel, for slopes
LARGE = 30.0  # spread of weights that nothing should depend on


def prior(graphs: Graphs, inputs: Values) -> Values:
    """Return samples, their type and shape, and log-densities, for each size."""
    observations = []
    for size, z in zip(inputs["sizes"], inputs["z"], strict=True):
        seen = graphs.get(prior_name(size))(tensor(z))
        sample = seen["sample"]
        observation = {"dtype": sample.dtype.name, "shape": list(sample.shape)}
        if "log_prob" in seen:
            observation["log_prob"] = np.asarray(seen["log_prob"], np.float64)
            observation["sample"] = np.asarray(sample, np.float32)
        observations.append(observation)
    return {"found": observations}


def stack(graphs: Graphs, inputs: Values) -> Values:
    """Return shapes of weights and, if they can be set, posterior means for both signs.

    ``together`` are the means of the same images in a large batch, ``large`` those with large
    weights.
    """
    seen: Values = {"training": [], "again": [], "inference": []}
    modes = (("training", TRAINING), ("again", TRAINING), ("inference", INFERENCE))
    with encoder_of(graphs, inputs) as encoder:
        of_weights = {"shapes": encoder.shapes, "frozen": encoder.frozen}
        if not fits(encoder.shapes, inputs["kernels"]):
            return of_weights
        images = pictures(inputs, FEW)
        for sign in (1, -1):
            encoder.fill_stack(sign)
            for key, name in modes:
                with contextlib.suppress(NoGraphError):  # at inference there may be no distribution
                    seen[key].append(encoder.call(name, images)["mean"])
        seen["together"] = encoder.call(TRAINING, pictures(inputs, MANY))["mean"][:FEW]  # negative
        encoder.fill_stack(1, GAIN)
        seen["large"] = encoder.call(TRAINING, images)["mean"]
        return {**of_weights, **seen}


def centring(graphs: Graphs, inputs: Values) -> Values:
    """Return gradients for uniform images, and for a grey image with full and half contrast.

    If there is no bias, return the means of a grey image with and without the first kernel.
    """
    with encoder_of(graphs, inputs) as encoder:
        shapes, weights = encoder.shapes, encoder.weights
        if not any(len(shape) > 1 for shape in shapes):
            return {}
        kernel, bias = first_layer(shapes, inputs["shape"][-1])
        rng = np.random.default_rng([inputs["seed"], 4])  # positive: no layer stops a gradient
        encoder.assign([rng.uniform(0.5, 2, s) / max(int(np.prod(s[:-1])), 4) for s in shapes])
        if bias is None:
            return {"means": _without_bias(encoder, weights[kernel])}
        weights[kernel].assign(np.zeros(shapes[kernel]))
        weights[bias].assign(np.ones(shapes[bias]))
        pair = weights[kernel], weights[bias]
        rows = [_of_even(encoder, pair, value) for value in inputs["values"]]
        grey = np.repeat(pictures(inputs, FEW)[1:], inputs["batch"], axis=0)
        uneven = [_by_kernel(encoder, pair, image) for image in (grey, grey, 0.25 + grey / 2)]
        by_kernel, by_bias = map(np.stack, zip(*rows, strict=True))
        if not by_bias.any():  # `distribution` reports a gradient that is stopped
            return {"means": _without_bias(encoder, weights[kernel])}
    return {"by_kernel": by_kernel, "by_bias": by_bias, "uneven": np.stack(uneven)}


def _of_even(encoder: Encoder, pair: tuple, value: float) -> tuple[np.ndarray, np.ndarray]:
    """Return the summed gradients of the latents of a uniform image, by kernel and bias."""
    by_kernel, by_bias = encoder.gradient(_even(encoder, value), pair, lambda seen: seen["mean"])[1]
    if by_kernel.ndim == 4:  # take the centre of the kernel, which never reaches over the edge
        height, width = ((size - 1) // 2 for size in by_kernel.shape[:2])
        by_kernel = by_kernel[height, width]
    return by_kernel.mean(0), by_bias


def _by_kernel(encoder: Encoder, pair: tuple, image: np.ndarray) -> np.ndarray:
    return encoder.gradient(image, pair, lambda seen: seen["mean"])[1][0]


def _without_bias(encoder: Encoder, kernel: Any) -> np.ndarray:
    """Return the means of a grey image, and what they are if the stack sees nothing."""
    signs = np.where(np.arange(kernel.shape[-1]) % 2, -1.0, 1.0)
    means = []
    for values in (np.broadcast_to(signs, kernel.shape), np.zeros(kernel.shape)):
        kernel.assign(values)
        means.append(encoder.call(TRAINING, _even(encoder, 0.5))["mean"][0])
    return np.stack(means)


def _even(encoder: Encoder, value: float) -> np.ndarray:
    return np.full((ONE, *encoder.inputs["shape"]), value, np.float32)


def gaussian(graphs: Graphs, inputs: Values) -> Values:
    """Return moments, log-densities and codes in both modes, many codes of few images, a gradient.

    The log-densities are those of points around the means. ``turned`` is seen with the last layer
    multiplied by -1, for an activation behind it may keep some outputs at 0.
    """
    with encoder_of(graphs, inputs) as encoder:
        encoder.fill(gain=2, bias=0.1)
        images = pictures(inputs, MANY)
        first = encoder.call(INFERENCE, images)
        z = _around(first, inputs)
        seen: Values = {
            "z": z,
            INFERENCE: [encoder.call(INFERENCE, images, z), first],
            TRAINING: [],
        }
        modes = (INFERENCE, TRAINING)
        for mode in modes:
            seen[mode] += [encoder.call(mode, images) for _ in range(CALLS - len(seen[mode]))]
        few = {m: [encoder.call(m, images[:FEW]) for _ in range(CODES)] for m in modes}
        encoder.turn_last()
        seen["turned"] = encoder.call(TRAINING, images)
    return {**seen, "few": few, "derivatives": derivatives(graphs, inputs)}


def _around(seen: Values, inputs: Values) -> np.ndarray:
    away = np.random.default_rng(inputs["seed"]).normal(size=(MANY, inputs["encoded_size"]))
    mean, root = seen["mean"], seen["root"]
    if mean.shape != away.shape or root.shape != (*away.shape, away.shape[1]):
        return away.astype(np.float32)
    return (mean + away * np.sqrt((root**2).sum(-1))).astype(np.float32)


def training_step(graphs: Graphs, inputs: Values) -> Values:
    """Return losses, posteriors and codes at weights of several kinds, and the gradient."""
    with encoder_of(graphs, inputs) as encoder:
        images = pictures(inputs, MANY)
        encoder.fill(gain=1, bias=0.8)
        seen: Values = {"anywhere": _steps(encoder, images)}
        first = seen["anywhere"][0]
        if "root" not in first or first["loss"].ndim:
            return seen
        seen["batch"] = _steps(encoder, pictures(inputs, inputs["batch"]))
        seen["derivatives"] = derivatives(graphs, inputs)
        encoder.fill(gain=1, bias=0.8)
        encoder.move_mean(FAR)
        seen["far"] = _steps(encoder, images)
        encoder.turn_off_last()  # then all images have the same posterior
        encoder.move_to_prior()
        seen["near"] = _steps(encoder, images)
        seen["state"] = encoder.keeps_state(images[:FEW])
        for name in ("features", "outputs"):
            encoder.fill_idle(name, LARGE)
            seen[name] = _steps(encoder, images[:FEW])
    return seen


def _steps(encoder: Encoder, images: np.ndarray) -> list[Values]:
    """Return what is seen of some steps, more of them where there is chance in the loss."""
    seen = [encoder.call(TRAINING, images) for _ in range(2)]
    if not np.array_equal(seen[0]["loss"], seen[1]["loss"]):
        seen += [encoder.call(TRAINING, images) for _ in range(REPEATS - 2)]
    return seen


def derivatives(graphs: Graphs, inputs: Values) -> Values:
    """Return derivatives of mean, root, code and loss of one image, by all weights.

    Those of code and loss are also computed for a batch of copies of that image.

    ``by_output`` has a row for each element of the mean and, after them, of the lower triangle of
    the root. Its columns are the elements of the last biases and then, for each other weight, the
    sum of the derivatives by its elements, with random signs. It is empty for outputs of other
    shapes.
    """
    key = f"derivatives {inputs['seed']}"
    if key not in graphs.notes:
        with encoder_of(graphs, inputs) as encoder:
            encoder.fill(gain=1, bias=0.8)
            graphs.notes[key] = _derivatives(encoder)
    return graphs.notes[key]


def _derivatives(encoder: Encoder) -> Values:
    size: int = encoder.inputs["encoded_size"]
    seed = encoder.inputs["seed"]
    image = pictures(encoder.inputs, ONE)
    before = encoder.call(TRAINING, image)
    if before["mean"].shape != (1, size) or np.shape(before.get("root", ())) != (1, size, size):
        return {}
    if before["code"].shape[-2:] != (1, size):
        return {}
    encoder.move_mean(ASIDE, SHRINK)
    before = encoder.call(TRAINING, image)
    whole = encoder.last_biases()

    def of(pick, images=image) -> Values:
        seen, gradients = encoder.gradient(images, encoder.weights, pick)
        return {**seen, "by_weights": _columns(gradients, whole, seed)}

    rows = [of(at(place)) for place in places_of(size)]
    along = np.random.default_rng([seed, 6]).normal(size=size).astype(np.float32)
    batch = np.repeat(image, encoder.inputs["batch"], axis=0)
    steps = [of(lambda seen: seen["loss"])]  # summed over all elements if the loss is not a scalar
    if not np.array_equal(before["loss"], steps[0]["loss"]):
        alike = np.repeat(image, MANY, axis=0)
        steps += [of(lambda seen: seen["loss"], alike) for _ in range(REPEATS)]
    return {
        "before": before,
        "by_output": np.stack([row["by_weights"] for row in rows]),
        "along": along,
        "code": of(lambda seen: seen["code"] * along),
        "code_of_batch": of(lambda seen: seen["code"] * along, batch),
        "steps": steps,
        "step_of_batch": of(lambda seen: seen["loss"], batch),
        "slopes": _slopes(encoder, image),
    }


def _slopes(encoder: Encoder, image: np.ndarray) -> np.ndarray:
    """Return the slopes of mean and scale of an image along each kernel, by values and gradients.

    The shape is (kernels, 2, 4): for each kernel and for mean and scale the slope along some random
    direction, by the values behind and before it and by the gradient, and how large a slope by this
    gradient usually is. Of the two by values one is right where the other one has met a kink of an
    activation.
    """
    size, seed = encoder.inputs["encoded_size"], encoder.inputs["seed"]
    kernels = [weight for weight in encoder.weights if weight.shape.rank > 1]
    rng = np.random.default_rng([seed, 10])
    of_mean = np.asarray(rng.normal(size=size), np.float32)
    of_root = np.tril(rng.normal(size=(size, size))).astype(np.float32)
    picks = (  # the slopes are those of the sum of the elements, as a tape takes it
        lambda seen: seen["mean"][0] * of_mean,
        lambda seen: seen["root"][0] * of_root,
    )
    gradients = [encoder.gradient(image, kernels, pick)[1] for pick in picks]
    slopes = np.zeros((len(kernels), 2, 4))
    here = encoder.call(TRAINING, image)
    for i, kernel in enumerate(kernels):
        start = kernel.numpy()
        sizes = np.full(start.shape, max(float(np.sqrt(np.mean(start**2))), 1e-2))
        direction = sizes * rng.choice([-1.0, 1.0], start.shape)
        seen = []
        for sign in (-1, 1):
            kernel.assign(start + sign * NUDGE * direction)
            seen.append(encoder.call(TRAINING, image))
        kernel.assign(start)
        for j, pick in enumerate(picks):
            before, at_it, behind = (pick(outputs).sum() for outputs in (seen[0], here, seen[1]))
            usual = np.sqrt(((gradients[j][i] * sizes) ** 2).sum())
            by_gradient = (gradients[j][i] * direction).sum()
            slopes[i, j] = (behind - at_it) / NUDGE, (at_it - before) / NUDGE, by_gradient, usual
    return slopes


def _columns(gradients: Sequence[np.ndarray], whole: Sequence[int], seed: int) -> np.ndarray:
    """Return the full gradient by some weights, and one number for each of the others."""
    rng = np.random.default_rng([seed, 7])
    sums = [(g * rng.choice([-1.0, 1.0], g.shape)).sum() for g in gradients]
    others = [value for i, value in enumerate(sums) if i not in whole]
    return np.concatenate([*(gradients[i] for i in whole), others])


PROBES = {
    "PriorShape": prior,
    "PriorDensity": prior,
    "Stack": stack,
    "Gaussian": gaussian,
    "Centring": centring,
    "TrainingStep": training_step,
}
