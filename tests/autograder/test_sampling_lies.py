"""What the judges of ``sampling`` say of gradients, and that they survive lies."""

import math

import numpy as np
import pytest

from autograder import checks
from autograder.exercises.sampling.contract import BATCHES, MODES
from autograder.exercises.sampling.probes import MAIN, WITHIN

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
    eps = rng.standard_normal((copies, *inputs["mean"].shape))
    z = forward * inputs["mean"] + np.exp(inputs["log_var"] / 2) * eps
    upstream = np.clip(inputs["upstream"], -limit, limit)
    of_mean = upstream * mean_factor
    of_log_var = upstream * log_var_factor * (z[0] - forward * inputs["mean"]) / 2
    return modes(
        {
            "z": z[0],
            "mean": z.mean(axis=0),
            "std": z.std(axis=0),
            "gradients": [of_mean, of_log_var],
        }
    )


GRADIENTS = ["GradientToMean", "GradientToLogVar"]


@pytest.mark.parametrize("seed", [None, 0, 1])
def test_gradients_are_compared_by_value(seed):
    for name, factors in zip(GRADIENTS, ("mean_factor", "log_var_factor"), strict=True):
        inputs = CHECKS[name].inputs(None if seed is None else np.random.default_rng(seed))
        assert judge(name, observed(inputs), inputs) is None
        for factor in (0.5, -1.0, 0.99, 1.01, 2.0):
            problem = judge(name, observed(inputs, **{factors: factor}), inputs)
            assert "times what it must be" in problem


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
FRESH = {"same": 0.0, "at_once": 0.0, "number": None}
CORRELATED = {"correlation": 0.01, "draws": 2560, "number": None, "distance": 3}
SHARES = [0.383, 0.683, 0.954, 0.9973]
RIGHT = {
    "Shapes": SHAPES,
    "Mean": moments_of("Mean"),
    "Spread": moments_of("Spread"),
    "NormalNoise": modes({"share": SHARES, "different": 59_000}),
    "OneForEachLatent": {"few": modes(CORRELATED), "many": {}, "random": True},
    "OneForEachExample": {"small": modes(CORRELATED), "large": modes(CORRELATED)},
    "Fresh": {**modes(FRESH), "among_modes": 0.0, "random": True},
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


def test_the_shares_of_the_normal_distribution_are_those_that_are_counted():
    assert len(WITHIN) == len(SHARES)
