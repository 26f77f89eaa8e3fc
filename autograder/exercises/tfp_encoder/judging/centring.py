"""Check of ``tfp_encoder``: the values that reach the first layer of the stack."""

import numpy as np

from autograder.checks.words import listing, number
from autograder.exercises.tfp_encoder.judging.common import EncoderCheck, arguments, numbers

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
    ("you seem to turn greys into white", lambda t: float(t > 0) - 0.5),
)


UNEVEN = 1e-3  # relative error of a gradient that belongs to an image with different greys
SAME = 1e-4  # inputs of the first layer that differ by less are the same


class Centring(EncoderCheck):
    """The stack sees x − 0.5.

    The gradient of any output by a weight of the first layer is a sum over all positions of the
    input there times the gradient by the bias there. A uniform image is the same everywhere, so
    the ratio of both gradients is the value that the stack sees, whatever the later layers are.
    Their weights are positive here, so that none of them stops the gradient. With a kernel of 0
    the later layers do not depend on the image, so the gradient by the kernel is linear in what the
    stack sees, even for an image with different greys.
    """

    part = "centring"

    def inputs(self, rng):
        """Return brightnesses: black, white and, for hidden checks, greys."""
        values = [0.0, 1.0]
        if rng is not None:
            values += np.round(rng.uniform([0.05, 0.55], [0.45, 0.95]), 2).tolist()
        return {**arguments(rng), "values": values}

    def compare(self, inputs, seen):
        """Compare what the first layer sees with x − 0.5."""
        if "means" in seen:
            grey, nothing = numbers(seen["means"], 2, None)
            if np.abs(grey - nothing).max() <= SAME * max(np.abs(nothing).max(), 1):
                return None
            return "Your encoder does not see 0 where the input is 0.5: subtract 0.5 from it."
        if not seen:
            return "Your encoder has no layer with weights, so nothing sees the image."
        values, observed = inputs["values"], self._seen(seen, len(inputs["values"]))
        wanted = [value - 0.5 for value in values]
        if _same(observed, wanted):
            return _of_uneven(numbers(seen["uneven"]))
        descriptions = listing(number(v) if np.isfinite(v) else "something else" for v in observed)
        return (
            f"Where the input is {listing(map(number, values))}, the first convolution of "
            f"your encoder sees {descriptions}, expected {listing(map(number, wanted))}: "
            f"{self._cause(values, observed)}."
        )

    def _seen(self, seen, count: int) -> np.ndarray:
        """Return what the first layer sees of each image; nan if the gradients do not show it."""
        by_kernel, by_bias = (numbers(seen[key], count, None) for key in ("by_kernel", "by_bias"))
        return np.round((by_kernel * by_bias).sum(-1) / (by_bias**2).sum(-1), 5)

    def _cause(self, values, observed) -> str:
        for cause, rule in RULES:
            if _same(observed, [rule(t) for t in values]):
                return cause
        return "subtract 0.5 from every pixel, and do nothing else to it"


def _of_uneven(gradients: np.ndarray) -> str | None:
    """Require that half the contrast of a grey image halves the gradient by the kernel."""
    whole, again, half = gradients
    allowed = UNEVEN * np.abs(whole).max()
    if np.abs(whole - again).max() > allowed:
        return None  # `architecture` reports a stack that is random
    if np.abs(half - whole / 2).max() <= allowed:
        return None
    return (
        "Of an even image the first convolution of your encoder sees x − 0.5, but not of one with "
        "different greys: subtract 0.5 from every pixel, and do nothing else to it, such as "
        "rounding it or stretching the contrast."
    )


def _same(observed, wanted) -> bool:
    return bool(np.allclose(observed, wanted, rtol=SAME, atol=SAME))
