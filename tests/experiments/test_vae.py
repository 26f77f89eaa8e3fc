"""The chapter's VAE in every precision: it trains, and the loss is distortion + rate."""

import itertools

import numpy as np
import pytest

from latents import bounds

pytestmark = pytest.mark.kept(
    "book/experiments",
    "book/latents",
    "tests/benchmarks",
    "book/records/bench",
    "book/records/full",
)

PIXELS = 28 * 28
# Relative difference between the loss that Keras reports and one from float64: single precision
# has 24 bits, and what is computed in half precision has 11 (float16) or 8 (bfloat16).
TOLERANCE = {"float32": 1e-5, "mixed_float16": 5e-3, "mixed_bfloat16": 2e-2}
CASES = [*itertools.product(TOLERANCE, (False, True))]


@pytest.fixture(scope="module")
def chapter(training_bench):
    return training_bench.definitions("vae")


@pytest.fixture(params=CASES, ids=lambda case: f"{case[0]}-{'xla' if case[1] else 'plain'}")
def case(request):
    import keras

    policy, compiled = request.param
    keras.utils.set_random_seed(1)
    keras.mixed_precision.set_dtype_policy(policy)
    yield policy, compiled
    keras.mixed_precision.set_dtype_policy("float32")


@pytest.mark.slow
def test_the_loss_is_distortion_plus_rate_in_every_precision(case, chapter, fashion):
    policy, compiled = case
    encoder, _, model = chapter.make_vae(initializer="he_normal")
    x = fashion.arrays("train")[0][:512] / np.float32(255)
    model.compile(loss="binary_crossentropy", optimizer="adam", jit_compile=compiled)
    history = model.fit(x, x, batch_size=128, epochs=4, verbose=0).history["loss"]
    assert history[-1] < history[0]

    sampling = encoder.get_layer("sampling")
    state = sampling.noise.state.numpy()
    reported = model.evaluate(x, x, batch_size=len(x), verbose=0) * PIXELS
    sampling.noise.state.assign(state)  # the same codes again, drawn as XLA draws them or not
    whole = type(model)(model.input, [*encoder.outputs, *model.outputs])
    whole.compile(jit_compile=compiled)
    mean, log_var, _, y = whole.predict(x, batch_size=len(x), verbose=0)
    distortion = bounds.probability_nll(x, y).mean()
    rate = bounds.diagonal_gaussian_kl(mean, log_var).sum(axis=1).mean()
    assert reported == pytest.approx(distortion + rate, rel=TOLERANCE[policy])


@pytest.mark.slow
@pytest.mark.parametrize("change", range(6))
def test_every_way_to_train_trains(chapter, change):
    settings = [{}, *chapter.LEVERS.values()][change]
    encoder, decoder, run = chapter.train_ours(**settings | {"epochs": 1})
    assert np.isfinite(chapter.curve_of(run)).all()
    assert chapter.figure_of(encoder, decoder) == pytest.approx(chapter.curve_of(run)[-1], rel=0.02)


@pytest.mark.slow
@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"])
def test_the_chapters_own_training_runs_in_half_precision(chapter, policy):
    import keras

    keras.mixed_precision.set_dtype_policy(policy)
    try:
        # without XLA a processor is slow in float16; the test above has it both ways
        encoder, decoder, run = chapter.train_ours(epochs=1, xla=policy == "mixed_float16")
    finally:
        keras.mixed_precision.set_dtype_policy("float32")
    assert chapter.figure_of(encoder, decoder) == pytest.approx(chapter.curve_of(run)[-1], rel=0.03)
    assert 0.5 < run.history["val_rounded_accuracy"][-1] < 1


@pytest.mark.slow
def test_the_published_recipe_is_rmsprop_with_keras_own_initialization(chapter):
    _, _, model = chapter.make_vae()
    kernels = {
        type(layer.kernel_initializer).__name__
        for part in model.layers
        for layer in getattr(part, "layers", [part])
        if hasattr(layer, "kernel_initializer")
    }
    assert kernels == {"GlorotUniform"}
    *_, run = chapter.train_published()
    assert len(run.epochs) == chapter.PUBLISHED_EPOCHS == 10
    assert run.history["val_loss"][-1] < run.history["val_loss"][0]
