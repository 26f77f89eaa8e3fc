"""Buttons that leave the page: the repository, Colab and its likes, the notebook to download.

The address of the repository may be unknown; then no button needs it. Colab and the download use
the generated notebooks (``make notebooks``), which have no outputs and no MyST syntax. Chapters and
exercises have one; the page of an exercise also links it in its text, with ``{notebook-links}``.
Beside the notebooks the site carries the wheel from which their first cell installs the package.
"""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from urllib.parse import quote, urlsplit

import nbformat
from docutils import nodes
from myst_parser.config.main import read_topmatter
from sphinx.errors import SphinxError
from sphinx.util.docutils import SphinxDirective

from autograder.commands.setup_cell import wheel_name
from latents import LatentsError, address

ROOT = Path(__file__).resolve().parents[2]

CHAPTERS = ("book/experiments/", "book/foundations/", "book/further/")
EXERCISES = "book/exercises/"
NOTEBOOKS = "book/notebooks"
COPIES = "_notebooks"  # in the built site
COLAB = "https://colab.research.google.com"
KAGGLE = "https://kaggle.com/kernels/welcome?src="
BINDER = "https://mybinder.org/v2"


class LaunchError(SphinxError):
    """The buttons cannot be made; the message says what is missing."""

    category = "Launch buttons"


def notebook(page: str) -> str:
    """Return the file of the notebook of a page, within the folder of all notebooks."""
    folder = "exercises/" if page.startswith(EXERCISES) else ""
    return f"{folder}{page.rsplit('/', 1)[-1]}.ipynb"


def services(repository: str, branch: str, page: str) -> dict[str, str]:
    """Return the addresses that open the notebook of a page elsewhere, by the name of the service.

    Colab and Kaggle read from github.com, Binder from gitlab.com as well.
    """
    host, path = urlsplit(repository).netloc, urlsplit(repository).path.strip("/")
    file = f"{NOTEBOOKS}/{notebook(page)}"
    lab = f"{branch}?urlpath={quote(f'lab/tree/{file}', safe='')}"
    if host == "github.com":
        return {
            "Colab": f"{COLAB}/github/{path}/blob/{branch}/{file}",
            "Kaggle": f"{KAGGLE}{repository}/blob/{branch}/{file}",
            "Binder": f"{BINDER}/gh/{path}/{lab}",
        }
    return {"Binder": f"{BINDER}/gl/{quote(path, safe='')}/{lab}"} if host == "gitlab.com" else {}


def offered(config, page: str, what: str) -> tuple[str, str]:
    """Return what a link to the notebook of a page says, and its address, from the site's root.

    ``what`` are the words for the notebook, which tell whose it is.
    Where the first of the services can open the notebook it does; else the file is downloaded.
    """
    for name, url in _services(config, page).items():
        return f"Open {what} in {name}", url
    return f"Download {what}", f"{COPIES}/{notebook(page)}"


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
    known = address.provider(url)
    # A host that the theme does not know costs the buttons, and nothing else.
    options["repository_url"] = url if known else ""
    options["repository_provider"] = known
    options["use_repository_button"] = bool(known)
    options["use_issues_button"] = options["repository_provider"] in ("github", "gitlab")
    options.pop("launch_buttons", None)  # the theme would link the text, which Colab cannot open


def _require_notebooks(app, env, docnames):
    """Stop before any chapter runs if a page lacks its notebook."""
    app.latents_notebooks = {page for page in env.found_docs if has_notebook(app, page)}
    for page in sorted(app.latents_notebooks):
        file = f"{NOTEBOOKS}/{notebook(page)}"
        if not Path(app.srcdir, file).is_file():
            raise LaunchError(f"{page}.md has no {file}: run make notebooks.")
        url = app.config.html_theme_options["repository_url"]
        if _services(app.config, page) and f'"git+{url}@' not in _setup(Path(app.srcdir, file)):
            raise LaunchError(
                f"{file} would be opened from {url}, but cannot install the package from there: "
                f"run `LATENTS_REPOSITORY={url} make notebooks` and commit what it writes, or "
                "write the address into _config.yml."
            )


def _setup(file: Path) -> str:
    cells = nbformat.read(file, as_version=4).cells
    return next((cell.source for cell in cells if cell.cell_type == "code"), "")


def _add_buttons(app, pagename, templatename, context, doctree):
    if pagename not in app.latents_notebooks:
        return
    buttons = context["header_buttons"]
    if found := _services(app.config, pagename):
        buttons.insert(0, _launch_menu(found))
    for group in buttons:
        if group.get("label") == "download-buttons":
            url = context["pathto"](f"{COPIES}/{notebook(pagename)}", 1)
            wheel = context["pathto"](f"{COPIES}/{wheel_name()}", 1)
            group["buttons"].insert(0, _download(url))
            group["buttons"].insert(1, _package(wheel))


def _services(config, page: str) -> dict[str, str]:
    options = config.html_theme_options
    branch = options.get("repository_branch") or "main"
    return services(options["repository_url"], branch, page)


class NotebookLinks(SphinxDirective):
    """A paragraph with links to the notebook of this page: the file, and Colab where it can be."""

    def run(self) -> list[nodes.Node]:
        """Return the paragraph."""
        page = self.env.docname
        if page not in self.env.app.latents_notebooks:
            raise LaunchError(f"{page}.md has no notebook that {{notebook-links}} could link.")
        up = "../" * page.count("/")
        links = {f"Download {page.rsplit('/', 1)[-1]}.ipynb": f"{up}{COPIES}/{notebook(page)}"}
        found = _services(self.config, page)
        links |= {f"Open it in {name}": url for name, url in found.items()}
        paragraph = nodes.paragraph()
        for text, url in links.items():
            paragraph += [nodes.Text(" · ")] if len(paragraph) else []
            paragraph += nodes.reference(text, text, refuri=url)
        return [paragraph]


def _launch_menu(addresses: dict[str, str]) -> dict:
    links = [
        _link(url, name, f"Open this page as a notebook in {name}", "fas fa-rocket")
        for name, url in addresses.items()
    ]
    return {
        "type": "group",
        "label": "launch-buttons",
        "tooltip": "Launch interactive content",
        "icon": "fas fa-rocket",
        "buttons": links,
    }


def _download(url: str) -> dict:
    label = "download-notebook-button"
    return _link(url, ".ipynb", "Download notebook file", "fas fa-code", label=label)


def _package(url: str) -> dict:
    label, tooltip = "download-package-button", "Download the package of the book"
    return _link(url, ".whl", tooltip, "fas fa-file", label=label)


def _link(url: str, text: str, tooltip: str, icon: str, **more: str) -> dict:
    return {"type": "link", "text": text, "tooltip": tooltip, "icon": icon, "url": url, **more}


def write_wheel(folder: Path) -> None:
    """Build the wheel of the package into a folder, and nothing else."""
    with tempfile.TemporaryDirectory() as made:
        command = [Path(sys.executable).with_name("uv"), "build", "--quiet", "--no-build-isolation"]
        done = subprocess.run(
            [*command, "--python", sys.executable, "--out-dir", made, ROOT],
            capture_output=True,
            text=True,
        )
        if done.returncode:
            raise LaunchError(f"the wheel of the package cannot be built: {done.stderr.strip()}")
        for wheel in Path(made).glob("*.whl"):
            shutil.copy(wheel, folder)


def _copy_notebooks(app, exception):
    if exception is None and app.builder.format == "html" and app.latents_notebooks:
        Path(app.outdir, COPIES).mkdir(parents=True, exist_ok=True)
        write_wheel(Path(app.outdir, COPIES))
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
