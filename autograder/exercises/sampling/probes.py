"""What is observed of the graph of a sampling layer; nothing is judged here.

Every probe looks at each mode of a function: its result has an entry for each of ``MODES``. Where
the codes have another shape than the mean, so that nothing can be measured, the entry is
``{"other": shape}``.
"""

import itertools
from collections.abc import Callable
from functools import partial

import numpy as np

from autograder.checks.tracing.contract import at
from autograder.checks.tracing.graphs import Graphs, NoGraphError
from autograder.checks.values import State, Values
from autograder.exercises.sampling.contract import BATCHES, IN_A_MODEL, MODES, name
from autograder.exercises.sampling.statistics import (
    REARRANGED,
    SAME,
    compared,
    correlation,
    distinct,
    form,
    moments,
    mostly_finite,
    recurring,
    related,
    repetitions,
    single,
    together,
    vary_more_than_independent,
)

MAIN, WIDE = 5, 64  # latents of the codes for most measurements, and for those of many latents
# Calls, and copies of each of two examples in one call, for the moments of codes of each width.
DRAWN = {MAIN: (5, 6000), WIDE: (40, 50), IN_A_MODEL: (40, 50)}
SHARED = 200, 150  # as many draws of MAIN in many calls, for noise that the copies share
WIDE_CALLS = 40
PLACES = 10  # further examples, each with five values, of which fewer codes are drawn
OF_PLACES, OF_PLACES_SHARED = (2, 1200), (200, 12)
ENOUGH, FEWEST, MOST = 1000, 12, 40  # numbers that are drawn in small batches, and calls
ENOUGH_FOR_GRADIENTS = 12_000  # numbers, where that takes no more than MOST calls
GIVEN = "mean", "log_var"
Codes = dict[str, np.ndarray]


def shapes(graphs: Graphs, inputs: Values) -> Values:
    """Return the shapes of codes for batches of several sizes; an error leaves an empty dict.

    If the layer needs to know the batch size, ``fixed`` says whether a fixed one is possible.
    """
    import tensorflow as tf

    observations: Values = {}
    for width in BATCHES:
        try:
            graphs.get(name(width))
        except NoGraphError as error:
            if error.state.missing:
                raise
            fixed = graphs.has(at(name(width), BATCHES[width][0]))
            observations[str(width)] = {"problem": error.state.problem, "fixed": fixed}
            continue
        observations[str(width)] = {}
        for batch in inputs["batches"]:
            mean, log_var = (np.resize(inputs[key], (batch, width)) for key in GIVEN)
            try:
                codes = _call(graphs, mean, log_var)
                seen = {mode: list(z.shape) for mode, z in codes.items()}
            except tf.errors.OpError:
                seen = {}
            observations[str(width)][str(batch)] = seen
    return observations


def draw(graphs: Graphs, inputs: Values) -> Values:
    """Return moments of many codes for each example and latent, for codes of every width.

    A call costs far more than a row, so there are few calls with many rows. If the copies in a call
    turn out to share noise, many calls are made, because a few would reveal little.
    """
    observations: Values = {}
    shared = False
    for width, plan in DRAWN.items():
        mean, log_var = places(inputs, width)
        look = partial(_moments, graphs, mean, log_var)
        seen = _if_possible(width, partial(look, *plan))
        if width == MAIN and (shared := _is_shared(seen)):
            # Fails if the layer is limited to the batch size of the few calls.
            seen = _if_possible(0, partial(look, *SHARED)) or seen
        observations[str(width)] = seen
    if len(inputs["also"][0]):
        plan = OF_PLACES_SHARED if shared else OF_PLACES
        mean, log_var = inputs["also"]
        observations["also"] = _if_possible(0, partial(_moments, graphs, mean, log_var, *plan))
    for batch, width in inputs["small"]:
        look = partial(_of_small, graphs, inputs, batch, width)
        observations[f"{batch} {width}"] = _if_possible(0, look)
    return {**observations, "random": _draws_numbers(graphs)}


def places(inputs: Values, width: int) -> list[np.ndarray]:
    """Return means and log-variances of two examples of a width; for WIDE, of all examples."""
    values_of = []
    for key, also in zip(GIVEN, inputs["also"], strict=True):
        values = np.broadcast_to(inputs[key], (2, MAIN))
        if width == WIDE:
            values = np.concatenate([values, also])
        values_of.append(widened(values, width))
    return values_of


