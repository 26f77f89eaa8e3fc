"""The judge of the reduction: each example has one number, the sum over its latents."""

import numpy as np

from autograder.checks.check import seed_of
from autograder.checks.words import number, shape
from autograder.exercises.latent_loss.contract import WIDER, WIDTHS
from autograder.exercises.latent_loss.judging.function import (
    CONSTANT,
    FunctionCheck,
    anywhere,
    arrays,
    far_from_prior,
    flag,
    settings,
)
from autograder.exercises.latent_loss.judging.mistakes import RTOL

HIDDEN = ((3, 5), (1, 5), (32, 2))  # examples and latents, beside the announced batch


class SumOverLatents(FunctionCheck):
    """Each example has one number: the sum of what its latents cost one by one."""

    part = "reduction"

    def inputs(self, rng):
        """Return batches whose two axes have different lengths; a hidden one has one example.

        ``anywhere`` are codes from a wide range, for which wrong values need not be finite.
        ``odd`` are such codes in batches of a random size, for functions that take every size.
        """
        if rng is None:
            batches = [far_from_prior(np.random.default_rng(0), 3, 2)]
            return {"batches": batches, "anywhere": [], "odd": []}
        batches = [far_from_prior(rng, *size) for size in ((3, 2), *HIDDEN)]
        odd = [anywhere(rng, int(rng.integers(6, 32)), 5)]
        wide = [anywhere(rng, 3, width) for width in (WIDTHS[-1], *settings(seed_of(rng))[WIDER])]
        return {"batches": batches, "anywhere": wide, "odd": odd}

    def verdict(self, inputs, seen, reference):
        """Compare with sums of the answer's own values, whether or not these are right.

        Random values cannot be compared; the part on values reports them.
        """
        batches = [*inputs["batches"], *inputs["anywhere"]]
        if flag(seen, "any_size"):
            batches += inputs["odd"]
        results, alone = (arrays(seen, key, len(batches)) for key in ("batches", "alone"))
        random = flag(seen, "changes") or flag(seen, "fixed")
        for index, batch in enumerate(batches):
            values, one_by_one = results[index], alone[index]
            if one_by_one.shape != np.shape(batch["mean"]):
                return "What was observed of single latents cannot be read."
            strict = index < len(inputs["batches"])
            problem = _compare(values, one_by_one, random=random, strict=strict)
            if problem:
                return problem
        return None


def _compare(observed: np.ndarray, alone: np.ndarray, random: bool, strict: bool) -> str | None:
    """Compare the result for a batch with the values of its latents.

    ``strict`` is whether all of these must be finite.
    """
    beginning = f"For mean and log_var of shape {shape(alone.shape)} the result"
    cause = _cause_of_shape(observed, alone) or _cause_of_values(observed, alone)
    if observed.shape != alone.shape[:1]:
        return (
            f"{beginning} has shape {shape(observed.shape)}, expected {shape(alone.shape[:1])}"
            f"{cause and ': '}{cause}."
        )
    if random:
        return None
    if np.ptp(alone) == 0:
        return f"{beginning} is {number(observed[0])} for every example: {CONSTANT}."
    sums = alone.sum(axis=1)
    off = ~(np.abs(observed - sums) <= 10 * RTOL * np.abs(sums))
    off = off | ~np.isfinite(sums) if strict else off & np.isfinite(sums)
    if not off.any():
        return None
    row = int(np.argmax(off))
    if np.isnan(sums[row]):
        return (
            f"{beginning} is {number(observed[row])} for an example, expected a number for each "
            "latent."
        )
    return (
        f"{beginning} is {number(observed[row])} for an example whose latents, called one by "
        f"one, add up to {number(sums[row])}: "
        f"{cause or 'an example costs the sum over its latents, no matter the others'}."
    )


def _cause_of_shape(observed: np.ndarray, alone: np.ndarray) -> str:
    """Return the usual cause of a wrong shape, or an empty string."""
    rows, size = alone.shape
    if rows == 1:
        return "the axis of the batch stays, even if its length is 1 (no squeeze)"
    return {(rows, size): "the latents are not summed", (rows, 1): "an axis is kept"}.get(
        observed.shape, ""
    )


def _cause_of_values(observed: np.ndarray, alone: np.ndarray) -> str:
    """Return which sum or average of the answer's own values was returned, or an empty string."""
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
        if observed.shape == np.shape(guess) and np.allclose(
            observed, guess, rtol=10 * RTOL, atol=0
        ):
            return cause
    return "" if observed.ndim else "one number for the whole batch is too few"
