"""Checks of the exercise ``tfp_encoder``: a prior and an encoder made of distributions.

The stack and the recipe, KL included, are those of "Variational Autoencoders with TensorFlow
Probability Layers" (TensorFlow blog, 2019); that the recipe counts the KL twice is issue 1215 of
``tensorflow/probability``.
"""

import numpy as np

from autograder.checks.exercise import Check, Exercise, Part
from autograder.checks.words import number, shape
from autograder.exercises.tfp_encoder.judging.build import is_distribution, kind
from autograder.exercises.tfp_encoder.judging.centring import Centring
from autograder.exercises.tfp_encoder.judging.gaussian import Gaussian
from autograder.exercises.tfp_encoder.judging.kl import TrainingStep
from autograder.exercises.tfp_encoder.judging.stack import Stack


class PriorShape(Check):
    """The prior is one distribution over whole codes."""

    part = "prior"

    def inputs(self, rng):
        """Return sizes of codes."""
        return {"sizes": [2, 16] if rng is None else [1, *rng.integers(17, 40, 2).tolist()]}

    def probe(self, answers, inputs):
        """Return shapes and number type of each prior."""
        found = []
        for size in inputs["sizes"]:
            p = answers["make_prior"](size)
            if not is_distribution(p):
                return {"kind": kind(p)}
            shapes = {"event": [int(s) for s in p.event_shape]}
            shapes["batch"] = [int(s) for s in p.batch_shape]
            found.append({**shapes, "dtype": getattr(p.dtype, "name", str(p.dtype))})
        return {"found": found}

    def judge(self, inputs, seen, reference):
        """Demand event shape (d,), batch shape () and float32."""
        if "kind" in seen:
            return f"make_prior returned {seen['kind']}, expected a distribution."
        for size, found in zip(inputs["sizes"], seen["found"], strict=True):
            if list(found["event"]) != [size] or list(found["batch"]) != []:
                return (
                    f"The prior over codes of {size} numbers has event shape "
                    f"{shape(found['event'])} and batch shape {shape(found['batch'])}, expected "
                    f"({size},) and (): {self._cause(size, found)}."
                )
            if found["dtype"] != "float32":
                return (
                    f"The prior is over numbers of type {found['dtype']}, expected float32, the "
                    "type of the codes: make it of tensors such as tf.zeros(encoded_size)."
                )
        return None

    def _cause(self, size, found) -> str:
        if list(found["batch"]) == [size] and list(found["event"]) == []:
            return "these are separate distributions; tfd.Independent makes one of them"
        if list(found["event"]) != [size] and list(found["batch"]) == []:
            return "its size must be encoded_size"
        return "one distribution over the whole code is wanted, not a batch of them"


class PriorDensity(Check):
    """Its density is that of the standard normal."""

    part = "prior"

    def inputs(self, rng):
        """Return points along the first axis, and others anywhere."""
        size = 3 if rng is None else int(rng.integers(4, 9))
        anywhere = (rng or np.random.default_rng(2)).normal(0, 2, (4, size))
        axis = np.zeros((3, size))
        axis[:, 0] = -1, 0, 1
        return {"z": np.concatenate([axis, anywhere])}

    def probe(self, answers, inputs):
        """Return the log-density, summed over the latents if they are separate."""
        import tensorflow as tf

        z = np.asarray(inputs["z"])
        p = answers["make_prior"](z.shape[1])
        if not is_distribution(p):
            return {"log_prob": None}
        log_prob = np.asarray(p.log_prob(tf.constant(z, p.dtype)), dtype=np.float64)
        return {"log_prob": log_prob.sum(-1) if log_prob.shape == z.shape else log_prob}

    def judge(self, inputs, seen, reference):
        """Compare with the formula."""
        if seen["log_prob"] is None:
            return None  # PriorShape has spoken of that
        z, found = np.asarray(inputs["z"]), np.asarray(seen["log_prob"]).ravel()
        wanted = -0.5 * (z**2 + np.log(2 * np.pi)).sum(-1)
        if found.shape == wanted.shape and np.allclose(found, wanted, rtol=1e-4, atol=1e-4):
            return None
        if found.shape != wanted.shape:
            return (
                f"log_prob of {len(z)} codes has shape {shape(found.shape)}, expected ({len(z)},)."
            )
        return (
            f"log_prob of a code of {z.shape[1]} zeros is {number(found[1])} nats, expected "
            f"{number(wanted[1])}, and of other codes too: {self._cause(found)}."
        )

    def _cause(self, found) -> str:
        """Read mean and deviation of the first latent off its log-density at −1, 0 and 1."""
        curvature, slope = 2 * found[1] - found[0] - found[2], (found[2] - found[0]) / 2
        if not curvature > 1e-3:
            return "a standard normal is wanted, with mean 0 and standard deviation 1"
        return (
            f"the first latent seems to have mean {number(slope / curvature)} and standard "
            f"deviation {number(curvature**-0.5)} instead of 0 and 1"
        )


EXERCISE = Exercise(
    name="tfp_encoder",
    answers=("make_prior", "make_encoder"),
    parts=(
        Part("prior", "the prior is one standard normal over codes", 1),
        Part("architecture", "the convolution stack is that of the book", 2),
        Part("distribution", "the encoder returns a Gaussian with a full covariance", 3),
        Part("centring", "the stack sees x − 0.5", 1),
        Part("kl", "the training loss carries the KL to the prior once", 3),
    ),
    checks=(
        PriorShape(),
        PriorDensity(),
        Stack(),
        Gaussian(),
        Centring(),
        TrainingStep(),
    ),
)
