"""A training run: what it logs, and that an interrupted one goes on as if nothing had happened."""

import importlib
import json
import os
import shutil
import subprocess
import sys
import time

import numpy as np
import pytest
import small_fit

from latents import training

IN_A_NOTEBOOK = """
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance()
for cell in (
    "a = 1",
    "a + 1",
    "a = 1",
    "from latents import training; code = training._code_so_far()",
    "later = 2",
):
    shell.run_cell(cell, store_history=True)
print(repr(shell.user_ns["code"]))
"""


@pytest.fixture(params=["keras", "tf_keras"])
def keras(request):
    return importlib.import_module(request.param)


@pytest.fixture
def notebook(monkeypatch):
    """Pretend that a notebook has run these cells; call it with others to change them."""

    def has_run(code):
        monkeypatch.setattr(training, "_code_so_far", lambda: code)

    has_run(small_fit.CODE)
    return has_run


@pytest.fixture
def cache(monkeypatch, tmp_path):
    monkeypatch.setenv("LATENTS_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def folders(cache, profile="quick"):
    return sorted((cache / profile).iterdir())


def logged(folder):
    return json.loads((folder / "run.json").read_text())["epochs"]


def epochs_run(keras):
    """Return a callback and the list in which it notes every epoch that begins."""
    seen = []

    class Watch(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            seen.append(epoch)

    return Watch(), seen


def test_history_and_seconds_cover_every_epoch(keras):
    begin = time.perf_counter()
    run, _ = small_fit.fit(keras)
    elapsed = time.perf_counter() - begin
    assert run.history.keys() == {"loss", "val_loss"}
    for values in run.history.values():
        assert len(values) == small_fit.EPOCHS
        assert values[-1] < values[0]
    assert 0 < run.seconds < elapsed
    assert run.seconds == sum(epoch["seconds"] for epoch in run.epochs)
    assert 0 < run.training_seconds[0] < run.training_seconds[-1] < run.seconds


def test_validation_does_not_count_as_training(keras):
    class Slow(keras.callbacks.Callback):
        def on_test_batch_begin(self, batch, logs=None):
            time.sleep(0.2)

    run, _ = small_fit.fit(keras, extra=[Slow()])
    assert run.seconds - run.training_seconds[-1] > 0.2 * small_fit.EPOCHS


@pytest.mark.slow
def test_an_interrupted_run_ends_like_an_uninterrupted_one(keras, notebook, cache, monkeypatch):
    command = [sys.executable, small_fit.__file__, keras.__name__.split(".")[0]]
    killed = subprocess.run(command, env=dict(os.environ), capture_output=True, check=False)
    assert killed.returncode == small_fit.KILLED, killed.stderr.decode()
    (folder,) = folders(cache)
    before = logged(folder)
    assert len(before) == small_fit.STOP_EPOCH
    watch, seen = epochs_run(keras)
    resumed, weights = small_fit.fit(keras, extra=[watch])
    assert seen == [2, 3, 4]
    monkeypatch.delenv("LATENTS_CACHE")
    whole, expected = small_fit.fit(keras)
    for ours, theirs in zip(weights, expected, strict=True):
        assert ours == pytest.approx(theirs, abs=1e-6)
    for name, values in whole.history.items():
        assert resumed.history[name] == pytest.approx(values, rel=1e-5)
    assert resumed.seconds > sum(epoch["seconds"] for epoch in before)


def test_a_finished_run_is_loaded_and_not_trained_again(keras, notebook, cache):
    first, weights = small_fit.fit(keras)
    watch, seen = epochs_run(keras)
    for _ in range(2):
        again, loaded = small_fit.fit(keras, extra=[watch])
        assert seen == []
        assert all(map(np.array_equal, weights, loaded))
        assert again.history == first.history
        assert again.seconds == first.seconds


def test_a_history_without_its_weights_is_written_anew(notebook, cache):
    import tf_keras as keras

    small_fit.fit(keras)
    (folder,) = folders(cache)
    shutil.rmtree(folder / "backup")
    run, _ = small_fit.fit(keras)
    assert len(run.epochs) == small_fit.EPOCHS
    assert len(logged(folder)) == small_fit.EPOCHS


@pytest.mark.parametrize("size", [0, 0.5, "zeros", "more"])
def test_a_checkpoint_that_was_not_saved_to_its_end_is_trained_anew(keras, notebook, cache, size):
    _, weights = small_fit.fit(keras)
    (folder,) = folders(cache)
    files = [file for file in (folder / "backup").rglob("*") if file.is_file()]
    largest = max(files, key=lambda file: file.stat().st_size)
    content = largest.read_bytes()
    if size == "zeros":
        largest.write_bytes(bytes(len(content)))
    elif size == "more":
        largest.with_name("another").write_bytes(b"x")
    else:
        largest.write_bytes(content[: int(size * len(content))])
    watch, seen = epochs_run(keras)
    run, again = small_fit.fit(keras, extra=[watch])
    assert seen == [0, 1, 2, 3, 4]
    assert len(run.epochs) == len(logged(folder)) == small_fit.EPOCHS
    for ours, theirs in zip(again, weights, strict=True):
        assert ours == pytest.approx(theirs, abs=1e-6)


@pytest.mark.parametrize("log", ["", "\0\0", '{"backup": ', "{}"])
def test_a_log_that_cannot_be_used_is_written_anew(keras, notebook, cache, log):
    small_fit.fit(keras)
    (folder,) = folders(cache)
    (folder / "run.json").write_text(log)
    watch, seen = epochs_run(keras)
    small_fit.fit(keras, extra=[watch])
    assert seen == [0, 1, 2, 3, 4]
    assert len(logged(folder)) == small_fit.EPOCHS


@pytest.mark.parametrize("change", ["a cell", "a module"])
def test_changed_code_trains_anew_and_keeps_the_old_folder(notebook, cache, monkeypatch, change):
    import tf_keras as keras

    small_fit.fit(keras)
    (old,) = folders(cache)
    if change == "a cell":
        notebook(small_fit.CODE + " # edited")
    else:
        monkeypatch.setattr(training, "_sources", lambda profile: ["another data.py"])
    watch, seen = epochs_run(keras)
    small_fit.fit(keras, extra=[watch])
    assert seen == [0, 1, 2, 3, 4]
    assert len(folders(cache)) == 2
    assert old in folders(cache)


def test_the_last_three_checkpoints_of_a_name_are_kept(notebook, cache):
    import tf_keras as keras

    training.Run("another", keras)
    for number in range(5):
        notebook(f"n = {number}")
        training.Run("one", keras)
        if not number:
            first = training._checkpoint_folder("one")
    notebook("n = 2")  # the oldest of those that are left is used again
    training.Run("one", keras)
    notebook("n = 5")
    training.Run("one", keras)
    names = [folder.name[:-17] for folder in folders(cache)]
    assert names == ["another", "one", "one", "one"]
    assert not first.exists()
    notebook("n = 2")
    assert training._checkpoint_folder("one") in folders(cache)
    assert len(folders(cache)) == 4


def test_another_run_or_profile_keeps_its_own_folder(notebook, cache, monkeypatch):
    import tf_keras as keras

    training.Run("one", keras)
    training.Run("one_more", keras)
    assert [folder.name[:-17] for folder in folders(cache)] == ["one", "one_more"]
    monkeypatch.setenv("PROFILE", "full")
    training.Run("one", keras)
    assert len(folders(cache)) == 2
    assert len(folders(cache, "full")) == 1


def test_the_key_follows_the_modules_that_make_the_data(project):
    folder = project / "book" / "latents" / "data"
    quick, full = training._sources("quick"), training._sources("full")
    assert (folder / "__init__.py").read_text() in quick
    assert (folder / "__init__.py").read_text() in full
    assert (folder / "drawings.py").read_text() in quick
    assert (folder / "complete.py").read_text() in full


@pytest.mark.parametrize("cell", ["1 + 1", "x", "# a word", "'text'", "", "x.shape, [1]"])
def test_cells_that_only_show_something_do_not_change_the_key(cell):
    assert not training._acts(cell)


@pytest.mark.parametrize(
    "cell",
    ["x = 1", "f()", "x.trainable = False", "%env PROFILE=full", "import os", "await x", "f("],
)
def test_cells_that_do_something_change_the_key(cell):
    assert training._acts(cell)


def test_nothing_is_written_without_a_cache(notebook, tmp_path, monkeypatch):
    import tf_keras as keras

    monkeypatch.chdir(tmp_path)
    run, _ = small_fit.fit(keras)
    assert len(run.epochs) == small_fit.EPOCHS
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_written_outside_a_notebook(cache):
    import tf_keras as keras

    small_fit.fit(keras)
    assert not cache.exists()


def test_the_key_of_a_notebook_is_all_that_it_has_run_so_far():
    result = subprocess.run(
        [sys.executable, "-c", IN_A_NOTEBOOK], capture_output=True, text=True, check=True
    )
    code = result.stdout.strip()
    assert code.count("a = 1") == 1
    assert "a + 1" not in code
    assert "training._code_so_far()" in code
    assert "later" not in code
