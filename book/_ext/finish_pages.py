"""Give built pages what the theme and its extensions leave out; works on the written HTML.

Everything here is a repair of markup: icons as SVG instead of a script of 1.5 MB, names that screen
readers can use, one id a page, pictures with their size, folded solutions that need no script.
What belongs into the document tree is done there, by the other extensions of this folder.
"""

import posixpath
import re
from html import escape
from pathlib import Path
from urllib.parse import urlsplit

from PIL import Image
from selectolax.lexbor import LexborHTMLParser, LexborNode
from sphinx.errors import SphinxError
from sphinx_design.icons import get_octicon_data

# The icons of the theme (Font Awesome) by their likes among the Octicons of sphinx-design.
ICONS = {
    "angle-left": "chevron-left",
    "angle-right": "chevron-right",
    "arrow-up": "arrow-up",
    "bars": "three-bars",
    "chevron-down": "chevron-down",
    "circle-half-stroke": "device-desktop",
    "code": "code",
    "download": "download",
    "expand": "screen-full",
    "file": "file",
    "file-pdf": "file",
    "github": "mark-github",
    "gitlab": "repo",
    "bitbucket": "repo",
    "lightbulb": "light-bulb",
    "list": "list-unordered",
    "magnifying-glass": "search",
    "moon": "moon",
    "pencil-alt": "pencil",
    "rocket": "rocket",
    "sun": "sun",
}
# Scripts and styles that no page of this book uses.
UNUSED = re.compile(
    r"fontawesome|thebe|togglebutton|toggleHint|toggleOpenOnPrint|design-tabs|searchindex|"
    r"searchtools|language_data|search_as_you_type|sphinx_highlight"
)
# The text of a button belongs into its name (WCAG 2.5.3), and says more than the theme's.
NAMES = {
    "button.search-button-field": "Search Ctrl+K",
    "button.search-button:not(.search-button-field)": "Search",
    "button.primary-toggle": "Contents of the book",
    "button.secondary-toggle": "Contents of this page",
    ".dropdown-download-buttons > button": "Download this page",
    ".dropdown-launch-buttons > button": "Run this page elsewhere",
    "a.btn-download-notebook-button": "Notebook (.ipynb)",
    "a.btn-download-package-button": "Package (.whl)",
    "a.btn-download-source-button": "Source (.md)",
    "button.btn-download-pdf-button": "Print, or save as PDF",
    "#pst-search-dialog": "Search",
    "#pst-primary-sidebar-modal": "Contents of the book",
    "#pst-secondary-sidebar-modal": "Contents of this page",
}
# Buttons that do nothing without a script; the contents of the book are then shown at any width.
NEED_SCRIPT = ".primary-toggle, .secondary-toggle, .btn-fullscreen-button, .btn-download-pdf-button"
NO_SCRIPT = (
    "<noscript><style>.needs-script{display:none!important}@media (max-width:991.98px){"
    "#pst-primary-sidebar{position:static;visibility:visible;margin:0;width:100%;max-width:none;"
    "height:auto;max-height:none;flex:0 0 100%}.bd-container__inner{flex-wrap:wrap}}"
    "</style></noscript>"
)
MARKS = {"✅": "ran", "❌": "failed"}
EMPTY_LINES = re.compile(r"\n(?:[ \t]*\n){2,}")


class PageError(SphinxError):
    """A page has something that cannot be repaired; the message says what."""

    category = "Pages"


