"""Write a quiz question of the site as plain Markdown: its text, a lettered list, folded answers.

A question is one of the kind ``multiple-choice``, with every option and its explanation::

    What is one and one?
    ---
    [ ] one
    > That is their product.
    [x] two
    > Count on your fingers.
    ---
"""

import re

PARTS = re.compile(r"(?P<asked>.+?)\n---\n(?P<options>.+?)\n---(?:\n(?P<after>.*))?", re.S)
OPTION = re.compile(r"\[(?P<mark>[ x])\] +(?P<choice>[^>].*?)\n> *(?P<why>.+)", re.S)
LETTERS = "abcdefghijklmnopqrstuvwxyz"


def written_out(title: str, options: dict, body: str) -> str:
    """Return a question as Markdown with nothing left to click.

    Parameters
    ----------
    title : str
        What stands behind ``{question}``; may be empty.
    options : dict
        Options of the directive.
    body : str
        Content of the directive without its options.

    Raises
    ------
    ValueError
        The question is not of this form; the message goes on after "The question ...".
    """
    if (kind := options.get("type", "multiple-choice")) != "multiple-choice":
        raise ValueError(f"is of type {kind}, which has no plain form")
    parts = PARTS.fullmatch(re.sub(r"(?m)[ \t]+$", "", body).strip("\n"))
    if parts is None:
        raise ValueError("does not have its options between two lines '---'")
    choices, answers, right = [], [], 0
    blocks = re.split(r"(?<=\n)(?=\[[ x]\] )", parts["options"].strip())
    for letter, block in zip(LETTERS, blocks, strict=False):
        option = OPTION.fullmatch(block.strip())
        if option is None:
            raise ValueError(f"has an option without an explanation: {block.split(chr(10))[0]}")
        right += option["mark"] == "x"
        verdict = "Right" if option["mark"] == "x" else "Wrong"
        choices.append(f"- ({letter}) {' '.join(option['choice'].split())}")
        answers.append(f"- ({letter}) {verdict}: {' '.join(option['why'].split())}")
    if not right:
        raise ValueError("has no right option")
    heading = f"**Question: {title}**" if title else "**Question**"
    folded = "<details>\n<summary><b>Answers</b></summary>"
    asked, after = parts["asked"].strip(), (parts["after"] or "").strip()
    shown = (heading, asked, "\n".join(choices), after, folded, "\n".join(answers), "</details>")
    return "\n\n".join(part for part in shown if part)
