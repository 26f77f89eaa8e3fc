"""How alike two sets of images or codes are, seen through their nearest neighbours."""

import numpy as np
from numpy.typing import ArrayLike


def _squares(a: ArrayLike, b: ArrayLike) -> np.ndarray:
    """Squared distance of each row of a to each row of b: (n, k) and (m, k) to (n, m)."""
    a, b = np.asarray(a, "float64"), np.asarray(b, "float64")
    square = (a**2).sum(axis=1)[:, None] + (b**2).sum(axis=1) - 2 * a @ b.T
    return np.maximum(square, 0)


def nearest_distance(a: ArrayLike, b: ArrayLike) -> np.ndarray:
    """Return the distance from each row of a to the nearest row of b: (n, k), (m, k) to (n,)."""
    return np.sqrt(_squares(a, b).min(axis=1))


def nearest_error(a: ArrayLike, b: ArrayLike) -> float:
    """Return the mean over a of the squared distance to the nearest row of b, per pixel.

    It is small for everything that is smooth: blurred images are near to all others. Compare it
    with what real images that b does not contain have.
    """
    return float(np.mean(nearest_distance(a, b) ** 2)) / np.shape(a)[1]


def nearest_labels(a: ArrayLike, b: ArrayLike, labels: ArrayLike, count: int = 1) -> np.ndarray:
    """Return the majority label among the nearest rows of b, for each row of a.

    Of labels that are equally frequent, the smallest is returned.

    Parameters
    ----------
    a, b : array_like, shapes (n, k) and (m, k)
    labels : array_like of int, shape (m,)
        Of the rows of b; not negative.
    count : int
        How many of the nearest rows of b have a vote.

    Returns
    -------
    array of int, shape (n,)
    """
    nearest = np.argpartition(_squares(a, b), count - 1, axis=1)[:, :count]
    return np.array([np.bincount(row).argmax() for row in np.asarray(labels)[nearest]])


def told_apart(a: ArrayLike, b: ArrayLike) -> float:
    """Return how often the nearest neighbour of a row, in both sets together, is of its own set.

    The leave-one-out accuracy of a nearest-neighbour classifier as a two-sample test (Lopez-Paz
    and Oquab 2017). For two sets of equal size from the same distribution it is 1/2 on average;
    it is 1 if every row has its nearest neighbour in its own set. A share far above 1/2 proves
    that the sets differ. One near 1/2 proves nothing: the test hardly notices a mild blur, or
    classes that are missing. With sets of 300 the standard deviation of one share is about
    0.024 and that of a difference of two is √2 times as large, so two shares that differ by less
    than about 0.07 may as well be equal.

    Parameters
    ----------
    a, b : array_like, shapes (n, k) and (m, k)
    """
    both = np.concatenate([np.asarray(a), np.asarray(b)])
    square = _squares(both, both)
    np.fill_diagonal(square, np.inf)
    belongs = np.arange(len(both)) < np.shape(a)[0]
    return float(np.mean(belongs[square.argmin(axis=1)] == belongs))
