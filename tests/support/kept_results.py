"""Results that take minutes to make, kept from run to run as the build keeps executed chapters.

Each lies under a hash of all that it depends on: the notebooks or answers, the code of the
autograder and of the book's package, the reference solutions and the versions of all libraries.
A change of one makes the result anew, and a clean checkout makes them all.
"""

import hashlib
import pickle
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TypeVar

PROJECT = Path(__file__).resolve().parents[2]
FOLDER = PROJECT / ".cache" / "tests"
Kept = TypeVar("Kept")


def folder(name: str, dependencies: str) -> Path:
    """Return the folder of the results ``name``; those with other dependencies are deleted."""
    kept = FOLDER / f"{name}-{hashed(dependencies)}"
    for outdated in FOLDER.glob(f"{name}-*"):
        if outdated != kept:
            shutil.rmtree(outdated)
    kept.mkdir(parents=True, exist_ok=True)
    return kept


def file(kept: Path, key: str) -> Path:
    """Return the file of one result in its folder."""
    return kept / f"{hashed(key)}.pickle"


def read(path: Path):
    """Return the result in a file."""
    return pickle.loads(path.read_bytes())


def write(path: Path, result: object) -> None:
    """Keep a result, so that no other process ever sees half of it."""
    part = path.with_suffix(".part")
    part.write_bytes(pickle.dumps(result))
    part.replace(path)


def kept_or_made(kept: Path, key: str, make: Callable[[], Kept]) -> Kept:
    """Return the result that is kept under a key, or make it and keep it."""
    path = file(kept, key)
    if not path.is_file():
        write(path, make())
    return read(path)


def content(paths: Iterable[Path]) -> str:
    """Return a hash of the names and contents of all files in some folders."""
    digest = hashlib.sha256()
    for path in paths:
        for inner in sorted(path.rglob("*")):
            if inner.is_file():
                digest.update(f"{inner.relative_to(path)}\n{inner.stat().st_size}\n".encode())
                digest.update(inner.read_bytes())
    return digest.hexdigest()


def hashed(text: str) -> str:
    """Return a hash that is short enough for the name of a file."""
    return hashlib.sha256(text.encode()).hexdigest()[:24]
