"""``{widget} NAME``: an interactive part of a page, with a picture and a table in its place.

The part itself is ``book/widgets/NAME.mjs``; ``site/widgets.mjs`` loads it when it comes into view,
or, if its content has a ``start``, at the press of a button with these words and its size.
Without scripts and on paper the picture and the table stand there, drawn from the same networks.
"""

import functools
import json
import shutil
from html import escape
from pathlib import Path
from urllib.parse import urlsplit

from docutils import nodes
from sphinx.util.docutils import SphinxDirective

from latents import data
from latents.widgets import WIDGETS
from latents.widgets.modules import needed
from launch import has_notebook, offered

SOURCES = Path(__file__).resolve().parents[1] / "widgets"
FOLDER = "_widgets"  # of the site
HEIGHTS = json.loads(Path(__file__).with_name("live_heights.json").read_text(encoding="utf-8"))


class widget(nodes.General, nodes.Element):  # noqa: N801 (as docutils names its nodes)
    """Where the interactive part ``name`` stands."""


class WidgetDirective(SphinxDirective):
    """Place an interactive part."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Return the place."""
        name = self.arguments[0]
        if name not in WIDGETS:
            raise self.error(f"There is no widget {name}; there are: {', '.join(WIDGETS)}.")
        return [widget(name=name)]


@functools.cache
def _prepared(name: str, folder: Path):
    """Write what a widget loads; return it as it is on paper, its weights, and how much it loads.

    The weights are names of files: of networks, and of what says how they are laid out.
    """
    content = WIDGETS[name](data.profile())
    files = content.write(folder)
    size = sum(file.stat().st_size for file in files)
    size += sum(len(text.encode()) for text in needed(f"{name}.mjs").values())
    kept = f"{name}.bin", f"{name}.json"
    weights = [file.name for file in files if file.name in kept or file.suffix == ".onnx"]
    still = content.still()
    (folder / f"{name}.png").write_bytes(still.picture)
    return still, weights, size


def live_height(name: str) -> str:
    """Return the height of a live part as CSS, in pixels: straight lines between measured widths.

    The page keeps this room from the start, so that what follows stays where it is.
    """
    widths, heights = HEIGHTS["widths"], HEIGHTS[name]
    terms = [f"{heights[0]}px"]
    for left, right, low, high in zip(widths, widths[1:], heights, heights[1:], strict=False):
        if low != high:
            along = f"clamp(0px, 100vw - {left}px, {right - left}px)"
            terms.append(f"{(high - low) / (right - left):.4g} * {along}")
    return f"calc({' + '.join(terms)})"


def _visit(translator, node):
    builder = translator.builder
    name, folder = node["name"], Path(builder.outdir) / FOLDER
    still, weights, size = _prepared(name, folder)
    start = getattr(WIDGETS[name], "start", "")
    begin = f' data-start="{escape(start)} ({size / 1e6:.1f} MB)"' if start else ""
    up = "../" * builder.current_docname.count("/")
    source = f"{up}{FOLDER}/{name}.png"
    head = "".join(f'<th scope="col">{escape(text)}</th>' for text in still.head)
    rows = "".join(
        f'<tr><th scope="row">{escape(first)}</th>'
        + "".join(f"<td>{escape(text)}</td>" for text in rest)
        + "</tr>"
        for first, *rest in still.rows
    )
    translator.body.append(
        f'<div class="widget" id="widget-{name}" role="region" '
        f'aria-label="{escape(WIDGETS[name].title)}" data-widget="{name}"{begin} '
        f'style="--live-height: {live_height(name)}">'
        '<div class="widget-poster">'
        f'<img src="{source}" alt="{escape(still.alt)}">'
        f'<div class="text_html"><table class="table"><thead><tr>{head}</tr></thead>'
        f"<tbody>{rows}</tbody></table></div></div>"
        '<div class="widget-live"></div><p class="widget-status" role="status"></p>'
        f"{_foot(builder, name, weights)}</div>"
    )
    raise nodes.SkipNode


def _foot(builder, name: str, weights: list[str]) -> str:
    """Return the line below a part: its notebook, its weights; a script adds what needs one."""
    up = "../" * builder.current_docname.count("/")
    links = []
    chapter, page = WIDGETS[name].chapter, builder.current_docname
    if chapter:
        (page,) = (each for each in builder.env.found_docs if each.endswith(f"/{chapter}"))
    if has_notebook(builder.app, page):
        here = page == builder.current_docname
        title = builder.env.titles[page].astext()
        own = "the notebook" if chapter else "the chapter’s notebook"  # which lacks the part
        what = own if here else f"the notebook of “{title}”"
        text, url = offered(builder.config, page, what)
        file = not urlsplit(url).netloc
        href = f"{up if file else ''}{escape(url)}"
        links.append(f'<a href="{href}"{" download" * file}>{escape(text)}</a>')
    files = [f'<a href="{up}{FOLDER}/{file}" download>{file}</a>' for file in weights]
    if files:
        links.append(f"<span>Weights: {' '.join(files)}</span>")
    return f'<div class="widget-foot">{"".join(links)}</div>'


def _begin(app):
    """Write the parts themselves; what an earlier build has left there goes."""
    if app.builder.format == "html":
        folder = Path(app.outdir) / FOLDER
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(SOURCES, folder)
        _prepared.cache_clear()


def _style(app, pagename, templatename, context, doctree):
    """Give the style of the interactive parts to the pages that have some."""
    if doctree is not None and any(doctree.findall(widget)):
        app.add_css_file("widgets.css")


def setup(app):
    """Connect to Sphinx."""
    app.connect("builder-inited", _begin)
    app.connect("html-page-context", _style)
    app.add_node(widget, html=(_visit, None))
    app.add_directive("widget", WidgetDirective)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
