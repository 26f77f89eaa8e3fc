"""The formulas of the chapter on latent spaces agree with independent computations."""

import chapter_code
import numpy as np
import pytest
from scipy import linalg, ndimage, stats


@pytest.fixture(scope="module")
def chapter():
    return chapter_code.functions("latent_spaces")


@pytest.fixture
def rng():
    return np.random.default_rng(7)


@pytest.fixture
def slanted(rng):
    """Points (400, 6) with unequal variances along slanted axes, far from the origin."""
    return rng.standard_normal((400, 6)) @ rng.standard_normal((6, 6)) + 3


def test_pca_agrees_with_the_singular_value_decomposition(chapter, slanted):
    center, eigenvalues, vectors = chapter.pca(slanted)
    _, singular, rows = linalg.svd(slanted - slanted.mean(axis=0))
    np.testing.assert_allclose(center, slanted.mean(axis=0))
    np.testing.assert_allclose(eigenvalues, singular**2 / len(slanted))
    np.testing.assert_allclose(np.abs(np.sum(vectors * rows.T, axis=0)), 1)


def test_the_error_of_pca_is_the_sum_of_the_eigenvalues_left_over(chapter, slanted):
    center, eigenvalues, vectors = chapter.pca(slanted)
    for d in range(7):
        plane = vectors[:, :d]
        copies = center + (slanted - center) @ plane @ plane.T
        error = chapter.mse(slanted, copies) * 6  # per point instead of per coordinate
        assert error == pytest.approx(eigenvalues[d:].sum(), abs=1e-9)


def test_no_other_plane_beats_pca_even_with_the_best_encoder(chapter, slanted, rng):
    _, eigenvalues, _ = chapter.pca(slanted)
    for _ in range(200):
        b, w = slanted.mean(axis=0) + 0.1 * rng.standard_normal(6), rng.standard_normal((6, 2))
        best, *_ = linalg.lstsq(w, (slanted - b).T)
        error = np.sum((slanted - b - (w @ best).T) ** 2, axis=1).mean()
        assert error >= eigenvalues[2:].sum()


def test_angles_between_subspaces_agree_with_scipy(chapter, rng):
    a, b = rng.standard_normal((20, 3)), rng.standard_normal((20, 3))
    found = np.sort(chapter.subspace_angles(a, b))
    np.testing.assert_allclose(found, np.sort(linalg.subspace_angles(a, b)), atol=1e-7)
    mixed = a @ rng.standard_normal((3, 3))
    np.testing.assert_allclose(chapter.subspace_angles(a, mixed), 0, atol=1e-6)


@pytest.mark.parametrize("width", [0.7, 1.0])
def test_the_blur_is_a_gaussian_filter_away_from_the_border(chapter, rng, width):
    x = np.zeros((2, 28, 28))
    x[:, 9:19, 9:19] = rng.random((2, 10, 10))
    expected = [ndimage.gaussian_filter(image, width, truncate=9) for image in x]
    found = chapter.blur(x.reshape(2, -1), width).reshape(2, 28, 28)
    np.testing.assert_allclose(found, expected, atol=1e-6)
    even = np.full((1, 784), 0.3)
    np.testing.assert_allclose(chapter.blur(even, width), even)  # also at the border


@pytest.mark.parametrize("d", [1, 2, 4])
def test_the_directions_of_a_flat_set_are_counted(chapter, rng, d):
    flat = 1e4 * rng.random((4000, d)) @ rng.standard_normal((d, 8))  # copies are closer than 1e-3
    assert chapter.count_directions(flat, count=2000) == pytest.approx(d, rel=0.12)


def test_the_affine_map_explains_what_a_matrix_can_and_no_more(chapter, rng):
    a = rng.standard_normal((500, 2))
    b = a @ rng.standard_normal((2, 2)) + 5
    assert chapter.explained_by_affine_map(a, b) == pytest.approx(1)
    line = stats.linregress(a[:, 0], np.sin(3 * a[:, 0]))
    found = chapter.explained_by_affine_map(a[:, :1], np.sin(3 * a[:, :1]))
    assert found == pytest.approx(line.rvalue**2)
