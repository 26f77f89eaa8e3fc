"""One way in to both data sets, whichever profile the book runs with.

``load(name)`` returns a :class:`Dataset` shaped like TensorFlow Datasets: builder info, decoded
arrays, and ``tf.data`` pipelines. ``PROFILE=quick`` (the default) reads data that travels with the
book and never touches a network; ``PROFILE=full`` loads the complete sets through
``tensorflow_datasets``.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from latents import LatentsError

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


@dataclass
class Dataset:
    """A data set that looks the same in both profiles.

    Attributes
    ----------
    info : tensorflow_datasets.core.DatasetInfo
        Features, label names, splits: the object that TFDS' own tools accept.
    title : str
        What to call the data in print; drawings say that they are drawings.
    """

    info: Any
    title: str
    _examples: Callable[[str], object]
    _arrays: dict = field(default_factory=dict)

    @property
    def label_names(self) -> list[str]:
        """Names of the classes, in the order of the integer labels."""
        return self.info.features["label"].names

    def size(self, split: str) -> int:
        """Return the number of examples in ``split`` (``"train"`` or ``"test"``)."""
        return self.info.splits[split].num_examples

    def examples(self, split: str):
        """Return single examples as TFDS gives them.

        Returns
        -------
        tf.data.Dataset
            Of ``{"image": uint8 (height, width, channels), "label": int64 ()}``, in stored order.
        """
        return self._examples(split)

    def arrays(self, split: str) -> tuple[np.ndarray, np.ndarray]:
        """Decode a whole split.

        Returns
        -------
        images : numpy.ndarray of uint8, shape (n, height, width, channels)
        labels : numpy.ndarray of int64, shape (n,)
        """
        if split not in self._arrays:
            rows = list(self.examples(split).as_numpy_iterator())
            images = np.stack([row["image"] for row in rows])
            self._arrays[split] = images, np.array([row["label"] for row in rows])
        return self._arrays[split]

    def batches(self, split: str, batch_size: int, transform, *, training=False, seed=0):
        """Build the input pipeline: cache, shuffle over the whole split, batch, map, prefetch.

        Parameters
        ----------
        split : str
        batch_size : int
        transform : callable
            ``transform(images, labels, seed)`` on a whole batch: uint8 images of shape
            (batch, height, width, channels), int64 labels (batch,), and an int32 seed (2,) that is
            new for every batch of every pass (for ``tf.random.stateless_*``).
        training : bool
            Shuffle anew at every pass. Without it the order is the stored one.
        seed : int
            Fixes the order and the per-batch seeds, pass by pass.

        Returns
        -------
        tf.data.Dataset
        """
        import tensorflow as tf

        pipeline = self.examples(split).cache()
        if training:
            pipeline = pipeline.shuffle(self.size(split), seed=seed)
        pipeline = pipeline.batch(batch_size)
        seeds = tf.data.Dataset.random(seed=seed, rerandomize_each_iteration=True)
        seeds = seeds.batch(2, drop_remainder=True)  # shape (2,), known in advance
        pipeline = tf.data.Dataset.zip(pipeline, seeds)
        return pipeline.map(
            lambda rows, pair: transform(rows["image"], rows["label"], tf.cast(pair, tf.int32)),
            num_parallel_calls=tf.data.AUTOTUNE,
        ).prefetch(tf.data.AUTOTUNE)


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
        from latents import complete

        return complete.load(name)
    from latents import embedded

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
