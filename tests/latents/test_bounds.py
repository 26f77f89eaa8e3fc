"""The estimators of latents.bounds against computations that share no line with them.

Monte Carlo comparisons allow five standard errors: a right estimator fails one seed in a million,
and the seeds are fixed.
"""

from itertools import product

import numpy as np
import pytest
from scipy import integrate, stats

from latents import bounds

STANDARD_ERRORS = 5


def lower_triangular(rng, batch, d):
    scale = np.tril(rng.normal(size=(batch, d, d)))
    diagonal = np.arange(d)
    scale[:, diagonal, diagonal] = rng.uniform(0.3, 2.0, (batch, d))
    return scale


@pytest.mark.parametrize(("mean", "log_var"), [(0, -2), (0.7, 0), (-1.5, 1.2), (3, -5), (0.1, 3)])
def test_the_kl_of_a_latent_is_the_integral_that_defines_it(mean, log_var):
    q, p = stats.norm(mean, np.exp(log_var) ** 0.5), stats.norm(0, 1)
    low, high = q.ppf(1e-15), q.isf(1e-15)
    integral, _ = integrate.quad(lambda z: q.pdf(z) * (q.logpdf(z) - p.logpdf(z)), low, high)
    assert bounds.diagonal_gaussian_kl([[mean]], [[log_var]])[0, 0] == pytest.approx(integral)


def test_the_kl_is_exactly_zero_at_the_prior():
    zeros = np.zeros((3, 4), np.float32)
    assert (bounds.diagonal_gaussian_kl(zeros, zeros) == 0).all()
    assert (bounds.gaussian_kl(zeros, np.tile(np.eye(4), (3, 1, 1))) == 0).all()


def test_the_kl_is_kept_for_every_latent_and_neither_summed_nor_averaged():
    kl = bounds.diagonal_gaussian_kl([[1.0, 0.0, 2.0]], np.zeros((1, 3)))
    assert kl.tolist() == [[0.5, 0.0, 2.0]]


def test_the_second_argument_is_a_log_variance_not_a_log_deviation():
    exact = 0.5 * (4 - 1 - np.log(4))  # standard deviation 2
    assert bounds.diagonal_gaussian_kl([[0]], [[np.log(4)]])[0, 0] == pytest.approx(exact)
    assert bounds.diagonal_gaussian_kl([[0]], [[np.log(2)]])[0, 0] < exact / 2


@pytest.mark.parametrize("log_var", [1e-9, -1e-9])
def test_the_kl_is_precise_next_to_the_prior(log_var):
    kl = bounds.diagonal_gaussian_kl(0.0, log_var)
    assert kl == pytest.approx(log_var**2 / 4, rel=1e-6, abs=0)


def test_the_kl_survives_extreme_variances():
    narrow, wide = bounds.diagonal_gaussian_kl([0, 0], np.array([-1000, 100], np.float32))
    assert narrow == pytest.approx(0.5 * (1000 - 1))
    assert wide == pytest.approx(0.5 * (np.exp(100.0) - 101))  # beyond the range of float32


def test_float32_inputs_are_computed_in_float64():
    value = np.float32(1e-3)
    kl = bounds.diagonal_gaussian_kl(np.float32(0), value)
    assert kl.dtype == np.float64
    assert kl == pytest.approx(0.5 * (np.expm1(float(value)) - float(value)), rel=1e-9)
    for result in (
        bounds.gaussian_kl(np.zeros((1, 2), "f4"), np.eye(2, dtype="f4")[None]),
        bounds.bernoulli_nll(np.ones((1, 2), "f4"), np.zeros((1, 2), "f4")),
        bounds.probability_nll(np.ones((1, 2), "f4"), np.full((1, 2), 0.5, "f4")),
        bounds.log_standard_normal(np.zeros((1, 2), "f4")),
        bounds.iwae(np.zeros((3, 2), "f4")),
    ):
        assert result.dtype == np.float64


def test_the_full_kl_agrees_with_the_diagonal_one_on_diagonal_scales():
    rng = np.random.default_rng(1)
    mean, log_var = rng.normal(size=(6, 3)), rng.normal(size=(6, 3))
    scale = np.exp(log_var / 2)[:, :, None] * np.eye(3)
    by_latent = bounds.diagonal_gaussian_kl(mean, log_var)
    assert bounds.gaussian_kl(mean, scale) == pytest.approx(by_latent.sum(-1))


def test_the_full_kl_agrees_with_the_formula_in_the_covariance():
    rng = np.random.default_rng(2)
    mean, scale = rng.normal(size=(5, 4)), lower_triangular(rng, 5, 4)
    covariance = scale @ scale.transpose(0, 2, 1)
    trace, (_, log_det) = np.einsum("bii->b", covariance), np.linalg.slogdet(covariance)
    expected = (trace + (mean**2).sum(1) - 4 - log_det) / 2
    assert bounds.gaussian_kl(mean, scale) == pytest.approx(expected)
    assert (np.abs(bounds.gaussian_kl(mean, covariance) - expected) > 0.1).all()  # L, not LLᵀ


