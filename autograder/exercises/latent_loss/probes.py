"""Probes of ``latent_loss``: they observe the graph of an answer and judge nothing."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from autograder.checks.tracing.graphs import Graphs, with_moved
from autograder.checks.tracing.surroundings import fix_seeds
from autograder.checks.values import Values
from autograder.exercises.latent_loss.contract import BATCHES, name

CALLS = 20  # with the same inputs; more than the seeds that an answer might cycle through
STEP = 0.05  # large enough for float32, and small enough for a slope that is right to 1 %
FULL = max(BATCHES)


def call(graphs: Graphs, mean, log_var) -> np.ndarray:
    """Call the function for a batch, (batch, d) twice, and return the result as float64."""
    import tensorflow as tf

    return tf.cast(_result(graphs, *_tensors(mean, log_var)), tf.float64).numpy()


def _tensors(*arrays) -> list:
    """Return float32 tensors, the type that an encoder returns."""
    import tensorflow as tf

    return [tf.constant(np.asarray(array), tf.float32) for array in arrays]


def _result(graphs: Graphs, mean: Any, log_var: Any, key: str = "first") -> Any:
    batch, width = mean.shape
    result = graphs.get(name(width), batch)(mean, log_var)
    return result[key] if width == 1 else result


def singles(graphs: Graphs, mean, log_var) -> np.ndarray:
    """Return the value of every latent as if it were the only latent of a single example.

    They are computed in batches, unless the examples of a batch depend on each other.
    """
    mean, log_var = np.asarray(mean), np.asarray(log_var)
    results = _in_full_batches(graphs, mean.reshape(-1, 1), log_var.reshape(-1, 1))
    if all(result.size == FULL for result in results):
        together = np.ravel(results)[: mean.size]
        some = np.unique(np.linspace(0, mean.size - 1, 4).astype(int))
        alone = [_single(graphs, mean.flat[k], log_var.flat[k]) for k in some]
        if np.allclose(together[some], alone, rtol=1e-4, atol=1e-6, equal_nan=True):
            return together.reshape(mean.shape)
    alone = [_single(graphs, *place) for place in zip(mean.flat, log_var.flat, strict=True)]
    return np.reshape(alone, mean.shape)


def _in_full_batches(graphs: Graphs, mean: np.ndarray, log_var: np.ndarray) -> list[np.ndarray]:
    """Divide codes into full batches, and return the result of each."""
    return [call(graphs, *batch) for batch in _full_batches(mean, log_var)]


def _full_batches(mean: np.ndarray, log_var: np.ndarray) -> Iterator[tuple]:
    """Yield codes, (count, d) twice, in full batches, of which the last one is padded."""
    count, width = mean.shape
    rows = -(-count // FULL) * FULL
    codes = [
        np.resize(values, (rows, width)).reshape(-1, FULL, width) for values in (mean, log_var)
    ]
    yield from zip(*codes, strict=True)


def _gradient_in_full_batches(graphs: Graphs, mean: Any, log_var: Any, results: int) -> np.ndarray:
    """Return the gradient of the mean of some results of a batch, taken in full batches.

    It has the shape (2, batch, d).
    """
    weights = np.ones(FULL) / results
    gradients = [
        gradient(graphs, np.stack(batch), weights)["gradient"]
        for batch in _full_batches(mean, log_var)
    ]
    return np.concatenate(gradients, axis=1)[:, : len(mean)]


def _single(graphs: Graphs, mean: float, log_var: float) -> float:
    value = call(graphs, [[mean]], [[log_var]])
    return value.item() if value.size == 1 else np.nan


def changes(graphs: Graphs, mean, log_var) -> bool:
    """Return whether the same inputs give other values when the function is called again."""
    first = call(graphs, mean, log_var)
    again = (call(graphs, mean, log_var) for _ in range(CALLS - 1))
    return not all(
        np.allclose(first, values, rtol=1e-5, atol=1e-6, equal_nan=True) for values in again
    )


def remembers(graphs: Graphs) -> bool:
    """Return whether values depend on a variable that the function changes itself.

    The calls made before do not matter, because all variables are moved, including the states of
    random generators. So use this only if repeated calls give the same values.
    """
    operations = graphs.operations
    if not any(kind.startswith("Assign") for kinds in operations.values() for kind in kinds):
        return False
    at = np.linspace(-3, 3, FULL)[:, None]
    before = [(variable, variable.numpy()) for variable in graphs.all_variables()]
    first = call(graphs, at, at)
    others = with_moved(before, lambda: call(graphs, at, at))
    return not all(np.allclose(first, values, rtol=1e-5, atol=1e-6) for values in others)


def value(graphs: Graphs, inputs: Values) -> Values:
    """Return values of single latents, and signs of random numbers."""
    one, other = _tensors([[1.0]], [[1.0]])
    mean, log_var = (np.resize(inputs[key], (FULL, 1)) for key in ("mean", "log_var"))
    drawn = {kind for function in graphs.operations for kind in graphs.random_operations(function)}
    is_random = changes(graphs, mean, log_var)
    return {
        "size": int(np.size(_result(graphs, one, other))),
        "values": singles(graphs, inputs["mean"], inputs["log_var"]),
        "changes": is_random,
        "remembers": not is_random and remembers(graphs),
        "fixed": fixed(graphs, mean, log_var),
        "drawn": sorted(drawn),
    }


def fixed(graphs: Graphs, mean, log_var) -> bool:
    """Return whether the function has other values for a single latent when it is traced again."""
    mean, log_var = _tensors(mean, log_var)
    first, second = (_result(graphs, mean, log_var, key).numpy() for key in ("first", "second"))
    return not np.allclose(first, second, rtol=1e-5, atol=1e-6, equal_nan=True)


def prior(graphs: Graphs, inputs: Values) -> Values:
    """Return the values at the prior for codes of several widths, near it, and far from it."""
    zeros = [np.zeros((3, width)) for width in inputs["widths"]]
    return {
        "values": [call(graphs, codes, codes) for codes in zeros],
        "off": singles(graphs, inputs["mean"], inputs["log_var"]),
        "far": singles(graphs, **inputs["far"]),
    }


def sums(graphs: Graphs, inputs: Values) -> Values:
    """Return the values of each batch, and those of its latents one by one."""
    batches = [*inputs["batches"], *inputs["anywhere"]]
    any_size = all(graphs.has(name(np.shape(codes["mean"])[1])) for codes in inputs["odd"])
    if any_size:
        batches += inputs["odd"]
    codes = [np.resize(batches[0][key], (FULL, 1)) for key in ("mean", "log_var")]
    return {
        "changes": changes(graphs, **batches[0]),  # first, because a state may settle
        "fixed": fixed(graphs, *codes),
        "any_size": any_size,
        "batches": [call(graphs, **batch) for batch in batches],
        "alone": [singles(graphs, **batch) for batch in batches],
    }


def nats(graphs: Graphs, inputs: Values) -> Values:
    """Return values of single latents."""
    return {"values": singles(graphs, inputs["mean"], inputs["log_var"])}


def gradients(graphs: Graphs, inputs: Values) -> Values:
    """Return slopes and gradients of the result, weighted as a training step might weight it."""
    weights = np.asarray(inputs["weights"])
    first = np.asarray(inputs["at"][0])
    again = _starting_anew(graphs) if changes(graphs, *first) else lambda: None

    def observe(places: Any) -> Values:
        again()
        places = np.asarray(places)
        return gradient(graphs, places, np.resize(weights, places.shape[1]))

    return {
        "slopes": [_slopes(graphs, np.asarray(places), weights, again) for places in inputs["at"]],
        "at": [observe(places) for places in inputs["at"]],
        "prior": observe(np.zeros_like(first)),
        "others": [observe(places) for places in inputs["others"]],
    }


def _starting_anew(graphs: Graphs) -> Any:
    """Return a function that resets all random states, so that the same numbers are drawn again."""
    before = [(variable, variable.numpy()) for variable in graphs.all_variables()]

    def again() -> None:
        fix_seeds()  # slow, because TensorFlow discards its kernels
        for variable, start in before:
            variable.assign(start)

    return again


def _slopes(graphs: Graphs, at: np.ndarray, weights: np.ndarray, again: Any) -> np.ndarray:
    """Return the derivative of the weighted sum for every element of both inputs."""
    slopes = np.zeros(at.shape)
    for index in np.ndindex(slopes.shape):
        for steps in (-1, 1):
            moved = at.copy()
            moved[index] += steps * STEP
            again()
            result = call(graphs, *moved)
            slopes[index] += steps * np.sum(result * np.resize(weights, result.shape)) / (2 * STEP)
    return slopes


def gradient(graphs: Graphs, at: np.ndarray, weights: np.ndarray) -> Values:
    """Return the result and its gradient by a tape; where there is none, it is 0."""
    import tensorflow as tf

    inputs = _tensors(*at)
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        result = _result(graphs, *inputs)
    seen = {"result": tf.cast(result, tf.float64).numpy()}
    upstream = tf.cast(np.resize(weights, result.shape), result.dtype)
    try:
        gradients = tape.gradient(result, inputs, upstream, unconnected_gradients="zero")
    except (LookupError, TypeError, ValueError) as error:  # from the student's graph
        return seen | {"gradient": np.zeros(at.shape), "stopped": str(error)}
    return seen | {"gradient": np.stack([tf.convert_to_tensor(gradient) for gradient in gradients])}


def training(graphs: Graphs, inputs: Values) -> Values:
    """Return the mean loss of batches as the function gives it, and what a trained model has.

    The model adds the loss with ``add_loss``. Its two weights are added to the codes, so that
    after a step with a learning rate of 1 they hold minus the mean gradient of the batch.
    """
    batches = inputs["batches"]
    width = np.shape(batches[0]["mean"])[1]
    graphs.get(name(width))  # raises an error if the function needs to know the batch size
    step, weights = _training_step(graphs, width)
    seen: Values = {"called": [], "in_full_batches": [], "reported": [], "moved": []}
    for batch in batches:
        seen["called"].append(call(graphs, **batch))
        full = _in_full_batches(graphs, **batch)
        seen["in_full_batches"].append(
            np.concatenate(list(map(np.ravel, full)))[: len(batch["mean"])]
        )
        seen["reported"].append(float(step(*_tensors(batch["mean"], batch["log_var"]))["loss"]))
        seen["moved"].append(weights.numpy())
        weights.assign(np.zeros((2, width)))
    mean, log_var = batches[0]["mean"], batches[0]["log_var"]
    # The results of a batch need not be as many as its examples, and their mean is what counts.
    seen["gradients"] = [
        _gradient_in_full_batches(graphs, **batch, results=max(called.size, 1))
        for batch, called in zip(batches, seen["called"], strict=True)
    ]
    seen["changes"] = changes(graphs, mean, log_var)
    seen["alone"] = singles(graphs, mean, log_var)
    return seen


def _training_step(graphs: Graphs, width: int) -> tuple[Any, Any]:
    """Return the step of a compiled model for batches of any size, and the weights of the model.

    It is compiled as ``fit`` does it. What ``fit`` does beside it, to feed the step, costs several
    times as much.
    """
    import keras
    import tensorflow as tf

    class AddLatentLoss(keras.layers.Layer):
        def build(self, shapes):
            self.moved = self.add_weight(shape=(2, width), initializer="zeros")

        def call(self, inputs):
            mean, log_var = inputs[0] + self.moved[0], inputs[1] + self.moved[1]
            loss = keras.ops.cast(keras.ops.mean(_result(graphs, mean, log_var)), "float32")
            # Keras raises an error if no weight has a gradient, which another part judges.
            self.add_loss(loss + 0 * keras.ops.sum(self.moved))
            return inputs[0]

    codes = [keras.Input((width,)), keras.Input((width,))]
    layer = AddLatentLoss()
    model = keras.Model(codes, layer(codes))
    model.compile(optimizer=keras.optimizers.SGD(1.0))
    batch = tf.TensorSpec((None, width), tf.float32)
    step = tf.function(
        lambda *x: model.train_step((list(x),)), input_signature=[batch, batch], autograph=False
    )
    return step, layer.moved


PROBES = {
    "Value": value,
    "Prior": prior,
    "SumOverLatents": sums,
    "Nats": nats,
    "GradientToMean": gradients,
    "GradientToLogVar": gradients,
    "InTraining": training,
}
