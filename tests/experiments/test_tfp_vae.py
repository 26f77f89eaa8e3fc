"""The VAE made of distributions: its objective in every precision, and its controls."""

import numpy as np
import pytest

from latents import bounds

pytestmark = [
    pytest.mark.slow,
    pytest.mark.kept(
        "book/experiments",
        "book/latents",
        "tests/benchmarks",
        "book/records/bench",
        "book/records/full",
    ),
]
# Relative difference between what Keras logs and float64, for the convolutions' precision.
TOLERANCE = {"float32": 1e-5, "mixed_float16": 5e-3, "mixed_bfloat16": 2e-2}


@pytest.fixture(scope="module")
def chapter(training_bench):
    return training_bench.definitions("tfp_vae")


@pytest.mark.parametrize("policy", TOLERANCE)
@pytest.mark.parametrize("compiled", [False, True], ids=["plain", "xla"])
def test_the_loss_is_distortion_plus_rate_in_every_precision(chapter, policy, compiled):
    import tensorflow as tf
    import tf_keras

    tf_keras.utils.set_random_seed(1)
    half = tf_keras.mixed_precision.Policy(policy)
    encoder, decoder = chapter.make_encoder(dtype=half), chapter.make_decoder(dtype=half)
    model = chapter.ElboModel(encoder, decoder, warm_up_steps=0)
    model.compile(tf_keras.optimizers.Adam(1e-3), jit_compile=compiled)
    bits = chapter.test_bits[:16]  # few: a processor takes seconds for a step in float16
    history = model.fit(bits, bits, batch_size=8, epochs=3, verbose=0).history["loss"]
    assert history[-1] < history[0]

    def both():  # the parts, and what they are made of, with one and the same code
        q = encoder(bits)
        z = tf.convert_to_tensor(q)
        pixels = decoder(z)
        rate = chapter.tfd.kl_divergence(q, chapter.prior)
        parts = chapter.nll(bits, pixels), rate
        return *parts, q.mean(), q.scale.to_dense(), pixels.distribution.logits_parameter()

    distortion, rate, mean, scale, logits = tf.function(both, jit_compile=compiled)()
    assert logits.dtype == mean.dtype == tf.float32
    exact = bounds.bernoulli_nll(bits, logits) + bounds.gaussian_kl(mean, scale)
    np.testing.assert_allclose(distortion + rate, exact, rtol=TOLERANCE[policy])


@pytest.mark.parametrize(("weight", "beta"), [(1.0, 2.0), (0.5, 1.0)])
def test_the_published_model_weighs_the_rate_with_twice_its_weight(chapter, weight, beta):
    import tensorflow as tf

    encoder, _, model = chapter.make_published(weight)
    bits = chapter.test_bits[:64]
    q = encoder(bits)
    z = tf.convert_to_tensor(q)
    sampled = chapter.published_prior.log_prob(z), q.log_prob(z)
    rate = float(tf.reduce_mean(sampled[1] - sampled[0]))
    assert float(sum(encoder.losses)) == pytest.approx(beta * rate, rel=1e-3)
    assert isinstance(chapter.published_prior, chapter.tfd.Independent)
    assert float(model.optimizer.learning_rate) == pytest.approx(1e-3)


def test_the_control_differs_from_the_recipe_in_the_weight_alone(chapter):
    (change,) = chapter.CONTROLS.values()
    assert set(change) == {"weight", "epochs"}
    assert change["weight"] == 0.5
    assert change["epochs"] <= chapter.RECORDED_EPOCHS


def test_each_short_training_leaves_out_one_change(chapter):
    first, *others = chapter.LEVERS.values()
    assert set(first) == {"epochs"}
    assert all(change["epochs"] == first["epochs"] and len(change) == 2 for change in others)
