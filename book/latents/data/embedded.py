"""Data that travels with the book: a sample of Fashion-MNIST, and drawings of horses and people."""

from importlib import resources

import numpy as np

from latents.data.dataset import Dataset

FASHION_LABELS = (
    "T-shirt/top",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Ankle boot",
)


def load(name: str):
    """Return the embedded data set ``name`` as a :class:`latents.data.dataset.Dataset`."""
    return {"fashion_mnist": _fashion_mnist, "horses_or_humans": _horses_or_humans}[name]()


def _fashion_mnist():
    with resources.files(__package__).joinpath("fashion_mnist_sample.npz").open("rb") as file:
        stored = dict(np.load(file))
    splits = {
        split: (stored[f"{split}_images"][..., None], stored[f"{split}_labels"].astype(np.int64))
        for split in ("train", "test")
    }
    return _dataset(
        "fashion_mnist",
        splits,
        FASHION_LABELS,
        title="Fashion-MNIST (balanced sample of 6,000 + 1,000 images)",
        description="A class-balanced sample of Fashion-MNIST (MIT licence, Zalando SE).",
    )


def _horses_or_humans():
    from latents.data import drawings

    return _dataset(
        "horses_or_humans",
        {split: drawings.draw_split(split) for split in ("train", "test")},
        drawings.CLASS_NAMES,
        title="drawings of horses and people (stand-in for horses_or_humans)",
        description="Simple drawings made by the book's own code; not the photographs-like "
        "renderings of horses_or_humans.",
    )


def _dataset(name, splits, label_names, *, title, description):
    import tensorflow as tf
    import tensorflow_datasets as tfds

    identity = tfds.core.dataset_info.DatasetIdentity(
        name=name, version="1.0.0", data_dir="", module_name=__name__
    )
    shape = splits["train"][0].shape[1:]
    features = {
        "image": tfds.features.Image(shape=shape),
        "label": tfds.features.ClassLabel(names=label_names),
    }
    info = tfds.core.DatasetInfo(
        builder=identity,
        description=description,
        features=tfds.features.FeaturesDict(features),
        supervised_keys=("image", "label"),
    )
    sizes = [
        tfds.core.SplitInfo(
            name=split,
            shard_lengths=[len(labels)],
            num_bytes=images.nbytes,
            filename_template=None,
        )
        for split, (images, labels) in splits.items()
    ]
    info.set_splits(tfds.core.splits.SplitDict(sizes))

    def examples(split):
        images, labels = splits[split]
        return tf.data.Dataset.from_tensor_slices({"image": images, "label": labels})

    return Dataset(info, title, examples, dict(splits))
