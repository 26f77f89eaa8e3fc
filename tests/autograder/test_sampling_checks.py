"""What the judges of ``sampling`` say of observations made by hand: no layer, no TensorFlow."""

import math

import numpy as np
import pytest
from autograder.checks.sampling_layer import NotACodeError

from autograder import checks, wire
from autograder.checks.exercise import UNEXPECTED

CHECKS = {check.name: check for check in checks.load("sampling").checks}
SEEDS = range(12)


def judge(name, inputs=None, **seen):
    check = CHECKS[name]
    return check.judge(inputs or check.inputs(None), seen, None)


def hidden(name, seed=0):
    return CHECKS[name].inputs(np.random.default_rng(seed))


def correlations(name, noise):
    return CHECKS[name]._correlation(np.asarray(noise))


def test_noise_of_its_own_for_every_number_passes():
    for seed in range(20):
        draw = np.random.default_rng(seed).standard_normal
        found = correlations("OneForEachLatent", draw((4000, 6)))
        assert judge("OneForEachLatent", correlations=[found]) is None
        found = [correlations("OneForEachExample", draw(s)) for s in [(6, 1000), (2, 3, 1000)]]
        assert judge("OneForEachExample", correlations=found, compiled=found[0]) is None


def test_each_kind_of_sharing_fails_one_of_the_two_checks():
    draw = np.random.default_rng(0).standard_normal

    def failed(noise_of):
        wide, tall = (np.broadcast_to(noise_of(s), s) for s in [(6, 1000), (4000, 6)])
        latent = judge("OneForEachLatent", correlations=[correlations("OneForEachLatent", tall)])
        found = correlations("OneForEachExample", wide)
        example = judge("OneForEachExample", correlations=[found, None], compiled=None)
        return latent is not None, example is not None

    assert failed(lambda s: draw(s)) == (False, False)
    assert failed(lambda s: draw((s[0], 1))) == (True, False)
    assert failed(lambda s: draw((1, s[1]))) == (False, True)
    assert failed(lambda s: draw((1, 1))) == (True, True)
    assert failed(lambda s: draw(s) + draw((1, s[1]))) == (False, True)
    assert failed(lambda s: draw(s) + draw((s[0], 1))) == (True, False)


def test_the_cause_of_a_correlation_is_told_by_its_value():
    assert "one noise serves both; draw" in judge("OneForEachLatent", correlations=[1.0])
    assert "its sign reversed" in judge("OneForEachLatent", correlations=[-1.0])
    assert "independently" in judge("OneForEachLatent", correlations=[0.4])
    assert "are the same" in judge("OneForEachLatent", correlations=["equal"])
    assert "nan" in judge("OneForEachLatent", correlations=[np.nan])


def test_a_shape_that_the_layer_cannot_take_is_left_to_the_part_on_shapes():
    assert judge("OneForEachExample", correlations=[0.0, None], compiled=None) is None


def test_sharing_where_the_batch_size_is_unknown_is_told_as_such():
    problem = judge("OneForEachExample", correlations=[0.0, 0.0], compiled=1.0)
    assert problem.startswith("Where the size of the batch is unknown, as in predict or fit: in a")


FRESH = {"same": 0.0, "still": False}
REPEATED = {"same": 1.0, "still": False}
SILENT = {"same": 1.0, "still": True}


@pytest.mark.parametrize("few", [0.0, 0.01])
def test_fresh_noise_passes_though_half_precision_makes_a_few_numbers_equal(few):
    seen = {"same": few, "still": False}
    assert judge("FreshEager", **seen) is None
    assert judge("FreshCompiled", function=seen, predict=seen) is None


@pytest.mark.parametrize(
    ("told", "name", "seen"),
    [
        ("eager mode gave the same numbers in 100%", "FreshEager", REPEATED),
        ("a fixed seed", "FreshEager", REPEATED),
        ("eager mode gave the mean itself", "FreshEager", SILENT),
        ("in 50% of the latents", "FreshEager", {"same": 0.5, "still": False}),
        ("every latent needs noise", "FreshEager", {"same": 0.5, "still": False}),
        ("frozen when it is traced", "FreshCompiled", {"function": REPEATED, "predict": REPEATED}),
        ("as fresh at inference", "FreshCompiled", {"function": FRESH, "predict": REPEATED}),
        ("whatever `training` is", "FreshCompiled", {"function": FRESH, "predict": SILENT}),
    ],
)
def test_what_is_repeated_and_where_is_told(told, name, seen):
    assert told in judge(name, **seen)


@pytest.mark.parametrize("name", ["GradientToMean", "GradientToLogVar"])
def test_gradients_must_reach_nearly_every_element_and_be_finite(name):
    ones = np.ones(CHECKS[name].SIZES)
    place = CHECKS[name].name_of_input
    assert judge(name, gradient=ones) is None
    once = ones.copy()
    once[0, 0] = 0  # a noise of exactly 0
    assert judge(name, gradient=once) is None
    assert f"No gradient reaches {place}" in judge(name, gradient=None)
    assert "is not finite" in judge(name, gradient=ones * np.nan)
    half = ones.copy()
    half[:20] = 0
    assert f"respect to {place} is 0 in 50% of the elements" in judge(name, gradient=half)


