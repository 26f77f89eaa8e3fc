"""How far a right answer may stray: bounds for moments of Gaussian samples.

Every bound is wide enough that a right answer fails with a probability far under one in a million,
over all the values compared together.
"""

from statistics import NormalDist
from typing import Any

import numpy as np

FAILURE = 1e-8  # probability that a right answer fails one check by chance


def quantile(count: int) -> float:
    """Return z such that |N(0, 1)| exceeds it with probability ``FAILURE / count``."""
    return NormalDist().inv_cdf(1 - FAILURE / count / 2)


# Both bounds are a number for a number, and an array for an array.


def mean_bound(std: float | np.ndarray, size: int, count: int = 1) -> Any:
    """Return the largest allowed error of a sample mean.

    Parameters
    ----------
    std : array_like
        Standard deviation of one draw.
    size : int
        Number of independent draws.
    count : int
        Number of means that are compared.
    """
    return np.asarray(std) * quantile(count) / np.sqrt(size)


def std_bound(std: float | np.ndarray, size: int, count: int = 1) -> Any:
    """Return the largest allowed error of a sample standard deviation of Gaussian draws.

    The relative standard error is 1 / sqrt(2 (size - 1)); a fifth is added for the skew of the
    chi-squared distribution, which is enough from a thousand draws on.
    """
    return np.asarray(std) * 1.2 * quantile(count) / np.sqrt(2 * (size - 1))


def std_limits(draws: float, count: int) -> tuple[float, float]:
    """Return between which numbers the deviation of some noise of variance 1 must lie.

    These are the bounds of Laurent and Massart (2000) for chi-squared numbers, lemma 1, which hold
    for any number of draws.
    """
    freedom = max(draws - 1, 1)
    few = np.log(2 * count / FAILURE) / freedom
    return np.sqrt(max(0, 1 - 2 * np.sqrt(few))), np.sqrt(1 + 2 * np.sqrt(few) + 2 * few)


def correlation_bound(size: float, count: int = 1) -> float:
    """Return the largest allowed |sample correlation| of independent Gaussian draws."""
    bound: float = quantile(count) / np.sqrt(size - quantile(count) ** 2)
    return bound
