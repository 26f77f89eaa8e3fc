"""The complete data sets: what they hold, and that a damaged file is named before it does harm."""

import json
import shutil

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_datasets as tfds

from latents import LatentsError, bounds, data
from latents.data import complete

NAME, SHARDS = "fashion_mnist", {"train": [40, 35], "test": [20]}
FIRST = "fashion_mnist-train.tfrecord-00000-of-00002"


def record(image, label):
    png = tf.io.encode_png(image).numpy()
    features = {
        "image": tf.train.Feature(bytes_list=tf.train.BytesList(value=[png])),
        "label": tf.train.Feature(int64_list=tf.train.Int64List(value=[label])),
    }
    return tf.train.Example(features=tf.train.Features(feature=features)).SerializeToString()


def write_split(folder, split, images, labels):
    rows = iter(zip(images, labels, strict=False))
    lengths = SHARDS[split]
    for shard, length in enumerate(lengths):
        name = f"{NAME}-{split}.tfrecord-{shard:05d}-of-{len(lengths):05d}"
        with tf.io.TFRecordWriter(str(folder / name)) as writer:
            for _ in range(length):
                writer.write(record(*next(rows)))


@pytest.fixture(scope="module")
def pristine(fashion, tmp_path_factory):
    """Write the first examples of the sample as TFDS would prepare them."""
    root = tmp_path_factory.mktemp("prepared")
    folder = root / NAME / "3.0.1"
    folder.mkdir(parents=True)
    for split in SHARDS:
        write_split(folder, split, *fashion.arrays(split))
    tfds.features.FeaturesDict(
        {
            "image": tfds.features.Image(shape=(28, 28, 1)),
            "label": tfds.features.ClassLabel(names=fashion.label_names),
        }
    ).save_config(str(folder))
    info = {
        "name": NAME,
        "version": "3.0.1",
        "fileFormat": "tfrecord",
        "moduleName": "tensorflow_datasets.image_classification.mnist",
        "splits": [
            {
                "name": split,
                "numBytes": "1",
                "shardLengths": [str(length) for length in lengths],
                "filepathTemplate": "{DATASET}-{SPLIT}.{FILEFORMAT}-{SHARD_X_OF_Y}",
            }
            for split, lengths in SHARDS.items()
        ],
    }
    (folder / "dataset_info.json").write_text(json.dumps(info))
    return root


@pytest.fixture
def prepared(pristine, tmp_path, monkeypatch):
    """Give each test its own copy, and make it the place where the full profile looks."""
    root = tmp_path / "sets"
    shutil.copytree(pristine, root)
    monkeypatch.setenv("PROFILE", "full")
    monkeypatch.setenv("TFDS_DATA_DIR", str(root))
    return root / NAME / "3.0.1"


def refusal():
    with pytest.raises(LatentsError) as caught:
        data.load(NAME)
    return str(caught.value)


def test_an_intact_set_gives_back_the_same_pixels_in_order(prepared, fashion):
    loaded = data.load(NAME)
    assert loaded.title == "Fashion-MNIST (complete)"
    assert loaded.label_names == fashion.label_names
    for split, lengths in SHARDS.items():
        images, labels = loaded.arrays(split)
        expected_images, expected_labels = fashion.arrays(split)
        assert loaded.size(split) == sum(lengths) == len(images)
        assert images.dtype == np.uint8
        assert labels.dtype == np.int64
        assert np.array_equal(images, expected_images[: len(images)])
        assert np.array_equal(labels, expected_labels[: len(labels)])


def test_an_intact_set_feeds_the_same_pipelines(prepared):
    pipeline = data.load(NAME).batches("train", 20, data.binarize, training=True)
    assert [len(bits) for bits, _ in pipeline] == [20, 20, 20, 15]


def test_the_newest_version_is_taken(prepared):
    shutil.copytree(prepared, prepared.with_name("2.9.9"))
    shutil.copytree(prepared, prepared.with_name("3.1.0"))
    assert complete.prepared(NAME) == prepared.with_name("3.1.0")


