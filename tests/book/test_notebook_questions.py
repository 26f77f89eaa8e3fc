"""A quiz question of a chapter can be answered in its notebook, where nothing can be clicked."""

import re

import pytest
from chapter_text import chapters
from plain_notebook import PAGE, cells_of, make_book, plain

from latents import LatentsError
from question_text import read_question

QUESTION = re.compile(r"^```\{question\}[^\n]*\n(?::[^\n]*\n)*(.*?)^```$", re.M | re.S)
OPTIONS = ":label: q-two\n:type: multiple-choice\n:variant: single-select\n:showanswer:\n"
CHOICES = (
    "[ ] half\n> One mean is missing.\n[x] $\\beta=1$\n> Both cancel.\n[ ] two\n> Upside down."
)
ANSWERED = """**Question: Two means**

Which β is it?

- (a) half
- (b) $\\beta=1$
- (c) two

<details>
<summary><b>Answers</b></summary>

- (a) Wrong: One mean is missing.
- (b) Right: Both cancel.
- (c) Wrong: Upside down.

</details>"""


def question(text="Which β is it?", choices=CHOICES, *, options=OPTIONS, title=" Two means"):
    return f"```{{question}}{title}\n{options}\n{text}\n---\n{choices}\n---\n```"


def colons(text):
    return f":::{text[3:-3]}:::"


def test_a_question_becomes_its_text_a_lettered_list_and_folded_answers():
    assert plain(question()) == ANSWERED


@pytest.mark.parametrize("fence", ["````", "::::", ":::"])
def test_every_fence_will_do(fence):
    assert plain(fence + question()[3:-3] + fence) == ANSWERED


def test_what_stands_around_a_question_stays_around_it():
    text = plain(f"Stop here.\n\n{question()}\n\nGo on.")
    assert text == f"Stop here.\n\n{ANSWERED}\n\nGo on."


def test_a_question_needs_no_title_no_options_and_no_blanks():
    text = plain(question(title="", options="").replace("---", "---  "))
    assert text == ANSWERED.replace(": Two means", "")


def test_roles_are_put_into_words_everywhere():
    role = "{term}`rate <Rate>`"
    choices = f"[x] the {role}\n> It is the {role}.\n[ ] no\n> It is."
    text = plain(colons(question(f"Is it the {role}?", choices, title=f" The {role}")))
    assert text.count("rate") == 4 and "{" not in text and "<Rate>" not in text
    assert "**Question: The rate**" in text and "- (a) Right: It is the rate." in text


def test_a_recorded_number_is_quoted():
    record = {"seconds": 1.0, "hardware": {"gpus": [], "cores": 2}, "metrics": {"rate": 2.5}}
    text = plain(question("Why {glue:text}`rate:.1f`?"), record)
    assert "Why 2.5?" in text


def test_the_text_may_hold_formulas_and_code():
    asked = "Here:\n\n$$a\n= b$$\n\n```python\nmean - 1\n```\n\nWhich?"
    text = plain(f"`{question(asked)}`")
    assert "$$\na\n= b\n$$" in text and "```python\nmean - 1\n```\n\nWhich?\n\n- (a)" in text


def test_words_after_the_options_stay_outside_the_fold():
    text = plain(question()[:-3] + "Think of a batch.\n```")
    before, fold = text.split("<details>")
    assert before.endswith("- (c) two\n\nThink of a batch.\n\n") and "batch" not in fold


def test_a_long_option_is_put_on_one_line():
    choices = "[ ] one\n  and half\n> Not\n  so.\n[x] two\n> Yes.\n"
    text = plain(question(choices=choices))
    assert "- (a) one and half\n- (b) two" in text
    assert "- (a) Wrong: Not so.\n- (b) Right: Yes." in text


@pytest.mark.parametrize(
    ("text", "named"),
    [
        (question(options=":type: short-answer"), "type short-answer"),
        (question().replace("---", ""), "between two lines '---'"),
        (question(choices="[ ] one\n> No.\n[ ] two\n> No."), "no right option"),
        (question(choices="[ ] one\n[x] two\n> Yes."), "without an explanation: [ ] one"),
        (question(choices="[x] one\n> Yes.\n[ ] two"), "without an explanation: [ ] two"),
        (question(choices="One or two?"), "without an explanation: One or two?"),
    ],
)
def test_a_question_of_another_form_is_refused_by_name(text, named):
    with pytest.raises(LatentsError) as refusal:
        plain(text)
    message = str(refusal.value)
    assert message.startswith(f"{PAGE}.md: the question 'Two means' ") and named in message
    assert "\n" not in message


@pytest.mark.parametrize("place", ["text", "choices", "title"])
def test_nothing_raw_passes_through_a_question(place):
    raw = {"text": "{kbd}`x`", "title": " {kbd}`x`", "choices": "[x] {kbd}`x`\n> Yes."}
    with pytest.raises(LatentsError, match=r"\{kbd\}`x` has no plain form"):
        plain(colons(question(**{place: raw[place]})))


def test_a_directive_in_an_answer_is_refused_when_unknown():
    with pytest.raises(LatentsError, match=r"\{gadget\}"):
        plain("`" + question("```{gadget} x\n```\n\nWhich?") + "`")


def test_the_notebook_holds_the_question_between_its_cells(tmp_path):
    code = "```{code-cell}\n1\n```"
    cells = cells_of(make_book(tmp_path, f"# W\n\n{code}\n\n{question()}\n\n{code}\n"))
    assert [cell.cell_type for cell in cells[-3:]] == ["code", "markdown", "code"]
    assert cells[-2].source == ANSWERED


@pytest.mark.parametrize("file", chapters(), ids=lambda file: file.stem)
def test_every_question_of_the_book_has_exactly_one_right_option(file):
    for body in QUESTION.findall(file.read_text()):
        assert sum(option.right for option in read_question(body).options) == 1
