"""Make the search of the site, with Pagefind: every section is found by itself.

Its words are those of the section, without code and raw formulas. Its title and the terms that it
is indexed under count more; ``search_terms.yml`` adds the other spellings that readers try.
"""

import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from html import escape
from pathlib import Path

import yaml
from selectolax.lexbor import LexborHTMLParser, LexborNode
from sphinx.errors import SphinxError

from finish_pages import pages

TERMS = Path(__file__).with_name("search_terms.yml")
GLOSSARY = "Glossary"
# Neither code nor outputs nor what is only for the eye.
SKIPPED = (
    ".cell_input, .cell_output, .highlight, .headerlink, annotation, .katex-html, style, script, "
    ".widget"
)


class SearchError(SphinxError):
    """The search cannot be made; the message says why."""

    category = "Search"


@dataclass
class Section:
    """A section of a page as the search sees it.

    Attributes
    ----------
    url : str
        Address within the site, with the anchor.
    page : str
        Title of the page.
    title : str
        Title of the section.
    text : str
        Its words, without those of sections within it.
    terms : list of str
        Other words that lead here.
    """

    url: str
    page: str
    title: str
    text: str
    terms: list[str] = field(default_factory=list)

    def html(self) -> str:
        """Return the page that Pagefind indexes in place of the section.

        The sign before each term tells search.mjs where the words of the section end.
        """
        terms = "".join(f'<p data-pagefind-weight="10">⁂ {escape(term)}</p>' for term in self.terms)
        return (
            f'<html lang="en"><body><h1 data-pagefind-meta="title">{escape(self.title)}</h1>'
            f'<p data-pagefind-meta="page" data-pagefind-weight="2">{escape(self.page)}</p>'
            f'<a data-pagefind-meta="url[href]" href="{escape(self.url)}"></a>'
            f"<p>{escape(self.text)}</p>{terms}</body></html>"
        )


def sections(site: Path) -> list[Section]:
    """Return all sections of a built site, and the terms of its glossary."""
    found = []
    for file in pages(site):
        name = file.relative_to(site).as_posix()
        if name in ("index.html", "search.html", "404.html", "genindex.html"):
            continue
        article = LexborHTMLParser(file.read_text(encoding="utf-8")).css_first("article")
        if article is not None:
            found += _of_page(name, article)
    return found


def _of_page(name: str, article: LexborNode) -> list[Section]:
    for node in article.css(SKIPPED):
        node.decompose()
    found, page = [], ""
    for term in article.css("dl.glossary > dt[id]"):
        words = term.next  # several names may share one definition
        while words is not None and words.tag != "dd":
            words = words.next
        url = f"{name}#{term.attributes['id']}"
        found.append(Section(url, GLOSSARY, _words(term), _words(words) if words else ""))
    for node in reversed(article.css("section[id]")):  # the innermost first, for each is taken out
        heading = next((child for child in node.iter() if re.fullmatch("h[1-6]", child.tag)), None)
        if heading is None:
            continue
        title = _words(heading)
        heading.decompose()
        for glossary in node.css("dl.glossary"):
            glossary.decompose()
        anchor = "" if node.parent.tag == "article" else f"#{node.attributes['id']}"
        found.append(Section(name + anchor, page, title, _words(node)))
        node.decompose()
    if found:
        page = found[-1].title
        for section in found:
            section.page = section.page or page
    return found


def _words(node: LexborNode) -> str:
    return " ".join(node.text(separator=" ").split())


def add_terms(found: list[Section], terms: dict[str, list[str]]) -> None:
    """Add the words of ``search_terms.yml`` to their sections.

    Raises
    ------
    SearchError
        A section that is named there does not exist.
    """
    by_url = {section.url: section for section in found}
    for url, words in terms.items():
        if url not in by_url:
            raise SearchError(f"{TERMS.name} names {url}, which no page has.")
        by_url[url].terms += words


def write(found: list[Section], folder: Path) -> None:
    """Write the index of some sections into a folder."""
    program = [sys.executable, "-m", "pagefind", "--quiet", "--force-language", "en"]
    with tempfile.TemporaryDirectory() as sources:
        for number, section in enumerate(found):
            Path(sources, f"{number}.html").write_text(section.html(), encoding="utf-8")
        shutil.rmtree(folder, ignore_errors=True)
        done = subprocess.run(
            [*program, "--site", sources, "--output-path", folder], capture_output=True, text=True
        )
    if done.returncode:
        raise SearchError(f"Pagefind has failed: {done.stderr.strip() or done.stdout.strip()}")
    for unused in [*folder.glob("pagefind-*ui.*"), folder / "pagefind-highlight.js"]:
        unused.unlink(missing_ok=True)


def _index(app, exception):
    if exception is None and app.builder.name == "html":
        site = Path(app.outdir)
        found = sections(site)
        if any(section.url.startswith("book/foundations/") for section in found):
            add_terms(found, yaml.safe_load(TERMS.read_text(encoding="utf-8")))
        write(found, site / "_search")


def setup(app):
    """Connect to Sphinx: after the pages are finished."""
    app.connect("build-finished", _index, priority=700)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
