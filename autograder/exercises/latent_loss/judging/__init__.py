"""Checks of the exercise ``latent_loss``: KL(N(mean, diag exp(log_var)) ‖ N(0, I)) in nats.

The closed form is that of Kingma and Welling (2014), "Auto-encoding variational Bayes", appendix B.
"""

import numpy as np

from autograder.checks.exercise import Exercise, Part
from autograder.checks.words import number, shape
from autograder.exercises.latent_loss.judging.function import (
    FunctionCheck,
    call,
    far_from_prior,
    is_random,
    one_by_one,
)
from autograder.exercises.latent_loss.judging.gradients import (
    GradientToLogVar,
    GradientToMean,
    InCompiledTape,
    InKerasModel,
)
from autograder.exercises.latent_loss.judging.mistakes import (
    NATS,
    RTOL,
    UNITS,
    kl,
    name_cause,
    recognize,
)

EXACT = 1e-6  # nats of one latent that float32 may leave at the prior
LN9, LN_QUARTER = np.log(9), np.log(0.25)


class Value(FunctionCheck):
    """One latent of one example has the right value, up to a unit."""

    part = "value"

    def inputs(self, rng):
        """Return places that cost 2 nats or more, where the usual slips give different numbers."""
        if rng is None:
            mean = np.array([0, 2, -3, 0, -1.5, 6, 0.5, 20])
            log_var = np.array([LN9, LN_QUARTER, 0, -5, 1.5, -2, -8, LN9])
            return {"mean": mean, "log_var": log_var}
        ranges = [(-3, -0.7), (-3, -0.7), (0.7, 2), (0.7, 2), (-8, -6), (2.5, 4), (-2, 2)]
        ranges += [(-11.5, -10.5), (10.3, 11)]  # beyond limits at ±10
        mean = np.concatenate([rng.uniform(2.5, 6, 4), [0, 0], rng.uniform(15, 40, 1), [1, 1]])
        low, high = np.transpose(ranges)
        sign = rng.choice([-1, 1], size=len(mean))
        return {"mean": sign * mean, "log_var": rng.uniform(low, high)}

    def observe(self, latent_loss, inputs):
        """Call the function for each place, and see whether it repeats itself."""
        first = call(latent_loss, [[1.0]], [[1.0]])
        return {
            "size": first.size,
            "values": one_by_one(latent_loss, inputs["mean"], inputs["log_var"]),
            "random": is_random(latent_loss, [[1.0]], [[1.0]]),
        }

    def verdict(self, inputs, seen, reference):
        """Compare with the closed form, and with the reference solution where it is known."""
        if seen["size"] != 1:
            return (
                f"For one latent of one example the function returned {seen['size']} numbers, "
                "expected one."
            )
        mean, log_var, found = inputs["mean"], inputs["log_var"], np.asarray(seen["values"])
        match = recognize(mean, log_var, found)
        if match and not match.slip:
            known = kl(mean, log_var) if reference is None else np.asarray(reference["values"])
            if np.allclose(found, match.unit * known, rtol=2 * RTOL, atol=0):
                return None
        wanted = kl(mean, log_var)
        place = int(np.argmax(~(np.abs(found - wanted) <= RTOL * wanted)))
        return (
            f"{_at(mean[place], log_var[place])} the latent loss is {number(found[place])}, "
            f"expected {number(wanted[place])} nats: "
            f"{name_cause(mean, log_var, found, match, seen['random'])}."
        )


def _at(mean: float, log_var: float) -> str:
    """Return a place in words."""
    named = {LN9: "ln 9", LN_QUARTER: "ln 0.25"}.get(float(log_var), number(log_var))
    return f"At mean = {number(mean)} and log_var = {named}"


class Prior(FunctionCheck):
    """The loss is 0 at the prior, and only there."""

    part = "prior"

    def inputs(self, rng):
        """Return numbers of latents, and a place off the prior; a hidden one is near it."""
        if rng is None:
            return {"sizes": [1, 2, 10], "mean": 1.0, "log_var": LN_QUARTER}
        mean, log_var = rng.choice([-1, 1], size=2) * rng.uniform(0.1, 0.2, size=2)
        sizes = [1, *rng.integers(2, 40, size=2).tolist()]
        return {"sizes": sizes, "mean": mean, "log_var": log_var}

    def observe(self, latent_loss, inputs):
        """Return the values at the prior, for each number of latents, and the one off it."""
        zeros = [np.zeros((3, size)) for size in inputs["sizes"]]
        return {
            "values": [call(latent_loss, z, z) for z in zeros],
            "off": call(latent_loss, [[inputs["mean"]]], [[inputs["log_var"]]]),
        }

    def verdict(self, inputs, seen, reference):
        """Demand 0 to float32 precision, and something else off the prior."""
        for size, values in zip(inputs["sizes"], seen["values"], strict=True):
            values = np.ravel(values)
            worst = values[np.argmax(np.abs(values))]
            if not abs(worst) <= EXACT * size:
                why = "a floor under it (free bits) or a wrong constant keeps it from 0"
                if not np.isfinite(worst):
                    why = "the logarithm of 0, or a quotient by 0, is taken"
                return (
                    f"At the prior (mean 0 and log_var 0) the latent loss of {size} "
                    f"latent{'s' * (size > 1)} is {number(worst)}, expected 0: {why}."
                )
        mean, log_var = inputs["mean"], inputs["log_var"]
        if np.all(np.abs(seen["off"]) < EXACT):
            return (
                f"{_at(mean, log_var)} the latent loss is 0, expected "
                f"{number(kl(mean, log_var))} nats: only at the prior is it 0, so nothing small "
                "may be cut off."
            )
        return None


