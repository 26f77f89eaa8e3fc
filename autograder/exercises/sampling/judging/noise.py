"""Checks of ``sampling`` on the noise: independent for every number, and new in every call."""

import numpy as np

from autograder.checks.moments import correlation_bound, std_limits
from autograder.checks.words import number
from autograder.exercises.sampling.contract import BATCHES, IN_A_MODEL, MODES
from autograder.exercises.sampling.judging.observed import (
    SMALL,
    SamplingCheck,
    is_absent,
    is_usable,
    of_modes,
    real,
    unreadable,
    unused_noise,
    with_mode,
    without_noise,
)
from autograder.exercises.sampling.probes import MAIN, MOST, WIDE
from autograder.exercises.sampling.statistics import REARRANGED

CALLS = len(MODES) * REARRANGED  # calls whose noise is compared in any order
RECURRING = 0.05  # tolerated share of repeated codes; by chance there are none
ENOUGH = 1000  # draws needed for the bound of a correlation to hold
ALL, FEWEST_CALLS = 6, 10  # modes and sizes of which averages are compared, and calls for that
OF_FEW, FEW = 0.95, 30  # correlation that so many draws, or more, do not have by chance


def small_batches(rng: np.random.Generator) -> list[list[int]]:
    """Return size and width of hidden small batches: a few codes, and codes of two latents."""
    return [[int(rng.integers(*SMALL)), MAIN], [BATCHES[IN_A_MODEL][0], IN_A_MODEL]]


def allowed_correlation(draws: float, count: int) -> float:
    """Return the bound for the largest of ``count`` correlations of independent noise.

    There is no bound if calls repeat each other and leave too few draws: the part on freshness
    reports that.
    """
    if draws >= ENOUGH:
        return correlation_bound(min(draws, 10**9), count)
    return OF_FEW if draws >= FEW else np.inf


class OneForEachLatent(SamplingCheck):
    """The latents of one code have noise of their own."""

    part = "independence"

    def inputs(self, rng):
        """Probe codes of few latents; hidden checks add many latents and small batches."""
        if rng is None:
            return {**super().inputs(rng), "many": False, "small": []}
        small = [[1, MAIN], *small_batches(rng)]
        return {**super().inputs(rng), "many": True, "small": small}

    def verdict(self, inputs, seen):
        """Demand correlations that independent noise can have."""
        for width, observations in ((MAIN, seen.get("few")), (WIDE, seen.get("many"))):
            if width == WIDE and not is_usable(observations):
                continue  # the part on shapes reports widths that the layer cannot take
            for mode, observation in of_modes(observations):
                if problem := self._problem(mode, observation, width, seen):
                    return with_mode(mode, problem)
        for batch, width in inputs["small"]:
            if is_usable(observations := seen.get(f"{batch} {width}")):
                place = f"a batch of shape ({batch}, {width}) the noise of two latents of a code"
                for mode, observation in of_modes(observations):
                    if problem := correlated(observation, place, width):
                        return with_mode(mode, problem)
        return None

    def _problem(self, mode, observation, width, seen) -> str | None:
        place = f"a batch of shape ({BATCHES[width][0]}, {width})"
        if problem := all_the_same(mode, observation, place, seen):
            return problem if mode == "training" else None
        return correlated(observation, f"{place} the noise of two latents of a code", width)


class OneForEachExample(SamplingCheck):
    """The codes of a batch have noise of their own, in a small batch and in a large one."""

    part = "independence"

    def inputs(self, rng):
        """Probe a small and a large batch; hidden checks add a batch of a few codes."""
        small = [] if rng is None else [int(rng.integers(*SMALL))]
        return {**super().inputs(rng), "small": small}

    def verdict(self, inputs, seen):
        """Demand correlations that independent noise can have, at any distance in the batch."""
        small, large = BATCHES[WIDE][0], BATCHES[MAIN][0]
        place = f"a batch of shape ({small}, {WIDE}) the noise of two codes"
        for mode, observation in of_modes(seen.get("small")):
            if problem := self._problem(observation, place, small):
                return with_mode(mode, problem)
        for batch in inputs["small"]:
            if is_usable(few := seen.get(f"{batch} {WIDE}")):
                place = f"a batch of shape ({batch}, {WIDE}) the noise of two codes"
                for mode, observation in of_modes(few):
                    if problem := self._problem(observation, place, batch):
                        return with_mode(mode, problem)
        for mode, observation in of_modes(seen.get("large")):
            r, allowed = real(observation, "correlation"), correlation_bound(large, 2 * large)
            of_sizes = real(observation, "of_sizes")
            if not abs(r) <= allowed:
                return with_mode(
                    mode,
                    f"In a batch of {large} codes the noise has a correlation of {number(r)} with "
                    f"{self._again(observation)}, expected 0 (within {number(allowed)}): "
                    f"{cause(r)}.",
                )
            if not abs(of_sizes) <= allowed:
                return with_mode(
                    mode,
                    f"In a batch of {large} codes the size of the noise, |z − mean|, comes again "
                    f"further on, with a correlation of {number(of_sizes)}, expected 0 (within "
                    f"{number(allowed)}): {cause(0)}.",
                )
        return None

    def _problem(self, observation, place, batch) -> str | None:
        if problem := correlated(observation, place, batch):
            return problem
        if not isinstance(shared := observation.get("together"), dict):
            raise unreadable()
        calls, ratio = real(shared, "calls"), real(shared, "ratio")
        most = std_limits(min(calls, 10**6), ALL)[1] ** 2
        if calls >= FEWEST_CALLS and not ratio <= most:
            where = place.partition(" the ")[0]
            return (
                f"The averages of the codes of {number(calls)} calls with {where} "
                f"vary {number(ratio)} times as much as with noise of its own for every code, "
                f"expected once (at most {number(most)} times): a part of the noise is one number "
                "for the whole batch; draw all of it with the full shape of mean."
            )
        if not (again := real(observation, "again")) > RECURRING:
            return None
        return (
            f"In {place} has the same sizes, |z − mean|, in {again:.0%} of the codes, with other "
            f"signs or in another order, expected in none: {cause(0)}."
        )

    def _again(self, observation) -> str:
        if observation.get("distance") is None:
            return "that of the batch in reverse order"
        return f"the noise {number(real(observation, 'distance'))} codes further on"


