"""A hash of our own code: what a score depends on besides the notebook and the packages."""

import hashlib
from collections.abc import Iterable
from pathlib import Path

import latents

PACKAGE = Path(__file__).resolve().parents[1]
# What runs between any notebook and its score; a test compares it with what is imported.
RUNNING = ("checks", "execution", "sandbox", "__init__.py")
LATENTS = Path(latents.__file__).resolve().parent  # messages and workshops come from there


def places(names: Iterable[str]) -> list[Path]:
    """Return where some modules and folders of this package lie, and the package ``latents``."""
    return [*(PACKAGE / name for name in names), LATENTS]


def digest(names: Iterable[str]) -> str:
    """Return a hash of some modules of this package, of all in its folders, and of ``latents``."""
    found = hashlib.sha256()
    for place in places(names):
        for file in sorted(place.rglob("*.py")) if place.is_dir() else [place]:
            found.update(file.read_bytes())
    return found.hexdigest()
