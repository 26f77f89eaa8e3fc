"""Deeper codes: tokens, levels and diffusion against other computations of the same quantities."""

import itertools

import numpy as np
import pytest
from chapter_code import functions
from scipy import integrate, stats
from scipy.spatial.distance import cdist

from latents import bounds

STANDARD_ERRORS = 5  # a right estimate misses by more in one case of two million


@pytest.fixture(scope="module")
def chapter():
    return functions("deeper_codes")


@pytest.fixture(scope="module")
def garments():
    return np.random.default_rng(0).random((7, 784)).astype("float32")


def close_to(sample, expected):
    error = sample.std(axis=0) / len(sample) ** 0.5
    return np.all(np.abs(sample.mean(axis=0) - expected) < STANDARD_ERRORS * error)


def gaussian_parameters(rows, d, seed):
    rng = np.random.default_rng(seed)
    return np.concatenate([rng.normal(size=(rows, d)), rng.normal(size=(rows, d)) - 1], axis=1)


# The plain VAE


def test_the_loss_of_the_vae_is_distortion_plus_rate(chapter, garments):
    model = chapter.VAE(3)
    outputs = model(garments)
    logits, mean, log_var = (output.numpy() for output in outputs)
    D = bounds.bernoulli_nll(garments, logits).mean()
    R = bounds.diagonal_gaussian_kl(mean, log_var).sum(axis=1).mean()
    assert float(model.compute_loss(garments, y_pred=outputs)) == pytest.approx(D + R, rel=1e-5)


def test_a_posterior_draw_has_the_moments_that_the_encoder_returns(chapter, garments):
    model = chapter.VAE(2)
    draws = np.stack([chapter.posterior(model, garments, seed)[2] for seed in range(500)])
    mean, log_var, _ = chapter.posterior(model, garments)
    assert close_to(draws, mean)
    assert close_to((draws - mean) ** 2, np.exp(log_var))


# Tokens


@pytest.fixture(scope="module")
def vq(chapter, garments):
    model = chapter.VQVAE(M=4, K=5, width=2)
    model(garments)
    return model


def test_tokens_are_the_nearest_entries(vq, garments):
    h = vq.encoder(garments).numpy()
    found = np.asarray(vq.tokens(h))
    expected = cdist(h.reshape(-1, 2), vq.codebook.numpy()).argmin(axis=1).reshape(7, 4)
    assert found.tolist() == expected.tolist()
    entries = vq.codebook.numpy()[expected].reshape(7, 8)
    assert np.asarray(vq.look_up(found)) == pytest.approx(entries)


def test_the_loss_of_the_tokens_has_both_squares_with_their_weights(vq, garments):
    outputs = vq(garments)
    h, e = vq.encoder(garments).numpy(), np.asarray(vq.look_up(vq.tokens(vq.encoder(garments))))
    D = bounds.bernoulli_nll(garments, vq.decoder(e)).mean()
    square = np.linalg.norm(h - e, axis=1) ** 2
    expected = D + (10 + 2.5) * square.mean()
    assert float(vq.compute_loss(garments, y_pred=outputs)) == pytest.approx(expected, rel=1e-5)


def test_each_square_moves_only_its_own_side(chapter, vq, garments):
    tf = chapter.tf
    h = tf.constant(vq.encoder(garments))
    e = tf.constant(np.asarray(vq.look_up(vq.tokens(h))))
    with tf.GradientTape() as tape:
        tape.watch([h, e])
        loss = vq.compute_loss(garments, y_pred=(tf.zeros((7, 784)), h, e))
    by_h, by_e = tape.gradient(loss, [h, e])
    assert by_h.numpy() == pytest.approx((5 * (h - e) / 7).numpy(), rel=1e-4)  # 2 · 10 / 4
    assert by_e.numpy() == pytest.approx((20 * (e - h) / 7).numpy(), rel=1e-4)


