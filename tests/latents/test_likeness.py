"""How alike two sets are: against all distances, and for sets whose answer is known."""

import numpy as np
import pytest
from scipy import spatial

from latents import likeness


@pytest.fixture
def rng():
    return np.random.default_rng(7)


def test_the_nearest_distance_is_the_smallest_of_all(rng):
    a, b = rng.random((30, 5)), rng.random((50, 5))
    nearest = spatial.distance.cdist(a, b).min(axis=1)
    np.testing.assert_allclose(likeness.nearest_distance(a, b), nearest)
    assert likeness.nearest_error(a, b) == pytest.approx(np.mean(nearest**2) / 5)
    assert likeness.nearest_error(a, a) == pytest.approx(0, abs=1e-12)


def test_sets_are_told_apart_as_all_distances_say(rng):
    a, b = rng.standard_normal((40, 3)), rng.standard_normal((25, 3)) + 0.5
    both = np.concatenate([a, b])
    distances = spatial.distance.cdist(both, both)
    np.fill_diagonal(distances, np.inf)
    belongs = np.repeat([0, 1], [40, 25])
    expected = np.mean(belongs[distances.argmin(axis=1)] == belongs)
    assert likeness.told_apart(a, b) == pytest.approx(expected)


def test_draws_from_one_law_are_not_told_apart_and_blur_is(rng):
    a, b = rng.standard_normal((2, 1000, 5))
    assert likeness.told_apart(a, b) == pytest.approx(0.5, abs=0.05)
    assert likeness.told_apart(a, 0.3 * b) > 0.6  # nearer to everything, and yet seen
    assert likeness.told_apart(a, b + 10) == 1


def test_the_nearest_labels_vote(rng):
    b, labels = np.array([[0.0], [1.0], [2.0], [10.0]]), np.array([3, 5, 5, 7])
    assert likeness.nearest_labels([[0.1], [9.0]], b, labels).tolist() == [3, 7]
    assert likeness.nearest_labels([[0.1], [9.0]], b, labels, count=3).tolist() == [5, 5]
    assert likeness.nearest_labels([[0.1]], b, labels, count=4).tolist() == [5]
    a, b, labels = rng.random((30, 5)), rng.random((50, 5)), rng.integers(0, 4, 50)
    order = spatial.distance.cdist(a, b).argsort(axis=1)[:, :7]
    expected = [np.bincount(row).argmax() for row in labels[order]]
    assert likeness.nearest_labels(a, b, labels, count=7).tolist() == expected
