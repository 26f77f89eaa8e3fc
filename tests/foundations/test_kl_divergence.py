"""The formulas of the chapter on the KL divergence against computations that share no line.

Expectations under a Gaussian are taken with Gauss-Hermite nodes (exact for polynomials), integrals
with scipy's adaptive quadrature. Test points lie on both sides of variance 1 and off mean 0.
"""

from itertools import product

import chapter_code
import numpy as np
import pytest
from scipy import integrate, optimize, stats

kl_page = chapter_code.functions("kl_divergence")

POINTS = [(0.0, 0.0), (1.0, np.log(0.25)), (-1.5, np.log(0.05)), (0.7, np.log(9)), (0.0, -2.0)]
each_point = pytest.mark.parametrize(("mean", "log_var"), POINTS)
SCALES = [
    np.array([[0.5, 0.0], [-0.8, 0.6]]),
    np.array([[1.7, 0.0], [0.4, 0.2]]),
    np.diag([0.3, 2.0]),
]


def normal(mean, log_var):
    return stats.norm(mean, np.exp(log_var / 2))


def kl_by_quadrature(q, p):
    """KL(q ‖ p) of two frozen scipy distributions on the line, in nats."""
    low, high = q.ppf(1e-14), q.isf(1e-14)
    value, _ = integrate.quad(lambda z: q.pdf(z) * (q.logpdf(z) - p.logpdf(z)), low, high)
    return value


