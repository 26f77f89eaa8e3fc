"""Keep every submitted file under its hash, so that nothing is ever overwritten."""

import errno
import hashlib
import io
import os
import shutil
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
LARGE = 2**25  # bytes of a file that may be to blame if the disk has no room for it
BLOCK = 2**20


class FileStore:
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
        self.folder = course.state / "received"

    def keep_folder(self, owner: tuple[str, str], folder: Path) -> tuple[dict[Path, str], str]:
        """Keep all files of a folder and its subfolders, as ``keep`` does."""
        files, errors = _files(folder)
        kept, problem = self.keep(owner, files, folder)
        return kept, read_error(folder, errors[0]) if errors else problem

    def keep(
        self, owner: tuple[str, str], files: Iterable[Path], folder: Path
    ) -> tuple[dict[Path, str], str]:
        """Keep the regular files among some paths.

        Parameters
        ----------
        owner : tuple of str
            Student and assignment.
        files : iterable of Path
            The paths.
        folder : Path
            The folder that the journal notes the paths relative to.

        Returns
        -------
        kept : dict
            Hash of each file that was kept.
        problem : str
            What is wrong with the first file that could not be kept; empty if all were.

        Raises
        ------
        AutograderError
            If the copy cannot be written, for example on a full disk.
        """
        kept: dict[Path, str] = {}
        problem = ""
        for file in files:
            try:
                if not is_file(file):
                    continue
                kept[file], size = _copy(file, self.folder)
            except OSError as error:
                problem = problem or read_error(file, error)
                continue
            except _RefusedError as error:
                problem = problem or str(error)
                continue
            self.journal.receive(*owner, str(file.relative_to(folder)), kept[file], size)
        return kept, problem

    def path_of(self, sha256: str) -> Path:
        """Return the path of the copy of a kept file."""
        return self.folder / sha256[:2] / sha256

    def keep_content(self, owner: tuple[str, str], path: str, content: bytes) -> tuple[Path, str]:
        """Keep content that was read out of an archive as a file; return its copy and hash."""
        sha256 = hashlib.sha256(content).hexdigest()
        copy = self.path_of(sha256)
        with _explain_write_errors(self.folder):
            if not copy.exists():
                _store(io.BytesIO(content), Path(path), copy)
        self.journal.receive(*owner, path, sha256, len(content))
        return copy, sha256


def file_problem(file: Path, kept: Mapping[Path, str]) -> str:
    """Return why a path is not an ordinary file; empty if it is one, and was kept."""
    if not file.is_symlink() and file in kept:
        return ""
    name = printable(file.name)
    return f"{name} is a link, a folder or a special file: submit an ordinary file."


def is_file(path: Path) -> bool:
    """Return whether a path is a regular file, not a link.

    Raises
    ------
    OSError
        If that cannot be found out, for lack of permissions.
    """
    return stat.S_ISREG(path.lstat().st_mode)


def _files(top: Path) -> tuple[list[Path], list[OSError]]:
    """Return the files in a folder and its subfolders, however deep; no link is followed.

    ``os.walk`` calls itself for each level, and would fail at a thousand of them.
    """
    files: list[Path] = []
    errors: list[OSError] = []
    folders = [top]
    while folders:
        folder = folders.pop()
        try:
            with os.scandir(folder) as found:
                entries = sorted((item.name, item.is_dir(follow_symlinks=False)) for item in found)
        except OSError as error:
            errors.append(error)
            continue
        for name, is_folder in entries:
            (folders if is_folder else files).append(folder / name)
    return sorted(files), errors


def read_error(path: Path, error: OSError) -> str:
    """Return a message that a file or folder cannot be read."""
    name = printable(Path(os.fsdecode(error.filename or path)).name)
    return f"{name} cannot be read: {error.strerror or type(error).__name__}."


class _RefusedError(AutograderError):
    """One file cannot be kept; others can."""


def _copy(file: Path, store: Path) -> tuple[str, int]:
    """Copy a file into the folder ``store`` under its hash, once; return hash and size."""
    with open(file, "rb", opener=_open_regular) as stream:
        if (size := os.fstat(stream.fileno()).st_size) > LARGEST:
            raise _RefusedError(
                f"{printable(file.name)} is {size / 2**30:.1f} GiB, more than the "
                f"{LARGEST / 2**30:g} GiB that a kept file may have: remove it."
            )
        if size > LARGE and size > _free(store):
            raise _RefusedError(
                f"{printable(file.name)} is {size / 2**30:.1f} GiB, more than the disk of the "
                "course has left: remove it."
            )
        sha256 = hashlib.file_digest(stream, "sha256").hexdigest()
        with _explain_write_errors(store):
            copy = store / sha256[:2] / sha256
            if not copy.exists():
                stream.seek(0)
                _store(stream, file, copy)
            return sha256, copy.stat().st_size


def _free(store: Path) -> int:
    """Return the free bytes of the disk on which a folder lies or will lie."""
    folder = next(path for path in (store, *store.parents) if path.exists())
    return shutil.disk_usage(folder).free


def _open_regular(path: str, flags: int) -> int:
    """Open a file, unless it has become a link or a pipe since its type was checked."""
    descriptor = os.open(path, flags | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(errno.EINVAL, "it is not an ordinary file", path)
    return descriptor


def _store(stream: BinaryIO, file: Path, copy: Path) -> None:
    """Write the copy of a file to the store, completely or not at all."""
    part = copy.with_suffix(".part")  # what a crash leaves has this name, and is replaced
    try:
        if _write(stream, part, file) != copy.name:
            raise _RefusedError(f"{printable(file.name)} changed while it was read: run it again.")
        _finish(part, copy)
    finally:
        part.unlink(missing_ok=True)  # on a full disk, the space is needed


def _write(stream: BinaryIO, part: Path, file: Path) -> str:
    """Write a copy to the disk and return its hash."""
    digest = hashlib.sha256()
    part.parent.mkdir(parents=True, exist_ok=True)
    with part.open("wb") as copy:  # closing it tries again to write what could not be written
        while block := _block(stream, file):
            digest.update(block)
            copy.write(block)
        copy.flush()
        os.fsync(copy.fileno())
    return digest.hexdigest()


def _block(stream: BinaryIO, file: Path) -> bytes:
    """Return the next bytes of a file; an error in reading it is not one of the store."""
    try:
        return stream.read(BLOCK)
    except OSError as error:
        raise _RefusedError(read_error(file, error)) from error


def _finish(part: Path, copy: Path) -> None:
    """Give a complete copy its final name, so that it survives a crash of the machine."""
    part.replace(copy)
    if os.name == "posix":  # elsewhere a folder cannot be opened
        folder = os.open(copy.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


@contextmanager
def _explain_write_errors(store: Path) -> Iterator[None]:
    """Raise an AutograderError for an error in the store, unlike one in a submission."""
    try:
        yield
    except OSError as error:
        raise AutograderError(
            f"Submitted files cannot be kept in {store}: {error.strerror}. Make room there or "
            "check the permissions, and run it again; what was graded before stays."
        ) from error
