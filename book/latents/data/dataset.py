"""A data set in the form that every chapter uses, wherever its examples come from."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np


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
        """Build the input pipeline: shuffle over the whole split, batch, map, prefetch.

        The decoded split stays in memory, and only the numbers of its examples are shuffled: whole
        batches are then looked up at once. For a small model this takes a fraction of the time of
        a pipeline that moves each image by itself.

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

        with tf.device("CPU"):
            images, labels = map(tf.constant, self.arrays(split))
        order = tf.data.Dataset.range(self.size(split))
        if training:
            order = order.shuffle(self.size(split), seed=seed)
        seeds = tf.data.Dataset.random(seed=seed, rerandomize_each_iteration=True)
        seeds = seeds.batch(2, drop_remainder=True)  # shape (2,), known in advance

        def look_up(chosen, pair):
            batch = tf.gather(images, chosen), tf.gather(labels, chosen)
            return transform(*batch, tf.cast(pair, tf.int32))

        pipeline = tf.data.Dataset.zip(order.batch(batch_size), seeds)
        return pipeline.map(look_up, num_parallel_calls=tf.data.AUTOTUNE).prefetch(tf.data.AUTOTUNE)
