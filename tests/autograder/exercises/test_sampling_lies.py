"""What the judges of ``sampling`` say of gradients, and that they survive lies."""

import math

import numpy as np
import pytest

from autograder import checks
from autograder.exercises.sampling.contract import BATCHES, MODES
from autograder.exercises.sampling.judging.moments import SHARES
from autograder.exercises.sampling.probes import MAIN, WIDE, calls_for_gradients

pytestmark = pytest.mark.slow
CHECKS = {check.name: check for check in checks.load("sampling").checks}
LARGE = BATCHES[MAIN][0]


def judge(name, seen, inputs=None):
    return CHECKS[name].judge(inputs or CHECKS[name].inputs(None), seen, None)


def hidden(name, seed=0):
    return CHECKS[name].inputs(np.random.default_rng(seed))


def modes(found):
    return dict.fromkeys(MODES, found)


def observed(inputs, mean_factor=1.0, log_var_factor=1.0, forward=1.0, limit=np.inf):
    """Return what the probe of gradients sees of a layer whose gradients are changed."""
    rng = np.random.default_rng(0)
    copies = LARGE // len(inputs["mean"])
    upstream = np.clip(inputs["upstream"], -limit, limit)
    eps = rng.standard_normal((copies, *inputs["mean"].shape))
    z = forward * inputs["mean"] + np.exp(inputs["log_var"] / 2) * eps
    of_mean = upstream * mean_factor
    of_log_var = upstream * log_var_factor * (z[0] - forward * inputs["mean"]) / 2
    found = modes(
        {
            "z": z[0],
            "mean": z.mean(axis=0),
            "std": z.std(axis=0),
            "gradients": [of_mean, of_log_var],
        }
    )
    return {**found, **{"{} {}".format(*sizes): {} for sizes in inputs["small"]}}


def observed_in_small(inputs, sizes, factor, forward=1.0):
    """Return what the probe sees in a small batch, where the gradients have another factor."""
    mean, log_var, upstream = (
        np.resize(inputs[key], sizes) for key in ("mean", "log_var", "upstream")
    )
    calls = calls_for_gradients(*sizes)
    eps = np.random.default_rng(1).standard_normal((1 + calls, *mean.shape))
    z = forward * mean + np.exp(log_var / 2) * eps
    both = [factor * upstream, factor * upstream * (z[0] - forward * mean) / 2]
    return modes({"z": z[0], "more": z[1:], "gradients": both})


GRADIENTS = ["GradientToMean", "GradientToLogVar"]


@pytest.mark.parametrize("seed", [None, 0, 1])
def test_gradients_are_compared_by_value(seed):
    for name, factors in zip(GRADIENTS, ("mean_factor", "log_var_factor"), strict=True):
        inputs = CHECKS[name].inputs(None if seed is None else np.random.default_rng(seed))
        assert judge(name, observed(inputs), inputs) is None
        for factor in (0.5, -1.0, 0.99, 1.01, 2.0):
            problem = judge(name, observed(inputs, **{factors: factor}), inputs)
            assert "times what it must be" in problem


@pytest.mark.parametrize("name", GRADIENTS)
@pytest.mark.parametrize("seed", range(12))
def test_gradients_in_small_batches_of_two_widths_count(name, seed):
    inputs = hidden(name, seed)
    for sizes in inputs["small"]:
        for factor in (1.0, 0.5, 0.0):
            few = observed_in_small(inputs, sizes, factor)
            seen = {**observed(inputs), "{} {}".format(*sizes): few}
            told = judge(name, seen, inputs)
            assert (told is None) == (factor == 1.0)
            assert told is None or told.startswith("In a batch of shape ({}, {}) ".format(*sizes))


@pytest.mark.parametrize("seed", range(12))
def test_a_right_gradient_of_wrong_codes_of_many_latents_costs_nothing(seed):
    inputs = hidden("GradientToMean", seed)
    sizes = inputs["small"][1]
    for factor in (0.7, 1.4):
        few = observed_in_small(inputs, sizes, factor, forward=factor)
        seen = {**observed(inputs), "{} {}".format(*sizes): few}
        assert judge("GradientToMean", seen, inputs) is None
        few = observed_in_small(inputs, sizes, factor, forward=1.0)
        seen = {**observed(inputs), "{} {}".format(*sizes): few}
        assert "times what it must be" in judge("GradientToMean", seen, inputs)


def test_a_limited_gradient_is_noticed_at_hidden_places():
    for name in GRADIENTS:
        inputs = hidden(name)
        assert "limited" in judge(name, observed(inputs, limit=5.0), inputs)


def test_the_gradient_of_wrong_codes_is_left_to_the_parts_on_their_moments():
    for name in GRADIENTS:
        inputs = CHECKS[name].inputs(None)
        assert judge(name, observed(inputs, mean_factor=2.0, forward=2.0)) is None


@pytest.mark.parametrize("place", [0, 1])
def test_gradients_must_reach_nearly_every_element_and_be_finite(place):
    name = GRADIENTS[place]
    seen = observed(CHECKS[name].inputs(None))

    def told(gradient):
        both = list(seen["training"]["gradients"])
        both[place] = gradient
        return judge(name, {**seen, "training": {**seen["training"], "gradients": both}})

    right = seen["training"]["gradients"][place]
    assert told(right) is None
    assert "No gradient reaches" in told(None)
    assert "is not finite" in told(right * np.nan)
    half = right.copy()
    half[:100] = 0
    assert "is 0 in 50% of the elements" in told(half)


