"""Check of ``tfp_encoder``: what the first layer of the stack sees."""

import numpy as np

from autograder.checks.words import number
from autograder.exercises.tfp_encoder.judging.build import (
    EncoderCheck,
    arguments,
    channels,
    location,
)

RULES = (
    ("the input is not centred; subtract 0.5 from it", lambda t: t),
    ("you seem to compute 2x − 1; subtract 0.5 and nothing else", lambda t: 2 * t - 1),
    ("you seem to compute 0.5 − x, which makes a negative", lambda t: 0.5 - t),
    ("you seem to add 0.5; subtract it", lambda t: t + 0.5),
    ("you seem to subtract 1; subtract 0.5", lambda t: t - 1),
    ("you seem to reverse the sign and not to centre", lambda t: -t),
    ("you seem to divide by 255, but x is between 0 and 1 already", lambda t: t / 255 - 0.5),
    ("you seem to divide by 255, but x is between 0 and 1 already", lambda t: t / 255),
    ("you seem to divide by 127.5, but x is between 0 and 1 already", lambda t: t / 127.5 - 1),
    ("an even image disappears; subtract 0.5, not the mean of the image", lambda t: 0.0),
    ("you seem to turn greys into black and white", lambda t: float(t > 0.5) - 0.5),
    ("you seem to turn greys into white", lambda t: 0.5),
)


SAME = 1e-4  # inputs of the first layer that differ by less are the same


class Centring(EncoderCheck):
    """The stack sees x − 0.5.

    The gradient of any output by a weight of the first layer is the sum, over all positions, of
    what the weight meets there times the gradient by the bias there. An even image is the same
    everywhere, so that the ratio of both gradients is what the stack sees of it, whatever the
    layers behind are. They are positive here, so that none of them stops the gradient.
    """

    part = "centring"

    def inputs(self, rng):
        """Return brightnesses: those of bits, or greys."""
        dark_and_bright = [0.0, 1.0]
        if rng is not None:
            dark_and_bright = np.round(rng.uniform([0.05, 0.55], [0.45, 0.95]), 2).tolist()
        seed = 3 if rng is None else int(rng.integers(1000))
        return {**arguments(rng), "seed": seed, "values": dark_and_bright}

    def observe(self, encoder, inputs):
        """Return gradients for even images; without a bias, means for grey and for nothing."""
        self._fill(encoder, inputs["seed"])
        count = channels(encoder, inputs)
        kernel, bias = self._first(encoder, count)
        if bias is None:
            return {"means": self._without_bias(encoder, kernel, count)}
        kernel.assign(np.zeros(kernel.shape))
        bias.assign(np.ones(bias.shape))
        by_kernel, by_bias = self._gradients(encoder, kernel, bias, self._even(inputs, count))
        if len(kernel.shape) == 4:  # at the pixel below, where no image ends
            height, width = ((size - 1) // 2 for size in kernel.shape[:2])
            by_kernel = by_kernel[:, height, width]
        return {"by_kernel": by_kernel.mean(1), "by_bias": by_bias}

    def compare(self, inputs, seen):
        """Compare what the first layer sees with x − 0.5."""
        if "means" in seen:
            grey, nothing = np.asarray(seen["means"])
            if np.abs(grey - nothing).max() <= SAME * max(np.abs(nothing).max(), 1):
                return None
            return "Your encoder does not see 0 where the input is 0.5: subtract 0.5 from it."
        values, found = inputs["values"], self._seen(seen)
        wanted = [value - 0.5 for value in values]
        if _same(found, wanted):
            return None
        told = " and ".join(number(v) if np.isfinite(v) else "something else" for v in found)
        return (
            f"Where the input is {' and '.join(map(number, values))}, the first convolution of "
            f"your encoder sees {told}, expected {' and '.join(map(number, wanted))}: "
            f"{self._cause(values, found)}."
        )

    def _seen(self, seen) -> np.ndarray:
        """Return what the first layer sees of each image, nan for what no gradient tells."""
        by_kernel, by_bias = (np.asarray(seen[key]) for key in ("by_kernel", "by_bias"))
        with np.errstate(all="ignore"):
            return np.round((by_kernel * by_bias).sum(-1) / (by_bias**2).sum(-1), 5)

    def _cause(self, values, found) -> str:
        for cause, rule in RULES:
            if _same(found, [rule(t) for t in values]):
                return cause
        return "subtract 0.5 from every pixel, and do nothing else to it"

    def _fill(self, encoder, seed) -> None:
        rng = np.random.default_rng([seed, 4])
        for weight in encoder.trainable_weights:
            fan_in = np.prod(weight.shape[:-1])
            weight.assign(rng.uniform(0.5, 2, weight.shape) / max(fan_in, 4))

    def _even(self, inputs, count) -> np.ndarray:
        size = (len(inputs["values"]), *inputs["shape"][:2], count)
        return np.broadcast_to(np.reshape(inputs["values"], (-1, 1, 1, 1)), size).astype(np.float32)

    def _gradients(self, encoder, kernel, bias, images) -> tuple[np.ndarray, np.ndarray]:
        """Return the gradients of the mean of each image, its latents added up."""
        import tensorflow as tf

        with tf.GradientTape(persistent=True) as tape:
            tape.watch((kernel, bias))
            mean = location(encoder(images))
            means = [tf.reduce_sum(mean[i]) for i in range(len(images))]
        pairs = [
            tape.gradient(one, (kernel, bias), unconnected_gradients=tf.UnconnectedGradients.ZERO)
            for one in means
        ]
        return tuple(np.asarray(each, dtype=np.float64) for each in zip(*pairs, strict=True))

    def _without_bias(self, encoder, kernel, count) -> np.ndarray:
        """Return the means of a grey image, and what they are if the stack sees nothing."""
        grey = np.full((1, 28, 28, count), 0.5, np.float32)
        signs = np.where(np.arange(kernel.shape[-1]) % 2, -1.0, 1.0)
        found = []
        for weights in (np.broadcast_to(signs, kernel.shape), np.zeros(kernel.shape)):
            kernel.assign(weights)
            found.append(np.asarray(location(encoder(grey))[0], dtype=np.float64))
        return np.stack(found)

    def _first(self, encoder, count):
        """Return kernel and bias of the layer that meets the image; bias None if there is none."""
        weights = encoder.weights
        kernels = [i for i, w in enumerate(weights) if len(w.shape) > 1]
        meets = [i for i in kernels if len(weights[i].shape) == 4 and weights[i].shape[2] == count]
        first = (meets or kernels)[0]
        after = weights[first + 1] if first + 1 < len(weights) else None
        has_bias = after is not None and after.shape == weights[first].shape[-1:]
        return weights[first], after if has_bias else None


def _same(found, wanted) -> bool:
    return bool(np.allclose(found, wanted, rtol=SAME, atol=SAME))
