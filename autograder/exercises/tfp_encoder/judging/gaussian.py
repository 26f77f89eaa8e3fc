"""Check of ``tfp_encoder``: what comes out is a Gaussian with a full covariance."""

import numpy as np

from autograder.checks.moments import mean_bound, std_bound
from autograder.checks.words import number, shape
from autograder.exercises.tfp_encoder.judging import oracle
from autograder.exercises.tfp_encoder.judging.build import (
    EncoderCheck,
    arguments,
    bits,
    channels,
    fill,
    is_distribution,
    kind,
    moments,
)

SAME = 1e-5  # elements of a scale that differ by less are the same


class Gaussian(EncoderCheck):
    """The encoder returns one full Gaussian for each image, and draws codes from it."""

    part = "distribution"

    def inputs(self, rng):
        """Return the seed of weights and of images, and how many images there are."""
        seed, batch = 5, 100
        if rng is not None:
            seed, batch = int(rng.integers(1000)), int(rng.integers(101, 130))
        return {**arguments(rng), "seed": seed, "batch": batch}

    def observe(self, encoder, inputs):
        """Return shapes, moments, log-densities of points around the mean, and codes."""
        import tensorflow as tf

        fill(encoder, inputs["seed"], gain=2, bias=0.1)
        images = bits(inputs)[..., : channels(encoder, inputs)]
        with tf.GradientTape() as tape:
            q = encoder(images)
            if not is_distribution(q):
                return {"kind": kind(q)}
            code = tf.convert_to_tensor(q)
        gradients = tape.gradient(code, encoder.trainable_weights)
        mean, scale = moments(q)
        away = np.random.default_rng(inputs["seed"]).normal(size=mean.shape)
        z = (mean + away * np.sqrt((scale**2).sum(-1))).astype(np.float32)
        return {
            "event": [int(s) for s in q.event_shape],
            "batch": [int(s) for s in q.batch_shape],
            "mean": mean,
            "scale": scale,
            "z": z,
            "log_prob": np.asarray(q.log_prob(z), dtype=np.float64),
            "code": code.numpy(),
            "reached": any(gradient is not None for gradient in gradients),
        }

    def compare(self, inputs, seen):
        """Return the first problem: with the family, its covariance or its codes."""
        if "kind" in seen:
            return (
                f"The encoder returns {seen['kind']}, expected a distribution: end it with a "
                "layer of tfp.layers."
            )
        seen = {key: np.asarray(value) for key, value in seen.items()}
        return _shapes(inputs, seen) or _covariance(seen) or _density(seen) or _code(inputs, seen)


def _shapes(inputs, seen) -> str | None:
    """Demand event shape (d,) and batch shape (batch,)."""
    batch, size = inputs["batch"], inputs["encoded_size"]
    if seen["event"].tolist() == [size] and seen["batch"].tolist() == [batch]:
        return None
    return (
        f"For {batch} images and encoded_size = {size} the distribution has batch shape "
        f"{shape(seen['batch'])} and event shape {shape(seen['event'])}, expected "
        f"{shape([batch])} and {shape([size])}: one Gaussian over the whole code for each image."
    )


def _covariance(seen) -> str | None:
    """Look at the elements above, below and on the diagonal of the scale, over all images."""
    scale = seen["scale"]
    if not np.isfinite(scale).all():
        return "The scale of the Gaussian is not finite, expected finite numbers."
    if (np.abs(np.triu(scale, 1)) > SAME).any():
        return (
            "The scale has elements above its diagonal, expected a lower triangular matrix, as "
            "MultivariateNormalTriL makes it."
        )
    below = scale[(..., *np.tril_indices(scale.shape[-1], -1))]  # (batch, d (d − 1) / 2)
    zero = (np.abs(below) < SAME).all(axis=0)
    if zero.all():
        return (
            "The covariance is diagonal: all elements of the scale below its diagonal are 0, "
            "expected a full lower triangle."
        )
    if zero.any():
        return (
            f"{zero.sum()} of the {len(zero)} elements of the scale below its diagonal are always "
            "0, expected a full lower triangle."
        )
    lowest = np.diagonal(scale, axis1=-2, axis2=-1).min()
    if not lowest > 0:
        return (
            f"The diagonal of the scale goes down to {number(lowest)}, expected positive "
            "numbers only: pass it through softplus or exp, or use FillScaleTriL."
        )
    return _from_image(scale, below)


def _from_image(scale, below) -> str | None:
    """Demand that every element has an output of its own."""
    rows, columns = np.tril_indices(scale.shape[-1])
    same = np.ptp(scale[:, rows, columns], axis=0) < SAME
    if same.any():
        where = "on" if same[rows == columns].any() else "below"
        return (
            f"{same.sum()} elements of the scale, some {where} its diagonal, are the same for "
            f"{len(scale)} different images, expected others for each: the covariance must come "
            "from the image as the mean does."
        )
    if below.shape[1] > 1 and (np.abs(below - below[:, :1]) < SAME).all():
        return (
            "All elements of the scale below its diagonal are the same number, expected one output "
            "of the network for each."
        )
    return None


def _density(seen) -> str | None:
    """Compare log_prob with that of the Gaussian of the same moments."""
    wanted = oracle.log_normal(seen["z"].astype(np.float64), seen["mean"], seen["scale"])
    found = seen["log_prob"]
    wrong = ~(np.abs(found - wanted) <= 2e-3 * (1 + np.abs(wanted)))
    if not wrong.any():
        return None
    i = int(np.argmax(wrong))
    return (
        f"log_prob of a code is {number(found[i])} nats, but the Gaussian with the mean and the "
        f"scale of your distribution has {number(wanted[i])}: it is not a Gaussian."
    )


def _code(inputs, seen) -> str | None:
    """Demand codes with mean 0 and deviation 1 in units of their Gaussian, and a gradient."""
    wanted = [inputs["batch"], inputs["encoded_size"]]
    if list(seen["code"].shape) != wanted:
        return (
            "Where a tensor is needed, the distribution turns into one of shape "
            f"{shape(seen['code'].shape)}, expected {shape(wanted)}: one code for each image."
        )
    away = (seen["code"] - seen["mean"])[..., None]
    white = np.linalg.solve(seen["scale"], away)
    if np.abs(white).max() < 1e-3:
        return (
            "Where a tensor is needed, the distribution turns into its mean, expected a code drawn "
            "from it, which is what tfd.Distribution.sample does."
        )
    far = abs(white.mean()) > mean_bound(1, white.size)
    if far or abs(white.std() - 1) > std_bound(1, white.size):
        return (
            f"Where a tensor is needed, the distribution turns into codes that lie "
            f"{number(white.std())} standard deviations around its mean, expected 1: they must be "
            "samples of it."
        )
    if not seen["reached"]:
        return (
            "No gradient passes from the code to the weights: the sample must be a reparameterized "
            "one, without stop_gradient."
        )
    return None