def test_shapes_are_compared_one_by_one():
    wanted = CHECKS["Shapes"].inputs(None)["shapes"]
    assert judge("Shapes", shapes=wanted) is None
    assert "(3,), expected (5, 3): nothing may be averaged" in judge("Shapes", shapes=[[3]])
    assert "has shape (2, 5, 3), expected (5, 3): one draw" in judge("Shapes", shapes=[[2, 5, 3]])
    assert "has shape (3, 5), expected (5, 3): nothing may be flat" in judge(
        "Shapes", shapes=[[3, 5]]
    )


def test_an_exception_is_told_with_the_shape_that_raised_it():
    seen = {"shapes": [[5, 3], [1, 7]], "raised": "Line 3 of your answer, `x`, raised ValueError."}
    problem = judge("Shapes", **seen)
    assert problem.startswith("A mean and a log_var of shape (4, 2, 3) cannot be used")
    assert problem.endswith(seen["raised"])


def test_the_unknown_batch_size_stays_unknown_and_the_length_known():
    right = [[1, 4], [8, 4]]
    assert judge("UnknownBatch", symbolic=[None, 4], shapes=right) is None
    assert "is unknown, expected (None, 4)" in judge("UnknownBatch", symbolic=None, shapes=right)
    problem = judge("UnknownBatch", symbolic=[None, None], shapes=right)
    assert "is (None, None), expected (None, 4)" in problem
    problem = judge("UnknownBatch", symbolic=[None, 4], shapes=[[1, 4], [1, 4]])
    assert "A batch of 8 codes came out of a model with shape (1, 4)" in problem


@pytest.mark.parametrize("name", CHECKS)
def test_what_is_no_code_is_told_by_every_check(name):
    told = str(NotACodeError("a tuple of length 3"))
    assert judge(name, returned=told) == told
    assert (
        told
        == "The layer returned a tuple of length 3, expected one tensor of the shape of the mean."
    )


@pytest.mark.parametrize("seed", SEEDS)
def test_hidden_places_differ_from_the_announced_ones_in_the_way_that_matters(seed):
    *_, four = hidden("Shapes", seed)["shapes"]
    assert len(set(four)) == 4
    assert hidden("OneForEachLatent", seed)["shapes"][0][1] > 6
    assert len(hidden("OneForEachExample", seed)["shapes"][-1]) == 4
    assert hidden("FreshEager", seed)["calls"] > 2
    assert np.abs(hidden("GradientToLogVar", seed)["log_var"]).min() > 1
    assert np.max(CHECKS["GradientToLogVar"].inputs(None)["log_var"]) < 1


@pytest.mark.parametrize("name", CHECKS)
@pytest.mark.parametrize("seed", [None, 0])
def test_places_cross_the_border_to_student_code(name, seed):
    inputs = CHECKS[name].inputs(None if seed is None else np.random.default_rng(seed))
    arrived = wire.unpack(wire.pack(inputs))
    assert arrived.keys() == inputs.keys()
    for key, value in inputs.items():
        assert repr(arrived[key]) == repr(value)


RIGHT = {
    "Shapes": {"shapes": [[5, 3], [1, 7], [4, 2, 3]]},
    "UnknownBatch": {"symbolic": [None, 4], "shapes": [[1, 4], [8, 4]]},
    "Mean": {"mean": CHECKS["Mean"].inputs(None)["mean"], "mean_error": 0.01, "std": 1.6},
    "Spread": {"std": np.exp(CHECKS["Spread"].inputs(None)["log_var"] / 2), "std_error": 0.01},
    "NormalNoise": {"share": [0.383, 0.683, 0.954, 0.9973], "different": 49_999},
    "OneForEachLatent": {"correlations": [0.01]},
    "OneForEachExample": {"correlations": [0.01, -0.02], "compiled": 0.01},
    "FreshEager": FRESH,
    "FreshCompiled": {"function": FRESH, "predict": FRESH},
    "GradientToMean": {"gradient": np.ones((40, 5))},
    "GradientToLogVar": {"gradient": np.ones((40, 5))},
}
LIES = [
    *(None, "", "x", [], {}, 0, -1, 1.5, True, math.inf, math.nan, 10**400),
    *([None], ["x"], [[]], [10**400], [[math.inf]], [[math.nan, 3], [1, 7], [4, 2, 3]]),
    *([math.inf, 4], [None, math.nan], ["equal", "x"], [[1, 2], [3]], {"same": "x"}),
    *(np.zeros((2, 4)), np.full((2, 3), math.inf), np.full((40, 5), math.nan), np.array([])),
]


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("name", CHECKS)
def test_judges_survive_lies(name):
    assert judge(name, **RIGHT[name]) is None
    for key in RIGHT[name]:
        for lie in LIES:
            try:
                told = judge(name, **{**RIGHT[name], key: lie})
            except UNEXPECTED:
                continue  # Exercise makes a sentence of it
            assert told is None or isinstance(told, str)
