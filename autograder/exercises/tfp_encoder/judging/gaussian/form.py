"""Test whether noise consists of independent standard normals, beyond its moments.

For independent standard normals, the share below any number is known, half of all pairs have the
same sign, and half of all pairs lie on the same side of the median magnitude. All of these are
shares of independent draws, so their bound holds exactly for any number of draws.
"""

from statistics import NormalDist

import numpy as np

from autograder.checks.moments import FAILURE
from autograder.checks.words import number

PLACES = np.linspace(-2.5, 2.5, 11)  # levels below which noise is counted
MEDIAN = NormalDist().inv_cdf(0.75)  # of its magnitude


def strangeness(calls: np.ndarray) -> str | None:
    """Describe how noise differs from independent standard normals, or return None.

    Parameters
    ----------
    calls : ndarray
        Noise of calls (calls, rows, latents).
    """
    rows = calls.reshape(-1, calls.shape[-1])
    return _shares(rows) or _latents(rows) or _neighbours(calls.reshape(len(calls), -1))


def is_unlikely(share, wanted: float, draws, compared: int):
    """Return whether shares of independent draws are too far from their probability.

    The probability that any of the compared shares is that far off by chance is at most
    ``FAILURE``, because a deviation to one side has a probability of at most
    exp(-draws KL(share, wanted)) (Chernoff).
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        terms = [
            np.where(share == 0, 0.0, share * np.log(share / wanted)),
            np.where(share == 1, 0.0, (1 - share) * np.log((1 - share) / (1 - wanted))),
        ]
    return draws * sum(terms) > np.log(2 * compared / FAILURE)


def _shares(rows: np.ndarray) -> str | None:
    """Compare the shares of noise below some numbers."""
    for place in PLACES:
        share, wanted = np.mean(rows < place), NormalDist().cdf(place)
        if is_unlikely(share, wanted, rows.size, len(PLACES)):
            return (
                f"{share:.1%} of their numbers lie below {number(place)} standard deviations from "
                f"the mean, expected {wanted:.1%}, so they are not drawn from a normal distribution"
            )
    return None


def _latents(rows: np.ndarray) -> str | None:
    """Compare signs and magnitudes of all pairs of latents."""
    size = rows.shape[1]
    kinds = (
        (rows > 0, "lie on the same side of the mean"),
        (np.abs(rows) > MEDIAN, "are both close to the mean, or both far from it,"),
    )
    for condition, description in kinds:
        signs = np.where(condition, 1.0, -1.0)
        shares = (1 + signs.T @ signs / len(rows)) / 2
        strange = np.triu(is_unlikely(shares, 0.5, len(rows), size * (size - 1)), 1)
        if strange.any():
            i, j = np.argwhere(strange)[0]
            return (
                f"latents {i + 1} and {j + 1} {description} in {shares[i, j]:.0%} of them, "
                "expected 50%, so the latents are not drawn independently"
            )
    return None


def _neighbours(calls: np.ndarray) -> str | None:
    """Compare signs at all distances along the numbers of a call: (calls, numbers)."""
    count = calls.shape[1]
    spectrum = np.fft.rfft(np.where(calls > 0, 1.0, -1.0), 2 * count)
    # Padded with zeros, because in a circular correlation some pairs would count twice.
    sums = np.fft.irfft(np.abs(spectrum) ** 2).sum(0)[1:count]
    draws = len(calls) * np.arange(count - 1, 0, -1)
    shares = np.clip((1 + np.round(sums) / draws) / 2, 0, 1)
    strange = is_unlikely(shares, 0.5, draws, count)
    if not strange.any():
        return None
    at = int(np.argmax(strange))
    return (
        f"numbers that are {at + 1} further on in a batch have the same sign in {shares[at]:.0%} "
        "of the cases, expected 50%, so the noise of one code is used for another"
    )


def comes_again(rows: np.ndarray, same: float) -> bool:
    """Return whether two rows of noise are the same, perhaps with other signs or in another order.

    Parameters
    ----------
    rows : ndarray
        Noise (rows, latents).
    same : float
        Numbers that differ by less are the same.
    """
    sizes = np.sort(np.abs(rows), axis=1)
    # If latents share their noise, rows can be the same by chance; `strangeness` reports that.
    sizes = sizes[(np.diff(sizes) >= same).all(-1)]
    order = sizes[np.argsort(sizes[:, 0])]  # which puts equal rows next to each other
    return any((np.abs(order[n:] - order[:-n]) < same).all(-1).any() for n in range(1, 6))
