"""Gaussians and descents for the parts that compare densities, in nats."""

from collections.abc import Callable

import numpy as np


def log_normal(z, mean, sd):
    """Log density of N(mean, sd²) at z, in nats; shapes broadcast."""
    return -0.5 * ((z - mean) / sd) ** 2 - np.log(sd) - 0.5 * np.log(2 * np.pi)


def descend(cost: Callable, mean, sd, steps: int = 400, rate: float = 0.2, h: float = 1e-4):
    """Go down a function of a Gaussian's means and standard deviations, each of shape (d,).

    The parameters are the means and the logarithms of the variances, the gradient is by central
    differences.

    Returns
    -------
    tuple of numpy.ndarray
        Means and standard deviations at the end.
    """
    at = np.concatenate([mean, 2 * np.log(sd)])

    def value(at):
        mean, log_var = np.split(at, 2)
        return cost(mean, np.exp(log_var / 2))

    for _ in range(steps):
        moves = h * np.eye(len(at))
        at = at - rate * np.array([value(at + m) - value(at - m) for m in moves]) / (2 * h)
    mean, log_var = np.split(at, 2)
    return mean, np.exp(log_var / 2)
