"""Take the class-balanced sample of Fashion-MNIST that the quick profile trains on.

Run once, by hand, with the folder that holds the four ``*-ubyte.gz`` files (Debian's package
``dataset-fashion-mnist`` puts them in ``/usr/share/datasets/fashion-mnist``)::

    python -m latents.data.make_sample /usr/share/datasets/fashion-mnist
"""

import gzip
import sys
from pathlib import Path

import numpy as np

PER_CLASS = {"train": 600, "test": 100}
SEED = 2017


def read_idx(path: Path) -> np.ndarray:
    """Read one gzipped IDX file of unsigned bytes (images: 3 dimensions, labels: 1)."""
    raw = gzip.decompress(path.read_bytes())
    dims = raw[3]
    shape = np.frombuffer(raw, ">u4", count=dims, offset=4)
    return np.frombuffer(raw, np.uint8, offset=4 + 4 * dims).reshape(shape)


def balanced(images: np.ndarray, labels: np.ndarray, per_class: int, rng) -> tuple:
    """Choose ``per_class`` examples of every class at random, and mix the classes."""
    chosen = [
        rng.choice(np.flatnonzero(labels == label), per_class, replace=False)
        for label in np.unique(labels)
    ]
    order = rng.permutation(np.concatenate(chosen))
    return images[order], labels[order]


def main(folder: Path) -> None:
    """Write ``fashion_mnist_sample.npz`` beside this file."""
    rng = np.random.default_rng(SEED)
    parts = {}
    for split, prefix in (("train", "train"), ("test", "t10k")):
        images = read_idx(folder / f"{prefix}-images-idx3-ubyte.gz")
        labels = read_idx(folder / f"{prefix}-labels-idx1-ubyte.gz")
        chosen = balanced(images, labels, PER_CLASS[split], rng)
        parts[f"{split}_images"], parts[f"{split}_labels"] = chosen
    np.savez_compressed(Path(__file__).with_name("fashion_mnist_sample.npz"), **parts)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
