"""Checks of the exercise ``sampling``: z = mean + exp(log_var / 2) · eps, eps ~ N(0, I).

The formula is the reparameterization of Kingma and Welling (2014), "Auto-encoding variational
Bayes", section 2.4.
"""

import numpy as np

from autograder.checks.check import Part
from autograder.checks.exercise import Exercise
from autograder.checks.words import shape
from autograder.exercises.sampling.contract import BATCHES, MODES
from autograder.exercises.sampling.judging.gradients import GradientToLogVar, GradientToMean
from autograder.exercises.sampling.judging.moments import Mean, NormalNoise, Spread
from autograder.exercises.sampling.judging.noise import Fresh, OneForEachExample, OneForEachLatent
from autograder.exercises.sampling.judging.observed import (
    SMALL,
    SamplingCheck,
    is_absent,
    unreadable,
    with_mode,
)


class Shapes(SamplingCheck):
    """The code has the shape of its mean for any batch size, in a functional model too."""

    part = "shapes"
    WHERE_FIXED = (
        "In a model the batch size is not known when the layer is called: take the shape from "
        "keras.ops.shape(mean)."
    )
    SIZES = (1, 2, 3, 8, 21, 64, 100)

    def inputs(self, rng):
        """Return batch sizes and values; hidden batches also have large values."""
        if rng is None:
            return {"batches": [3, 1, 8], "mean": np.array([0.5, -1.0]), "log_var": np.array([0.3])}
        batches = [1, *rng.permutation(self.SIZES[1:]).tolist(), int(rng.integers(*SMALL))]
        mean = rng.choice([-1, 1], size=7) * rng.uniform([0, 0, 0, 2, 2, 20, 20], 40)
        return {"batches": batches, "mean": mean, "log_var": rng.uniform(-6, 4, size=5)}

    def verdict(self, inputs, seen):
        """Compare the shapes of the codes with those of the means."""
        for width in BATCHES:
            observations = seen.get(str(width))
            if not isinstance(observations, dict):
                raise unreadable()
            if isinstance(problem := observations.get("problem"), str):
                hint = self.WHERE_FIXED if observations.get("fixed") is True else ""
                return f"{problem[:1000]} {hint}".strip()
            for batch in inputs["batches"]:
                if problem := self._problem([batch, width], observations.get(str(batch))):
                    return problem
        return None

    def _problem(self, wanted, observed) -> str | None:
        if is_absent(observed):
            return (
                f"A mean and a log_var of shape {shape(wanted)} cannot be used, expected a code of "
                "that shape: neither the size of one batch nor anything computed for it may be "
                "kept for the next."
            )
        if not isinstance(observed, dict) or observed.keys() != MODES.keys():
            raise unreadable()
        for mode, sizes in observed.items():
            if not isinstance(sizes, list) or not all(type(size) is int for size in sizes):
                raise unreadable()
            if sizes != wanted:
                return with_mode(
                    mode,
                    f"For a mean and a log_var of shape {shape(wanted)} the code has shape "
                    f"{shape(sizes[:9])}, expected {shape(wanted)}: {self._cause(wanted, sizes)}.",
                )
        return None

    def _cause(self, wanted, observed) -> str:
        if len(observed) > 9:
            return "one draw is wanted, with noise of the shape of mean"
        if np.prod(observed) < np.prod(wanted):
            return "nothing may be averaged or summed on the way, and nothing left out"
        if np.prod(observed) > np.prod(wanted):
            return "one draw is wanted, with noise of the shape of mean"
        return "nothing may be flattened, transposed or given an axis more"


EXERCISE = Exercise(
    name="sampling",
    answers=("Sampling",),
    parts=(
        Part("shapes", "codes have the shape of their mean, for any batch size", 1),
        Part("mean", "codes scatter around the mean", 2),
        Part("spread", "their standard deviation is exp(log_var / 2)", 2),
        Part("independence", "every element has noise of its own", 2),
        Part("freshness", "the noise is new in every call, at training and at inference", 2),
        Part("gradients", "gradients reach mean and log_var, and they are right", 1),
    ),
    checks=(
        Shapes(),
        Mean(),
        Spread(),
        NormalNoise(),
        OneForEachLatent(),
        OneForEachExample(),
        Fresh(),
        GradientToMean(),
        GradientToLogVar(),
    ),
)
