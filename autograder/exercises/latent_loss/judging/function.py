"""Read and validate observations, which are untrusted, for all judges of ``latent_loss``."""

from abc import abstractmethod

import numpy as np

from autograder.checks.check import Check
from autograder.checks.values import Values
from autograder.exercises.latent_loss.contract import WIDER

CONSTANT = (
    "the result is the same whatever mean and log_var are, expected the latent loss of each "
    "example: compute it from both of them"
)


def settings(seed: int | None) -> Values:
    """Return a further width to trace an answer for, which only hidden checks have."""
    return {} if seed is None else {WIDER: [int(np.random.default_rng(seed).integers(41, 131))]}


class UnreadableError(Exception):
    """An observation is missing, or has the wrong type or shape."""


class FunctionCheck(Check):
    """A check of a function that returns one tensor."""

    def judge(self, inputs, seen, reference):
        """Judge the observations, and report those that cannot be read."""
        try:
            return self.verdict(inputs, seen, reference)
        except UnreadableError as error:
            return f"What was observed of your function cannot be read: {error}."

    @abstractmethod
    def verdict(self, inputs: Values, seen: Values, reference: Values | None) -> str | None:
        """Judge the observations; an `UnreadableError` need not be caught."""


def numbers(seen: Values, key: str, shape: tuple | None = None) -> np.ndarray:
    """Return an observed array in float64, after checking its shape."""
    try:
        array = np.asarray(seen[key], np.float64)
    except (KeyError, TypeError, ValueError):
        raise UnreadableError(f"{key} holds no numbers") from None
    if shape is not None and array.shape != tuple(shape):
        raise UnreadableError(f"{key} has another shape than the inputs")
    return array


def flag(seen: Values, key: str) -> bool:
    """Return an observed bool; values that are only truthy are refused."""
    if not isinstance(seen.get(key), bool | np.bool_):
        raise UnreadableError(f"{key} is not true or false")
    return bool(seen[key])


def several(seen: Values, key: str, count: int) -> list[Values]:
    """Return the items of an observed list, each under ``"found"`` unless it is a dict."""
    observations = seen.get(key)
    if not isinstance(observations, list | tuple | np.ndarray) or len(observations) != count:
        raise UnreadableError(f"{key} holds something else than {count} observations")
    return [
        observation if isinstance(observation, dict) else {"found": observation}
        for observation in observations
    ]


def arrays(seen: Values, key: str, count: int) -> list[np.ndarray]:
    """Return an observed list of arrays of any shape in float64."""
    return [numbers(observation, "found") for observation in several(seen, key, count)]


def anywhere(rng: np.random.Generator, rows: int, size: int) -> Values:
    """Return codes from a wide range, the first two examples being equal."""
    mean = rng.choice([-1, 1], size=(rows, size)) * rng.uniform(0.2, 30, size=(rows, size))
    places = {"mean": mean, "log_var": rng.uniform(-8, 4, size=(rows, size))}
    for codes in places.values():
        codes[1:2] = codes[:1]
    return places


def far_from_prior(rng: np.random.Generator, rows: int, size: int) -> Values:
    """Return codes whose latents cost more than 2 nats each, so that no floor acts."""
    mean = rng.choice([-1, 1], size=(rows, size)) * rng.uniform(2, 4, size=(rows, size))
    return {"mean": mean, "log_var": rng.uniform(0.6, 1.6, size=(rows, size))}
