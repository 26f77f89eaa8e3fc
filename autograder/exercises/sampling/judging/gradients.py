"""Checks of ``sampling`` on gradients, by value: dz/dmean = 1 and dz/dlog_var = (z − mean) / 2.

Both follow from z = mean + exp(log_var / 2) · eps whatever eps is, so they are compared with the
codes that the answer itself has drawn. A gradient may be rounded to the eight bits of bfloat16, but
rounding errors have either sign, so a common factor is known much more precisely than one number.
"""

import numpy as np

from autograder.checks.words import number
from autograder.exercises.sampling.contract import BATCHES, IN_A_MODEL
from autograder.exercises.sampling.judging.observed import (
    ROUNDING,
    SamplingCheck,
    array,
    is_absent,
    of_modes,
    unreadable,
    with_mode,
)
from autograder.exercises.sampling.probes import MAIN, WIDE, calls_for_gradients
from autograder.exercises.sampling.statistics import SAME

FACTOR = 0.004  # how far the factor of a gradient may be from 1
SIGNIFICANT = 8  # standard deviations; chance does not get that far


class GradientToMean(SamplingCheck):
    """The gradient with respect to the mean is 1 in every element."""

    part = "gradients"
    place, name_of_input, formula, because = 0, "mean", "1", ""
    SIZES = (200, 5)
    SMALL, LARGE = (8, 40), (1001, 1500)  # sizes of batches that hidden checks draw from

    def inputs(self, rng):
        """Return mean, log_var and upstream gradients; half of the hidden ones are more extreme."""
        if rng is None:
            values = self._drawn(np.random.default_rng(0), (0.2, 1.0), (0.5, 1.8), 1.5)
            return {**values, "small": []}
        near, far = self.inputs(None), self._drawn(rng, (1.2, 4.0), (1.2, 8.0), 40.0)
        values = {key: np.concatenate([near[key][::2], far[key][::2]]) for key in far}
        # Shuffle, so that a small batch has both kinds.
        values = {key: value[rng.permutation(len(value))] for key, value in values.items()}
        small = [[int(rng.integers(*self.SMALL)), width] for width in (MAIN, WIDE, IN_A_MODEL)]
        small.append([int(rng.integers(*self.LARGE)), IN_A_MODEL])
        return {**values, "small": small}

    def _drawn(self, rng, size_of_log_var, size_of_mean, steep):
        def either_sign(low, high):
            return rng.choice([-1, 1], size=self.SIZES) * rng.uniform(low, high, size=self.SIZES)

        upstream = np.exp(either_sign(0, np.log(steep))) * rng.choice([-1, 1], size=self.SIZES)
        return {
            "mean": either_sign(*size_of_mean),
            "log_var": either_sign(*size_of_log_var),
            "upstream": upstream,
        }

    def verdict(self, inputs, seen):
        """Compare the gradient of each element with that of the formula."""
        right = []  # modes whose codes are right in a large batch
        for mode, observation in of_modes(seen):
            z = None if observation.get("z", "") is None else array(observation, "z", self.SIZES)
            if mode != "training" and z is not None and np.allclose(z, inputs["mean"], 0, SAME):
                continue  # no noise at inference: the parts on spread and freshness report that
            is_right = z is not None and follows_formula(inputs, observation)
            if problem := self._problem(inputs, observation, z, is_right):
                return with_mode(mode, problem)
            right += [mode] if is_right else []
        for sizes in inputs["small"]:
            if is_absent(few := seen.get("{} {}".format(*sizes))):
                continue  # the part on shapes reports that
            values = {key: np.resize(inputs[key], sizes) for key in ("mean", "log_var", "upstream")}
            for mode, observation in of_modes(few):
                z = array(observation, "z", sizes)
                if mode not in right or np.allclose(z, values["mean"], 0, SAME):
                    continue  # the parts on mean and spread report that
                if problem := self._problem(
                    values, observation, z, seems_to_follow_formula(values, observation)
                ):
                    return with_mode(mode, problem, "in a batch of shape ({}, {}) ".format(*sizes))
        return None

    def _gradient(self, observation, sizes) -> np.ndarray | None:
        both = observation.get("gradients")
        if not isinstance(both, list) or len(both) != 2:
            raise unreadable()
        if both[self.place] is None:
            return None
        return array({"gradient": both[self.place]}, "gradient", sizes)

    def expected(self, inputs, z) -> np.ndarray:
        """Return the right gradient of each code."""
        return np.ones_like(z)

    def _problem(self, inputs, observation, z, is_right: bool) -> str | None:
        """Judge the gradients of some codes; ``is_right`` says whether the codes are right."""
        name, gradient = self.name_of_input, self._gradient(observation, inputs["mean"].shape)
        if gradient is None:
            return (
                f"No gradient reaches {name}, expected one in every element: compute the code from "
                f"{name} with operations of Keras or TensorFlow that have a gradient, without "
                "NumPy and without stop_gradient."
            )
        # The part on spread reports codes that are not finite.
        right = np.isfinite(gradient if z is None else z)
        if not right.any() or not np.all(np.isfinite(gradient[right])):
            return f"The gradient with respect to {name} is not finite, expected finite numbers."
        # If a code equals its mean, its noise is 0, which rounded noise often is.
        moved = right
        if z is not None:
            moved = right & (np.abs(self.expected(inputs, z)) > SAME * (1 + np.abs(z)))
        lost = np.mean(gradient[moved] == 0) if moved.any() else 0.0
        # The parts on mean and spread report codes that are wrong for some inputs.
        all_right = is_right and np.all(right)
        # About once in millions, generators do draw exactly 0.
        if not lost < (0.02 if all_right else 0.5):
            return (
                f"The gradient with respect to {name} is 0 in {lost:.0%} of the elements, expected "
                f"in none: {name} must act on every latent of every example."
            )
        if not all_right:
            return None
        return self._by_value(inputs, z, gradient / inputs["upstream"])

    def _by_value(self, inputs, z, gradient) -> str | None:
        name, expected = self.name_of_input, self.expected(inputs, z)
        factor = np.sum(gradient * expected) / np.sum(expected**2)
        scale = np.abs(inputs["mean"]) + np.abs(z - inputs["mean"]) + np.abs(expected)
        wrong = ~(np.abs(gradient - expected) <= 2 * ROUNDING * scale)
        # Rounding errors of either sign cancel less in a small batch.
        allowed = FACTOR * np.sqrt(max(1, np.prod(self.SIZES) / z.size))
        if not wrong.any() and abs(factor - 1) <= allowed:
            return None
        is_scaled = np.all(np.abs(gradient - factor * expected) <= 3 * ROUNDING * scale)
        if is_scaled and abs(factor - 1) > allowed:
            return (
                f"The gradient of a code with respect to {name} is {number(factor)} times what it "
                f"must be, expected {self.formula}: nothing may change it on its way back through "
                "the layer."
            )
        at = np.unravel_index(np.argmax(wrong), wrong.shape)
        return (
            f"The gradient of a code with respect to {name} is wrong in {np.mean(wrong):.0%} of "
            f"the elements: {number(gradient[at])} at mean {number(inputs['mean'][at])} and "
            f"log_var {number(inputs['log_var'][at])}, where the code was {number(z[at])}, "
            f"expected {number(expected[at])}{self.because}: it is stopped, limited or changed on "
            "its way back through the layer."
        )


