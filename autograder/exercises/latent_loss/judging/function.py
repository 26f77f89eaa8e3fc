"""What every judge of ``latent_loss`` does: read what was observed, which is not to be trusted."""

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
    """Return further widths for which an answer is traced: one, which only a hidden check has."""
    return {} if seed is None else {WIDER: [int(np.random.default_rng(seed).integers(41, 131))]}


class UnreadableError(Exception):
    """Something that was observed is missing, or of a wrong type or shape."""


class FunctionCheck(Check):
    """A check of a function that returns one tensor."""

    def judge(self, inputs, seen, reference):
        """Judge what was observed, whatever it is."""
        try:
            return self.verdict(inputs, seen, reference)
        except UnreadableError as error:
            return f"What was observed of your function cannot be read: {error}."

    @abstractmethod
    def verdict(self, inputs: Values, seen: Values, reference: Values | None) -> str | None:
        """Judge what was observed; an `UnreadableError` needs not be caught."""


def numbers(seen: Values, key: str, shape: tuple | None = None) -> np.ndarray:
    """Return an observed array in float64, after a look at its shape."""
    try:
        found = np.asarray(seen[key], np.float64)
    except (KeyError, TypeError, ValueError):
        raise UnreadableError(f"{key} holds no numbers") from None
    if shape is not None and found.shape != tuple(shape):
        raise UnreadableError(f"{key} has another shape than the inputs")
    return found


def flag(seen: Values, key: str) -> bool:
    """Return an observed truth value, and nothing that only passes for one."""
    if not isinstance(seen.get(key), bool | np.bool_):
        raise UnreadableError(f"{key} is not true or false")
    return bool(seen[key])


def several(seen: Values, key: str, count: int) -> list[Values]:
    """Return the items of an observed list, each under ``"found"`` unless it is a dict."""
    found = seen.get(key)
    if not isinstance(found, list | tuple | np.ndarray) or len(found) != count:
        raise UnreadableError(f"{key} holds something else than {count} observations")
    return [each if isinstance(each, dict) else {"found": each} for each in found]


def arrays(seen: Values, key: str, count: int) -> list[np.ndarray]:
    """Return an observed list of arrays of any shape in float64."""
    return [numbers(each, "found") for each in several(seen, key, count)]


def anywhere(rng: np.random.Generator, rows: int, size: int) -> Values:
    """Return codes all over the place, of which the first two examples are equal."""
    mean = rng.choice([-1, 1], size=(rows, size)) * rng.uniform(0.2, 30, size=(rows, size))
    found = {"mean": mean, "log_var": rng.uniform(-8, 4, size=(rows, size))}
    for codes in found.values():
        codes[1:2] = codes[:1]
    return found


def far_from_prior(rng: np.random.Generator, rows: int, size: int) -> Values:
    """Return codes whose latents cost more than 2 nats each, so that no floor acts."""
    mean = rng.choice([-1, 1], size=(rows, size)) * rng.uniform(2, 4, size=(rows, size))
    return {"mean": mean, "log_var": rng.uniform(0.6, 1.6, size=(rows, size))}
