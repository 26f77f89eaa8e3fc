"""The page on the usual recipes: bits, grids and shuffles. Functions and facts."""

import itertools
from fractions import Fraction
from types import SimpleNamespace

import chapter_code
import numpy as np
import pytest
from scipy import stats

SIX_SIGMA = 6  # a right answer is refused once in five hundred million comparisons


@pytest.fixture(scope="module")
def page():
    return chapter_code.functions("usual_recipes")


# Inverted binarization


def test_mean_bits_follow_one_minus_the_brightness_or_the_brightness(page):
    brightness = np.random.default_rng(2).random((30, 30))
    band = SIX_SIGMA * np.sqrt(brightness * (1 - brightness) / 2000) + 1e-3
    inverted = page.mean_bit(brightness, np.less, 2000, seed=5)
    upright = page.mean_bit(brightness, np.greater, 2000, seed=5)
    assert (np.abs(inverted - (1 - brightness)) < band).all()
    assert (np.abs(upright - brightness) < band).all()
    assert page.agreement(inverted, brightness) < -0.99
    assert page.agreement(upright, brightness) > 0.99


def test_agreement_is_a_correlation(page):
    first, second = np.random.default_rng(4).random((2, 6, 5))
    expected = stats.pearsonr(first.ravel(), second.ravel()).statistic
    assert page.agreement(first, second) == pytest.approx(expected)


def test_flipped_bits_have_the_likelihood_of_flipped_logits(page):
    rng = np.random.default_rng(6)
    bits, logits = rng.random((8, 40)) < 0.3, rng.normal(0, 4, (8, 40))
    upright = -stats.bernoulli.logpmf(bits, 1 / (1 + np.exp(-logits))).sum(axis=1)
    assert page.bounds.bernoulli_nll(bits, logits) == pytest.approx(upright)
    assert page.bounds.bernoulli_nll(~bits, -logits) == pytest.approx(upright)


# Misaligned grid


@pytest.mark.parametrize("size", range(1, 9))
@pytest.mark.parametrize("wanted", [1, 2, 5, 7, 13])
def test_resize_looks_at_mapped_centres(page, size, wanted):
    exact = [
        min(max(Fraction(2 * i + 1, 2) * size / wanted - Fraction(1, 2), 0), size - 1)
        for i in range(wanted)
    ]
    assert page.resized_places(size, wanted) == pytest.approx([float(place) for place in exact])
    ramp = np.arange(size, dtype="float32").reshape(size, 1, 1)
    looked_at = page.tf.image.resize(ramp, (wanted, 1)).numpy()[:, 0, 0]
    assert looked_at == pytest.approx(page.resized_places(size, wanted), abs=1e-5)


@pytest.mark.parametrize("size", [2, 3, 4, 5, 12, 501])
def test_framed_places_are_off_by_the_derived_part_of_a_step(page, size):
    framed = page.resized_places(size, 2 * size - 1)[::2]
    off = np.abs(framed - np.arange(size)).max()
    assert off == pytest.approx(max(size - 3, 0) / (2 * (2 * size - 1)))
    inner = np.arange(1, size - 1)
    derived = (2 * inner - (size - 1)) / (2 * (2 * size - 1))
    assert framed[1:-1] - inner == pytest.approx(derived)


def test_a_lattice_pairs_rows_and_columns(page):
    points = page.lattice([0, 5], [1, 2, 4])
    assert points.tolist() == [[[0, 1], [0, 2], [0, 4]], [[5, 1], [5, 2], [5, 4]]]


def test_the_largest_distance_is_euclidean(page):
    first = page.lattice([0.0, 1.0], [0.0, 1.0])
    second = first.copy()
    second[1, 0] += (0.3, -0.4)
    second[0, 1] += (0.1, 0.45)
    assert page.largest_distance(first, second) == pytest.approx(0.5)


def test_the_grid_of_the_page_is_off_by_a_fourteenth_and_aligned_corners_fix_it(page):
    originals = page.lattice(np.arange(3.0), np.arange(4.0))
    resized = page.tf.image.resize(originals, (5, 7)).numpy()
    assert page.largest_distance(resized[::2, ::2], originals) == pytest.approx(1 / 14, abs=1e-6)
    resize = page.tf.compat.v1.image.resize
    aligned = resize(originals[None], (5, 7), align_corners=True)[0].numpy()
    even = page.lattice(np.linspace(0, 2, 5), np.linspace(0, 3, 7))
    assert page.largest_distance(aligned, even) < 1e-6