class GradientToLogVar(GradientToMean):
    """The gradient with respect to the log-variance is half of what noise adds to the mean."""

    place, name_of_input, formula = 1, "log_var", "(z − mean) / 2"
    because = ", which is (z − mean) / 2"

    def expected(self, inputs, z):
        """Return the derivative of exp(log_var / 2) · eps, which is z − mean."""
        return (z - inputs["mean"]) / 2


def follows_formula(inputs, observation) -> bool:
    """Return whether codes are consistent with mean + exp(log_var / 2) · eps, given their copies.

    An answer with wrong codes thus does not lose this part, too, if a gradient reaches both inputs.
    A right answer is misjudged once in a hundred million times.
    """
    mean, log_var = inputs["mean"], inputs["log_var"]
    average, std = (array(observation, key, mean.shape) for key in ("mean", "std"))
    copies = BATCHES[MAIN][0] / len(mean)
    sigma = np.exp(log_var / 2)
    # For a right answer both are standard normal, or nearly so.
    shift = np.sqrt(copies) * (average - mean) / sigma
    scale = np.sqrt(2 * copies) * np.log(np.maximum(std, SAME) / sigma)
    pairs = [(shift, mean), (shift, log_var), (shift, mean * log_var), (scale, log_var)]
    pairs.append((scale, np.abs(mean)))
    related = [np.corrcoef(one.ravel(), other.ravel())[0, 1] for one, other in pairs]
    is_centred = abs(shift.mean()) < 0.2 and abs(scale.mean()) < 0.35
    return bool(is_centred and 0.8 < shift.std() < 1.25 and np.max(np.abs(related)) < 0.2)


def seems_to_follow_formula(inputs, observation) -> bool:
    """Return whether codes of a small batch are together consistent with the formula.

    There are too few copies of each code to judge them one by one. So their averages are judged
    together (chi-squared), and so are correlations of the noise with mean and log-variance.
    """
    mean, log_var = inputs["mean"], inputs["log_var"]
    more = array(observation, "more", (calls_for_gradients(*mean.shape), *mean.shape))
    noise = (more - mean) / np.exp(log_var / 2)
    shifted = len(noise) * np.sum(noise.mean(axis=0) ** 2)
    if shifted > mean.size + SIGNIFICANT * np.sqrt(2 * mean.size):
        return False
    if not 0.8 < noise.std() < 1.25 or abs(noise.mean()) > 0.2:
        return False
    pairs = [(noise, mean), (noise, log_var), (noise, mean * log_var)]
    pairs += [(noise**2, log_var), (noise**2, np.abs(mean))]
    related = [
        np.corrcoef(one.ravel(), np.broadcast_to(other, one.shape).ravel())[0, 1]
        for one, other in pairs
    ]
    return bool(np.max(np.abs(related)) < 0.2)
