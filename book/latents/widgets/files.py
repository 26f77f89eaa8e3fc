"""What the contents of several parts write and choose alike."""

import json
from pathlib import Path

import numpy as np
from PIL import Image

from latents import data


def write_facts(folder: Path, name: str, facts: dict) -> Path:
    """Write what the page of a part shows beside the networks, as ``NAME_facts.json``."""
    file = folder / f"{name}_facts.json"
    file.write_text(json.dumps(facts))
    return file


def write_sheet(folder: Path, name: str, pictures: np.ndarray) -> Path:
    """Write grey pictures (n, side, side), or bits, one below the other, as ``NAME.png``."""
    file = folder / f"{name}.png"
    Image.fromarray(pictures.reshape(-1, pictures.shape[-1])).save(file, optimize=True)
    return file


def write_tiles(folder: Path, name: str, pictures: np.ndarray, columns: int) -> Path:
    """Write many grey pictures (n, side, side), row by row of a sheet, as ``NAME.webp``."""
    side = pictures.shape[-1]
    rows = pictures.reshape(-1, columns, side, side).swapaxes(1, 2)
    file = folder / f"{name}.webp"
    grey = Image.fromarray(rows.reshape(-1, columns * side))
    grey.save(file, lossless=True, quality=90, method=5)
    return file


def firsts(labels: np.ndarray) -> list[int]:
    """Return the place of the first garment of each class."""
    return [int(np.flatnonzero(labels == label)[0]) for label in range(10)]


def one_of_each(known: int) -> tuple[list[int], np.ndarray, list[str]]:
    """Choose the first test garment of each class, among the first ``known``.

    Returns
    -------
    list of int, numpy.ndarray, list of str
        Their places in the test split, their images (10, 28, 28) of uint8, their names.
    """
    fashion = data.load("fashion_mnist")
    images, labels = fashion.arrays("test")
    chosen = firsts(labels[:known])
    return chosen, images[chosen].reshape(10, 28, 28), fashion.label_names
