"""What interactive parts load: the networks of this notebook, or of the last build."""

import json

import pytest

from latents import LatentsError, records, weights
from latents.widgets import WIDGETS, show
from latents.widgets.modules import needed, source_files
from latents.widgets.trained import Trained


@pytest.fixture
def empty(tmp_path, monkeypatch):
    """Know of no run of a chapter."""
    monkeypatch.setenv("LATENTS_RECORDS", str(tmp_path))


@pytest.fixture
def model():
    import keras

    keras.utils.set_random_seed(0)
    layers = [keras.layers.Dense(8, activation="relu"), keras.layers.Dense(4)]
    return keras.Sequential([keras.layers.Input((2,)), *layers])


def test_what_a_notebook_has_trained_comes_first(empty, model, tmp_path):
    records.unsaved["vae"] = {"metrics": {"D": 1.0}}, {"vae.bin": {"decoder": model}}
    trained = Trained("vae", "quick")
    assert trained.metrics == {"D": 1.0}
    files = trained.write(tmp_path, "part", ["decoder"])
    assert [file.name for file in files] == ["part.bin", "part.json"]
    kept = weights.read(files[0])["decoder"]
    x = [[0.5, -1.0]]
    assert kept(x) == pytest.approx(trained.networks["decoder"](x))
    assert json.loads(files[1].read_text())["part_of"] == trained.layout["sha256"]


def test_a_chapter_that_has_not_run_is_named(empty):
    with pytest.raises(LatentsError, match="needs the chapter regular_spaces, which has not run"):
        show("two_maps")


def test_an_unknown_part_is_named(empty):
    with pytest.raises(LatentsError, match="no part 'maps'; there are: two_maps"):
        show("maps")


def test_every_module_has_a_name_of_its_own():
    known = source_files()
    assert {f"{name}.mjs" for name in WIDGETS} | {"widgets.css", "notebook.mjs"} <= known.keys()
    assert set(known["two_maps.mjs"].parent.rglob("*.mjs")) <= set(known.values())


@pytest.mark.parametrize("name", WIDGETS)
def test_a_part_comes_with_the_modules_that_it_imports_and_no_others(name):
    found = needed(f"{name}.mjs")
    imported = {
        line.rpartition("/")[2].removesuffix('";')
        for text in found.values()
        for line in text.split("\n")
        if ' from "' in line and line.endswith('.mjs";')
    }
    assert imported | {f"{name}.mjs"} == found.keys() < source_files().keys()
    assert not found.keys() & {f"{other}.mjs" for other in WIDGETS if other != name}
