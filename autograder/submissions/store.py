"""Keep every file that was handed in under its hash, where nothing is overwritten."""

import errno
import hashlib
import io
import os
import stat
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from autograder import AutograderError
from autograder.checks.words import printable
from autograder.gradebook.course import Course
from autograder.gradebook.journal import Journal

LARGEST = 2**30  # bytes of a file that is kept
BLOCK = 2**20


class Keeper:
    """Copies files to ``COURSE/.autograder/received`` and notes them in the journal.

    Parameters
    ----------
    course : Course
        The course.
    journal : Journal
        Where a file is noted once its copy is safe.
    """

    def __init__(self, course: Course, journal: Journal):
        self.course, self.journal = course, journal
        self.store = course.state / "received"

    def keep_folder(self, owner: tuple[str, str], place: Path) -> tuple[dict[Path, str], str]:
        """Keep the files of a folder and of those in it, as ``keep`` does."""
        files, failed = _files(place)
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
        for file in files:
            try:
                if not is_file(file):
                    continue
                kept[file], size = _copy(file, self.store)
            except OSError as error:
                problem = problem or unreadable(file, error)
                continue
            except _UnkeptError as error:
                problem = problem or str(error)
                continue
            self.journal.receive(*owner, str(file.relative_to(place)), kept[file], size)
        return kept, problem

    def place(self, sha256: str) -> Path:
        """Return where the copy of a file lies that was kept."""
        return self.store / sha256[:2] / sha256

    def keep_content(self, owner: tuple[str, str], path: str, content: bytes) -> tuple[Path, str]:
        """Keep what was read out of a kept file, as if it were one; return its copy and hash."""
        sha256 = hashlib.sha256(content).hexdigest()
        kept = self.place(sha256)
        with _storing(self.store):
            if not kept.exists():
                _store(io.BytesIO(content), Path(path), kept)
        self.journal.receive(*owner, path, sha256, len(content))
        return kept, sha256


def not_ordinary(file: Path, kept: Mapping[Path, str]) -> str:
    """Return that what was handed in is no ordinary file; empty if it is one, and was kept."""
    if not file.is_symlink() and file in kept:
        return ""
    told = "is a link, a folder or a special file: hand in an ordinary file."
    return f"{printable(file.name)} {told}"


def is_file(path: Path) -> bool:
    """Return whether a path is a regular file and no link.

    Raises
    ------
    OSError
        If that cannot be seen, as in a folder without rights.
    """
    return stat.S_ISREG(path.lstat().st_mode)


def _files(place: Path) -> tuple[list[Path], list[OSError]]:
    """Return what lies in a folder and in those below it, however deep; no link is followed.

    ``os.walk`` calls itself for each level, and would end at a thousand of them.
    """
    files: list[Path] = []
    failed: list[OSError] = []
    folders = [place]
    while folders:
        folder = folders.pop()
        try:
            with os.scandir(folder) as found:
                entries = sorted((each.name, each.is_dir(follow_symlinks=False)) for each in found)
        except OSError as error:
            failed.append(error)
            continue
        for name, is_folder in entries:
            (folders if is_folder else files).append(folder / name)
    return sorted(files), failed


def unreadable(place: Path, error: OSError) -> str:
    """Return the sentence that a file or folder cannot be read."""
    name = printable(Path(os.fsdecode(error.filename or place)).name)
    return f"{name} cannot be read: {error.strerror or type(error).__name__}."


class _UnkeptError(AutograderError):
    """A file cannot be kept for a reason of its own."""


def _copy(file: Path, store: Path) -> tuple[str, int]:
    """Copy a file under its hash, once; return hash and size."""
    with open(file, "rb", opener=_no_link) as handed_in:
        if (size := os.fstat(handed_in.fileno()).st_size) > LARGEST:
            raise _UnkeptError(
                f"{printable(file.name)} has {size / 2**30:.1f} GiB, more than the "
                f"{LARGEST / 2**30:g} GiB of a file that is kept: remove it."
            )
        sha256 = hashlib.file_digest(handed_in, "sha256").hexdigest()
        with _storing(store):
            kept = store / sha256[:2] / sha256
            if not kept.exists():
                handed_in.seek(0)
                _store(handed_in, file, kept)
            return sha256, kept.stat().st_size


def _no_link(path: str, flags: int) -> int:
    """Open a file that has not become a link, or a pipe, since somebody looked at it."""
    opened = os.open(path, flags | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
    if not stat.S_ISREG(os.fstat(opened).st_mode):
        os.close(opened)
        raise OSError(errno.EINVAL, "it is no ordinary file", path)
    return opened


def _store(handed_in: BinaryIO, file: Path, kept: Path) -> None:
    """Write a file to its place in the store, or nothing."""
    part = kept.with_suffix(".part")  # what a crash leaves has this name, and is replaced
    try:
        if _write(handed_in, part, file) != kept.name:
            raise _UnkeptError(f"{printable(file.name)} changed while it was read: run it again.")
        _settle(part, kept)
    finally:
        part.unlink(missing_ok=True)  # a full disk needs the room


def _write(handed_in: BinaryIO, part: Path, file: Path) -> str:
    """Write a copy to the disk and return its hash."""
    digest = hashlib.sha256()
    part.parent.mkdir(parents=True, exist_ok=True)
    with part.open("wb") as copy:  # which writes again at its end what could not be written
        while block := _block(handed_in, file):
            digest.update(block)
            copy.write(block)
        copy.flush()
        os.fsync(copy.fileno())
    return digest.hexdigest()


def _block(handed_in: BinaryIO, file: Path) -> bytes:
    """Return the next bytes of a file; that it cannot be read is no fault of the store."""
    try:
        return handed_in.read(BLOCK)
    except OSError as error:
        raise _UnkeptError(unreadable(file, error)) from error


def _settle(part: Path, kept: Path) -> None:
    """Give a complete copy its name, and make that outlive a crash of the machine."""
    part.replace(kept)
    if os.name == "posix":  # elsewhere a folder cannot be opened
        folder = os.open(kept.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


@contextmanager
def _storing(store: Path) -> Iterator[None]:
    """Tell what fails in the store apart from what fails in a submission."""
    try:
        yield
    except OSError as error:
        raise AutograderError(
            f"What was handed in cannot be kept in {store}: {error.strerror}. Make room there or "
            "see to the rights, and run it again; what was graded before stays."
        ) from error