class Page:
    """One written page.

    Parameters
    ----------
    root : Path
        Folder of the site.
    file : Path
        The page.
    """

    def __init__(self, root: Path, file: Path):
        self.root, self.file = root, file
        self.tree = LexborHTMLParser(file.read_text(encoding="utf-8"))

    def finish(self) -> None:
        """Repair everything, and write the page."""
        for repair in (
            self.head,
            self.icons,
            self.names,
            self.landmarks,
            self.without_script,
            self.solutions,
            self.proofs,
            self.ids,
            self.tables,
            self.images,
            self.outputs,
        ):
            repair()
        self.file.write_text(self.tree.html, encoding="utf-8")

    def head(self) -> None:
        """Drop scripts and styles without use, and the viewport's second and third copy."""
        for node in self.tree.css("script, link[rel=stylesheet], link[rel=preload]"):
            what = (node.attributes.get("src") or node.attributes.get("href") or "") + node.text()
            if UNUSED.search(what):
                node.decompose()
        if not self.tree.css_first("div.highlight"):
            for node in self.tree.css("script[src*=copybutton], script[src*=clipboard]"):
                node.decompose()
        if not self.tree.css_first(".katex"):
            for node in self.tree.css("link[href*='katex']"):
                node.decompose()
        for node in self.tree.css("meta[name=viewport], meta[name^=docsearch]")[1:]:
            node.decompose()
        for node in self.tree.css("meta[property='og:url']"):
            if not urlsplit(node.attributes.get("content") or "").netloc:  # no address is known
                node.decompose()

    def icons(self) -> None:
        """Draw icons in the page; they are decoration, so their names stay with the buttons."""
        for node in self.tree.css("i[class*='fa-'], span[class*='fa-']"):
            classes = (node.attributes["class"] or "").split()
            names = [ICONS[c.removeprefix("fa-")] for c in classes if c[3:] in ICONS]
            if len(names) != 1:
                raise PageError(f"no icon is known for {' '.join(classes)}: add it to {__file__}.")
            mode = node.attributes.get("data-mode")
            kept = " ".join(["icon", *(c for c in classes if c == "theme-switch")])
            box, path = _octicon(names[0])
            data = f' data-mode="{mode}"' if mode else ""
            node.replace_with(
                _node(f'<svg class="{kept}"{data} viewBox="{box}" aria-hidden="true">{path}</svg>')
            )

    def names(self) -> None:
        """Give buttons the name that they show."""
        for selector, name in NAMES.items():
            for node in self.tree.css(selector):
                node.attrs["aria-label"] = name
                if "title" in node.attributes:
                    node.attrs["title"] = name
                if text := node.css_first(".btn__text-container"):
                    text.replace_with(_node(f'<span class="btn__text-container">{name}</span>'))
        for node in self.tree.css("a[href*='_notebooks/']"):
            node.attrs["download"] = ""
            if "target" in node.attributes:
                del node.attrs["target"]
        for node in self.tree.css("summary[aria-label]"):
            del node.attrs["aria-label"]
        for node in self.tree.css("nav.bd-links li.current.active > a"):
            node.attrs["aria-current"] = "page"

    def landmarks(self) -> None:
        """Put the logo into a landmark; say who is asked to go where."""
        for node in self.tree.css(".sidebar-primary-items__start"):
            node.attrs["role"] = "region"
            node.attrs["aria-label"] = "Book"
        for node in self.tree.css(
            "div.citation-list[role], [role=doc-biblioentry], [role=doc-backlink]"
        ):
            del node.attrs["role"]

    def without_script(self) -> None:
        """Give the page colours and its contents where no script chooses and opens them."""
        self.tree.css_first("html").attrs["data-theme"] = "light"
        for node in self.tree.css(NEED_SCRIPT):
            node.attrs["class"] = f"{node.attributes.get('class') or ''} needs-script".strip()
        self.tree.head.insert_child(_node(f"<body>{NO_SCRIPT}</body>", "noscript"))

    def solutions(self) -> None:
        """Fold solutions with ``details``: it works without a script, and on paper."""
        for node in self.tree.css("div.admonition.dropdown"):
            title = node.css_first("p.admonition-title")
            for link in title.css("a"):
                link.unwrap()
            classes = (node.attributes["class"] or "").replace("dropdown", "folded")
            ident = node.attributes.get("id")
            summary = title.inner_html
            title.decompose()
            named = f' id="{escape(ident)}"' if ident else ""
            node.replace_with(
                _node(
                    f'<details class="{classes}"{named}><summary class="admonition-title">{summary}'
                    f"</summary>{node.inner_html}</details>"
                )
            )

    def proofs(self) -> None:
        """Set the word with which a proof begins in bold."""
        for node in self.tree.css("div.proof.admonition > p:first-child"):
            inner = node.inner_html or ""
            if inner.startswith("Proof."):
                node.inner_html = f"<strong>Proof.</strong>{inner.removeprefix('Proof.')}"

    def ids(self) -> None:
        """Keep the first of equal ids; the others are names that extensions give to every box."""
        seen: set[str] = set()
        for node in self.tree.css("[id]"):
            ident = node.attributes["id"] or ""
            if ident in seen or ident in ("exercise-content", "solution-content", "proof-content"):
                del node.attrs["id"]
            seen.add(ident)

    def tables(self) -> None:
        """Make corners plain cells, and give pictures of a table the words of their row."""
        for node in self.tree.css("table th"):
            if not node.text(strip=True) and not node.css_first("img"):
                node.replace_with(_node("<table><tr><td></td></tr></table>", "td"))
        for cell in self.tree.css("table td"):
            if cell.text(strip=True) in MARKS:  # few fonts have these signs
                cell.inner_html = MARKS[cell.text(strip=True)]
        for row in self.tree.css("table tr"):
            for image in row.css("img[alt=Img]"):
                cells = (cell.text(strip=True) for cell in row.css("th, td"))
                image.attrs["alt"] = f"Picture of the row {', '.join(filter(None, cells))}"
        for node in self.tree.css("table style, .cell_output style"):
            node.decompose()
        for table in self.tree.css(".cell_output table"):
            table.attrs["class"] = "dataframe"
            if "border" in table.attributes:
                del table.attrs["border"]

    def images(self) -> None:
        """Tell the size of pictures, so that nothing moves, and load late what lies below."""
        for number, image in enumerate(self.tree.css("article img")):
            source = image.attributes.get("src") or ""
            if size := self._size(source):
                image.attrs["width"], image.attrs["height"] = map(str, size)
            if number:
                image.attrs["loading"] = "lazy"
            image.attrs["decoding"] = "async"

    def outputs(self) -> None:
        """Close the gaps that model summaries leave, and let scrolled output be reached by keys."""
        for node in self.tree.css(".cell_output pre"):
            inner = node.inner_html or ""
            if EMPTY_LINES.search(inner):
                tag = re.match(r"<pre[^>]*>", node.html or "")
                node.replace_with(_node(f"{tag[0]}{EMPTY_LINES.sub(chr(10) * 2, inner)}</pre>"))
        for node in self.tree.css(".cell_output pre"):
            if not (node.text() or "").strip():
                node.parent.decompose()

    def _size(self, source: str) -> tuple[int, int] | None:
        address = urlsplit(source)
        if address.scheme or address.netloc:
            return None
        folder = self.file.parent.relative_to(self.root).as_posix()
        file = self.root / posixpath.normpath(posixpath.join(folder, address.path))
        if file.suffix == ".svg":
            found = re.search(
                r'viewBox="[\d.-]+ [\d.-]+ ([\d.]+) ([\d.]+)"', file.read_text(encoding="utf-8")
            )
            return (round(float(found[1])), round(float(found[2]))) if found else None
        with Image.open(file) as picture:
            return picture.size


