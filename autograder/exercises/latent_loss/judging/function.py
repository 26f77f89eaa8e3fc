"""What every check of ``latent_loss`` does: call the function and take what it returns."""

from abc import abstractmethod

import numpy as np

from autograder.checks.exercise import Check, Values


class NotATensorError(Exception):
    """The function returned something else than one tensor; the message says what."""


class FunctionCheck(Check):
    """A check of a function that must return one tensor."""

    def probe(self, answers, inputs):
        """Observe the function, or that it returns something of another form."""
        try:
            return self.observe(answers["latent_loss"], inputs)
        except NotATensorError as found:
            return {"returned": str(found)}

    def judge(self, inputs, seen, reference):
        """Speak of the form first: nothing else can be seen when it is wrong."""
        if "returned" in seen:
            return (
                f"The function returned {seen['returned']}, expected one tensor with a number for "
                "each example."
            )
        return self.verdict(inputs, seen, reference)

    @abstractmethod
    def observe(self, latent_loss, inputs: Values) -> Values:
        """Return what the function does: beside the student's code."""

    @abstractmethod
    def verdict(self, inputs: Values, seen: Values, reference: Values | None) -> str | None:
        """Judge what was observed."""


def tensors(*arrays) -> list:
    """Return float32 tensors, which is what an encoder gives."""
    import tensorflow as tf

    return [tf.constant(array, tf.float32) for array in arrays]


def call(latent_loss, mean, log_var) -> np.ndarray:
    """Return what the function gives in eager mode as a float64 array."""
    result = latent_loss(*tensors(mean, log_var))
    if result is None:
        raise NotATensorError("None (a `return` is missing)")
    if isinstance(result, list | tuple | dict):
        raise NotATensorError(f"a {type(result).__name__}")
    from keras import ops

    return np.asarray(ops.convert_to_numpy(result), dtype=np.float64)


def one_by_one(latent_loss, mean, log_var) -> np.ndarray:
    """Return the value of every latent, each called as one latent of one example: (1, 1)."""
    values = [call(latent_loss, [[m]], [[v]]) for m, v in zip(mean.flat, log_var.flat, strict=True)]
    numbers = [value.item() if value.size == 1 else np.nan for value in values]
    return np.reshape(numbers, mean.shape)


def is_random(latent_loss, mean, log_var) -> bool:
    """Return True if the same inputs give other values the second time."""
    first, second = (call(latent_loss, mean, log_var) for _ in range(2))
    return not np.array_equal(first, second, equal_nan=True)


def far_from_prior(rng: np.random.Generator, rows: int, size: int) -> Values:
    """Return codes whose latents cost more than 2 nats each, so that no floor acts."""
    mean = rng.choice([-1, 1], size=(rows, size)) * rng.uniform(2, 4, size=(rows, size))
    return {"mean": mean, "log_var": rng.uniform(0.6, 1.6, size=(rows, size))}