def all_the_same(mode, observation, place, seen) -> str | None:
    """Report that all codes of a batch are the same number, or return None.

    At inference the parts on spread and freshness report that.
    """
    if observation.get("number", "") is None:
        return None
    value = real(observation, "number")
    what = without_noise(value, seen)
    return (
        f"All numbers in {place} are the same, at one mean and one log_var, although each should "
        f"have noise of its own{f': they are {what}' if what else ''}."
    ).replace("a batch", "a batch of codes")


def correlated(observation, what, count) -> str | None:
    """Report noise that is more correlated between columns than chance allows, or return None."""
    r, of_sizes, draws = (real(observation, key) for key in ("correlation", "of_sizes", "draws"))
    allowed = allowed_correlation(draws, max(1, count * (count - 1) // 2))
    if abs(r) <= allowed and abs(of_sizes) <= allowed:
        return None
    if abs(r) <= allowed:
        return (
            f"In {what} has sizes, |z − mean|, with a correlation of {number(of_sizes)}, expected "
            f"0 (within {number(allowed)}): {cause(0)}."
        )
    return (
        f"In {what} has a correlation of {number(r)}, expected 0 (within {number(allowed)}): "
        f"{cause(r)}."
    )


def by_chance(observation, count: int) -> float:
    """Return the largest share of equal numbers that noise of few values has by chance.

    Of ``count`` numbers, in any of many comparisons.
    """
    chance = min(max(real(observation, "chance"), 0.0), 1.0)
    return chance + 6 * np.sqrt(chance * (1 - chance) / count) if chance > 0.01 else 0.0


def cause(r: float) -> str:
    """Return the usual cause of a correlation."""
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
    # In a small batch there are at least ten numbers, of which two in a thousand are equal in half
    # precision: that five of ten are happens to one of 10⁷ answers, for all pairs of calls.
    MANY = 0.5
    LARGE = 2  # calls with the largest batch

    def inputs(self, rng):
        """Return how often to call the layer; hidden checks can find long cycles of seeds."""
        if rng is None:
            return {**super().inputs(rng), "calls": self.ANNOUNCED, "other": []}
        small = [[1, WIDE], *small_batches(rng)]
        other = [[*sizes, MOST] for sizes in small] + [[BATCHES[MAIN][0], MAIN, self.LARGE]]
        return {**super().inputs(rng), "calls": self.HIDDEN, "other": other}

    def verdict(self, inputs, seen):
        """Demand that the numbers have changed, at training and at inference."""
        frozen = real(seen, "among_modes") < self.FEW
        for mode, observation in of_modes(seen):
            same, at_once = real(observation, "same"), real(observation, "at_once")
            if max(same, at_once) >= self.FEW + by_chance(observation, BATCHES[WIDE][0]):
                repeated = self._repeated(mode, same, at_once, inputs["calls"], frozen)
                return self._still(mode, observation, seen) or repeated
        if problem := self._related(seen):
            return problem
        for batch, width, _ in inputs["other"]:
            if is_usable(few := seen.get(f"{batch} {width}")):
                for mode, observation in of_modes(few):
                    share = max(real(observation, "same"), real(observation, "at_once"))
                    if share >= self.MANY + by_chance(observation, min(batch, width)):
                        return (
                            f"Two calls of the layer {AT[mode]} with a batch of shape ({batch}, "
                            f"{width}) gave the same numbers in {share:.0%} of the latents, "
                            "expected fresh noise in each, as in batches of other sizes."
                        )
        return None

    def _related(self, seen) -> str | None:
        observation = seen.get("related")
        if is_absent(observation):
            return None
        if not isinstance(observation, dict):
            raise unreadable()
        again = real(observation, "rearranged")
        if again > RECURRING:
            return (
                "The noise of one call of the layer comes again in another one, as it was or with "
                f"other signs or in another order, in {again:.0%} of the codes, expected fresh "
                "noise in each: draw it anew, and keep none of it."
            )
        r, of_sizes = real(observation, "correlation"), real(observation, "of_sizes")
        allowed = allowed_correlation(real(observation, "draws"), CALLS * (CALLS - 1) // 2)
        largest = r if abs(r) > allowed else of_sizes
        if abs(largest) <= allowed:
            return None
        what = "noises" if abs(r) > allowed else "sizes of the noises, |z − mean|,"
        return (
            f"The {what} of two calls of the layer have a correlation of {number(largest)}, "
            f"expected 0 (within {number(allowed)}): draw the noise anew in each, and keep none "
            "of it."
        )

    def _still(self, mode, observation, seen) -> str | None:
        value = observation.get("number", "")
        what = without_noise(None if value is None else real(observation, "number"), seen)
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
