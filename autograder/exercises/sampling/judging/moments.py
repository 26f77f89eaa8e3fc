"""Checks of ``sampling`` on what each code is drawn from: mean, spread, normality.

The noise of a wrong answer may be shared within a call or repeated between calls, which other parts
speak of. So a moment is allowed what the noise, as it was seen to vary over calls and over the rows
of a batch, can do to it, and never less than what independent noise would do.
"""

from statistics import NormalDist

import numpy as np

from autograder.checks.moments import mean_bound, quantile, std_bound
from autograder.checks.words import number
from autograder.exercises.sampling.judging.layer import MEAN, SAME, LayerCheck, code, tensors

CALLS, COPIES = 5, 6000  # draws: copies of each example in one call, in a few calls
SHARED = 200, 150  # as many draws in many calls, for noise that the copies share
DRAWS = CALLS * COPIES
ROUNDING = 2.0**-7  # an answer may compute with the eight bits of bfloat16


def draw(layer, mean, log_var) -> dict:
    """Return moments of many codes for each example and latent.

    A call costs far more than a row, so a few large calls are made. Only where the copies of a call
    turn out to share noise, which few calls say little about, are there many calls.
    """
    found = moments(draw_codes(layer, mean, log_var, CALLS, COPIES))
    if vary_more_than_independent(found):
        found = moments(draw_codes(layer, mean, log_var, *SHARED))
    return found


def draw_codes(layer, mean, log_var, calls: int, copies: int) -> np.ndarray:
    """Return the codes of some calls with copies of each example: (calls, copies, *mean.shape)."""
    batch = [np.tile(value, (copies, 1)) for value in (mean, log_var)]
    given = tensors(*batch)
    z = np.stack([code(layer(given, training=True), batch[0].shape) for _ in range(calls)])
    return z.reshape(calls, copies, *mean.shape)


def vary_more_than_independent(found: dict) -> bool:
    """Return True if a moment is thrice as uncertain as independent noise would leave it.

    Independent noise seems √2 times as uncertain as it is. That it seems to be thrice as uncertain
    happens to one answer in ten thousand, and costs time only.
    """
    std = np.maximum(found["std"], SAME)
    return bool(
        np.any(found["mean_error"] > 3 * std / np.sqrt(DRAWS))
        or np.any(found["std_error"] > 3 * std / np.sqrt(2 * DRAWS))
    )


def moments(z: np.ndarray) -> dict:
    """Return moments over calls and rows, (calls, rows, ...), and how sure they are."""
    found, mean_error = average(z)
    variance, variance_error = average((z - found) ** 2)
    std = np.sqrt(variance)
    std_error = variance_error / (2 * np.maximum(std, SAME))
    return {"mean": found, "mean_error": mean_error, "std": std, "std_error": std_error}


