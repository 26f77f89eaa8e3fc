// The training of the lab as a Python program, for the settings that the reader has chosen.

/** Return a program that trains the same model on the same garments with Keras. */
export function kerasText({ variational, hidden, beta, seed, epochs, changed }) {
  const head = `import keras
import numpy as np
from keras import layers, ops

keras.utils.set_random_seed(${seed})
PIXELS = 14 * 14


def garments(images, labels, each):
    """The first of every class, 2 × 2 pixels averaged: (10 · each, 196) in [0, 1]."""
    first = [np.flatnonzero(labels == label)[:each] for label in range(10)]
    small = images[np.sort(first, axis=None)].reshape(-1, 14, 2, 14, 2).mean(axis=(2, 4))
    return (np.rint(small) / 255).reshape(-1, PIXELS).astype("float32")


train, test = keras.datasets.fashion_mnist.load_data()
x_train, x_test = garments(*train, each=200), garments(*test, each=50)
`;
  const warning = "# β was changed during the training in the page";
  const code = `

class GaussianCode(layers.Layer):
    """Draw z from N(mean, exp(log_var)); add β · KL(N(mean, exp(log_var)) ‖ N(0, I))."""

    noise = keras.random.SeedGenerator(${seed})

    def call(self, inputs):
        mean, log_var = inputs
        kl = ops.square(mean) + ops.exp(log_var) - 1 - log_var  # twice the KL, (batch, 2)
        ${changed ? `${warning}\n        ` : ""}self.add_loss(${beta} * ops.mean(ops.sum(kl, axis=-1)) / 2)
        return mean + ops.exp(log_var / 2) * keras.random.normal(ops.shape(mean), seed=self.noise)
`;
  const encoder = variational
    ? `mean, log_var = layers.Dense(2)(h), layers.Dense(2)(h)
z = GaussianCode()([mean, log_var])
encoder = keras.Model(x, [mean, log_var])`
    : `z = layers.Dense(2)(h)
encoder = keras.Model(x, z)`;
  return `${head}${variational ? code : ""}

def distortion(x, y):
    """Binary cross-entropy in nats per image: summed over the pixels."""
    return PIXELS * keras.losses.binary_crossentropy(x, y)


x = keras.Input((PIXELS,))
h = layers.Dense(${hidden}, activation="relu")(x)
${encoder}
decoder = keras.Sequential(
    [
        keras.Input((2,)),
        layers.Dense(${hidden}, activation="relu"),
        layers.Dense(PIXELS, activation="sigmoid"),
    ]
)
model = keras.Model(x, decoder(z))
model.compile(optimizer="adam", loss=distortion)
model.fit(x_train, x_train, batch_size=32, epochs=${epochs})
print(f"{model.evaluate(x_test, x_test, verbose=0):.1f} nats per image${variational && beta !== 1 ? " (D + β R)" : ""}")
`;
}
