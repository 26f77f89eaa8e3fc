"""Statistics of how codes vary, with calls along the first axis, then the batch.

The noise of a wrong answer may be shared within a call or repeated between calls. So each moment
comes with what the noise, as it was seen to vary over calls and over rows, may do to it.
"""

import numpy as np

from autograder.checks.values import Values

SAME = 1e-6  # numbers that differ by less count as the same
ENOUGH_TO_COMPARE = 30  # numbers of one row or latent that a share needs to be meaningful
PAIRED = 256  # numbers per call that are compared for all pairs of calls
REARRANGED = 12  # calls whose codes are compared in any order of their numbers
RARE = 1e-4  # tolerated share of non-finite numbers, such as the log of a uniform number that is 0
ALIKE = 1e-5  # average difference of numbers that are equal except for rounding
WITHIN = (0.4, 1.0, 2.0, 3.0, 3.25)  # standard deviations on both sides of the mean
BELOW = (-2.0, -1.0, 0.0, 1.0, 2.0)  # standard deviations above the mean


def moments(z: np.ndarray) -> Values:
    """Return moments over calls and rows, (calls, rows, ...), with their standard errors."""
    with np.errstate(all="ignore"):  # the judges report what is not a number
        mean, mean_error = average(z)
        variance, variance_error = average((z - mean) ** 2)
        std = np.sqrt(variance)
        std_error = variance_error / (2 * np.maximum(std, SAME))
    return {"mean": mean, "mean_error": mean_error, "std": std, "std_error": std_error}


def mostly_finite(z: np.ndarray, mean: float | np.ndarray) -> np.ndarray:
    """Replace non-finite numbers by the mean, if they are rare."""
    wrong = ~np.isfinite(z)
    return np.where(wrong, mean, z) if 0 < wrong.mean() <= RARE else z


def together(z: np.ndarray) -> Values:
    """Return how much the averages of calls, (calls, rows, latents), vary, and over how many calls.

    ``ratio`` is their variance, divided by that which independent rows would leave.
    """
    rows = z.mean(axis=2)
    variance = rows.var(axis=1, ddof=1).mean() / rows.shape[1] if rows.shape[1] > 1 else 0.0
    enough = len(z) > 1 and variance > SAME**2
    ratio = rows.mean(axis=1).var(ddof=1) / variance if enough else 0.0
    return {"ratio": float(ratio), "calls": len(z)}


