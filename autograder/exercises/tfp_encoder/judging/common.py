"""Inputs of the probes and readers of their observations, for all judges of ``tfp_encoder``."""

from abc import abstractmethod
from typing import Any

import numpy as np

from autograder.checks.check import Check, seed_of
from autograder.checks.values import Values
from autograder.exercises.tfp_encoder.contract import BATCHES
from autograder.exercises.tfp_encoder.judging import oracle

IMAGE = [28, 28, 1]
OTHER_BATCHES = [n for n in range(3, 200) if n not in BATCHES]
UNREADABLE = (
    "What the graph of your encoder returns cannot be compared: its outputs are not numbers of the "
    "shapes that the task names."
)


class EncoderCheck(Check):
    """A check of the encoder that ``make_encoder`` returns for a prior of ours."""

    def inputs(self, rng):
        """Return arguments of ``make_encoder``, kernel shapes, and a seed of weights and images."""
        return arguments(rng)

    def judge(self, inputs, seen, reference):
        """Compare the observations, and report those that cannot be read.

        They come from an untrusted process, so they may be anything.
        """
        try:
            with np.errstate(all="ignore"):
                return self.compare(inputs, seen)
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError):
            return UNREADABLE

    @abstractmethod
    def compare(self, inputs: Values, seen: Values) -> str | None:
        """Return None for a pass, or what is wrong."""


def settings(seed: int | None) -> Values:
    """Return arguments of ``make_encoder``, and code sizes for ``make_prior``.

    No two numbers of channels in the stack are easily confused. Hidden checks have a prior far from
    a standard normal, and their code sizes include the announced one.
    """
    if seed is None:
        prior: dict[str, np.ndarray] = {"loc": np.zeros(3), "scale": np.ones(3)}
        others = {"sizes": [3], "batch": 10}
        return {"shape": IMAGE, "encoded_size": 3, "base_depth": 2, **prior, **others}
    rng = np.random.default_rng(seed)
    size = int(rng.integers(4, 6))
    prior = {"loc": rng.choice([-3.0, 3.0], size), "scale": rng.uniform(0.5, 0.9, size)}
    # Several channels: with one, as announced, an encoder that ignores the shape would pass.
    shape, depth = [*IMAGE[:2], int(rng.integers(2, 5))], int(rng.integers(6, 8))
    others = {"sizes": [3, int(rng.integers(17, 40))], "batch": int(rng.choice(OTHER_BATCHES))}
    return {"shape": shape, "encoded_size": size, "base_depth": depth, **prior, **others}


def arguments(rng: np.random.Generator | None) -> Values:
    """Return the inputs of all checks of the encoder; those with one hidden seed get the same."""
    seed = seed_of(rng)
    contract_settings = settings(seed)
    del contract_settings["sizes"]
    sizes = (
        contract_settings["shape"][-1],
        contract_settings["encoded_size"],
        contract_settings["base_depth"],
    )
    drawn = 5 if seed is None else int(np.random.default_rng([seed, 9]).integers(2**31))
    return {**contract_settings, "kernels": oracle.kernel_shapes(*sizes), "seed": drawn}


def prior_moments(inputs: Values) -> tuple[np.ndarray, np.ndarray]:
    """Return mean and standard deviations of the prior that is passed to the encoder."""
    loc, scale = (np.asarray(inputs[key], dtype=np.float64) for key in ("loc", "scale"))
    return loc, scale


def numbers(value: Any, *shape: int | None) -> np.ndarray:
    """Return an array, after checking its shape, in which None stands for any size.

    Raises
    ------
    ValueError
        If the value has another shape.
    """
    array = np.asarray(value, dtype=np.float64)
    if shape and (
        array.ndim != len(shape)
        or any(want not in (None, size) for size, want in zip(array.shape, shape, strict=True))
    ):
        raise ValueError(f"shape {array.shape} instead of {shape}")
    return array


def moments(seen: Values) -> tuple[np.ndarray, np.ndarray]:
    """Return mean (batch, d) and a square root of the covariance (batch, d, d) of one call."""
    mean = numbers(seen["mean"], None, None)
    return mean, np.broadcast_to(numbers(seen["root"]), (*mean.shape, mean.shape[-1]))


def whitened(seen: Values) -> np.ndarray:
    """Return the codes of one call in units of their Gaussians: (..., batch, d)."""
    mean, root = moments(seen)
    away = numbers(seen["code"]) - mean
    return np.linalg.solve(np.broadcast_to(root, (*away.shape, away.shape[-1])), away[..., None])[
        ..., 0
    ]
