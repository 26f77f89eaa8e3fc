"""Read files out of an archive that somebody has handed in; nothing is unpacked to the disk.

Archives are the work of strangers: how much is read of one, and what of it is held in memory, is
limited here, not by what the archive says of itself.
"""

import bz2
import gzip
import io
import stat
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO, cast

from autograder import AutograderError
from autograder.checks.words import listing, printable
from autograder.sandbox.limited import TooSlowError, limited
from autograder.submissions.notebooks import LARGEST

MOST_FILES = 10_000  # in an archive
MOST_CHOSEN = 1_000  # files that are read of one
LONGEST_LIST = 4 * 2**20  # bytes of the list of files at the end of a zip
SLOWEST = 10  # seconds of computing time
PIECE, LONGEST_HEADER = 2**15, 2**16  # bytes that are read of a notebook, of a tar at once
MOST_UNPACKED = 2 * LARGEST  # bytes of a tar that are read in search of a notebook
PLAIN = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)  # zipfile does not limit what others unpack to
ENCRYPTED = 1  # flag of a file in a zip
BROKEN = (
    *(zipfile.BadZipFile, tarfile.TarError, zlib.error, EOFError, OSError, struct.error),
    *(ValueError, NotImplementedError, RuntimeError, IndexError, KeyError, OverflowError),
)
OPENERS: dict[tuple[str, ...], Callable[[io.BufferedReader], io.BufferedIOBase]] = {
    (".tar",): io.BufferedReader,
    (".tar.gz", ".tgz"): lambda file: gzip.GzipFile(fileobj=file),
    (".tar.bz2", ".tbz2"): bz2.BZ2File,
}
Choose = Callable[[list[str]], list[str]]  # of the names of all files, some
IN_ITSELF = "hand in the notebook itself"


class _Limited(io.FileIO):
    """A file of which nobody reads very much at once, as a forged zip would have it."""

    def read(self, size: int | None = -1) -> bytes:
        wanted = LONGEST_LIST + 1 if size is None or size < 0 else size
        if wanted > LONGEST_LIST + 1 or len(found := super().read(wanted)) > LONGEST_LIST:
            raise _RefusedError("lists too many files")
        return found


class _Counted:
    """A stream in which nobody reads much at once, or comes far.

    At once: Python takes the square of the length of a header of a tar.
    """

    def __init__(self, stream: io.BufferedIOBase):
        self.stream, self.tell = stream, stream.tell

    def read(self, size: int) -> bytes:
        self._refuse(size > LONGEST_HEADER or self.tell() + size > MOST_UNPACKED)
        return self.stream.read(size)

    def seek(self, place: int) -> int:
        self._refuse(place > MOST_UNPACKED)
        return self.stream.seek(place)

    def _refuse(self, much: bool) -> None:
        if much:
            raise _RefusedError("holds too much")


class _RefusedError(AutograderError):
    """An archive is not read to its end; the message follows its name."""


def can_be_opened(name: str) -> bool:
    """Return whether a file has the name of an archive of a kind that is opened."""
    return name.lower().endswith((".zip", *(each for endings in OPENERS for each in endings)))


def notebook(file: Path, name: str, choose: Choose) -> tuple[str, bytes]:
    """Return name and content of the only notebook in an archive.

    Parameters
    ----------
    file : Path
        The archive.
    name : str
        As it was handed in.
    choose : callable
        Returns, of the names of all files in it, those that may be the notebook.

    Raises
    ------
    AutograderError
        If there is not exactly one, or if the archive cannot be read.
    """
    ((chosen, content),) = files(file, name, lambda names: [_only(names, choose)]).items()
    return chosen, content


def files(file: Path, name: str, choose: Choose) -> dict[str, bytes]:
    """Return the content of some files in an archive by their names.

    Parameters
    ----------
    file : Path
        The archive.
    name : str
        As it was handed in.
    choose : callable
        Returns, of the names of all files in it, those that are read.

    Raises
    ------
    AutograderError
        If the archive cannot be read, or if what was chosen is too much.
    """
    read = _of_zip if name.lower().endswith(".zip") else _of_tar
    try:
        with limited(SLOWEST), _told_as(name):
            return read(file, name, lambda names: choose(_inside(names)))
    except TooSlowError as error:
        raise AutograderError(f"{printable(name)} takes too long to open: {IN_ITSELF}.") from error
    except _RefusedError as error:
        raise AutograderError(f"{printable(name)} {error}: {IN_ITSELF}.") from error


