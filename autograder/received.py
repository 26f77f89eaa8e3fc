"""Keep every file that was handed in under its hash, where nothing is overwritten."""

import hashlib
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from autograder import AutograderError
from autograder.intake import shown
from autograder.journal import FOLDER, Journal

LARGEST = 2**30  # bytes of a file that is kept
BLOCK = 2**20


class Keeper:
    """Copies files to ``COURSE/.autograder/received`` and notes them in the journal.

    Parameters
    ----------
    course : Path
        Folder of the course.
    journal : Journal
        Where a file is noted once its copy is safe.
    """

    def __init__(self, course: Path, journal: Journal):
        self.course, self.journal = course, journal
        self.store = course / FOLDER / "received"

    def keep_folder(self, owner: tuple[str, str], place: Path) -> tuple[dict[Path, str], str]:
        """Keep the files of a folder and of those in it, as ``keep`` does."""
        failed: list[OSError] = []
        files: list[Path] = []
        for folder, names, own in os.walk(place, onerror=failed.append):  # follows no links
            names.sort()
            files += [Path(folder) / name for name in sorted(own)]
        kept, problem = self.keep(owner, files, place)
        return kept, unreadable(place, failed[0]) if failed else problem

    def keep(
        self, owner: tuple[str, str], files: Iterable[Path], place: Path
    ) -> tuple[dict[Path, str], str]:
        """Keep the regular files among some paths.

        Parameters
        ----------
        owner : tuple of str
            Student and assignment.
        files : iterable of Path
            Paths in ``place``.

        Returns
        -------
        kept : dict
            Hash of each file that was kept.
        problem : str
            What is wrong with the first that could not be; empty if there is none.

        Raises
        ------
        AutograderError
            If the copy cannot be written, as on a full disk.
        """
        kept: dict[Path, str] = {}
        problem = ""
        for file in filter(is_file, files):
            try:
                kept[file], size = _copy(file, self.store)
            except OSError as error:
                problem = problem or unreadable(file, error)
                continue
            except _UnkeptError as error:
                problem = problem or str(error)
                continue
            self.journal.receive(*owner, str(file.relative_to(place)), kept[file], size)
        return kept, problem


def is_file(path: Path) -> bool:
    """Return whether a path is a regular file and no link."""
    try:
        return path.is_file() and not path.is_symlink()
    except OSError:
        return False


def unreadable(place: Path, error: OSError) -> str:
    """Return the sentence that a file or folder cannot be read."""
    name = shown(Path(os.fsdecode(error.filename or place)).name)
    return f"{name} cannot be read: {error.strerror or type(error).__name__}."


class _UnkeptError(AutograderError):
    """A file cannot be kept for a reason of its own."""


def _copy(file: Path, store: Path) -> tuple[str, int]:
    """Copy a file under its hash, once; return hash and size."""
    with file.open("rb") as handed_in:
        if (size := os.fstat(handed_in.fileno()).st_size) > LARGEST:
            raise _UnkeptError(
                f"{shown(file.name)} has {size / 2**30:.1f} GiB, more than the "
                f"{LARGEST / 2**30:g} GiB of a file that is kept: remove it."
            )
        sha256 = hashlib.file_digest(handed_in, "sha256").hexdigest()
        kept = store / sha256[:2] / sha256
        if not kept.exists():
            handed_in.seek(0)
            part = kept.with_suffix(".part")  # what a crash leaves has this name, and is replaced
            if _write(handed_in, part) != sha256:
                raise _UnkeptError(f"{shown(file.name)} changed while it was read: run it again.")
            _settle(part, kept)
    return sha256, kept.stat().st_size


def _write(handed_in: BinaryIO, part: Path) -> str:
    """Write a copy to the disk and return its hash."""
    digest = hashlib.sha256()
    with _storing(part.parent):
        part.parent.mkdir(parents=True, exist_ok=True)
        copy = part.open("wb")
    with copy:
        while block := handed_in.read(BLOCK):
            digest.update(block)
            with _storing(part.parent):
                copy.write(block)
        with _storing(part.parent):
            copy.flush()
            os.fsync(copy.fileno())
    return digest.hexdigest()


def _settle(part: Path, kept: Path) -> None:
    """Give a complete copy its name, and make that outlive a crash of the machine."""
    with _storing(kept.parent):
        part.replace(kept)
        if os.name == "posix":  # elsewhere a folder cannot be opened
            folder = os.open(kept.parent, os.O_RDONLY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)


@contextmanager
def _storing(folder: Path) -> Iterator[None]:
    """Tell what fails in the store apart from what fails in a submission."""
    try:
        yield
    except OSError as error:
        raise AutograderError(
            f"What was handed in cannot be kept in {folder}: {error.strerror}. Make room there or "
            "see to the rights, and run it again; what was graded before stays."
        ) from error
