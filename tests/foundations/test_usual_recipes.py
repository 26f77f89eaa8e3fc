"""The page on the usual recipes: KL, learning rate and accuracy. Functions and facts."""

import logging
from types import SimpleNamespace

import chapter_code
import numpy as np
import pytest
from scipy import integrate, optimize, stats

SIX_SIGMA = 6  # a right answer is refused once in five hundred million comparisons


@pytest.fixture(scope="module")
def page():
    return chapter_code.functions("usual_recipes")


@pytest.fixture(scope="module")
def inputs():
    return np.random.default_rng(3).standard_normal((64, 3)).astype("float32")


@pytest.fixture(scope="module")
def prior(page):
    return page.tfp.distributions.MultivariateNormalDiag(loc=[0.0, 0.0])


def kl_by_determinant(mean, covariance):
    """KL(N(mean, covariance) ‖ N(0, I)) through eigenvalues, not through a Cholesky factor."""
    values = np.linalg.eigvalsh(covariance)
    return 0.5 * (values.sum() + mean @ mean - len(mean) - np.log(values).sum())


def kl_by_quadrature(mean, log_var):
    q, p = stats.norm(mean, np.exp(log_var / 2)), stats.norm()
    low, high = q.mean() - 12 * q.std(), q.mean() + 12 * q.std()
    return integrate.quad(lambda z: q.pdf(z) * (q.logpdf(z) - p.logpdf(z)), low, high)[0]


# Doubled KL


@pytest.mark.parametrize("batch", [1, 3, 16, 64])
@pytest.mark.parametrize(("weight", "ratio"), [(1.0, 2.0), (0.5, 1.0), (0.2, 0.4)])
def test_the_regularizer_is_added_twice(page, prior, inputs, batch, weight, ratio):
    regularizer = page.tfp.layers.KLDivergenceRegularizer(prior, weight=weight, use_exact_kl=True)
    encoder = page.small_encoder(regularizer)
    assert page.added_over_exact(encoder, inputs[:batch]) == pytest.approx(ratio, rel=1e-4)
    assert len(encoder.losses) == 2


@pytest.mark.parametrize("batch", [1, 3, 16, 64])
def test_the_exact_loss_layer_sums_over_the_batch(page, prior, inputs, batch):
    layer = page.tfp.layers.KLDivergenceAddLoss(prior, use_exact_kl=True)
    encoder = page.small_encoder(after=[layer])
    assert page.added_over_exact(encoder, inputs[:batch]) == pytest.approx(batch, rel=1e-4)


def test_the_sampled_loss_layer_adds_one_kl_on_average(page, prior, inputs):
    encoder = page.small_encoder(after=[page.tfp.layers.KLDivergenceAddLoss(prior)])
    ratios = [page.added_over_exact(encoder, np.tile(inputs, (50, 1))) for _ in range(30)]
    error = np.std(ratios, ddof=1) / np.sqrt(len(ratios))
    assert abs(np.mean(ratios) - 1) < SIX_SIGMA * error < 0.1


def test_a_kl_reduced_over_the_batch_is_divided_by_it_again(page, prior, inputs):
    regularizer = page.tfp.layers.KLDivergenceRegularizer(prior, test_points_reduce_axis=None)
    encoder = page.small_encoder(regularizer)
    ratios = [page.added_over_exact(encoder, inputs) for _ in range(20)]
    error = np.std(ratios, ddof=1) / np.sqrt(len(ratios))
    assert abs(np.mean(ratios) - 2 / 64) < SIX_SIGMA * error < 0.02


def test_a_rate_of_our_own_is_added_once(page, prior, inputs):
    ratio = page.owned_over_exact(page.small_encoder(), prior, inputs)
    assert ratio == pytest.approx(1, rel=1e-5)
    assert page.added_over_exact(page.small_encoder(), inputs) == 0


def test_what_is_added_is_compared_with_the_mean_kl(page):
    rng = np.random.default_rng(0)
    tril = np.tril(rng.uniform(0.5, 2, (5, 2, 2)))
    means = rng.standard_normal((5, 2))
    q = page.tfp.distributions.MultivariateNormalTriL(means, tril)

    class Encoder(SimpleNamespace):
        def __call__(self, inputs):
            return q

    expected = np.mean([kl_by_determinant(m, s @ s.T) for m, s in zip(means, tril, strict=True)])
    encoder = Encoder(losses=[1.5, 2.0])
    assert page.added_over_exact(encoder, None) == pytest.approx(3.5 / expected)
    prior = page.tfp.distributions.MultivariateNormalDiag(np.zeros(2))
    owned = page.owned_over_exact(encoder, prior, None)
    assert owned == pytest.approx(1 + 3.5 / expected)


def test_small_encoders_have_the_same_weights(page, inputs):
    first, second = (page.small_encoder()(inputs).mean().numpy() for _ in range(2))
    assert np.array_equal(first, second) and first.std() > 0


def test_a_distribution_layer_is_heard_twice_and_a_dense_one_once(page):
    def dense(listen):
        return page.tf_keras.layers.Dense(2, activity_regularizer=listen)

    def gaussian(listen):
        return page.tfp.layers.MultivariateNormalTriL(2, activity_regularizer=listen)

    five = np.zeros((4, 5), "float32")
    assert len(page.heard_by_regularizer(dense, five)) == 1
    assert len(page.heard_by_regularizer(gaussian, five)) == 2


# Averaged KL


@pytest.mark.parametrize("d", [1, 2, 7])
def test_the_mean_over_latents_divides_by_their_number(page, d):
    mean, log_var = np.random.default_rng(d).standard_normal((2, 4, d))
    per_latent = np.vectorize(kl_by_quadrature)(mean, log_var)
    assert float(page.summed_kl(mean, log_var)) == pytest.approx(per_latent.sum() / 4)
    assert float(page.averaged_kl(mean, log_var)) == pytest.approx(per_latent.sum() / 4 / d)


