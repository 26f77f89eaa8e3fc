"""Set the weights of an encoder's graph from seeds, call it and differentiate it."""

import contextlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from autograder.checks.tracing.graphs import Graphs, with_moved
from autograder.checks.values import Values
from autograder.exercises.tfp_encoder.contract import BATCHES, INFERENCE, TRAINED, TRAINING
from autograder.exercises.tfp_encoder.weights import (
    arrange,
    drawn,
    fits,
    last_layers,
    paired,
    pictures,
    stack_weights,
)

ONE, FEW, MANY = BATCHES
Place = tuple[str, tuple[int, ...]]  # name of an output, and an index into it


def places_of(size: int) -> list[Place]:
    """Return the elements of the mean of an image and of the lower triangle of its root."""
    lower = zip(*np.tril_indices(size), strict=True)
    means = [("mean", (0, i)) for i in range(size)]
    return means + [("root", (0, int(i), int(j))) for i, j in lower]


def at(place: Place) -> Callable:
    """Return a function that picks one element of the outputs."""
    return lambda seen: seen[place[0]][place[1]]


class Encoder:
    """The encoder of an answer.

    Parameters
    ----------
    graphs : Graphs
        The answer.
    inputs : dict
        Where to probe: shape of the images, size of codes, kernels of the stack, prior and a seed.

    Attributes
    ----------
    weights, shapes : list
        The weights of layers in the order of the model, each bias behind its kernel, and their
        shapes.
    frozen : list of int
        Places of those that training does not change.
    """

    def __init__(self, graphs: Graphs, inputs: Values):
        self.graphs, self.inputs = graphs, inputs
        listed = graphs.variables(TRAINING, "weights", MANY)
        self._fixed = [(weight, weight.numpy()) for weight in listed if not weight.trainable]
        # Counters, and scalars such as a weight of the KL, are not weights of a layer.
        weights = [
            weight
            for weight in listed
            if weight.dtype.is_floating and (weight.trainable or weight.shape.rank)
        ]
        self.weights = [weights[i] for i in paired(list(map(_shape, weights)))]
        self.shapes = list(map(_shape, self.weights))
        trained = {id(weight) for weight in graphs.variables(TRAINING, TRAINED, MANY)}
        self.frozen = [i for i, weight in enumerate(self.weights) if id(weight) not in trained]

    def call(self, name: str, images: np.ndarray, z: np.ndarray | None = None) -> Values:
        """Call the encoder; an output that is no distribution counts as the mean."""
        arguments = [tensor(images)]
        if name == INFERENCE:
            nothing = np.zeros((len(images), self.inputs["encoded_size"]))
            arguments.append(tensor(nothing if z is None else z))
        return _arrays(self._outputs(name, arguments))

    def gradient(
        self, images: np.ndarray, weights: Sequence, pick: Callable
    ) -> tuple[Values, list[np.ndarray]]:
        """Return the outputs in training, and the gradient of one of them by some weights."""
        import tensorflow as tf

        # No persistent tape: with one, TensorFlow would differentiate the graph three times.
        with tf.GradientTape() as tape:
            tape.watch(weights)
            seen = self._outputs(TRAINING, [tensor(images)])
            target = pick(seen)
        gradients = tape.gradient(
            target, weights, unconnected_gradients=tf.UnconnectedGradients.ZERO
        )
        return _arrays(seen), [np.asarray(gradient, np.float64) for gradient in gradients]

    def assign(self, values: Sequence[np.ndarray]) -> None:
        """Set all weights that training changes."""
        for weight, value in zip(self.weights, values, strict=True):
            if weight.trainable:
                weight.assign(value)

    def fill(self, gain: float, bias: float) -> None:
        """Set all weights at random; see ``weights.drawn``."""
        self.assign(drawn(self.shapes, self.inputs["seed"], gain, bias))

    def fill_stack(self, sign: int, gain: float = 1.0) -> None:
        """Set the weights of ``weights.stack_weights`` in an encoder with the wanted kernels."""
        kernels, biases = stack_weights(self.inputs["kernels"], self.inputs["seed"], gain)
        last = len(kernels) - 1
        for place, i in enumerate(arrange(self.shapes, self.inputs["kernels"])):
            which = min(place, last)  # all layers after the stack get the last one
            kernel, bias = kernels[which], biases[which]
            if which == last:
                kernel, bias = sign * np.tile(kernel, self.shapes[i][-1]), sign * bias
            self.weights[i].assign(kernel.reshape(self.shapes[i]))
            self.weights[i + 1].assign(np.broadcast_to(bias, self.shapes[i + 1]))

    def fill_idle(self, idle: str, spread: float) -> None:
        """Make those weights large that do not affect the posterior because later ones are 0.

        It depends on the last bias only, if the last layer is turned off (``idle`` is "features")
        or the layer before it ("outputs").
        """
        shapes, wanted = self.shapes, self.inputs["kernels"]
        kernels, biases = last_layers(shapes, wanted)
        rng = np.random.default_rng([self.inputs["seed"], 5])
        values = [rng.normal(0, spread, shape) for shape in shapes]
        for i in biases:
            values[i] = rng.normal(0, 0.8, shapes[i])
        if idle == "outputs" and fits(shapes, wanted):
            last = arrange(shapes, wanted)[len(wanted) - 1]
            kernels = [last, last + 1]
        for i in kernels:
            values[i] = np.zeros(shapes[i])
        self.assign(values)

    def turn_off_last(self) -> None:
        """Set the last kernels and biases to 0."""
        for place in last_layers(self.shapes, self.inputs["kernels"]):
            for i in place:
                self.weights[i].assign(np.zeros(self.shapes[i]))

    def last_biases(self) -> list[int]:
        """Return the places of the last biases."""
        return last_layers(self.shapes, self.inputs["kernels"])[1]

    def move(self, images: np.ndarray, places: Sequence[Place], wanted: np.ndarray) -> None:
        """Move some outputs by the last biases, as if they depended on these linearly.

        Where they do not, they end elsewhere, which does no harm.
        """
        biases = [self.weights[i] for i in self.last_biases()]
        seen = self.call(TRAINING, images)
        if not biases:
            return
        current = [seen[name][index] for name, index in places]
        rows = [np.concatenate(self.gradient(images, biases, at(place))[1]) for place in places]
        if not (np.isfinite(rows).all() and np.isfinite(current).all()):
            return
        step = np.linalg.lstsq(np.stack(rows), wanted - current, rcond=1e-6)[0]
        ends = np.cumsum([bias.shape[0] for bias in biases])[:-1]
        for bias, part in zip(biases, np.split(step, ends), strict=True):
            bias.assign_add(np.asarray(part, bias.dtype.as_numpy_dtype))

    def turn_last(self) -> None:
        """Multiply the weights behind the stack by -1."""
        for places in last_layers(self.shapes, self.inputs["kernels"]):
            for place in places:
                self.weights[place].assign(-self.weights[place].numpy())

    def move_mean(self, away: float, shrink: float | None = None) -> None:
        """Move the mean of the first image, to a distance from that of the prior.

        If ``shrink`` is given, the diagonal of the root changes by that factor, and the elements
        below it become small.
        """
        size, image = self.inputs["encoded_size"], pictures(self.inputs, ONE)
        seen = self.call(TRAINING, image)
        if seen["mean"].shape != (1, size):
            return
        rng = np.random.default_rng([self.inputs["seed"], 8])
        loc, scale = (np.asarray(self.inputs[key]) for key in ("loc", "scale"))
        wanted, places = loc + away * rng.choice([-1.0, 1.0], size) * scale, places_of(size)
        if shrink is None:
            places = places[:size]
        else:
            below = np.tril(rng.uniform(0.05, 0.15, (size, size)), -1)
            root = below + np.diag(shrink * np.diagonal(seen["root"][0]))
            wanted = np.concatenate([wanted, root[np.tril_indices(size)]])
        self.move(image, places, wanted)

    def move_to_prior(self, steps: int = 4) -> None:
        """Move all posteriors next to the prior, where the KL is some thousandths of a nat."""
        size, image = self.inputs["encoded_size"], pictures(self.inputs, ONE)
        seen = self.call(TRAINING, image)
        if "root" not in seen or seen["root"].shape != (1, size, size):
            return
        loc, scale = (np.asarray(self.inputs[key]) for key in ("loc", "scale"))
        root = np.diag(1.03 * scale)[np.tril_indices(size)]
        for _ in range(steps):  # by Newton's method
            self.move(image, places_of(size), np.concatenate([loc + 0.02 * scale, root]))

    def keeps_state(self, images: np.ndarray) -> bool:
        """Return whether the loss depends on a variable that calls in training change.

        The calls made before do not matter, because these variables are moved far away. A sampled
        loss proves nothing, so the answer is then False.
        """
        operations = self.graphs.operations
        kinds = (kind for name in operations if TRAINING in name for kind in operations[name])
        if not any(kind.startswith("Assign") for kind in kinds):
            return False
        variables = self.graphs.all_variables()
        start = [variable.numpy() for variable in variables]
        losses = [self.call(TRAINING, images)["loss"] for _ in range(2)]
        changed = [
            (variable, before)
            for variable, before in zip(variables, start, strict=True)
            if not np.array_equal(variable.numpy(), before)
        ]
        others = with_moved(changed, lambda: self.call(TRAINING, images)["loss"])
        first, second = losses
        return np.array_equal(first, second) and not all(
            np.allclose(first, loss, rtol=1e-4, atol=1e-4) for loss in others
        )

    def restore(self) -> None:
        """Put back the weights that training does not change by gradients."""
        for weight, value in self._fixed:
            weight.assign(value)

    def _outputs(self, name: str, arguments: list) -> dict[str, Any]:
        seen = dict(self.graphs.get(name, arguments[0].shape[0])(*arguments))
        if "location" in seen:
            seen["mean"] = seen.pop("location")
        return seen


@contextlib.contextmanager
def encoder_of(graphs: Graphs, inputs: Values) -> Iterator[Encoder]:
    """Yield the encoder of an answer, and restore its weights afterwards."""
    encoder = Encoder(graphs, inputs)
    try:
        yield encoder
    finally:
        encoder.restore()


def _shape(weight: Any) -> tuple[int, ...]:
    return tuple(int(size) for size in weight.shape)


def tensor(values: Any) -> Any:
    """Return numbers as a tensor of the type that all graphs accept."""
    import tensorflow as tf

    return tf.constant(values, tf.float32)


def _arrays(seen: dict[str, Any]) -> Values:
    return {name: np.asarray(value, np.float64) for name, value in seen.items()}
