"""Checks of ``sampling`` on the distribution of each code: mean, spread, normality.

The noise of a wrong answer may be shared within a call or repeated between calls, which other parts
report. So the bound of a moment follows from the variation of the noise that was observed over
calls and over the rows of a batch, but is never below that of independent noise.
"""

from abc import abstractmethod
from statistics import NormalDist

import numpy as np

from autograder.checks.moments import mean_bound, quantile, std_bound, std_limits
from autograder.checks.values import Values
from autograder.checks.words import number
from autograder.exercises.sampling.contract import BATCHES, IN_A_MODEL, MODES
from autograder.exercises.sampling.judging.observed import (
    ROUNDING,
    SMALL,
    SamplingCheck,
    array,
    is_usable,
    of_modes,
    real,
    unused_noise,
    with_mode,
)
from autograder.exercises.sampling.probes import (
    DRAWN,
    FEWEST,
    MAIN,
    MOST,
    OF_PLACES,
    PLACES,
    WIDE,
    places,
)
from autograder.exercises.sampling.statistics import BELOW, SAME, WITHIN

# Number of values that one check compares, including a few of small batches.
COMPARED = len(MODES) * (sum(2 * width for width in DRAWN) + PLACES * MAIN + 10)


def apart(observed: float, wanted: float) -> tuple[str, str]:
    """Format two numbers with as many digits as it takes to tell them apart."""
    for digits in range(3, 9):
        one, other = (f"{value:.{digits}g}".replace("-", "−") for value in (observed, wanted))
        if one != other:
            break
    return (number(observed), number(wanted)) if digits == 3 else (one, other)


class MomentCheck(SamplingCheck):
    """A check of a moment of many codes, for codes of every width and in every mode."""

    # Defects of codes in small batches that another part reports.
    elsewhere: tuple[str, ...] = ("other",)

    def verdict(self, inputs, seen):
        """Judge each width; all but MAIN may be missing, if the layer cannot be used with them."""
        for width in DRAWN:
            observations = seen.get(str(width))
            if width != MAIN and not is_usable(observations):
                continue  # the part on shapes reports that
            parameters = dict(zip(("mean", "log_var"), places(inputs, width), strict=True))
            place = f"for {width} latents, " if width != MAIN else ""
            draws = int(np.prod(DRAWN[width]))
            if problem := self._problem(parameters, observations, draws, seen, place):
                return problem
        if len(inputs["also"][0]) and is_usable(observations := seen.get("also")):
            parameters = dict(zip(("mean", "log_var"), inputs["also"], strict=True))
            if problem := self._problem(parameters, observations, int(np.prod(OF_PLACES)), seen):
                return problem
        for batch, width in inputs["small"]:
            if is_usable(observations := seen.get(f"{batch} {width}"), self.elsewhere):
                for mode, observation in of_modes(observations, inputs["at"]):
                    if problem := self._of_small(observation, inputs["at"]):
                        return with_mode(mode, f"in batches of shape ({batch}, {width}) {problem}")
        return None

    def _problem(self, parameters, observations, draws, seen, place="") -> str | None:
        for mode, observation in of_modes(observations):
            observed = {key: array(observation, key, parameters["mean"].shape) for key in OBSERVED}
            if problem := self.problem(parameters, observed, draws, seen):
                return with_mode(mode, problem, place)
        return None

    def _of_small(self, observation, at) -> str | None:
        """Judge the noise of small batches, unless calls repeat it and so leave too little."""
        observed = {key: real(observation, key) for key in (*OBSERVED, "draws")}
        if observation.get("again") is True and not observed["std"] < SAME:
            return None
        mean, log_var = at
        rounding = 2 * ROUNDING * (1 + abs(mean) / np.exp(log_var / 2))
        return self.problem_of_small(observed, rounding)

    @abstractmethod
    def problem_of_small(self, observed: Values, rounding: float) -> str | None:
        """Return None, or what is wrong with the noise of small batches, scaled to variance 1."""

    @abstractmethod
    def problem(self, parameters: Values, observed: Values, draws: int, seen: Values) -> str | None:
        """Return None, or what is wrong with the moments of ``draws`` codes."""


def of_small(rng) -> Values:
    """Return the sizes and widths of small batches, and one mean and log-variance for them."""
    if rng is None:
        return {"small": [], "at": [0.0, 0.0]}
    drawn = int(rng.integers(*SMALL))
    signs = rng.choice([-1.0, 1.0], size=2)
    at = (signs * rng.uniform([2, 1], [5, 2])).tolist()
    return {"small": [[1, MAIN], *([drawn, width] for width in DRAWN)], "at": at}


