"""Checks that the latent loss can be trained with: its gradients, and its use in compiled code."""

import numpy as np

from autograder.checks.words import number
from autograder.exercises.latent_loss.judging.function import (
    FunctionCheck,
    call,
    far_from_prior,
    is_random,
    tensors,
)

BATCH = 32  # examples in a batch, as in the book
STEP = 0.05  # large enough for float32, and small enough for a slope that is right to 1 %


class GradientToMean(FunctionCheck):
    """The gradient for the mean is the slope of the answer's own values."""

    part = "gradients"
    place, name_of_input = 0, "mean"

    def inputs(self, rng):
        """Return codes off the prior, and off round numbers, where limits have kinks."""
        if rng is None:
            return {"at": np.array([[[2.3, -2.4], [-2.7, 3.2]], [[0.8, 1.3], [1.2, 0.4]]])}
        mean = rng.integers(6, 9, size=(3, 2)) + rng.uniform(0.2, 0.8, size=(3, 2))
        mean *= rng.choice([-1, 1], size=(3, 2))
        return {"at": np.stack([mean, rng.uniform(2.15, 2.35, size=(3, 2))])}

    def observe(self, latent_loss, inputs):
        """Return slopes and gradient of the sum of the result, and its gradient at the prior."""
        at, prior = inputs["at"], np.zeros((2, 2, 2))
        function = _repeatable(latent_loss, at)
        return {
            "value": _total(function, at),
            "slopes": self._slopes(function, at),
            "gradient": self._gradient(function, at),
            "prior_value": _total(function, prior),
            "prior_gradient": self._gradient(function, prior),
        }

    def _slopes(self, latent_loss, at):
        """Return the derivative for every element, by differences."""
        slopes = np.zeros(at.shape[1:])
        for index in np.ndindex(slopes.shape):
            for steps in (-1, 1):
                moved = at.copy()
                moved[(self.place, *index)] += steps * STEP
                slopes[index] += steps * _total(latent_loss, moved) / (2 * STEP)
        return slopes

    def _gradient(self, latent_loss, at):
        """Return the gradient as automatic differentiation gives it, or None."""
        import tensorflow as tf

        inputs = tensors(*at)
        with tf.GradientTape() as tape:
            tape.watch(inputs)
            total = tf.reduce_sum(latent_loss(*inputs))
        found = tape.gradient(total, inputs[self.place])
        return None if found is None else np.asarray(tf.convert_to_tensor(found), np.float64)

    def verdict(self, inputs, seen, reference):
        """Compare with the slopes: whether the values are right is not the point here."""
        at_prior = seen["prior_gradient"]
        blown_up = at_prior is not None and not np.all(np.isfinite(at_prior))
        if blown_up and np.isfinite(seen["prior_value"]):
            return (
                f"At the prior the gradient with respect to {self.name_of_input} is not finite, "
                "expected 0: look for a root or a logarithm, which have no slope at 0."
            )
        slopes = np.asarray(seen["slopes"])
        if not np.all(np.isfinite(slopes)):
            return None
        gradient = np.zeros_like(slopes) if seen["gradient"] is None else seen["gradient"]
        return self._compare(np.asarray(inputs["at"]), np.asarray(gradient), slopes, seen["value"])

    def _compare(self, at, gradient, slopes, value) -> str | None:
        """Return how the gradient differs from the slopes, beyond the noise of float32."""
        name = self.name_of_input
        wrong = ~(np.abs(gradient - slopes) <= 0.02 * np.max(np.abs(slopes)) + 2e-4 * abs(value))
        if not wrong.any():
            return None
        if np.all(gradient == 0):
            return (
                f"No gradient reaches {name}, although the values change with it: compute the loss "
                f"from {name} with operations of Keras or TensorFlow, without NumPy, rounding or "
                "stop_gradient."
            )
        place = np.unravel_index(np.argmax(wrong), wrong.shape)
        return (
            f"At {name} = {number(at[(self.place, *place)])} the gradient with respect to {name} "
            f"is {number(gradient[place])}, but the values of your function have the slope "
            f"{number(slopes[place])} there: something changes the gradient on its way back."
        )


class GradientToLogVar(GradientToMean):
    """The gradient for the log-variance is the slope of the answer's own values."""

    place, name_of_input = 1, "log_var"


def _repeatable(latent_loss, at):
    """Return the function, starting from the same random numbers every time if it draws any."""
    from autograder.checks.probing import fix_seeds

    if not is_random(latent_loss, *at):
        return latent_loss  # fixing the seeds is slow: TensorFlow forgets its kernels

    def seeded(mean, log_var):
        fix_seeds()
        return latent_loss(mean, log_var)

    return seeded


