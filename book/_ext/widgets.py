"""``{widget} NAME``: an interactive part of a page, with a picture and a table in its place.

The part itself is ``book/widgets/NAME.mjs``; ``site/widgets.mjs`` loads it when it comes into view.
Without scripts and on paper the picture and the table stand there, drawn from the same networks.
"""

import functools
import shutil
from html import escape
from pathlib import Path

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.util.docutils import SphinxDirective

from latents import data
from latents.widgets import WIDGETS

SOURCES = Path(__file__).resolve().parents[1] / "widgets"
FOLDER = "_widgets"  # of the site


class widget(nodes.General, nodes.Element):  # noqa: N801 (as docutils names its nodes)
    """Where an interactive part stands: ``name``, ``label`` (what it is, for screen readers)."""


class WidgetDirective(SphinxDirective):
    """Place an interactive part."""

    required_arguments = 1
    option_spec = {"label": directives.unchanged_required}  # noqa: RUF012 (as docutils wants it)

    def run(self) -> list[nodes.Node]:
        """Return the place."""
        name = self.arguments[0]
        if name not in WIDGETS:
            raise self.error(f"There is no widget {name}; there are: {', '.join(WIDGETS)}.")
        if "label" not in self.options:
            raise self.error(f"The widget {name} has no :label: that says what it is.")
        return [widget(name=name, label=self.options["label"])]


@functools.cache
def _prepared(name: str, folder: Path):
    """Write what a widget loads; return it as it is on paper, and how many bytes it loads."""
    content = WIDGETS[name](data.profile())
    size = sum(file.stat().st_size for file in content.write(folder))
    still = content.still()
    (folder / f"{name}.png").write_bytes(still.picture)
    return still, size


def _visit(translator, node):
    builder = translator.builder
    name, folder = node["name"], Path(builder.outdir) / FOLDER
    still, size = _prepared(name, folder)
    up = builder.get_relative_uri(builder.current_docname, "index").rpartition("/")[0]
    source = f"{up}/{FOLDER}/{name}.png" if up else f"{FOLDER}/{name}.png"
    head = "".join(f'<th scope="col">{escape(text)}</th>' for text in still.head)
    rows = "".join(
        f'<tr><th scope="row">{escape(first)}</th>'
        + "".join(f"<td>{escape(text)}</td>" for text in rest)
        + "</tr>"
        for first, *rest in still.rows
    )
    translator.body.append(
        f'<div class="widget" id="widget-{name}" role="region" '
        f'aria-label="{escape(node["label"])}" data-widget="{name}" '
        f'data-size="{size / 1e6:.1f} MB"><div class="widget-poster">'
        f'<img src="{source}" alt="{escape(still.alt)}">'
        f'<div class="text_html"><table class="table"><thead><tr>{head}</tr></thead>'
        f"<tbody>{rows}</tbody></table></div></div>"
        '<div class="widget-live"></div><p class="widget-status" role="status"></p></div>'
    )
    raise nodes.SkipNode


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
