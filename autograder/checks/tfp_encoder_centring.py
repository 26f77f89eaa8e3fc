"""Check of ``tfp_encoder``: what the first layer of the stack sees."""

import numpy as np

from autograder.checks.tfp_encoder_build import IMAGE, EncoderCheck, location
from autograder.checks.words import number

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


class Centring(EncoderCheck):
    """The stack sees x − 0.5.

    The first kernel passes on the pixel below its centre, with alternating signs, and everything
    behind it is positive, whatever it is. Then an even image of brightness t gives the output that
    a bias of v gives with a kernel of zeros, and v is what the stack sees of t.
    """

    part = "centring"

    def inputs(self, rng):
        """Return brightnesses: those of bits, or greys."""
        dark_and_bright = [0.0, 1.0]
        if rng is not None:
            dark_and_bright = np.round(rng.uniform([0.05, 0.55], [0.45, 0.95]), 2).tolist()
        seed = 3 if rng is None else int(rng.integers(1000))
        return {"encoded_size": 2, "base_depth": 4, "seed": seed, "values": dark_and_bright}

    def observe(self, encoder, inputs):
        """Return posterior means of even images, and those for known inputs to the first bias."""
        self._fill(encoder, inputs["seed"])
        kernel, bias = self._first(encoder)
        signs = np.where(np.arange(kernel.shape[-1]) % 2, -1.0, 1.0)
        if bias is not None:
            bias.assign(np.zeros(bias.shape))
        kernel.assign(self._eye(kernel.shape) * signs)
        even = np.reshape([*inputs["values"], 0.5], (-1, 1, 1, 1)) * np.ones(IMAGE)
        means = location(encoder(even.astype(np.float32)))
        kernel.assign(np.zeros(kernel.shape))
        known = {}
        for value in self._guesses(inputs["values"]) if bias is not None else [0.0]:
            if bias is not None:
                bias.assign(value * signs)
            known[str(value)] = location(encoder(np.zeros((1, *IMAGE), np.float32)))[0]
        return {"means": means, "known": known, "biased": bias is not None}

    def compare(self, inputs, seen):
        """Find out what the first layer sees and compare with x − 0.5."""
        known = {float(v): np.asarray(mean) for v, mean in seen["known"].items()}
        if not seen["biased"]:
            if self._find(seen["means"][-1], known) == 0:
                return None
            return "Your encoder does not see 0 where the input is 0.5: subtract 0.5 from it."
        values, means = inputs["values"], seen["means"]
        found = [self._find(mean, known) for mean in means[: len(values)]]
        wanted = [round(value - 0.5, 4) for value in values]
        if found == wanted:
            return None
        told = " and ".join("something else" if v is None else number(v) for v in found)
        return (
            f"Where the input is {' and '.join(map(number, values))}, the first convolution of "
            f"your encoder sees {told}, expected {' and '.join(map(number, wanted))}: "
            f"{self._cause(values, found)}."
        )

    def _guesses(self, values) -> list[float]:
        guesses = {round(rule(t), 4) for _, rule in RULES for t in values}
        return sorted(guesses | {round(t - 0.5, 4) for t in values})

    def _cause(self, values, found) -> str:
        for cause, rule in RULES:
            if found == [round(rule(t), 4) for t in values]:
                return cause
        return "subtract 0.5 from every pixel, and do nothing else to it"

    def _find(self, mean, known) -> float | None:
        """Return the known input that gives this mean."""
        span = np.ptp(list(known.values()), axis=0).max() or 1.0
        close = {v: np.abs(np.asarray(mean) - m).max() for v, m in known.items()}
        best = min(close, key=close.get)
        return best if close[best] < 1e-4 * span else None

    def _fill(self, encoder, seed) -> None:
        rng = np.random.default_rng([seed, 4])
        for weight in encoder.trainable_weights:
            fan_in = np.prod(weight.shape[:-1])
            weight.assign(rng.uniform(0.5, 2, weight.shape) / max(fan_in, 4))

    def _first(self, encoder):
        """Return kernel and bias of the layer that meets the image; bias None if there is none."""
        weights = encoder.weights
        kernels = [i for i, w in enumerate(weights) if len(w.shape) > 1]
        meets = [i for i in kernels if len(weights[i].shape) == 4 and weights[i].shape[2] == 1]
        first = (meets or kernels)[0]
        after = weights[first + 1] if first + 1 < len(weights) else None
        has_bias = after is not None and after.shape == weights[first].shape[-1:]
        return weights[first], after if has_bias else None

    def _eye(self, size) -> np.ndarray:
        """Return a kernel that passes on one pixel, or the mean of all for a dense layer."""
        eye = np.zeros(size)
        if len(size) != 4:
            return eye + 1 / np.prod(size[:-1])
        eye[size[0] // 2, size[1] // 2] = 1 / size[2]
        return eye
