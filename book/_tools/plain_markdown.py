"""Turn the MyST Markdown of a chapter into Markdown that every notebook program can show.

Blocks are found by the parser that builds the site. What has no plain form here stops the work:
nothing is passed on raw.
"""

import base64
import re
from pathlib import Path

import yaml
from markdown_it.renderer import RendererHTML
from myst_parser.config.main import MdParserConfig
from myst_parser.parsers.mdit import create_md_parser
from sphinx.locale import admonitionlabels

from latents.widgets import WIDGETS
from plain_prose import PlainProse, no_form, problem
from plain_questions import written_out

ADMONITIONS = {name: str(label) for name, label in admonitionlabels.items()}
TITLED = ("admonition", "dropdown")
DROPPED = ("myst_target", "myst_line_comment", "myst_block_break")
VERBATIM = ("code_block", "html_block")
MATH = ("math_block", "math_block_label", "amsmath")
RAW = (*DROPPED, "colon_fence", "myst_role", "math_block_label")
RAW += ("substitution_inline", "substitution_block", "footnote_ref", "footnote_block_open")
LEAD = re.compile(r"[\s>]*(?:(?:[-*+]|\d+[.)])\s+)*[\s>]*")
ROLE = re.compile(r"\{[A-Za-z][\w:.+-]*\}`")


def make_parser(extensions: list[str]):
    """Return the Markdown parser of the site, given the MyST extensions that it enables."""
    config = MdParserConfig(enable_extensions=set(extensions))
    return create_md_parser(config, RendererHTML)