def test_the_straight_through_gradient_is_that_of_the_decoder_at_the_entries(chapter, vq, garments):
    tf = chapter.tf
    e = tf.constant(np.asarray(vq.look_up(vq.tokens(vq.encoder(garments)))))
    with tf.GradientTape() as tape:
        tape.watch(e)
        D = tf.reduce_sum(chapter.nll(garments, vq.decoder(e)))
    expected = tape.gradient(D, e).numpy()
    found = chapter.straight_through(vq, garments)
    assert np.abs(expected).max() > 0.1
    assert found == pytest.approx(expected, abs=1e-4 * np.abs(expected).max())
    by_hand = chapter.decoder_slope(vq, garments, e.numpy())
    assert by_hand == pytest.approx(expected, abs=1e-4 * np.abs(expected).max())


def test_the_true_slope_of_a_quantized_model_is_zero_inside_a_cell(chapter, vq, garments):
    inside = np.asarray(vq.look_up(vq.tokens(vq.encoder(garments))))  # entries: in mid-cell
    assert np.all(chapter.true_slope(vq, garments, inside) == 0)


def test_frequencies_are_counts_with_one_added(chapter):
    tokens = np.array([[0, 2], [0, 1], [1, 2]])
    expected = [[3 / 6, 2 / 6, 1 / 6], [1 / 6, 2 / 6, 3 / 6]]
    assert chapter.frequencies(tokens, 3) == pytest.approx(np.array(expected))


def test_token_rates_make_a_distribution_over_lists(chapter):
    p = np.random.default_rng(1).dirichlet(np.ones(3), size=4)
    lists = np.array(list(itertools.product(range(3), repeat=4)))
    assert np.exp(-chapter.token_rate(lists, p)).sum() == pytest.approx(1)
    uniform = np.full((4, 3), 1 / 3)
    assert chapter.token_rate(lists, uniform) == pytest.approx(np.full(81, 4 * np.log(3)))


def test_a_fitted_rate_is_the_cross_entropy_of_each_position(chapter):
    rng = np.random.default_rng(2)
    p, tokens = rng.dirichlet(np.ones(6), size=3), rng.integers(6, size=(500, 3))
    used = np.stack([np.bincount(column, minlength=6) / 500 for column in tokens.T])
    expected = sum(stats.entropy(u) + stats.entropy(u, v) for u, v in zip(used, p, strict=True))
    assert chapter.token_rate(tokens, p).mean() == pytest.approx(expected)


@pytest.mark.parametrize(
    ("tokens", "expected"),
    [(np.arange(8), 8), ([[3, 3], [3, 3]], 1), ([[0, 1], [1, 0]], 2)],
)
def test_perplexity_of_equal_use_is_the_number_of_entries(chapter, tokens, expected):
    assert chapter.perplexity(np.asarray(tokens), 8) == pytest.approx(expected)


def test_perplexity_is_the_exponential_of_scipys_entropy(chapter):
    tokens = np.random.default_rng(3).binomial(15, 0.3, size=(400, 6))
    use = np.bincount(tokens.ravel(), minlength=16)
    assert chapter.perplexity(tokens, 16) == pytest.approx(np.exp(stats.entropy(use)))


def test_chain_and_mixture_are_distributions_over_lists(chapter):
    rng = np.random.default_rng(4)
    tokens = rng.integers(3, size=(50, 4))
    lists = np.array(list(itertools.product(range(3), repeat=4)))
    first = chapter.frequencies(tokens, 3)[0]
    assert np.exp(-chapter.chain_rate(lists, first, chapter.chain(tokens, 3))).sum() == (
        pytest.approx(1)
    )
    tables = rng.dirichlet(np.ones(3), size=(5, 4))
    found = np.exp(-chapter.mixture_rate(lists, tables))
    assert found.sum() == pytest.approx(1)
    assert found[7] == pytest.approx(np.prod(tables[:, range(4), lists[7]], axis=1).mean())


# Two levels


def test_the_kl_of_two_gaussians_agrees_with_an_integral(chapter):
    q, p = np.array([[0.3, -0.8]]), np.array([[-0.5, 0.4]])  # mean and log-variance
    first, second = (stats.norm(m, np.exp(v / 2)) for (m, v) in (q[0], p[0]))
    expected, _ = integrate.quad(
        lambda z: first.pdf(z) * (first.logpdf(z) - second.logpdf(z)), -12, 12
    )
    assert float(chapter.two_gaussians(q, p)[0, 0]) == pytest.approx(expected, rel=1e-6)