def test_a_half_prepared_folder_does_not_count(prepared):
    (prepared / "dataset_info.json").unlink()
    assert complete.prepared(NAME) is None


@pytest.mark.parametrize("kept", [0.99, 0.5, 0.001])
def test_a_truncated_file_is_named(prepared, kept):
    file = prepared / FIRST
    content = file.read_bytes()
    file.write_bytes(content[: int(len(content) * kept)])
    assert f"{file} is truncated or corrupt" in refusal()


@pytest.mark.parametrize("place", [0, 9, 13, 100, -1])
def test_a_flipped_bit_is_noticed_wherever_it_is(prepared, place):
    file = prepared / FIRST
    content = bytearray(file.read_bytes())
    content[place] ^= 4
    file.write_bytes(content)
    assert f"{file} is truncated or corrupt" in refusal()


def test_a_missing_shard_is_named(prepared):
    file = prepared / FIRST.replace("00000-of", "00001-of")
    file.unlink()
    assert f"{file} is missing" in refusal()


@pytest.mark.parametrize("count", [0, 39])
def test_too_few_examples_are_counted(prepared, fashion, count):
    with tf.io.TFRecordWriter(str(prepared / FIRST)) as writer:
        for image, label in zip(*(part[:count] for part in fashion.arrays("train")), strict=True):
            writer.write(record(image, label))
    assert f"{prepared / FIRST} holds {count} examples instead of 40" in refusal()


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", '{"name": "x", "splits": [{}]}'])
def test_a_broken_description_is_named(prepared, content):
    (prepared / "dataset_info.json").write_text(content)
    assert f"{prepared / 'dataset_info.json'} cannot be read" in refusal()


def test_every_refusal_says_what_to_do(prepared):
    (prepared / FIRST).unlink()
    said = refusal()
    assert f"delete the folder {prepared}" in said
    assert "copy it afresh" in said
    assert "PROFILE=quick" in said
    assert "\n" not in said


def test_the_home_folder_is_searched_when_no_other_is_named(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("TFDS_DATA_DIR", raising=False)
    assert complete.data_dir() == tmp_path / "tensorflow_datasets"
    monkeypatch.setenv("TFDS_DATA_DIR", "~/sets")
    assert complete.data_dir() == tmp_path / "sets"


@pytest.fixture(scope="module")
def complete_sets():
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PROFILE", "full")
        return {name: data.load(name) for name in data.NAMES}


@pytest.mark.full_data
@pytest.mark.parametrize(
    ("name", "shape", "sizes"),
    [
        ("fashion_mnist", (28, 28, 1), (60000, 10000)),
        ("horses_or_humans", (300, 300, 3), (1027, 256)),
    ],
)
def test_the_complete_sets_are_complete(complete_sets, name, shape, sizes):
    loaded = complete_sets[name]
    for split, size in zip(("train", "test"), sizes, strict=True):
        images, labels = loaded.arrays(split)
        assert loaded.size(split) == size
        assert images.shape == (size, *shape)
        assert images.dtype == np.uint8
        assert len(labels) == size
        assert set(labels) == set(range(len(loaded.label_names)))
    assert loaded.label_names == data.load(name).label_names
    assert "complete" in loaded.title


@pytest.mark.full_data
def test_the_sample_is_taken_unchanged_from_the_complete_set(complete_sets, fashion):
    for split in ("train", "test"):
        whole = zip(*complete_sets["fashion_mnist"].arrays(split), strict=True)
        known = {image.tobytes(): label for image, label in whole}
        for image, label in zip(*fashion.arrays(split), strict=True):
            assert known[image.tobytes()] == label


@pytest.mark.full_data
def test_the_entropy_floors_are_those_that_the_text_relies_on(complete_sets):
    garments, _ = complete_sets["fashion_mnist"].arrays("test")
    assert bounds.entropy_floor(garments) == pytest.approx(189.86, abs=0.01)  # nats per image
    animals, _ = complete_sets["horses_or_humans"].arrays("test")
    per_value = bounds.entropy_floor(animals) / animals[0].size
    assert per_value == pytest.approx(0.101, abs=0.001)
