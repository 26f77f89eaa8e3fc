"""The formulas of the chapter on regular latent spaces agree with independent computations."""

import chapter_code
import numpy as np
import pytest
from scipy import integrate, linalg, spatial, stats

from latents import bounds


@pytest.fixture(scope="module")
def chapter():
    return chapter_code.functions("regular_spaces")


@pytest.fixture
def rng():
    return np.random.default_rng(7)


@pytest.mark.parametrize("d", [1, 2, 10, 100, 400])
def test_the_law_of_lengths_is_the_chi_distribution(chapter, d):
    r = np.linspace(0.05, 25, 60)
    np.testing.assert_allclose(chapter.length_density(r, d), stats.chi(d).pdf(r), rtol=1e-9)
    assert chapter.mean_length(d) == pytest.approx(stats.chi(d).mean(), rel=1e-9)
    squares, _ = integrate.quad(lambda r: r**2 * chapter.length_density(r, d), 1e-9, 60, limit=200)
    assert squares == pytest.approx(d, rel=1e-6)


@pytest.mark.parametrize("d", [2, 10, 100])
def test_the_squared_length_has_mean_d_and_variance_2d(rng, d):
    square = (rng.standard_normal((50_000, d)) ** 2).sum(axis=1)
    assert square.mean() == pytest.approx(d, abs=5 * square.std() / np.sqrt(50_000))
    of_variance = np.std((square - d) ** 2) / np.sqrt(50_000)
    assert np.mean((square - d) ** 2) == pytest.approx(2 * d, abs=5 * of_variance)
    outside = np.mean(np.abs(square - d) >= d / 2)
    assert outside <= 8 / d  # Chebyshev


@pytest.mark.parametrize("t", [0.1, 0.5, 0.8])
def test_the_straight_path_has_the_variance_of_the_theorem(chapter, rng, t):
    a, b = rng.standard_normal((2, 40_000, 10))
    for between, variance in (("straight", (1 - t) ** 2 + t**2), ("rescaled", 1)):
        z = getattr(chapter, between)(a, b, t).ravel()
        assert z.var() == pytest.approx(variance, abs=5 * variance * np.sqrt(2 / z.size))
    scaled = chapter.rescaled(a, b, t).ravel()[:5000]
    assert stats.kstest(scaled, "norm").pvalue > 1e-4


@pytest.mark.parametrize("d", [2, 10, 100])
def test_the_midpoint_has_half_of_the_squared_length(chapter, rng, d):
    a, b = rng.standard_normal((2, 20_000, d))
    square = (chapter.straight(a, b, 0.5) ** 2).sum(axis=1)
    assert square.mean() == pytest.approx(d / 2, abs=5 * square.std() / np.sqrt(20_000))


def test_every_path_begins_and_ends_where_it_should(chapter, rng):
    a, b = rng.standard_normal((2, 50, 4))
    for between in (chapter.straight, chapter.rescaled, chapter.slerp):
        np.testing.assert_allclose(between(a, b, 0), a)
        np.testing.assert_allclose(between(a, b, 1), b)


def test_slerp_turns_evenly_in_the_plane_of_its_ends_and_keeps_the_length(chapter, rng):
    a, b = (z / linalg.norm(z, axis=1, keepdims=True) for z in rng.standard_normal((2, 50, 4)))
    angle = np.arccos(np.sum(a * b, axis=1))
    for t in (0.2, 0.5, 0.9):
        z = chapter.slerp(a, b, t)
        np.testing.assert_allclose(linalg.norm(z, axis=1), 1)
        np.testing.assert_allclose(np.arccos(np.sum(a * z, axis=1)), t * angle, atol=1e-7)
        for one, other, point in zip(a, b, z, strict=True):
            assert np.linalg.matrix_rank(np.stack([one, other, point]), tol=1e-9) == 2


def test_slerp_with_unequal_right_angled_ends_has_the_root_mean_square_half_way(chapter):
    half = chapter.slerp(np.array([[1.0, 0.0]]), np.array([[0.0, 3.0]]), 0.5)
    assert linalg.norm(half) == pytest.approx(np.sqrt((1 + 9) / 2))