def spread_out(rng, ranges) -> np.ndarray:
    """Return numbers of either sign, with magnitudes drawn from one range per row."""
    low, high = np.log(np.array(ranges)).T[..., np.newaxis]
    size = len(ranges), MAIN
    return rng.choice([-1, 1], size=size) * np.exp(rng.uniform(low, high, size=size))


NONE_MORE = np.zeros((2, 0, MAIN))
OBSERVED = ("mean", "mean_error", "std", "std_error")
ORDINARY = 0.5, 1.5  # log-variances at which no usual mistake makes a wide spread


def is_one_more(parameters: Values, observed: Values) -> bool:
    """Return whether every code is mean + exp(log_var / 2), without any noise."""
    sigma = np.exp(parameters["log_var"] / 2)
    allowed = ROUNDING * (np.abs(parameters["mean"]) + sigma)
    shifted = np.abs(observed["mean"] - parameters["mean"] - sigma) <= allowed
    return bool(np.all(observed["std"] < SAME) and np.all(shifted))


class Mean(MomentCheck):
    """The average of the codes is the mean."""

    part = "mean"
    elsewhere = ("other", "finite")

    def inputs(self, rng):
        """Return means far apart and far from 0; hidden ones are larger and not integers."""
        if rng is None:
            mean = np.array([[-12.0, -3.0, 5.0, 20.0, 7.0], [9.0, 16.0, -20.0, -6.0, 2.0]])
            return {"mean": mean, "log_var": 1.0, "also": NONE_MORE, **of_small(None)}
        whole = np.column_stack([rng.integers(21, 28, size=2), rng.integers(3, 20, size=(2, 4))])
        mean = whole + rng.uniform(0.35, 0.65, size=(2, 5))
        mean *= np.column_stack([[1, -1], rng.choice([-1, 1], size=(2, 4))])
        announced = self.inputs(None)
        sizes = [(0.05, 1)] * 3 + [(1, 20)] * 2 + [(20, 200)] * 2 + [(0.05, 20)]
        low, high = np.array([(-7, -2)] * 3 + [(-3, 1.5)] * 2 + [(-1, 1.5)] * 2 + [(-4, 4)]).T
        log_var = rng.uniform(low[:, np.newaxis], high[:, np.newaxis], size=(len(sizes), MAIN))
        also = np.stack(
            [
                np.concatenate([announced["mean"], spread_out(rng, sizes)]),
                np.concatenate([np.full((2, MAIN), announced["log_var"]), log_var]),
            ]
        )
        log_var = float(rng.uniform(0.5, 1.5))
        return {"mean": mean, "log_var": log_var, "also": also, **of_small(rng)}

    def problem(self, parameters, observed, draws, seen):
        """Compare the averages with the means."""
        wanted, average = parameters["mean"], observed["mean"]
        sigma = np.exp(parameters["log_var"] / 2)
        error = np.maximum(
            mean_bound(sigma, draws, COMPARED), quantile(COMPARED) * observed["mean_error"]
        )
        if np.max(observed["std"]) < SAME:  # a single number, if any, is the noise of all codes
            error = 7 * sigma * (not is_one_more(parameters, observed))
        error = error + ROUNDING * np.abs(wanted)
        wrong = ~(np.abs(average - wanted) <= np.fmin(error, (7.5 + ROUNDING) * sigma))
        low, high = ORDINARY
        is_ordinary = (low <= parameters["log_var"]) & (parameters["log_var"] <= high)
        wrong &= is_ordinary | (observed["std"] <= 3 * sigma)  # see the part on spread
        if not wrong.any():
            return None
        cause = self._cause(parameters, average, error, wrong)
        if is_one_more(parameters, observed):
            cause = f"every code is mean + exp(log_var / 2); {unused_noise(seen)}"
        at = np.unravel_index(np.argmax(wrong), wanted.shape)
        is_on_average, mean = apart(average[at], wanted[at])
        return (
            f"Codes with mean {mean} and log_var {number(parameters['log_var'][at])} are "
            f"{is_on_average} on average, expected {mean}: {cause}."
        )

    def problem_of_small(self, observed, rounding):
        """Compare the average of the noise with 0."""
        error = quantile(COMPARED) * observed["mean_error"]
        allowed = max(mean_bound(1.0, observed["draws"], COMPARED), error) + rounding
        if observed["std"] < SAME:  # as in large batches
            allowed = 7.0
        if abs(observed["mean"]) <= min(allowed, 7.0):
            return None
        return (
            f"the noise, (z − mean) / exp(log_var / 2), is {number(observed['mean'])} on average, "
            "expected 0, as in larger batches: nothing may depend on the size of a batch."
        )

    def _cause(self, inputs, observed, allowed, wrong) -> str:
        wanted = inputs["mean"]

        def like(guess):
            return np.all(np.abs(observed - guess) <= allowed + 0.02 * np.abs(guess))

        times = np.median(observed / wanted)
        shift = np.median(observed - wanted)
        if like(np.zeros_like(wanted)):
            return "the mean does not arrive in the code; add it to the scaled noise"
        if like(inputs["log_var"]):
            return "you seem to take log_var for the mean; the order is [mean, log_var]"
        if like(-wanted):
            return "its sign is reversed"
        if np.all(np.abs(observed - np.round(wanted)) <= allowed):
            return "the mean is rounded to a whole number"
        if like(times * wanted) and abs(times - 1) > 0.03:
            return f"the mean arrives multiplied by {number(times)}"
        if np.all(np.abs(observed - wanted - shift) <= 2 * allowed):
            return (
                f"every code is shifted by {number(shift)}; the noise must have mean 0, and "
                "nothing else may be added"
            )
        if np.all(np.abs(observed[0] - observed[1]) <= 2 * np.max(allowed)):
            return "examples with different means get the same codes; each has a mean of its own"
        if not wrong.all():
            return "right at other values; the usual cause is a limit on the mean"
        return "the mean must be added once, unchanged, to the scaled noise"