def average(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the mean over calls and rows, (calls, rows, ...), and its standard error.

    Numbers may be alike within a call or within a row. For independent ones the error is √2 times
    too large.
    """
    of_calls, of_rows = x.mean(axis=1), x.mean(axis=0)
    between = of_calls.var(axis=0, ddof=1) / len(of_calls)
    between = between + of_rows.var(axis=0, ddof=1) / len(of_rows)
    return of_calls.mean(axis=0), np.sqrt(between)


def vary_more_than_independent(observed: Values, draws: int) -> bool:
    """Return whether a moment is three times as uncertain as with independent noise.

    Independent noise may appear √2 times as uncertain as it is. That it appears three times as
    uncertain happens to one answer in ten thousand, and only costs time.
    """
    if "std" not in observed:
        return False
    std = np.maximum(observed["std"], SAME)
    return bool(
        np.any(observed["mean_error"] > 3 * std / np.sqrt(draws))
        or np.any(observed["std_error"] > 3 * std / np.sqrt(2 * draws))
    )


def correlation(columns: np.ndarray, groups: np.ndarray | None = None) -> Values:
    """Return the largest correlation in magnitude between two columns of (draws, variables).

    Where ``groups`` are given, one for each column, two columns of a group are not compared.

    Returns
    -------
    dict
        ``correlation``, that ``of_sizes`` whatever their signs, and of how many ``draws``.
    """
    result = {"correlation": 0.0, "of_sizes": 0.0, "draws": len(columns)}
    groups = np.arange(columns.shape[1]) if groups is None else groups
    varies = columns.std(axis=0) > SAME
    moving, groups = columns[:, varies], groups[varies]
    if len(np.unique(groups)) > 1:
        result["correlation"] = _largest(moving, groups)
        result["of_sizes"] = _largest(sizes(moving), groups)
    return result


def _largest(columns: np.ndarray, groups: np.ndarray) -> float:
    columns = columns - columns.mean(axis=0)
    columns /= np.maximum(columns.std(axis=0), SAME)  # sizes may all be the same
    r = columns.T @ columns / len(columns)
    r = r[groups[:, np.newaxis] < groups]
    return float(r[np.argmax(np.abs(r))])


def sizes(noise: np.ndarray) -> np.ndarray:
    """Return numbers that grow with the size of noise around 0 and are nearly normal.

    They are the cube roots of the squares (Wilson and Hilferty, 1931). So the bounds of
    correlations of normal numbers hold for them, as they would not for the squares.
    """
    return np.cbrt(noise**2)


def single(z: np.ndarray) -> float | None:
    """Return the number that all codes of the first call equal, or None if they differ."""
    return float(z[0].flat[0]) if np.ptp(z[0]) < SAME else None


def repetition(z: np.ndarray) -> Values:
    """Return the correlation of the noise of a batch, (rows, latents), with its own later rows.

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


def repetitions(z: np.ndarray) -> Values:
    """Return the repetition of the noise of a batch, (rows, latents), and that of its sizes."""
    noise = z - z.mean(axis=0)
    moving = noise.std() > SAME
    of_sizes = repetition(sizes(noise))["correlation"] if moving else 0.0
    return {**repetition(z), "of_sizes": of_sizes}


def form(noise: np.ndarray) -> Values:
    """Return the shares of noise of variance 1, (calls, ...), within and below some limits.

    Returns
    -------
    dict
        ``share``: within each of ``WITHIN``, then below each of ``BELOW``. ``error``: its
        standard error, from the observed variation over calls. ``different``: count of numbers
        that do not seem to repeat others. Single numbers of independent rows may be equal, since
        noise may be rounded; whole rows or columns are equal only if noise is repeated.
    """
    calls = len(noise)
    lies = np.stack(
        [np.abs(noise) < width for width in WITHIN] + [noise < level for level in BELOW], axis=-1
    ).reshape(calls, -1, len(WITHIN) + len(BELOW))
    of_calls = lies.mean(axis=1)
    error = of_calls.std(axis=0, ddof=1) / np.sqrt(calls) if calls > 1 else 0 * of_calls[0]
    rows = np.round(noise, 6).reshape(-1, noise.shape[-1])
    different = len(np.unique(rows, axis=0)) * len(np.unique(rows, axis=1).T)
    return {"share": of_calls.mean(axis=0), "error": error, "different": different}


def recurring(noise: np.ndarray, groups: np.ndarray | None = None) -> float:
    """Return the share of rows of noise, (calls, rows, numbers), that recur.

    They come again with other signs or in another order too: within their call or, where each call
    is given the number of a group, in a call of another group. Sixty numbers of two independent
    rows do not agree to five digits.
    """
    calls, rows, numbers = noise.shape
    within = groups is None
    of_call = (np.arange(calls) if groups is None else groups).repeat(rows)
    every = np.sort(np.abs(noise), axis=2).reshape(-1, numbers)
    varies = np.ptp(every, axis=1) > SAME
    every, of_call = every[varies], of_call[varies]
    if len(every) < 2:
        return 0.0
    place = every.sum(axis=1)
    order = np.lexsort((place, of_call)) if within else np.argsort(place)
    alike = np.mean(np.abs(np.diff(every[order], axis=0)), axis=1) < ALIKE
    return float(np.mean(alike & ((np.diff(of_call[order]) == 0) == within)))


def related(noise: np.ndarray) -> Values:
    """Return how the noise of calls, (calls, modes, rows, latents), is related.

    Modes may share what one call has drawn. Those of one call are not compared with each other: in
    a graph their generators may have the same seed, and so draw the same numbers in step.

    Returns
    -------
    dict
        ``rearranged``: the largest share of codes, or of calls, that come again in another call
        with other signs or in another order. ``correlation``, ``of_sizes`` and ``draws``: of two
        calls.
    """
    groups = np.arange(len(noise)).repeat(noise.shape[1])
    noise = noise.reshape(len(groups), *noise.shape[2:])
    rows = recurring(noise, groups)
    whole = recurring(noise.reshape(len(noise), 1, -1), groups)
    different = len(np.unique(np.round(np.abs(noise[0]), 5)))
    free = (noise.shape[1] - 1) * (noise.shape[2] - 1)
    # Noise shared by the codes of a batch or the latents of a code is judged by the part on
    # independence.
    noise = noise - noise.mean(axis=1, keepdims=True)
    noise = noise - noise.mean(axis=2, keepdims=True)
    correlations = correlation(noise.reshape(len(noise), -1).T, groups)
    return {**correlations, "draws": min(free, different), "rearranged": max(rows, whole)}


def distinct(z: np.ndarray) -> np.ndarray:
    """Return the calls of (calls, ...) that do not repeat a call before them."""
    some, kept = _some(z), [0]
    for at in range(1, len(z)):
        if not np.any(np.mean(np.abs(some[kept] - some[at]) < SAME, axis=1) > 0.5):
            kept.append(at)
    return z[kept]


def _some(z: np.ndarray) -> np.ndarray:
    """Return the numbers of each call of (calls, ...) to be compared: (calls, numbers)."""
    every = z.reshape(len(z), -1)
    return every[:, :: max(1, every.shape[1] // PAIRED)]


def _largest_share(equal: np.ndarray, axes: tuple[int, int]) -> float:
    """Return the largest average over either axis; 0 if there are very few numbers."""
    few = equal.size // equal.shape[3 - sum(axes)] < ENOUGH_TO_COMPARE
    return 0.0 if few else float(np.max(equal.mean(axis=axes)))


def compared(z: np.ndarray) -> Values:
    """Return how much two calls of (calls, rows, latents) have in common.

    Returns
    -------
    dict
        ``same``: the largest share of equal numbers in two calls, whichever they are. ``at_once``:
        the largest share for one row or one latent, in calls that follow on each other. ``chance``:
        the share of equal numbers in one call, as noise of few values has it; 0 where all are one.
    """
    few = _some(z)
    shares = [np.abs(few[at + 1 :] - call) < SAME for at, call in enumerate(few[:-1])]
    equal = np.abs(np.diff(z, axis=0)) < SAME
    mixed = np.random.default_rng(0).permutation(z[0].ravel())
    chance = float(np.mean(np.abs(mixed - z[0].ravel()) < SAME))
    return {
        "chance": chance if chance < 0.9 else 0.0,
        "same": max(float(share.mean(axis=1).max()) for share in shares),
        "at_once": max(_largest_share(equal, axes) for axes in ((0, 1), (0, 2))),
    }
