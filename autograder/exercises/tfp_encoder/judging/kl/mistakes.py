"""The usual mistakes in the training loss of ``tfp_encoder``."""

import math
from collections.abc import Iterator

import numpy as np

from autograder.exercises.tfp_encoder.judging import oracle

PIXELS = 28 * 28
TWICE = (
    "counted twice, as Keras does with an activity_regularizer of a distribution layer; see "
    "“Doubled KL” in “What the usual recipes get wrong”"
)
Mistake = tuple[str, float, float]


def mistakes(both: tuple, batch: int, sampled: bool) -> Iterator[Mistake]:
    """Yield usual mistakes: a description, the loss, and the weight of its random error.

    Parameters
    ----------
    both : tuple of ndarray
        Mean and root of posteriors, and of the prior for each of them.
    batch : int
        Number of images in a batch.
    sampled : bool
        Whether the loss is sampled.
    """
    mean, scale = both[:2]
    size, kl = mean.shape[-1], oracle.gaussian_kl(*both).mean()
    factors = [
        (2, f"it is {TWICE}"),
        (0.5, "it is halved; a weight of 0.5 only belongs to an activity_regularizer"),
        (batch, "it is summed over the batch; average it"),
        (2 * batch, f"it is summed over the batch, and {TWICE}"),
        (batch / 2, "it is summed over the batch and halved; average it"),
        (1 / batch, "it is divided by the size of the batch twice; average it once"),
        (2 / batch, f"it is divided by the size of the batch once too often, and {TWICE}"),
        (1 / PIXELS, "it is divided by the number of pixels; nats per image are wanted"),
        (2 / PIXELS, f"it is divided by the number of pixels, and {TWICE}"),
        (1 / size, "it is averaged over the latents; sum over them"),
        (2 / size, f"it is averaged over the latents, and {TWICE}"),
        (-1, "its sign is reversed, so that training increases it"),
        (-2, f"its sign is reversed, and {TWICE}"),
    ]
    for factor, cause in factors:
        yield cause, factor * kl, abs(factor)
    yield from _other_priors(both, kl)
    entropy = size / 2 * np.log(2 * np.pi * math.e) + np.linalg.slogdet(scale)[1]
    yield "the entropy of the posterior is missing from it", kl + entropy.mean(), 1
    if not sampled:
        yield from _without_chance(*both)


def _other_priors(both: tuple, kl: float) -> Iterator[Mistake]:
    mean, scale, loc, root = both
    nothing, one = np.zeros_like(mean), np.broadcast_to(np.eye(mean.shape[-1]), scale.shape)
    description = "it is the KL to a standard normal, not to the prior that was passed"
    standard = oracle.gaussian_kl(mean, scale, nothing, one).mean()
    yield description, standard, min(standard / kl, 1)
    yield f"{description}, and it is {TWICE}", 2 * standard, min(2 * standard / kl, 2)
    for description, *other in (("mean", loc, one), ("standard deviations", nothing, root)):
        value = oracle.gaussian_kl(mean, scale, *other).mean()
        description = (
            f"it is the KL to a normal with the {description} only of the prior that was passed"
        )
        yield description, value, min(value / kl, 1)


def _without_chance(mean, scale, loc, root) -> Iterator[Mistake]:
    """Yield deterministic quantities that may be mistaken for the KL, like ``mistakes``."""
    std = np.sqrt((scale**2).sum(-1))[..., None] * np.eye(mean.shape[-1])
    description = "correlations between the latents are left out of it"
    yield description, oracle.gaussian_kl(mean, std, loc, root).mean(), 1
    description = "it is the KL of the prior to the posterior; the posterior comes first"
    yield description, oracle.gaussian_kl(loc, root, mean, scale).mean(), 1
    log_q, log_p = oracle.log_normal(mean, mean, scale), oracle.log_normal(mean, loc, root)
    description = "log q − log p is taken at the mean of the posterior, not at a sample"
    yield description, (log_q - log_p).mean(), 1
    yield f"{description}, and it is {TWICE}", 2 * (log_q - log_p).mean(), 2
