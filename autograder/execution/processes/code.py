"""Hash what a score depends on besides the notebook: this project, Python and the packages."""

import hashlib
import platform
import sys
from collections.abc import Iterable
from functools import cache
from importlib import metadata
from pathlib import Path

import latents

PACKAGE = Path(__file__).resolve().parents[2]
# All that runs between a notebook and its score; a test compares it with what is imported.
EXECUTION_MODULES = ("checks", "execution", "sandbox", "__init__.py")
PACKAGE_FOLDERS = ("site-packages", "dist-packages")  # where pip and Debian install
LATENTS = Path(latents.__file__).resolve().parent  # messages and workshops come from there


def paths(names: Iterable[str]) -> list[Path]:
    """Return the paths of some modules and folders of this package, and of ``latents``."""
    return [*(PACKAGE / name for name in names), LATENTS]


def digest(names: Iterable[str]) -> str:
    """Return a hash of some modules and folders of this package, and of ``latents``."""
    hasher = hashlib.sha256()
    for path in paths(names):
        for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
            if file.is_file() and "__pycache__" not in file.parts:
                hasher.update(file.read_bytes())
    return hasher.hexdigest()


@cache
def environment() -> str:
    """Return a hash of Python, of all packages, which answers may import, and of this project."""
    # Some libraries bring copies of others in folders that they put on the path once imported.
    folders = [folder for folder in sys.path if Path(folder).name in PACKAGE_FOLDERS]
    packages = metadata.distributions(path=folders)
    versions = {f"{package.name} {package.version}" for package in packages}
    hasher = hashlib.sha256("\n".join([platform.python_version(), *sorted(versions)]).encode())
    hasher.update(digest(EXECUTION_MODULES).encode())
    return hasher.hexdigest()
