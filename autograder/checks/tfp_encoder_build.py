"""What the checks of ``tfp_encoder`` share: build the student's encoder, fill it, look at it."""

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any

import numpy as np

from autograder.checks.exercise import Check, Values

IMAGE = [28, 28, 1]


class EncoderCheck(Check):
    """A check of what ``make_encoder`` returns, given a prior of ours.

    ``inputs`` has ``encoded_size``, ``base_depth`` and a ``seed``; the input shape is that of the
    book and the prior a standard normal unless ``shape``, ``loc`` and ``scale`` say otherwise.
    """

    def probe(self, answers: Mapping[str, Any], inputs: Values) -> Values:
        """Build the encoder and observe it."""
        import tf_keras

        shape, size = inputs.get("shape", IMAGE), inputs["encoded_size"]
        prior = our_prior(*prior_moments(inputs))
        encoder = answers["make_encoder"](tuple(shape), size, inputs["base_depth"], prior)
        if not isinstance(encoder, tf_keras.Model):
            return {"returned": kind(encoder)}
        if not encoder.built:  # models without an input layer get their weights when called
            encoder(np.zeros((2, *shape), np.float32))
        return self.observe(encoder, inputs)

    def judge(self, inputs, seen, reference):
        """Say so if there was no model; else compare."""
        if "returned" in seen:
            return f"make_encoder returned {seen['returned']}, expected a model of tf_keras."
        return self.compare(inputs, seen)

    @abstractmethod
    def observe(self, encoder: Any, inputs: Values) -> Values:
        """Return what the encoder does."""

    @abstractmethod
    def compare(self, inputs: Values, seen: Values) -> str | None:
        """Return None for a pass, or what is wrong."""


def prior_moments(inputs: Values) -> tuple[np.ndarray, np.ndarray]:
    """Return mean and standard deviations of the prior that the encoder is given."""
    size = inputs["encoded_size"]
    loc, scale = inputs.get("loc", np.zeros(size)), inputs.get("scale", np.ones(size))
    return np.asarray(loc, dtype=np.float64), np.asarray(scale, dtype=np.float64)


def our_prior(loc, scale):
    """Return a Gaussian prior with independent latents, of event shape (d,)."""
    import tensorflow as tf
    import tensorflow_probability as tfp

    loc, scale = tf.constant(loc, tf.float32), tf.constant(scale, tf.float32)
    return tfp.distributions.MultivariateNormalDiag(loc=loc, scale_diag=scale)


def bits(inputs: Values) -> np.ndarray:
    """Return random black-and-white images."""
    rng = np.random.default_rng([inputs["seed"], 1])
    size = (inputs["batch"], *inputs.get("shape", IMAGE))
    return rng.integers(0, 2, size).astype(np.float32)


def fill(encoder, seed: int, bias: float) -> None:
    """Give all weights random values, so that nothing hangs on how they are initialized."""
    rng = np.random.default_rng([seed, 2])
    for weight in encoder.trainable_weights:
        fan_in = np.prod(weight.shape[:-1])
        spread = np.sqrt(1 / fan_in) if len(weight.shape) > 1 else bias
        weight.assign(rng.normal(0, spread, weight.shape))


def is_distribution(output) -> bool:
    """Return True for what TFP calls a distribution."""
    return hasattr(output, "log_prob") and hasattr(output, "event_shape")


def kind(value) -> str:
    """Return in words what a function returned."""
    import tensorflow as tf

    if value is None:
        return "nothing"
    if is_distribution(value):
        return "a distribution"
    if tf.is_tensor(value) or isinstance(value, np.ndarray):
        return f"a tensor of shape {tuple(value.shape)}"
    if isinstance(value, list | tuple | dict):
        return f"a {type(value).__name__} of {len(value)}"
    return f"an object of type {type(value).__module__.split('.')[0]}.{type(value).__name__}"


def location(output) -> np.ndarray:
    """Return the posterior mean, or the tensor that stands where a distribution should."""
    if isinstance(output, list | tuple):
        output = output[0]
    return np.asarray(output.mean() if is_distribution(output) else output, dtype=np.float64)


def moments(q) -> tuple[np.ndarray, np.ndarray]:
    """Return mean (batch, d) and a square root of the covariance (batch, d, d) in float64."""
    mean = np.asarray(q.mean(), dtype=np.float64)
    root = np.asarray(covariance_root(q), dtype=np.float64)
    return mean, np.broadcast_to(root, (*mean.shape, mean.shape[-1]))


def covariance_root(q):
    """Return a square root of the covariance as a tensor, with gradients: (..., d, d)."""
    import tensorflow as tf

    operator = getattr(q, "scale", None)
    if hasattr(operator, "to_dense"):
        return operator.to_dense()
    try:
        return tf.linalg.cholesky(q.covariance())
    except NotImplementedError:  # so TFP says that the latents are independent
        return tf.linalg.diag(q.stddev())
