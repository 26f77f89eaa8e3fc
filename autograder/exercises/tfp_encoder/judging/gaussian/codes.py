"""Judge whether codes are fresh draws from their Gaussians."""

import numpy as np

from autograder.checks.moments import correlation_bound, mean_bound, std_bound
from autograder.checks.words import number, shape
from autograder.exercises.tfp_encoder.encoder import MANY
from autograder.exercises.tfp_encoder.judging.common import moments, numbers, whitened
from autograder.exercises.tfp_encoder.judging.gaussian.form import comes_again, strangeness

SAME = 5e-5  # draws that differ by less, in all latents, are the same
WHERE = {"inference": "at inference", "training": "in training"}


def problem_of_codes(inputs, seen) -> str | None:
    """Return what is wrong with the codes of either mode, or None."""
    for mode, where in WHERE.items():
        if "stand_in" in seen[mode][0]:
            return (
                "The encoder returns a distribution that cannot stand where a tensor is needed, as "
                "in front of a decoder: end it with a layer of tfp.layers, which makes it turn "
                "into a code."
            )
        problem = _shape(inputs, seen[mode][0], where)
        if problem:
            return problem
        # Judge each mode separately: with one global seed both may well have the same noise.
        white = np.concatenate([whitened(call) for call in (*seen[mode], *seen["few"][mode])])
        problem = _freshness(white, where) or _draws(white, where) or _independence(white, where)
        if problem:
            return problem
        if defect := strangeness(np.stack([whitened(call) for call in seen[mode]])):
            return (
                f"Where a tensor is needed, {where}, the distribution turns into codes that are "
                f"not samples of it: {defect}."
            )
    return None


def _shape(inputs, seen, where: str) -> str | None:
    """Require one code for each image, and not its mean."""
    wanted = (MANY, inputs["encoded_size"])
    code = numbers(seen["code"])
    if code.shape != wanted:
        return (
            f"Where a tensor is needed, {where}, the distribution turns into one of shape "
            f"{shape(code.shape)}, expected {shape(wanted)}: one code for each image."
        )
    if np.abs(code - moments(seen)[0]).max() < 1e-3:
        return (
            f"Where a tensor is needed, {where}, the distribution turns into its mean, expected a "
            "code drawn from it, which is what tfd.Distribution.sample does."
        )
    return None


def _draws(white: np.ndarray, where: str) -> str | None:
    """Require mean 0 and deviation 1 in units of the Gaussians."""
    far = abs(white.mean()) > mean_bound(1, white.size)
    if not np.isfinite(white).all() or far or abs(white.std() - 1) > std_bound(1, white.size):
        return (
            f"Where a tensor is needed, {where}, the distribution turns into codes that lie "
            f"{number(white.std())} standard deviations around its mean, expected 1: they must be "
            "samples of it."
        )
    return None


def _independence(white: np.ndarray, where: str) -> str | None:
    """Require latents that are independent of each other."""
    count, size = white.shape
    deviation = np.abs(white.std(0) - 1).max()
    mean = np.abs(white.mean(0)).max()
    if deviation > std_bound(1, count, size) or mean > mean_bound(1, count, size):
        return (
            f"Where a tensor is needed, {where}, the distribution turns into codes with a mean or "
            "a standard deviation other than its own in some latents: they must be samples of it."
        )
    if size > 1:
        correlation = np.corrcoef(white.T)[np.tril_indices(size, -1)]
        if np.abs(correlation).max() > correlation_bound(count, len(correlation)):
            return (
                f"Where a tensor is needed, {where}, the distribution turns into codes with other "
                "correlations than those of its covariance: they must be samples of it."
            )
    return None


def _freshness(white: np.ndarray, where: str) -> str | None:
    """Require that no two draws are the same in all latents."""
    if not comes_again(white, SAME):
        return None
    return (
        f"Where a tensor is needed, {where}, different images or different calls get the same "
        "noise, perhaps with other signs or in another order, expected an independent draw for "
        "each image in each call: do not fix noise or seeds."
    )
