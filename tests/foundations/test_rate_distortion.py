"""Rate and distortion: the chapter computes what its formulas say, against other formulas."""

import numpy as np
import pytest
from chapter_code import functions
from scipy import integrate, stats
from scipy.special import logsumexp

from latents import bounds

STANDARD_ERRORS = 5  # a right estimate misses by more in one case of two million


@pytest.fixture(scope="module")
def chapter():
    return functions("rate_distortion")


def close_to(sample, expected):
    error = sample.std(axis=0) / len(sample) ** 0.5
    return np.all(np.abs(sample.mean(axis=0) - expected) < STANDARD_ERRORS * error)


# The β that hides in a loss


@pytest.mark.parametrize(
    ("loss", "expected"),
    [
        (lambda bce, kl: bce.sum(1).mean() + kl.sum(1).mean(), 1),
        (lambda bce, kl: bce.sum(1).mean() + kl.mean(), 1 / 2),
        (lambda bce, kl: bce.sum(1).mean() + 2 * kl.sum(1).mean(), 2),
        (lambda bce, kl: bce.mean() + kl.sum(1).mean() / 784, 1),
        (lambda bce, kl: bce.mean() + kl.sum(1).mean(), 784),
        (lambda bce, kl: 3 * bce.sum() + 12 * kl.sum(), 4),
    ],
)
def test_effective_beta_is_what_the_reductions_say(chapter, loss, expected):
    assert chapter.effective_beta(loss, 784, 2) == pytest.approx(expected)


# Likelihoods


@pytest.mark.parametrize("y", [0.01, 0.3, 0.4999, 0.5, 0.5003, 0.51, 0.9])
def test_continuous_bernoulli_integrates_to_one(chapter, y):
    mass, _ = integrate.quad(lambda x: y**x * (1 - y) ** (1 - x), 0, 1)
    assert mass * np.exp(chapter.log_norm(y)) == pytest.approx(1, abs=1e-7)


def test_continuous_bernoulli_is_finite_for_black_and_white(chapter):
    found = chapter.log_norm([0.0, 1.0])
    assert np.isfinite(found).all()
    assert found[0] == pytest.approx(found[1], rel=1e-6)


def test_gaussian_nll_is_that_of_scipy_and_smallest_at_the_mean_squared_error(chapter):
    rng = np.random.default_rng(2)
    x, y = rng.random(784), rng.random(784)
    squared = np.sum((x - y) ** 2)
    assert chapter.gaussian_nll(squared, 0.2, 784) == pytest.approx(
        -stats.norm(y, 0.2**0.5).logpdf(x).sum()
    )
    best = squared / 784
    at_best = chapter.gaussian_nll(squared, best, 784)
    assert at_best == pytest.approx(392 * (np.log(2 * np.pi * best) + 1))
    assert all(chapter.gaussian_nll(squared, best * f, 784) > at_best for f in (0.9, 1.1))


# Surgery


def test_log_aggregate_is_the_log_of_a_mean_of_densities(chapter):
    rng = np.random.default_rng(4)
    mean, log_var = rng.normal(size=(30, 3)), rng.normal(size=(30, 3))
    z = rng.normal(size=(25, 3))
    each = stats.norm(mean, np.exp(log_var / 2)).logpdf(z[:, None]).sum(axis=-1)  # (25, 30)
    expected = logsumexp(each, axis=1) - np.log(30)
    assert chapter.log_aggregate(z, mean, log_var) == pytest.approx(expected)
    assert chapter.log_aggregate(z, mean, log_var, chunk=4) == pytest.approx(expected)


def test_surgery_agrees_with_integrals_for_two_kinds_of_images(chapter):
    means, scales = np.array([-1.0, 1.5]), np.array([0.6, 0.3])
    z = np.linspace(-8, 8, 40_001)
    each = stats.norm(means[:, None], scales[:, None]).pdf(z)
    q = each.mean(axis=0)

    def integral(f):
        return np.trapezoid(f, z)

    information = integral(
        np.sum(
            0.5 * each * (stats.norm(means[:, None], scales[:, None]).logpdf(z) - np.log(q)), axis=0
        )
    )
    mismatch = integral(q * (np.log(q) - stats.norm.logpdf(z)))
    count = 1500
    mean = np.tile(means, count)[:, None]
    log_var = np.tile(2 * np.log(scales), count)[:, None]
    found = np.array([chapter.surgery(mean, log_var, seed=seed) for seed in range(10)])
    assert close_to(found, [information + mismatch, information, mismatch])
    assert information < np.log(2)


@pytest.mark.parametrize("rates", [[0.0, 0.2, 0.3], [2.0, 0.0, 2.0], [9.0, 5.0, 6.0]])
def test_a_code_without_holes_has_its_rates_and_the_prior_as_its_mixture(chapter, rates):
    mean, log_var = chapter.without_holes(rates, n=40_000)
    expected = bounds.diagonal_gaussian_kl(mean, log_var)
    assert expected.mean(axis=0) == pytest.approx(rates, abs=0.03)
    z = mean + np.exp(log_var / 2) * np.random.default_rng(1).normal(size=mean.shape)
    for column in z.T:
        assert stats.kstest(column, "norm").pvalue > 1e-3


def test_without_holes_the_mismatch_of_far_clouds_is_the_rate_that_the_index_leaves(chapter):
    mean, log_var = chapter.without_holes([9.0, 5.0, 6.0], n=500)
    rate, information, mismatch = chapter.surgery(mean, log_var)
    assert information == pytest.approx(np.log(500), abs=0.01)  # no two clouds overlap
    assert rate == pytest.approx(20, abs=0.3)
    assert mismatch == pytest.approx(rate - np.log(500), abs=0.01)


