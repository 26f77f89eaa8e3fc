"""Weights for the site: what is written reads back, answers as Keras does, and stays small."""

import ast
import hashlib
import json

import chapter_code
import chapter_text
import numpy as np
import pytest

from latents import LatentsError, onnx_files, records, weights

BUDGET = {".bin": 2_000_000, ".onnx": 750_000}  # bytes of all committed files of a kind
ROUNDED = 2e-3  # of the largest output: what float16 may change


@pytest.fixture(scope="module")
def keras():
    import keras

    keras.utils.set_random_seed(1)
    return keras


@pytest.fixture(scope="module")
def models(keras):
    """Networks as the chapters build them, with biases that are not zero."""
    spaces, plane = map(chapter_code.functions, ("regular_spaces", "rate_distortion"))
    spaces.make_vae.__globals__.update(PIXELS=784, NOISE_VARIANCE=0.25)
    swept = plane.VAE([keras.layers.Dense(128, "relu")])
    made = {}
    for pixels in (784, 196):
        encoder, decoder, _ = spaces.make_autoencoder(2, 1, pixels)
        made |= {f"autoencoder encoder {pixels}": encoder, f"autoencoder decoder {pixels}": decoder}
        encoder, decoder, _ = spaces.make_vae(2, 1, pixels)
        made |= {f"flat encoder {pixels}": encoder, f"flat decoder {pixels}": decoder}
    made |= {"swept encoder": swept.encoder, "swept decoder": swept.decoder}
    rng = np.random.default_rng(1)
    for bias in (weight for model in made.values() for weight in model.weights if weight.ndim == 1):
        bias.assign(rng.normal(scale=0.1, size=bias.shape))
    return made


@pytest.fixture
def small(keras):
    """Make a network 2-3-4 with the given kernel in its middle."""

    def make(kernel=None, activation="relu"):
        layers = [keras.layers.Dense(3, activation), keras.layers.Dense(4, "sigmoid")]
        model = keras.Sequential([keras.Input((2,)), *layers])
        if kernel is not None:
            layers[0].set_weights([np.full((2, 3), kernel, "float32"), np.zeros(3, "float32")])
        return model

    return make


def answers(model, x, outputs):
    found = model(x)
    found = found if isinstance(found, list) else [found]
    return np.concatenate([np.reshape(each, (len(x), -1)) for each in found[:outputs]], axis=1)


def apart(ours, theirs):
    return np.abs(ours - theirs).max() / np.abs(theirs).max()


def test_every_network_of_the_chapters_answers_from_its_file_as_in_keras(models, tmp_path):
    weights.write(tmp_path, {"all.bin": models})
    parts = weights.read(tmp_path / "all.bin")
    assert parts.keys() == models.keys()
    rng = np.random.default_rng(2)
    for name, network in parts.items():
        shape = models[name].input_shape[1:]
        x = (rng.normal if len(shape) == 1 else rng.random)(size=(64, *shape)).astype("float32")
        theirs = answers(models[name], x, len(network.outputs))
        assert apart(network(x), theirs) < ROUNDED, name
        given, answered = network.example
        np.testing.assert_allclose(network(given), answered, atol=ROUNDED * np.abs(answered).max())


def test_the_layout_alone_is_enough_to_run_a_network(models, tmp_path):
    encoder = models["flat encoder 784"]
    weights.write(tmp_path, {"vae.bin": {"encoder": encoder, "codes": np.eye(3)}})
    blob = (tmp_path / "vae.bin").read_bytes()
    layout = json.loads((tmp_path / "vae.json").read_text())
    assert layout["bytes"] == len(blob)
    assert layout["sha256"] == hashlib.sha256(blob).hexdigest()

    def array(place):
        size = int(np.prod(place["shape"]))
        return np.frombuffer(blob, "<f2", size, place["offset"]).reshape(place["shape"])

    part = layout["parts"]["encoder"]
    assert (part["inputs"], part["outputs"], part["image"]) == (784, [2, 2], [28, 28])
    x = np.random.default_rng(2).random((5, 784))
    h = x
    for layer in part["layers"]:
        h = h @ array(layer["kernel"]) + array(layer["bias"])
        h = {"relu": np.maximum(h, 0), "linear": h}[layer["activation"]]
    assert apart(h, answers(encoder, x, 2)) < ROUNDED
    np.testing.assert_array_equal(array(layout["parts"]["codes"]), np.eye(3))