def average(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the mean over calls and rows, (calls, rows, ...), and its standard error.

    Numbers may be alike within a call or within a row. For independent ones the error is √2 times
    too large.
    """
    of_calls, of_rows = x.mean(axis=1), x.mean(axis=0)
    between = of_calls.var(axis=0, ddof=1) / len(of_calls)
    between = between + of_rows.var(axis=0, ddof=1) / len(of_rows)
    return of_calls.mean(axis=0), np.sqrt(between)


def apart(found: float, wanted: float) -> tuple[str, str]:
    """Return both numbers with as many digits as it takes to tell them apart."""
    for digits in range(3, 9):
        texts = tuple(f"{value:.{digits}g}".replace("-", "−") for value in (found, wanted))
        if texts[0] != texts[1]:
            break
    return (number(found), number(wanted)) if digits == 3 else texts


class Mean(LayerCheck):
    """The average of the codes is the mean."""

    part = "mean"

    def inputs(self, rng):
        """Return means far from each other and from 0; hidden ones are larger and not whole."""
        if rng is None:
            mean = np.array([[-12.0, -3.0, 5.0, 20.0], [9.0, 16.0, -20.0, -6.0]])
            return {"mean": mean, "log_var": 1.0}
        whole = np.column_stack([rng.integers(21, 28, size=2), rng.integers(3, 20, size=(2, 3))])
        mean = whole + rng.uniform(0.35, 0.65, size=(2, 4))
        mean *= np.column_stack([[1, -1], rng.choice([-1, 1], size=(2, 3))])
        return {"mean": mean, "log_var": float(rng.uniform(0.5, 1.5))}

    def observe(self, make, inputs):
        """Return the average of many codes for each mean."""
        return draw(make(), inputs["mean"], np.full_like(inputs["mean"], inputs["log_var"]))

    def verdict(self, inputs, seen):
        """Compare the averages with the means."""
        wanted, found = inputs["mean"], np.asarray(seen["mean"], dtype=float)
        sigma = np.exp(inputs["log_var"] / 2)
        allowed = np.maximum(
            mean_bound(sigma, DRAWS, wanted.size),
            quantile(wanted.size) * np.asarray(seen["mean_error"]),
        )
        if np.max(seen["std"]) < SAME:  # a single number, if any, is the noise of all codes
            allowed = 7 * sigma
        allowed = allowed + ROUNDING * np.abs(wanted)
        wrong = ~(np.abs(found - wanted) <= allowed)
        if not wrong.any():
            return None
        at = np.unravel_index(np.argmax(wrong), wanted.shape)
        average, mean = apart(found[at], wanted[at])
        return (
            f"Codes with mean {mean} and log_var {number(inputs['log_var'])} are {average} on "
            f"average, expected {mean}: {self._cause(inputs, found, allowed, wrong)}."
        )

    def _cause(self, inputs, found, allowed, wrong) -> str:
        wanted = inputs["mean"]

        def like(guess):
            return np.all(np.abs(found - guess) <= allowed + 0.02 * np.abs(guess))

        times = np.median(found / wanted)
        shift = np.median(found - wanted)
        if like(np.zeros_like(wanted)):
            return "the mean does not arrive in the code; add it to the scaled noise"
        if like(np.full_like(wanted, inputs["log_var"])):
            return "you seem to take log_var for the mean; the order is [mean, log_var]"
        if like(-wanted):
            return "its sign is reversed"
        if np.all(np.abs(found - np.round(wanted)) <= allowed):
            return "the mean is rounded to a whole number"
        if like(times * wanted) and abs(times - 1) > 0.05:
            return f"the mean arrives multiplied by {number(times)}"
        if np.all(np.abs(found - wanted - shift) <= 2 * allowed):
            return (
                f"every code is shifted by {number(shift)}; the noise must have mean 0, and "
                "nothing else may be added"
            )
        if np.all(np.abs(found[0] - found[1]) <= 2 * np.max(allowed)):
            return "examples with different means get the same codes; each has a mean of its own"
        if not wrong.all():
            return "right at other values; the usual cause is a limit on the mean"
        return "the mean must be added once, unchanged, to the scaled noise"


LOG_NAMES = {np.log(9.0): "ln 9", np.log(0.25): "ln 0.25"}


class Spread(LayerCheck):
    """The standard deviation of the codes is exp(log_var / 2)."""

    part = "spread"

    def inputs(self, rng):
        """Return log-variances where the usual mistakes give different numbers."""
        small, large = np.log(0.25), np.log(9.0)
        log_var = np.array([[large, small, large], [small, large, small]])
        if rng is not None:
            small, large = rng.uniform(-7, -3, 2), rng.uniform(2.5, 5, 2)
            middle = rng.uniform(-1, 1, 2)
            log_var = np.array([[large[0], small[0], middle[0]], [small[1], large[1], middle[1]]])
        return {"log_var": log_var, "mean": -3.0}

    def observe(self, make, inputs):
        """Return the standard deviation of many codes for each log-variance."""
        return draw(make(), np.full_like(inputs["log_var"], inputs["mean"]), inputs["log_var"])

    def verdict(self, inputs, seen):
        """Compare the standard deviations with the formula."""
        log_var, found = inputs["log_var"], np.asarray(seen["std"], dtype=float)
        wanted = np.exp(log_var / 2)
        allowed = np.maximum(
            std_bound(wanted, DRAWS, wanted.size),
            quantile(wanted.size) * np.asarray(seen["std_error"]),
        )
        wrong = ~(np.abs(found - wanted) <= allowed + ROUNDING * wanted)
        if not wrong.any():
            return None
        at = np.unravel_index(np.argmax(wrong), wanted.shape)
        std, expected = apart(found[at], wanted[at])
        place = LOG_NAMES.get(log_var[at], number(log_var[at]))
        return (
            f"The standard deviation at log_var = {place} is {std}, expected {expected}: "
            f"{self._cause(inputs, found, allowed, wrong)}."
        )

    def _cause(self, inputs, found, allowed, wrong) -> str:
        log_var, wanted = inputs["log_var"], np.exp(inputs["log_var"] / 2)

        def like(guess):
            return np.all(np.abs(found - guess) <= allowed + 0.03 * np.abs(guess))

        if np.all(found < SAME):
            return "the codes do not scatter at all"
        for guess, cause in self._guesses(log_var, inputs["mean"]):
            if like(guess):
                return cause
        if np.any(found < SAME):
            return "some of the codes do not scatter, others do"
        if np.any(np.isnan(found)) and np.array_equal(np.isnan(found), log_var < 0):
            return "a root or a logarithm of log_var is not a number where log_var is negative"
        times = np.median(found / wanted)
        if like(times * wanted):
            return f"as if the noise had a standard deviation of {number(times)} instead of 1"
        if np.all(np.abs(found[0] - found[1]) <= 2 * np.max(allowed)):
            return "examples with different log_var scatter alike; each has a log_var of its own"
        if not wrong.all():
            return "right at other values; the usual cause is a limit on log_var"
        return "the noise must be scaled by exp(log_var / 2), and by nothing else"

    def _guesses(self, log_var, mean):
        """Return what the usual mistakes give, and what to say of them."""
        return (
            (np.exp(log_var), "you seem to use exp(log_var) where exp(log_var / 2) is needed"),
            (np.exp(2 * log_var), "you seem to square the variance instead of taking its root"),
            (np.exp(log_var / 4), "you seem to take the square root twice"),
            (np.exp(log_var) / 2, "you seem to halve the variance; halve log_var, inside exp"),
            (np.exp(-log_var / 2), "you seem to use exp(−log_var / 2), the inverse"),
            (np.abs(log_var), "you seem to scale the noise by log_var, which is a logarithm"),
            (np.abs(log_var) / 2, "you seem to scale the noise by log_var / 2, without exp"),
            (np.log1p(np.exp(log_var)), "you seem to use softplus(log_var), not exp(log_var / 2)"),
            (
                np.full_like(log_var, np.exp(mean / 2)),
                "you seem to take the mean for log_var; the order is [mean, log_var]",
            ),
            (
                np.ones_like(log_var),
                "log_var has no effect; the noise must be scaled by exp(log_var / 2)",
            ),
        )


class NormalNoise(LayerCheck):
    """The noise is Gaussian, whatever its scale."""

    part = "spread"
    WITHIN = (0.5, 1.0, 2.0, 3.0)
    SIZES = (100, 500)

    def inputs(self, rng):
        """Return one log-variance."""
        return {"log_var": 1.0 if rng is None else float(rng.uniform(0.5, 1.5))}

    def observe(self, make, inputs):
        """Count how many of many draws lie within some standard deviations, their own ones."""
        given = tensors(np.full(self.SIZES, MEAN), np.full(self.SIZES, inputs["log_var"]))
        z = code(make()(given, training=True), self.SIZES).ravel()
        away = np.abs(z - z.mean()) / np.maximum(z.std(), SAME)
        return {
            "share": [float(np.mean(away < width)) for width in self.WITHIN],
            "different": len(np.unique(z)),
        }

    def verdict(self, inputs, seen):
        """Compare the shares with those of a Gaussian."""
        draws = int(np.prod(self.SIZES))
        if seen["different"] < draws / 2:
            return None  # one noise for many latents: the part on independence speaks of that
        for width, found in zip(self.WITHIN, seen["share"], strict=True):
            wanted = 2 * NormalDist().cdf(width) - 1
            deviation = np.sqrt(wanted * (1 - wanted) / draws)
            if not abs(found - wanted) <= 2 * quantile(len(self.WITHIN)) * deviation:
                return (
                    f"{found:.1%} of the noise lies within {number(width)} standard deviations, "
                    f"expected {wanted:.1%}: the noise is not drawn from a normal distribution."
                )
        return None
