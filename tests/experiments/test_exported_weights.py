"""The networks of the experiments answer from their files as they do in Keras."""

import json

import numpy as np
import pytest

from latents import weights

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
ROUNDED = 2e-3  # of the largest output: what float16 may change


@pytest.fixture(scope="module")
def tfp(training_bench):
    return training_bench.definitions("tfp_vae")


def with_biases(model):
    """Draw the biases of a network, which are zero at first: then it matters that they are kept."""
    rng = np.random.default_rng(1)
    drawn = [rng.normal(size=w.shape) if w.ndim == 1 else w for w in model.get_weights()]
    model.set_weights(drawn)
    return model


def apart(ours, theirs):
    return np.abs(ours - theirs).max() / np.abs(theirs).max()


def test_the_dense_vae(training_bench, tmp_path):
    encoder, decoder, _ = training_bench.definitions("vae").make_vae(seed=1)
    weights.write(tmp_path, {"vae.bin": {"encoder": encoder, "decoder": decoder}})
    files = weights.read(tmp_path / "vae.bin")
    rng = np.random.default_rng(2)
    x, z = rng.random((64, 28, 28, 1)).astype("float32"), rng.normal(size=(64, 10))
    mean, log_var, _ = encoder(x)
    assert files["encoder"].outputs == (10, 10)
    assert apart(files["encoder"](x), np.concatenate([mean, log_var], axis=1)) < ROUNDED
    assert apart(files["decoder"](z), np.reshape(decoder(z), (64, -1))) < ROUNDED


@pytest.fixture(scope="module")
def graph(tfp, tmp_path_factory):
    """Return the decoder, its file and a session of ONNX Runtime."""
    import onnxruntime
    import tf_keras

    tf_keras.utils.set_random_seed(1)
    decoder = with_biases(tfp.make_decoder())
    folder = tmp_path_factory.mktemp("weights")
    logits = tf_keras.Model(decoder.inputs, decoder.layers[-2].output)
    weights.write(folder, {"tfp_vae.onnx": logits})
    file = folder / "tfp_vae.onnx"
    session = onnxruntime.InferenceSession(str(file), providers=["CPUExecutionProvider"])
    return decoder, file, session


@pytest.mark.parametrize("count", [1, 7])
def test_the_decoder_made_of_distributions(graph, count):
    decoder, _, session = graph
    z = np.random.default_rng(2).normal(size=(count, 16)).astype("float32")
    (logits,) = session.run(["output"], {"input": z})
    theirs = decoder(z).distribution.logits_parameter().numpy()
    assert logits.shape == (count, 784)
    assert apart(logits.reshape(theirs.shape), theirs) < ROUNDED


def test_its_graph_holds_every_weight_in_half_precision(graph):
    import onnx

    decoder, file, session = graph
    model = onnx.load(file)
    floats = {onnx.TensorProto.FLOAT, onnx.TensorProto.FLOAT16, onnx.TensorProto.BFLOAT16}
    stored = [tensor for tensor in model.graph.initializer if tensor.data_type in floats]
    assert {tensor.data_type for tensor in stored} == {onnx.TensorProto.FLOAT16}
    assert sum(int(np.prod(tensor.dims)) for tensor in stored) == decoder.count_params()
    assert file.stat().st_size < 2 * decoder.count_params() + 16_000
    (given,), (answered,) = session.get_inputs(), session.get_outputs()
    assert (given.shape, given.type) == (["n", 16], "tensor(float)")
    assert (answered.shape, answered.type) == (["n", 784], "tensor(float)")


def test_its_file_has_an_answer_of_keras(graph):
    _, _, session = graph
    example = json.loads(session.get_modelmeta().custom_metadata_map["example"])
    (logits,) = session.run(["output"], {"input": np.array(example["input"], "float32")})
    assert apart(logits, np.array(example["output"])) < ROUNDED


def test_a_decoder_in_half_precision_is_built_anew_in_single_precision(tfp, tmp_path):
    import tf_keras

    half = tfp.make_decoder(dtype=tf_keras.mixed_precision.Policy("mixed_bfloat16"))
    model = tf_keras.Model(half.inputs, half.layers[-2].output)
    with pytest.raises(weights.LatentsError, match="half precision: build it in single precision"):
        weights.write(tmp_path, {"tfp_vae.onnx": model})
    single = tfp.make_decoder()
    single.set_weights(half.get_weights())
    z = np.random.default_rng(2).normal(size=(7, 16)).astype("float32")
    logits = [d(z).distribution.logits_parameter() for d in (half, single)]
    assert apart(*map(np.asarray, logits)) < 0.05


@pytest.mark.parametrize("value", [np.nan, 1e6])
def test_a_weight_that_float16_cannot_hold_is_refused(tfp, tmp_path, value):
    import tf_keras

    decoder = tfp.make_decoder()
    decoder.set_weights([np.full_like(weight, value) for weight in decoder.get_weights()])
    model = tf_keras.Model(decoder.inputs, decoder.layers[-2].output)
    with pytest.raises(weights.LatentsError, match=r"^A weight of a\.onnx has a number that"):
        weights.write(tmp_path, {"a.onnx": model})
    assert list(tmp_path.iterdir()) == []