@pytest.mark.parametrize("d", [2, 7])
def test_the_gradient_is_divided_too(page, d):
    mean, log_var = np.random.default_rng(d).standard_normal((2, 4, d))
    by_hand = np.concatenate([mean, (np.exp(log_var) - 1) / 2]) / 4
    value, length = page.value_and_gradient(page.summed_kl, mean, log_var)
    assert value == pytest.approx(float(page.summed_kl(mean, log_var)))
    assert length == pytest.approx(np.linalg.norm(by_hand))
    _, averaged = page.value_and_gradient(page.averaged_kl, mean, log_var)
    assert averaged == pytest.approx(np.linalg.norm(by_hand) / d)


@pytest.mark.parametrize("beta", [0.5, 1.0, 2.0, 784.0])
def test_the_best_variance_minimizes_an_objective_computed_by_quadrature(page, beta):
    weight, noise, x, mean = 1.3, 0.2, 0.7, 0.4
    nodes, weights = np.polynomial.hermite_e.hermegauss(20)

    def objective(log_var):
        z = mean + np.exp(log_var / 2) * nodes
        squared = (x - weight * z) ** 2 @ weights / weights.sum()
        return squared / (2 * noise) + beta * kl_by_quadrature(mean, log_var)

    found = optimize.minimize_scalar(objective, bounds=(-12, 3), method="bounded")
    assert page.best_variance(beta, weight, noise) == pytest.approx(np.exp(found.x), rel=1e-3)


def test_with_beta_one_the_best_variance_is_that_of_the_posterior(page):
    joint = np.array([[1, 1.3], [1.3, 1.3**2 + 0.2]])  # covariance of z and x = 1.3 z + noise
    assert page.best_variance(1, 1.3, 0.2) == pytest.approx(1 / np.linalg.inv(joint)[0, 0])


# Learning rate


def test_the_older_keras_logs_and_drops_lr(page, caplog):
    logger = logging.getLogger("absl")
    logger.addHandler(caplog.handler)
    try:
        optimizer = page.tf_keras.optimizers.SGD(lr=1.0)
    finally:
        logger.removeHandler(caplog.handler)
    assert float(optimizer.learning_rate) == pytest.approx(0.01)
    assert "`lr` is deprecated" in caplog.text


def test_keras_3_refuses_lr(page):
    with pytest.raises(ValueError, match="lr"):
        page.keras.optimizers.SGD(lr=1.0)


def test_descent_shrinks_the_distance_by_the_same_factor_in_every_step(page):
    steps = np.arange(13)
    asked = page.descend(page.tf_keras.optimizers.SGD(lr=1.0), page.tf.Variable(-2.0), 12)
    assert asked == pytest.approx(2 * 0.999**steps, rel=1e-5)
    fixed = page.tf_keras.optimizers.SGD(learning_rate=1.0)
    assert page.descend(fixed, page.tf.Variable(-2.0), 12) == pytest.approx(2 * 0.9**steps)
    modern = page.keras.optimizers.SGD(learning_rate=1.0)
    assert page.descend(modern, page.keras.Variable(-2.0), 12) == pytest.approx(2 * 0.9**steps)


# Accuracy


def test_accuracies_count_pixel_by_pixel(page):
    x, y = np.random.default_rng(11).random((2, 4, 9))
    pairs = list(zip(x.flat, y.flat, strict=True))
    rounded = sum((a > 0.5) == (b > 0.5) for a, b in pairs) / len(pairs)
    assert page.rounded_accuracy(x, y) == pytest.approx(rounded)
    for threshold in (0.2, 0.5, 0.9):
        same = sum((a > threshold) == (b > threshold) for a, b in pairs) / len(pairs)
        assert page.threshold_accuracy(x, y, threshold) == pytest.approx(same)


def test_scores_are_accuracy_squared_error_and_psnr(page):
    x, y = np.random.default_rng(12).random((2, 4, 9))
    accuracy, mse, psnr = page.scores(x, y)
    errors = [
        np.mean([(a - b) ** 2 for a, b in zip(*pair, strict=True)])
        for pair in zip(x, y, strict=True)
    ]
    assert accuracy == page.rounded_accuracy(x, y)
    assert mse == pytest.approx(np.mean(errors))
    assert psnr == pytest.approx(np.mean([10 * np.log10(1 / error) for error in errors]))


def test_pca_reconstructs_as_a_singular_value_decomposition_does(page):
    rng = np.random.default_rng(13)
    images = rng.uniform(0.3, 0.7, (50, 1)) + 0.2 * rng.uniform(-1, 1, (50, 12))
    new = rng.uniform(0, 1, (5, 12))
    mean, directions = page.pca(images)
    _, sizes, axes = np.linalg.svd(images - images.mean(axis=0), full_matrices=False)
    assert (np.diff(sizes) < 0).all()
    for d in (1, 3, 12):
        expected = images.mean(axis=0) + (new - images.mean(axis=0)) @ axes[:d].T @ axes[:d]
        found = page.pca_reconstruct(new, mean, directions, d)
        assert found == pytest.approx(np.clip(expected, 0, 1))


def test_an_image_reduced_to_black_and_white_has_accuracy_one(page, fashion):
    x = fashion.arrays("test")[0].reshape(-1, 784) / 255
    assert page.rounded_accuracy(x, np.round(x)) == 1
    black = page.rounded_accuracy(x, np.zeros_like(x))
    assert black == pytest.approx(np.mean(x < 0.5)) and 0.6 < black < 0.8