def test_information_cannot_exceed_the_entropy_of_the_index(chapter):
    mean = 100.0 * np.arange(50)[:, None]  # codes that never overlap
    _, information, _ = chapter.surgery(mean, np.full((50, 1), -2.0))
    assert information == pytest.approx(np.log(50))


def test_a_draw_of_codes_has_the_mean_and_variance_that_the_encoder_says(chapter):
    class Fixed:
        def __init__(self, array):
            self.array = array

        def numpy(self):
            return self.array

    mean, log_var = np.array([0.5, -2.0]), np.array([-1.0, 0.7])
    rows = np.tile(np.concatenate([mean, log_var]), (20_000, 1))
    z = chapter.draw_codes(Fixed, rows, seed=2)
    assert z.shape == (20_000, 2)
    assert close_to(z, mean)
    assert close_to((z - mean) ** 2, np.exp(log_var))
    assert np.array_equal(z, chapter.draw_codes(Fixed, rows, seed=2))
    assert not np.array_equal(z, chapter.draw_codes(Fixed, rows, seed=3))


def test_what_another_prior_gains_is_at_most_the_mismatch(chapter):
    rng = np.random.default_rng(6)
    shift, scale = np.array([1.0, -0.5]), np.array([[1.2, 0.0], [0.5, 0.4]])
    z = shift + rng.normal(size=(40_000, 2)) @ scale.T  # the aggregate: a Gaussian itself
    mismatch = bounds.gaussian_kl(shift[None], scale[None])[0]
    for fitted, best in ((scale, True), (1.3 * scale, False)):
        gain = bounds.log_normal(z[:, None], shift[None], fitted[None])[:, 0]
        gain = gain - bounds.log_standard_normal(z)
        error = STANDARD_ERRORS * gain.std() / len(gain) ** 0.5
        assert (abs(gain.mean() - mismatch) < error) == best
        assert gain.mean() < mismatch + error


# The trained model


@pytest.fixture(scope="module")
def small_vae(chapter):
    return chapter.VAE([chapter.layers.Dense(8, "relu")], beta=3.0, d=4)


def test_the_loss_is_distortion_plus_beta_times_rate(chapter, small_vae):
    x = np.random.default_rng(0).random((5, 28, 28, 1)).astype("float32")
    outputs = small_vae(x)
    logits, mean, log_var = (output.numpy() for output in outputs)
    D = bounds.bernoulli_nll(x, logits).mean()
    R = bounds.diagonal_gaussian_kl(mean, log_var).mean(axis=0)
    assert float(small_vae.compute_loss(x, y_pred=outputs)) == pytest.approx(D + 3 * R.sum())
    assert float(small_vae.distortion.result()) == pytest.approx(D)
    assert float(small_vae.rate.result()) == pytest.approx(R.sum())


def test_free_bits_charge_each_latent_for_at_least_its_allowance(chapter, small_vae):
    x = np.random.default_rng(0).random((5, 28, 28, 1)).astype("float32")
    outputs = small_vae(x)
    logits, mean, log_var = (output.numpy() for output in outputs)
    R = bounds.diagonal_gaussian_kl(mean, log_var).mean(axis=0)
    small_vae.free = float(np.median(R))
    charged = float(small_vae.compute_loss(x, y_pred=outputs))
    D = bounds.bernoulli_nll(x, logits).mean()
    small_vae.free = 0.0
    assert charged == pytest.approx(D + 3 * np.maximum(R, np.median(R)).sum())


def test_noise_is_fresh_at_every_call(small_vae):
    x = np.zeros((2, 28, 28, 1), "float32")
    assert not np.array_equal(small_vae(x)[0], small_vae(x)[0])


def test_sampled_weights_of_a_blind_decoder_have_minus_distortion_minus_rate_as_mean(chapter):
    x = (np.random.default_rng(0).random((2, 28, 28, 1)) < 0.5).astype("float32")
    mean, log_var = np.array([[0.5, -1.0], [0.0, 2.0]]), np.array([[0.3, -1.0], [0.0, 0.0]])
    weights = chapter.sampled_log_weights(
        lambda z: np.zeros((len(z), 28, 28, 1)), x, mean, log_var, K=3000, seed=1
    )
    rate = bounds.diagonal_gaussian_kl(mean, log_var).sum(axis=1)
    assert weights.shape == (3000, 2)
    assert close_to(weights, -784 * np.log(2) - rate)


def test_tuning_a_code_raises_its_elbo(chapter, small_vae):
    x = (np.random.default_rng(0).random((3, 28, 28, 1)) < 0.2).astype("float32")
    mean, log_var = np.ones((3, 4), "float32"), np.zeros((3, 4), "float32")
    tuned = chapter.improve(small_vae.decoder, x, mean, log_var, steps=60)
    before = chapter.sampled_log_weights(small_vae.decoder, x, mean, log_var, K=60, seed=2)
    after = chapter.sampled_log_weights(small_vae.decoder, x, *tuned, K=60, seed=2)
    assert np.all(after.mean(axis=0) > before.mean(axis=0))


def test_warm_up_raises_beta_from_zero_to_one_and_stops(chapter):
    from types import SimpleNamespace

    given = []
    warm_up = chapter.WarmUp(steps=4)
    beta = SimpleNamespace(assign=given.append)
    for step in (0, 2, 4, 9):
        warm_up.set_model(SimpleNamespace(beta=beta, optimizer=SimpleNamespace(iterations=step)))
        warm_up.on_train_batch_begin(0)
    assert given == [0.0, 0.5, 1.0, 1.0]
