"""Check of ``tfp_encoder``: the encoder returns a Gaussian with a full covariance."""

import numpy as np

from autograder.checks.words import number, shape
from autograder.exercises.tfp_encoder.encoder import MANY
from autograder.exercises.tfp_encoder.judging import oracle
from autograder.exercises.tfp_encoder.judging.common import EncoderCheck, moments, numbers
from autograder.exercises.tfp_encoder.judging.derivatives import (
    problem_of_code,
    problem_of_outputs,
)
from autograder.exercises.tfp_encoder.judging.gaussian.codes import problem_of_codes

SAME = 1e-5  # elements of a scale that differ by less are the same


class Gaussian(EncoderCheck):
    """The encoder returns one full Gaussian for each image, and draws codes from it."""

    part = "distribution"

    def compare(self, inputs, seen):
        """Return the first problem, of the family, its covariance or its codes."""
        inference, training = seen["inference"][0], seen["training"][0]
        problem = _shapes(inputs, inference)
        if problem:
            return problem
        if "root" not in training:
            return (
                "In training, with training=True, the encoder returns no distribution, only at "
                "inference: return the same in both."
            )
        turned = moments(seen["turned"])[1]
        return (
            _covariance(moments(inference)[1], turned)
            or _density(numbers(seen["z"], MANY, None), inference)
            or _of_its_own(inference)
            or _modes(inference, training, turned)
            or problem_of_codes(inputs, seen)
            or problem_of_code(inputs, seen["derivatives"])
            or problem_of_outputs(inputs, seen["derivatives"])
        )


def _shapes(inputs, seen) -> str | None:
    """Require event shape (d,) and batch shape (batch,), which is that of the density."""
    size, mean = inputs["encoded_size"], numbers(seen["mean"])
    batch = numbers(seen["log_prob"]).shape if "log_prob" in seen else mean.shape[:1]
    event = mean.shape[len(batch) :]
    if event == (size,) and batch == (MANY,):
        return None
    return (
        f"For {MANY} images and encoded_size = {size} the distribution has batch shape "
        f"{shape(batch)} and event shape {shape(event)}, expected "
        f"{shape([MANY])} and {shape([size])}: one Gaussian over the whole code for each image."
    )


def _modes(inference, training, turned) -> str | None:
    """Require the same scale in both modes; `architecture` compares the means."""
    mean, root = moments(inference)
    other_mean, other_root = moments(training)
    if np.allclose(mean, other_mean, rtol=1e-4, atol=1e-4) and not np.allclose(
        root, other_root, rtol=1e-4, atol=1e-4
    ):
        return (
            "In training, with training=True, the Gaussian of the same image has another scale "
            "than at inference, expected the same in both."
        )
    return _covariance(other_root, turned)


def _covariance(scale: np.ndarray, turned: np.ndarray) -> str | None:
    """Judge the elements above, below and on the diagonal of the scale, over all images.

    ``turned`` is the scale with the last layer multiplied by -1. If an element
    is not 0 or varies only there, an activation has suppressed it; `architecture` judges that.
    """
    if not np.isfinite(scale).all():
        return "The scale of the Gaussian is not finite, expected finite numbers."
    if (np.abs(np.triu(scale, 1)) > SAME).any():
        return (
            "The scale has elements above its diagonal, expected a lower triangular matrix, as "
            "MultivariateNormalTriL makes it."
        )
    lower = (..., *np.tril_indices(scale.shape[-1], -1))
    below = scale[lower]  # (batch, d (d − 1) / 2)
    zero = ~(np.abs([below, turned[lower]]) >= SAME).any(axis=(0, 1))
    if zero.all():
        return (
            "The covariance is diagonal: all elements of the scale below its diagonal are 0, "
            "expected a full lower triangle."
        )
    if zero.any():
        return (
            f"{zero.sum()} of the {zero.size} elements of the scale below its diagonal are always "
            "0, expected a full lower triangle."
        )
    lowest = np.diagonal(scale, axis1=-2, axis2=-1).min()
    if not lowest > 0:
        return (
            f"The diagonal of the scale goes down to {number(lowest)}, expected positive "
            "numbers only: pass it through softplus or exp, or use FillScaleTriL."
        )
    return _from_image(scale, turned, below)


def _from_image(scale, turned, below) -> str | None:
    """Require that every element has its own output."""
    rows, columns = np.tril_indices(scale.shape[-1])
    same = np.ptp(scale[:, rows, columns], axis=0) < SAME
    same &= np.ptp(turned[:, rows, columns], axis=0) < SAME
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


def _of_its_own(seen) -> str | None:
    """Compare the covariance that the distribution reports with its scale."""
    if "covariance" not in seen:
        return None
    root = moments(seen)[1]
    wanted = root @ np.swapaxes(root, -2, -1)
    observed = np.broadcast_to(numbers(seen["covariance"]), wanted.shape)
    if np.allclose(observed, wanted, rtol=1e-3, atol=1e-3 * np.abs(wanted).max()):
        return None
    return (
        "covariance() of your distribution is not that of its scale, L Lᵀ: return a distribution "
        "of TFP as it is."
    )


def _density(z: np.ndarray, seen) -> str | None:
    """Compare log_prob with that of the Gaussian of the same moments."""
    wanted = oracle.log_normal(z, *moments(seen))
    observed = numbers(seen["log_prob"], MANY)
    wrong = ~(np.abs(observed - wanted) <= 2e-3 * (1 + np.abs(wanted)))
    if not wrong.any():
        return None
    i = int(np.argmax(wrong))
    return (
        f"log_prob of a code is {number(observed[i])} nats, but the Gaussian with the mean and the "
        f"scale of your distribution has {number(wanted[i])}: it is not a Gaussian."
    )
