"""What the judges of ``sampling`` say of the moments of codes: no layer, no TensorFlow."""

import numpy as np
import pytest
from autograder.checks.sampling_moments import (
    CALLS,
    COPIES,
    DRAWS,
    SHARED,
    moments,
    vary_more_than_independent,
)

from autograder import checks
from autograder.checks import sampling_moments

CHECKS = {check.name: check for check in checks.load("sampling").checks}
SEEDS = range(12)


def places(name, seed=None):
    return CHECKS[name].inputs(None if seed is None else np.random.default_rng(seed))


def judge(name, inputs=None, **seen):
    return CHECKS[name].judge(inputs or places(name), seen, None)


def codes(mean, log_var, noise):
    """Return moments of z = mean + exp(log_var / 2) · noise, noise (calls, rows, ...)."""
    return moments(mean + np.exp(log_var / 2) * noise)


def noises(calls, copies, seed=1):
    """Return noise as right and wrong answers make it: around 0, of variance 1."""
    draw = np.random.default_rng(seed).standard_normal
    half = draw((calls, copies // 2, 2, 4))
    found = {
        "fresh": draw((calls, copies, 2, 4)),
        "fixed seed": draw((1, copies, 2, 4)),
        "two seeds in turn": draw((2, copies, 2, 4))[np.arange(calls) % 2],
        "fifty seeds": draw((50, copies, 2, 4))[np.arange(calls) % 50],
        "shared by the latents": draw((calls, copies, 2, 1)),
        "repeated within a batch": np.concatenate([half, half], axis=1),
        "reversed within a batch": np.concatenate([half, -half], axis=1),
        "shared by the batch": draw((calls, 1, 1, 4)),
        "one number a call": draw((calls, 1, 1, 1)),
        "shared by fifty codes": draw((calls, copies // 50, 2, 4)).repeat(50, axis=1),
    }
    return {kind: np.broadcast_to(noise, (calls, copies, 2, 4)) for kind, noise in found.items()}


OF_A_CALL = ("shared by the batch", "one number a call", "shared by fifty codes")
MANY = noises(*SHARED)
NOISES = noises(CALLS, COPIES) | {kind: MANY[kind] for kind in OF_A_CALL}


@pytest.mark.parametrize("kind", NOISES)
@pytest.mark.parametrize("seed", range(3))
def test_many_calls_are_made_for_noise_that_a_call_shares_and_for_no_other(monkeypatch, kind, seed):
    made = []

    def draw_codes(layer, mean, log_var, calls, copies):
        made.append((calls, copies))
        noise = noises(calls, copies, seed)[kind][..., :3]
        return mean + np.exp(log_var / 2) * noise

    monkeypatch.setattr(sampling_moments, "draw_codes", draw_codes)
    log_var = places("Spread")["log_var"]
    found = sampling_moments.draw(None, np.full_like(log_var, -3.0), log_var)
    assert made == [(CALLS, COPIES), SHARED][: 1 + (kind in OF_A_CALL)]
    assert judge("Spread", **found) is None


def test_codes_without_noise_or_without_numbers_ask_for_no_more_calls():
    for value in (0.0, np.nan, np.inf):
        with np.errstate(all="ignore"):
            found = moments(np.full((CALLS, COPIES, 2, 4), value))
            assert not vary_more_than_independent(found)


def test_both_numbers_of_calls_give_the_same_number_of_draws():
    assert np.prod(SHARED) == DRAWS


@pytest.mark.parametrize("kind", NOISES)
@pytest.mark.parametrize("seed", [None, 3])
def test_how_noise_is_shared_costs_neither_the_mean_nor_the_spread(kind, seed):
    for name, of_noise in (("Mean", np.s_[:]), ("Spread", np.s_[..., :3])):
        inputs = places(name, seed)
        mean, log_var = np.broadcast_arrays(inputs["mean"], inputs["log_var"])
        assert judge(name, inputs, **codes(mean, log_var, NOISES[kind][of_noise])) is None


def test_a_single_number_for_ever_does_not_cost_the_mean():
    inputs = places("Mean")
    seen = codes(inputs["mean"], inputs["log_var"], np.full((CALLS, COPIES, 2, 4), 2.5))
    assert judge("Mean", **seen) is None


@pytest.mark.parametrize("kind", ["fresh", "fixed seed", "shared by the batch"])
@pytest.mark.parametrize("seed", [None, 5])
@pytest.mark.parametrize(
    ("center", "told"),
    [
        (lambda mean: 0 * mean, "the mean does not arrive in the code"),
        (lambda mean: -mean, "its sign is reversed"),
        (lambda mean: 2 * mean, "the mean arrives multiplied by 2"),
        (lambda mean: 1.5 * mean, "the mean arrives multiplied by 1.5"),
        (lambda mean: mean.mean(axis=0, keepdims=True) + 0 * mean, "different means get the same"),
        (lambda mean: np.abs(mean), "right at other values"),
    ],
)
def test_a_wrong_mean_is_explained(center, told, seed, kind):
    inputs = places("Mean", seed)
    problem = judge("Mean", inputs, **codes(center(inputs["mean"]), 1.0, NOISES[kind]))
    assert told in problem


def test_a_shift_of_the_noise_is_told_by_its_size():
    mean = places("Mean")["mean"]
    problem = judge("Mean", **codes(mean, 1.0, 0.5 + NOISES["fresh"]))
    assert "every code is shifted by 0.8" in problem


def test_swapped_inputs_are_recognized_in_the_mean_though_some_noise_is_huge():
    mean = places("Mean")["mean"]
    seen = moments(1.0 + np.exp(mean / 2) * NOISES["fresh"])
    assert "the order is [mean, log_var]" in judge("Mean", **seen)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(
    ("center", "told"),
    [(np.round, "rounded to a whole number"), (lambda mean: np.clip(mean, -20, 20), "a limit on")],
)
def test_hidden_means_show_what_the_announced_ones_do_not(seed, center, told):
    announced = places("Mean")["mean"]
    np.testing.assert_array_equal(center(announced), announced)
    inputs = places("Mean", seed)
    exact = {"mean_error": 0.01, "std": 1.0}
    assert told in judge("Mean", inputs, mean=center(inputs["mean"]), **exact)
    assert judge("Mean", inputs, mean=inputs["mean"], **exact) is None


@pytest.mark.parametrize("seed", [None, *SEEDS])
@pytest.mark.parametrize(
    ("sigma", "told"),
    [
        (lambda v: np.exp(v), "exp(log_var) where exp(log_var / 2)"),
        (lambda v: np.exp(2 * v), "square the variance"),
        (lambda v: np.exp(v / 4), "square root twice"),
        (lambda v: np.exp(v) / 2, "halve the variance"),
        (lambda v: np.exp(-v / 2), "the inverse"),
        (lambda v: np.abs(v), "by log_var, which is a logarithm"),
        (lambda v: np.abs(v) / 2, "without exp"),
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
    inputs = places("Spread", seed)
    found = sigma(inputs["log_var"])
    error = np.nan_to_num(found) / np.sqrt(DRAWS)
    assert told in judge("Spread", inputs, std=found, std_error=error)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("limits", [(-2.5, np.inf), (-np.inf, 2.4)])
def test_hidden_log_variances_show_limits_that_the_announced_ones_do_not(seed, limits):
    announced = places("Spread")["log_var"]
    np.testing.assert_array_equal(np.clip(announced, *limits), announced)
    inputs = places("Spread", seed)
    found = np.exp(np.clip(inputs["log_var"], *limits) / 2)
    assert "a limit on log_var" in judge("Spread", inputs, std=found, std_error=0.001)


def test_announced_log_variances_have_names():
    found = np.exp(places("Spread")["log_var"] / 2)
    assert "at log_var = ln 9 is 6" in judge("Spread", std=2 * found, std_error=0.01)
    found = np.where(found > 1, found, 1.0)
    assert "at log_var = ln 0.25 is 1" in judge("Spread", std=found, std_error=0.01)


@pytest.mark.parametrize(
    ("found", "wanted", "told"),
    [
        (3.0, 2.0, ("3", "2")),
        (2.9996, 3.0, ("2.9996", "3")),
        (-1.2341, -1.234, ("−1.2341", "−1.234")),
    ],
)
def test_numbers_that_differ_look_different(found, wanted, told):
    assert sampling_moments.apart(found, wanted) == told


def shares(draws):
    away = np.abs(draws - draws.mean()) / draws.std()
    share = [float(np.mean(away < width)) for width in CHECKS["NormalNoise"].WITHIN]
    return {"share": share, "different": len(np.unique(draws))}


@pytest.mark.parametrize("kind", ["uniform", "laplace", "two values and a little", "truncated"])
def test_noise_of_another_distribution_is_not_normal(kind):
    rng = np.random.default_rng(2)
    normal = rng.standard_normal(200_000)
    count = np.prod(CHECKS["NormalNoise"].SIZES)
    draws = {
        "uniform": rng.uniform(size=count),
        "laplace": rng.laplace(size=count),
        "two values and a little": rng.choice([-1.0, 1.0], count) + 0.1 * normal[:count],
        "truncated": normal[np.abs(normal) < 2][:count],
    }[kind]
    assert "not drawn from a normal distribution" in judge("NormalNoise", **shares(draws))


@pytest.mark.parametrize("seed", SEEDS)
def test_normal_noise_passes(seed):
    draws = np.random.default_rng(seed).standard_normal(CHECKS["NormalNoise"].SIZES).ravel()
    assert judge("NormalNoise", **shares(draws)) is None


def test_few_different_numbers_are_no_evidence_against_normal_noise():
    draws = np.tile(np.random.default_rng(0).uniform(size=500), 100)
    assert judge("NormalNoise", **shares(draws)) is None
