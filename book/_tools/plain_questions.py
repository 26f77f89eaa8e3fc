"""Write a quiz question as plain Markdown: its text, a lettered list, folded answers."""

from question_text import read_question

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
        The question is not one that can be read; the message goes on after "The question ...".
    """
    question = read_question(body, options.get("type", "multiple-choice"))
    choices, answers = [], []
    for letter, option in zip(LETTERS, question.options, strict=False):
        choices.append(f"- ({letter}) {option.choice}")
        answers.append(f"- ({letter}) {'Right' if option.right else 'Wrong'}: {option.why}")
    heading = f"**Question: {title}**" if title else "**Question**"
    folded = "<details>\n<summary><b>Answers</b></summary>"
    body = (heading, question.asked, "\n".join(choices), question.after)
    return "\n\n".join(part for part in (*body, folded, "\n".join(answers), "</details>") if part)
