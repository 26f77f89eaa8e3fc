"""Input pipelines and binarization: what a model is shown, in which order, and with which noise."""

from hashlib import sha256
from types import SimpleNamespace

import numpy as np
import pytest
import tensorflow as tf

from latents import data

COUNT = 1000
STANDARD_ERRORS = 5  # two-sided chance of a false alarm below one in a million, at fixed seeds


def numbered(reads=None):
    """Return a data set whose image is its own number, twice, and whose label is the number."""

    def rows():
        for number in range(COUNT):
            if reads is not None:
                reads.append(number)
            yield {"image": np.array([[[number // 4], [number % 4]]], np.uint8), "label": number}

    signature = {
        "image": tf.TensorSpec((1, 2, 1), tf.uint8),
        "label": tf.TensorSpec((), tf.int64),
    }
    info = SimpleNamespace(splits={"train": SimpleNamespace(num_examples=COUNT)})
    return data.Dataset(
        info,
        "numbers",
        lambda split: tf.data.Dataset.from_generator(rows, output_signature=signature),
    )


def keep(images, labels, seed):
    return images, labels, seed


def labels_of(pipeline):
    return np.concatenate([labels for _, labels, _ in pipeline.as_numpy_iterator()])


def test_training_shows_every_example_once_and_each_pass_in_a_new_order():
    pipeline = numbered().batches("train", 64, keep, training=True, seed=1)
    passes = [labels_of(pipeline) for _ in range(3)]
    for order in passes:
        assert sorted(order) == list(range(COUNT))
    for first, second in ((0, 1), (0, 2), (1, 2)):
        assert np.mean(passes[first] == passes[second]) < 0.05


def test_the_first_training_batch_mixes_the_whole_split():
    pipeline = numbered().batches("train", 100, keep, training=True, seed=2)
    first = next(pipeline.as_numpy_iterator())[1]
    in_tenths = np.bincount(first // (COUNT // 10), minlength=10)
    assert (in_tenths > 0).all()
    assert abs(first.mean() - COUNT / 2) < STANDARD_ERRORS * COUNT / np.sqrt(12 * 100)


def test_without_training_the_order_is_the_stored_one():
    pipeline = numbered().batches("train", 64, keep)
    for _ in range(2):
        assert labels_of(pipeline).tolist() == list(range(COUNT))


def test_the_source_is_read_once_and_then_cached():
    reads = []
    pipeline = numbered(reads).batches("train", 64, keep, training=True)
    for _ in range(3):
        labels_of(pipeline)
    assert reads == list(range(COUNT))


def test_the_transform_receives_whole_batches():
    seen = []

    def spy(images, labels, seed):
        seen.append((images.shape.as_list(), images.dtype, labels.dtype, seed.dtype))
        return images, labels, seed

    pipeline = numbered().batches("train", 64, spy)
    assert seen == [([None, 1, 2, 1], tf.uint8, tf.int64, tf.int32)]
    shapes = [(len(labels), seed.shape) for _, labels, seed in pipeline.as_numpy_iterator()]
    assert shapes == [(64, (2,))] * 15 + [(40, (2,))]


def test_the_number_of_batches_is_known_before_the_first_is_read(fashion):
    assert len(fashion.batches("train", 64, data.binarize, training=True)) == 94


def test_batches_are_prefetched():
    assert "Prefetch" in type(numbered().batches("train", 64, keep)).__name__


@pytest.mark.parametrize("training", [True, False])
def test_images_and_labels_stay_together(training):
    pipeline = numbered().batches("train", 64, keep, training=training)
    for images, labels, _ in pipeline.as_numpy_iterator():
        assert (4 * images[:, 0, 0, 0].astype(int) + images[:, 0, 1, 0] == labels).all()


def test_every_batch_of_every_pass_has_its_own_seed():
    pipeline = numbered().batches("train", 64, keep, training=True)
    seeds = {tuple(seed) for _ in range(3) for _, _, seed in pipeline.as_numpy_iterator()}
    assert len(seeds) == 3 * 16


def test_pipelines_built_alike_give_the_same_batches_pass_by_pass(fashion):
    def two_passes(seed):
        pipeline = fashion.batches("test", 300, data.binarize, training=True, seed=seed)
        return [np.concatenate([bits for bits, _ in pipeline]) for _ in range(2)]

    ours, again, other = two_passes(7), two_passes(7), two_passes(8)
    assert np.array_equal(ours, again)
    assert not np.array_equal(ours[0], other[0])
    assert not np.array_equal(ours[0], ours[1])


@pytest.mark.parametrize("training", [True, False])
def test_bits_are_fresh_in_every_pass(fashion, training):
    grey = fashion.arrays("test")[0][..., 0] / 255
    pipeline = fashion.batches("test", 250, data.binarize, training=training)
    first, second = (
        np.sort(np.concatenate([bits for bits, _ in pipeline]).sum((1, 2, 3))) for _ in range(2)
    )
    assert not np.array_equal(first, second)
    expected, spread = grey.sum(), np.sqrt((grey * (1 - grey)).sum())
    for bits in (first, second):
        assert abs(bits.sum() - expected) < STANDARD_ERRORS * spread


def test_the_target_is_the_very_input(fashion):
    bits, target = next(iter(fashion.batches("test", 10, data.binarize)))
    assert bits.dtype == tf.bool
    assert bits.shape == (10, 28, 28, 1)
    assert np.array_equal(bits, target)


def ramp(count):
    """Return ``count`` pictures that hold every brightness from 0 to 255 once."""
    return np.tile(np.arange(256, dtype=np.uint8).reshape(1, 16, 16, 1), (count, 1, 1, 1))


def binarized(images):
    return data.binarize(tf.constant(images), None, tf.constant([3, 4]))[0].numpy()


@pytest.mark.parametrize("draw", [binarized, lambda images: data.fixed_bits(images, 5)])
def test_a_pixel_is_true_as_often_as_it_is_bright(draw):
    count = 5000
    share = draw(ramp(count)).mean(0).ravel()
    p = np.arange(256) / 255
    assert (np.abs(share - p) <= STANDARD_ERRORS * np.sqrt(p * (1 - p) / count)).all()
    assert share[0] == 0
    assert share[-1] == 1


def test_a_black_pixel_stays_false_even_at_the_smallest_draw(monkeypatch):
    monkeypatch.setattr(tf.random, "stateless_uniform", lambda shape, seed: tf.zeros(shape))
    assert binarized(ramp(1)).ravel().tolist() == [False] + [True] * 255


@pytest.mark.parametrize("draw", [binarized, lambda images: data.fixed_bits(images, 5)])
def test_pixels_are_tossed_independently(draw):
    count = 5000
    bits = draw(np.full((count, 1, 2, 1), 128, np.uint8)).reshape(count, 2)
    for one, other in ((bits[:, 0], bits[:, 1]), (bits[1:, 0], bits[:-1, 0])):
        correlation = np.corrcoef(one, other)[0, 1]
        assert abs(correlation) < STANDARD_ERRORS / np.sqrt(count)


def test_fixed_bits_never_change():
    digest = sha256(np.packbits(data.fixed_bits(ramp(4), seed=42))).hexdigest()
    assert (
        digest[:16] == "04411711d59e1012"
    )  # a change here makes every published test figure another


def test_fixed_bits_follow_their_seed(fashion):
    images, _ = fashion.arrays("test")
    bits = data.fixed_bits(images, seed=1)
    assert bits.dtype == bool
    assert bits.shape == images.shape
    assert np.array_equal(bits, data.fixed_bits(images, seed=1))
    assert not np.array_equal(bits, data.fixed_bits(images, seed=2))


def test_scale_maps_bytes_onto_zero_to_one():
    scaled = data.scale(np.array([0, 51, 255], np.uint8))
    assert scaled.dtype == tf.float32
    assert scaled.numpy().tolist() == pytest.approx([0, 0.2, 1])
