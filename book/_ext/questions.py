"""``{question}``: a quiz question that keyboard and screen reader can answer.

The form is made of native radio buttons (one right option) or checkboxes (several). Its answers lie
in a disclosure, so that they can be read without JavaScript; ``questions.mjs`` adds the button that
checks a choice and says "Right" or "Not quite", with the explanation, in a live region.
"""

from html import escape

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.util.docutils import SphinxDirective

from question_text import Option, read_question

VARIANTS = ("single-select", "multiple-select")
AT_END = "-"  # of the label of an input: the number of its option


class QuestionDirective(SphinxDirective):
    """A question with its options, and the answers folded below."""

    optional_arguments = 1
    final_argument_whitespace = True
    has_content = True
    option_spec = {  # noqa: RUF012 (as docutils wants it)
        "label": directives.unchanged_required,
        "type": directives.unchanged_required,
        "variant": lambda value: directives.choice(value, VARIANTS),
        "showanswer": directives.flag,
    }

    def run(self) -> list[nodes.Node]:
        """Return the form."""
        try:
            question = read_question(
                "\n".join(self.content), self.options.get("type", "multiple-choice")
            )
            if "label" not in self.options:
                raise ValueError("has no label")
        except ValueError as error:
            raise self.error(f"The question {error}.") from error
        label = nodes.make_id(self.options["label"])
        several = sum(option.right for option in question.options) > 1
        kind = "checkbox" if several else "radio"
        title = self.arguments[0] if self.arguments else ""
        hint = " <small>Several answers are right.</small>" if several else ""
        form = nodes.container(classes=["question"], ids=[label])
        form += _html('<form><fieldset><legend><span class="question-kind">Question</span> ')
        form += self.parse_inline(title)[0]
        form += _html("</legend>")
        form += self.parse_text_to_nodes(question.asked)
        form += _html(f'{hint}<div class="question-options">')
        for number, option in enumerate(question.options, 1):
            form += self._choice(f"{label}-{number}", label, kind, option)
        form += _html("</div></fieldset>")
        form += self.parse_text_to_nodes(question.after) if question.after else []
        form += _html(
            '<div class="question-actions"></div><div class="question-verdict" role="status"></div>'
            '<details class="question-answers"><summary>All answers</summary><ul>'
        )
        for option in question.options:
            form += self._answer(option)
        form += _html("</ul></details></form>")
        return [form]

    def _choice(self, ident: str, name: str, kind: str, option: Option) -> list[nodes.Node]:
        right = "true" if option.right else "false"
        box = (
            f'<input type="{kind}" id="{escape(ident)}" name="{escape(name)}" data-right="{right}">'
        )
        label = f'<label for="{escape(ident)}">{box}<span>'
        return [_html(label), *self.parse_inline(option.choice)[0], _html("</span></label>")]

    def _answer(self, option: Option) -> list[nodes.Node]:
        verdict = "Right" if option.right else "Wrong"
        opened = _html(f"<li><strong>{verdict}:</strong> <q>")
        closed = [_html('</q><div class="question-why">'), *self.parse_text_to_nodes(option.why)]
        return [opened, *self.parse_inline(option.choice)[0], *closed, _html("</div></li>")]


def _html(text: str) -> nodes.raw:
    return nodes.raw("", text, format="html")


def setup(app):
    """Connect to Sphinx."""
    app.add_directive("question", QuestionDirective)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
