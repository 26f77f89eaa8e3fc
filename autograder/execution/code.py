"""Hash our own code, on which a score depends besides the notebook and the packages."""

import hashlib
from collections.abc import Iterable
from pathlib import Path

import latents

PACKAGE = Path(__file__).resolve().parents[1]
# All that runs between a notebook and its score; a test compares it with what is imported.
EXECUTION_MODULES = ("checks", "execution", "sandbox", "__init__.py")
LATENTS = Path(latents.__file__).resolve().parent  # messages and workshops come from there


def paths(names: Iterable[str]) -> list[Path]:
    """Return the paths of some modules and folders of this package, and of ``latents``."""
    return [*(PACKAGE / name for name in names), LATENTS]


def digest(names: Iterable[str]) -> str:
    """Return a hash of some modules of this package, of all in its folders, and of ``latents``."""
    hasher = hashlib.sha256()
    for path in paths(names):
        for file in sorted(path.rglob("*.py")) if path.is_dir() else [path]:
            hasher.update(file.read_bytes())
    return hasher.hexdigest()
