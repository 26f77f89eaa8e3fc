"""What a site has besides its chapters: addresses for search engines, a home page at its root.

The address of the site is known from ``LATENTS_SITE`` or from the repository (``latents.address``);
what needs it (canonical links, ``sitemap.xml``, the address in cards) is left out without it.
"""

import posixpath
import re
from html import escape
from pathlib import Path
from urllib.parse import urlsplit

from selectolax.lexbor import LexborHTMLParser

from finish_pages import pages
from latents import address

HOME = "book/index.html"
LICENCE = (
    'Code under the <a href="https://opensource.org/license/mit">MIT licence</a>, text and '
    'pictures under <a href="https://creativecommons.org/licenses/by/4.0/">CC BY 4.0</a>.'
)
TWICE = re.compile(r"<title>(.+?) (?:—|&#8212;|&mdash;) \1</title>")
QUIET = ("search", "404", "genindex")  # pages that no search engine needs


def _configure(app, config):
    """Tell Sphinx and its extensions the address of the site, before they read their settings."""
    options = config.html_theme_options
    repository = address.repository(options.get("repository_url") or "")
    site = address.site(repository)
    config.html_baseurl = config.ogp_site_url = site
    config.ogp_site_name = config.html_title
    config.notfound_urls_prefix = urlsplit(site).path or "/"
    config.html_copy_source = True
    footer = LICENCE
    if address.provider(repository) in ("github", "gitlab"):
        footer += f' <a href="{escape(repository)}/issues/new">Report an error</a>.'
    if site:
        config.ogp_image = f"{site}_static/drawings/garments.png"
        config.ogp_image_alt = "Garments that a decoder made of random codes"
    options["extra_footer"] = f'<p class="book-licence">{footer}</p>'


def _describe(app, pagename, templatename, context, doctree):
    """Keep pages without content out of search engines, and give the home page its own address."""
    icon = context["pathto"]("_static/touch-icon.png", 1)
    context["metatags"] = context.get("metatags") or ""
    context["metatags"] += f'<link rel="apple-touch-icon" href="{icon}">'
    if pagename in QUIET:
        context["metatags"] += '<meta name="robots" content="noindex">'
    if pagename == HOME.removesuffix(".html") and app.config.html_baseurl:
        context["pageurl"] = app.config.html_baseurl


def _title(site: Path) -> None:
    """Say the name of the book once in the title of its home page."""
    file = site / HOME
    text = file.read_text(encoding="utf-8")
    file.write_text(TWICE.sub(r"<title>\1</title>", text, count=1), encoding="utf-8")


def _home(site: Path) -> None:
    """Write the home page to the root of the site, so that its plain address shows it."""
    tree = LexborHTMLParser((site / HOME).read_text(encoding="utf-8"))
    folder = posixpath.dirname(HOME)
    for name in ("href", "src", "action"):
        for node in tree.css(f"[{name}]"):
            value = node.attributes[name] or ""
            parts = urlsplit(value)
            if parts.path and not (parts.scheme or parts.netloc or value.startswith("/")):
                path = posixpath.normpath(posixpath.join(folder, parts.path))
                node.attrs[name] = parts._replace(path=path).geturl()
    tree.css_first("html").attrs["data-content_root"] = "./"
    (site / "index.html").write_text(tree.html, encoding="utf-8")


def _anchor(file: Path, prefix: str) -> None:
    """Tell a page that is shown at any address where the site begins."""
    if file.is_file():
        tree = LexborHTMLParser(file.read_text(encoding="utf-8"))
        tree.css_first("html").attrs["data-content_root"] = prefix
        file.write_text(tree.html, encoding="utf-8")


def site_map(site: Path, base: str) -> str:
    """Return ``sitemap.xml`` for a site at an address."""
    names = (file.relative_to(site).as_posix() for file in pages(site))
    shown = (n for n in names if n != HOME and n.removesuffix(".html") not in QUIET)
    urls = "".join(
        f"<url><loc>{escape(base + n.removesuffix('index.html'))}</loc></url>\n" for n in shown
    )
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n'
        f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">\n{urls}</urlset>\n'
    )


def _write(app, exception):
    if exception is not None or app.builder.name != "html":
        return
    site, base = Path(app.outdir), app.config.html_baseurl
    (site / ".nojekyll").touch()
    robots = "User-agent: *\nAllow: /\n"
    if (site / HOME).is_file():
        _title(site)
        _home(site)
    _anchor(site / "404.html", app.config.notfound_urls_prefix)
    if base:
        (site / "sitemap.xml").write_text(site_map(site, base), encoding="utf-8")
        robots += f"Sitemap: {base}sitemap.xml\n"
    (site / "robots.txt").write_text(robots, encoding="utf-8")


def setup(app):
    """Connect to Sphinx: the configuration first, the files last."""
    app.connect("config-inited", _configure, priority=100)
    app.connect("html-page-context", _describe, priority=400)
    app.connect("build-finished", _write, priority=650)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
