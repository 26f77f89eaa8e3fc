"""The closed form of the latent loss, and the usual slips by which an answer differs from it."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from autograder.checks.words import listing, number

# More than float32 needs, so that a guard like log(variance + 1e-8) passes.
RTOL = 1e-3

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
INVERSE = "you seem to use exp(−log_var), the inverse of the variance"
OTHER_WAY = "this is KL(p ‖ q), the divergence the other way round"

Formula = Callable[[np.ndarray, np.ndarray], np.ndarray]
SLIPS: tuple[tuple[str, Formula], ...] = (
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
    ("you seem to forget exp", lambda m, v: _half(m**2, v, -1, -v)),
    (NOT_SQUARED, lambda m, v: _half(m, np.exp(v), -1, -v)),
    (NOT_SQUARED, lambda m, v: _half(np.abs(m), np.exp(v), -1, -v)),
    (INVERSE, lambda m, v: _half(m**2, np.exp(-v), -1, -v)),
    ("mean and log_var are swapped", lambda m, v: kl(v, m)),
    (OTHER_WAY, lambda m, v: _half((1 + m**2) * np.exp(-v), -1, v)),
)


@dataclass(frozen=True)
class Match:
    """A formula and a unit that explain all values.

    Attributes
    ----------
    slip : str
        What is wrong with the formula; empty for the right one.
    unit : float
        Factor of all values; 1 for nats.
    """

    slip: str
    unit: float


def recognize(mean, log_var, found) -> Match | None:
    """Return the formula and the unit whose values are the found ones, if there are any."""
    with np.errstate(all="ignore"):
        for unit in UNITS:
            for slip, formula in SLIPS:
                guess = unit * formula(mean, log_var)
                if np.allclose(found, guess, rtol=RTOL, atol=0, equal_nan=True):
                    return Match(slip, unit)
    return None


def name_cause(mean, log_var, found, match: Match | None, random: bool) -> str:
    """Say what is wrong with values that are not right."""
    if random:
        return (
            "two calls with the same inputs differ, so this is an estimate from random draws; use "
            "the closed form"
        )
    if match and match.slip:
        return match.slip
    limited = "right at other values, so something is changed or limited on the way"
    right = np.abs(found - kl(mean, log_var)) <= RTOL * kl(mean, log_var)
    if right.mean() > 0.5:
        return limited
    factors = _factors(mean, log_var, found)
    if factors or right.any():
        return factors or limited
    return "the values follow no usual formula; compare each term with that of the task"


def _factors(mean, log_var, found) -> str:
    """Name the wrong factors of a formula of the right terms."""
    if not np.all(np.isfinite(found)):
        return ""
    names = ("mean²", "exp(log_var)", "log_var", "the constant 1")
    terms = np.stack([mean**2, np.exp(log_var), log_var, np.ones_like(mean)], axis=-1)
    weight = 1 / kl(mean, log_var)  # float32 is precise relative to the size of a value
    factors = np.linalg.lstsq(terms * weight[:, None], found * weight, rcond=None)[0]
    if not np.allclose(terms @ factors * weight, found * weight, rtol=RTOL, atol=RTOL):
        return ""
    ratio = factors / [0.5, 0.5, -0.5, -0.5]
    if np.allclose(ratio, ratio.mean(), rtol=0.02, atol=0):
        return f"every value is {number(ratio.mean())} times the expected one"
    wrong = np.abs(ratio - 1) > 0.02
    told = [
        f"{name} {_enters(factor)} (it should be {'½' if ratio_sign > 0 else '−½'})"
        for name, factor, ratio_sign, off in zip(names, factors, (1, 1, -1, -1), wrong, strict=True)
        if off
    ]
    return f"in the sum {listing(told)}" if told else ""


def _enters(factor: float) -> str:
    return "is missing" if abs(factor) < 0.02 else f"has the factor {number(round(factor, 2))}"
