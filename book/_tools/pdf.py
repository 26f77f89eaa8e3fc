"""Print the whole book as one PDF: ``make pdf`` calls this.

The articles of the built site are put into one page, in the order of the contents, with links that
lead from one to the other; Chromium prints it with bookmarks and page numbers. Needed beside the
book: Playwright, which the lock installs, and Chromium (``apt install chromium``, or the one named
by ``CHROMIUM``).
"""

import os
import posixpath
import shutil
import sys
import threading
from datetime import date
from pathlib import Path
from urllib.parse import urlsplit

from selectolax.lexbor import LexborHTMLParser, LexborNode
from sphinx_external_toc.parsing import parse_toc_yaml

from serve import server

ROOT = Path(__file__).resolve().parents[2]
SITE = ROOT / "_build" / "html"
OUTPUT = ROOT / "_build" / "latent-spaces.pdf"
WHOLE = "_whole.html"  # lies beside the pages, whose pictures it shows, while it is printed
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FOOTER = (
    '<div style="width: 100%; text-align: center; font: 8pt sans-serif; color: #555">'
    '<span class="pageNumber"></span></div>'
)
# The home page, whose frame is used, has no formula and so no style for them.
STYLE = """<link rel="stylesheet" href="_static/katex/katex.min.css"><style>
  .book-page { break-before: page; }
  .book-page:first-child { break-before: auto; }
  .book-page > section > h1, .book-page > h1 { display: block !important; margin-top: 0; }
  .book-contents li { list-style: none; margin: 0.25em 0; }
  .bd-sidebar-primary, .bd-sidebar-secondary, .bd-header-article, .prev-next-footer, footer,
  .bd-header, #pst-skip-link, #pst-back-to-top, #jb-print-docs-body { display: none !important; }
</style>"""


def main() -> int:
    """Make the file, say where it is, and return the exit code."""
    if not (SITE / "index.html").is_file():
        print("make pdf: there is no book yet: run 'make book'.", file=sys.stderr)
        return 1
    browser = installed_browser()
    if browser is None:
        print(
            "make pdf: no Chromium was found: install it (on Debian and Ubuntu: apt install "
            "chromium), or name one with 'make pdf CHROMIUM=/path/to/it'.",
            file=sys.stderr,
        )
        return 1
    whole = SITE / WHOLE
    try:
        whole.write_text(one_page(SITE, page_names(ROOT)), encoding="utf-8")
        pages = print_page(browser, SITE, WHOLE, OUTPUT)
    finally:
        whole.unlink(missing_ok=True)
    print(f"The book has {pages} pages: {OUTPUT}")
    return 0


def installed_browser() -> str | None:
    """Return the path of a Chromium or Chrome that is there, or None; ``CHROMIUM`` names one."""
    return os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, BROWSERS)), None)


def page_names(root: Path) -> list[str]:
    """Return the pages of the book in the order of its contents, as ``book/index.html``."""
    return [f"{str(name).removesuffix('.md')}.html" for name in parse_toc_yaml(root / "_toc.yml")]


def one_page(site: Path, names: list[str]) -> str:
    """Return the HTML of all articles in one page that stands at the root of the site.

    Parameters
    ----------
    site : Path
        The built site.
    names : list of str
        Its pages, in the order of the book.
    """
    articles = {name: _article(site, name, names) for name in names}
    parts = [_contents(articles, names), *articles.values()]
    frame = LexborHTMLParser((site / "index.html").read_text(encoding="utf-8"))
    for script in frame.css("script[src]"):
        script.decompose()
    body = frame.css_first("article")
    body.inner_html = "".join(parts)
    html = frame.html or ""
    return html.replace("</head>", f"{STYLE}</head>", 1)


def _contents(articles: dict[str, str], names: list[str]) -> str:
    """Return the first page: the title of the book and a list of its pages."""
    titles = {name: _title(html) for name, html in articles.items()}
    book, *rest = names
    lines = "".join(f'<li><a href="#{_anchor(n, "", names)}">{titles[n]}</a></li>' for n in rest)
    return (
        f'<section class="book-page book-contents"><h1>{titles[book]}</h1>'
        f"<p>{date.today():%-d %B %Y}</p><ul>{lines}</ul></section>"
    )


def _title(html: str) -> str:
    heading = LexborHTMLParser(html).css_first("h1")
    for link in heading.css("a.headerlink"):
        link.decompose()
    return " ".join(heading.text(separator=" ").split())


def _article(site: Path, name: str, names: list[str]) -> str:
    article = LexborHTMLParser((site / name).read_text(encoding="utf-8")).css_first("article")
    for node in article.css("[id]"):
        node.attrs["id"] = _anchor(name, node.attributes["id"] or "", names)
    for node in article.css("[for]"):
        node.attrs["for"] = _anchor(name, node.attributes["for"] or "", names)
    for node in article.css("[href], [src]"):
        _lead(node, name, names)
    for image in article.css("img[loading]"):
        del image.attrs["loading"]
    start = _anchor(name, "", names)
    return f'<section class="book-page" id="{start}">{article.inner_html}</section>'


def _lead(node: LexborNode, name: str, names: list[str]) -> None:
    """Make an address of a page one of the whole: a place in it, or a file of the site."""
    for attribute in ("href", "src"):
        address = urlsplit(node.attributes.get(attribute) or "")
        if attribute not in node.attributes or address.scheme or address.netloc:
            continue
        folder = posixpath.dirname(name)
        path = posixpath.normpath(posixpath.join(folder, address.path)) if address.path else name
        if path in names and attribute == "href":
            node.attrs[attribute] = f"#{_anchor(path, address.fragment, names)}"
        else:
            node.attrs[attribute] = path


def _anchor(name: str, ident: str, names: list[str]) -> str:
    return f"p{names.index(name)}-{ident}"


def print_page(browser: str, site: Path, name: str, output: Path) -> int:
    """Print a page of the site with Chromium; return how many pages the PDF has."""
    from playwright.sync_api import sync_playwright

    with server(site, 0) as http:
        threading.Thread(target=http.serve_forever, daemon=True).start()
        with sync_playwright() as playwright:
            chromium = playwright.chromium.launch(executable_path=browser, args=["--no-sandbox"])
            page = chromium.new_page(color_scheme="light")
            page.set_default_timeout(600_000)
            page.goto(f"http://127.0.0.1:{http.server_port}/{name}", wait_until="load")
            page.evaluate("Promise.all([...document.images].map(i => i.decode().catch(() => 0)))")
            content = page.pdf(
                path=output,
                format="A4",
                print_background=True,
                tagged=True,
                outline=True,
                display_header_footer=True,
                header_template="<span></span>",
                footer_template=FOOTER,
            )
            chromium.close()
        http.shutdown()
    return content.count(b"/Type /Page\n") + content.count(b"/Type /Page ")


if __name__ == "__main__":
    sys.exit(main())
