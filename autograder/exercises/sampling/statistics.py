"""Figures that say how codes vary: with their calls along the first axis, then a batch.

The noise of a wrong answer may be shared within a call or repeated between calls. So each moment
comes with what the noise, as it was seen to vary over calls and over rows, may do to it.
"""

import numpy as np

from autograder.checks.values import Values

SAME = 1e-6  # numbers that differ by less are the same
PAIRED = 256  # numbers of a call that are compared for all pairs of calls


def moments(z: np.ndarray) -> Values:
    """Return moments over calls and rows, (calls, rows, ...), and how sure they are."""
    with np.errstate(all="ignore"):  # whoever looks at them is told of what is not a number
        found, mean_error = average(z)
        variance, variance_error = average((z - found) ** 2)
        std = np.sqrt(variance)
        std_error = variance_error / (2 * np.maximum(std, SAME))
    return {"mean": found, "mean_error": mean_error, "std": std, "std_error": std_error}


def average(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the mean over calls and rows, (calls, rows, ...), and its standard error.

    Numbers may be alike within a call or within a row. For independent ones the error is √2 times
    too large.
    """
    of_calls, of_rows = x.mean(axis=1), x.mean(axis=0)
    between = of_calls.var(axis=0, ddof=1) / len(of_calls)
    between = between + of_rows.var(axis=0, ddof=1) / len(of_rows)
    return of_calls.mean(axis=0), np.sqrt(between)


def vary_more_than_independent(found: Values, draws: int) -> bool:
    """Return True if a moment is thrice as uncertain as independent noise would leave it.

    Independent noise seems √2 times as uncertain as it is. That it seems to be thrice as uncertain
    happens to one answer in ten thousand, and costs time only.
    """
    if "std" not in found:
        return False
    std = np.maximum(found["std"], SAME)
    return bool(
        np.any(found["mean_error"] > 3 * std / np.sqrt(draws))
        or np.any(found["std_error"] > 3 * std / np.sqrt(2 * draws))
    )


def correlation(columns: np.ndarray) -> Values:
    """Return the correlation of largest size between two columns of (draws, variables).

    Returns
    -------
    dict
        ``correlation``, and of how many ``draws``.
    """
    found = {"correlation": 0.0, "draws": len(columns)}
    moving = columns[:, columns.std(axis=0) > SAME]
    if moving.shape[1] > 1:
        r = np.corrcoef(moving, rowvar=False)[np.triu_indices(moving.shape[1], 1)]
        found["correlation"] = float(r[np.argmax(np.abs(r))])
    return found


def single(z: np.ndarray) -> float | None:
    """Return the number that all codes of the first call are, or None if they differ."""
    return float(z[0].flat[0]) if np.ptp(z[0]) < SAME else None


def repetition(z: np.ndarray) -> Values:
    """Return how the noise of a batch, (rows, latents), is correlated with itself further down.

    Of all distances at which the noise may come again, and of the batch in reverse order, the
    correlation of largest size is returned, with its distance in rows (None for the reverse).
    """
    z = z - z.mean(axis=0)
    power = np.sum(z**2)
    if not power > 0:
        return {"correlation": 0.0, "distance": 0}
    spectrum = np.fft.rfft(z, axis=0)
    along = np.fft.irfft(np.sum(np.abs(spectrum) ** 2, axis=1), len(z)) / power
    back = np.fft.irfft(np.sum(spectrum**2, axis=1), len(z)) / power
    at, mirror = 1 + np.argmax(np.abs(along[1:])), np.argmax(np.abs(back))
    if abs(back[mirror]) > abs(along[at]):
        return {"correlation": float(back[mirror]), "distance": None}
    return {"correlation": float(along[at]), "distance": int(min(at, len(z) - at))}


def distinct(z: np.ndarray) -> np.ndarray:
    """Return the calls of (calls, ...) that do not repeat a call before them."""
    some, kept = _some(z), [0]
    for at in range(1, len(z)):
        if not np.any(np.mean(np.abs(some[kept] - some[at]) < SAME, axis=1) > 0.5):
            kept.append(at)
    return z[kept]


def _some(z: np.ndarray) -> np.ndarray:
    """Return as many numbers of each call of (calls, ...) as are compared: (calls, numbers)."""
    every = z.reshape(len(z), -1)
    return every[:, :: max(1, every.shape[1] // PAIRED)]


def compared(z: np.ndarray) -> Values:
    """Return how much two calls of (calls, rows, latents) have in common.

    Returns
    -------
    dict
        ``same``: the largest share of equal numbers in two calls, whichever they are. ``at_once``:
        the largest share for one row or one latent, in calls that follow on each other.
    """
    few = _some(z)
    shares = [np.abs(few[at + 1 :] - call) < SAME for at, call in enumerate(few[:-1])]
    equal = np.abs(np.diff(z, axis=0)) < SAME
    return {
        "same": max(float(share.mean(axis=1).max()) for share in shares),
        "at_once": float(max(equal.mean(axis=(0, 1)).max(), equal.mean(axis=(0, 2)).max())),
    }
