"""What is observed of the graph of a sampling layer; nothing is judged here.

Every probe looks at each mode of a function: its result has an entry for each of ``MODES``. Where
the codes have another shape than the mean, so that nothing can be measured, the entry is
``{"other": shape}``.
"""

import itertools
from collections.abc import Callable
from functools import partial

import numpy as np

from autograder.checks.contract import at
from autograder.checks.graphs import Graphs, NoGraphError
from autograder.checks.values import Values
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
    """Return the shapes of codes for batches of several sizes; nothing for an error.

    Where the size of the batch has to be known, it is said whether a fixed one is possible.
    """
    import tensorflow as tf

    found: Values = {}
    for width in BATCHES:
        try:
            graphs.get(name(width))
        except NoGraphError as error:
            if error.state.get("missing"):
                raise
            fixed = graphs.has(at(name(width), BATCHES[width][0]))
            found[str(width)] = {"problem": error.state.get("problem"), "fixed": fixed}
            continue
        found[str(width)] = {}
        for batch in inputs["batches"]:
            mean, log_var = (np.resize(inputs[key], (batch, width)) for key in GIVEN)
            try:
                codes = _call(graphs, mean, log_var)
                seen = {mode: list(z.shape) for mode, z in codes.items()}
            except tf.errors.OpError:
                seen = {}
            found[str(width)][str(batch)] = seen
    return found


def draw(graphs: Graphs, inputs: Values) -> Values:
    """Return moments of many codes for each example and latent, for codes of every width.

    A call costs far more than a row, so a few large calls are made. Only where the copies of a call
    turn out to share noise, which few calls say little about, are there many calls.
    """
    found: Values = {}
    shared = False
    for width, plan in DRAWN.items():
        mean, log_var = places(inputs, width)
        look = partial(_moments, graphs, mean, log_var)
        seen = _if_possible(width, partial(look, *plan))
        if width == MAIN and (shared := _is_shared(seen)):
            # Not possible where the size of a batch is a fixed one, that of the few calls.
            seen = _if_possible(0, partial(look, *SHARED)) or seen
        found[str(width)] = seen
    if len(inputs["also"][0]):
        plan = OF_PLACES_SHARED if shared else OF_PLACES
        mean, log_var = inputs["also"]
        found["also"] = _if_possible(0, partial(_moments, graphs, mean, log_var, *plan))
    for batch, width in inputs["small"]:
        look = partial(_of_small, graphs, inputs, batch, width)
        found[f"{batch} {width}"] = _if_possible(0, look)
    return {**found, "random": _draws_numbers(graphs)}


def places(inputs: Values, width: int) -> list[np.ndarray]:
    """Return the means and log-variances of two examples of a width: of WIDE, all there are."""
    given = []
    for key, also in zip(GIVEN, inputs["also"], strict=True):
        values = np.broadcast_to(inputs[key], (2, MAIN))
        if width == WIDE:
            values = np.concatenate([values, also])
        given.append(widened(values, width))
    return given


