"""The picture of the first page: garments that the book's own trained decoder makes up."""

from pathlib import Path

import numpy as np

from drawing_parts import WIDTH, Sheet
from latents import weights

RECORD = Path(__file__).resolve().parents[1] / "records" / "full" / "weights" / "vae.bin"
COLUMNS, SIDE, SEED = 9, 29, 42
BOOT, DRESS = 32, 74  # test images whose codes the record keeps


def invented() -> np.ndarray:
    """Decode random codes: brightness (COLUMNS, 28, 28)."""
    z = np.random.default_rng(SEED).standard_normal((COLUMNS, 10))
    return np.reshape(weights.read(RECORD)["decoder"](z), (-1, 28, 28))


def walk() -> np.ndarray:
    """Decode the straight path between the codes of two test images: (COLUMNS, 28, 28)."""
    parts = weights.read(RECORD)
    t = np.linspace(0, 1, COLUMNS)[:, None]
    z = (1 - t) * parts["codes"][BOOT] + t * parts["codes"][DRESS]
    return np.reshape(parts["decoder"](z), (-1, 28, 28))


def garments() -> Sheet:
    """Draw a row of invented garments, and one garment that turns into another."""
    sheet, step = Sheet(2 * SIDE + 40), WIDTH / COLUMNS
    rows = {"ten random numbers each": invented(), "from an ankle boot to a dress": walk()}
    for line, (name, images) in enumerate(rows.items()):
        y = sheet.height - 16 - SIDE / 2 - line * (SIDE + 20)
        sheet.write(2, y + SIDE / 2 + 8, name, ha="left")
        for column, image in enumerate(images):
            sheet.picture((column + 0.5) * step, y, SIDE, image)
    return sheet