def test_class_arithmetic_carries_one_class_mean_onto_the_other(chapter, rng):
    codes, labels = rng.standard_normal((90, 3)), np.repeat([0, 1, 2], 30)
    centres = chapter.class_means(codes, labels, 3)
    for label in range(3):
        expected = sum(codes[30 * label : 30 * (label + 1)]) / 30
        np.testing.assert_allclose(centres[label], expected)
    moved = chapter.arithmetic(codes[:30], centres, 0, 2)
    np.testing.assert_allclose(moved.mean(axis=0), centres[2])
    np.testing.assert_allclose(spatial.distance.pdist(moved), spatial.distance.pdist(codes[:30]))


def test_a_rotated_cloud_is_the_law_of_the_rotated_code(chapter, rng):
    q = stats.ortho_group.rvs(4, random_state=3)
    mean, log_var = rng.standard_normal((2, 5, 4))
    turned, tril = chapter.rotated_cloud(mean, log_var, q)
    for n in range(5):
        np.testing.assert_allclose(turned[n], q @ mean[n])
        np.testing.assert_allclose(tril[n] @ tril[n].T, q @ np.diag(np.exp(log_var[n])) @ q.T)
    np.testing.assert_allclose(tril, np.tril(tril))


def test_a_rotation_keeps_the_rate_and_the_density_of_the_prior(chapter, rng):
    q = stats.ortho_group.rvs(6, random_state=4)
    mean, log_var = rng.standard_normal((2, 8, 6))
    before = bounds.diagonal_gaussian_kl(mean, log_var).sum(axis=1)
    after = bounds.gaussian_kl(*chapter.rotated_cloud(mean, log_var, q))
    np.testing.assert_allclose(after, before)
    prior = stats.multivariate_normal(np.zeros(6), np.eye(6))
    np.testing.assert_allclose(prior.logpdf(mean @ q.T), prior.logpdf(mean))


def test_a_map_that_is_no_rotation_changes_the_rate(chapter, rng):
    mean, log_var = rng.standard_normal((2, 8, 6))
    before = bounds.diagonal_gaussian_kl(mean, log_var).sum(axis=1)
    after = bounds.gaussian_kl(*chapter.rotated_cloud(mean, log_var, 1.1 * np.eye(6)))
    assert np.all(np.abs(after - before) > 1e-3)


def test_the_gaussian_distortion_is_a_log_density(chapter, rng):
    x, y = rng.random((2, 4, 9))
    expected = [-stats.multivariate_normal(b, 0.25).logpdf(a) for a, b in zip(x, y, strict=True)]
    np.testing.assert_allclose(chapter.gaussian_distortion(x, y, 0.25), expected)


def test_the_code_layer_adds_the_price_of_the_rate_and_draws_from_the_cloud(chapter):
    layer = chapter.GaussianCode(price=0.3, seed=1)
    mean = np.tile(np.array([[0.5, -1.0]], "float32"), (20_000, 1))
    log_var = np.tile(np.log(np.array([[9.0, 0.25]], "float32")), (20_000, 1))
    z = np.asarray(layer([mean, log_var]))
    again = np.asarray(layer([mean, log_var]))
    rate = bounds.diagonal_gaussian_kl(mean[:1], log_var[:1]).sum()
    assert float(layer.losses[0]) == pytest.approx(0.3 * rate, rel=1e-5)
    assert np.abs(z - again).max() > 1  # fresh noise at every call
    for j, (centre, spread) in enumerate(((0.5, 3), (-1, 0.5))):
        assert z[:, j].mean() == pytest.approx(centre, abs=5 * spread / np.sqrt(20_000))
        assert z[:, j].std() == pytest.approx(spread, abs=5 * spread / np.sqrt(2 * 20_000))
    assert abs(np.corrcoef(z.T)[0, 1]) < 5 / np.sqrt(20_000)


def test_a_traversal_moves_one_latent_only(chapter):
    moved = chapter.traverse(np.array([1.0, 2.0, 3.0]), 1, np.array([-5.0, 0.0]))
    np.testing.assert_array_equal(moved, [[1, -5, 3], [1, 0, 3]])