@contextmanager
def _told_as(name: str) -> Iterator[None]:
    try:
        yield
    except BROKEN as error:
        raise AutograderError(
            f"{printable(name)} is damaged and cannot be opened: {IN_ITSELF}."
        ) from error


def _only(names: list[str], choose: Choose) -> str:
    """Return the one name of a notebook."""
    chosen = choose(names)
    if len(chosen) > 1:
        raise _RefusedError(f"holds {listing(printable(each) for each in chosen[:5])}")
    if not chosen:
        raise _RefusedError(f"holds no notebook, {_content(names)}")
    return chosen[0]


def _inside(names: list[str]) -> list[str]:
    return [each for each in dict.fromkeys(names) if _is_inside(each)]


def _content(names: list[str]) -> str:
    if not names:
        return "nothing that can be used"
    more = [f"{len(names) - 3:,} other files"] if len(names) > 3 else []
    return f"only {listing([*(printable(each) for each in names[:3]), *more])}"


def _is_inside(name: str) -> bool:
    """Return whether a name leads to a place inside of the archive."""
    path = PurePosixPath(name.replace("\\", "/"))
    return not path.is_absolute() and ".." not in path.parts and ":" not in name


def _of_zip(file: Path, name: str, choose: Choose) -> dict[str, bytes]:
    with _Limited(file) as raw, zipfile.ZipFile(raw) as opened:
        known = {each.filename: each for each in opened.infolist() if _is_plain_file(each)}
        if len(known) > MOST_FILES:
            raise _RefusedError("holds too many files")
        content = _Content()
        for chosen in _few(choose([*known])):
            member = known[chosen]
            if member.flag_bits & ENCRYPTED:
                raise _RefusedError("is locked with a password")
            if member.compress_type not in PLAIN:
                raise _RefusedError("is packed in a way that is not opened here")
            with opened.open(member) as stream:
                content.read(chosen, stream)
        return content


def _is_plain_file(each: zipfile.ZipInfo) -> bool:
    kind = stat.S_IFMT(each.external_attr >> 16)
    return not each.is_dir() and kind in (0, stat.S_IFREG)


def _of_tar(file: Path, name: str, choose: Choose) -> dict[str, bytes]:
    """Read a tar twice, for it has no list: its names first, then what is chosen."""
    chosen = _few(choose([each.name for each, _ in _members(file, name)]))
    content = _Content()
    for each, opened in _members(file, name):
        if each.name in chosen and each.name not in content:
            stream = opened.extractfile(each)
            assert stream is not None  # it is a regular file
            content.read(each.name, stream)
    if len(content) < len(chosen):
        raise tarfile.ReadError
    return content


def _few(chosen: list[str]) -> list[str]:
    if len(chosen) > MOST_CHOSEN:
        raise _RefusedError(f"holds more than {MOST_CHOSEN:,} files")
    return chosen


def _members(file: Path, name: str) -> Iterator[tuple[tarfile.TarInfo, tarfile.TarFile]]:
    opener = next(each for endings, each in OPENERS.items() if name.lower().endswith(endings))
    with (
        file.open("rb") as raw,
        opener(raw) as stream,
        tarfile.open(fileobj=cast(IO[bytes], _Counted(stream)), mode="r:") as opened,
    ):
        for number, each in enumerate(opened):
            if number > MOST_FILES:
                raise _RefusedError("holds too many files")
            if each.isreg():
                yield each, opened


class _Content(dict[str, bytes]):
    """What was read of an archive, by name; all of it together is limited."""

    def __init__(self) -> None:
        super().__init__()
        self._size = 0

    def read(self, name: str, stream: IO[bytes]) -> None:
        """Read a file in pieces of which none is large."""
        content = bytearray()
        while piece := stream.read(PIECE):
            content += piece
            self._size += len(piece)
            if self._size > LARGEST:
                raise _RefusedError(f"holds more than {LARGEST // 2**20} MiB")
        self[name] = bytes(content)
