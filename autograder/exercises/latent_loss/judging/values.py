"""Judge the values of single latents: far from the prior, at the prior and near it."""

import numpy as np

from autograder.checks.words import number
from autograder.exercises.latent_loss.contract import WIDTHS
from autograder.exercises.latent_loss.judging.function import FunctionCheck, arrays, numbers
from autograder.exercises.latent_loss.judging.mistakes import (
    NATS,
    RTOL,
    UNITS,
    kl,
    name_cause,
    name_randomness,
    recognize,
)

EXACT = 1e-6  # nats per latent: rounding error of float32 at the prior
NEAR = 0.01  # relative error near the prior, where float32 has lost digits
LN9, LN_QUARTER = np.log(9), np.log(0.25)
PLACES = {
    "mean": np.array([0, 2, -3, 0, -1.5, 6, 0.5, 20]),
    "log_var": np.array([LN9, LN_QUARTER, 0, -5, 1.5, -2, -8, LN9]),
}
RANGES = (  # of |mean| and of log_var
    *((2.5, 6, -3, -0.7),) * 6,
    *((2.5, 6, 0.7, 2),) * 6,
    *((0, 0, -8, -6),) * 2,
    *((0, 0, 2.5, 4),) * 2,
    *((15, 40, -2, 2),) * 2,
    *((100, 400, -2, 2),) * 2,
    *((1, 1, -11.5, -10.5), (1, 1, 10.3, 11)),  # beyond limits at ±10
    (1, 1, 21, 24),  # and at 20; below −12 a guard like log(variance + 1e-8) would show
)


class Value(FunctionCheck):
    """One latent of one example has the right value, up to a unit."""

    part = "value"

    def inputs(self, rng):
        """Return latents that cost 2 nats or more, for which the usual mistakes differ.

        Hidden checks include the announced values, since they run without the visible checks.
        """
        if rng is None:
            return dict(PLACES)
        smallest, largest, low, high = np.transpose(RANGES)
        mean = rng.choice([-1, 1], size=len(RANGES)) * rng.uniform(smallest, largest)
        drawn = {"mean": mean, "log_var": rng.uniform(low, high)}
        anywhere = _anywhere(rng)
        return {key: np.concatenate([drawn[key], PLACES[key], anywhere[key]]) for key in PLACES}

    def verdict(self, inputs, seen, reference):
        """Compare with the closed form, and with the reference solution where it is known."""
        size = float(numbers(seen, "size", ()))
        if size != 1:
            return (
                f"For one latent of one example the function returned {number(size)} numbers, "
                "expected one."
            )
        mean, log_var = inputs["mean"], inputs["log_var"]
        observed = numbers(seen, "values", mean.shape)
        match = recognize(mean, log_var, observed)
        random = name_randomness(mean, log_var, observed, seen)
        if match and not match.mistake and not random:
            expected = kl(mean, log_var)
            if reference is not None:
                expected = numbers(reference, "values", mean.shape)
            if np.allclose(observed, match.unit * expected, rtol=2 * RTOL, atol=0):
                return None
        wanted = kl(mean, log_var)
        place = int(np.argmax(~(np.abs(observed - wanted) <= RTOL * wanted)))
        return (
            f"{at(mean[place], log_var[place])} the latent loss is {number(observed[place])}, "
            f"expected {number(wanted[place])} nats: "
            f"{random or name_cause(mean, log_var, observed, match)}."
        )


def _anywhere(rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Return latents without gaps: large means with any variance, and large variances."""
    far = np.exp(rng.uniform(np.log(2.5), np.log(400), size=20))
    mean = rng.choice([-1, 1], size=28) * np.append(far, rng.uniform(0, 2.5, size=8))
    log_var = np.append(rng.uniform(-4, 10.5, size=20), rng.uniform(2.5, 10.5, size=8))
    return {"mean": mean, "log_var": log_var}


def at(mean: float, log_var: float) -> str:
    """Return the beginning of a sentence about one latent."""
    named = {LN9: "ln 9", LN_QUARTER: "ln 0.25"}.get(float(log_var), number(log_var))
    return f"At mean = {number(mean)} and log_var = {named}"


class Prior(FunctionCheck):
    """The loss is 0 at the prior, and only there."""

    part = "prior"

    def inputs(self, rng):
        """Return numbers of latents, and values off the prior; hidden ones are nearer to it."""
        mean, log_var, widths = np.array([1.0]), np.array([LN_QUARTER]), list(WIDTHS[:-1])
        if rng is not None:
            sizes = np.append(rng.uniform(0.1, 0.2, (2, 4)), rng.uniform(0.2, 2, (2, 12)), axis=1)
            off = rng.choice([-1, 1], size=sizes.shape) * sizes
            mean, log_var = np.append(off[0], mean), np.append(off[1], log_var)
            widths = list(WIDTHS)
        return {"widths": widths, "mean": mean, "log_var": log_var, "far": dict(PLACES)}

    def verdict(self, inputs, seen, reference):
        """Require 0 to float32 precision at the prior, and the right values near it."""
        far = inputs["far"]
        match = recognize(**far, observed=numbers(seen, "far", far["mean"].shape))
        widths = inputs["widths"]
        for width, values in zip(widths, arrays(seen, "values", len(widths)), strict=True):
            worst = values.flat[np.argmax(np.abs(values))] if values.size else np.nan
            if not abs(worst) <= EXACT * width:
                return (
                    f"At the prior (mean 0 and log_var 0) the latent loss of {width} "
                    f"latent{'s' * (width > 1)} is {number(worst)}, expected 0: "
                    f"{_why_not_zero(worst, match)}."
                )
        mean, log_var = inputs["mean"], inputs["log_var"]
        wanted, observed = kl(mean, log_var), numbers(seen, "off", mean.shape)
        bad = ~(np.abs(observed) >= EXACT * np.minimum(wanted, 1))
        if match and not match.mistake:  # else it is the value that is wrong
            bad |= ~(np.abs(observed / match.unit - wanted) <= NEAR * wanted + EXACT)
        if not bad.any():
            return None
        place = int(np.argmax(bad))
        return (
            f"{at(mean[place], log_var[place])} the latent loss is {number(observed[place])}, "
            f"expected {number(wanted[place])} nats: only at the prior is it 0, so nothing small "
            "may be cut off or changed."
        )


def _why_not_zero(worst: float, match) -> str:
    if not np.isfinite(worst):
        return "the logarithm of 0, or a quotient by 0, is taken"
    why = "a floor under it (free bits) or a wrong constant keeps it from 0"
    return f"{why}; {match.mistake}" if match and match.mistake else why


class Nats(FunctionCheck):
    """The unit is a nat for an example: nothing is divided by pixels or turned into bits."""

    part = "reduction"

    def inputs(self, rng):
        """Return single latents: some of those for the check of values."""
        return {key: np.concatenate([p[:4], p[6:10]]) for key, p in Value().inputs(rng).items()}

    def verdict(self, inputs, seen, reference):
        """Fail if all values are those of the formula, or of a usual mistake, in another unit."""
        mean, log_var = inputs["mean"], inputs["log_var"]
        observed = numbers(seen, "values", mean.shape)
        match = recognize(mean, log_var, observed)
        if match is None or match.unit == NATS:
            return None
        return (
            f"{at(mean[0], log_var[0])} the latent loss is {number(observed[0])}; every value is "
            f"{number(match.unit)} times what it would be in nats: {UNITS[match.unit]}."
        )
