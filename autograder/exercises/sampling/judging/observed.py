"""Read and validate observations of the codes, for all judges of ``sampling``.

An observation comes from an untrusted process, so it may contain anything.
"""

from abc import abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from autograder.checks.check import Check
from autograder.checks.values import Values
from autograder.checks.words import number, shape
from autograder.exercises.sampling.contract import MODES

MEAN, LOG_VAR = -2.0, 1.3  # values for which no usual formula gives 0
SMALL = 2, 65  # hidden checks draw batch sizes from this range, whose end is excluded
ROUNDING = 2.0**-7  # an answer may compute with the eight bits of bfloat16
WHERE = {
    "training": "",
    "inference": "At inference, with training=False: ",
    "plain": "Called without the argument `training`: ",
}


class ObservedError(Exception):
    """An observation cannot be judged; the message is what the student reads."""


class SamplingCheck(Check):
    """A check of the codes observed in every mode."""

    def inputs(self, rng):
        """Return one mean and one log-variance for all codes."""
        return {"mean": MEAN, "log_var": LOG_VAR}

    def judge(self, inputs, seen, reference):
        """Report a wrong form first, because nothing else can be observed then."""
        try:
            with np.errstate(all="ignore"):  # the messages report what is not a number
                return self.verdict(inputs, _mapping(seen))
        except ObservedError as error:
            return str(error)

    @abstractmethod
    def verdict(self, inputs: Values, seen: Values) -> str | None:
        """Return None for a pass, or what is wrong."""


def of_modes(seen: Any, at: Sequence[float] = (MEAN, LOG_VAR)) -> Iterator[tuple[str, dict]]:
    """Yield each mode with the observation of its codes.

    ``at`` is the mean and the log-variance of the codes that were observed.

    Raises
    ------
    ObservedError
        If the codes have the wrong shape or are not finite.
    """
    for mode in MODES:
        observation = _mapping(_mapping(seen).get(mode))
        if "other" in observation:
            raise ObservedError(
                f"{WHERE[mode]}The layer returned a tensor of shape {sizes(observation, 'other')} "
                f"for a mean of shape {sizes(observation, 'wanted')}, expected one tensor of the "
                "shape of the mean."
            )
        if "finite" in observation:
            place = f"a mean of {number(at[0])} and a log_var of {number(at[1])}"
            raise ObservedError(
                f"{WHERE[mode]}The layer returned numbers that are not finite for {place}, "
                "expected finite codes."
            )
        yield mode, observation


def with_mode(mode: str, sentence: str, place: str = "") -> str:
    """Return a sentence that begins with the mode it is about, unless that is training."""
    text = WHERE[mode] + place + sentence[0].lower() + sentence[1:]
    return text[0].upper() + text[1:]


def array(observation: Mapping, key: str, wanted: Sequence[int]) -> np.ndarray:
    """Return an entry as an array of floats, after checking its shape."""
    value = observation.get(key)
    if not isinstance(value, np.ndarray) or value.dtype.kind not in "fiu":
        raise unreadable()
    if value.shape != tuple(wanted):
        raise unreadable()
    return value.astype(float)


def real(observation: Mapping, key: str) -> float:
    """Return an entry as a float; a bool does not count as a number."""
    value = observation.get(key)
    if isinstance(value, float | int | np.floating | np.integer) and not isinstance(value, bool):
        size: Any = abs(value)
        return float(np.float64(value)) if size < 1e300 else float(np.sign(value) * np.inf)
    raise unreadable()


def sizes(observation: Mapping, key: str) -> str:
    """Return an entry that holds a shape, formatted for a message."""
    value = observation.get(key)
    if not isinstance(value, list | tuple) or len(value) > 16:
        raise unreadable()
    if not all(isinstance(size, int) and not isinstance(size, bool) for size in value):
        raise unreadable()
    return shape(value)


def is_absent(observation: Any) -> bool:
    """Return whether an entry is empty, because the probe could not observe anything."""
    return isinstance(observation, dict) and not observation


def is_usable(observation: Any, elsewhere: Sequence[str] = ("other",)) -> bool:
    """Return whether a probe has observed codes that this part has to judge.

    Codes without the shape of their mean are reported by the part on shapes. ``elsewhere`` may also
    name ``finite``, for codes that are not finite.
    """
    if not isinstance(observation, dict):
        raise unreadable()
    seen = [entry for entry in observation.values() if isinstance(entry, dict)]
    return bool(observation) and not any({*elsewhere} & entry.keys() for entry in seen)


def unreadable() -> ObservedError:
    """Return the error for an observation that does not have the form of the probe's result."""
    return ObservedError("What was observed of your answer cannot be read, so it is not checked.")


def _mapping(value: Any) -> dict:
    if not isinstance(value, dict):
        raise unreadable()
    return value


def without_noise(value: float | None, seen: Mapping) -> str | None:
    """Describe a constant code at MEAN and LOG_VAR; return None if it is not a known one."""
    sigma = np.exp(LOG_VAR / 2)
    if value is None:
        return None
    if abs(value - MEAN) < ROUNDING * abs(MEAN):
        return "the mean itself"
    if abs(value - MEAN - sigma) < 2 * ROUNDING * sigma:
        return f"mean + exp(log_var / 2); {unused_noise(seen)}"
    return None


def unused_noise(seen: Mapping) -> str:
    """Say whether noise is drawn at all, for codes without noise."""
    if seen.get("random") is True:
        return "noise is drawn, but it is not used"
    return "no noise is drawn"
