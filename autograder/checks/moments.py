"""Bounds for sample moments of Gaussian draws: how far those of a right answer may stray.

Every bound is so wide that a right answer fails with a probability far below one in a million, over
all the values that are compared.
"""

from statistics import NormalDist
from typing import Any

import numpy as np

FAILURE = 1e-8  # probability that a right answer fails one check by chance


def quantile(count: int) -> float:
    """Return z such that |N(0, 1)| exceeds it with probability ``FAILURE / count``."""
    return NormalDist().inv_cdf(1 - FAILURE / count / 2)


# The next two functions return a number for a number and an array for an array.


def mean_bound(std: float | np.ndarray, size: int, count: int = 1) -> Any:
    """Return the largest allowed error of a sample mean.

    Parameters
    ----------
    std : array_like
        Standard deviation of one draw.
    size : int
        Number of independent draws.
    count : int
        Number of means compared.
    """
    return np.asarray(std) * quantile(count) / np.sqrt(size)


def std_bound(std: float | np.ndarray, size: int, count: int = 1) -> Any:
    """Return the largest allowed error of a sample standard deviation of Gaussian draws.

    The relative standard error is 1 / sqrt(2 (size - 1)). A fifth is added for the skew of the
    chi-squared distribution, which is enough for a thousand draws or more.
    """
    return np.asarray(std) * 1.2 * quantile(count) / np.sqrt(2 * (size - 1))


def std_limits(draws: float, count: int) -> tuple[float, float]:
    """Return the limits of the sample standard deviation of noise with variance 1.

    They are the chi-squared bounds of Laurent and Massart (2000), lemma 1, which hold for any
    number of draws.
    """
    freedom = max(draws - 1, 1)
    few = np.log(2 * count / FAILURE) / freedom
    return np.sqrt(max(0, 1 - 2 * np.sqrt(few))), np.sqrt(1 + 2 * np.sqrt(few) + 2 * few)


def correlation_bound(size: float, count: int = 1) -> float:
    """Return the largest allowed |sample correlation| of independent Gaussian draws."""
    bound: float = quantile(count) / np.sqrt(size - quantile(count) ** 2)
    return bound
