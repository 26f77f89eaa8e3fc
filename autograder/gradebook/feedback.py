"""Read the messages of the checks from graded notebooks, and group them by cause.

The messages are in the outputs of the scoring cells, so it does not matter what graded the course.
They may quote the student's code and must be escaped before they are displayed.
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
    """The message of one scoring cell.

    Attributes
    ----------
    cell : str
        The ``grade_id`` of the cell.
    title : str
        What is required; the ``grade_id`` if the cell does not say.
    text : str
        Why there are no points; empty for a pass, and if nothing was attempted.
    """

    cell: str
    title: str
    text: str = ""


def messages(course: Course, student: str, assignment: str) -> list[CheckMessage] | None:
    """Return the messages in the graded notebooks of a submission; None if one cannot be read."""
    folder = course.autograded(student, assignment)
    try:
        files = sorted(folder.glob("*.ipynb"))
        if not files or sum(file.stat().st_size for file in files) > LARGEST:
            return None
        notebooks = [json.loads(file.read_text(encoding="utf-8")) for file in files]
        return [_message(cell) for book in notebooks for cell in book["cells"] if _scores(cell)]
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
    # Our own errors have no traceback: they are sentences, and their type means nothing to readers.
    return plain(value if output.get("traceback") == [value] else f"{kind}: {value}")


def plain(text: str) -> str:
    """Return a text on one line, of limited length, without unprintable characters."""
    text = " ".join(ANSI.sub("", text).split())
    text = "".join(char for char in text if char.isprintable())
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def cause(text: str) -> str:
    """Return a message without the parts that vary between students: numbers, shapes, code."""
    return SHAPE.sub("(#)", NUMBER.sub("#", CODE.sub("`…`", text)))


@dataclass
class Group:
    """Messages with the same cause.

    Attributes
    ----------
    wordings : Counter
        How often each wording occurs.
    parts : Counter
        How often each part lost its points for this, by ``grade_id``.
    students : list of str
        The students who got such a message, each once.
    """

    wordings: Counter[str] = field(default_factory=Counter)
    parts: Counter[str] = field(default_factory=Counter)
    students: list[str] = field(default_factory=list)

    @property
    def example(self) -> str:
        """The most frequent wording."""
        return min(self.wordings.items(), key=lambda item: (-item[1], item[0]))[0]


def group_messages(
    messages_by_student: Iterable[tuple[str, list[CheckMessage]]],
) -> list[Group]:
    """Group messages by cause, the most common cause first.

    Parameters
    ----------
    messages_by_student : iterable of (str, list of CheckMessage)
        Students, each with the messages on their work.
    """
    groups: dict[str, Group] = {}
    for student, students_messages in messages_by_student:
        for message in students_messages:
            if not message.text:
                continue
            group = groups.setdefault(cause(message.text), Group())
            group.wordings[message.text] += 1
            group.parts[message.cell] += 1
            if student not in group.students[-1:]:
                group.students.append(student)
    return sorted(groups.values(), key=lambda group: (-len(group.students), group.example))