def test_the_kl_from_a_standard_normal_is_that_of_bounds(chapter):
    q = gaussian_parameters(6, 3, seed=5)
    mean, log_var = np.split(q, 2, axis=1)
    found = np.asarray(chapter.two_gaussians(q, np.zeros_like(q)))
    assert found == pytest.approx(bounds.diagonal_gaussian_kl(mean, log_var), rel=1e-5)


def test_log_density_is_that_of_scipy(chapter):
    parameters = gaussian_parameters(6, 3, seed=6)
    mean, log_var = np.split(parameters, 2, axis=1)
    z = np.random.default_rng(7).normal(size=(6, 3))
    expected = stats.norm(mean, np.exp(log_var / 2)).logpdf(z).sum(axis=1)
    assert chapter.log_density(z, parameters) == pytest.approx(expected)


@pytest.fixture(scope="module")
def two_levels(chapter, garments):
    chapter.keras.utils.set_random_seed(1)
    model = chapter.TwoLevels(d1=4, d2=2, width=8)
    model(garments)
    return model


def test_the_loss_of_two_levels_is_distortion_and_both_rates(chapter, two_levels, garments):
    outputs = two_levels(garments)
    logits, upper, lower, prior = (output.numpy() for output in outputs)
    D = bounds.bernoulli_nll(garments, logits)
    R_2 = bounds.diagonal_gaussian_kl(*np.split(upper, 2, axis=1)).sum(axis=1)
    (mean, log_var), (other, other_var) = (np.split(part, 2, axis=1) for part in (lower, prior))
    scale = np.exp(other_var / 2)  # measure both in units of the prior: it becomes N(0, I)
    R_1 = bounds.diagonal_gaussian_kl((mean - other) / scale, log_var - other_var).sum(axis=1)
    found = float(two_levels.compute_loss(garments, y_pred=outputs))
    assert found == pytest.approx((D + R_1 + R_2).mean(), rel=1e-5)


def test_rates_of_levels_are_means_of_sampled_logarithms(chapter, two_levels, garments):
    seen = [chapter.measure_levels(two_levels, garments, seed) for seed in range(300)]
    for name, place in (("R_1", 0), ("R_2", 1)):
        difference = np.array([m[name] - m["again"][place] for m in seen])  # (300, 7)
        assert close_to(difference, 0)
        assert np.all(seen[0][name] >= 0)


def test_redrawn_codes_follow_the_lower_prior(chapter, two_levels, monkeypatch):
    monkeypatch.setitem(chapter.redraw.__globals__, "pictures", lambda decoder, z: z)
    z_2 = np.array([[0.5, -1.0]])
    mean, log_var = np.split(np.float64(two_levels.prior(z_2.astype("float32"))), 2, axis=1)
    draws = chapter.redraw(two_levels, np.repeat(z_2, 4000, axis=0), seed=8)
    assert close_to(draws, mean)
    assert close_to((draws - mean) ** 2, np.exp(log_var))


# Diffusion


def test_levels_preserve_the_variance_and_grow_noisier_by_equal_steps(chapter):
    alpha, sigma = chapter.noise_levels(40)
    assert len(alpha) == 41
    assert alpha**2 + sigma**2 == pytest.approx(np.ones(41))
    assert sigma[0] == 0
    steps = np.diff(2 * np.log(alpha[1:] / sigma[1:]))
    assert steps == pytest.approx(np.full(39, -16 / 39))


@pytest.mark.parametrize("t", [2, 11, 25, 40])
def test_one_step_down_is_the_product_of_two_densities(chapter, t):
    alpha, sigma = chapter.noise_levels(40)
    z_0, kept = -1.3, alpha[t] / alpha[t - 1]
    z_t = alpha[t] * z_0 + 1.5 * sigma[t]  # where the density is, and with it the grid
    below = alpha[t - 1] * z_0, sigma[t - 1]
    grid = np.linspace(below[0] - 9 * below[1], below[0] + 9 * below[1], 40_001)
    added = (sigma[t] ** 2 - (kept * sigma[t - 1]) ** 2) ** 0.5
    log_p = stats.norm(kept * grid, added).logpdf(z_t) + stats.norm(*below).logpdf(grid)
    p = np.exp(log_p - log_p.max())
    p /= p.sum()
    mean = p @ grid
    found = chapter.step_down(z_t, z_0, t, alpha, sigma)
    assert found == pytest.approx((mean, p @ (grid - mean) ** 2), rel=1e-6)