def test_arrays_read_back(tmp_path):
    codes = np.random.default_rng(0).normal(size=(20, 2))
    weights.write(tmp_path, {"a.bin": {"codes": codes, "one": np.float64([7])}})
    parts = weights.read(tmp_path / "a.bin")
    np.testing.assert_allclose(parts["codes"], codes, rtol=1e-3)
    assert parts["one"].tolist() == [7]


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 65_520.0, -1e6])
def test_what_float16_cannot_hold_is_refused_and_nothing_is_written(small, tmp_path, value):
    folder = tmp_path / "new"
    with pytest.raises(LatentsError, match=r"^codes in a\.bin has a number that float16 cannot"):
        weights.write(folder, {"a.bin": {"codes": np.array([1.0, value])}})
    with pytest.raises(LatentsError, match=r"^net in a\.bin has a number that float16 cannot"):
        weights.write(folder, {"a.bin": {"net": small(value)}})
    assert not folder.exists()


@pytest.mark.parametrize("kind", ["tanh", "convolution", "scaled between", "doubled", "no layer"])
def test_a_model_that_does_more_than_its_dense_layers_is_refused(keras, small, tmp_path, kind):
    layers, x = keras.layers, keras.Input((2,))
    model = {
        "tanh": lambda: small(activation="tanh"),
        "convolution": lambda: keras.Sequential(
            [keras.Input((4, 1)), layers.Conv1D(2, 3), layers.Flatten(), layers.Dense(2)]
        ),
        "scaled between": lambda: keras.Sequential(
            [keras.Input((2,)), layers.Dense(3), layers.Rescaling(2.0), layers.Dense(2)]
        ),
        "doubled": lambda: keras.Model(x, 2 * layers.Dense(3)(x)),
        "no layer": lambda: keras.Model(x, layers.Flatten()(x)),
    }[kind]()
    with pytest.raises(LatentsError, match=r"^net is not a chain of dense layers"):
        weights.write(tmp_path, {"a.bin": {"net": model}})
    assert list(tmp_path.iterdir()) == []


def test_another_kind_of_file_is_refused(small, tmp_path):
    with pytest.raises(LatentsError, match=r"a \.bin or an \.onnx file, not into a\.h5\.$"):
        weights.write(tmp_path, {"a.h5": small()})


def test_the_hashes_are_those_of_the_files(small, tmp_path):
    digests = weights.write(tmp_path, {"a.bin": {"net": small()}})
    assert digests.keys() == {"a.bin", "a.json"}
    assert weights.intact(tmp_path, digests)
    weights.read(tmp_path / "a.bin", digests["a.bin"])
    for file in tmp_path.iterdir():
        kept = file.read_bytes()
        file.write_bytes(kept[:-1] + b"?")
        assert not weights.intact(tmp_path, digests)
        file.unlink()
        assert not weights.intact(tmp_path, digests)
        file.write_bytes(kept)
    assert weights.intact(tmp_path, digests)


def test_a_file_that_is_not_what_was_written_is_refused(small, tmp_path):
    file = tmp_path / "a.bin"
    digest = weights.write(tmp_path, {"a.bin": {"net": small()}})["a.bin"]
    with pytest.raises(LatentsError, match="is not what its run has written"):
        weights.read(file, "0" * 64)
    blob = file.read_bytes()
    file.write_bytes(blob[:-2] + b"\0\0")
    for known in (None, digest):
        with pytest.raises(LatentsError, match="is not what its run has written"):
            weights.read(file, known)
    file.write_bytes(blob)
    layout = file.with_suffix(".json")
    text = layout.read_text()
    layout.write_text(text.replace('"offset": 0', f'"offset": {len(blob)}'))
    with pytest.raises(LatentsError, match="does not fit it"):
        weights.read(file)


@pytest.mark.parametrize("content", [None, b"", b"{", b"\xff", b"[]", b"{}", b'{"sha256": "0"}'])
def test_a_missing_or_damaged_layout_is_named(small, tmp_path, content):
    weights.write(tmp_path, {"a.bin": {"net": small()}})
    layout = tmp_path / "a.json"
    layout.unlink() if content is None else layout.write_bytes(content)
    with pytest.raises(LatentsError, match=r"a\.bin is no file of weights with its layout"):
        weights.read(tmp_path / "a.bin")


