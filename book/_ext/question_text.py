"""Read a quiz question as the chapters write it.

A question is one of the kind ``multiple-choice``, with every option and its explanation::

    What is one and one?
    ---
    [ ] one
    > That is their product.
    [x] two
    > Count on your fingers.
    ---

Its options stand between two lines ``---``, each with an explanation; what follows the second line
belongs to the question.
"""

import re
from dataclasses import dataclass

PARTS = re.compile(r"(?P<asked>.+?)\n---\n(?P<options>.+?)\n---(?:\n(?P<after>.*))?", re.S)
OPTION = re.compile(r"\[(?P<mark>[ x])\] +(?P<choice>[^>].*?)\n> *(?P<why>.+)", re.S)


@dataclass(frozen=True)
class Option:
    """One answer to choose: its Markdown, whether it is right, and why."""

    choice: str
    why: str
    right: bool


@dataclass(frozen=True)
class Question:
    """The Markdown of a question: what is asked, the options, and what follows them."""

    asked: str
    options: tuple[Option, ...]
    after: str


def read_question(body: str, kind: str = "multiple-choice") -> Question:
    """Return the parts of a question.

    Parameters
    ----------
    body : str
        Content of the directive without its options.
    kind : str
        Its option ``type``.

    Raises
    ------
    ValueError
        The question is not of this form; the message goes on after "The question ...".
    """
    if kind != "multiple-choice":
        raise ValueError(f"is of type {kind}, but multiple-choice is the only known one")
    parts = PARTS.fullmatch(re.sub(r"(?m)[ \t]+$", "", body).strip("\n"))
    if parts is None:
        raise ValueError("does not have its options between two lines '---'")
    blocks = re.split(r"(?<=\n)(?=\[[ x]\] )", parts["options"].strip())
    options = tuple(_option(block.strip()) for block in blocks)
    if not any(option.right for option in options):
        raise ValueError("has no right option")
    return Question(parts["asked"].strip(), options, (parts["after"] or "").strip())


def _option(block: str) -> Option:
    found = OPTION.fullmatch(block)
    if found is None:
        first = block.split("\n", 1)[0]
        raise ValueError(f"has an option without an explanation: {first}")
    choice, why = (" ".join(found[name].split()) for name in ("choice", "why"))
    if right := found["mark"] == "x":  # the page and the notebook put the word before it
        why = re.sub(r"\ARight[.:] +(.)", lambda match: match[1].upper(), why)
    return Option(choice, why, right)
