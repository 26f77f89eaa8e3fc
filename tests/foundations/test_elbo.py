"""The chapter on the ELBO computes what its formulas say: against other formulas, grids, counts."""

import numpy as np
import pytest
from chapter_code import functions
from scipy import integrate, stats
from scipy.special import logsumexp

from latents import bounds

STANDARD_ERRORS = 5  # a right estimate misses by more in one case of two million
WIDTH, CODE = 6, 2


@pytest.fixture(scope="module")
def elbo():
    return functions("elbo")


@pytest.fixture(scope="module")
def model():
    """W, b and s2 of a linear Gaussian model, and images of it."""
    rng = np.random.default_rng(3)
    W, b, s2 = rng.normal(size=(WIDTH, CODE)), rng.normal(size=WIDTH), 0.3
    z = rng.normal(size=(400, CODE))
    return (W, b, s2), z @ W.T + b + s2**0.5 * rng.normal(size=(400, WIDTH))


@pytest.fixture
def encoder():
    """Mean and covariance of a Gaussian over codes, unlike prior and posterior."""
    return np.array([0.4, -1.1]), np.array([[0.5, 0.2], [0.2, 0.3]])


def close_to(sample, expected):
    error = sample.std(axis=0) / len(sample) ** 0.5
    return np.all(np.abs(sample.mean(axis=0) - expected) < STANDARD_ERRORS * error)


# The linear Gaussian model


def test_evidence_is_the_density_of_the_marginal_normal(elbo, model):
    (W, b, s2), x = model
    expected = stats.multivariate_normal(b, W @ W.T + s2 * np.eye(WIDTH)).logpdf(x)
    assert elbo.log_evidence(x, W, b, s2) == pytest.approx(expected)


def test_posterior_agrees_with_conditioning_the_joint_normal(elbo, model):
    (W, b, s2), x = model
    gain = W.T @ np.linalg.inv(W @ W.T + s2 * np.eye(WIDTH))
    mean, cov = elbo.exact_posterior(x, W, b, s2)
    assert mean == pytest.approx((x - b) @ gain.T)
    assert cov == pytest.approx(np.eye(CODE) - gain @ W)


def test_fitted_model_is_a_maximum_of_the_evidence(elbo, model):
    _, x = model
    W, b, s2 = elbo.fit_ppca(x, CODE)
    best = elbo.log_evidence(x, W, b, s2).mean()
    rng = np.random.default_rng(0)
    for size in (1e-2, 1e-1):
        for _ in range(20):
            near = W + size * rng.normal(size=W.shape), b + size * rng.normal(size=WIDTH)
            assert elbo.log_evidence(x, *near, s2 * np.exp(size * rng.normal())).mean() < best


def test_fitted_model_has_the_leading_variances_of_the_data(elbo, model):
    _, x = model
    W, _, s2 = elbo.fit_ppca(x, CODE)
    data = np.linalg.eigvalsh(np.cov(x.T, bias=True))
    fitted = np.linalg.eigvalsh(W @ W.T + s2 * np.eye(WIDTH))
    assert fitted[-CODE:] == pytest.approx(data[-CODE:])
    assert fitted.sum() == pytest.approx(data.sum())


def nodes(mean, cov):
    """Gauss-Hermite nodes and weights for N(mean, cov): exact for polynomials of degree five."""
    points, weights = np.polynomial.hermite_e.hermegauss(3)
    grid = np.stack(np.meshgrid(points, points), axis=-1).reshape(-1, 2)
    weight = np.outer(weights, weights).ravel() / (2 * np.pi)
    return mean + grid @ np.linalg.cholesky(cov).T, weight


def test_distortion_is_the_expected_nll_by_quadrature(elbo, model, encoder):
    (W, b, s2), x = model
    z, weight = nodes(*encoder)
    nll = [-stats.norm(z @ W.T + b, s2**0.5).logpdf(row).sum(axis=1) @ weight for row in x[:5]]
    found = elbo.linear_distortion(x[:5], np.tile(encoder[0], (5, 1)), encoder[1], W, b, s2)
    assert found == pytest.approx(nll)


def test_kl_between_gaussians_is_the_expected_log_ratio_by_quadrature(elbo, encoder):
    other = np.array([0.1, 0.2]), np.array([[1.2, -0.3], [-0.3, 0.8]])
    z, weight = nodes(*encoder)
    ratio = stats.multivariate_normal(*encoder).logpdf(z)
    ratio -= stats.multivariate_normal(*other).logpdf(z)
    found = elbo.gaussian_kl_between(encoder[0][None], encoder[1], *other)
    assert found == pytest.approx([ratio @ weight])
    assert elbo.gaussian_kl_between(encoder[0][None], encoder[1], *encoder) == pytest.approx([0])