def test_a_graph_needs_its_packages_only_when_it_is_written(monkeypatch, tmp_path):
    class Model:
        layers = ()

    monkeypatch.setitem(__import__("sys").modules, "onnx", None)
    with pytest.raises(LatentsError, match=r"a\.onnx needs the packages onnx and tf2onnx"):
        weights.write(tmp_path, {"a.onnx": Model()})
    assert onnx_files.OPSET >= 13


def committed(project):
    folder = project / "book" / "records" / "full"
    found = {file.stem: json.loads(file.read_text()) for file in folder.glob("*.json")}
    return folder / weights.FOLDER, found


def exported(project, chapter):
    """Names of the files that the source of a chapter has written."""
    (file,) = project.glob(f"book/*/{chapter}.md")
    nodes = (node for tree in chapter_text.code(file.read_text()) for node in ast.walk(tree))
    given = [node.value for node in nodes if isinstance(node, ast.keyword) and node.arg == "models"]
    names = {key.value for value in given for key in value.keys}
    return names | {name.replace(".bin", ".json") for name in names}


def test_the_weights_of_the_recorded_runs_are_those_that_their_records_name(project):
    folder, runs = committed(project)
    named = {
        name: digest for run in runs.values() for name, digest in run.get("weights", {}).items()
    }
    there = {file.name for file in folder.iterdir()} if folder.is_dir() else set()
    assert there == named.keys()
    assert weights.intact(folder, named)
    for chapter, run in runs.items():
        if "weights" in run:  # records of older runs do not know of any
            assert run["weights"].keys() == exported(project, chapter)


def test_the_chapters_write_the_weights_that_the_site_needs(project):
    written = {name: exported(project, name) for name in records.METRICS}
    assert {name: files for name, files in written.items() if files} == {
        "rate_distortion": {"rate_distortion.bin", "rate_distortion.json"},
        "regular_spaces": {"regular_spaces.bin", "regular_spaces.json"},
        "vae": {"vae.bin", "vae.json"},
        "tfp_vae": {"tfp_vae.onnx"},
    }


def test_the_weights_of_the_recorded_runs_are_small(project):
    folder, _ = committed(project)
    for kind, most in BUDGET.items():
        assert sum(file.stat().st_size for file in folder.glob(f"*{kind}")) <= most


def test_the_weights_of_the_recorded_runs_answer_as_keras_did(project):
    folder, runs = committed(project)
    for run in runs.values():
        for name, digest in run.get("weights", {}).items():
            if name.endswith(".bin"):
                for part in weights.read(folder / name, digest).values():
                    check(part)
            elif name.endswith(".onnx"):
                check_graph(folder / name)


def check(part):
    if isinstance(part, weights.Network):
        given, answered = part.example
        assert apart(part(given), answered) < 2 * ROUNDED  # the answer is rounded, too


def check_graph(file):
    import onnxruntime

    session = onnxruntime.InferenceSession(str(file), providers=["CPUExecutionProvider"])
    example = json.loads(session.get_modelmeta().custom_metadata_map["example"])
    given = np.array(example["input"], "float32")
    (answered,) = session.run(["output"], {"input": given})
    assert apart(answered, np.array(example["output"])) < 2 * ROUNDED


def test_a_record_names_the_weights_that_were_written_with_it(
    fashion, small, tmp_path, monkeypatch
):
    monkeypatch.setenv("LATENTS_RECORDS", str(tmp_path))
    metrics = dict.fromkeys(records.METRICS["vae"], 1.5)
    models = {"vae.bin": {"decoder": small()}}
    written = records.write("vae", dataset=fashion, seed=1, metrics=metrics, models=models)
    files = tmp_path / "quick" / weights.FOLDER
    assert weights.intact(files, written["weights"])
    assert records.read("vae", "quick")["weights"] == written["weights"]
    assert {file.name for file in files.iterdir()} == {"vae.bin", "vae.json"}
    assert records.complete("vae", "quick")
    (files / "vae.json").unlink()
    assert not records.complete("vae", "quick")
    assert not records.complete("vae", "full")


def test_no_weights_are_written_unless_a_folder_is_named(fashion, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(records, "folder", lambda: tmp_path / "records")
    metrics = dict.fromkeys(records.METRICS["vae"], 1.5)
    nothing = object()  # no model: it is not even looked at
    records.write("vae", dataset=fashion, seed=1, metrics=metrics, models={"a.onnx": nothing})
    assert list(tmp_path.iterdir()) == []
    assert capsys.readouterr().out.count("\n") == 1