def moments_of(name):
    inputs = CHECKS[name].inputs(None)
    mean, log_var = np.broadcast_arrays(inputs["mean"], inputs["log_var"])
    small = np.full((2, MAIN), 0.01)
    found = {"mean": mean, "mean_error": small, "std": np.exp(log_var / 2), "std_error": small}
    return {"5": modes(found), "2": {}, "64": {}, "random": True}


BATCHES_SEEN = CHECKS["Shapes"].inputs(None)["batches"]
SHAPES = {str(w): {str(b): modes([b, w]) for b in BATCHES_SEEN} for w in BATCHES}
FRESH = {"same": 0.0, "at_once": 0.0, "chance": 0.0, "number": None}
CORRELATED = {"correlation": 0.01, "of_sizes": 0.01, "draws": 2560, "number": None}
CORRELATED |= {"distance": 3, "again": 0.0, "together": {"ratio": 1.0, "calls": 40}}
RELATED = {"rearranged": 0.0, "correlation": 0.01, "of_sizes": 0.01, "draws": 6000}
FORM = {"share": SHARES, "error": 0 * SHARES, "different": 59_000}
RIGHT = {
    "Shapes": SHAPES,
    "Mean": moments_of("Mean"),
    "Spread": moments_of("Spread"),
    "NormalNoise": {"main": modes(FORM)},
    "OneForEachLatent": {"few": modes(CORRELATED), "many": {}, "random": True},
    "OneForEachExample": {"small": modes(CORRELATED), "large": modes(CORRELATED)},
    "Fresh": {**modes(FRESH), "among_modes": 0.0, "random": True, "related": RELATED},
    **{name: observed(CHECKS[name].inputs(None)) for name in GRADIENTS},
}
LIES = [
    *(None, "", "x", [], {}, 0, -1, 1.5, True, math.inf, math.nan, 10**400, b"x", 1j),
    *([None], ["x"], [[]], [10**400], [[math.inf]], {"same": "x"}, {"other": [1, None]}),
    *({"problem": 3}, {"problem": "x" * 10**5}, {"other": "x", "wanted": [10**400]}),
    *(np.zeros((2, MAIN)), np.full((2, 3), math.inf), np.full((200, 5), math.nan)),
    *(np.array([]), np.array(["x"]), np.array([None]), np.zeros((2, MAIN), complex)),
]


def lies(seen):
    """Yield an observation with each of its entries, at any depth, replaced by each lie."""
    for key, value in seen.items():
        for lie in LIES:
            yield {**seen, key: lie}
        if isinstance(value, dict):
            for inner in lies(value):
                yield {**seen, key: inner}


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("name", CHECKS)
def test_judges_survive_lies(name):
    assert judge(name, RIGHT[name]) is None
    for seen in [*LIES, *lies(RIGHT[name])]:
        told = judge(name, seen)
        assert told is None or (isinstance(told, str) and len(told) < 2000)


HIDDEN = {name: hidden(name) for name in CHECKS}
MOMENTS = {"mean": 0.0, "mean_error": 0.0, "std": 1.0, "std_error": 0.0, "draws": 1000}


def seen_in_small(name):
    """Return what hidden checks see beside what the visible ones do: small batches."""
    inputs = HIDDEN[name]
    if name in GRADIENTS:
        return {
            "{} {}".format(*sizes): observed_in_small(inputs, sizes, 1.0)
            for sizes in inputs["small"]
        }
    found = {"Mean": MOMENTS, "Spread": MOMENTS, "NormalNoise": FORM, "Fresh": FRESH}
    asked = {
        "NormalNoise": lambda: [sizes[:2] for sizes in inputs["other"]],
        "Fresh": lambda: [sizes[:2] for sizes in inputs["other"]],
        "OneForEachExample": lambda: [[batch, WIDE] for batch in inputs["small"]],
    }.get(name, lambda: inputs["small"])()
    seen = {"{} {}".format(*sizes): modes(found.get(name, CORRELATED)) for sizes in asked}
    return {**seen, **({"many": modes(CORRELATED)} if name == "OneForEachLatent" else {})}


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("name", [name for name in CHECKS if name not in ("Shapes", "Mean")])
def test_judges_of_small_batches_survive_lies(name):
    inputs = HIDDEN[name]
    right = RIGHT[name]
    if name in GRADIENTS:
        right = observed(inputs)
    if name == "Spread":
        right = {"random": True, "2": {}, "64": {}, "also": {}}
        log_var = np.broadcast_to(inputs["log_var"], (2, MAIN))
        small = np.full((2, MAIN), 0.01)
        std = np.exp(log_var / 2)
        mean = np.full((2, MAIN), -3.0)
        right["5"] = modes({"mean": mean, "mean_error": small, "std": std, "std_error": small})
    few = seen_in_small(name)
    assert judge(name, {**right, **few}, inputs) is None
    for seen in lies(few):
        told = judge(name, {**right, **seen}, inputs)
        assert told is None or (isinstance(told, str) and len(told) < 2000)