OF_FORM = 40_000  # draws to judge normality, within the limits on the number of calls
LOG_NAMES = {np.log(9.0): "ln 9", np.log(0.25): "ln 0.25"}


class Spread(MomentCheck):
    """The standard deviation of the codes is exp(log_var / 2)."""

    part = "spread"

    def inputs(self, rng):
        """Return log-variances where the usual mistakes give different numbers."""
        small, large = np.log(0.25), np.log(9.0)
        log_var = np.array([[large, small] * 2 + [large], [small, large] * 2 + [small]])
        also = NONE_MORE
        if rng is not None:
            low, high = np.array([(-9, -5)] * 2 + [(4, 7)] * 2 + [(-5, 4)] * 2 + [(-3, 3)] * 2).T
            further = rng.uniform(low[:, np.newaxis], high[:, np.newaxis], size=(len(low), MAIN))
            # With eight bits, numbers near a large mean are too far apart to show a small spread.
            mean = rng.uniform(-2, 2, size=further.shape) * np.exp(further / 2)
            also = np.stack(
                [
                    np.concatenate([np.full((2, MAIN), -3.0), mean]),
                    np.concatenate([log_var, further]),
                ]
            )
            small, large = rng.uniform(-7, -3, 4), rng.uniform(2.5, 5, 4)
            middle = rng.uniform(-1, 1, 2)
            log_var = np.stack(
                [[*large[:2], *small[:2], middle[0]], [*small[2:], *large[2:], middle[1]]]
            )
        return {"log_var": log_var, "mean": -3.0, "also": also, **of_small(rng)}

    def problem(self, parameters, observed, draws, seen):
        """Compare the standard deviations with the formula."""
        log_var, std = parameters["log_var"], observed["std"]
        wanted = np.exp(log_var / 2)
        allowed = np.maximum(
            std_bound(wanted, draws, COMPARED), quantile(COMPARED) * observed["std_error"]
        )
        wrong = ~(np.abs(std - wanted) <= np.fmin(allowed, 0.75 * wanted) + ROUNDING * wanted)
        if not wrong.any():
            return None
        cause = self._cause(parameters, std, allowed, wrong)
        if is_one_more(parameters, observed):
            cause = f"every code is mean + exp(log_var / 2); {unused_noise(seen)}"
        at = np.unravel_index(np.argmax(wrong), wanted.shape)
        is_scattered, expected = apart(std[at], wanted[at])
        place = LOG_NAMES.get(log_var[at], number(log_var[at]))
        return (
            f"The standard deviation at log_var = {place} is {is_scattered}, expected {expected}: "
            f"{cause}."
        )

    def problem_of_small(self, observed, rounding):
        """Compare the standard deviation of the noise with 1."""
        low, high = std_limits(observed["draws"], COMPARED)
        error = quantile(COMPARED) * observed["std_error"]
        low, high = min(low, max(1 - error, 0.25)) - rounding, max(high, 1 + error) + rounding
        if max(low, SAME) <= observed["std"] <= high:
            return None
        std = observed["std"] * (observed["std"] > SAME)
        return (
            "the noise, (z − mean) / exp(log_var / 2), has a standard deviation of "
            f"{number(std)}, expected 1, as in larger batches: nothing may depend on the "
            "size of a batch."
        )

    def _cause(self, inputs, observed, allowed, wrong) -> str:
        log_var, wanted = inputs["log_var"], np.exp(inputs["log_var"] / 2)

        def like(guess):
            return np.all(np.abs(observed - guess) <= allowed + 0.03 * np.abs(guess))

        if np.all(observed < SAME):
            return "the codes do not scatter at all"
        for guess, cause in self._guesses(log_var, inputs["mean"]):
            if like(guess):
                return cause
        if np.any(observed < SAME):
            return "some of the codes do not scatter, others do"
        if np.any(np.isnan(observed)) and np.array_equal(np.isnan(observed), log_var < 0):
            return "a root or a logarithm of log_var is not a number where log_var is negative"
        times = np.median(observed / wanted)
        if like(times * wanted):
            return f"as if the noise had a standard deviation of {number(times)} instead of 1"
        if np.all(np.abs(observed[0] - observed[1]) <= 2 * np.max(allowed)):
            return "examples with different log_var scatter alike; each has a log_var of its own"
        if not wrong.all():
            return "right at other values; the usual cause is a limit on log_var"
        return "the noise must be scaled by exp(log_var / 2), and by nothing else"

    def _guesses(self, log_var, mean):
        """Return the values that the usual mistakes give, with their descriptions."""
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
                np.exp(mean / 2),
                "you seem to take the mean for log_var; the order is [mean, log_var]",
            ),
            (
                np.ones_like(log_var),
                "log_var has no effect; the noise must be scaled by exp(log_var / 2)",
            ),
        )