def _octicon(name: str) -> tuple[str, str]:
    size, data = min(get_octicon_data()[name]["heights"].items(), key=lambda item: int(item[0]))
    return f"0 0 {data['width']} {size}", data["path"]


def _node(html: str, selector: str = "") -> LexborNode:
    body = LexborHTMLParser(html).body
    found = body.css_first(selector) if selector else body.child
    assert found is not None
    return found


def pages(site: Path) -> list[Path]:
    """Return the pages of a built site, without what lies in its technical folders."""
    return sorted(f for f in site.rglob("*.html") if f.relative_to(site).parts[0][0] != "_")


def _written(builder) -> set[str]:
    """Return the pages that this build has written."""
    names = {*builder.env.found_docs, *builder.config.html_additional_pages, "search", "404"}
    names |= {name for name, *_ in builder.domain_indices}
    names |= {"genindex"} if builder.use_index else set()
    return {builder.get_target_uri(name) for name in names} | {"index.html"}


def _finish(app, exception):
    if exception is None and app.builder.format == "html":
        site = Path(app.outdir)
        written = _written(app.builder)
        for file in pages(site):
            if file.relative_to(site).as_posix() in written:
                Page(site, file).finish()
            else:  # of an earlier build: the search and the map of the site would still name it
                file.unlink()


def setup(app):
    """Connect to Sphinx: before the search is indexed, after everything is written."""
    app.connect("build-finished", _finish, priority=600)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
