"""Buttons that leave the page: the repository, Colab, and the notebook to download.

The address of the repository may be unknown; then no button needs it. Colab and the download use
the generated notebooks (``make notebooks``), which have no outputs and no MyST syntax. Chapters and
exercises have one; the page of an exercise also links it in its text, with ``{notebook-links}``.
"""

import shutil
from pathlib import Path

from docutils import nodes
from myst_parser.config.main import read_topmatter
from sphinx.errors import SphinxError
from sphinx.util.docutils import SphinxDirective

from latents import LatentsError, address

CHAPTERS = ("book/experiments/", "book/foundations/", "book/further/")
EXERCISES = "book/exercises/"
NOTEBOOKS = "book/notebooks"
COPIES = "_notebooks"  # in the built site
COLAB = "https://colab.research.google.com"


class LaunchError(SphinxError):
    """The buttons cannot be made; the message says what is missing."""

    category = "Launch buttons"


def notebook(page: str) -> str:
    """Return the file of the notebook of a page, within the folder of all notebooks."""
    folder = "exercises/" if page.startswith(EXERCISES) else ""
    return f"{folder}{page.rsplit('/', 1)[-1]}.ipynb"


def colab_url(repository: str, branch: str, page: str) -> str:
    """Return the address that opens the notebook of a page in Colab."""
    owner_and_name = "/".join(repository.split("/")[3:])
    return f"{COLAB}/github/{owner_and_name}/blob/{branch}/{NOTEBOOKS}/{notebook(page)}"


def has_notebook(app, page: str) -> bool:
    """Return True for pages with code that lie among the chapters, and for exercises."""
    if page.startswith(EXERCISES):
        return not page.endswith("/index")
    if not page.startswith(CHAPTERS):
        return False
    text = Path(app.env.doc2path(page)).read_text(encoding="utf-8")
    return "kernelspec" in (read_topmatter(text) or {})


def _configure(app, config):
    """Tell the theme the address of the repository, or that there is none."""
    options = config.html_theme_options
    try:
        url = address.repository(options.get("repository_url") or "")
    except LatentsError as error:
        raise LaunchError(str(error)) from error
    options["repository_url"] = url
    options["repository_provider"] = address.provider(url)
    # A host that the theme does not know costs the buttons, and nothing else.
    options["use_repository_button"] = bool(options["repository_provider"])
    options["use_issues_button"] = options["repository_provider"] in ("github", "gitlab")
    options.pop("launch_buttons", None)  # the theme would link the text, which Colab cannot open


def _require_notebooks(app, env, docnames):
    """Stop before any chapter runs if a page lacks its notebook."""
    app.latents_notebooks = {page for page in env.found_docs if has_notebook(app, page)}
    for page in sorted(app.latents_notebooks):
        file = f"{NOTEBOOKS}/{notebook(page)}"
        if not Path(app.srcdir, file).is_file():
            raise LaunchError(f"{page}.md has no {file}: run make notebooks.")


def _add_buttons(app, pagename, templatename, context, doctree):
    if pagename not in app.latents_notebooks:
        return
    buttons = context["header_buttons"]
    if url := _colab(app.config, pagename):
        buttons.insert(0, _launch_menu(url))
    for group in buttons:
        if group.get("label") == "download-buttons":
            url = context["pathto"](f"{COPIES}/{notebook(pagename)}", 1)
            group["buttons"].insert(0, _download(url))


def _colab(config, page: str) -> str:
    """Return the address of a page's notebook in Colab; empty where Colab cannot open it."""
    options = config.html_theme_options
    if options["repository_provider"] != "github":
        return ""
    branch = options.get("repository_branch") or "main"
    return colab_url(options["repository_url"], branch, page)


class NotebookLinks(SphinxDirective):
    """A paragraph with links to the notebook of this page: the file, and Colab where it can be."""

    def run(self) -> list[nodes.Node]:
        """Return the paragraph."""
        page = self.env.docname
        if page not in self.env.app.latents_notebooks:
            raise LaunchError(f"{page}.md has no notebook that {{notebook-links}} could link.")
        up = "../" * page.count("/")
        links = {f"Download {page.rsplit('/', 1)[-1]}.ipynb": f"{up}{COPIES}/{notebook(page)}"}
        if colab := _colab(self.config, page):
            links["Open it in Colab"] = colab
        paragraph = nodes.paragraph()
        for text, url in links.items():
            paragraph += [nodes.Text(" · ")] if len(paragraph) else []
            paragraph += nodes.reference(text, text, refuri=url)
        return [paragraph]


def _launch_menu(url: str) -> dict:
    colab = {
        "type": "link",
        "text": "Colab",
        "tooltip": "Launch on Colab",
        "icon": "_static/images/logo_colab.png",
        "url": url,
    }
    return {
        "type": "group",
        "label": "launch-buttons",
        "tooltip": "Launch interactive content",
        "icon": "fas fa-rocket",
        "buttons": [colab],
    }


def _download(url: str) -> dict:
    return {
        "type": "link",
        "label": "download-notebook-button",
        "text": ".ipynb",
        "tooltip": "Download notebook file",
        "icon": "fas fa-code",
        "url": url,
    }


def _copy_notebooks(app, exception):
    if exception is None and app.builder.format == "html":
        for page in app.latents_notebooks:
            copy = Path(app.outdir, COPIES, notebook(page))
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(Path(app.srcdir, NOTEBOOKS, notebook(page)), copy)


def setup(app):
    """Connect to Sphinx; the buttons are added after those of the theme."""
    app.latents_notebooks = set()
    app.add_directive("notebook-links", NotebookLinks)
    app.connect("config-inited", _configure, priority=90)
    app.connect("env-before-read-docs", _require_notebooks)
    app.connect("html-page-context", _add_buttons, priority=502)
    app.connect("build-finished", _copy_notebooks)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
