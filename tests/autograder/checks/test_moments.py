"""The bounds of the checks, against the exact distributions of SciPy."""

import numpy as np
import pytest
from scipy import stats

from autograder.checks.moments import (
    FAILURE,
    correlation_bound,
    mean_bound,
    quantile,
    std_bound,
)
from autograder.exercises.sampling.judging.moments import COMPARED
from autograder.exercises.sampling.probes import DRAWN, MAIN

DRAWS = DRAWN[MAIN][0] * DRAWN[MAIN][1]

COUNTS = [1, 6, 15, 300, COMPARED]


@pytest.mark.parametrize("count", COUNTS)
def test_a_quantile_is_exceeded_as_seldom_as_promised(count):
    assert 2 * stats.norm.sf(quantile(count)) == pytest.approx(FAILURE / count, rel=1e-6)


@pytest.mark.parametrize("count", COUNTS)
def test_a_right_mean_fails_with_the_promised_probability(count):
    std, size = 3.0, 5000
    error = stats.norm(0, std / np.sqrt(size))
    assert 2 * error.sf(mean_bound(std, size, count)) == pytest.approx(FAILURE / count, rel=1e-6)


@pytest.mark.parametrize("count", COUNTS)
@pytest.mark.parametrize("size", [200, 1000, 50_000])
@pytest.mark.parametrize("freedom", [0, 1])
def test_a_right_deviation_fails_no_more_often_than_promised(size, count, freedom):
    bound = std_bound(1.0, size, count)
    squares = stats.chi2(size - 1)  # (size - freedom) times the sample variance
    low, high = ((1 + sign * bound) ** 2 * (size - freedom) for sign in (-1, 1))
    assert squares.cdf(low) + squares.sf(high) <= FAILURE / count


@pytest.mark.parametrize("count", COUNTS)
@pytest.mark.parametrize("size", [200, 1000, 4000])
def test_a_right_correlation_fails_no_more_often_than_promised(size, count):
    bound = correlation_bound(size, count)
    t = bound * np.sqrt((size - 2) / (1 - bound**2))
    assert 2 * stats.t(size - 2).sf(t) <= FAILURE / count


def test_the_draws_are_enough_to_see_a_mistake_of_a_few_percent():
    assert std_bound(1.0, DRAWS, 6) < 0.03
    assert mean_bound(1.0, DRAWS, 8) < 0.04


def test_bounds_grow_with_the_number_of_values_and_shrink_with_the_draws():
    for bound in (mean_bound, std_bound):
        assert bound(1.0, 1000, 10) > bound(1.0, 1000, 1) > bound(1.0, 2000, 1)
    assert correlation_bound(1000, 10) > correlation_bound(1000, 1) > correlation_bound(2000, 1)


def test_bounds_scale_with_the_deviation_of_every_value():
    np.testing.assert_allclose(mean_bound([1.0, 4.0], 100)[1], 4 * mean_bound(1.0, 100))
    np.testing.assert_allclose(std_bound([1.0, 4.0], 100)[1], 4 * std_bound(1.0, 100))