class SumOverLatents(FunctionCheck):
    """Each example has one number: the sum of what its latents cost one by one."""

    part = "reduction"

    def inputs(self, rng):
        """Return a batch of more examples than latents; a hidden one has a single example."""
        sizes = [[3, 2]] if rng is None else [rng.integers([4, 2], [6, 4]).tolist(), [1, 3]]
        rng = rng or np.random.default_rng(0)
        return {"batches": [far_from_prior(rng, *each) for each in sizes]}

    def observe(self, latent_loss, inputs):
        """Return the values of each batch, and those of its latents called one by one."""
        return {
            "batches": [call(latent_loss, **batch) for batch in inputs["batches"]],
            "alone": [one_by_one(latent_loss, **batch) for batch in inputs["batches"]],
            "random": is_random(latent_loss, **inputs["batches"][0]),
        }

    def verdict(self, inputs, seen, reference):
        """Compare with sums of the answer's own values: whether these are right is not the point.

        Random values cannot be compared; the part on values speaks of them.
        """
        for batch, found, alone in zip(
            inputs["batches"], seen["batches"], seen["alone"], strict=True
        ):
            found, alone = np.asarray(found), np.reshape(alone, np.shape(batch["mean"]))
            told = f"For mean and log_var of shape {shape(alone.shape)} the result"
            cause = _cause_of_shape(found, alone) or _cause_of_values(found, alone)
            if found.shape != alone.shape[:1]:
                return (
                    f"{told} has shape {shape(found.shape)}, expected {shape(alone.shape[:1])}"
                    f"{cause and ': '}{cause}."
                )
            sums = alone.sum(axis=1)
            off = ~(np.abs(found - sums) <= 10 * RTOL * np.abs(alone).sum(axis=1))
            off &= np.isfinite(sums)
            if off.any() and not seen["random"]:
                row = int(np.argmax(off))
                return (
                    f"{told} is {number(found[row])} for an example whose latents, called one by "
                    f"one, add up to {number(sums[row])}: "
                    f"{cause or 'an example costs the sum over its latents, no matter the others'}."
                )
        return None


def _cause_of_shape(found: np.ndarray, alone: np.ndarray) -> str:
    """Say what usually gives a result of a wrong shape."""
    rows, size = alone.shape
    if rows == 1:
        return "the axis of the batch stays, even if its length is 1 (no squeeze)"
    return {(rows, size): "the latents are not summed", (rows, 1): "an axis is kept"}.get(
        found.shape, ""
    )


def _cause_of_values(found: np.ndarray, alone: np.ndarray) -> str:
    """Say which sum or average of the answer's own values was returned."""
    rows = len(alone)
    guesses = (
        ("it is averaged over the latents, not summed", alone.mean(axis=1)),
        ("it is divided by the batch size", alone.sum(axis=1) / rows),
        ("it is averaged over the latents and divided by the batch size", alone.mean(1) / rows),
        ("it is summed over the batch too", alone.sum()),
        ("it is averaged over the batch too", alone.sum(axis=1).mean()),
        ("it is averaged over the latents and the batch", alone.mean()),
        ("the batch is summed, not the latents", alone.sum(axis=0)),
        ("the batch is averaged, and the latents are not summed", alone.mean(axis=0)),
    )
    for cause, guess in guesses:
        if found.shape == np.shape(guess) and np.allclose(found, guess, rtol=10 * RTOL, atol=0):
            return cause
    return "" if found.ndim else "one number for the whole batch is too few"


class Nats(FunctionCheck):
    """The unit is a nat for an example: nothing is divided by pixels or turned into bits."""

    part = "reduction"

    def inputs(self, rng):
        """Return places of single latents, some of those for the values."""
        return {name: places[:4] for name, places in Value().inputs(rng).items()}

    def observe(self, latent_loss, inputs):
        """Call the function for each place."""
        return {"values": one_by_one(latent_loss, inputs["mean"], inputs["log_var"])}

    def verdict(self, inputs, seen, reference):
        """Fail if all values are those of the formula, or of a usual slip, in another unit."""
        mean, log_var, found = inputs["mean"], inputs["log_var"], np.asarray(seen["values"])
        match = recognize(mean, log_var, found)
        if match is None or match.unit == NATS:
            return None
        return (
            f"{_at(mean[0], log_var[0])} the latent loss is {number(found[0])}; every value is "
            f"{number(match.unit)} times what it would be in nats: {UNITS[match.unit]}."
        )


EXERCISE = Exercise(
    name="latent_loss",
    answers=("latent_loss",),
    parts=(
        Part("value", "the cost of a latent follows the formula", 3),
        Part("prior", "the loss is exactly 0 at the prior, and only there", 1),
        Part("reduction", "each example has one number, a sum over its latents in nats", 2),
        Part("gradients", "gradients reach mean and log_var", 2),
        Part("use", "it works in a fitted Keras model and in a compiled training step", 2),
    ),
    checks=(
        Value(),
        Prior(),
        SumOverLatents(),
        Nats(),
        GradientToMean(),
        GradientToLogVar(),
        InKerasModel(),
        InCompiledTape(),
    ),
)
