"""TensorFlow, Keras and TensorFlow Probability do all that a notebook needs inside."""

import os

import pytest

pytest_plugins = ["boxes"]
ONE_THREAD = {
    "CUDA_VISIBLE_DEVICES": "-1",
    "MPLBACKEND": "agg",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "TF_CPP_MIN_LOG_LEVEL": "3",
}
WARM = """
import autograder.execution.processes.warm
if child := os.fork():
    os._exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""
NOTEBOOK = """
from pathlib import Path
import keras, matplotlib.pyplot as plt, numpy as np, tensorflow as tf
import tensorflow_probability as tfp, tf_keras

images = np.random.default_rng(0).random((64, 8, 8, 1)).astype("float32")
data = tf.data.Dataset.from_tensor_slices((images, images.mean((1, 2, 3))))
data = data.map(lambda *both: both, num_parallel_calls=4).batch(8).prefetch(2)
told = {}
for name, layers in (("keras", keras), ("tf_keras", tf_keras)):
    model = layers.Sequential(
        [layers.layers.Conv2D(4, 3), layers.layers.Flatten(), layers.layers.Dense(1)]
    )
    model.compile("adam", "mse")
    told[name] = len(model.fit(data, epochs=2, verbose=0).history["loss"])
    model.save(f"{name}.keras")
full = tfp.distributions.MultivariateNormalTriL(tf.zeros(2), 2 * tf.eye(2))
told["tfp"] = float(full.kl_divergence(tfp.distributions.MultivariateNormalDiag(tf.zeros(2))))
plt.imshow(images[0])
plt.savefig("picture.png")
told["files"] = sorted(file.name for file in Path().glob("[a-z]*.*"))
tell(told)
"""


@pytest.mark.slow
def test_a_notebook_trains_saves_and_draws(own_containment, untouched):
    with own_containment.start(
        NOTEBOOK, prelude=WARM, environment=dict(os.environ) | ONE_THREAD
    ) as box:
        (told,) = box.rest()
        assert box.code() == 0, told
    assert told["keras"] == told["tf_keras"] == 2
    assert told["tfp"] == pytest.approx(3 - 2 * 0.6931472, rel=1e-5)
    assert told["files"] == ["keras.keras", "picture.png", "tf_keras.keras"]
