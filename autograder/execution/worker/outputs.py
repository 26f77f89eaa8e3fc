"""Reduce the outputs of a student's notebook to what can do no harm."""

import base64
import re
import struct
from collections.abc import Iterable, Mapping
from typing import Any

# Outputs of a cell, of a notebook; a feedback page takes 0.4 ms for each.
MAX_OUTPUTS, TOTAL_OUTPUTS = 200, 1_000
MAX_IMAGE = 4_000_000  # characters of one image
# Characters of all outputs of a notebook. A feedback page takes up to 5 µs per character of text.
TOTAL_TEXT, TOTAL_IMAGES = 2**20, 8_000_000
TOTAL_LINES, MAX_LINES = 20_000, 2_000  # lines of all texts, of one
# Pixels of a picture, of all pictures; a browser takes 4 bytes for each.
MAX_PIXELS, TOTAL_PIXELS = 25_000_000, 100_000_000
SHARE = 10  # one text may have a tenth of all text, so that a flood leaves room for others
BASE64 = re.compile(r"[A-Za-z0-9+/=\n]+")
PNG = "iVBORw0KGgo"  # how every PNG file begins, in base 64
HEAD = struct.Struct(">8x4x4sII")  # of a PNG file: type of its first chunk, width, height
COLOURS = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")  # colours and cursor movements: 10 µs each
# Where IPython reports a syntax error; its name for the cell means nothing to the reader.
ERROR_LOCATION = re.compile(r"\((?:<[^<>]*>|[^()\s]*\.py), line (\d+)\)")
MAX_ERROR = 300  # characters of a quoted error
CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
Output = dict[str, Any]  # in nbformat's form, or what an untrusted process sends as one


class Cleaner:
    """Turns outputs from an untrusted process into well-formed outputs of nbformat.

    Texts and PNG pictures pass. HTML and scripts do not: feedback pages and formgrader would run
    them in the browser of the instructor. All outputs of a notebook share a size limit.

    Parameters
    ----------
    texts : int
        Characters of text that pass.
    """

    def __init__(self, texts: int = TOTAL_TEXT) -> None:
        self.longest = texts // SHARE
        self.texts, self.images = texts, TOTAL_IMAGES
        self.lines, self.pixels, self.outputs = TOTAL_LINES, TOTAL_PIXELS, TOTAL_OUTPUTS

    def clean(self, outputs: Any) -> list[Output]:
        """Return the outputs of a cell that are well-formed, cut where they are too long."""
        raw = outputs if isinstance(outputs, list) else []
        limit = min(MAX_OUTPUTS, self.outputs)
        cleaned = [self._clean_one(output) for output in raw[:limit] if isinstance(output, dict)]
        self.outputs -= len(raw[:limit])
        if more := len(raw[limit:]):
            text = f"… ({more} more outputs were cut)\n"
            cleaned.append({"output_type": "stream", "name": "stderr", "text": text})
        return [output for output in cleaned if output is not None]

    def _clean_one(self, output: Output) -> Output | None:
        kind = output.get("output_type")
        if kind == "stream":
            name = "stderr" if output.get("name") == "stderr" else "stdout"
            text = self._text(output.get("text"))
            return {"output_type": "stream", "name": name, "text": text} if text else None
        if kind == "error":
            lines = output.get("traceback")
            lines = lines[: min(MAX_OUTPUTS, self.lines)] if isinstance(lines, list) else []
            names = {key: self._text(output.get(key)) for key in ("ename", "evalue")}
            return {"output_type": kind, **names, "traceback": [self._text(line) for line in lines]}
        if kind in ("display_data", "execute_result") and (data := self._data(output.get("data"))):
            more = {"execution_count": None} if kind == "execute_result" else {}
            return {"output_type": kind, "data": data, "metadata": {}, **more}
        return None

    def _data(self, data: Any) -> dict[str, str]:
        if not isinstance(data, dict):
            return {}
        cleaned: dict[str, str] = {}
        image = data.get("image/png")
        image = image if isinstance(image, str) else ""
        size = picture_size(image)
        if size and (reason := self._excess(image, size)):
            return {"text/plain": reason}
        if size and BASE64.fullmatch(image):
            cleaned["image/png"] = image
            self.images -= len(image)
            self.pixels -= size[0] * size[1]
        if text := self._text(data.get("text/plain")):
            cleaned["text/plain"] = text
        return cleaned

    def _excess(self, image: str, size: tuple[int, int]) -> str:
        """Return why a picture is left out; empty if it is not."""
        width, height = size
        which = f"(A picture of {width:,} × {height:,} pixels was left out: "
        if width * height > MAX_PIXELS:
            return f"{which}more than {MAX_PIXELS // 10**6} million.)"
        if width * height > self.pixels or len(image) > min(MAX_IMAGE, self.images):
            return f"{which}the pictures of this notebook are too large.)"
        return ""

    def _text(self, text: Any) -> str:
        if not isinstance(text, str):
            return ""
        longest, rows = min(self.longest, self.texts), min(MAX_LINES, self.lines)
        lines = text[:longest].split("\n", rows)
        kept = "\n".join(lines[:rows])
        self.texts -= len(kept)
        self.lines -= len(lines[:rows])
        # Half of a surrogate pair cannot be written to a file.
        clean = CONTROL.sub("", COLOURS.sub("", kept.encode("utf-8", "replace").decode()))
        return clean if len(text) == len(kept) else f"{clean}… (cut)"


def picture_size(image: str) -> tuple[int, int] | None:
    """Return width and height of a PNG file in base 64, from its first bytes, or None.

    The file itself is not unpacked: a hundred kilobytes can hold a billion pixels.
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
    """Return texts on one line each, none longer than a limit."""
    lines = (" ".join(str(problem)[: 10 * longest].split()) for problem in problems)
    lines = ("".join(char if char.isprintable() else "�" for char in line) for line in lines)
    return tuple(line if len(line) <= longest else line[: longest - 1] + "…" for line in lines)


def failure(kind: str, message: str) -> Output:
    """Return an output in nbformat's form that reports the failure of a cell."""
    return {"output_type": "error", "ename": kind, "evalue": message, "traceback": [message]}


def raised(output: Mapping[str, Any]) -> str:
    """Return what an output of nbformat's kind ``error`` says, on one line."""
    message = f"{output.get('ename')}: {output.get('evalue')}".strip()
    first_line = ERROR_LOCATION.sub(r"(line \1)", message.partition("\n")[0])
    return sentences([first_line[:MAX_ERROR]])[0].rstrip(": ")


def shortened(value: Any, longest: int) -> Any:
    """Return a copy of an output with shorter texts and lists, and with whole pictures."""
    if isinstance(value, str):
        return value[:longest]
    if isinstance(value, list):
        return [shortened(item, longest) for item in value[:MAX_OUTPUTS]]
    if isinstance(value, dict):
        return {
            key: item if key == "image/png" else shortened(item, longest)
            for key, item in value.items()
        }
    return value


def size(value: Any) -> int:
    """Return the number of characters of all texts in an output."""
    if isinstance(value, dict):
        return sum(map(size, value.values()))
    if isinstance(value, list):
        return sum(map(size, value))
    return len(value) if isinstance(value, str) else 0