def _total(latent_loss, at) -> float:
    """Return the sum of the result."""
    return float(call(latent_loss, *at).sum())


class InKerasModel(FunctionCheck):
    """A layer can add the loss to a functional model, which is compiled and fitted."""

    part = "use"

    def inputs(self, rng):
        """Return codes in two full batches; hidden ones fill the last batch in part."""
        extra = 0 if rng is None else int(rng.integers(1, BATCH))
        return far_from_prior(rng or np.random.default_rng(1), 2 * BATCH + extra, 3)

    def observe(self, latent_loss, inputs):
        """Return the mean loss of the examples as the function gives it, and as fit reports it."""
        mean, log_var = inputs["mean"], inputs["log_var"]
        values = []
        for start in range(0, len(mean), BATCH):
            rows = slice(start, start + BATCH)
            one = call(latent_loss, mean[rows], log_var[rows])
            values.append(one.mean() * len(mean[rows]) / len(mean))
        return {
            "random": is_random(latent_loss, mean[:BATCH], log_var[:BATCH]),
            "called": float(np.sum(values)),
            "fitted": _fit(latent_loss, mean, log_var),
        }

    def verdict(self, inputs, seen, reference):
        """Compare the two: whether the values are right is not the point here."""
        called, fitted = seen["called"], seen["fitted"]
        if seen["random"] or np.isclose(called, fitted, rtol=1e-3, atol=0, equal_nan=True):
            return None
        return (
            f"In a fitted Keras model the latent loss is {number(fitted)} on average, expected "
            f"{number(called)}, which is what the function gives when it is called directly: "
            "something is fixed when the model is built."
        )


def _fit(latent_loss, mean, log_var) -> float:
    """Return the loss that Keras reports for an epoch of a model that has nothing to learn.

    The training step of the model is compiled here as ``fit`` compiles it, for batches of any size.
    What ``fit`` does beside it, to feed the step, costs several times as much.
    """
    import keras
    import tensorflow as tf

    class AddLatentLoss(keras.layers.Layer):
        def call(self, inputs):
            self.add_loss(keras.ops.mean(latent_loss(*inputs)))
            return inputs[0]

    size = mean.shape[1]
    codes = [keras.Input((size,)), keras.Input((size,))]
    model = keras.Model(codes, AddLatentLoss()(codes))
    model.compile(optimizer=None)
    batch = tf.TensorSpec((None, size), tf.float32)
    step = tf.function(
        lambda *x: model.train_step((list(x),)), input_signature=[batch, batch], autograph=False
    )
    for start in range(0, len(mean), BATCH):
        rows = slice(start, start + BATCH)
        reported = step(*tensors(mean[rows], log_var[rows]))
    return float(reported["loss"])


class InCompiledTape(FunctionCheck):
    """A training step of one's own, compiled for an unknown batch size, gets the same gradients."""

    part = "use"

    def inputs(self, rng):
        """Return one batch of codes."""
        size = 2 if rng is None else int(rng.integers(2, 6))
        return far_from_prior(rng or np.random.default_rng(2), BATCH, size)

    def observe(self, latent_loss, inputs):
        """Return values and gradients in eager mode and in a compiled function."""
        import tensorflow as tf

        def step(mean, log_var):
            with tf.GradientTape() as tape:
                tape.watch([mean, log_var])
                value = tf.convert_to_tensor(latent_loss(mean, log_var))
            found = tape.gradient(value, [mean, log_var], unconnected_gradients="zero")
            return value, *map(tf.convert_to_tensor, found)

        at = inputs["mean"], inputs["log_var"]
        seen = {"random": is_random(latent_loss, *at)}
        batch = tf.TensorSpec((None, at[0].shape[1]), tf.float32)
        # Without AutoGraph, as in a Keras layer, and because it needs the source of the function.
        compiled = tf.function(step, input_signature=[batch, batch], autograph=False)
        for name, run in (("eager", step), ("compiled", compiled)):
            seen[name] = [np.asarray(each, np.float64) for each in run(*tensors(*at))]
        return seen

    def verdict(self, inputs, seen, reference):
        """Compare the two: whether the values are right is not the point here."""
        if seen["random"]:
            return None
        names = ("result", "gradient for mean", "gradient for log_var")
        for name, wanted, found in zip(names, seen["eager"], seen["compiled"], strict=True):
            wanted, found = np.asarray(wanted), np.asarray(found)
            same = wanted.shape == found.shape
            if not same or not np.allclose(found, wanted, rtol=1e-3, atol=1e-6, equal_nan=True):
                return (
                    f"In a compiled function (tf.function) the {name} is not what it is in eager "
                    "mode, expected the same: something in it works in eager mode only."
                )
        return None
