"""What the checks told students: read from graded notebooks, and grouped by what caused it.

The texts stand in the outputs of the scoring cells, so it does not matter what graded the course.
They may quote the student's code and must be escaped where they are shown.
"""

import json
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from autograder.gradebook.course import Course

LARGEST = 50_000_000  # bytes of a notebook
LONGEST = 900  # characters of a message
SIGNS = ("✗", "✓", "–")  # how Result.text() begins: failed, passed, not attempted
POINTS = re.compile(r" \([\d.]+ of [\d.]+ points?\)$")
ANSI = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
CODE = re.compile(r"`[^`]*`")
NUMBER = re.compile(r"(?<![\w.])[-−+]?\d+(?:[.,]\d+)*(?:e[-−+]?\d+)?%?")
SHAPE = re.compile(r"\((?:#|None)(?:, (?:#|None))*,?\)")


@dataclass(frozen=True)
class CheckMessage:
    """What one scoring cell says.

    Attributes
    ----------
    cell : str
        The ``grade_id`` of the cell.
    title : str
        What must hold; the ``grade_id`` where the cell does not say.
    text : str
        Why there are no points; empty for a pass and where nothing was attempted.
    """

    cell: str
    title: str
    text: str = ""


def messages(course: Course, student: str, assignment: str) -> list[CheckMessage] | None:
    """Return what the scoring cells of graded notebooks say; None if one cannot be read."""
    place = course.autograded(student, assignment)
    try:
        files = sorted(place.glob("*.ipynb"))
        if not files or sum(file.stat().st_size for file in files) > LARGEST:
            return None
        books = [json.loads(file.read_text(encoding="utf-8")) for file in files]
        return [_message(cell) for book in books for cell in book["cells"] if _scores(cell)]
    except (OSError, ValueError, AttributeError, LookupError, RecursionError, TypeError):
        return None


def _scores(cell: dict[str, Any]) -> bool:
    nbgrader = cell["metadata"].get("nbgrader", {})
    return cell["cell_type"] == "code" and bool(
        nbgrader.get("grade") and not nbgrader.get("solution")
    )


def _message(cell: dict[str, Any]) -> CheckMessage:
    name = cell["metadata"]["nbgrader"]["grade_id"]
    lines: list[str] = []
    for output in cell["outputs"]:
        if output["output_type"] == "error":
            return CheckMessage(name, name, _error(output))
        if output["output_type"] == "stream" and output["name"] == "stdout":
            lines += "".join(output["text"]).splitlines()
    begin = next((n for n, line in enumerate(lines) if line.startswith(SIGNS)), None)
    if begin is None:
        return CheckMessage(name, name)
    # "✗ title (0 of 2 points)", then the problems, indented.
    title = POINTS.sub("", lines[begin][1:].strip())
    body = []
    for line in lines[begin + 1 :]:
        if not line.startswith("  "):
            break
        body.append(line)
    return CheckMessage(name, plain(title), plain(" ".join(body)) if lines[begin][0] == "✗" else "")


def _error(output: dict[str, Any]) -> str:
    kind, value = output["ename"], output["evalue"]
    # Our own errors have no traceback: they are sentences, and their kind tells nobody anything.
    return plain(value if output.get("traceback") == [value] else f"{kind}: {value}")


def plain(text: str) -> str:
    """Return a text on one line, of limited length, without characters that cannot be shown."""
    text = " ".join(ANSI.sub("", text).split())
    text = "".join(each for each in text if each.isprintable())
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def cause(text: str) -> str:
    """Return a message without what varies from student to student: numbers, shapes, code."""
    return SHAPE.sub("(#)", NUMBER.sub("#", CODE.sub("`…`", text)))


@dataclass
class Group:
    """Messages with the same cause.

    Attributes
    ----------
    wordings : Counter
        How often each text stands there.
    parts : Counter
        How often each part lost its points by it, by the ``grade_id``.
    students : list of str
        Who read it, each once.
    """

    wordings: Counter[str] = field(default_factory=Counter)
    parts: Counter[str] = field(default_factory=Counter)
    students: list[str] = field(default_factory=list)

    @property
    def example(self) -> str:
        """The wording that is most frequent."""
        return min(self.wordings.items(), key=lambda each: (-each[1], each[0]))[0]


def grouped(told: Iterable[tuple[str, list[CheckMessage]]]) -> list[Group]:
    """Return the messages by their causes, the one of most students first.

    Parameters
    ----------
    told : iterable of (str, list of CheckMessage)
        Each student with what was said.
    """
    groups: dict[str, Group] = {}
    for student, found in told:
        for each in found:
            if not each.text:
                continue
            group = groups.setdefault(cause(each.text), Group())
            group.wordings[each.text] += 1
            group.parts[each.cell] += 1
            if student not in group.students[-1:]:
                group.students.append(student)
    return sorted(groups.values(), key=lambda each: (-len(each.students), each.example))
