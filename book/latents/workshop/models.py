"""The small variational autoencoders that the exercises train with a student's answer in them.

They have the layers of the chapters and train on the sample that travels with the book, in either
profile. This module imports TensorFlow; whoever imports it decides when.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import tensorflow as tf
import tensorflow_probability as tfp
import tf_keras
from keras import layers, ops

from latents import LatentsError, bounds, data
from latents.data import embedded

tfd, tfpl, tfkl = tfp.distributions, tfp.layers, tf_keras.layers
SEED = 42
BATCH = 32
SHAPE = (28, 28, 1)
PIXELS = 28 * 28
DENSE_CODE = 10
TFP_CODE, TFP_FILTERS = 16, 4  # fewer filters than in the chapter: a minute has to be enough


@dataclass(frozen=True)
class Trained:
    """A variational autoencoder after its training.

    Attributes
    ----------
    decoder : callable
        From codes (n, code_size) to the brightness of pictures (n, 28, 28, 1).
    draw_codes : callable
        From n to codes (n, code_size) drawn from the prior.
    code_size : int
        Length of a code.
    history : dict
        What Keras logged, a list over the epochs for each name.
    images : int
        Size of the test part.
    distortion, rate : float
        Means over the test part in nats per image, the rate by a formula of our own.
    carried : float, optional
        What the losses of the encoder add to these, in nats per image, where they are its own.
    """

    decoder: Callable
    draw_codes: Callable
    code_size: int
    history: dict[str, list[float]]
    images: int
    distortion: float
    rate: float
    carried: float | None = None


# The dense model, in Keras 3


class BorrowedSampling(layers.Layer):
    """Draw codes with TensorFlow Probability."""

    def call(self, inputs):
        """Return one draw for each example: (batch, d)."""
        mean, log_var = inputs
        return tfd.Normal(mean, ops.exp(log_var / 2)).sample()


def borrowed_latent_loss(mean, log_var):
    """Return the KL to the prior with TensorFlow Probability: (batch,) in nats."""
    kl = tfd.kl_divergence(tfd.Normal(mean, ops.exp(log_var / 2)), tfd.Normal(0.0, 1.0))
    return ops.sum(kl, axis=-1)


class AddRate(layers.Layer):
    """Add the mean of a latent loss, divided by the pixels, to the loss of the model."""

    def __init__(self, latent_loss: Callable):
        super().__init__(name="rate")
        self.latent_loss = latent_loss

    def call(self, inputs):
        """Hand mean and log_var through."""
        mean, log_var = inputs
        self.add_loss(ops.mean(self.latent_loss(mean, log_var)) / PIXELS)
        return mean, log_var


def dense_vae(sampling: Callable, latent_loss: Callable) -> tuple[keras.Model, ...]:
    """Return encoder, decoder, and both in one model: the layers of the chapter on the VAE."""
    x = keras.Input(SHAPE)
    h = layers.Flatten()(x)
    for units in (128, 64, 32):
        h = layers.Dense(units, activation="selu")(h)
    mean, log_var = (layers.Dense(DENSE_CODE, name=name)(h) for name in ("mean", "log_var"))
    mean, log_var = AddRate(latent_loss)([mean, log_var])
    z = sampling()([mean, log_var])
    if len(getattr(z, "shape", ())) != 2:
        made = f"codes of shape {z.shape}" if hasattr(z, "shape") else _kind(z)
        raise LatentsError(f"Sampling made {made}, expected codes of shape {mean.shape}.")
    encoder = keras.Model(x, [mean, log_var, z])

    h = code = keras.Input((DENSE_CODE,))
    for units in (32, 64, 128):
        h = layers.Dense(units, activation="selu")(h)
    h = layers.Dense(PIXELS, activation="sigmoid")(h)
    decoder = keras.Model(code, layers.Reshape(SHAPE)(h))
    return encoder, decoder, keras.Model(x, decoder(z))


def train_dense(
    sampling: Callable | None, latent_loss: Callable | None, epochs: int, images: int | None
) -> Trained:
    """Train the dense model; a part that is None is borrowed from TensorFlow Probability.

    ``images`` is how many images of each split are used; None stands for all of them.
    """
    keras.utils.set_random_seed(SEED)
    x, x_test = _brightness("train", images), _brightness("test", images)
    encoder, decoder, vae = dense_vae(
        sampling or BorrowedSampling, latent_loss or borrowed_latent_loss
    )
    falling = keras.optimizers.schedules.CosineDecay(2e-3, epochs * -(-len(x) // BATCH))
    vae.compile(loss="binary_crossentropy", optimizer=keras.optimizers.Adam(falling))
    history = vae.fit(x, x, batch_size=BATCH, epochs=epochs, verbose=0).history
    mean, log_var, z = encoder.predict(x_test, verbose=0)
    pictures = decoder.predict(z, verbose=0)
    return Trained(
        decoder=lambda codes: np.asarray(decoder(codes)),
        draw_codes=lambda n: np.random.default_rng(SEED).normal(size=(n, DENSE_CODE)),
        code_size=DENSE_CODE,
        history=history,
        images=len(x_test),
        distortion=float(bounds.probability_nll(x_test, pictures).mean()),
        rate=float(bounds.diagonal_gaussian_kl(mean, log_var).sum(axis=1).mean()),
    )


# The model made of distributions, in tf_keras


def build_encoder(make_prior: Callable, make_encoder: Callable, size: int, filters: int):
    """Return the student's prior and encoder.

    Raises
    ------
    LatentsError
        The prior is no distribution, or the encoder is no model of tf_keras.
    """
    prior = make_prior(size)
    if not hasattr(prior, "log_prob"):
        raise LatentsError(f"make_prior returned {_kind(prior)}, expected a distribution.")
    gaussian = prior  # the encoder is promised one of a kind whose KL is known in closed form
    if not isinstance(prior, tfd.MultivariateNormalDiag):
        gaussian = tfd.MultivariateNormalDiag(prior.mean(), prior.stddev())
    encoder = make_encoder(SHAPE, size, filters, gaussian)
    if not isinstance(encoder, tf_keras.Model):
        raise LatentsError(f"make_encoder returned {_kind(encoder)}, expected a tf_keras model.")
    return prior, encoder


def posterior(encoder, bits: np.ndarray):
    """Return the distribution over codes that an encoder gives to some images.

    Raises
    ------
    LatentsError
        It gives a tensor, not a distribution.
    """
    q = encoder(bits)
    if not (hasattr(q, "log_prob") and hasattr(q, "mean")):
        raise LatentsError(
            f"The encoder returned {_kind(q)}, expected a distribution: its last layer has to be "
            "one that returns distributions, as those of tfp.layers do."
        )
    return q


def covariance(q) -> np.ndarray:
    """Return the covariance of each code in double precision: (batch, d, d)."""
    try:
        return np.asarray(q.covariance(), dtype=np.float64)
    except NotImplementedError:  # so TFP says that the latents are independent
        variance = np.asarray(q.variance(), dtype=np.float64)
        return variance[..., None] * np.eye(variance.shape[-1])


def kl_to_standard_normal(q) -> np.ndarray:
    """Return the KL of each code from moments alone: (batch,) in nats, nan where it has none.

    Without a Cholesky factor, which a posterior that training has spoiled need not have.
    """
    mean, spread = np.asarray(q.mean(), dtype=np.float64), covariance(q)
    trace = np.trace(spread, axis1=-2, axis2=-1)
    sign, log_det = np.linalg.slogdet(spread)
    kl = 0.5 * (trace + np.sum(mean**2, axis=-1) - mean.shape[-1] - log_det)
    return np.where(sign > 0, kl, np.nan)


def bernoulli_decoder(size: int, filters: int) -> tf_keras.Model:
    """Return the decoder of the chapter: codes to independent Bernoulli pixels."""

    def leaky(filters, kernel, strides=1, padding="same"):
        activation = tf.nn.leaky_relu
        return tfkl.Conv2DTranspose(filters, kernel, strides, padding, activation=activation)

    return tf_keras.Sequential(
        [
            tfkl.InputLayer(input_shape=(size,)),
            tfkl.Reshape((1, 1, size)),
            leaky(2 * filters, 7, padding="valid"),  # (7, 7)
            leaky(2 * filters, 5),
            leaky(2 * filters, 5, 2),  # (14, 14)
            leaky(filters, 5),
            leaky(filters, 5, 2),  # (28, 28)
            leaky(filters, 5),
            tfkl.Conv2D(1, 5, padding="same"),  # logits
            tfkl.Flatten(),
            tfpl.IndependentBernoulli(SHAPE),
        ]
    )


def nll(bits, pixels):
    """Return −log p of the bits under the distribution of the pixels: (batch,) in nats."""
    return -pixels.log_prob(bits)


def train_bernoulli(
    make_prior: Callable, make_encoder: Callable, epochs: int, images: int | None
) -> Trained:
    """Train on −log p plus whatever the losses of the encoder carry, as Keras adds them."""
    tf_keras.utils.set_random_seed(SEED)
    prior, encoder = build_encoder(make_prior, make_encoder, TFP_CODE, TFP_FILTERS)
    posterior(encoder, test_bits(1))
    decoder = bernoulli_decoder(TFP_CODE, TFP_FILTERS)
    image = tf_keras.Input(SHAPE)
    vae = tf_keras.Model(image, decoder(encoder(image)))
    pairs = embedded.load("fashion_mnist").batches(
        "train", BATCH, _float_bits, training=True, seed=SEED
    )
    pairs = pairs.take(-(-images // BATCH) if images else -1)
    falling = tf_keras.optimizers.schedules.CosineDecay(3e-3, epochs * len(pairs))
    vae.compile(loss=nll, optimizer=tf_keras.optimizers.Adam(falling))
    history = vae.fit(pairs, epochs=epochs, verbose=0).history
    distortion, rate, carried = _measure(encoder, decoder, test_bits(images))
    return Trained(
        decoder=lambda codes: decoder(codes).mean().numpy(),
        draw_codes=lambda n: prior.sample(n, seed=SEED),
        code_size=TFP_CODE,
        history=history,
        images=len(test_bits(images)),
        distortion=distortion,
        rate=rate,
        carried=carried,
    )


def _measure(encoder: Any, decoder: Any, bits: np.ndarray) -> list[float]:
    """Return distortion, rate, and what the losses of the encoder carry, in nats per image."""
    parts = []
    for start in range(0, len(bits), BATCH):
        some = bits[start : start + BATCH]
        q = posterior(encoder, some)
        carried = sum(float(tf.reduce_sum(loss)) for loss in encoder.losses)
        logits = decoder(q).distribution.logits_parameter()
        rows = bounds.bernoulli_nll(some, logits), kl_to_standard_normal(q)
        parts.append([*(len(some) * row.mean() for row in rows), len(some) * carried])
    return (np.sum(parts, axis=0) / len(bits)).tolist()


# The data, and words


def _kind(value: Any) -> str:
    """Say what an answer is, so that Keras 3 can be told from tf_keras."""
    package, name = type(value).__module__.split(".")[0], type(value).__name__
    return "nothing" if value is None else f"an object of type {package}.{name}"


def _brightness(split: str, count: int | None) -> np.ndarray:
    """Return images as brightness in [0, 1]: float32 (n, 28, 28, 1)."""
    images, _ = embedded.load("fashion_mnist").arrays(split)
    return images[:count] / np.float32(255)


def test_bits(count: int | None) -> np.ndarray:
    """Return test images, binarized once: float32 (n, 28, 28, 1)."""
    images, _ = embedded.load("fashion_mnist").arrays("test")
    return data.fixed_bits(images[:count], SEED).astype(np.float32)


def _float_bits(images, labels, seed):
    bits, _ = data.binarize(images, labels, seed)
    return (tf.cast(bits, tf.float32),) * 2
