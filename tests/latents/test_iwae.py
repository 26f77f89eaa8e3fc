"""The importance-weighted bound on a linear Gaussian model, whose log p(x) is known exactly."""

import numpy as np
import pytest
from scipy import stats

from latents import bounds

REPEATS = 4000
STANDARD_ERRORS = 5
NOISE = 0.5
LOADINGS = np.array([[1.0, 0.3], [-0.7, 1.2], [0.4, 0.5]])  # x = LOADINGS z + noise
OFFSET = np.array([0.2, -0.1, 0.4])
X = np.array([1.1, 0.4, -0.3])
LOG_P_X = stats.multivariate_normal(OFFSET, LOADINGS @ LOADINGS.T + NOISE**2 * np.eye(3)).logpdf(X)


def posterior():
    precision = np.eye(2) + LOADINGS.T @ LOADINGS / NOISE**2
    covariance = np.linalg.inv(precision)
    return covariance @ LOADINGS.T @ (X - OFFSET) / NOISE**2, covariance


def approximation():
    """Return a posterior that is off: shifted, and too wide."""
    mean, covariance = posterior()
    return mean + 0.4, np.linalg.cholesky(1.5 * covariance)


def log_weights(mean, scale, samples, repeats, seed):
    """Return (samples, repeats) log weights; every repeat stands for the same x."""
    rng = np.random.default_rng(seed)
    mean, scale = np.tile(mean, (repeats, 1)), np.tile(scale, (repeats, 1, 1))
    z = mean + np.einsum("bij,sbj->sbi", scale, rng.normal(size=(samples, *mean.shape)))
    log_likelihood = stats.norm(z @ LOADINGS.T + OFFSET, NOISE).logpdf(X).sum(-1)
    log_q = bounds.log_normal(z, mean, scale)
    return log_likelihood + bounds.log_standard_normal(z) - log_q


@pytest.mark.parametrize("samples", [1, 3, 50])
def test_the_exact_posterior_gives_log_p_without_any_noise(samples):
    mean, covariance = posterior()
    weights = log_weights(mean, np.linalg.cholesky(covariance), samples, 20, seed=1)
    assert bounds.iwae(weights) == pytest.approx(np.full(20, LOG_P_X))


def test_one_sample_gives_the_elbo():
    mean, scale = approximation()
    exact_mean, exact_covariance = posterior()
    precision, shift = np.linalg.inv(exact_covariance), exact_mean - mean
    ratio = precision @ scale @ scale.T
    kl = 0.5 * (np.trace(ratio) + shift @ precision @ shift - 2 - np.linalg.slogdet(ratio)[1])
    estimate = bounds.iwae(log_weights(mean, scale, 1, REPEATS, seed=2))
    error = estimate.std() / REPEATS**0.5
    assert abs(estimate.mean() - (LOG_P_X - kl)) < STANDARD_ERRORS * error


def test_more_samples_tighten_the_bound_from_below():
    mean, scale = approximation()
    estimates = [
        bounds.iwae(log_weights(mean, scale, samples, REPEATS, seed=samples))
        for samples in (1, 4, 16, 64)
    ]
    bound = np.array([estimate.mean() for estimate in estimates])
    error = np.array([estimate.std() for estimate in estimates]) / REPEATS**0.5
    assert (np.diff(bound) > STANDARD_ERRORS * np.hypot(error[1:], error[:-1])).all()
    assert bound[-1] < LOG_P_X + STANDARD_ERRORS * error[-1]


def test_many_samples_converge_to_log_p():
    weights = log_weights(*approximation(), 200_000, 1, seed=4)
    relative = np.exp(weights[:, 0] - LOG_P_X)
    error = relative.std() / len(relative) ** 0.5
    assert error < 0.01
    assert abs(bounds.iwae(weights)[0] - LOG_P_X) < STANDARD_ERRORS * error


def test_the_weights_are_averaged_not_their_logarithms():
    weights = np.log([[1.0, 4.0], [3.0, 4.0]])
    assert np.exp(bounds.iwae(weights)) == pytest.approx([2.0, 4.0])


def test_tiny_and_huge_weights_neither_vanish_nor_overflow():
    weights = np.array([[-90_000.0, 5_000.0], [-90_001.0, 4_000.0]])
    expected = [-90_000 + np.log((1 + np.exp(-1)) / 2), 5_000 - np.log(2)]
    assert bounds.iwae(weights) == pytest.approx(expected, rel=1e-12)
