"""Turn what stands within a MyST paragraph (roles, links, formulas) into plain Markdown."""

import re

from docutils.nodes import make_id
from sphinx.util.nodes import split_explicit_title

from book_references import Bibliography, Label, Numbers, Places
from latents import LatentsError

SENTENCE_START = re.compile(r"(?:\A|[.!?]\S?\s|\n\s*\n|(?:\A|\n)\s*(?:[-*+>]|\d+[.)])\s)\s*\Z")
INLINE = re.compile(
    r"""\\[\\`$\[{]
    |(?P<lead>\b(?:[Ee]quations?|[Ee]qs?\.)\s+)?
       \{(?P<role>[A-Za-z][\w:.+-]*)\}(?P<tick>`+)(?P<text>(?:(?!\n\s*\n).)+?)(?<!`)(?P=tick)(?!`)
    |(?P<ticks>`+)(?:(?!\n\s*\n).)+?(?<!`)(?P=ticks)(?!`)
    |(?P<math>\$\$(?:(?!\n\s*\n).)+?\$\$|\$(?=\S)(?:(?!\n\s*\n)[^$\\]|\\.)+?(?<=\S)\$)
    |(?P<image>!?)\[(?P<label>(?:[^\[\]\\]|\\.|\[[^\[\]]*\])*)\]
       \((?P<target><[^>]*>|[^()\s]*)(?:\s+"[^"]*")?\)""",
    re.S | re.X,
)


def problem(page: str, what: str) -> LatentsError:
    """Return the error that names the page."""
    return LatentsError(f"{page}.md: {what}.")


def no_form(page: str, construct: str) -> LatentsError:
    """Return the error for a construct that would reach the reader raw."""
    return problem(page, f"{construct} has no plain form in a notebook: leave it out of chapters")


class PlainProse:
    """Convert the paragraphs of one chapter, from the first to the last.

    Parameters
    ----------
    page : str
        Name of the page, such as ``book/experiments/vae``.
    places : Places
    bibliography : Bibliography
    numbers : Numbers
    site : str
        Address of the published site, to which references lead; empty if nobody knows it.

    Attributes
    ----------
    seen : set of str
        Labels that stand above the place reached.
    exercises : int
        How many numbered exercises the book has up to the place reached.
    """

    def __init__(
        self,
        page: str,
        places: Places,
        bibliography: Bibliography,
        numbers: Numbers,
        site: str = "",
    ):
        self.page, self.places, self.site = page, places, site
        self.bibliography, self.numbers = bibliography, numbers
        self.seen: set[str] = set()
        self.exercises = places.exercises_before.get(page, 0)

    def plain(self, text: str) -> str:
        """Return the plain form of a text without blocks."""
        return INLINE.sub(self._replace, text)

    def _replace(self, match: re.Match) -> str:
        if match["role"]:
            content = re.sub(r"\s*\n[\s>]*", " ", match["text"]).strip()
            text = self._role(match["role"], content, match)
            lead = match["lead"] or ""
            return text if match["role"] == "eq" else lead + text
        if match["math"]:
            return re.sub(r"\s*\n[\s>]*", " ", match["math"])
        if match["target"] is None or re.match(r"<?(https?|mailto):", match["target"]):
            return match[0]
        label, target = match["label"], match["target"].strip("<>")
        if match["image"]:
            return f"(Picture: {label})" if label else ""
        return self.plain(label) if label else self._title(target.lstrip("#"))

    def _role(self, role: str, content: str, match: re.Match) -> str:
        has_text, title, target = split_explicit_title(content)
        text = title if has_text else ""
        if role == "glue:text":
            return self._number(content)
        if role in ("cite", "cite:p", "cite:t"):
            try:
                return self.bibliography.cite(content, textual=role == "cite:t")
            except LatentsError as error:
                raise problem(self.page, str(error)) from error
        if role in ("eq", "numref"):
            explicit = role == "numref" and text and not re.search(r"%s|\{(?:number|name)\}", text)
            return text if explicit else self._place(role, target, match)
        if role in ("ref", "doc"):
            return self._linked(role, text or self._title(target), target, match)
        if role in ("term", "abbr"):
            return text or target
        if role == "math":
            return f"${content}$"
        raise no_form(self.page, f"the role {{{role}}}`{content}`")

    def exercise(self, number: str) -> str:
        """Return what the site calls an exercise: by its number, if it has one."""
        return f"Exercise {number}" if number else "Exercise"

    def _linked(self, role: str, text: str, target: str, match: re.Match) -> str:
        """Return the text of a reference, with the way to a place on another page."""
        label = self.places.labels.get(target)
        page = label.page if label else self.places.page(self.page, target)
        if page is None or page == self.page:
            return text
        if self.site:
            anchor = f"#{make_id(target)}" if label else ""
            return f"[{text}]({self.site}{page}.html{anchor})"
        title = self.places.titles[page]
        if title in text:
            return text
        before, after = match.string[: match.start()], match.string[match.end() :]
        if before.count("(") == before.count(")"):
            return f"{text} (*{title}*)"
        if after.startswith((")", ".)")):
            return f"{text}: *{title}*"
        return f"{text}, *{title}*," if role == "doc" else f"{text} in *{title}*"

    def _number(self, content: str) -> str:
        try:
            return self.numbers.quote(content)
        except LatentsError as error:
            raise problem(self.page, str(error)) from error

    def _title(self, target: str) -> str:
        label = self.places.labels.get(target)
        title = label.title if label else self.places.page_title(self.page, target)
        if label and label.kind == "exercise":
            return self.exercise(label.number)
        if not title:
            raise problem(self.page, f"the reference to {target!r} finds no title: give it a text")
        return f"*{self.plain(title)}*"

    def _place(self, role: str, target: str, match: re.Match) -> str:
        kind = "equation" if role == "eq" else "figure"
        label = self.places.labels.get(target, Label(self.page, kind))
        if label.kind in ("section", "exercise"):
            return self._title(target)
        if label.page != self.page:
            words = f"the {label.kind} in *{self.places.titles[label.page]}*"
        else:
            known = target in self.seen or target not in self.places.labels
            words = f"the {label.kind} {'above' if known else 'below'}"
        starts = SENTENCE_START.search(match.string[: match.start()])
        return words[0].upper() + words[1:] if starts else words
