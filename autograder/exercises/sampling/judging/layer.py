"""What every check of ``sampling`` does: call the student's layer and take what it returns."""

from abc import abstractmethod

import numpy as np

from autograder.checks.exercise import Check, Values
from autograder.checks.words import number, shape

SAME = 1e-6  # numbers that differ by less are the same
MEAN, LOG_VAR = -2.0, 1.3  # where no usual formula gives 0


class NotACodeError(Exception):
    """The layer returned something else than codes; the message says what."""

    def __init__(self, found: str, wanted: str = "one tensor of the shape of the mean"):
        super().__init__(f"The layer returned {found}, expected {wanted}.")


class LayerCheck(Check):
    """A check of a layer that must return one tensor."""

    def probe(self, answers, inputs):
        """Observe the layer, or that it returns something of another form."""
        try:
            return self.observe(answers["Sampling"], inputs)
        except NotACodeError as found:
            return {"returned": str(found)}

    def judge(self, inputs, seen, reference):
        """Speak of the form first: nothing else can be seen when it is wrong."""
        if "returned" in seen:
            return str(seen["returned"])
        with np.errstate(all="ignore"):  # what is not a number is told in a sentence
            return self.verdict(inputs, seen)

    @abstractmethod
    def observe(self, make, inputs: Values) -> Values:
        """Return what layers made by ``make()`` do: beside the student's code."""

    @abstractmethod
    def verdict(self, inputs: Values, seen: Values) -> str | None:
        """Return None for a pass, or what is wrong: on the trusted side."""


def tensors(mean, log_var) -> list:
    """Return what the layer is called with."""
    import tensorflow as tf

    return [tf.constant(mean, tf.float32), tf.constant(log_var, tf.float32)]


def array(returned) -> np.ndarray:
    """Return a tensor as numbers of double precision."""
    from keras import ops

    if isinstance(returned, (list, tuple, dict)):
        raise NotACodeError(f"a {type(returned).__name__} of length {len(returned)}")
    if returned is None:
        raise NotACodeError("None (is a `return` missing?)")
    try:
        return np.asarray(ops.convert_to_numpy(returned), dtype=np.float64)
    except (TypeError, ValueError):
        raise NotACodeError(f"an object of type {type(returned).__name__}") from None


def code(returned, wanted) -> np.ndarray:
    """Return a tensor in the shape of its mean, if it can be read as one code for each mean.

    A wrong shape costs the part on shapes. The other parts look at the numbers all the same: in
    another arrangement, or one code that stands for several.
    """
    z = array(returned)
    if z.size == np.prod(wanted):
        return z.reshape(wanted)
    try:
        return np.broadcast_to(z, wanted)
    except ValueError:
        raise NotACodeError(
            f"a tensor of shape {shape(z.shape)} for a mean of shape {shape(wanted)}"
        ) from None


def noise(returned, sizes) -> np.ndarray:
    """Return codes that differ by their noise only: what ``alike`` gives, one number for each."""
    z = code(returned, sizes)
    if not np.all(np.isfinite(z)):
        place = f"a mean of {number(MEAN)} and a log_var of {number(LOG_VAR)}"
        raise NotACodeError(f"numbers that are not finite for {place}", "finite codes")
    return z


def alike(sizes) -> list:
    """Return a batch of one mean and one log-variance."""
    return tensors(np.full(sizes, MEAN), np.full(sizes, LOG_VAR))


def of_any_size(layer, sizes):
    """Return what a layer gives for one mean, in a function compiled for batches of any size.

    Without AutoGraph, which Keras does not apply to layers either.
    """
    import tensorflow as tf

    spec = tf.TensorSpec([None, *sizes[1:]], tf.float32)
    compiled = tf.function(
        lambda mean, log_var: layer([mean, log_var], training=True),
        input_signature=[spec, spec],
        autograph=False,
    )
    return compiled(*alike(sizes))
