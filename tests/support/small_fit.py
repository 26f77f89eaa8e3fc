"""A small training run; run as a program it is stopped dead in the middle of the third epoch.

``python small_fit.py keras|tf_keras``, with LATENTS_CACHE set.
"""

import importlib
import os
import sys

import numpy as np

from latents import training

EPOCHS, STOP_EPOCH, KILLED = 5, 2, 77
CODE = "cell one\0cell two"


def make_model(keras):
    """Return a small model that starts from the same weights everywhere; Adam keeps a state."""

    def dense(units, activation, seed):
        start = keras.initializers.GlorotUniform(seed=seed)
        return keras.layers.Dense(units, activation, kernel_initializer=start)

    model = keras.Sequential([keras.Input((4,)), dense(8, "tanh", 1), dense(1, None, 2)])
    model.compile(loss="mse", optimizer=keras.optimizers.Adam(0.05))
    return model


def fit(keras, name="small", extra=()):
    """Train (what is missing of) five epochs; return the run and the weights."""
    x = np.linspace(-1, 1, 256, dtype="float32").reshape(64, 4)
    y = np.sin(3 * x.sum(axis=1, keepdims=True))
    model, run = make_model(keras), training.Run(name, keras)
    model.fit(
        x,
        y,
        batch_size=8,
        epochs=EPOCHS,
        validation_data=(x, y),
        shuffle=False,
        verbose=0,
        callbacks=[*run.callbacks, *extra],
    )
    return run, model.get_weights()


def main(library: str) -> None:
    """Train as a notebook would, and die in the middle of an epoch, as in a power cut."""
    keras = importlib.import_module(library)
    training._code_so_far = lambda: CODE

    class PowerCut(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            self.epoch = epoch

        def on_train_batch_end(self, batch, logs=None):
            if self.epoch == STOP_EPOCH and batch == 3:
                os._exit(KILLED)

    fit(keras, extra=[PowerCut()])


if __name__ == "__main__":
    main(sys.argv[1])
