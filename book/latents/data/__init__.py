"""One way in to both data sets, whichever profile the book runs with.

``load(name)`` returns a :class:`Dataset` shaped like TensorFlow Datasets: builder info, decoded
arrays, and ``tf.data`` pipelines. ``PROFILE=quick`` (the default) reads data that travels with the
book and never touches a network; ``PROFILE=full`` loads the complete sets through
``tensorflow_datasets``.
"""

import os

import numpy as np

from latents import LatentsError
from latents.data.dataset import Dataset

PROFILES = ("quick", "full")
NAMES = ("fashion_mnist", "horses_or_humans")


def profile() -> str:
    """Return the profile named by the environment variable ``PROFILE``: ``quick`` or ``full``."""
    chosen = os.environ.get("PROFILE") or "quick"
    if chosen not in PROFILES:
        raise LatentsError(f"PROFILE={chosen} is not a profile: use PROFILE=quick or PROFILE=full.")
    return chosen


def by_profile(*, quick, full):
    """Return the value that belongs to the profile, as in ``by_profile(quick=3, full=15)``."""
    return {"quick": quick, "full": full}[profile()]


def load(name: str) -> Dataset:
    """Load ``"fashion_mnist"`` or ``"horses_or_humans"`` in the profile of the session.

    Raises
    ------
    LatentsError
        The name is unknown; or the profile is ``full`` and the data can neither be found nor
        downloaded, or a record file is damaged.
    """
    if name not in NAMES:
        raise LatentsError(f"There is no data set {name!r}: choose one of {', '.join(NAMES)}.")
    if profile() == "full":
        from latents.data import complete

        return complete.load(name)
    from latents.data import embedded

    return embedded.load(name)


def scale(images):
    """Scale 8-bit images to [0, 1]: float32 of the same shape, divided by 255."""
    import tensorflow as tf

    return tf.cast(images, tf.float32) / 255.0


def binarize(images, labels, seed):
    """Draw every pixel as a coin whose chance of True is the pixel's brightness.

    A ``transform`` for :meth:`Dataset.batches`: bits are fresh in every pass, bright pixels are
    mostly True.

    Returns
    -------
    bits, bits : tf.Tensor of bool, shape (batch, height, width, channels)
        The same tensor as input and as target.
    """
    import tensorflow as tf

    bits = tf.random.stateless_uniform(tf.shape(images), seed) < scale(images)
    return bits, bits


def fixed_bits(images: np.ndarray, seed: int) -> np.ndarray:
    """Binarize once and for all, with a seed: the test bits never change between two looks.

    Parameters
    ----------
    images : numpy.ndarray of uint8
    seed : int

    Returns
    -------
    numpy.ndarray of bool, same shape
    """
    draws = np.random.default_rng(seed).random(images.shape, dtype=np.float32)
    return draws < images.astype(np.float32) / 255