@pytest.mark.parametrize("t", [2, 20, 39])
def test_the_cost_of_a_step_is_the_kl_of_its_two_gaussians(chapter, t):
    alpha, sigma = chapter.noise_levels(40)
    factor, constant = chapter.step_costs(alpha, sigma)
    z_t, z_0, guess = 0.7, -1.3, 0.4
    mean, variance = chapter.step_down(z_t, z_0, t, alpha, sigma)
    other, _ = chapter.step_down(z_t, guess, t, alpha, sigma)
    added = sigma[t] ** 2 - (alpha[t] / alpha[t - 1] * sigma[t - 1]) ** 2
    ratio = variance / added
    expected = (ratio - 1 - np.log(ratio) + (mean - other) ** 2 / added) / 2
    assert factor[t - 1] * (z_0 - guess) ** 2 + constant[t - 1] == pytest.approx(expected)


def test_the_first_cost_is_minus_the_log_density_of_the_last_step_down(chapter):
    alpha, sigma = chapter.noise_levels(40)
    factor, constant = chapter.step_costs(alpha, sigma)
    expected = -stats.norm(0.4, sigma[1]).logpdf(0.41)
    assert factor[0] * 0.01**2 + constant[0] == pytest.approx(expected)


def test_the_end_costs_the_kl_from_the_prior(chapter):
    alpha, sigma = chapter.noise_levels(5, 2.0, -2.0)
    z = np.random.default_rng(10).normal(size=(4, 3))
    tril = np.broadcast_to(sigma[-1] * np.eye(3), (4, 3, 3))
    assert chapter.end_cost(z, alpha, sigma) == pytest.approx(
        bounds.gaussian_kl(alpha[-1] * z, tril)
    )


def log_likelihood_of_the_chain(z, v, alpha, sigma):
    """Log density of z_0 under the model with the linear denoiser: the chain is Gaussian."""
    variance = 1.0
    for t in range(len(alpha) - 1, 0, -1):
        kept = alpha[t] / alpha[t - 1]
        added = sigma[t] ** 2 - (kept * sigma[t - 1]) ** 2
        a = alpha[t] * v / (alpha[t] ** 2 * v + sigma[t] ** 2)
        slope = (kept * sigma[t - 1] ** 2 + alpha[t - 1] * added * a) / sigma[t] ** 2
        variance = slope**2 * variance + added
    return stats.norm(0, variance**0.5).logpdf(z)


@pytest.mark.parametrize("v", [0.1, 0.5, 4.0])
def test_the_bound_lies_above_what_the_model_makes_of_the_data(chapter, v):
    z = np.linspace(-2, 2, 9) * v**0.5
    for T in (2, 10, 100):
        levels = chapter.noise_levels(T)
        truth = -log_likelihood_of_the_chain(z, v, *levels)
        assert np.all(chapter.gaussian_bound(z, v, *levels) >= truth - 1e-9)


@pytest.mark.parametrize("v", [0.1, 0.5, 4.0])
def test_the_bound_tends_to_the_exact_gaussian_surprise(chapter, v):
    z = np.linspace(-2, 2, 9) * v**0.5
    levels = chapter.noise_levels(20_000, 14.0, -14.0)
    assert chapter.gaussian_bound(z, v, *levels) == pytest.approx(
        -stats.norm(0, v**0.5).logpdf(z), abs=2e-3
    )


@pytest.mark.parametrize("T", [1, 2, 7, 100])
def test_for_unit_variance_the_bound_is_exact_with_any_number_of_levels(chapter, T):
    z = np.linspace(-3, 3, 7)
    found = chapter.gaussian_bound(z, 1.0, *chapter.noise_levels(T))
    assert found == pytest.approx(-stats.norm.logpdf(z))