def test_the_full_kl_is_the_mean_log_ratio_of_the_densities():
    rng = np.random.default_rng(3)
    mean, scale = rng.normal(size=3), lower_triangular(rng, 1, 3)[0]
    q = stats.multivariate_normal(mean, scale @ scale.T, seed=rng)
    z = q.rvs(100_000)
    ratio = q.logpdf(z) - stats.norm.logpdf(z).sum(1)
    error = ratio.std() / len(z) ** 0.5
    kl = bounds.gaussian_kl(mean[None], scale[None])[0]
    assert abs(kl - ratio.mean()) < STANDARD_ERRORS * error


def test_the_bernoulli_nll_is_summed_over_the_pixels_of_each_image():
    rng = np.random.default_rng(4)
    bits, logits = rng.random((3, 4, 4, 2)) < 0.4, rng.normal(0, 3, (3, 4, 4, 2))
    log_p = stats.bernoulli(1 / (1 + np.exp(-logits))).logpmf(bits)
    assert bounds.bernoulli_nll(bits, logits) == pytest.approx(-log_p.sum((1, 2, 3)))
    assert bounds.bernoulli_nll(np.ones((1, 28, 28)), np.zeros((1, 28, 28)))[0] == pytest.approx(
        784 * np.log(2)
    )


def test_cross_entropy_of_grey_pixels_is_the_expected_nll_of_their_bits():
    rng = np.random.default_rng(5)
    grey, logits = rng.random(6), rng.normal(0, 2, 6)
    patterns = np.array(list(product([0, 1], repeat=6)))  # all 64
    chance = np.prod(np.where(patterns == 1, grey, 1 - grey), axis=1)
    nll = bounds.bernoulli_nll(patterns, np.tile(logits, (len(patterns), 1)))
    assert bounds.bernoulli_nll(grey[None], logits[None])[0] == pytest.approx(chance @ nll)


def test_the_bernoulli_nll_survives_extreme_logits():
    x, logits = np.array([[1], [0], [1], [0]]), np.array([[800], [800], [-800], [-800]])
    assert bounds.bernoulli_nll(x, logits).tolist() == [0, 800, 800, 0]


def test_probabilities_and_logits_give_the_same_nll():
    rng = np.random.default_rng(6)
    x, logits = rng.random((4, 5, 5)), rng.normal(0, 3, (4, 5, 5))
    from_p = bounds.probability_nll(x, 1 / (1 + np.exp(-logits)))
    assert from_p == pytest.approx(bounds.bernoulli_nll(x, logits))


def test_certain_probabilities_are_kept_off_zero_and_one():
    wrong, right = [[1.0, 0.0]], [[0.0, 1.0]]
    assert bounds.probability_nll(wrong, right)[0] == pytest.approx(-2 * np.log(1e-7))
    assert bounds.probability_nll(right, right)[0] == pytest.approx(2e-7, rel=1e-6)
    assert bounds.probability_nll(wrong, right, floor=0.01)[0] == pytest.approx(-2 * np.log(0.01))


def test_the_entropy_floor_is_the_entropy_of_the_pixels_per_image():
    images = np.random.default_rng(7).integers(0, 256, (5, 6, 6, 3), dtype=np.uint8)
    p = images / 255
    entropy = stats.entropy(np.stack([p, 1 - p])).sum() / 5
    assert bounds.entropy_floor(images) == pytest.approx(entropy)


def test_black_and_white_images_have_no_entropy():
    assert bounds.entropy_floor(np.array([[0, 255, 255], [0, 0, 255]], np.uint8)) == 0


def test_no_logits_beat_the_entropy_floor():
    rng = np.random.default_rng(8)
    images = rng.integers(1, 255, (4, 10, 10, 1), dtype=np.uint8)
    grey = images / 255
    best = np.log(grey) - np.log1p(-grey)
    floor = bounds.entropy_floor(images)
    assert bounds.bernoulli_nll(grey, best).mean() == pytest.approx(floor)
    for spread in (0.01, 0.1, 1.0):
        nudged = best + rng.normal(0, spread, best.shape)
        assert bounds.bernoulli_nll(grey, nudged).mean() > floor


def test_log_normal_is_the_density_of_a_full_gaussian():
    rng = np.random.default_rng(9)
    mean, scale = rng.normal(size=(3, 4)), lower_triangular(rng, 3, 4)
    z = rng.normal(size=(7, 3, 4))
    expected = np.stack(
        [
            stats.multivariate_normal(mean[b], scale[b] @ scale[b].T).logpdf(z[:, b])
            for b in range(3)
        ],
        axis=1,
    )
    assert bounds.log_normal(z, mean, scale) == pytest.approx(expected)


def test_log_standard_normal_is_the_sum_over_the_latents():
    z = np.random.default_rng(10).normal(size=(7, 3, 4))
    assert bounds.log_standard_normal(z) == pytest.approx(stats.norm.logpdf(z).sum(-1))


def test_a_latent_is_active_by_the_variance_of_its_mean():
    wave = np.tile([1.0, -1.0], 500)
    means = np.stack([0.11 * wave, 0.09 * wave, 0 * wave + 5], axis=1)  # variances .0121 .0081 0
    assert bounds.active_units(means) == 1
    assert bounds.active_units(means, threshold=0.008) == 2
    assert bounds.active_units(means, threshold=0.02) == 0
