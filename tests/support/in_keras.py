"""The networks of a file as models of Keras, which answers for itself."""

import numpy as np

from latents import weights


def answers(network: weights.Network, rows: np.ndarray) -> np.ndarray:
    """Return what Keras says with the weights of a network: (n, inputs) to (n, outputs)."""
    import keras

    model = keras.Sequential([keras.Input((network.inputs,))])
    for layer in network.layers:
        model.add(keras.layers.Dense(len(layer.bias), activation=layer.activation))
        model.layers[-1].set_weights([layer.kernel, layer.bias])
    return model.predict(np.asarray(rows, "float32"), verbose=0)
