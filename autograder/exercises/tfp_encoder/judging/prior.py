"""Checks of ``tfp_encoder``: the prior."""

from abc import abstractmethod

import numpy as np

from autograder.checks.check import Check, seed_of
from autograder.checks.moments import mean_bound, std_bound
from autograder.checks.words import number, shape
from autograder.exercises.tfp_encoder.judging.common import UNREADABLE, numbers, settings
from autograder.exercises.tfp_encoder.judging.gaussian.form import comes_again, strangeness

CODES = 1000  # codes whose density is compared, and samples
SAME = 1e-6  # sampled numbers that differ by less count as the same


class PriorCheck(Check):
    """A check of priors of several sizes."""

    part = "prior"

    def inputs(self, rng):
        """Return sizes and, for each, codes: some along the first axis, others anywhere."""
        sizes = settings(seed_of(rng))["sizes"]
        draw = rng or np.random.default_rng(2)
        codes = [draw.normal(0, 2, (CODES, size)) for size in sizes]
        for z in codes:
            z[:3] = 0
            z[:3, 0] = -1, 0, 1
        return {"sizes": sizes, "z": [z.astype(np.float32) for z in codes]}

    def judge(self, inputs, seen, reference):
        """Return the first problem of any size."""
        try:
            for size, z, prior in zip(inputs["sizes"], inputs["z"], seen["found"], strict=True):
                problem = self.problem(size, np.asarray(z, np.float64), prior)
                if problem:
                    return problem
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError):
            return UNREADABLE
        return None

    @abstractmethod
    def problem(self, size: int, z: np.ndarray, prior: dict) -> str | None:
        """Return None, or what is wrong with the prior over codes of one size."""


class PriorShape(PriorCheck):
    """The prior is one distribution over whole codes."""

    def problem(self, size: int, z: np.ndarray, prior: dict) -> str | None:
        """Require event shape (d,), batch shape () and float32, as samples and densities show."""
        event, batch = _shapes(z, prior)
        if (event, batch) != ([size], []):
            return (
                f"The prior over codes of {size} numbers has event shape {shape(event)} and batch "
                f"shape {shape(batch)}, expected ({size},) and (): {_cause(size, event, batch)}."
            )
        if prior["dtype"] != "float32":
            return (
                f"The prior is over numbers of type {str(prior['dtype'])[:20]}, expected float32, "
                "the type of the codes: make it of tensors such as tf.zeros(encoded_size)."
            )
        return None


class PriorDensity(PriorCheck):
    """Density and samples are those of the standard normal."""

    def problem(self, size: int, z: np.ndarray, prior: dict) -> str | None:
        """Compare with the formula, also if the density is one per latent."""
        if "log_prob" not in prior:
            return None  # PriorShape reports that
        log_prob = numbers(prior["log_prob"])
        log_prob = log_prob.sum(-1) if log_prob.shape == z.shape else log_prob
        if log_prob.shape != (CODES,):
            return (
                f"log_prob of {CODES} codes has shape {shape(log_prob.shape)}, expected ({CODES},)."
            )
        wanted = -0.5 * (z**2 + np.log(2 * np.pi)).sum(-1)
        if not np.allclose(log_prob, wanted, rtol=1e-4, atol=1e-4):
            return (
                f"log_prob of a code of {size} zeros is {number(log_prob[1])} nats, expected "
                f"{number(wanted[1])}, and of other codes too: {_normal(log_prob)}."
            )
        return _samples(size, prior)


def _shapes(z: np.ndarray, prior: dict) -> tuple[list[int], list[int]]:
    """Return event and batch shape: a density has the shape of the batch."""
    event = [int(size) for size in prior["shape"]][1:]
    if "log_prob" not in prior:
        return event, []
    batch = list(numbers(prior["log_prob"]).shape)[1:]
    return event[len(batch) :], batch


def _cause(size: int, event: list[int], batch: list[int]) -> str:
    if (event, batch) == ([], [size]):
        return "these are separate distributions; tfd.Independent makes one of them"
    if len(event) == 1 and batch == []:
        return "its size must be encoded_size"
    return "one distribution over the whole code is wanted, not a batch of them"


def _normal(log_prob: np.ndarray) -> str:
    """Infer mean and deviation of the first latent from its log-density at −1, 0 and 1."""
    curvature = 2 * log_prob[1] - log_prob[0] - log_prob[2]
    slope = (log_prob[2] - log_prob[0]) / 2
    if not curvature > 1e-3:
        return "a standard normal is wanted, with mean 0 and standard deviation 1"
    return (
        f"the first latent seems to have mean {number(slope / curvature)} and standard "
        f"deviation {number(curvature**-0.5)} instead of 0 and 1"
    )


def _samples(size: int, prior: dict) -> str | None:
    sample = numbers(prior["sample"], CODES, size)
    mean, std = sample.mean(0), sample.std(0)
    is_centred = (np.abs(mean) <= mean_bound(1, CODES, size)).all()
    if is_centred and (np.abs(std - 1) <= std_bound(1, CODES, size)).all():
        defect = strangeness(sample[None])
        if comes_again(sample, SAME):
            defect = "some are the same, perhaps with other signs or in another order"
        return defect and f"Its density is right, but not the samples of the prior: {defect}."
    return (
        f"Its density is right, but {CODES} samples of the prior have means of up to "
        f"{number(np.abs(mean).max())} and standard deviations between {number(np.min(std))} and "
        f"{number(np.max(std))}, expected 0 and 1."
    )
