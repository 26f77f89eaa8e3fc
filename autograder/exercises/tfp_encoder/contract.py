"""The contract of ``tfp_encoder``: priors of several sizes, and the encoder in both modes."""

import traceback
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from autograder.checks.tracing.contract import AnswerError, Order, Traced
from autograder.checks.values import Values
from latents.workshop.errors import explain

BATCHES = (1, 2, 100)  # batch sizes that probes use, besides one in the settings
TRAINING, INFERENCE = "training", "inference"
TRAINED = "trained"  # key of the weights that training changes
KERAS_3 = (
    "Your encoder has layers of Keras 3, which keras and tf.keras are here: take those of "
    "tf_keras, such as tf_keras.layers.Conv2D, for only these work with tfp.layers."
)
SYMBOLIC = (
    "Outside of a layer TFP cannot compute with the symbolic tensors of a functional model: do "
    "that in the call of a layer. If a layer such as KLDivergenceAddLoss adds the KL already, "
    "leave out model.add_loss, which would count it twice."
)


def prior_name(size: int) -> str:
    """Return the name of the function for the prior over codes of a size."""
    return f"prior of {size}"


def orders(answers: Mapping[str, Any], settings: Values) -> list[Order]:
    """Return the orders of an answer; see ``autograder.checks.tracing.contract``."""
    images, codes = (None, *settings["shape"]), (None, settings["encoded_size"])
    model = _once(lambda: training_model(answers["make_encoder"], settings))
    batches = (*BATCHES, settings["batch"])
    return [
        *(
            Order(prior_name(size), partial(_prior, answers["make_prior"], size), ((None, size),))
            for size in settings["sizes"]
        ),
        Order(TRAINING, lambda: _traced(model(), _training), (images,), batches),
        Order(INFERENCE, lambda: _traced(model(), _inference), (images, codes), batches),
    ]


def _once(make: Callable) -> Callable:
    """Return a function that calls another one once, and caches its result or exception."""
    kept: list[tuple] = []

    def call():
        if not kept:
            try:
                kept.append((make(), None))
            except BaseException as error:  # calling again would raise again, at the same cost
                kept.append((None, error))
        value, raised = kept[0]
        if raised is not None:
            raise raised
        return value

    return call


def _prior(make_prior: Callable, size: int) -> Traced:
    import tensorflow as tf

    p = make_prior(size)
    if not is_distribution(p):
        raise AnswerError(f"make_prior returned {kind(p)}, expected a distribution.")

    def prior(z):
        sample = p.sample(tf.shape(z)[0])
        if sample.shape.rank != 2 or sample.shape[1] != size:
            return {"sample": sample}  # it has no density for such codes
        return {"sample": sample, "log_prob": p.log_prob(tf.cast(z, p.dtype))}

    return Traced(prior)


def training_model(make_encoder: Callable, settings: Values) -> Any:
    """Return a model that contains the encoder, as for training."""
    import tf_keras

    shape = tuple(settings["shape"])
    try:
        encoder = make_encoder(
            shape, settings["encoded_size"], settings["base_depth"], prior_of(settings)
        )
        if isinstance(encoder, tf_keras.Model) and not encoder.built:
            encoder(_nothing(shape))  # models without an input layer get their weights when called
    except Exception as error:
        hint = KERAS_3 if _is_of_keras_3(error) else SYMBOLIC if "KerasTensor" in str(error) else ""
        if hint:
            raise AnswerError(f"{explain(error)['problem']} {hint}") from error
        raise
    if not isinstance(encoder, tf_keras.Model):
        message = f"make_encoder returned {kind(encoder)}, expected a model of tf_keras."
        is_3 = type(encoder).__module__.split(".")[0] == "keras"
        raise AnswerError(f"{message} {KERAS_3}" if is_3 else message)

    class Outer(tf_keras.Model):
        def __init__(self):
            super().__init__()
            self.encoder = encoder

        def call(self, images, training=None):
            return self.encoder(images[..., : channels(self.encoder)], training=training)

    return Outer()


def _nothing(shape: tuple) -> Any:
    import tensorflow as tf

    return tf.zeros((2, *shape))


def prior_of(settings: Values) -> Any:
    """Return a Gaussian prior with independent latents, of event shape (d,)."""
    import tensorflow as tf
    import tensorflow_probability as tfp

    loc, scale = (tf.constant(settings[key], tf.float32) for key in ("loc", "scale"))
    return tfp.distributions.MultivariateNormalDiag(loc=loc, scale_diag=scale)


