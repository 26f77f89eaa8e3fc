"""What needs a graphics card, and what the page about cards says of Keras and TensorFlow."""

import re
import subprocess
import sys

import pytest

from latents import hardware, records

pytestmark = pytest.mark.kept(
    "book/experiments",
    "book/latents",
    "tests/benchmarks",
    "book/records/bench",
    "book/records/full",
)

EXPERIMENTS = ["conv_autoencoder", "vae", "tfp_vae"]
TWICE = """
import sys
sys.path[:0] = [{benchmarks!r}]
import numpy as np, tensorflow as tf
from training import definitions
tf.config.experimental.enable_op_determinism()
chapter = definitions("vae")
ends = []
for _ in range(2):
    chapter.train = chapter.fashion.batches(
        "train", 500, chapter.autoencode, training=True, seed=1
    )
    encoder, _, _ = chapter.train_ours(epochs=1, xla=False)
    ends.append(encoder.get_weights())
assert all(np.array_equal(*pair) for pair in zip(*ends, strict=True))
"""


@pytest.mark.gpu
def test_the_first_cell_names_the_card(capsys):
    hardware.prepare("vae")
    said = capsys.readouterr().out
    assert all(name in said for name in records.hardware()["gpus"])


@pytest.mark.gpu
@pytest.mark.slow
@pytest.mark.parametrize("experiment", EXPERIMENTS)
@pytest.mark.parametrize("xla", [False, True], ids=["plain", "xla"])
def test_every_experiment_trains_in_float16_on_the_card(machine_bench, experiment, xla):
    row = machine_bench.in_a_process(experiment, "mixed_float16", xla, 0.2)
    assert "error" not in row, row["error"]
    assert row["gpu_peak_mib"] > 0
    assert row["seconds_a_step"] > 0


@pytest.mark.gpu
def test_products_are_computed_on_the_card():
    import tensorflow as tf

    assert "GPU:0" in tf.matmul(tf.ones((8, 8)), tf.ones((8, 8))).device


def optimizer_of(keras, policy, of_the_layer=None):
    keras.mixed_precision.set_global_policy(policy)
    try:
        settings = {"dtype": of_the_layer} if of_the_layer else {}
        dense = keras.layers.Dense(2, **settings)
        model = keras.Sequential([keras.layers.Input((4,)), dense])
        model.compile("adam", "mse")
        return type(model.optimizer).__name__
    finally:
        keras.mixed_precision.set_global_policy("float32")


@pytest.mark.parametrize("module", ["keras", "tf_keras"])
def test_losses_are_scaled_for_models_in_float16_and_for_no_others(module):
    keras = pytest.importorskip(module)
    assert "LossScale" in optimizer_of(keras, "mixed_float16")
    assert optimizer_of(keras, "mixed_bfloat16") == "Adam"
    half = keras.mixed_precision.Policy if module == "tf_keras" else keras.DTypePolicy
    assert optimizer_of(keras, "float32", half("mixed_float16")) == "Adam"


def test_keras_leaves_xla_off_without_a_card_and_tf32_on():
    import keras
    import tensorflow as tf

    model = keras.Sequential([keras.layers.Input((4,)), keras.layers.Dense(2)])
    model.compile("adam", "mse")
    assert model.jit_compile == bool(tf.config.list_physical_devices("GPU"))
    assert tf.config.experimental.tensor_float_32_execution_enabled()


@pytest.mark.slow
def test_the_same_training_twice_gives_the_same_weights_if_determinism_is_asked_for(project):
    code = TWICE.format(benchmarks=str(project / "tests" / "benchmarks"))
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr[-2000:]


@pytest.mark.slow
def test_the_batches_of_the_page_can_be_compiled_with_xla(training_bench, project):
    chapter = training_bench.definitions("tfp_vae")
    page = (project / "book" / "guide" / "gpu.md").read_text()
    blocks = re.findall(r"^```python\n(.*?)^```", page, re.S | re.M)
    (code,) = (block for block in blocks if "ensure_shape" in block)
    exec(code, vars(chapter))
    model = chapter.ElboModel(chapter.make_encoder(), chapter.make_decoder(), warm_up_steps=0)
    model.compile(chapter.tf_keras.optimizers.Adam(1e-3), jit_compile=True)
    (loss,) = model.fit(chapter.batches.take(2), verbose=0).history["loss"]
    assert 0 < loss < 1000
    assert len(chapter.batches) == len(chapter.train_images) // 64
