"""What a notebook of a student has printed and shown, cut to what can do no harm."""

import base64
import re
import struct
from collections.abc import Iterable, Mapping
from typing import Any

MOST, MOST_IN_ALL = 200, 1_000  # outputs of a cell, of a notebook; a page takes 0.4 ms for each
LONGEST_IMAGE = 4_000_000  # characters
# Of all outputs of a notebook. A page of feedback takes up to 5 µs for a character of text.
TEXTS, IMAGES = 2**20, 8_000_000
LINES, LONGEST_RUN = 20_000, 2_000  # lines of all texts, of one
POINTS, POINTS_IN_ALL = 25_000_000, 100_000_000  # of a picture; a browser takes 4 bytes for each
SHARE = 10  # part of all text that one text may have, so that a flood leaves room for others
BASE64 = re.compile(r"[A-Za-z0-9+/=\n]+")
PNG = "iVBORw0KGgo"  # as every PNG file begins
HEAD = struct.Struct(">8x4x4sII")  # of a PNG file: kind of its first chunk, width, height
COLOURS = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")  # and movements of the cursor: 10 µs each
# Where IPython says that a cell cannot be read; its number means nothing to anybody.
PLACE = re.compile(r"\((?:<[^<>]*>|[^()\s]*\.py), line (\d+)\)")
LONGEST_ERROR = 300  # characters of one that is quoted
CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
Output = dict[str, Any]  # in nbformat's form, or what an untrusted process sends as one


class Cleaner:
    """Takes outputs as an untrusted process sends them, and gives them in nbformat's form.

    Texts and PNG pictures pass. HTML and scripts do not: feedback pages and formgrader would run
    them in the browser of the instructor. All outputs of a notebook share a limit of size.

    Parameters
    ----------
    texts : int
        Characters of text that pass.
    """

    def __init__(self, texts: int = TEXTS) -> None:
        self.longest = texts // SHARE
        self.texts, self.images = texts, IMAGES
        self.lines, self.points, self.most = LINES, POINTS_IN_ALL, MOST_IN_ALL

    def clean(self, outputs: Any) -> list[Output]:
        """Return the outputs of a cell that are well-formed, cut where they are too long."""
        found = outputs if isinstance(outputs, list) else []
        most = min(MOST, self.most)
        cleaned = [self._one(each) for each in found[:most] if isinstance(each, dict)]
        self.most -= len(found[:most])
        if more := len(found[most:]):
            text = f"… ({more} more outputs were cut)\n"
            cleaned.append({"output_type": "stream", "name": "stderr", "text": text})
        return [each for each in cleaned if each is not None]

    def _one(self, output: Output) -> Output | None:
        kind = output.get("output_type")
        if kind == "stream":
            name = "stderr" if output.get("name") == "stderr" else "stdout"
            text = self._text(output.get("text"))
            return {"output_type": "stream", "name": name, "text": text} if text else None
        if kind == "error":
            lines = output.get("traceback")
            lines = lines[: min(MOST, self.lines)] if isinstance(lines, list) else []
            said = {key: self._text(output.get(key)) for key in ("ename", "evalue")}
            return {"output_type": kind, **said, "traceback": [self._text(each) for each in lines]}
        if kind in ("display_data", "execute_result") and (data := self._data(output.get("data"))):
            more = {"execution_count": None} if kind == "execute_result" else {}
            return {"output_type": kind, "data": data, "metadata": {}, **more}
        return None

    def _data(self, data: Any) -> dict[str, str]:
        if not isinstance(data, dict):
            return {}
        shown: dict[str, str] = {}
        image = data.get("image/png")
        image = image if isinstance(image, str) else ""
        size = picture_size(image)
        if size and (told := self._excess(image, size)):
            return {"text/plain": told}
        if size and BASE64.fullmatch(image):
            shown["image/png"] = image
            self.images -= len(image)
            self.points -= size[0] * size[1]
        if text := self._text(data.get("text/plain")):
            shown["text/plain"] = text
        return shown

    def _excess(self, image: str, size: tuple[int, int]) -> str:
        """Return why a picture is left out; empty if it is not."""
        width, height = size
        which = f"(A picture of {width:,} × {height:,} points was left out: "
        if width * height > POINTS:
            return f"{which}more than {POINTS // 10**6} million.)"
        if width * height > self.points or len(image) > min(LONGEST_IMAGE, self.images):
            return f"{which}the pictures of this notebook are too large.)"
        return ""

    def _text(self, text: Any) -> str:
        if not isinstance(text, str):
            return ""
        longest, rows = min(self.longest, self.texts), min(LONGEST_RUN, self.lines)
        lines = text[:longest].split("\n", rows)
        kept = "\n".join(lines[:rows])
        self.texts -= len(kept)
        self.lines -= len(lines[:rows])
        # Half of a surrogate pair cannot be written to a file.
        whole = CONTROL.sub("", COLOURS.sub("", kept.encode("utf-8", "replace").decode()))
        return whole if len(text) == len(kept) else f"{whole}… (cut)"


def picture_size(image: str) -> tuple[int, int] | None:
    """Return width and height of a PNG file in base 64, as its first bytes say; None if it is none.

    The file itself is not unpacked: a hundred kilobytes can hold a thousand million points.
    """
    if not image.startswith(PNG):
        return None
    begin = "".join(image[:64].split())[:32]
    try:
        kind, width, height = HEAD.unpack(base64.b64decode(begin))
    except (ValueError, struct.error):
        return None
    return (width, height) if kind == b"IHDR" and width and height else None


def sentences(problems: Iterable[Any], longest: int = 900) -> tuple[str, ...]:
    """Return texts of a fixed greatest length, on one line each."""
    lines = (" ".join(str(each)[: 10 * longest].split()) for each in problems)
    lines = ("".join(each if each.isprintable() else "�" for each in line) for line in lines)
    return tuple(line if len(line) <= longest else line[: longest - 1] + "…" for line in lines)


def failure(kind: str, message: str) -> Output:
    """Return an output of nbformat that says that a cell has failed."""
    return {"output_type": "error", "ename": kind, "evalue": message, "traceback": [message]}


def raised(output: Mapping[str, Any]) -> str:
    """Return what an output of nbformat's kind ``error`` says, on one line."""
    said = f"{output.get('ename')}: {output.get('evalue')}".strip()
    return PLACE.sub(r"(line \1)", said.partition("\n")[0])[:LONGEST_ERROR].rstrip(": ")


def shortened(value: Any, longest: int) -> Any:
    """Return a copy of an output with shorter texts and lists; half a picture would be none."""
    if isinstance(value, str):
        return value[:longest]
    if isinstance(value, list):
        return [shortened(each, longest) for each in value[:MOST]]
    if isinstance(value, dict):
        return {
            key: each if key == "image/png" else shortened(each, longest)
            for key, each in value.items()
        }
    return value


def size(value: Any) -> int:
    """Return the number of characters of all texts in an output."""
    if isinstance(value, dict):
        return sum(map(size, value.values()))
    if isinstance(value, list):
        return sum(map(size, value))
    return len(value) if isinstance(value, str) else 0