def channels(encoder: Any) -> int | None:
    """Return 1 if an encoder takes only one channel, as in the chapter, else None."""
    input_shape = getattr(encoder, "input_shape", None)
    return 1 if isinstance(input_shape, tuple) and input_shape[-1:] == (1,) else None


def _is_of_keras_3(error: BaseException) -> bool:
    frames = traceback.walk_tb(error.__traceback__)
    return any(frame.f_globals.get("__name__", "").startswith("keras.") for frame, _ in frames)


def _traced(model: Any, function: Callable) -> Traced:
    # Set the name, because a `partial` has none and TensorFlow needs one.
    def traced(*tensors):
        return function(model, *tensors)

    lists = {"weights": model.encoder.weights, TRAINED: model.encoder.trainable_weights}
    return Traced(traced, lists)


def _training(model: Any, images: Any) -> dict[str, Any]:
    q = model(images, training=True)
    return {**_observed(q), "loss": _loss(model.losses)}


def _inference(model: Any, images: Any, z: Any) -> dict[str, Any]:
    q = model(images, training=False)
    if not is_distribution(q):
        raise AnswerError(
            f"The encoder returns {kind(q)}, expected a distribution: end it with a layer of "
            "tfp.layers."
        )
    seen = _observed(q)
    if seen["mean"].shape[-1:] == z.shape[-1:]:
        seen["log_prob"] = q.log_prob(z)
    return seen


def _observed(q: Any) -> dict[str, Any]:
    """Return moments of a posterior and the code that a decoder gets, or what is in its place."""
    import tensorflow as tf

    if is_distribution(q):
        mean, root = q.mean(), covariance_root(q)
        if root.shape.rank == mean.shape.rank:  # one scale for all images
            root = tf.broadcast_to(root, tf.concat([tf.shape(mean), tf.shape(mean)[-1:]], 0))
        return {"mean": mean, "root": root, **_covariance(q), **_code(q)}
    if isinstance(q, Mapping):
        q = list(q.values())
    if isinstance(q, list | tuple) and q:
        q = q[0]
    return {"location": tf.convert_to_tensor(q)}


def _code(q: Any) -> dict[str, Any]:
    """Return what a posterior turns into where a tensor is needed.

    A distribution that no layer has made is no tensor. Then ``stand_in`` says that the code is one
    of ours, so that all but that is still judged.
    """
    import tensorflow as tf

    try:
        return {"code": tf.convert_to_tensor(q)}
    except (TypeError, ValueError):
        if hasattr(
            q, "tensor_distribution"
        ):  # returned by a layer that converts with a function of the student's
            raise
        return {"code": q.sample(), "stand_in": tf.ones(())}


def _loss(losses: list) -> Any:
    """Return the sum of the losses that Keras adds, or the first that is not a scalar."""
    import tensorflow as tf

    here = tf.compat.v1.get_default_graph()
    # Where a call adds none, Keras still lists those from when the model was put together.
    losses = [loss for loss in losses if getattr(loss, "graph", here) is here]
    arrays = [loss for loss in losses if loss.shape.rank != 0]
    if arrays:
        return arrays[0]
    return tf.add_n([tf.cast(loss, tf.float32) for loss in losses] or [tf.zeros(())])


def covariance_root(q: Any) -> Any:
    """Return a square root of the covariance: (..., d, d)."""
    import tensorflow as tf

    operator: Any = getattr(q, "scale", None)
    if hasattr(operator, "to_dense"):
        return operator.to_dense()
    try:
        return tf.linalg.cholesky(q.covariance())
    except NotImplementedError:  # this is how TFP reports independent latents
        return tf.linalg.diag(q.stddev())


def _covariance(q: Any) -> dict[str, Any]:
    """Return the covariance that a distribution reports, if it reports one."""
    try:
        return {"covariance": q.covariance()}
    except (AttributeError, NotImplementedError):
        return {}


def is_distribution(output: Any) -> bool:
    """Return whether an object is a distribution of TFP."""
    return hasattr(output, "log_prob") and hasattr(output, "event_shape")


def kind(value: Any) -> str:
    """Describe what a function returned."""
    import numpy as np
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