def _of_small(graphs: Graphs, inputs: Values, batch: int, width: int) -> Values:
    """Return moments of the noise in batches of one small size, of all numbers together."""
    mean, log_var = inputs["at"]
    calls = int(np.clip(-(-ENOUGH // (batch * width)), FEWEST, MOST))

    def look(z: np.ndarray) -> Values:
        noise = (z - mean) / np.exp(log_var / 2)
        found = moments(noise.reshape(len(z), -1))
        found = {key: float(value) for key, value in found.items()}
        return {**found, "draws": noise.size, "again": len(distinct(z)) < len(z)}

    return _alike(graphs, {"mean": mean, "log_var": log_var}, width, calls, look, batch)


def _is_shared(seen: Values) -> bool:
    calls, copies = DRAWN[MAIN]
    return any(vary_more_than_independent(each, calls * copies) for each in seen.values())


def widened(values: float | np.ndarray, width: int) -> np.ndarray:
    """Return values of two examples for codes of a width, repeated or cut."""
    return np.resize(values, (2, width)).astype(float)


def _moments(graphs: Graphs, mean: np.ndarray, log_var: np.ndarray, calls: int, copies: int):
    batch = [np.tile(value, (copies, 1)) for value in (mean, log_var)]
    drawn = [_call(graphs, *batch) for _ in range(calls)]
    found: Values = {}
    for mode in MODES:
        shaped = [_in_shape(codes[mode], batch[0].shape) for codes in drawn]
        usable = [each for each in shaped if each is not None]
        if len(usable) < len(shaped):
            found[mode] = {"other": list(drawn[0][mode].shape), "wanted": list(batch[0].shape)}
        else:
            z = mostly_finite(np.stack(usable), batch[0])
            found[mode] = moments(z.reshape(calls, copies, *mean.shape))
    return found


def normality(graphs: Graphs, inputs: Values) -> Values:
    """Count how many of many draws lie within or below some standard deviations, their own ones."""

    def look(z: np.ndarray) -> Values:
        # In one call each latent by itself: what a batch shares is for the part on independence.
        axes = (0, 1) if len(z) == 1 else None
        away = z - z.mean(axis=axes, keepdims=True)
        return form(away / np.maximum(z.std(axis=axes, keepdims=True), SAME))

    found = {"main": _alike(graphs, inputs, MAIN, 1, look)}
    elsewhere = dict(zip(GIVEN, inputs["at"], strict=True))
    for batch, width, calls in inputs["other"]:
        some = partial(_alike, graphs, elsewhere, width, calls, look, batch)
        found[f"{batch} {width}"] = _if_possible(0, some)
    return found


def latents(graphs: Graphs, inputs: Values) -> Values:
    """Return how the noises of the latents of a code are correlated, of few and of many."""

    def look(z: np.ndarray) -> Values:
        within = distinct(z)
        calls, batch, width = within.shape
        if batch > 1:  # what a batch shares: see examples
            within = within - within.mean(axis=1, keepdims=True)
        found = correlation(within.reshape(-1, width))
        return {**found, "draws": calls * max(1, batch - 1), "number": single(z)}

    few = _alike(graphs, inputs, MAIN, 1, look)
    many = {}
    if inputs["many"]:
        many = _if_possible(WIDE, lambda: _alike(graphs, inputs, WIDE, WIDE_CALLS, look))
    found = {"few": few, "many": many, "random": _draws_numbers(graphs)}
    for batch, width in inputs["small"]:
        some = partial(_alike, graphs, inputs, width, MOST, look, batch)
        found[f"{batch} {width}"] = _if_possible(0, some)
    return found


def examples(graphs: Graphs, inputs: Values) -> Values:
    """Return how the noises of the codes of a batch are correlated, a small and a large batch."""

    def look(z: np.ndarray) -> Values:
        z = distinct(z)
        shared = together(z)
        calls, batch, width = z.shape
        within = z - z.mean(axis=2, keepdims=True)  # what the latents share: see latents
        found = correlation(np.moveaxis(within, 1, 2).reshape(-1, batch))
        again = recurring(z[:REARRANGED] - inputs["mean"])
        return {**found, "draws": calls * (width - 1), "again": again, "together": shared}

    small = _alike(graphs, inputs, WIDE, WIDE_CALLS, look)
    large = _alike(graphs, inputs, MAIN, 1, lambda z: repetitions(z[0]))
    found = {"small": small, "large": large, "random": _draws_numbers(graphs)}
    for batch in inputs["small"]:
        some = partial(_alike, graphs, inputs, WIDE, WIDE_CALLS, look, batch)
        found[f"{batch} {WIDE}"] = _if_possible(0, some)
    return found


def freshness(graphs: Graphs, inputs: Values) -> Values:
    """Return which numbers come again in later calls, and whether modes have the same noise."""
    some: list[np.ndarray] = []

    def look(z: np.ndarray) -> Values:
        some.append(z[:REARRANGED])
        return {**compared(z), "number": single(z)}

    found = _alike(graphs, inputs, WIDE, inputs["calls"], look)
    pairs = itertools.combinations([z[0] for z in some], 2)
    same = max((float(np.mean(np.abs(a - b) < SAME)) for a, b in pairs), default=0.0)
    found["related"] = related(np.stack(some, axis=1) - inputs["mean"]) if some else {}
    for batch, width, calls in inputs["other"]:
        look_at = partial(_alike, graphs, inputs, width, calls, compared, batch)
        found[f"{batch} {width}"] = _if_possible(0, look_at)
    return {**found, "among_modes": same, "random": _draws_numbers(graphs)}


def gradients(graphs: Graphs, inputs: Values) -> Values:
    """Return codes, and the gradient of their product with ``upstream``, for mean and log_var.

    Where there is not one code for each mean, it is the gradient of their sum, without codes.
    """
    import tensorflow as tf

    large, batch = BATCHES[MAIN]  # where a layer goes through its examples, gradients cost most
    rows = len(inputs["mean"])
    shape = batch, MAIN
    try:
        given, codes, tape = _taped(graphs, inputs, shape)
    except tf.errors.OpError:  # it takes the size that it was called with only
        shape = large, MAIN
        given, codes, tape = _taped(graphs, inputs, shape)
    more = _call(graphs, *(np.resize(inputs[key], (large, MAIN)) for key in GIVEN))
    found: Values = {}
    for mode, z in codes.items():
        fits = z.shape.num_elements() == np.prod(shape)
        upstream = tf.reshape(given[2], z.shape) if fits else tf.ones_like(z)
        both = tape.gradient(z, given[:2], output_gradients=tf.cast(upstream, z.dtype))
        arrays = [None if each is None else _numbers(each)[:rows] for each in both]
        found[mode] = {"gradients": arrays, "z": None}
        if fits and more[mode].size == large * MAIN:
            copies = more[mode].reshape(-1, rows, MAIN)
            of_copies = {"mean": copies.mean(axis=0), "std": copies.std(axis=0)}
            found[mode] |= {"z": _numbers(z).reshape(shape)[:rows], **of_copies}
    for batch, width in inputs["small"]:
        look = partial(_gradients_of_small, graphs, inputs, (batch, width))
        found[f"{batch} {width}"] = _if_possible(0, look)
    return found


def _taped(graphs: Graphs, inputs: Values, shape: tuple[int, int]) -> tuple:
    """Return mean, log_var and upstream gradients, codes of a batch, and a tape with gradients."""
    import tensorflow as tf

    given = [
        tf.constant(np.resize(inputs[key], shape), tf.float32)
        for key in ("mean", "log_var", "upstream")
    ]
    function = graphs.get(name(shape[1]), shape[0])
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(given[:2])
        codes = _of_modes(function(*given[:2]))
    return given, codes, tape


def _gradients_of_small(graphs: Graphs, inputs: Values, shape: tuple[int, int]) -> Values:
    """Return codes of one call and their gradients, and codes of more calls at the same place."""
    import tensorflow as tf

    given, codes, tape = _taped(graphs, inputs, shape)
    at = [np.resize(inputs[key], shape) for key in GIVEN]
    more = [_call(graphs, *at) for _ in range(calls_for_gradients(*shape))]
    found: Values = {}
    for mode, z in codes.items():
        if tuple(z.shape) != shape:
            return {}  # the part on shapes speaks of that
        both = tape.gradient(z, given[:2], output_gradients=tf.cast(given[2], z.dtype))
        arrays = [None if each is None else _numbers(each) for each in both]
        others = np.stack([each[mode] for each in more])
        found[mode] = {"gradients": arrays, "z": _numbers(z), "more": others}
    return found


def calls_for_gradients(batch: int, width: int) -> int:
    """Return how many calls show whether small batches of codes are right."""
    return min(MOST, -(-ENOUGH_FOR_GRADIENTS // (batch * width)))


def _call(graphs: Graphs, mean: np.ndarray, log_var: np.ndarray) -> Codes:
    """Return the codes of every mode for a batch."""
    import tensorflow as tf

    function = graphs.get(name(mean.shape[1]), len(mean))
    given = [tf.constant(value, tf.float32) for value in (mean, log_var)]
    return {mode: _numbers(z) for mode, z in _of_modes(function(*given)).items()}


def _of_modes(returned) -> dict:
    if not isinstance(returned, dict) or set(returned) != set(MODES):
        raise NoGraphError({"problem": "The graph of your answer has not the outputs of a layer."})
    return {mode: returned[mode] for mode in MODES}


def _numbers(tensor) -> np.ndarray:
    import tensorflow as tf

    # NumPy's cast costs a tenth of TensorFlow's.
    return np.asarray(tf.convert_to_tensor(tensor).numpy(), dtype=np.float64)


def _in_shape(z: np.ndarray, wanted: tuple[int, ...]) -> np.ndarray | None:
    """Return codes in the shape of their mean, if they can be read as one code for each mean.

    A wrong shape costs the part on shapes. The other parts look at the numbers all the same: in
    another arrangement, or one code that stands for several.
    """
    if z.size == np.prod(wanted):
        return z.reshape(wanted)
    try:
        return np.broadcast_to(z, wanted)
    except ValueError:
        return None


def _if_possible(width: int, look: Callable[[], Values]) -> Values:
    """Return what is seen, or nothing where the layer cannot be used; MAIN has to be possible."""
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
    """Look at the codes of some calls, (calls, batch, width), of one mean and log-variance."""
    shape = batch or BATCHES[width][0], width
    drawn = _drawn(graphs, shape, (inputs["mean"], inputs["log_var"]), calls)
    found: Values = {}
    for mode in MODES:
        shaped = [_in_shape(codes[mode], shape) for codes in drawn]
        usable = [each for each in shaped if each is not None]
        if len(usable) < len(shaped):
            found[mode] = {"other": list(drawn[0][mode].shape), "wanted": list(shape)}
            continue
        z = mostly_finite(np.stack(usable), inputs["mean"])
        found[mode] = look(z) if np.all(np.isfinite(z)) else {"finite": False}
    return found


def _drawn(
    graphs: Graphs, shape: tuple[int, int], at: tuple[float, float], calls: int
) -> list[Codes]:
    """Return the codes of some calls at one place; probes of the same place share them."""
    known = graphs.notes.setdefault(("drawn", shape, at), [])
    given = [np.full(shape, value) for value in at]
    while len(known) < calls:
        known.append(_call(graphs, *given))
    return known[:calls]


def _draws_numbers(graphs: Graphs) -> bool:
    """Return whether there are random numbers in the graph, used or not."""
    return any(graphs.random_operations(each) for each in graphs.operations)


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