class PlainMarkdown:
    """Convert the Markdown cells of one chapter, from the first to the last.

    Parameters
    ----------
    root : Path
        Folder of the book.
    page : str
        Name of the page, such as ``book/experiments/vae``.
    parser : markdown_it.MarkdownIt
    prose : PlainProse
    """

    def __init__(self, root: Path, page: str, parser, prose: PlainProse):
        self.folder = (root / page).parent
        self.page, self.parser, self.prose = page, parser, prose
        self.quoted = 0  # depth of blockquotes
        self.details = ""  # what opens the solution that is going on

    def cell(self, text: str) -> str:
        """Return the plain form of the next cell; empty when nothing of it remains."""
        before = self.details
        plain = "\n\n".join(part for part in (before, self._blocks(text)) if part)
        if self.details:
            plain += "\n\n</details>"
        plain = re.sub(r"<details>\n<summary>[^\n]*</summary>\s*</details>", "", plain).strip()
        self._verify(plain)
        return plain

    def finish(self) -> None:
        """Check at the end of the chapter that no solution is left open."""
        if self.details:
            raise problem(self.page, "{solution-start} has no {solution-end}")

    # Blocks

    def _blocks(self, text: str) -> str:
        lines, parts, done = text.split("\n"), [], 0
        tokens = [token for token in self.parser.parse(text) if token.map]
        handled = ("fence", "colon_fence", *DROPPED, *VERBATIM, *MATH)
        for token in sorted(tokens, key=lambda token: token.map[0]):
            start, end = token.map
            if token.type in handled and start >= done:
                parts.append(self._prose(lines[done:start]))
                parts.append(self._block(token, lines[start:end]))
                done = end
        parts.append(self._prose(lines[done:]))
        return "\n\n".join(part for part in (part.strip("\n") for part in parts) if part)

    def _prose(self, lines: list[str]) -> str:
        defined = re.sub(r"(?m)^(\S.*)\n\n?: +", r"- **\1**: ", "\n".join(lines))
        return self.prose.plain(defined)

    def _block(self, token, source: list[str]) -> str:
        if token.type in DROPPED:
            self.prose.seen.add(token.content)
            return ""
        named = re.fullmatch(r"\{([^}\s]+)\}\s*(.*)", token.info.strip())
        lead = LEAD.match(source[0])[0]
        if token.type in MATH:
            text = self._math(token, one_line=self.quoted > 0 or ">" in lead)
        elif "fence" in token.type and named:
            self._require_end(token, source)
            text = self._directive(named[1], named[2].strip(), token.content)
        elif token.type == "colon_fence":
            construct = f"{token.markup}{token.info}"
            raise problem(self.page, f"'{construct}' opens no directive or is not closed")
        else:
            return "\n".join(source)
        follow = re.sub(r"[^>\s]", " ", lead)
        return "\n".join((follow if n else lead) + s for n, s in enumerate(text.split("\n")))

    def _require_end(self, token, source: list[str]) -> None:
        last = source[-1].strip(" >\t")
        if len(source) < 2 or set(last) != {token.markup[0]} or len(last) < len(token.markup):
            construct = f"{token.markup}{token.info}"
            raise problem(self.page, f"{construct} is not closed before the next code cell")

    def _math(self, token, *, one_line: bool) -> str:
        if token.type == "amsmath":
            return " ".join(token.content.split("\n")) if one_line else token.content
        self.prose.seen.add(token.info)
        return _display(re.sub(r"\n[ >]*", "\n", token.content), one_line)

    # Directives

    def _directive(self, name: str, title: str, content: str) -> str:
        options, body = _options(content)
        kind = name.split(":")[-1].removesuffix("-start")
        self.prose.seen |= {str(options[key]) for key in ("label", "name") if key in options}
        if name in ADMONITIONS:
            return self._quote(ADMONITIONS[name], "\n".join(filter(None, (title, body))))
        if name in TITLED:
            return self._quote(self.prose.plain(title), body)
        if name.startswith("prf:"):
            words = f" ({self.prose.plain(title)})" if title else ""
            return self._quote(f"{kind.capitalize()}{words}.", body)
        if name in ("glue:figure", "figure"):
            return self._figure(name, title, options, body)
        if name in ("math", "code-block"):
            one_line = self.quoted > 0
            return _display(body, one_line) if name == "math" else f"```{title}\n{body}\n```"
        if kind == "exercise":
            return self._exercise(title, options, body)
        if name == "question":
            return self._question(title, options, body)
        if kind == "solution":
            return self._solution(title, body, gated=name == "solution-start")
        if name == "widget":
            return self._widget(title)
        if name in ("exercise-end", "solution-end"):
            closes = "</details>" if name == "solution-end" and self.details else ""
            self.details = "" if closes else self.details
            return closes
        raise no_form(self.page, f"the directive {{{name}}}")

    def _widget(self, name: str) -> str:
        part = WIDGETS[name]
        if part.chapter == self.page.rsplit("/", 1)[-1]:
            return f"*(An interactive part stands at the end of this notebook: {part.title}.)*"
        return f"*(On the site, an interactive part stands here: {part.title}.)*"

    def _quote(self, title: str, body: str) -> str:
        self.quoted += 1
        text = f"**{title}**\n\n{self._blocks(body)}".strip()
        self.quoted -= 1
        return "\n".join(f"> {line}".rstrip() for line in text.split("\n"))

    def _figure(self, name: str, path: str, options: dict, body: str) -> str:
        if name == "figure" and not re.match(r"https?://", path):
            path = self._embedded(path)
        image = f"![{options.get('alt', '')}]({path})\n\n" if name == "figure" else ""
        return f"{image}**Figure.** {self._blocks(body)}".rstrip()

    def _embedded(self, path: str) -> str:
        """Return a picture as a link that contains it: no notebook program loses such a PNG."""
        file = (self.folder / path).with_suffix(".png")
        if not file.is_file():
            raise problem(self.page, f"notebooks need {file.name} beside the figure {path}")
        return f"data:image/png;base64,{base64.b64encode(file.read_bytes()).decode()}"

    def _exercise(self, title: str, options: dict, body: str) -> str:
        numbered = "nonumber" not in options
        self.prose.exercises += numbered
        count = self.prose.exercises if numbered else 0
        name = self.prose.exercise(self.prose.places.number(self.prose.page, count))
        heading = f"**{name}: {self.prose.plain(title)}**" if title else f"**{name}**"
        return f"{heading}\n\n{self._blocks(body)}".strip()

    def _question(self, title: str, options: dict, body: str) -> str:
        try:
            written = written_out(title, options, body)
        except ValueError as error:
            raise problem(self.page, f"the question {title!r} {error}") from error
        return self._blocks(written)

    def _solution(self, label: str, body: str, *, gated: bool) -> str:
        known = self.prose.places.labels.get(label)
        of = f" to {self.prose.exercise(known.number)}" if known and known.number else ""
        opening = f"<details>\n<summary><b>Solution{of}</b></summary>"
        if gated:
            self.details = opening
            return opening
        return f"{opening}\n\n{self._blocks(body)}\n\n</details>"

    # The guarantee

    def _verify(self, plain: str) -> None:
        for token in self.parser.parse(plain):
            for part in (token, *(token.children or [])):
                raw = part.type in RAW or (part.type == "fence" and part.info.startswith("{"))
                raw = raw or (part.type.startswith("html") and ROLE.search(part.content))
                if raw:
                    shown = part.info or part.meta.get("name") or part.content
                    shown = shown or f"the footnote {part.meta.get('label')}"
                    raise no_form(self.page, f"{part.markup}{' '.join(str(shown).split())}")
                address = part.attrGet("href") or part.attrGet("src")
                if address and not re.match(r"(https?|mailto):|data:image/png;", str(address)):
                    raise no_form(self.page, f"the link to {address}")


def _options(content: str) -> tuple[dict, str]:
    """Split the content of a directive into its options and its body."""
    if block := re.match(r"---\n(.*?)\n---(?:\n|\Z)", content, re.S):
        return yaml.safe_load(block[1]) or {}, content[block.end() :].strip("\n")
    lines = content.strip("\n").split("\n")
    options = {}
    while lines and (found := re.match(r":([\w-]+):\s*(.*)", lines[0])):
        options[found[1]] = found[2].strip().strip("\"'")
        del lines[0]
    return options, "\n".join(lines).strip("\n")


def _display(body: str, one_line: bool) -> str:
    """Write equations, aligned as Sphinx does it where they have more than one line."""
    equations = []
    for equation in re.split(r"\n\s*\n", body.strip()):
        if "\\\\" in equation and "\\begin" not in equation:
            equation = f"\\begin{{aligned}}\n{equation.strip()}\n\\end{{aligned}}"
        text = f"$$\n{equation.strip()}\n$$"
        equations.append(" ".join(text.split("\n")) if one_line else text)
    return "\n\n".join(equations)
