"""The convolutional autoencoder: sizes, pieces, controls, and every way to train it."""

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


@pytest.fixture(scope="module")
def chapter(training_bench):
    cells = training_bench.definitions("conv_autoencoder")
    cells.PUBLISHED_EPOCHS = cells.PASSES = cells.EPOCHS = 1
    cells.test = cells.test.take(1)
    cells.horses._arrays["train"] = tuple(part[:24] for part in cells.horses.arrays("train"))
    cells.horses.size = lambda split: len(cells.horses.arrays(split)[1])
    return cells


@pytest.mark.parametrize("side", range(70, 86))
def test_only_sides_of_the_right_kind_come_back(chapter, side):
    model = chapter.make_autoencoder("sides")
    copied = model(np.zeros((1, side, side, 3), np.float32)).shape[1]
    assert (copied == side) == (side % 8 == 4)


def test_pieces_are_cut_from_the_pictures_at_changing_places(chapter):
    images = chapter.train_images[:4]
    first, target = chapter.pieces(images, None, (1, 2))
    second, _ = chapter.pieces(images, None, (3, 4))
    assert first.shape == (4, chapter.SIDE, chapter.SIDE, 3)
    assert target is first
    assert not np.array_equal(first, second)
    whole, side = images / np.float32(255), chapter.SIDE
    corner = np.isclose(whole[0, :, :, :], first[0, 0, 0]).all(axis=-1)
    places = np.argwhere(corner[: 301 - side, : 301 - side])
    assert any(
        np.allclose(whole[:, top : top + side, left : left + side], first) for top, left in places
    )


def test_weights_learnt_on_pieces_are_those_of_whole_pictures(chapter):
    pieces = chapter.make_autoencoder("pieces")
    whole = [chapter.make_encoder(), chapter.make_decoder()]
    for part, trained in zip(whole, pieces.layers, strict=True):
        part.set_weights(trained.get_weights())
    x = chapter.x_test[:1]
    np.testing.assert_allclose(pieces(x), whole[1](whole[0](x)), atol=1e-5)


@pytest.mark.parametrize("change", range(5))
def test_every_way_to_train_trains(chapter, change):
    settings = [{}, *chapter.LEVERS.values()][change]
    model, run = chapter.train_ours(**settings)
    assert np.isfinite(chapter.curve_of(run)).all()
    assert np.isfinite(chapter.measure(model, chapter.x_test[:2])["PSNR, dB"])


def test_the_published_recipe_is_plain_gradient_descent_on_whole_pictures(chapter):
    model, run = chapter.train_published()
    assert type(model.optimizer).__name__ == "SGD"
    assert float(model.optimizer.learning_rate) == 1.0
    assert len(run.epochs) == 1
    assert model.count_params() == 47_107


def test_white_beats_the_mean_image_and_floors_differ_because_of_the_shift(chapter):
    white = chapter.measure(np.ones_like, chapter.x_test[:10])
    average = chapter.train_images.mean(axis=0) / 255
    mean = chapter.measure(lambda x: np.broadcast_to(average, x.shape), chapter.x_test[:10])
    assert white["PSNR, dB"] > mean["PSNR, dB"]
    x_train = chapter.train_images[:10] / np.float32(255)
    floors = [
        measured["BCE"] - measured["BCE − floor"]
        for measured in (white, chapter.measure(np.ones_like, x_train))
    ]
    assert floors[0] < floors[1] / 2


@pytest.mark.parametrize("policy", ["float32", "mixed_float16", "mixed_bfloat16"])
@pytest.mark.parametrize("compiled", [False, True], ids=["plain", "xla"])
def test_it_trains_in_every_precision(chapter, policy, compiled):
    import keras

    keras.utils.set_random_seed(1)
    keras.mixed_precision.set_dtype_policy(policy)
    try:
        model = chapter.make_autoencoder("precision")
        watched = [chapter.rounded_accuracy, chapter.psnr]
        model.compile("adam", "binary_crossentropy", metrics=watched, jit_compile=compiled)
        x = chapter.train_images[:8, 132:168, 132:168] / np.float32(255)
        history = model.fit(x, x, epochs=3, batch_size=4, verbose=0).history["loss"]
    finally:
        keras.mixed_precision.set_dtype_policy("float32")
    assert history[-1] < history[0]
    exact = bounds.probability_nll(x, model(x)).mean() / x[0].size
    tolerance = {"float32": 1e-5, "mixed_float16": 5e-3, "mixed_bfloat16": 2e-2}[policy]
    loss, *_ = model.evaluate(x, x, batch_size=8, verbose=0)
    assert loss == pytest.approx(exact, rel=tolerance)
