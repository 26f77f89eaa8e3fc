"""Read files out of a submitted archive; nothing is unpacked to the disk.

Archives are not to be trusted: how much is read of one, and how much of it is held in memory, is
limited here, not by what the archive says about itself.
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
PIECE, LONGEST_HEADER = 2**15, 2**16  # bytes that are read at once of a member, of a tar
MOST_UNPACKED = 2 * LARGEST  # bytes of a tar that are read in search of a notebook
PLAIN = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)  # zipfile does not limit the output of others
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
Choose = Callable[[list[str]], list[str]]  # selects from the names of all files
IN_ITSELF = "hand in the notebook itself"


class _Limited(io.FileIO):
    """A file that refuses to read much at once, which a forged zip would ask for."""

    def read(self, size: int | None = -1) -> bytes:
        wanted = LONGEST_LIST + 1 if size is None or size < 0 else size
        if wanted > LONGEST_LIST + 1 or len(data := super().read(wanted)) > LONGEST_LIST:
            raise _RefusedError("lists too many files")
        return data


class _Counted:
    """A stream that refuses to read much at once, and to go beyond a limit.

    The first, because Python takes time quadratic in the length of a tar header.
    """

    def __init__(self, stream: io.BufferedIOBase):
        self.stream, self.tell = stream, stream.tell

    def read(self, size: int) -> bytes:
        self._refuse_if(size > LONGEST_HEADER or self.tell() + size > MOST_UNPACKED)
        return self.stream.read(size)

    def seek(self, position: int) -> int:
        self._refuse_if(position > MOST_UNPACKED)
        return self.stream.seek(position)

    def _refuse_if(self, too_much: bool) -> None:
        if too_much:
            raise _RefusedError("holds too much")


class _RefusedError(AutograderError):
    """An archive is refused; the message continues a sentence that begins with its name."""


def can_be_opened(name: str) -> bool:
    """Return whether a file has the name of an archive that can be opened here."""
    return name.lower().endswith((".zip", *(ending for endings in OPENERS for ending in endings)))


def notebook(file: Path, name: str, choose: Choose) -> tuple[str, bytes]:
    """Return name and content of the only notebook in an archive.

    Parameters
    ----------
    file : Path
        The archive.
    name : str
        Its name in the submission.
    choose : callable
        Selects from the names of all files in it those that may be the notebook.

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
        Its name in the submission.
    choose : callable
        Selects from the names of all files in it those to be read.

    Raises
    ------
    AutograderError
        If the archive cannot be read, or if the chosen files are too large.
    """
    read = _of_zip if name.lower().endswith(".zip") else _of_tar
    try:
        with limited(SLOWEST), _explain_damage(name):
            return read(file, name, lambda names: choose(_safe_names(names)))
    except TooSlowError as error:
        raise AutograderError(f"{printable(name)} takes too long to open: {IN_ITSELF}.") from error
    except _RefusedError as error:
        raise AutograderError(f"{printable(name)} {error}: {IN_ITSELF}.") from error


@contextmanager
def _explain_damage(name: str) -> Iterator[None]:
    try:
        yield
    except BROKEN as error:
        raise AutograderError(
            f"{printable(name)} is damaged and cannot be opened: {IN_ITSELF}."
        ) from error


def _only(names: list[str], choose: Choose) -> str:
    """Return the name of the only notebook."""
    chosen = choose(names)
    if len(chosen) > 1:
        raise _RefusedError(f"holds {listing(printable(name) for name in chosen[:5])}")
    if not chosen:
        raise _RefusedError(f"holds no notebook, {_summary(names)}")
    return chosen[0]


def _safe_names(names: list[str]) -> list[str]:
    return [name for name in dict.fromkeys(names) if _is_inside(name)]


def _summary(names: list[str]) -> str:
    if not names:
        return "nothing that can be used"
    more = [f"{len(names) - 3:,} other files"] if len(names) > 3 else []
    return f"only {listing([*(printable(name) for name in names[:3]), *more])}"


def _is_inside(name: str) -> bool:
    """Return whether a name is a path inside the archive."""
    path = PurePosixPath(name.replace("\\", "/"))
    return not path.is_absolute() and ".." not in path.parts and ":" not in name


def _of_zip(file: Path, name: str, choose: Choose) -> dict[str, bytes]:
    with _Limited(file) as raw, zipfile.ZipFile(raw) as archive:
        members = {
            member.filename: member for member in archive.infolist() if _is_plain_file(member)
        }
        if len(members) > MOST_FILES:
            raise _RefusedError("holds too many files")
        content = _Content()
        for chosen in _limit(choose([*members])):
            member = members[chosen]
            if member.flag_bits & ENCRYPTED:
                raise _RefusedError("is locked with a password")
            if member.compress_type not in PLAIN:
                raise _RefusedError("is packed in a way that is not opened here")
            with archive.open(member) as stream:
                content.read(chosen, stream)
        return content


def _is_plain_file(member: zipfile.ZipInfo) -> bool:
    kind = stat.S_IFMT(member.external_attr >> 16)
    return not member.is_dir() and kind in (0, stat.S_IFREG)


def _of_tar(file: Path, name: str, choose: Choose) -> dict[str, bytes]:
    """Read a tar twice, because it has no index: first the names, then the chosen files."""
    chosen = _limit(choose([member.name for member, _ in _members(file, name)]))
    content = _Content()
    for member, archive in _members(file, name):
        if member.name in chosen and member.name not in content:
            stream = archive.extractfile(member)
            assert stream is not None  # it is a regular file
            content.read(member.name, stream)
    if len(content) < len(chosen):
        raise tarfile.ReadError
    return content


def _limit(chosen: list[str]) -> list[str]:
    if len(chosen) > MOST_CHOSEN:
        raise _RefusedError(f"holds more than {MOST_CHOSEN:,} files")
    return chosen


def _members(file: Path, name: str) -> Iterator[tuple[tarfile.TarInfo, tarfile.TarFile]]:
    lower = name.lower()
    opener = next(opener for endings, opener in OPENERS.items() if lower.endswith(endings))
    with (
        file.open("rb") as raw,
        opener(raw) as stream,
        tarfile.open(fileobj=cast(IO[bytes], _Counted(stream)), mode="r:") as archive,
    ):
        for number, member in enumerate(archive):
            if number > MOST_FILES:
                raise _RefusedError("holds too many files")
            if member.isreg():
                yield member, archive


class _Content(dict[str, bytes]):
    """Content of files in an archive, by name; its total size is limited."""

    def __init__(self) -> None:
        super().__init__()
        self._size = 0

    def read(self, name: str, stream: IO[bytes]) -> None:
        """Read a file in small pieces."""
        content = bytearray()
        while piece := stream.read(PIECE):
            content += piece
            self._size += len(piece)
            if self._size > LARGEST:
                raise _RefusedError(f"holds more than {LARGEST // 2**20} MiB")
        self[name] = bytes(content)
