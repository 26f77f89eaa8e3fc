"""What every judge of ``sampling`` does with an observation: take it from its modes, and read it.

An observation comes from a process that is not trusted, so it may hold anything.
"""

from abc import abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from autograder.checks.check import Check
from autograder.checks.values import Values
from autograder.checks.words import number, shape
from autograder.exercises.sampling.contract import MODES

MEAN, LOG_VAR = -2.0, 1.3  # where no usual formula gives 0
SMALL = 2, 65  # sizes of batches that hidden checks draw from, as for random integers
ROUNDING = 2.0**-7  # an answer may compute with the eight bits of bfloat16
WHERE = {
    "training": "",
    "inference": "At inference, with training=False: ",
    "plain": "Called without the argument `training`: ",
}


class ObservedError(Exception):
    """An observation allows no judgement; the message is what the student reads."""


class SamplingCheck(Check):
    """A check of what was seen of the codes in every mode."""

    def inputs(self, rng):
        """Return one mean and one log-variance for all codes."""
        return {"mean": MEAN, "log_var": LOG_VAR}

    def judge(self, inputs, seen, reference):
        """Speak of the form first: nothing else can be seen when it is wrong."""
        try:
            with np.errstate(all="ignore"):  # what is not a number is told in a sentence
                return self.verdict(inputs, _mapping(seen))
        except ObservedError as error:
            return str(error)

    @abstractmethod
    def verdict(self, inputs: Values, seen: Values) -> str | None:
        """Return None for a pass, or what is wrong."""


def of_modes(seen: Any, at: Sequence[float] = (MEAN, LOG_VAR)) -> Iterator[tuple[str, dict]]:
    """Yield each mode with what was seen of its codes, if they have the form of codes.

    ``at`` is the mean and the log-variance of the codes that were looked at.

    Raises
    ------
    ObservedError
        If they have not.
    """
    for mode in MODES:
        found = _mapping(_mapping(seen).get(mode))
        if "other" in found:
            raise ObservedError(
                f"{WHERE[mode]}The layer returned a tensor of shape {sizes(found, 'other')} for a "
                f"mean of shape {sizes(found, 'wanted')}, expected one tensor of the shape of the "
                "mean."
            )
        if "finite" in found:
            place = f"a mean of {number(at[0])} and a log_var of {number(at[1])}"
            raise ObservedError(
                f"{WHERE[mode]}The layer returned numbers that are not finite for {place}, "
                "expected finite codes."
            )
        yield mode, found


def told(mode: str, sentence: str, place: str = "") -> str:
    """Return a sentence with the mode that it speaks of in front, unless it is the training."""
    text = WHERE[mode] + place + sentence[0].lower() + sentence[1:]
    return text[0].upper() + text[1:]


def array(found: Mapping, key: str, wanted: Sequence[int]) -> np.ndarray:
    """Return an entry as numbers in an array of a shape."""
    value = found.get(key)
    if not isinstance(value, np.ndarray) or value.dtype.kind not in "fiu":
        raise unreadable()
    if value.shape != tuple(wanted):
        raise unreadable()
    return value.astype(float)


def real(found: Mapping, key: str) -> float:
    """Return an entry as a number; a truth value is none."""
    value = found.get(key)
    if isinstance(value, float | int | np.floating | np.integer) and not isinstance(value, bool):
        size: Any = abs(value)
        return float(np.float64(value)) if size < 1e300 else float(np.sign(value) * np.inf)
    raise unreadable()


def sizes(found: Mapping, key: str) -> str:
    """Return an entry as a shape in words."""
    value = found.get(key)
    if not isinstance(value, list | tuple) or len(value) > 16:
        raise unreadable()
    if not all(isinstance(each, int) and not isinstance(each, bool) for each in value):
        raise unreadable()
    return shape(value)


def is_absent(found: Any) -> bool:
    """Return whether a probe has left an entry empty, as it could not look."""
    return isinstance(found, dict) and not found


def is_usable(found: Any, elsewhere: Sequence[str] = ("other",)) -> bool:
    """Return whether a probe has seen codes of which this part has to speak.

    The part on shapes speaks of codes that have not the shape of their mean. ``elsewhere`` may also
    name ``finite``, for codes that are not.
    """
    if not isinstance(found, dict):
        raise unreadable()
    seen = [each for each in found.values() if isinstance(each, dict)]
    return bool(found) and not any({*elsewhere} & each.keys() for each in seen)


def unreadable() -> ObservedError:
    """Return what is told of an observation that has not the form that its probe gives it."""
    return ObservedError("What was observed of your answer cannot be read, so it is not checked.")


def _mapping(value: Any) -> dict:
    if not isinstance(value, dict):
        raise unreadable()
    return value


def without_noise(value: float | None, seen: Mapping) -> str | None:
    """Return what a code is that does not vary, at MEAN and LOG_VAR; None for any other number."""
    sigma = np.exp(LOG_VAR / 2)
    if value is None:
        return None
    if abs(value - MEAN) < ROUNDING * abs(MEAN):
        return "the mean itself"
    if abs(value - MEAN - sigma) < 2 * ROUNDING * sigma:
        return f"mean + exp(log_var / 2); {unused_noise(seen)}"
    return None


def unused_noise(seen: Mapping) -> str:
    """Return whether noise is drawn at all, where none arrives in the code."""
    if seen.get("random") is True:
        return "noise is drawn, but it is not used"
    return "no noise is drawn"
