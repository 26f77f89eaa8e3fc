"""What the checks of ``tfp_encoder`` share: build the student's encoder, fill it, look at it."""

from abc import abstractmethod
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograder.checks.cells import others_run
from autograder.checks.exercise import Check, Values

IMAGE = [28, 28, 1]


class EncoderCheck(Check):
    """A check of what ``make_encoder`` returns, given a prior of ours.

    ``inputs`` has what ``arguments`` returns and a ``seed``. All checks of a run share an encoder,
    since building one costs more than looking at it; each sets all of its weights anew.
    """

    def probe(self, answers: Mapping[str, Any], inputs: Values) -> Values:
        """Build the encoder, unless another check has, and observe it."""
        import tf_keras

        encoder = shared_encoder(answers["make_encoder"], inputs)
        if not isinstance(encoder, tf_keras.Model):
            return {"returned": kind(encoder)}
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


def arguments(rng: np.random.Generator | None) -> Values:
    """Return what ``make_encoder`` is given: the same for all checks with one hidden seed.

    No two numbers of channels in the stack are easily confused, and the prior of hidden checks is
    far from a standard normal.
    """
    if rng is None:
        prior = {"loc": np.zeros(3), "scale": np.ones(3)}
        return {"shape": IMAGE, "encoded_size": 3, "base_depth": 2, **prior}
    # The generator was seeded with the hidden seed and the name of the check: leave the name out.
    rng = np.random.default_rng(np.ravel(rng.bit_generator.seed_seq.entropy)[0])
    size = int(rng.integers(4, 6))
    prior = {"loc": rng.choice([-3.0, 3.0], size), "scale": rng.uniform(0.5, 0.9, size)}
    return {"shape": [28, 28, 3], "encoded_size": size, "base_depth": 9 - size, **prior}


@dataclass(frozen=True)
class Built:
    """What ``make_encoder`` did with some arguments.

    Attributes
    ----------
    function, cells, arguments
        The function, how many cells without checks had run, and what it was given.
    encoder : object
        What it returned.
    error : Exception or None
        What it raised.
    fixed : tuple of (Variable, ndarray)
        Weights that training does not change, and their values.
    """

    function: Any
    cells: int
    arguments: tuple
    encoder: Any = None
    error: Exception | None = None
    fixed: tuple = ()

    def serves(self, function, cells: int, arguments: tuple) -> bool:
        """Return whether the function would do the same again."""
        # Not `==`, for an object of a student may say that it equals everything.
        return self.function is function and (self.cells, self.arguments) == (cells, arguments)


BUILT: deque[Built] = deque(maxlen=4)  # of the student and of us, announced or hidden


def shared_encoder(function, inputs: Values) -> Any:
    """Return the encoder for these arguments, built at most once until a cell without checks runs.

    Such a cell may change anything that the student's function hangs on.
    """
    loc, scale = prior_moments(inputs)
    shape, size, depth = inputs["shape"], inputs["encoded_size"], inputs["base_depth"]
    cells, given = others_run(), (*shape, size, depth, *loc, *scale)
    built = next((one for one in BUILT if one.serves(function, cells, given)), None)
    if built is None:
        try:
            encoder = function(tuple(shape), size, depth, our_prior(loc, scale))
            built = Built(function, cells, given, encoder, fixed=_ready(encoder, shape))
        except Exception as error:  # it would raise again, at the same price
            built = Built(function, cells, given, error=error)
        BUILT.append(built)
    if built.error is not None:
        raise built.error
    for weight, value in built.fixed:
        weight.assign(value)
    return built.encoder


def _ready(encoder, shape) -> tuple:
    """See to it that an encoder has its weights, and return the fixed ones with their values."""
    import tf_keras

    if not isinstance(encoder, tf_keras.Model):
        return ()
    if not encoder.built:  # models without an input layer get their weights when called
        encoder(np.zeros((2, *shape), np.float32))
    return tuple((weight, weight.numpy()) for weight in encoder.non_trainable_weights)


def prior_moments(inputs: Values) -> tuple[np.ndarray, np.ndarray]:
    """Return mean and standard deviations of the prior that the encoder is given."""
    return tuple(np.asarray(inputs[key], dtype=np.float64) for key in ("loc", "scale"))


def our_prior(loc, scale):
    """Return a Gaussian prior with independent latents, of event shape (d,)."""
    import tensorflow as tf
    import tensorflow_probability as tfp

    loc, scale = tf.constant(loc, tf.float32), tf.constant(scale, tf.float32)
    return tfp.distributions.MultivariateNormalDiag(loc=loc, scale_diag=scale)


def bits(inputs: Values) -> np.ndarray:
    """Return random black-and-white images."""
    rng = np.random.default_rng([inputs["seed"], 1])
    return rng.integers(0, 2, (inputs["batch"], *inputs["shape"])).astype(np.float32)


def channels(encoder, inputs: Values) -> int:
    """Return how many channels an encoder takes; `architecture` judges whether these are right."""
    known = getattr(encoder, "input_shape", None)
    return known[-1] if isinstance(known, tuple) and known[-1:] == (1,) else inputs["shape"][-1]


def fill(encoder, seed: int, gain: float, bias: float) -> None:
    """Give all weights random values, so that nothing hangs on how they are initialized.

    With a gain of 2 outputs of the stack vary from image to image as much as its inputs do.
    """
    rng = np.random.default_rng([seed, 2])
    for weight in encoder.trainable_weights:
        fan_in = np.prod(weight.shape[:-1])
        spread = np.sqrt(gain / fan_in) if len(weight.shape) > 1 else bias
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


def location(output):
    """Return the posterior mean, or the tensor that stands where a distribution should."""
    if isinstance(output, list | tuple):
        output = output[0]
    return output.mean() if is_distribution(output) else output


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