def test_sampled_level_costs_have_the_bound_of_the_gaussian_as_their_mean(chapter):
    v, levels = 0.3, chapter.noise_levels(12)

    def best(z, alpha, sigma):
        return alpha * v / (alpha**2 * v + sigma**2) * z

    z = np.repeat([[0.2, -0.7]], 4000, axis=0)
    found = chapter.level_costs(best, z, *levels)
    assert found.shape == (13, 4000)
    assert close_to(found.sum(axis=0), chapter.gaussian_bound(z[0], v, *levels).sum())


def test_a_silent_denoiser_costs_what_the_standard_normal_costs(chapter):
    z = np.repeat([[0.5, -2.0, 1.0]], 4000, axis=0)
    costs = chapter.level_costs(chapter.silent, z, *chapter.noise_levels(30)).sum(axis=0)
    assert close_to(costs, -bounds.log_standard_normal(z[0]))


def test_an_untrained_denoiser_is_silent_and_its_loss_the_cost_of_the_prior(chapter):
    alpha, sigma = chapter.noise_levels(20)
    model = chapter.Denoiser(alpha, sigma, d=2, width=8)
    rng = np.random.default_rng(11)
    noisy = rng.normal(size=(5, 2)).astype("float32")
    a, s = (np.full((5, 1), level[6], "float32") for level in (alpha, sigma))
    assert model.guess(noisy, a, s).numpy() == pytest.approx(a * noisy)
    mean, log_var = np.array([0.4, -1.5]), np.array([-1.0, -3.0])
    moments = np.tile(np.concatenate([mean, log_var]), (1000, 1)).astype("float32")
    losses = np.array(
        [float(model.compute_loss(moments, y_pred=model(moments))) for _ in range(100)]
    )
    square = (mean**2 + np.exp(log_var)).sum()
    assert close_to(losses, square / 2 + np.log(2 * np.pi))


def test_the_loss_of_the_denoiser_is_its_terms_from_numpy(chapter):
    alpha, sigma = chapter.noise_levels(20)
    model = chapter.Denoiser(alpha, sigma, d=2, width=8)
    factor, constant = chapter.step_costs(alpha, sigma)
    rng = np.random.default_rng(12)
    z, guess = rng.normal(size=(2, 6, 2)).astype("float32")
    t = np.arange(1, 7)[:, None]
    error = ((z - guess) ** 2).sum(axis=1)
    expected = 20 * factor[:6] * error + 2 * constant.sum() + chapter.end_cost(z, alpha, sigma)
    found = float(model.compute_loss(np.zeros((6, 4)), y_pred=(guess, z, t)))
    assert found == pytest.approx(expected.mean(), rel=1e-4)


@pytest.mark.parametrize("v", [0.25, 1.0])
def test_ancestral_samples_have_the_variance_of_the_chain(chapter, v):
    levels = chapter.noise_levels(25)

    def best(z, alpha, sigma):
        return alpha * v / (alpha**2 * v + sigma**2) * z

    z = chapter.ancestral(best, 20_000, 2, *levels)
    peak = np.exp(log_likelihood_of_the_chain(0.0, v, *levels))
    assert close_to(z, 0)
    assert close_to(z**2, 1 / (2 * np.pi * peak**2))


def test_the_other_variance_is_better_for_a_narrow_distribution_and_worse_for_a_wide_one(chapter):
    levels = chapter.noise_levels(20)
    for v, sign in ((0.001, 1), (1.0, -1)):
        z = np.array([v**0.5])
        ours, other = (f(z, v, *levels)[0] for f in (chapter.gaussian_bound, chapter.other_bound))
        assert sign * (ours - other) > 0.1
        assert other > -stats.norm(0, v**0.5).logpdf(z)[0]


def test_the_mixture_is_the_one_that_the_chapter_before_fits(chapter):
    before = functions("structured_codes")
    z = np.random.default_rng(3).normal(size=(600, 2)) * [1.0, 0.4]
    here, there = chapter.fit_mixture(z, 3, 10), before.fit_mixture(z, 3, 10)[0]
    for found, expected in zip(here, there, strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-9)
    density, parts = chapter.log_mixture(z, here)
    np.testing.assert_allclose(density, before.log_mixture(z, there), rtol=1e-9)
    np.testing.assert_allclose(parts, before.log_joint(z, there), rtol=1e-9)
