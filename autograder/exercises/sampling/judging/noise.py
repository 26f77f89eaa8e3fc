"""Checks of ``sampling`` on the noise: one of its own for every number, a new one in every call."""

from autograder.checks.moments import correlation_bound
from autograder.checks.words import number
from autograder.exercises.sampling.contract import BATCHES
from autograder.exercises.sampling.judging.observed import (
    SamplingCheck,
    is_absent,
    of_modes,
    real,
    told,
    unused_noise,
    without_noise,
)
from autograder.exercises.sampling.probes import MAIN, WIDE

ENOUGH = 1000  # draws, from which on the bound of a correlation holds
OF_FEW = 0.95  # correlation that not even some dozen draws have by chance


def allowed_correlation(draws: float, count: int) -> float:
    """Return how large the largest of some correlations of independent noise may be."""
    return correlation_bound(min(draws, 10**9), count) if draws >= ENOUGH else OF_FEW


class OneForEachLatent(SamplingCheck):
    """The latents of one code have noise of their own."""

    part = "independence"

    def inputs(self, rng):
        """Ask for few latents, hidden for many too."""
        return {**super().inputs(rng), "many": rng is not None}

    def verdict(self, inputs, seen):
        """Demand correlations that independent noise can have."""
        for width, found in ((MAIN, seen.get("few")), (WIDE, seen.get("many"))):
            if width == WIDE and is_absent(found):
                continue  # the part on shapes speaks of codes that the layer cannot take
            for mode, each in of_modes(found):
                if problem := self._problem(mode, each, width, seen):
                    return told(mode, problem)
        return None

    def _problem(self, mode, found, width, seen) -> str | None:
        place = f"a batch of shape ({BATCHES[width][0]}, {width})"
        if problem := all_the_same(mode, found, place, seen):
            return problem if mode == "training" else None
        return correlated(found, f"{place} the noise of two latents of a code", width)


class OneForEachExample(SamplingCheck):
    """The codes of a batch have noise of their own, in a small batch and in a large one."""

    part = "independence"

    def verdict(self, inputs, seen):
        """Demand correlations that independent noise can have, at any distance in the batch."""
        small, large = BATCHES[WIDE][0], BATCHES[MAIN][0]
        place = f"a batch of shape ({small}, {WIDE}) the noise of two codes"
        for mode, found in of_modes(seen.get("small")):
            if problem := correlated(found, place, small):
                return told(mode, problem)
        for mode, found in of_modes(seen.get("large")):
            r, allowed = real(found, "correlation"), correlation_bound(large, 2 * large)
            if not abs(r) <= allowed:
                return told(
                    mode,
                    f"In a batch of {large} codes the noise has a correlation of {number(r)} with "
                    f"{self._again(found)}, expected 0 (within {number(allowed)}): {cause(r)}.",
                )
        return None

    def _again(self, found) -> str:
        if found.get("distance") is None:
            return "that of the batch in reverse order"
        return f"the noise {number(real(found, 'distance'))} codes further on"


def all_the_same(mode, found, place, seen) -> str | None:
    """Return that all codes of a batch are one number.

    At inference the parts on spread and freshness speak of that.
    """
    if found.get("number", "") is None:
        return None
    value = real(found, "number")
    what = without_noise(value, seen)
    return (
        f"All numbers in {place} are the same, at one mean and one log_var, although each should "
        f"have noise of its own{f': they are {what}' if what else ''}."
    ).replace("a batch", "a batch of codes")


def correlated(found, what, count) -> str | None:
    """Return that the noise of two columns is correlated more than chance allows."""
    r, draws = real(found, "correlation"), real(found, "draws")
    allowed = allowed_correlation(draws, count * (count - 1) // 2)
    if abs(r) <= allowed:
        return None
    return (
        f"In {what} has a correlation of {number(r)}, expected 0 (within {number(allowed)}): "
        f"{cause(r)}."
    )


def cause(r: float) -> str:
    """Return what usually makes a correlation."""
    if r > 0.999:
        return "one noise serves both; draw it with the full shape of mean, keras.ops.shape(mean)"
    if r < -0.999:
        return "one noise serves both, once with its sign reversed"
    return "draw the noise independently, with the full shape of mean"


class Fresh(SamplingCheck):
    """No call repeats the noise of another."""

    part = "freshness"
    ANNOUNCED, HIDDEN = 12, 100  # calls
    FEW = 0.1  # half precision alone makes a few numbers equal

    def inputs(self, rng):
        """Return how often the layer is called; hidden checks see long cycles of seeds."""
        return {**super().inputs(rng), "calls": self.ANNOUNCED if rng is None else self.HIDDEN}

    def verdict(self, inputs, seen):
        """Demand that the numbers have changed, at training and at inference."""
        frozen = real(seen, "among_modes") < self.FEW
        for mode, found in of_modes(seen):
            same, at_once = real(found, "same"), real(found, "at_once")
            if max(same, at_once) < self.FEW:
                continue
            if problem := self._still(mode, found, seen):
                return problem
            return self._repeated(mode, same, at_once, inputs["calls"], frozen)
        return None

    def _still(self, mode, found, seen) -> str | None:
        value = found.get("number", "")
        what = without_noise(None if value is None else real(found, "number"), seen)
        if what is None:
            return None
        rest = "the code must be random"
        if mode != "training":
            rest = "the code is random at inference too, whatever `training` is"
        elif what != "the mean itself":
            what, rest = "mean + exp(log_var / 2)", unused_noise(seen)
        return (
            f"Two calls of the layer {AT[mode]} gave {what}, expected fresh noise in each: {rest}."
        )

    def _repeated(self, mode, same, at_once, calls, frozen) -> str:
        if same < self.FEW:
            return (
                f"The noise of one latent, or of one code of a batch, comes again in {at_once:.0%} "
                f"of its numbers from one call of the layer {AT[mode]} to the next, expected fresh "
                "noise: every latent needs noise of its own, new in every call."
            )
        why = (
            "a fixed seed, or noise that is drawn once and kept, repeats itself; a "
            "keras.random.SeedGenerator moves on"
        )
        if same < 0.99:
            why = "every latent needs noise of its own, new in every call"
        elif mode != "training":
            why = "the noise must be as fresh at inference as at training"
        elif frozen:
            why = "noise or seeds made by Python or NumPy are frozen when it is traced"
        return (
            f"Two of {calls} calls of the layer {AT[mode]} gave the same numbers in {same:.0%} of "
            f"the latents, expected fresh noise in each: {why}."
        )


AT = {
    "training": "in training",
    "inference": "at inference, as in predict,",
    "plain": "without the argument `training`",
}
