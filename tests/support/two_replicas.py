"""Train the models of two chapters on two logical CPUs; print as JSON what a test looks at.

A program, not a module: logical devices must be set up before TensorFlow has started.
"""

import contextlib
import json
import os
import sys
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(PROJECT / "tests" / "benchmarks"), str(PROJECT / "book")]
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np  # noqa: E402 - the paths are set above
import tensorflow as tf  # noqa: E402
from training import definitions  # noqa: E402

BATCH = 128


def main() -> None:
    """Do what the argument names."""
    (cpu,) = tf.config.list_physical_devices("CPU")
    tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
    act = {"vae": dense, "tfp_vae": own_step, "example": example}[sys.argv[1]]
    print(json.dumps(act(*sys.argv[2:])))


def dense() -> dict:
    """Train the dense VAE on one device and on two replicas, with the same noise."""
    chapter, strategy = definitions("vae"), tf.distribute.MirroredStrategy()
    draw = chapter.Sampling.call

    def draw_as_replicas_do(layer, inputs):
        if inputs[0].shape[0] is None:  # Keras looks at the shapes first
            return draw(layer, inputs)
        first, second = zip(*(tf.split(part, 2) for part in inputs), strict=True)
        z = draw(layer, first)
        eps = (z - first[0]) / tf.exp(first[1] / 2)
        return tf.concat([z, second[0] + tf.exp(second[1] / 2) * eps], axis=0)

    sampling, model, two = _fit(chapter, strategy.scope())
    mirrored = [
        [np.asarray(copy) for copy in weight.value.values] for weight in model.trainable_weights
    ]
    drawn = strategy.run(tf.function(lambda: draw(sampling, [tf.zeros((4, 10))] * 2)))
    chapter.Sampling.call = draw_as_replicas_do
    _, single, one = _fit(chapter, contextlib.nullcontext())
    pairs = zip(single.get_weights(), model.get_weights(), strict=True)
    return {
        "replicas": strategy.num_replicas_in_sync,
        "losses": [one, two],
        "largest_difference": max(float(np.abs(a - b).max()) for a, b in pairs),
        "copies_agree": all(np.array_equal(*copies) for copies in mirrored),
        "same_noise": bool(np.array_equal(*(np.asarray(part) for part in drawn.values))),
        "xla": [single.jit_compile, model.jit_compile],
    }


def _fit(chapter, scope):
    keras = chapter.keras
    keras.utils.set_random_seed(1)
    x = chapter.train_images[: 4 * BATCH] / np.float32(255)
    with scope:
        encoder, _, model = chapter.make_vae(initializer="he_normal")
        model.compile(keras.optimizers.Adam(1e-3), "binary_crossentropy")
    batches = tf.data.Dataset.from_tensor_slices((x, x)).batch(BATCH, drop_remainder=True)
    history = model.fit(batches, epochs=3, shuffle=False, verbose=0).history
    return encoder.get_layer("sampling"), model, history["loss"]


def own_step() -> dict:
    """Take one step of the TFP chapter's own ``train_step`` on one device and on two replicas."""
    chapter = definitions("tfp_vae")
    bits = chapter.test_bits[:64]

    def update(scope):
        chapter.tf_keras.utils.set_random_seed(1)
        with scope:
            encoder, decoder = chapter.make_encoder(), chapter.make_decoder()
            model = chapter.ElboModel(encoder, decoder, warm_up_steps=0)
            model.compile(chapter.tf_keras.optimizers.SGD(1e-6))

        def without_noise(bits):
            q = encoder(bits)
            return chapter.nll(bits, decoder(q.mean())), chapter.tfd.kl_divergence(q, chapter.prior)

        model.terms = without_noise
        before = [weights.numpy() for weights in model.trainable_variables]
        model.fit(tf.data.Dataset.from_tensor_slices((bits, bits)).batch(64), verbose=0)
        after = zip(model.trainable_variables, before, strict=True)
        return np.concatenate([(new.numpy() - old).ravel() for new, old in after])

    one = update(contextlib.nullcontext())
    two = update(tf.distribute.MirroredStrategy().scope())
    return {"ratio": float(np.dot(one, two) / np.dot(one, one))}


def example(file: str) -> dict:
    """Run a piece of code of the page with what the dense chapter defines."""
    chapter = definitions("vae")
    chapter.EPOCHS = 1
    exec(Path(file).read_text(), vars(chapter))
    history = chapter.model.history.history["loss"]
    return {"replicas": chapter.strategy.num_replicas_in_sync, "batch": chapter.batch} | {
        "finite": bool(np.isfinite(history).all())
    }


if __name__ == "__main__":
    main()
