"""The formulas of the chapter on structured codes agree with independent computations."""

import itertools

import chapter_code
import numpy as np
import pytest
from scipy import stats
from scipy.special import logsumexp


@pytest.fixture(scope="module")
def chapter():
    return chapter_code.functions("structured_codes")


@pytest.fixture
def rng():
    return np.random.default_rng(7)


@pytest.fixture
def mixture(rng):
    """Weights, means and triangular factors of three Gaussians with two latents."""
    weights, means = rng.dirichlet(np.ones(3)), rng.normal(size=(3, 2))
    factors = rng.normal(size=(3, 2, 2))
    trils = np.linalg.cholesky(factors @ factors.transpose(0, 2, 1) + 0.3 * np.eye(2))
    return weights, means, trils


def test_standardized_classes_have_mean_zero_and_variance_one(chapter):
    c = chapter.standardized(np.eye(10))
    np.testing.assert_allclose(c.mean(axis=0), 0, atol=1e-6)
    np.testing.assert_allclose(c.var(axis=0), 1, rtol=1e-5)


def test_mutual_information_is_that_of_the_joint_table(chapter, rng):
    a, b = rng.integers(0, 4, 5000), rng.integers(0, 3, 5000)
    b = np.where(rng.random(5000) < 0.5, a % 3, b)
    joint = stats.contingency.crosstab(a, b).count / 5000
    entropies = [stats.entropy(part) for part in (joint.sum(axis=1), joint.sum(axis=0))]
    expected = sum(entropies) - stats.entropy(joint.ravel())
    assert chapter.mutual_information(a, b) == pytest.approx(expected, rel=1e-9)
    assert chapter.mutual_information(a, a) == pytest.approx(entropies[0], rel=1e-9)


def test_bins_have_equal_size_and_follow_the_order(chapter, rng):
    values = rng.normal(size=1000)
    bins = chapter.binned(values)
    assert np.bincount(bins).tolist() == [100] * 10
    order = np.argsort(values)
    assert (np.diff(bins[order]) >= 0).all()


def test_the_gap_is_one_for_perfect_axes_and_zero_for_copies_and_for_noise(chapter, rng):
    latents = rng.normal(size=(20_000, 4))
    properties = [chapter.binned(latents[:, 0]), chapter.binned(latents[:, 1])]
    assert chapter.mig(latents, properties)[0] == pytest.approx(1, abs=0.01)
    assert chapter.mig(latents[:, [0, 0, 1, 1]], properties)[0] == pytest.approx(0, abs=1e-12)
    assert chapter.mig(rng.normal(size=(20_000, 4)), properties)[0] < 0.01


def test_random_rotations_are_orthogonal_and_have_no_preferred_direction(chapter, rng):
    q = np.stack([chapter.random_rotation(3, rng) for _ in range(4000)])
    np.testing.assert_allclose(
        q @ q.transpose(0, 2, 1), np.tile(np.eye(3), (4000, 1, 1)), atol=1e-12
    )
    np.testing.assert_allclose(q.mean(axis=0), 0, atol=0.05)
    np.testing.assert_allclose((q**2).mean(axis=0), 1 / 3, atol=0.03)


def test_explained_is_the_squared_multiple_correlation(chapter, rng):
    z = rng.normal(size=(500, 3))
    v = z @ [1.0, -2.0, 0.5] + rng.normal(size=500)
    everything = np.corrcoef(np.column_stack([v, z]).T)
    r, among = everything[0, 1:], everything[1:, 1:]
    assert chapter.explained(z, v) == pytest.approx(r @ np.linalg.solve(among, r), rel=1e-9)


def test_the_density_of_a_mixture(chapter, rng, mixture):
    z = rng.normal(size=(50, 2))
    parts = [
        np.log(w) + stats.multivariate_normal(m, tril @ tril.T).logpdf(z)
        for w, m, tril in zip(*mixture, strict=True)
    ]
    np.testing.assert_allclose(chapter.log_joint(z, mixture), parts, rtol=1e-9)
    np.testing.assert_allclose(chapter.log_mixture(z, mixture), logsumexp(parts, axis=0), rtol=1e-9)


def test_an_m_step_maximizes_the_bound(chapter, rng, mixture):
    z = rng.normal(size=(300, 2))
    joint = chapter.log_joint(z, mixture)
    r = np.exp(joint - logsumexp(joint, axis=0))
    (weights, means, trils), level = chapter.em_step(z, mixture, ridge=0)
    assert level == pytest.approx(chapter.log_mixture(z, mixture).mean(), rel=1e-9)

    def bound(*parameters):
        return np.sum(r * chapter.log_joint(z, parameters))

    best = bound(weights, means, trils)
    assert weights.sum() == pytest.approx(1)
    for size, sign in itertools.product((1e-2, 1e-3), (1, -1)):
        shift = sign * size
        tilted = weights * np.exp(shift * np.arange(3))
        assert bound(tilted / tilted.sum(), means, trils) < best
        assert bound(weights, means + shift, trils) < best
        assert bound(weights, means, trils * (1 + shift)) < best


def test_fitting_never_lowers_the_likelihood_and_finds_two_clusters(chapter, rng):
    z = np.concatenate([rng.normal(-3, 1, (400, 2)), rng.normal(3, 0.5, (600, 2))])
    mixture, history = chapter.fit_mixture(z, 2, 30)
    assert np.diff(history).min() > -1e-6
    order = np.argsort(mixture[1][:, 0])
    np.testing.assert_allclose(mixture[0][order], [0.4, 0.6], atol=0.02)
    np.testing.assert_allclose(mixture[1][order], [[-3, -3], [3, 3]], atol=0.2)


