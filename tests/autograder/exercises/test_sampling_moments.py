"""What the judges of ``sampling`` say of the moments of codes: no layer, no TensorFlow."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from autograder import checks
from autograder.checks.moments import FAILURE
from autograder.exercises.sampling import probes
from autograder.exercises.sampling.contract import MODES
from autograder.exercises.sampling.judging.moments import COMPARED, apart, std_limits
from autograder.exercises.sampling.probes import DRAWN, MAIN, PLACES, SHARED, WIDE, places
from autograder.exercises.sampling.statistics import form, moments, vary_more_than_independent

CHECKS = {check.name: check for check in checks.load("sampling").checks}
SEEDS = st.integers(0, 2**32 - 1)  # of hidden checks
CALLS, COPIES = DRAWN[MAIN]
DRAWS = CALLS * COPIES


def drawn(name, seed=None):
    return CHECKS[name].inputs(None if seed is None else np.random.default_rng(seed))


def judge(name, seen, inputs=None):
    return CHECKS[name].judge(inputs or drawn(name), seen, None)


def exact(mean, log_var, other):
    """Return the moments that right codes have, or codes with another mean or std."""
    std = np.asarray(other.get("std", np.exp(log_var / 2)))
    small = np.abs(np.nan_to_num(std)) / np.sqrt(DRAWS)
    return {"mean": other.get("mean", mean), "mean_error": small, "std": std, "std_error": small}


def seen_of(inputs, wrong=lambda mean, log_var: {}, modes=tuple(MODES), widths=tuple(DRAWN)):
    """Return an observation of codes that are wrong in some modes and of some widths."""
    found = {"random": True}
    for width in DRAWN:
        given = places(inputs, width)
        found[str(width)] = {}
        for mode in MODES:
            other = wrong(*given) if mode in modes and width in widths else {}
            found[str(width)][mode] = exact(*given, other)
    if len(inputs["also"][0]):
        found["also"] = {mode: exact(*inputs["also"], {}) for mode in MODES}
    for batch, width in inputs["small"]:
        found[f"{batch} {width}"] = dict.fromkeys(MODES, SMALL)
    return found


SMALL = {"mean": 0.0, "mean_error": 0.0, "std": 1.0, "std_error": 0.0, "draws": 1000}


def noises(calls, copies, seed=1):
    """Return noise as right and wrong answers make it: around 0, of variance 1."""
    draw = np.random.default_rng(seed).standard_normal
    half = draw((calls, copies // 2, 2, MAIN))
    found = {
        "fresh": draw((calls, copies, 2, MAIN)),
        "fixed seed": draw((1, copies, 2, MAIN)),
        "two seeds in turn": draw((2, copies, 2, MAIN))[np.arange(calls) % 2],
        "fifty seeds": draw((50, copies, 2, MAIN))[np.arange(calls) % 50],
        "shared by the latents": draw((calls, copies, 2, 1)),
        "repeated within a batch": np.concatenate([half, half], axis=1),
        "reversed within a batch": np.concatenate([half, -half], axis=1),
        "shared by the batch": draw((calls, 1, 1, MAIN)),
        "one number a call": draw((calls, 1, 1, 1)),
        "shared by fifty codes": draw((calls, copies // 50, 2, MAIN)).repeat(50, axis=1),
    }
    return {kind: np.broadcast_to(noise, (calls, copies, 2, MAIN)) for kind, noise in found.items()}


OF_A_CALL = ("shared by the batch", "one number a call", "shared by fifty codes")
FEW, MANY = noises(CALLS, COPIES), noises(*SHARED)
NOISES = FEW | {kind: MANY[kind] for kind in OF_A_CALL}


@pytest.mark.parametrize("kind", NOISES)
def test_many_calls_are_asked_for_by_noise_that_a_call_shares_and_by_no_other(kind):
    assert vary_more_than_independent(moments(FEW[kind]), DRAWS) == (kind in OF_A_CALL)


def test_codes_without_noise_or_without_numbers_ask_for_no_more_calls():
    for value in (0.0, np.nan, np.inf):
        found = moments(np.full((CALLS, COPIES, 2, MAIN), value))
        assert not vary_more_than_independent(found, DRAWS)


def test_both_numbers_of_calls_give_the_same_number_of_draws():
    assert np.prod(SHARED) == DRAWS


@pytest.mark.parametrize("kind", NOISES)
@given(seed=st.none() | SEEDS)
@pytest.mark.parametrize("name", ["Mean", "Spread"])
def test_how_noise_is_shared_costs_neither_the_mean_nor_the_spread(kind, seed, name):
    inputs = drawn(name, seed)
    mean, log_var = places(inputs, MAIN)
    seen = seen_of(inputs)
    seen[str(MAIN)] = dict.fromkeys(MODES, moments(mean + np.exp(log_var / 2) * NOISES[kind]))
    assert judge(name, seen, inputs) is None


def test_a_single_number_for_ever_does_not_cost_the_mean_unless_it_is_one():
    inputs = drawn("Mean")
    for number, passes in ((2.5, True), (-1.0, True), (1.0, False)):

        def still(mean, log_var, number=number):
            return {"mean": mean + number * np.exp(log_var / 2), "std": np.zeros_like(mean)}

        problem = judge("Mean", seen_of(inputs, still))
        assert (problem is None) == passes
    assert "every code is mean + exp(log_var / 2); noise is drawn, but it is not used" in problem


@given(seed=st.none() | SEEDS)
@pytest.mark.parametrize(
    ("center", "told"),
    [
        (lambda mean: 0 * mean, "the mean does not arrive in the code"),
        (lambda mean: -mean, "its sign is reversed"),
        (lambda mean: 2 * mean, "the mean arrives multiplied by 2"),
        (lambda mean: 1.05 * mean, "the mean arrives multiplied by 1.05"),
        (lambda mean: mean.mean(axis=0, keepdims=True) + 0 * mean, "different means get the same"),
        (lambda mean: np.abs(mean), "right at other values"),
        (lambda mean: mean + 0.8, "every code is shifted by 0.8"),
    ],
)
def test_a_wrong_mean_is_explained(center, told, seed):
    inputs = drawn("Mean", seed)
    seen = seen_of(inputs, lambda mean, _: {"mean": center(mean)})
    assert told in judge("Mean", seen, inputs)


@given(seed=SEEDS)
@pytest.mark.parametrize(
    ("center", "told"),
    [(np.round, "rounded to a whole number"), (lambda mean: np.clip(mean, -20, 20), "a limit on")],
)
def test_hidden_means_show_what_the_announced_ones_do_not(seed, center, told):
    announced = drawn("Mean")["mean"]
    np.testing.assert_array_equal(center(announced), announced)
    inputs = drawn("Mean", seed)
    seen = seen_of(inputs, lambda mean, _: {"mean": center(mean)}, widths=(MAIN,))
    assert told in judge("Mean", seen, inputs)
    assert judge("Mean", seen_of(inputs), inputs) is None


@given(seed=st.none() | SEEDS)
@pytest.mark.parametrize(
    ("sigma", "told"),
    [
        (lambda v: np.exp(v), "exp(log_var) where exp(log_var / 2)"),
        (lambda v: np.exp(2 * v), "square the variance"),
        (lambda v: np.exp(v / 4), "square root twice"),
        (lambda v: np.exp(v) / 2, "halve the variance"),
        (lambda v: np.exp(-v / 2), "the inverse"),
        (lambda v: np.abs(v), "scale the noise by log_var, which is a logarithm"),
        (lambda v: np.abs(v) / 2, "log_var / 2, without exp"),
        (lambda v: np.log1p(np.exp(v)), "softplus"),
        (lambda v: np.full_like(v, np.exp(-1.5)), "the order is [mean, log_var]"),
        (lambda v: np.ones_like(v), "log_var has no effect"),
        (lambda v: np.zeros_like(v), "do not scatter at all"),
        (lambda v: np.where(v > 2, np.exp(v / 2), 0), "some of the codes do not scatter"),
        (lambda v: 0.88 * np.exp(v / 2), "standard deviation of 0.88 instead of 1"),
        (lambda v: np.where(v > 0, np.sqrt(np.abs(v)), np.nan), "not a number where"),
        (lambda v: np.broadcast_to(np.exp(v.mean(0) / 2), v.shape), "scatter alike"),
        (lambda v: np.exp(v / 2) + 1, "by nothing else"),
    ],
)
def test_a_wrong_spread_is_explained(sigma, told, seed):
    inputs = drawn("Spread", seed)
    seen = seen_of(inputs, lambda _, log_var: {"std": sigma(log_var)})
    assert told in judge("Spread", seen, inputs)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("width", DRAWN)
@pytest.mark.parametrize("name", ["Mean", "Spread"])
def test_every_mode_and_every_width_counts_and_is_told(mode, width, name):
    inputs = drawn(name, 3)

    def wrong(mean, log_var):
        return {"mean": mean / 2, "std": np.exp(log_var / 2) / 2}

    problem = judge(name, seen_of(inputs, wrong, modes=(mode,), widths=(width,)), inputs)
    assert problem.startswith("At inference") == (mode == "inference")
    assert problem.startswith("Called without the argument") == (mode == "plain")
    assert (f"for {width} latents, " in problem.lower()) == (width != MAIN)


def test_a_width_that_the_layer_cannot_take_is_left_to_the_part_on_shapes():
    seen = seen_of(drawn("Mean"))
    assert judge("Mean", {**seen, str(WIDE): {}}) is None
    assert "cannot be read" in judge("Mean", {**seen, str(MAIN): {}})


@given(seed=SEEDS)
@pytest.mark.parametrize("limits", [(-2.5, np.inf), (-np.inf, 2.4)])
def test_hidden_log_variances_show_limits_that_the_announced_ones_do_not(seed, limits):
    announced = drawn("Spread")["log_var"]
    np.testing.assert_array_equal(np.clip(announced, *limits), announced)
    inputs = drawn("Spread", seed)
    seen = seen_of(inputs, lambda _, log_var: {"std": np.exp(np.clip(log_var, *limits) / 2)})
    assert "a limit on log_var" in judge("Spread", seen, inputs)


def test_announced_log_variances_have_names():
    seen = seen_of(drawn("Spread"), lambda _, log_var: {"std": 2 * np.exp(log_var / 2)})
    assert "at log_var = ln 9 is 6" in judge("Spread", seen)

    def at_least_one(_, log_var):
        return {"std": np.maximum(np.exp(log_var / 2), 1)}

    assert "at log_var = ln 0.25 is 1" in judge("Spread", seen_of(drawn("Spread"), at_least_one))


@pytest.mark.parametrize(
    ("found", "wanted", "told"),
    [
        (3.0, 2.0, ("3", "2")),
        (2.9996, 3.0, ("2.9996", "3")),
        (-1.2341, -1.234, ("−1.2341", "−1.234")),
    ],
)
def test_numbers_that_differ_look_different(found, wanted, told):
    assert apart(found, wanted) == told


@given(seed=SEEDS)
def test_hidden_places_are_the_announced_ones_and_small_and_large_numbers(seed):
    mean, log_var = drawn("Mean", seed)["also"]
    np.testing.assert_array_equal(mean[:2], drawn("Mean")["mean"])
    assert np.sum(np.abs(mean) < 1) >= 15
    assert np.sum(np.abs(mean) > 20) >= 10
    assert log_var.shape == mean.shape == (PLACES, MAIN)
    mean, log_var = drawn("Spread", seed)["also"]
    np.testing.assert_array_equal(log_var[:2], drawn("Spread")["log_var"])
    assert np.sum(log_var < -5) >= 10
    assert np.sum(log_var > 4) >= 10
    assert log_var.shape == mean.shape == (PLACES, MAIN)


@pytest.mark.parametrize(
    ("name", "wrong", "told"),
    [
        ("Mean", {"mean": 2.0}, "is 2 on average, expected 0, as in larger batches"),
        ("Spread", {"std": 0.0}, "standard deviation of 0, expected 1, as in larger batches"),
        ("Spread", {"std": 0.5}, "standard deviation of 0.5, expected 1"),
        ("Spread", {"std": 1.6}, "standard deviation of 1.6, expected 1"),
    ],
)
def test_noise_of_small_batches_counts(name, wrong, told):
    inputs = drawn(name, 1)
    seen = seen_of(inputs)
    batch, width = inputs["small"][-2]
    seen[f"{batch} {width}"] = dict.fromkeys(MODES, SMALL | wrong)
    problem = judge(name, seen, inputs)
    assert problem.startswith(f"In batches of shape ({batch}, {width}) the noise")
    assert told in problem
    seen[f"{batch} {width}"] = dict.fromkeys(MODES, SMALL | wrong | {"again": True})
    assert (judge(name, seen, inputs) is None) == (wrong != {"std": 0.0})


@pytest.mark.parametrize("draws", [12, 60, 400, 1000, 50_000])
def test_a_right_deviation_of_few_draws_lies_within_its_limits(draws):
    low, high = std_limits(draws, COMPARED)
    squares = stats.chi2(draws - 1)
    failing = squares.cdf(low**2 * (draws - 1)) + squares.sf(high**2 * (draws - 1))
    assert failing <= FAILURE / COMPARED


def shares(draws):
    found = form((draws - draws.mean()).reshape(1, -1, MAIN) / draws.std())  # of a single call
    return {"main": dict.fromkeys(MODES, found)}


SIZES = probes.BATCHES[MAIN][0], MAIN


@pytest.mark.parametrize(
    "kind", ["uniform", "laplace", "two values and a little", "truncated", "skewed"]
)
def test_noise_of_another_distribution_is_not_normal(kind):
    rng = np.random.default_rng(2)
    normal, count = rng.standard_normal(200_000), np.prod(SIZES)
    draws = {
        "uniform": rng.uniform(size=count),
        "laplace": rng.laplace(size=count),
        "two values and a little": rng.choice([-1.0, 1.0], count) + 0.1 * normal[:count],
        "truncated": normal[np.abs(normal) < 2][:count],
        "skewed": np.where(np.abs(normal) < 1.17741, np.abs(normal), -np.abs(normal))[:count],
    }[kind]
    problem = judge("NormalNoise", shares(draws))
    assert "not drawn from a normal distribution" in problem
    fresh = shares(normal[:count])["main"]
    mixed = {"main": {**fresh, "inference": shares(draws)["main"]["inference"]}}
    problem = judge("NormalNoise", mixed)
    assert problem.startswith("At inference")


@given(seed=SEEDS)
def test_normal_noise_passes(seed):
    draws = np.random.default_rng(seed).standard_normal(SIZES).ravel()
    assert judge("NormalNoise", shares(draws)) is None


@given(seed=SEEDS)
def test_few_different_numbers_are_little_evidence_against_normal_noise(seed):
    draws = np.tile(np.random.default_rng(seed).standard_normal(500), 120)
    assert judge("NormalNoise", shares(draws)) is None
