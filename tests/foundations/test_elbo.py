"""The chapter on the ELBO computes what its formulas say: against other formulas, grids, counts."""

import numpy as np
import pytest
from chapter_code import functions
from scipy import stats

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


def test_all_gradients_have_the_numerical_derivative_as_their_mean(elbo, model, encoder):
    (W, b, s2), x = model
    mean, cov = encoder

    def value(at):
        price = elbo.linear_distortion(x[:1], at[None], cov, W, b, s2)
        return -(price + elbo.gaussian_kl_between(at[None], cov, np.zeros(2), np.eye(2)))[0]

    h = 1e-4
    numerical = [(value(mean + h * e) - value(mean - h * e)) / (2 * h) for e in np.eye(2)]
    gradients = elbo.three_gradients(x[0], mean, cov, W, b, s2, n=50_000, seed=0)
    for gradient in gradients.values():
        assert close_to(gradient, numerical)
    plain, baseline, path = (gradient.var(axis=0) for gradient in gradients.values())
    assert np.all(plain > 3 * path)
    assert np.all(plain > baseline)


def test_only_the_plain_score_depends_on_the_unit_of_the_pixels(elbo, model, encoder):
    (W, b, s2), x = model
    mean, cov = encoder
    ours = elbo.three_gradients(x[0], mean, cov, W, b, s2, n=1000, seed=0)
    grey = elbo.three_gradients(
        255 * x[0], mean, cov, 255 * W, 255 * b, 255**2 * s2, n=1000, seed=0
    )
    for name in ("with baseline", "path"):
        np.testing.assert_allclose(ours[name], grey[name], rtol=1e-6, atol=1e-8)
    assert not np.allclose(ours["score function"], grey["score function"], rtol=0.1)


def gradient_variances(elbo, x, shift, mean, cov, model):
    found = elbo.three_gradients(x, mean + shift, cov, *model, n=400_000, seed=4)
    return (found[name].var(axis=0) for name in ("with baseline", "path"))


@pytest.mark.parametrize("d", [1, 3, 10])
@pytest.mark.parametrize("c", [0.2, 1.0])
def test_with_uncorrelated_latents_the_variances_have_the_ratio_of_the_law(elbo, d, c):
    rng = np.random.default_rng(d)
    axes = np.linalg.qr(rng.normal(size=(12, d)))[0] * rng.uniform(0.5, 3, size=d)
    model, x = (axes, rng.normal(size=12), 0.4), rng.normal(size=(1, 12))
    mean, cov = elbo.exact_posterior(x, *model)
    baseline, path = gradient_variances(elbo, x[0], c * np.sqrt(np.diag(cov)), mean[0], cov, model)
    assert baseline / path == pytest.approx(np.full(d, c**2 * (d + 1)), rel=0.04)


def test_with_correlated_latents_the_ratio_depends_on_the_direction_of_the_error(elbo, model):
    parameters, x = model
    mean, cov = elbo.exact_posterior(x[:1], *parameters)
    assert abs(cov[0, 1]) > 0.01
    shift, precision = np.array([0.3, -0.2]), np.linalg.inv(cov)
    baseline, path = gradient_variances(elbo, x[0], shift, mean[0], cov, parameters)
    assert path == pytest.approx(np.diag(precision), rel=0.02)
    along = precision @ shift
    expected = shift @ along + along**2 / np.diag(precision)
    assert baseline / path == pytest.approx(expected, rel=0.04)
    gap = elbo.gaussian_kl_between(mean + shift, cov, mean, cov)[0]
    scale = np.linalg.cholesky(cov)  # in the units of the posterior the totals follow the gap
    score, free = (
        (elbo.three_gradients(x[0], mean[0] + shift, cov, *parameters, n=400_000, seed=4)[name])
        @ scale
        for name in ("with baseline", "path")
    )
    assert score.var(axis=0).sum() / free.var(axis=0).sum() == pytest.approx(3 * gap, rel=0.04)


def test_at_the_posterior_the_score_with_baseline_has_no_variance_and_the_path_has(elbo, model):
    parameters, x = model
    mean, cov = elbo.exact_posterior(x[:1], *parameters)
    baseline, path = gradient_variances(elbo, x[0], 0, mean[0], cov, parameters)
    assert baseline == pytest.approx(0, abs=1e-18)
    assert path == pytest.approx(np.diag(np.linalg.inv(cov)), rel=0.02)


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
