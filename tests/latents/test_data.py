"""The data of the quick profile: what it is, that it is complete, and that it needs no network."""

import hashlib
import json
import subprocess
import sys
import time
from importlib import resources

import numpy as np
import pytest
import tensorflow_datasets as tfds

from latents import LatentsError, data
from latents.data import drawings as drawing

GARMENTS = [
    "T-shirt/top",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Ankle-boot",
]

LOAD_BOTH_WITHOUT_A_NETWORK = """
import hashlib, json, sys

def refuse(event, arguments):
    if event in ("socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "socket.sendto"):
        raise OSError(f"this touches the network: {event} {arguments}")

sys.addaudithook(refuse)
from latents import data
digests = {}
for name in data.NAMES:
    loaded = data.load(name)
    for split in ("train", "test"):
        rows = list(loaded.examples(split).take(3))
        digests[f"{name} {split}"] = hashlib.sha256(loaded.arrays(split)[0]).hexdigest()
print(json.dumps(digests))
"""


@pytest.mark.parametrize(("split", "count"), [("train", 6000), ("test", 1000)])
def test_the_sample_of_fashion_mnist_is_balanced(fashion, split, count):
    images, labels = fashion.arrays(split)
    assert images.shape == (count, 28, 28, 1)
    assert images.dtype == np.uint8
    assert labels.dtype == np.int64
    assert np.bincount(labels).tolist() == [count // 10] * 10
    assert fashion.size(split) == count


@pytest.mark.parametrize(("split", "count"), [("train", 200), ("test", 60)])
def test_half_of_the_drawings_are_horses(drawings, split, count):
    images, labels = drawings.arrays(split)
    assert images.shape == (count, 300, 300, 3)
    assert images.dtype == np.uint8
    assert labels.dtype == np.int64
    assert np.bincount(labels).tolist() == [count // 2] * 2
    assert drawings.size(split) == count


def test_classes_have_the_names_of_the_original_sets(fashion, drawings):
    assert [name.replace(" ", "-") for name in fashion.label_names] == GARMENTS
    assert drawings.label_names == ["horses", "humans"]


def test_titles_do_not_pass_for_the_complete_sets(fashion, drawings):
    assert "sample" in fashion.title
    assert "6,000 + 1,000" in fashion.title
    assert drawings.title.startswith("drawings")
    assert "drawings" in drawings.info.description


@pytest.mark.parametrize("name", ["fashion", "drawings"])
def test_classes_are_mixed_so_that_any_stretch_holds_all_of_them(name, request):
    loaded = request.getfixturevalue(name)
    for split in ("train", "test"):
        _, labels = loaded.arrays(split)
        assert set(labels[:50]) == set(labels[-50:]) == set(range(len(loaded.label_names)))


@pytest.mark.parametrize("name", ["fashion", "drawings"])
def test_single_examples_are_the_arrays_in_the_same_order(name, request):
    loaded = request.getfixturevalue(name)
    images, labels = loaded.arrays("test")
    rows = list(loaded.examples("test").as_numpy_iterator())
    assert np.array_equal(np.stack([row["image"] for row in rows]), images)
    assert [row["label"] for row in rows] == labels.tolist()
    assert rows[0].keys() == {"image", "label"}


@pytest.mark.parametrize("name", ["fashion", "drawings"])
def test_the_tools_of_tfds_accept_the_info(name, request):
    loaded = request.getfixturevalue(name)
    figure = tfds.visualization.show_examples(loaded.examples("train"), loaded.info)
    assert len(figure.axes) == 9
    labels = loaded.arrays("train")[1]
    assert loaded.label_names[labels[0]] in figure.axes[0].get_xlabel()
    frame = tfds.as_dataframe(loaded.examples("train").take(4), loaded.info)
    assert frame["label"].tolist() == labels[:4].tolist()
    assert "<img" in frame._repr_html_()


def test_loading_both_sets_touches_no_network_and_draws_the_same_everywhere(fashion, drawings):
    result = subprocess.run(
        [sys.executable, "-c", LOAD_BOTH_WITHOUT_A_NETWORK],
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    elsewhere = json.loads(result.stdout)
    for name, loaded in (("fashion_mnist", fashion), ("horses_or_humans", drawings)):
        for split in ("train", "test"):
            here = hashlib.sha256(loaded.arrays(split)[0]).hexdigest()
            assert elsewhere[f"{name} {split}"] == here


def test_the_network_would_have_been_noticed():
    knock = "import socket; socket.create_connection(('localhost', 9), timeout=1)"
    code = LOAD_BOTH_WITHOUT_A_NETWORK.replace("from latents import data", knock)
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )
    assert "this touches the network" in result.stderr


def test_no_two_drawings_are_equal_or_nearly_so(drawings):
    images = np.concatenate([drawings.arrays(split)[0] for split in ("train", "test")])
    small = images.reshape(len(images), 20, 15, 20, 15, 3).mean((2, 4)).reshape(len(images), -1)
    squared = (small**2).sum(1)
    distance = squared[:, None] + squared - 2 * small @ small.T
    np.fill_diagonal(distance, np.inf)
    root_mean_square = np.sqrt(distance.min() / small.shape[1])
    assert root_mean_square > 5  # of 255


def test_horses_and_people_differ_in_more_than_their_label(drawings):
    images, labels = drawings.arrays("train")
    means = [images[labels == label].mean(0) for label in (0, 1)]
    assert np.abs(means[0] - means[1]).max() > 40


def test_all_drawings_are_made_within_twenty_seconds():
    begin = time.perf_counter()
    for split in drawing.COUNTS:
        drawing.draw_split(split)
    assert time.perf_counter() - begin < 20


def test_the_sample_is_small_and_its_licence_travels_with_it():
    folder = resources.files("latents.data")
    assert folder.joinpath("fashion_mnist_sample.npz").stat().st_size <= 4.5e6
    notice = folder.joinpath("fashion_mnist_LICENSE.txt").read_text(encoding="utf-8")
    assert "MIT License" in notice
    assert "Zalando SE" in notice
    assert "THE SOFTWARE IS PROVIDED “AS IS”" in notice


def test_quick_is_the_profile_unless_another_is_named(monkeypatch):
    assert data.profile() == "quick"
    monkeypatch.setenv("PROFILE", "")
    assert data.profile() == "quick"
    monkeypatch.setenv("PROFILE", "full")
    assert data.profile() == "full"


def test_an_unknown_profile_is_refused_in_one_sentence(monkeypatch):
    monkeypatch.setenv("PROFILE", "nonsense")
    for ask in (data.profile, lambda: data.load("fashion_mnist")):
        with pytest.raises(LatentsError) as refusal:
            ask()
        assert str(refusal.value) == (
            "PROFILE=nonsense is not a profile: use PROFILE=quick or PROFILE=full."
        )


def test_an_unknown_data_set_is_refused_with_the_names_of_the_known():
    with pytest.raises(LatentsError, match="fashion_mnist, horses_or_humans"):
        data.load("mnist")


@pytest.mark.parametrize(("profile", "epochs"), [("quick", 3), ("full", 15)])
def test_values_are_chosen_by_profile(monkeypatch, profile, epochs):
    monkeypatch.setenv("PROFILE", profile)
    assert data.by_profile(quick=3, full=15) == epochs