def _of_small(graphs: Graphs, inputs: Values, batch: int, width: int) -> Values:
    """Return moments of the noise in batches of one small size, of all numbers together."""
    mean, log_var = inputs["at"]
    calls = int(np.clip(-(-ENOUGH // (batch * width)), FEWEST, MOST))

    def look(z: np.ndarray) -> Values:
        noise = (z - mean) / np.exp(log_var / 2)
        observed = moments(noise.reshape(len(z), -1))
        observed = {key: float(value) for key, value in observed.items()}
        return {**observed, "draws": noise.size, "again": len(distinct(z)) < len(z)}

    return _alike(graphs, {"mean": mean, "log_var": log_var}, width, calls, look, batch)


def _is_shared(seen: Values) -> bool:
    calls, copies = DRAWN[MAIN]
    return any(
        vary_more_than_independent(observation, calls * copies) for observation in seen.values()
    )


def widened(values: float | np.ndarray, width: int) -> np.ndarray:
    """Return values of two examples for codes of a width, repeated or cut."""
    return np.resize(values, (2, width)).astype(float)


def _moments(graphs: Graphs, mean: np.ndarray, log_var: np.ndarray, calls: int, copies: int):
    batch = [np.tile(value, (copies, 1)) for value in (mean, log_var)]
    drawn = [_call(graphs, *batch) for _ in range(calls)]
    observations: Values = {}
    for mode in MODES:
        shaped = [_in_shape(codes[mode], batch[0].shape) for codes in drawn]
        usable = [codes for codes in shaped if codes is not None]
        if len(usable) < len(shaped):
            observations[mode] = {
                "other": list(drawn[0][mode].shape),
                "wanted": list(batch[0].shape),
            }
        else:
            z = mostly_finite(np.stack(usable), batch[0])
            observations[mode] = moments(z.reshape(calls, copies, *mean.shape))
    return observations


def normality(graphs: Graphs, inputs: Values) -> Values:
    """Return the shares of draws within or below some of their own standard deviations."""

    def look(z: np.ndarray) -> Values:
        # With a single call, standardize each latent separately: noise that a batch shares is
        # judged by the part on independence.
        axes = (0, 1) if len(z) == 1 else None
        away = z - z.mean(axis=axes, keepdims=True)
        return form(away / np.maximum(z.std(axis=axes, keepdims=True), SAME))

    observations = {"main": _alike(graphs, inputs, MAIN, 1, look)}
    elsewhere = dict(zip(GIVEN, inputs["at"], strict=True))
    for batch, width, calls in inputs["other"]:
        some = partial(_alike, graphs, elsewhere, width, calls, look, batch)
        observations[f"{batch} {width}"] = _if_possible(0, some)
    return observations


def latents(graphs: Graphs, inputs: Values) -> Values:
    """Return the correlations between the noises of latents, for few latents and for many."""

    def look(z: np.ndarray) -> Values:
        within = distinct(z)
        calls, batch, width = within.shape
        if batch > 1:  # what a batch shares: see examples
            within = within - within.mean(axis=1, keepdims=True)
        observations = correlation(within.reshape(-1, width))
        return {**observations, "draws": calls * max(1, batch - 1), "number": single(z)}

    few = _alike(graphs, inputs, MAIN, 1, look)
    many = {}
    if inputs["many"]:
        many = _if_possible(WIDE, lambda: _alike(graphs, inputs, WIDE, WIDE_CALLS, look))
    observations = {"few": few, "many": many, "random": _draws_numbers(graphs)}
    for batch, width in inputs["small"]:
        some = partial(_alike, graphs, inputs, width, MOST, look, batch)
        observations[f"{batch} {width}"] = _if_possible(0, some)
    return observations


def examples(graphs: Graphs, inputs: Values) -> Values:
    """Return the correlations between the noises of codes, in a small and in a large batch."""

    def look(z: np.ndarray) -> Values:
        z = distinct(z)
        shared = together(z)
        calls, batch, width = z.shape
        within = z - z.mean(axis=2, keepdims=True)  # what the latents share: see latents
        observations = correlation(np.moveaxis(within, 1, 2).reshape(-1, batch))
        again = recurring(z[:REARRANGED] - inputs["mean"])
        return {**observations, "draws": calls * (width - 1), "again": again, "together": shared}

    small = _alike(graphs, inputs, WIDE, WIDE_CALLS, look)
    large = _alike(graphs, inputs, MAIN, 1, lambda z: repetitions(z[0]))
    observations = {"small": small, "large": large, "random": _draws_numbers(graphs)}
    for batch in inputs["small"]:
        some = partial(_alike, graphs, inputs, WIDE, WIDE_CALLS, look, batch)
        observations[f"{batch} {WIDE}"] = _if_possible(0, some)
    return observations


def freshness(graphs: Graphs, inputs: Values) -> Values:
    """Return how many numbers recur in later calls, and whether modes share their noise."""
    some: list[np.ndarray] = []

    def look(z: np.ndarray) -> Values:
        some.append(z[:REARRANGED])
        return {**compared(z), "number": single(z)}

    observations = _alike(graphs, inputs, WIDE, inputs["calls"], look)
    pairs = itertools.combinations([z[0] for z in some], 2)
    same = max((float(np.mean(np.abs(a - b) < SAME)) for a, b in pairs), default=0.0)
    observations["related"] = related(np.stack(some, axis=1) - inputs["mean"]) if some else {}
    for batch, width, calls in inputs["other"]:
        look_at = partial(_alike, graphs, inputs, width, calls, compared, batch)
        observations[f"{batch} {width}"] = _if_possible(0, look_at)
    return {**observations, "among_modes": same, "random": _draws_numbers(graphs)}


def gradients(graphs: Graphs, inputs: Values) -> Values:
    """Return codes, and gradients of their product with ``upstream`` for mean and log_var.

    If there is not one code for each mean, return gradients of the sum of the codes, and no codes.
    """
    import tensorflow as tf

    large, batch = BATCHES[MAIN]  # gradients are slow if a layer loops over its examples
    rows = len(inputs["mean"])
    shape = batch, MAIN
    try:
        tensors, codes, tape = _taped(graphs, inputs, shape)
    except tf.errors.OpError:  # it takes only the size that it was first called with
        shape = large, MAIN
        tensors, codes, tape = _taped(graphs, inputs, shape)
    more = _call(graphs, *(np.resize(inputs[key], (large, MAIN)) for key in GIVEN))
    observations: Values = {}
    for mode, z in codes.items():
        fits = z.shape.num_elements() == np.prod(shape)
        upstream = tf.reshape(tensors[2], z.shape) if fits else tf.ones_like(z)
        both = tape.gradient(z, tensors[:2], output_gradients=tf.cast(upstream, z.dtype))
        arrays = [None if gradient is None else _numbers(gradient)[:rows] for gradient in both]
        observations[mode] = {"gradients": arrays, "z": None}
        if fits and more[mode].size == large * MAIN:
            copies = more[mode].reshape(-1, rows, MAIN)
            of_copies = {"mean": copies.mean(axis=0), "std": copies.std(axis=0)}
            observations[mode] |= {"z": _numbers(z).reshape(shape)[:rows], **of_copies}
    for batch, width in inputs["small"]:
        look = partial(_gradients_of_small, graphs, inputs, (batch, width))
        observations[f"{batch} {width}"] = _if_possible(0, look)
    return observations


def _taped(graphs: Graphs, inputs: Values, shape: tuple[int, int]) -> tuple:
    """Return mean, log_var and upstream gradients, codes of a batch, and a tape with gradients."""
    import tensorflow as tf

    tensors = [
        tf.constant(np.resize(inputs[key], shape), tf.float32)
        for key in ("mean", "log_var", "upstream")
    ]
    function = graphs.get(name(shape[1]), shape[0])
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(tensors[:2])
        codes = _of_modes(function(*tensors[:2]))
    return tensors, codes, tape


def _gradients_of_small(graphs: Graphs, inputs: Values, shape: tuple[int, int]) -> Values:
    """Return codes of one call and their gradients, and codes of more calls with equal inputs."""
    import tensorflow as tf

    tensors, codes, tape = _taped(graphs, inputs, shape)
    at = [np.resize(inputs[key], shape) for key in GIVEN]
    more = [_call(graphs, *at) for _ in range(calls_for_gradients(*shape))]
    observations: Values = {}
    for mode, z in codes.items():
        if tuple(z.shape) != shape:
            return {}  # the part on shapes reports that
        both = tape.gradient(z, tensors[:2], output_gradients=tf.cast(tensors[2], z.dtype))
        arrays = [None if gradient is None else _numbers(gradient) for gradient in both]
        others = np.stack([gradient[mode] for gradient in more])
        observations[mode] = {"gradients": arrays, "z": _numbers(z), "more": others}
    return observations


def calls_for_gradients(batch: int, width: int) -> int:
    """Return the number of calls needed to judge the codes of small batches."""
    return min(MOST, -(-ENOUGH_FOR_GRADIENTS // (batch * width)))


def _call(graphs: Graphs, mean: np.ndarray, log_var: np.ndarray) -> Codes:
    """Return the codes of every mode for a batch."""
    import tensorflow as tf

    function = graphs.get(name(mean.shape[1]), len(mean))
    tensors = [tf.constant(value, tf.float32) for value in (mean, log_var)]
    return {mode: _numbers(z) for mode, z in _of_modes(function(*tensors)).items()}


def _of_modes(returned) -> dict:
    if not isinstance(returned, dict) or set(returned) != set(MODES):
        raise NoGraphError(State("The graph of your answer has not the outputs of a layer."))
    return {mode: returned[mode] for mode in MODES}


def _numbers(tensor) -> np.ndarray:
    import tensorflow as tf

    # NumPy's cast costs a tenth of TensorFlow's.
    return np.asarray(tf.convert_to_tensor(tensor).numpy(), dtype=np.float64)


def _in_shape(z: np.ndarray, wanted: tuple[int, ...]) -> np.ndarray | None:
    """Return codes in the shape of their mean, or None if they do not fit it.

    A wrong shape costs only the part on shapes. The other parts still judge the numbers, reshaped
    or broadcast to the shape of the mean.
    """
    if z.size == np.prod(wanted):
        return z.reshape(wanted)
    try:
        return np.broadcast_to(z, wanted)
    except ValueError:
        return None


def _if_possible(width: int, look: Callable[[], Values]) -> Values:
    """Call ``look``; if the layer cannot be used, return nothing, or raise the error for MAIN."""
    import tensorflow as tf

    try:
        return look()
    except (NoGraphError, tf.errors.OpError):
        if width == MAIN:
            raise
        return {}


def _alike(
    graphs: Graphs,
    inputs: Values,
    width: int,
    calls: int,
    look: Callable,
    batch: int | None = None,
) -> Values:
    """Observe the codes of some calls, (calls, batch, width), for one mean and log-variance."""
    shape = batch or BATCHES[width][0], width
    drawn = _drawn(graphs, shape, (inputs["mean"], inputs["log_var"]), calls)
    observations: Values = {}
    for mode in MODES:
        shaped = [_in_shape(codes[mode], shape) for codes in drawn]
        usable = [codes for codes in shaped if codes is not None]
        if len(usable) < len(shaped):
            observations[mode] = {"other": list(drawn[0][mode].shape), "wanted": list(shape)}
            continue
        z = mostly_finite(np.stack(usable), inputs["mean"])
        observations[mode] = look(z) if np.all(np.isfinite(z)) else {"finite": False}
    return observations


def _drawn(
    graphs: Graphs, shape: tuple[int, int], at: tuple[float, float], calls: int
) -> list[Codes]:
    """Return the codes of some calls with equal inputs; probes with the same inputs share them."""
    calls_so_far = graphs.notes.setdefault(("drawn", shape, at), [])
    arguments = [np.full(shape, value) for value in at]
    while len(calls_so_far) < calls:
        calls_so_far.append(_call(graphs, *arguments))
    return calls_so_far[:calls]


def _draws_numbers(graphs: Graphs) -> bool:
    """Return whether the graph draws random numbers, even if it does not use them."""
    return any(graphs.random_operations(function) for function in graphs.operations)


PROBES = {
    "Shapes": shapes,
    "Mean": draw,
    "Spread": draw,
    "NormalNoise": normality,
    "OneForEachLatent": latents,
    "OneForEachExample": examples,
    "Fresh": freshness,
    "GradientToMean": gradients,
    "GradientToLogVar": gradients,
}