def test_kl_to_the_prior_is_the_one_of_the_package(elbo, encoder):
    found = elbo.gaussian_kl_between(encoder[0][None], encoder[1], np.zeros(2), np.eye(2))
    scale = np.linalg.cholesky(encoder[1])[None]
    assert found == pytest.approx(bounds.gaussian_kl(encoder[0][None], scale))


def test_evidence_is_elbo_plus_gap_for_any_encoder(elbo, model, encoder):
    (W, b, s2), x = model
    mean, cov = np.tile(encoder[0], (len(x), 1)), encoder[1]
    price = elbo.linear_distortion(x, mean, cov, W, b, s2)
    price += elbo.gaussian_kl_between(mean, cov, np.zeros(2), np.eye(2))
    gap = elbo.gaussian_kl_between(mean, cov, *elbo.exact_posterior(x, W, b, s2))
    assert gap - price == pytest.approx(elbo.log_evidence(x, W, b, s2))
    assert gap.min() > 0


def test_log_joint_is_likelihood_times_prior(elbo, model):
    (W, b, s2), x = model
    z = np.random.default_rng(1).normal(size=(7, CODE))
    expected = stats.norm(z @ W.T + b, s2**0.5).logpdf(x[0]).sum(axis=1)
    expected += stats.norm.logpdf(z).sum(axis=1)
    assert elbo.log_joint(z, x[0], W, b, s2) == pytest.approx(expected)


# Gradients and bounds


def test_both_gradients_have_the_numerical_derivative_as_their_mean(elbo, model, encoder):
    (W, b, s2), x = model
    mean, cov = encoder

    def value(at):
        price = elbo.linear_distortion(x[:1], at[None], cov, W, b, s2)
        return -(price + elbo.gaussian_kl_between(at[None], cov, np.zeros(2), np.eye(2)))[0]

    h = 1e-4
    numerical = [(value(mean + h * e) - value(mean - h * e)) / (2 * h) for e in np.eye(2)]
    score, path = elbo.two_gradients(x[0], mean, cov, W, b, s2, n=50_000, seed=0)
    assert close_to(score, numerical)
    assert close_to(path, numerical)
    assert np.all(score.var(axis=0) > 3 * path.var(axis=0))


def test_bound_rises_with_more_samples_and_stays_below_the_evidence(elbo, model):
    (W, b, s2), x = model
    mean, cov = elbo.exact_posterior(x[:1], W, b, s2)
    weights = elbo.log_weights(x[0], mean[0] + 0.2, 2 * cov, W, b, s2, n=400_000, seed=0)
    found = [bounds.iwae(weights.reshape(K, -1)) for K in (1, 2, 4, 8, 16)]
    means = [bound.mean() for bound in found]
    truth = elbo.log_evidence(x[:1], W, b, s2)[0]
    assert means == sorted(means)
    assert means[-1] < truth + STANDARD_ERRORS * found[-1].std() / len(found[-1]) ** 0.5
    gap = elbo.gaussian_kl_between(mean + 0.2, 2 * cov, mean, cov)[0]
    assert close_to(weights, truth - gap)


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
def test_effective_beta_is_what_the_reductions_say(elbo, loss, expected):
    assert elbo.effective_beta(loss, 784, 2) == pytest.approx(expected)


# Likelihoods


@pytest.mark.parametrize("y", [0.01, 0.3, 0.4999, 0.5, 0.5003, 0.51, 0.9])
def test_continuous_bernoulli_integrates_to_one(elbo, y):
    mass, _ = integrate.quad(lambda x: y**x * (1 - y) ** (1 - x), 0, 1)
    assert mass * np.exp(elbo.log_norm(y)) == pytest.approx(1, abs=1e-7)


def test_continuous_bernoulli_is_finite_for_black_and_white(elbo):
    found = elbo.log_norm([0.0, 1.0])
    assert np.isfinite(found).all()
    assert found[0] == pytest.approx(found[1], rel=1e-6)