def test_draws_have_the_moments_of_the_mixture(chapter, mixture):
    weights, means, trils = mixture
    z = chapter.draw(mixture, 100_000)
    mean = weights @ means
    second = np.einsum("k,kij->ij", weights, trils @ trils.transpose(0, 2, 1))
    second += np.einsum("k,ki,kj->ij", weights, means - mean, means - mean)
    np.testing.assert_allclose(z.mean(axis=0), mean, atol=0.03)
    np.testing.assert_allclose(np.cov(z.T), second, atol=0.06)


def test_the_gain_is_a_difference_of_divergences(chapter, mixture, rng):
    """For draws from the mixture itself it is KL(mixture ‖ prior), here on a grid."""
    edge = np.linspace(-9, 9, 301)
    grid = np.stack(np.meshgrid(edge, edge), axis=-1).reshape(-1, 2)
    ours = chapter.log_mixture(grid, mixture)
    prior = stats.multivariate_normal(np.zeros(2)).logpdf(grid)
    expected = np.sum(np.exp(ours) * (ours - prior)) * (edge[1] - edge[0]) ** 2
    found = chapter.gain(chapter.draw(mixture, 200_000), mixture)
    assert found == pytest.approx(expected, abs=0.02)


def test_ppca_is_the_best_of_its_kind(chapter, rng):
    """With all directions but one it is the sample covariance; with fewer, no step improves it."""
    x = rng.normal(size=(2000, 5)) @ rng.normal(size=(5, 5))
    mean, covariance = chapter.ppca(x, 4)
    np.testing.assert_allclose(covariance, np.cov(x.T, bias=True), rtol=1e-9, atol=1e-9)
    mean, covariance = chapter.ppca(x, 2)
    best = chapter.gaussian_nll(x, mean, covariance).mean()
    values, vectors = np.linalg.eigh(covariance)
    for _ in range(200):
        noise = values[0] * np.exp(0.1 * rng.normal())
        loadings = (vectors[:, 3:] + 0.1 * rng.normal(size=(5, 2))) * np.sqrt(
            values[3:] - values[0]
        )
        other = loadings @ loadings.T + noise * np.eye(5)
        assert chapter.gaussian_nll(x, mean, other).mean() > best


def test_the_negative_log_likelihood_of_a_gaussian(chapter, rng):
    x, factor = rng.normal(size=(20, 3)), rng.normal(size=(3, 3))
    covariance = factor @ factor.T + np.eye(3)
    expected = -stats.multivariate_normal(np.ones(3), covariance).logpdf(x)
    np.testing.assert_allclose(chapter.gaussian_nll(x, np.ones(3), covariance), expected, rtol=1e-9)


def test_the_weights_of_profiles_average_to_the_evidence_of_a_linear_model(chapter, rng):
    """With a linear decoder the evidence is Gaussian, and the weights must find it."""
    d, points = 2, 6
    loadings, noise = rng.normal(size=(points, d)), 0.5

    class Linear:
        def encoder(self, x):
            # the exact posterior of each x has a covariance; half of its width and more will do
            precision = np.eye(d) + loadings.T @ loadings / noise
            mean = np.linalg.solve(precision, loadings.T @ x.T / noise).T
            return np.concatenate([mean, np.zeros_like(mean)], axis=1)

        def decode(self, z):
            return z @ loadings.T, np.full((len(z), 1), np.log(noise))

    x = rng.normal(size=(5, points))
    log_w = chapter.log_weights(Linear(), x, 20_000)
    found = logsumexp(log_w, axis=0) - np.log(len(log_w))
    covariance = loadings @ loadings.T + noise * np.eye(points)
    expected = stats.multivariate_normal(np.zeros(points), covariance).logpdf(x)
    np.testing.assert_allclose(found, expected, atol=0.05)


def test_equal_values_share_a_bin(chapter, rng):
    values = rng.integers(0, 30, 2000)
    bins = chapter.binned(values)
    assert all(len(set(bins[values == v])) == 1 for v in range(30))
    assert set(bins) == set(range(10))


def test_the_density_of_the_t_distribution(chapter, rng):
    x, factor = rng.normal(size=(20, 3)), rng.normal(size=(3, 3))
    scatter = factor @ factor.T + np.eye(3)
    expected = -stats.multivariate_t(np.ones(3), scatter, df=5).logpdf(x)
    np.testing.assert_allclose(chapter.t_nll(x, np.ones(3), scatter, 5), expected, rtol=1e-9)


def test_the_t_model_finds_what_made_the_data(chapter, rng):
    loadings = np.array([[2.0, 0], [0, 1.5], [1, 1], [0.5, -1], [0, 0]])
    scatter = loadings @ loadings.T + 0.3 * np.eye(5)
    x = stats.multivariate_t(np.arange(5.0), scatter, df=4).rvs(20_000, random_state=rng)
    mean, found, freedom = chapter.best_t(x, 2)
    assert freedom == 4
    np.testing.assert_allclose(mean, np.arange(5), atol=0.06)
    np.testing.assert_allclose(found, scatter, atol=0.2)
    losses = [
        chapter.t_nll(x, *chapter.t_ppca(x, 2, 4, steps), 4).mean() for steps in (0, 2, 5, 15)
    ]
    assert losses == sorted(losses, reverse=True)


def test_ppca_of_centred_data_keeps_the_mean_at_zero(chapter, rng):
    x = rng.normal(size=(100, 4)) + 3
    mean, covariance = chapter.ppca(x, 3, centred=True)
    assert not mean.any()
    np.testing.assert_allclose(covariance, x.T @ x / 100, rtol=1e-9)
