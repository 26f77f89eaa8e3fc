"""Checks of the exercise ``sampling``: z = mean + exp(log_var / 2) · eps, eps ~ N(0, I).

The formula is the reparameterization of Kingma and Welling (2014), "Auto-encoding variational
Bayes", section 2.4.
"""

import numpy as np

from autograder.checks.exercise import Exercise, Part
from autograder.checks.words import shape
from autograder.exercises.sampling.judging.layer import (
    LayerCheck,
    NotACodeError,
    alike,
    array,
    tensors,
)
from autograder.exercises.sampling.judging.moments import Mean, NormalNoise, Spread
from autograder.exercises.sampling.judging.noise import (
    FreshCompiled,
    FreshEager,
    OneForEachExample,
    OneForEachLatent,
)
from latents.errors import explain


class Shapes(LayerCheck):
    """The code has the shape of its mean: (..., d)."""

    part = "shapes"

    def inputs(self, rng):
        """Return shapes of two and three axes, hidden ones of four too."""
        if rng is None:
            return {"shapes": [[5, 3], [1, 7], [4, 2, 3]]}
        sizes = rng.permutation([2, 3, 4, 5]).tolist()
        return {"shapes": [sizes[:2], sizes[:3], sizes]}

    def observe(self, make, inputs):
        """Call a layer once for each shape; the first call must succeed."""
        found = []
        for sizes in inputs["shapes"]:
            try:
                found.append(list(array(make()(alike(sizes), training=True)).shape))
            except NotACodeError:
                raise
            except Exception as error:
                if not found:
                    raise
                told = explain(error).get("problem", "Your answer raised NotImplementedError.")
                return {"shapes": found, "raised": told}
        return {"shapes": found}

    def verdict(self, inputs, seen):
        """Compare the shapes of the codes with those of the means."""
        for wanted, found in zip(inputs["shapes"], seen["shapes"], strict=False):
            if list(found) != list(wanted):
                return (
                    f"For a mean and a log_var of shape {shape(wanted)} the code has shape "
                    f"{shape(found)}, expected {shape(wanted)}: {self._cause(wanted, found)}."
                )
        at = len(seen["shapes"])
        if at < len(inputs["shapes"]):
            sizes = inputs["shapes"][at]
            return (
                f"A mean and a log_var of shape {shape(sizes)} cannot be used, expected a code "
                f"of that shape. {seen['raised']}"
            )
        return None

    def _cause(self, wanted, found) -> str:
        if np.prod(found) < np.prod(wanted):
            return "nothing may be averaged or summed on the way"
        if np.prod(found) > np.prod(wanted):
            return "one draw is wanted, with noise of the shape of mean"
        return "nothing may be flattened, transposed or given an axis more"


class UnknownBatch(LayerCheck):
    """The layer works where the batch size is unknown: in a functional model."""

    part = "shapes"
    if_raised = (
        "In a model the batch size is not known when the layer is called: take the shape from "
        "keras.ops.shape(mean)."
    )

    def inputs(self, rng):
        """Return the length of a code and some batch sizes."""
        if rng is None:
            return {"size": 4, "batches": [1, 8]}
        return {"size": int(rng.integers(2, 9)), "batches": rng.integers(2, 40, size=2).tolist()}

    def observe(self, make, inputs):
        """Build a model with ``keras.Input`` and give it batches of several sizes."""
        import keras

        size = inputs["size"]
        given = [keras.Input((size,)), keras.Input((size,))]
        returned = make()(given)
        if not isinstance(returned, keras.KerasTensor):
            array(returned)  # raises if it is no tensor at all
        model = keras.Model(given, returned)
        found = [list(array(model(alike([batch, size]))).shape) for batch in inputs["batches"]]
        symbolic = model.outputs[0].shape
        return {"symbolic": None if symbolic is None else list(symbolic), "shapes": found}

    def verdict(self, inputs, seen):
        """Compare the shapes, where None stands for the unknown batch size."""
        wanted = [None, inputs["size"]]
        if seen["symbolic"] != wanted:
            found = "unknown" if seen["symbolic"] is None else shape(seen["symbolic"])
            return (
                f"In a model with an unknown batch size the shape of the code is {found}, expected "
                f"{shape(wanted)}: keras.ops.shape(mean) keeps what is known of the shape of mean."
            )
        for batch, found in zip(inputs["batches"], seen["shapes"], strict=True):
            if list(found) != [batch, inputs["size"]]:
                return (
                    f"A batch of {batch} codes came out of a model with shape {shape(found)}, "
                    f"expected {shape([batch, inputs['size']])}."
                )
        return None


class GradientToMean(LayerCheck):
    """A gradient reaches every element of the mean."""

    part = "gradients"
    place, name_of_input = 0, "mean"
    SIZES = (40, 5)

    def inputs(self, rng):
        """Return mean and log_var; hidden ones lie farther out."""
        low, high = (0.2, 1.0) if rng is None else (1.2, 2.0)
        rng = rng or np.random.default_rng(0)
        mean = rng.choice([-1, 1], size=self.SIZES) * rng.uniform(low, high, size=self.SIZES)
        return {"mean": mean, "log_var": rng.uniform(low, high, size=self.SIZES)}

    def observe(self, make, inputs):
        """Return the gradient of the sum of all codes, or that there is none."""
        import tensorflow as tf

        layer, given = make(), tensors(inputs["mean"], inputs["log_var"])
        with tf.GradientTape() as tape:
            tape.watch(given)
            returned = layer(given, training=True)
            array(returned)  # raises if it is no tensor
            total = tf.reduce_sum(returned)
        gradient = tape.gradient(total, given[self.place])
        return {"gradient": None if gradient is None else array(tf.convert_to_tensor(gradient))}

    def verdict(self, inputs, seen):
        """Demand a finite gradient that is zero nowhere."""
        name = self.name_of_input
        if seen["gradient"] is None:
            return (
                f"No gradient reaches {name}, expected one in every element: compute the code from "
                f"{name} with operations of Keras or TensorFlow that have a gradient, without "
                "NumPy and without stop_gradient."
            )
        gradient = np.asarray(seen["gradient"], dtype=float).reshape(inputs["mean"].shape)
        if not np.all(np.isfinite(gradient)):
            return f"The gradient with respect to {name} is not finite, expected finite numbers."
        lost = np.mean(gradient == 0)
        if not lost < 0.02:  # generators do draw a noise of exactly 0, once in millions
            return (
                f"The gradient with respect to {name} is 0 in {lost:.0%} of the elements, expected "
                f"in none: {name} must act on every latent of every example."
            )
        return None


class GradientToLogVar(GradientToMean):
    """A gradient reaches every element of the log-variance."""

    place, name_of_input = 1, "log_var"


EXERCISE = Exercise(
    name="sampling",
    answers=("Sampling",),
    parts=(
        Part("shapes", "codes have the shape of their mean, for any batch size", 1),
        Part("mean", "codes scatter around the mean", 2),
        Part("spread", "their standard deviation is exp(log_var / 2)", 2),
        Part("independence", "every element has noise of its own", 2),
        Part("freshness", "the noise is new in every call, compiled or not", 2),
        Part("gradients", "gradients reach mean and log_var", 1),
    ),
    checks=(
        Shapes(),
        UnknownBatch(),
        Mean(),
        Spread(),
        NormalNoise(),
        OneForEachLatent(),
        OneForEachExample(),
        FreshEager(),
        FreshCompiled(),
        GradientToMean(),
        GradientToLogVar(),
    ),
)