def test_gaussian_nll_is_that_of_scipy_and_smallest_at_the_mean_squared_error(elbo):
    rng = np.random.default_rng(2)
    x, y = rng.random(784), rng.random(784)
    squared = np.sum((x - y) ** 2)
    assert elbo.gaussian_nll(squared, 0.2, 784) == pytest.approx(
        -stats.norm(y, 0.2**0.5).logpdf(x).sum()
    )
    best = squared / 784
    at_best = elbo.gaussian_nll(squared, best, 784)
    assert at_best == pytest.approx(392 * (np.log(2 * np.pi * best) + 1))
    assert all(elbo.gaussian_nll(squared, best * f, 784) > at_best for f in (0.9, 1.1))


# Surgery


def test_log_aggregate_is_the_log_of_a_mean_of_densities(elbo):
    rng = np.random.default_rng(4)
    mean, log_var = rng.normal(size=(30, 3)), rng.normal(size=(30, 3))
    z = rng.normal(size=(25, 3))
    each = stats.norm(mean, np.exp(log_var / 2)).logpdf(z[:, None]).sum(axis=-1)  # (25, 30)
    expected = logsumexp(each, axis=1) - np.log(30)
    assert elbo.log_aggregate(z, mean, log_var) == pytest.approx(expected)
    assert elbo.log_aggregate(z, mean, log_var, chunk=4) == pytest.approx(expected)


def test_surgery_agrees_with_integrals_for_two_kinds_of_images(elbo):
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
    found = np.array([elbo.surgery(mean, log_var, seed=seed) for seed in range(10)])
    assert close_to(found, [information + mismatch, information, mismatch])
    assert information < np.log(2)


def test_information_cannot_exceed_the_entropy_of_the_index(elbo):
    mean = 100.0 * np.arange(50)[:, None]  # codes that never overlap
    _, information, _ = elbo.surgery(mean, np.full((50, 1), -2.0))
    assert information == pytest.approx(np.log(50))


# The trained model


@pytest.fixture(scope="module")
def small_vae(elbo):
    return elbo.VAE([elbo.layers.Dense(8, "relu")], beta=3.0, d=4)


def test_the_loss_is_distortion_plus_beta_times_rate(elbo, small_vae):
    x = np.random.default_rng(0).random((5, 28, 28, 1)).astype("float32")
    outputs = small_vae(x)
    logits, mean, log_var = (output.numpy() for output in outputs)
    D = bounds.bernoulli_nll(x, logits).mean()
    R = bounds.diagonal_gaussian_kl(mean, log_var).mean(axis=0)
    assert float(small_vae.compute_loss(x, y_pred=outputs)) == pytest.approx(D + 3 * R.sum())
    assert float(small_vae.distortion.result()) == pytest.approx(D)
    assert float(small_vae.rate.result()) == pytest.approx(R.sum())


def test_free_bits_charge_each_latent_for_at_least_its_allowance(elbo, small_vae):
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


def test_sampled_weights_of_a_blind_decoder_have_minus_distortion_minus_rate_as_mean(elbo):
    x = (np.random.default_rng(0).random((2, 28, 28, 1)) < 0.5).astype("float32")
    mean, log_var = np.array([[0.5, -1.0], [0.0, 2.0]]), np.array([[0.3, -1.0], [0.0, 0.0]])
    weights = elbo.sampled_log_weights(
        lambda z: np.zeros((len(z), 28, 28, 1)), x, mean, log_var, K=3000, seed=1
    )
    rate = bounds.diagonal_gaussian_kl(mean, log_var).sum(axis=1)
    assert weights.shape == (3000, 2)
    assert close_to(weights, -784 * np.log(2) - rate)


def test_tuning_a_code_raises_its_elbo(elbo, small_vae):
    x = (np.random.default_rng(0).random((3, 28, 28, 1)) < 0.2).astype("float32")
    mean, log_var = np.ones((3, 4), "float32"), np.zeros((3, 4), "float32")
    tuned = elbo.improve(small_vae.decoder, x, mean, log_var, steps=60)
    before = elbo.sampled_log_weights(small_vae.decoder, x, mean, log_var, K=60, seed=2)
    after = elbo.sampled_log_weights(small_vae.decoder, x, *tuned, K=60, seed=2)
    assert np.all(after.mean(axis=0) > before.mean(axis=0))


def test_warm_up_raises_beta_from_zero_to_one_and_stops(elbo):
    from types import SimpleNamespace

    given = []
    warm_up = elbo.WarmUp(steps=4)
    beta = SimpleNamespace(assign=given.append)
    for step in (0, 2, 4, 9):
        warm_up.set_model(SimpleNamespace(beta=beta, optimizer=SimpleNamespace(iterations=step)))
        warm_up.on_train_batch_begin(0)
    assert given == [0.0, 0.5, 1.0, 1.0]