# Shuffle after batch


def test_pairs_that_stay_together_are_counted_one_by_one(page):
    rng = np.random.default_rng(8)
    passes = [np.array_split(rng.permutation(23), 5) for _ in range(2)]
    first, second = (page.batch_of(batches) for batches in passes)
    for batches, home in zip(passes, (first, second), strict=True):
        assert all(n in batches[home[n]] for n in range(23))
    pairs = [
        {frozenset(p) for b in batches for p in itertools.combinations(b, 2)} for batches in passes
    ]
    expected = len(pairs[0] & pairs[1]) / len(pairs[0])
    assert page.kept_together(first, second) == pytest.approx(expected)


def test_batches_that_are_shuffled_keep_their_members(page):
    numbers = page.tf.data.Dataset.range(200)
    assert page.mean_kept(numbers.batch(20).shuffle(200, seed=1)) == 1
    frozen = numbers.shuffle(200, seed=1, reshuffle_each_iteration=False).batch(20)
    assert page.mean_kept(frozen) == 1


def test_a_full_shuffle_keeps_as_many_pairs_as_chance(page):
    size, batch, passes = 200, 20, 25
    rng = np.random.default_rng(9)
    homes = [np.argsort(rng.permutation(size)) // batch for _ in range(400)]
    by_chance = [page.kept_together(*pair) for pair in itertools.pairwise(homes)]
    error = np.std(by_chance) / np.sqrt(passes - 1)  # of the mean over successive passes
    expected = (batch - 1) / (size - 1)
    assert abs(np.mean(by_chance) - expected) < SIX_SIGMA * np.std(by_chance) / np.sqrt(399)
    numbers = page.tf.data.Dataset.range(size)
    kept = page.mean_kept(numbers.shuffle(size, seed=1).batch(batch), passes)
    assert abs(kept - expected) < SIX_SIGMA * error
    small = page.mean_kept(numbers.shuffle(20, seed=1).batch(batch), passes)
    assert small > expected + SIX_SIGMA * error


@pytest.mark.parametrize("buffer", [1, 100, 852])
def test_an_example_comes_up_at_most_a_buffer_early(page, buffer):
    order = list(page.tf.data.Dataset.range(1000).shuffle(buffer, seed=2).as_numpy_iterator())
    assert max(n - place for place, n in enumerate(order)) <= buffer - 1


def test_changed_bits_compares_two_passes(page):
    flips = iter([[[0, 0, 1, 1]], [[0, 1, 1, 0]]])
    dataset = SimpleNamespace(as_numpy_iterator=lambda: [np.array(b) for b in next(flips)])
    assert page.changed_bits(dataset) == 0.5


@pytest.fixture
def some_images():
    return np.random.default_rng(10).integers(0, 256, (60, 28, 28, 1), dtype=np.uint8)


def fresh(page, images, seed=7):
    seeds = page.tf.data.Dataset.random(seed, rerandomize_each_iteration=True)
    pairs = seeds.batch(2, drop_remainder=True)
    grey = page.tf.data.Dataset.from_tensor_slices(images)
    return page.tf.data.Dataset.zip(grey, pairs).map(page.stateless_coin)


def test_a_global_seed_repeats_the_bits_of_every_pass(page, some_images):
    page.tf.random.set_seed(1)
    grey = page.tf.data.Dataset.from_tensor_slices(some_images)
    assert page.changed_bits(grey.cache().map(page.coin)) == 0
    bits = np.stack(list(grey.map(page.coin).as_numpy_iterator()))
    x = some_images / 255
    assert abs(bits.mean() - x.mean()) < SIX_SIGMA * np.sqrt(0.25 / x.size)


def test_seeds_that_are_data_give_fresh_bits_that_a_second_run_repeats(page, some_images):
    dataset = fresh(page, some_images)
    x = some_images / 255
    chance = 2 * x * (1 - x)
    error = np.sqrt((chance * (1 - chance)).sum()) / x.size
    assert abs(page.changed_bits(dataset) - chance.mean()) < SIX_SIGMA * error
    assert page.changed_bits(fresh(page, some_images).cache()) == 0
    runs = []
    for _ in range(2):
        again = fresh(page, some_images)
        runs.append([np.stack(list(again.as_numpy_iterator())) for _ in range(2)])
    assert np.array_equal(runs[0], runs[1])