def standard_nodes(d=1, count=40):
    """Nodes (n, d) and weights (n,) of E f(eps) for eps ~ N(0, I)."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(count)
    weights = weights / weights.sum()
    points = np.array(list(product(nodes, repeat=d)))
    return points, np.array([np.prod(w) for w in product(weights, repeat=d)])


def expectation_and_variance(values):
    """Under eps ~ N(0, 1), of values (..., nodes) taken at the nodes of standard_nodes()."""
    _, weights = standard_nodes()
    mean = values @ weights
    return mean, values**2 @ weights - mean**2


# Distributions over outcomes


@pytest.mark.parametrize("base", [np.e, 2])
def test_entropy_cross_entropy_and_kl_are_those_of_scipy(base):
    rng = np.random.default_rng(1)
    p, q = rng.dirichlet(np.ones(7), size=2)
    convert = kl_page.bits if base == 2 else float
    assert convert(kl_page.entropy(p)) == pytest.approx(stats.entropy(p, base=base))
    assert convert(kl_page.kl(p, q)) == pytest.approx(stats.entropy(p, q, base=base))
    both = stats.entropy(p, base=base) + stats.entropy(p, q, base=base)
    assert convert(kl_page.cross_entropy(p, q)) == pytest.approx(both)


def test_what_never_occurs_costs_nothing_and_what_was_ruled_out_costs_everything():
    never, believed = np.array([0.5, 0.5, 0.0]), np.array([0.25, 0.5, 0.25])
    assert kl_page.kl(never, believed) == pytest.approx(0.5 * np.log(2))
    assert kl_page.kl(believed, never) == np.inf
    assert kl_page.entropy(np.array([1.0, 0.0])) == 0


def test_grey_levels_are_counted_in_equal_steps():
    images = np.array([0, 63, 64, 127, 128, 255, 255, 255], np.uint8).reshape(2, 2, 2, 1)
    np.testing.assert_allclose(kl_page.level_frequencies(images, 4), [2 / 8, 2 / 8, 1 / 8, 3 / 8])
    np.testing.assert_allclose(kl_page.level_frequencies(images, 2), [4 / 8, 4 / 8])


# Densities and fits


@each_point
def test_the_log_density_is_that_of_a_normal(mean, log_var):
    z = np.linspace(-3, 3, 13)
    expected = normal(mean, log_var).logpdf(z)
    np.testing.assert_allclose(kl_page.log_normal(z, mean, log_var), expected)


@each_point
def test_the_sum_over_a_grid_is_the_integral(mean, log_var):
    grid = np.linspace(-25, 25, 5001)
    q, p = normal(mean, log_var), normal(0.3, np.log(1.5))
    value = kl_page.kl_on_grid(q.logpdf(grid), p.logpdf(grid), grid[1] - grid[0])
    assert value == pytest.approx(kl_by_quadrature(q, p), abs=1e-7)


def test_the_target_is_a_density_with_the_stated_peaks():
    z = np.linspace(-6, 6, 25)
    mixture = 0.6 * stats.norm(-2, 0.7).pdf(z) + 0.4 * stats.norm(2, 0.5).pdf(z)
    np.testing.assert_allclose(np.exp(kl_page.log_two_peaks(z)), mixture)
    mass, _ = integrate.quad(lambda z: np.exp(kl_page.log_two_peaks(z)), -12, 12, points=[-2, 2])
    assert mass == pytest.approx(1)


def test_both_directions_of_the_fit_are_the_integrals_that_their_names_say():
    grid = np.linspace(-20, 20, 4001)
    q, p = normal(-1.2, np.log(2.5)), stats.norm(-2, 0.7)
    point = np.array([-1.2, np.log(2.5)])
    covering = kl_page.covering(point, grid, p.logpdf(grid))
    seeking = kl_page.seeking(point, grid, p.logpdf(grid))
    assert covering == pytest.approx(kl_by_quadrature(p, q))
    assert seeking == pytest.approx(kl_by_quadrature(q, p))
    assert covering != pytest.approx(seeking, rel=0.1)


def test_the_covering_fit_has_the_moments_of_the_target():
    grid = np.linspace(-20, 20, 4001)
    log_target = kl_page.log_two_peaks(grid)
    found = optimize.minimize(kl_page.covering, (0.0, 0.0), args=(grid, log_target)).x
    mean = 0.6 * -2 + 0.4 * 2
    variance = 0.6 * (0.49 + 4) + 0.4 * (0.25 + 4) - mean**2
    np.testing.assert_allclose([found[0], np.exp(found[1])], [mean, variance], rtol=1e-4)


def test_the_seeking_fit_has_a_minimum_at_each_peak_that_costs_its_log_weight():
    grid = np.linspace(-20, 20, 4001)
    log_target = kl_page.log_two_peaks(grid)
    for start, weight in ((-2.0, 0.6), (2.0, 0.4)):
        found = optimize.minimize(kl_page.seeking, (start, -1.0), args=(grid, log_target))
        assert found.x[0] == pytest.approx(start, abs=0.02)
        assert found.fun == pytest.approx(-np.log(weight), abs=0.01)


def test_central_differences_and_descent_on_a_parabola():
    def parabola(at, stretch):
        return 0.5 * at @ (stretch * at)

    stretch, start = np.array([1.0, 3.0]), np.array([2.0, -1.0])
    gradient = kl_page.numerical_gradient(parabola, start, stretch)
    np.testing.assert_allclose(gradient, stretch * start, rtol=1e-6)
    path = kl_page.descend(lambda at: stretch * at, start, 0.1, 20)
    assert path.shape == (21, 2)
    np.testing.assert_allclose(path[20], start * (1 - 0.1 * stretch) ** 20)


# Gaussians


@each_point
def test_the_kl_of_a_latent_is_its_integral(mean, log_var):
    expected = kl_by_quadrature(normal(mean, log_var), stats.norm())
    assert kl_page.kl_standard(mean, log_var) == pytest.approx(expected, abs=1e-9)


def test_the_kl_of_many_latents_comes_one_by_one():
    means, log_vars = np.array(POINTS).T
    together = kl_page.kl_standard(np.stack([means, -means]), np.stack([log_vars, log_vars]))
    alone = [kl_page.kl_standard(*point) for point in POINTS]
    np.testing.assert_allclose(together, [alone, alone])


def test_the_kl_keeps_its_digits_near_the_prior():
    log_var = 1e-6  # ½(e^t − 1 − t) = t²/4 + t³/12 + ...
    assert kl_page.kl_standard(0.0, log_var) == pytest.approx(log_var**2 / 4, rel=1e-3)


@pytest.mark.parametrize("scale", SCALES)
def test_the_full_kl_is_the_expected_log_ratio(scale):
    mean = np.array([1.0, -0.5])
    eps, weights = standard_nodes(d=2, count=12)
    z = mean + eps @ scale.T
    q = stats.multivariate_normal(mean, scale @ scale.T)
    np.testing.assert_allclose(kl_page.log_gaussian(z, mean, scale), q.logpdf(z))
    ratio = q.logpdf(z) - stats.multivariate_normal(np.zeros(2), np.eye(2)).logpdf(z)
    assert kl_page.kl_full(mean, scale) == pytest.approx(weights @ ratio)


def test_the_full_kl_of_a_diagonal_scale_is_the_sum_over_latents():
    means, log_vars = np.array(POINTS).T
    expected = sum(kl_by_quadrature(normal(*point), stats.norm()) for point in POINTS)
    scale = np.diag(np.exp(log_vars / 2))
    assert kl_page.kl_full(means, scale) == pytest.approx(expected, abs=1e-8)


@pytest.mark.parametrize(("first", "second"), [(0, 1), (1, 2), (2, 0)])
def test_the_kl_of_two_gaussians_is_the_expected_log_ratio(first, second):
    mean_1, mean_2 = np.array([1.0, -0.5]), np.array([0.2, 0.4])
    scale_1, scale_2 = SCALES[first], SCALES[second]
    eps, weights = standard_nodes(d=2, count=12)
    z = mean_1 + eps @ scale_1.T
    q = stats.multivariate_normal(mean_1, scale_1 @ scale_1.T)
    p = stats.multivariate_normal(mean_2, scale_2 @ scale_2.T)
    found = kl_page.kl_gaussians(mean_1, scale_1, mean_2, scale_2)
    assert found == pytest.approx(weights @ (q.logpdf(z) - p.logpdf(z)))


# Log-variance


def by_integral(variance):
    return kl_by_quadrature(stats.norm(0, np.sqrt(variance)), stats.norm())


@pytest.mark.parametrize("variance", [0.2, 0.9, 3.0])
def test_the_slopes_are_derivatives_in_the_four_parametrizations(variance):
    h, log_var, scale = 1e-4, np.log(variance), np.sqrt(variance)
    argument = np.log(np.exp(scale) - 1)
    steps = {
        "log σ²": (log_var, np.exp),
        "σ": (scale, np.square),
        "σ²": (variance, lambda value: value),
        "softplus": (argument, lambda value: np.log1p(np.exp(value)) ** 2),
    }
    expected = [
        (by_integral(to_variance(at + h)) - by_integral(to_variance(at - h))) / (2 * h)
        for at, to_variance in steps.values()
    ]
    slopes = kl_page.kl_slopes(log_var)
    np.testing.assert_allclose(slopes, expected, rtol=1e-4)
    moved = [
        np.log(to_variance(at - 0.05 * slope))
        for (at, to_variance), slope in zip(steps.values(), slopes, strict=True)
    ]
    np.testing.assert_allclose(kl_page.log_var_after_step(log_var, 0.05), moved)


# Samples


@each_point
def test_a_term_is_the_log_ratio_at_the_drawn_code(mean, log_var):
    eps = np.array([-2.0, -0.3, 0.0, 1.4])
    q = normal(mean, log_var)
    z = mean + q.std() * eps
    expected = q.logpdf(z) - stats.norm().logpdf(z)
    np.testing.assert_allclose(kl_page.kl_terms(mean, log_var, eps), expected, atol=1e-12)


@each_point
def test_a_term_has_the_kl_as_mean_and_the_stated_variance(mean, log_var):
    eps, _ = standard_nodes()
    expected = kl_by_quadrature(normal(mean, log_var), stats.norm())
    mean_term, variance = expectation_and_variance(kl_page.kl_terms(mean, log_var, eps[:, 0]))
    assert mean_term == pytest.approx(expected, abs=1e-9)
    assert kl_page.term_variance(mean, log_var) == pytest.approx(variance, abs=1e-9)


def test_the_other_estimator_is_never_negative_and_unbiased():
    mean, log_var = 0.4, np.log(0.8)
    eps = np.linspace(-9, 9, 2001)
    values = kl_page.kl_terms_never_negative(mean, log_var, eps)
    assert values.min() >= 0
    assert (kl_page.kl_terms(mean, log_var, eps) < 0).any()
    found, _ = integrate.quad(
        lambda e: stats.norm.pdf(e) * kl_page.kl_terms_never_negative(mean, log_var, e), -12, 12
    )
    assert found == pytest.approx(kl_by_quadrature(normal(mean, log_var), stats.norm()))


@pytest.mark.parametrize("power", [-1.0, -0.5, 2.0])
def test_the_slope_of_a_power_law_is_its_power(power):
    x = np.array([1.0, 3.0, 10.0, 200.0])
    assert kl_page.log_log_slope(x, 7 * x**power) == pytest.approx(power)


# Gradients


@each_point
def test_the_exact_gradient_is_the_derivative_of_the_integral(mean, log_var):
    def value(m, v):
        return kl_by_quadrature(normal(m, v), stats.norm())

    h = 1e-4
    expected = [
        value(mean + h, log_var) - value(mean - h, log_var),
        value(mean, log_var + h) - value(mean, log_var - h),
    ]
    found = kl_page.exact_gradient(np.array([mean, log_var]))
    np.testing.assert_allclose(found, np.array(expected) / (2 * h), atol=1e-6)


def term(mean, log_var, eps, density):
    """Log ratio at the code drawn with (mean, log_var); q has the parameters ``density``."""
    z = mean + np.exp(log_var / 2) * eps
    return normal(*density).logpdf(z) - stats.norm().logpdf(z)


@each_point
@pytest.mark.parametrize("name", ["sampled_gradient", "path_gradient"])
def test_the_sampled_gradients_differentiate_the_term_that_they_claim(name, mean, log_var):
    eps, h = np.array([-1.3, 0.2, 2.0]), 1e-5
    changes = []
    for move in ((h, 0.0), (0.0, h)):
        up, down = np.add((mean, log_var), move), np.subtract((mean, log_var), move)
        frozen = (mean, log_var) if name == "path_gradient" else None
        values = [term(*at, eps, frozen or at) for at in (up, down)]
        changes.append((values[0] - values[1]) / (2 * h))
    found = getattr(kl_page, name)(np.array([mean, log_var]), eps)
    np.testing.assert_allclose(found, changes, rtol=1e-6, atol=1e-6)


@each_point
def test_both_sampled_gradients_are_unbiased_and_one_has_the_stated_variance(mean, log_var):
    point, eps = np.array([mean, log_var]), standard_nodes()[0][:, 0]
    expected, sigma2 = kl_page.exact_gradient(point), np.exp(log_var)
    found, variance = expectation_and_variance(kl_page.sampled_gradient(point, eps))
    np.testing.assert_allclose(found, expected, atol=1e-9)
    stated = [sigma2, 0.25 * (mean**2 * sigma2 + 2 * sigma2**2)]
    np.testing.assert_allclose(variance, stated, rtol=1e-8)
    found, _ = expectation_and_variance(kl_page.path_gradient(point, eps))
    np.testing.assert_allclose(found, expected, atol=1e-9)


def test_the_path_gradient_is_silent_at_the_prior():
    eps = np.linspace(-3, 3, 7)
    np.testing.assert_allclose(kl_page.path_gradient(np.zeros(2), eps), 0, atol=1e-15)
    assert np.ptp(kl_page.sampled_gradient(np.zeros(2), eps)) > 1


# Slips

MEANS, LOG_VARS = np.array([1.0, -0.5, 0.0]), np.log([0.25, 0.5, 4.0])
VARIANCES = np.exp(LOG_VARS)


def summed(q_and_p):
    return sum(kl_by_quadrature(q, p) for q, p in q_and_p)


def test_each_mistake_gives_the_number_that_its_name_promises():
    p, deviations = stats.norm(), np.sqrt(VARIANCES)
    right = summed((stats.norm(m, s), p) for m, s in zip(MEANS, deviations, strict=True))
    halved = 0.5 * summed(
        (stats.norm(m, s), stats.norm(0, np.sqrt(0.5)))
        for m, s in zip(MEANS, deviations, strict=True)
    )
    expected = {
        "right": right,
        "variance for standard deviation": summed(
            (stats.norm(m, v), p) for m, v in zip(MEANS, VARIANCES, strict=True)
        ),
        "standard deviation for variance": summed(
            (stats.norm(m, np.sqrt(s)), p) for m, s in zip(MEANS, deviations, strict=True)
        ),
        "log σ for log σ²": halved + 3 * (np.log(2) - 1) / 4,
        "½ forgotten": 2 * right,
        "direction swapped": summed(
            (p, stats.norm(m, s)) for m, s in zip(MEANS, deviations, strict=True)
        ),
        "sign": -right,
        "mean for sum": right / 3,
    }
    found = kl_page.mistakes(MEANS, LOG_VARS)
    assert found.keys() == expected.keys()
    for name, value in expected.items():
        assert found[name] == pytest.approx(value, rel=1e-6), name
    assert len({round(float(value), 6) for value in found.values()}) == len(found)


def test_mistakes_of_a_batch_are_summed_over_latents_only():
    means, log_vars = np.stack([MEANS, 0 * MEANS]), np.stack([LOG_VARS, 0 * LOG_VARS])
    alone = kl_page.mistakes(MEANS, LOG_VARS)
    for name, values in kl_page.mistakes(means, log_vars).items():
        assert values.shape == (2,)
        assert values[0] == pytest.approx(alone[name])


@pytest.mark.parametrize(
    ("name", "variance", "in_mean", "in_log_var"),
    [
        ("right", 1, 1, 1),
        ("variance for standard deviation", 1, 1, 4),
        ("standard deviation for variance", 1, 1, 1 / 4),
        ("log σ for log σ²", 1 / 2, 1, 1),
        ("½ forgotten", 1, 2, 2),
        ("direction swapped", 1, 1, 1),
        ("sign", np.nan, -1, -1),
        ("mean for sum", 1, 1 / 3, 1 / 3),
    ],
)
def test_optimum_and_effective_beta_of_each_mistake(name, variance, in_mean, in_log_var):
    assert kl_page.best_variance(name) == pytest.approx(variance, rel=0.01, nan_ok=True)
    curvatures = [
        kl_page.curvature(name, which) / kl_page.curvature("right", which)
        for which in ("mean", "log_var")
    ]
    np.testing.assert_allclose(curvatures, [in_mean, in_log_var], rtol=1e-3)
    assert kl_page.curvature("right", "mean") == pytest.approx(1)  # second derivative of μ²/2
    assert kl_page.curvature("right", "log_var") == pytest.approx(0.5, rel=1e-3)
