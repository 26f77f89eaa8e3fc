"""The closed form of the latent loss, and the usual mistakes by which an answer differs from it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograder.checks.words import listing, number
from autograder.exercises.latent_loss.judging.function import CONSTANT

# More than float32 needs, so that a guard like log(variance + 1e-8) passes.
RTOL = 1e-3

LARGEST_OF_KERAS = 16.2  # log(1e7), the largest value of p log(p / q) there

NATS = 1.0
UNITS = {
    NATS: "",
    1 / 784: (
        "you seem to divide by the 784 pixels; the latent loss is that of an image, not of a pixel"
    ),
    784.0: "you seem to multiply by the 784 pixels",
    1 / 28: "you seem to divide by 28, the width of an image",
    1 / np.log(2): "you seem to count in bits; use the natural logarithm",
    np.log(
        2
    ): "you seem to multiply by ln 2, which turns bits into nats, but it is in nats already",
    1 / np.log(2) / 784: "these are bits of a pixel; the latent loss is nats of an image",
}


def kl(mean, log_var):
    """Return KL(N(mean, exp(log_var)) ‖ N(0, 1)) in nats, element by element, in float64."""
    mean, log_var = np.asarray(mean, np.float64), np.asarray(log_var, np.float64)
    return (mean**2 + np.expm1(log_var) - log_var) / 2


def _half(*terms) -> np.ndarray:
    return sum(terms) / 2


DEVIATION = "you seem to use exp(log_var / 2), a standard deviation, for the variance exp(log_var)"
TWICE = "you seem to take log_var for the logarithm of the standard deviation, not of the variance"
HALF_LOG = "you seem to use log σ where log σ² = log_var is needed"
VARIANCE = "you seem to take log_var for the variance itself; it is the logarithm of the variance"
SCALE = "you seem to take log_var for the standard deviation itself"
NOT_SQUARED = "the mean is not squared"
SOFTPLUS = "you seem to use softplus(log_var) for the variance, which is exp(log_var)"
INVERSE = "you seem to use exp(−log_var), the inverse of the variance"
OTHER_WAY = "this is KL(p ‖ q), the divergence the other way round"

DOUBLE = 5  # the first of MISTAKES that may come with another mistake
Formula = Callable[[np.ndarray, np.ndarray], np.ndarray]
MISTAKES: tuple[tuple[str, Formula], ...] = (
    ("", kl),
    ("the factor ½ is missing", lambda m, v: 2 * kl(m, v)),
    ("the factor ½ is there twice", lambda m, v: kl(m, v) / 2),
    ("its sign is reversed", lambda m, v: -kl(m, v)),
    ("its sign is reversed and the factor ½ is missing", lambda m, v: -2 * kl(m, v)),
    (DEVIATION, lambda m, v: _half(m**2, np.exp(v / 2), -1, -v)),
    (DEVIATION, lambda m, v: _half(m**2, np.exp(v / 2), -1, -v / 2)),
    (TWICE, lambda m, v: _half(m**2, np.exp(2 * v), -1, -2 * v)),
    (TWICE, lambda m, v: _half(m**2, np.exp(2 * v), -1, -v)),
    (HALF_LOG, lambda m, v: _half(m**2, np.exp(v), -1, -v / 2)),
    (VARIANCE, lambda m, v: _half(m**2, v, -1, -np.log(v))),
    (SCALE, lambda m, v: _half(m**2, v**2, -1, -np.log(v**2))),
    (SCALE, lambda m, v: _half(m**2, v**2, -1, -2 * np.log(v))),
    (SOFTPLUS, lambda m, v: _half(m**2, np.logaddexp(v, 0), -1, -np.log(np.logaddexp(v, 0)))),
    ("you seem to forget exp", lambda m, v: _half(m**2, v, -1, -v)),
    (NOT_SQUARED, lambda m, v: _half(m, np.exp(v), -1, -v)),
    (NOT_SQUARED, lambda m, v: _half(np.abs(m), np.exp(v), -1, -v)),
    (INVERSE, lambda m, v: _half(m**2, np.exp(-v), -1, -v)),
    ("mean and log_var are swapped", lambda m, v: kl(v, m)),
    (OTHER_WAY, lambda m, v: _half((1 + m**2) * np.exp(-v), -1, v)),
)


FACTORS = (  # of a formula that is wrong in another way too
    (2.0, "the factor ½ is missing"),
    (0.5, "the factor ½ is there twice"),
    (-1.0, "its sign is reversed"),
)


@dataclass(frozen=True)
class Match:
    """A formula and a unit that explain all values.

    Attributes
    ----------
    mistake : str
        What is wrong with the formula, perhaps in two ways; empty for the right one.
    unit : float
        Factor of all values; 1 for nats.
    """

    mistake: str
    unit: float


def recognize(mean, log_var, observed) -> Match | None:
    """Return the formula and the unit that explain the observed values, or None.

    If a formula takes the logarithm of 0 or less, an answer may guard it with a small number, so a
    formula only has to explain the other values.
    """
    with np.errstate(all="ignore"):
        for unit in UNITS:
            for mistake, formula in MISTAKES:
                if _explains(unit * formula(mean, log_var), observed):
                    return Match(mistake, unit)
        for mistake, formula in MISTAKES[DOUBLE:]:
            for factor, description in FACTORS:
                if _explains(factor * formula(mean, log_var), observed):
                    return Match(f"{mistake}; and {description}", NATS)
    return None


def _explains(guess: np.ndarray, observed: np.ndarray) -> bool:
    finite = np.isfinite(guess)
    if 2 * finite.sum() < finite.size:  # too few finite values, so the others must agree as well
        return np.allclose(observed, guess, rtol=RTOL, atol=0, equal_nan=True)
    return np.allclose(observed[finite], guess[finite], rtol=RTOL, atol=0)


def name_randomness(mean, log_var, observed, seen: Mapping[str, Any]) -> str:
    """Return why values are not always the same, or an empty string."""
    of_keras = _as_probabilities(mean, log_var, observed)
    if seen.get("changes", True) is not False:
        differ = "two calls with the same inputs differ"
        if not seen.get("drawn"):
            return f"{differ}, so the function keeps a count or a state; use the closed form alone"
        also = f"; besides, {of_keras}" if of_keras else ""
        return f"{differ}, so this is an estimate from random draws; use the closed form{also}"
    if seen.get("remembers", True) is not False:
        return (
            "the function changes a variable on which its values depend, so the function keeps a "
            "count or a state; use the closed form alone"
        )
    if seen.get("fixed", True) is not False:
        return (
            "the function gives other values each time it is built into a graph, so random numbers "
            "or a counter of Python or NumPy, as they are while it is built, are fixed in it; use "
            "the closed form"
        )
    return ""


def _as_probabilities(mean, log_var, observed) -> str:
    """Recognize sums of p log(p / q) with p and q clipped to 1e-7 … 1, as Keras computes them."""
    far = kl(mean, log_var) > LARGEST_OF_KERAS
    bounded = np.all((observed > -0.4) & (observed < LARGEST_OF_KERAS))
    if not (far.any() and bounded and np.any(observed < 0)):
        return ""
    return (
        "the values are those of keras.losses.kl_divergence, which compares two lists of "
        "probabilities; mean and log_var are parameters of a Gaussian"
    )


def name_cause(mean, log_var, observed, match: Match | None) -> str:
    """Return the cause of wrong values."""
    if match and match.mistake:
        return match.mistake
    if np.ptp(observed) == 0:
        return CONSTANT
    limited = "right at other values, so something is changed or limited on the way"
    right = np.abs(observed - kl(mean, log_var)) <= RTOL * kl(mean, log_var)
    if right.mean() > 0.5:
        return limited
    if cause := _as_probabilities(mean, log_var, observed):
        return cause
    factors = _factors(mean, log_var, observed)
    if factors or right.any():
        return factors or limited
    return "the values follow no usual formula; compare each term with that of the task"


def _factors(mean, log_var, observed) -> str:
    """Describe the wrong factors of a formula with the right terms, or return an empty string."""
    if not np.all(np.isfinite(observed)):
        return ""
    names = ("mean²", "exp(log_var)", "log_var", "the constant 1")
    terms = np.stack([mean**2, np.exp(log_var), log_var, np.ones_like(mean)], axis=-1)
    weight = 1 / kl(mean, log_var)  # float32 is precise relative to the size of a value
    factors = np.linalg.lstsq(terms * weight[:, None], observed * weight, rcond=None)[0]
    if not np.allclose(terms @ factors * weight, observed * weight, rtol=RTOL, atol=RTOL):
        return ""
    ratio = factors / [0.5, 0.5, -0.5, -0.5]
    if np.allclose(ratio, ratio.mean(), rtol=0.02, atol=0):
        return f"every value is {number(ratio.mean())} times the expected one"
    wrong = np.abs(ratio - 1) > 0.02
    descriptions = [
        f"{name} {_enters(factor)} (it should be {'½' if ratio_sign > 0 else '−½'})"
        for name, factor, ratio_sign, off in zip(names, factors, (1, 1, -1, -1), wrong, strict=True)
        if off
    ]
    return f"in the sum {listing(descriptions)}" if descriptions else ""


def _enters(factor: float) -> str:
    return "is missing" if abs(factor) < 0.02 else f"has the factor {number(round(factor, 2))}"