class NormalNoise(SamplingCheck):
    """The noise is Gaussian, whatever its scale."""

    part = "spread"

    def inputs(self, rng):
        """Return one mean and one log-variance; hidden noise is also observed in other batches.

        Those have other values, with a negative log_var.
        """
        if rng is None:
            return super().inputs(rng) | {"log_var": 1.0, "other": [], "at": [0.0, 0.0]}
        batch = int(rng.integers(2, BATCHES[WIDE][0] + 1))
        calls = int(np.clip(OF_FORM // (batch * WIDE), FEWEST, MOST))
        other = [[batch, WIDE, calls], [BATCHES[IN_A_MODEL][0], IN_A_MODEL, MOST]]
        more = {"other": other, "at": rng.uniform([0.5, -1.5], [3, -0.5]).tolist()}
        return super().inputs(rng) | {"log_var": rng.uniform(0.5, 1.5), **more}

    def verdict(self, inputs, seen):
        """Compare the shares with those of a Gaussian."""
        draws = BATCHES[MAIN][0] * MAIN
        if problem := self._problem(seen.get("main"), draws, ""):
            return problem
        for batch, width, calls in inputs["other"]:
            if is_usable(observations := seen.get(f"{batch} {width}")):
                place = f"in batches of shape ({batch}, {width}) "
                if problem := self._problem(observations, batch * width * calls, place):
                    return problem
        return None

    def _problem(self, observations, draws, place) -> str | None:
        for mode, observation in of_modes(observations):
            share, error = (array(observation, key, (len(SHARES),)) for key in ("share", "error"))
            # Noise that is shared or repeated counts once; that is for other parts. The bound is
            # twice as wide as it must be for noise of which only some is.
            different = max(1, min(real(observation, "different"), draws))
            deviation = np.sqrt(SHARES * (1 - SHARES) / different)
            deviation *= 1.2 if different > 0.95 * draws else 2
            allowed = quantile(len(MODES) * len(SHARES) * 4) * np.maximum(deviation, error)
            wrong = ~(np.abs(share - SHARES) <= allowed)
            if wrong.any():
                at = int(np.argmax(wrong))
                return with_mode(
                    mode,
                    f"{share[at]:.1%} of the noise lies {WHERE_OF_SHARES[at]}, expected "
                    f"{SHARES[at]:.1%}: the noise is not drawn from a normal distribution.",
                    place,
                )
        return None


SHARES = np.array(
    [2 * NormalDist().cdf(width) - 1 for width in WITHIN]
    + [NormalDist().cdf(level) for level in BELOW]
)
WHERE_OF_SHARES = [f"within {number(width)} standard deviations" for width in WITHIN] + [
    "below its average"
    if not level
    else f"below {number(abs(level))} standard deviations {'above' if level > 0 else 'under'} its "
    "average"
    for level in BELOW
]
