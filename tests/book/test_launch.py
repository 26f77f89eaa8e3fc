"""The buttons of a page: repository, Colab, and the notebook to download."""

import os
import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import nbformat
import pytest

import launch
from autograder.commands.setup_cell import wheel_name

PROJECT = Path(__file__).resolve().parents[2]
ADDRESS = "https://github.com/someone/book"
CONFIG = f"""\
title: Toy
only_build_toc_files: true
exclude_patterns: ["book/notebooks/**"]
execute: {{execute_notebooks: "off"}}
repository: {{url: "", branch: trunk}}
sphinx:
  recursive_update: true
  local_extensions: {{launch: {PROJECT / "book" / "_ext"}}}
  config:
    html_theme_options: {{navbar_persistent: []}}
    suppress_warnings: [myst-nb.lexer]
"""
TOC = """\
format: jb-book
root: book/index
chapters:
  - file: book/experiments/walk
  - file: book/exercises/index
    sections: [file: book/exercises/draw]
  - file: book/guide/machine
"""
CODE = """\
---
file_format: mystnb
kernelspec:
  name: python3
  display_name: Python 3
---
# A page with code

```{code-cell} ipython3
1 + 1
```
"""
LINKS = "```{notebook-links}\n```\n"
PAGES = [("book/experiments/walk", "walk.ipynb"), ("book/exercises/draw", "exercises/draw.ipynb")]


def make_toy(root: Path, *, without: str = "", address: str = ADDRESS) -> Path:
    for folder in ("experiments", "exercises", "guide", "notebooks/exercises"):
        (root / "book" / folder).mkdir(parents=True)
    (root / "_config.yml").write_text(CONFIG)
    (root / "_toc.yml").write_text(TOC)
    (root / "book" / "index.md").write_text("# Toy\n")
    (root / "book" / "experiments" / "walk.md").write_text(CODE)
    (root / "book" / "guide" / "machine.md").write_text(CODE)
    (root / "book" / "exercises" / "index.md").write_text("# Exercises\n")
    (root / "book" / "exercises" / "draw.md").write_text(f"# Draw\n\n{LINKS}")
    for _, name in PAGES:
        if name != without:
            setup = f'REPOSITORY = "git+{address}@trunk"  # {name}'
            cell = nbformat.v4.new_code_cell(setup, id="only")
            notebook = nbformat.v4.new_notebook(cells=[cell])
            nbformat.write(notebook, root / "book" / "notebooks" / name)
    return root


def build(root: Path, **environment: str) -> subprocess.CompletedProcess:
    program = Path(sys.executable).with_name("jupyter-book")
    hosted = ("GITHUB_ACTIONS", "LATENTS_REPOSITORY")
    inherited = {name: value for name, value in os.environ.items() if name not in hosted}
    return subprocess.run(
        [program, "build", root, "-W", "-n", "--keep-going"],
        env=inherited | environment,
        capture_output=True,
        text=True,
    )


def links(root: Path, page: str) -> list[str]:
    text = (root / "_build" / "html" / f"{page}.html").read_text()
    return re.findall(r'<a href="([^"]+)"', text)


@pytest.fixture(scope="module")
def anonymous(tmp_path_factory) -> Path:
    root = make_toy(tmp_path_factory.mktemp("anonymous"))
    result = build(root)
    assert result.returncode == 0, result.stdout + result.stderr
    return root


@pytest.fixture(scope="module")
def published(tmp_path_factory) -> Path:
    root = make_toy(tmp_path_factory.mktemp("published"))
    result = build(root, LATENTS_REPOSITORY=f"{ADDRESS}.git")
    assert result.returncode == 0, result.stdout + result.stderr
    return root


@pytest.mark.slow
@pytest.mark.parametrize(
    "page", ["book/experiments/walk", "book/exercises/draw", "book/guide/machine", "book/index"]
)
def test_without_an_address_no_button_leaves_the_site(anonymous, page):
    assert not [link for link in links(anonymous, page) if "github" in link or "colab" in link]
    assert "launch-buttons" not in (anonymous / "_build/html" / f"{page}.html").read_text()


@pytest.mark.slow
@pytest.mark.parametrize(("page", "name"), PAGES)
def test_with_an_address_a_page_opens_its_notebook_in_colab(published, page, name):
    colab = "https://colab.research.google.com/github/someone/book/blob/trunk"
    assert f"{colab}/book/notebooks/{name}" in links(published, page)
    blob = f"{ADDRESS}/blob/trunk/book/notebooks/{name}"
    assert f"https://kaggle.com/kernels/welcome?src={blob}" in links(published, page)
    lab = f"lab%2Ftree%2Fbook%2Fnotebooks%2F{name.replace('/', '%2F')}"
    assert f"https://mybinder.org/v2/gh/someone/book/trunk?urlpath={lab}" in links(published, page)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("address", "says", "url"),
    [
        (ADDRESS, "Open its notebook in Colab", "https://colab.research.google.com/github/"),
        ("https://gitlab.com/someone/book", "Open its notebook in Binder", launch.BINDER),
        ("https://git.example.org/book", "Download its notebook", "_notebooks/walk.ipynb"),
        ("", "Download its notebook", "_notebooks/walk.ipynb"),
    ],
)
def test_one_link_opens_a_notebook_where_that_is_possible(address, says, url):
    config = SimpleNamespace(html_theme_options={"repository_url": address})
    text, found = launch.offered(config, "book/experiments/walk", "its notebook")
    assert text == says
    assert found.startswith(url)
    assert "walk.ipynb" in found


def test_a_button_to_a_notebook_that_cannot_install_stops_the_build(tmp_path):
    root = make_toy(tmp_path, address="https://github.com/another/book")
    result = build(root, LATENTS_REPOSITORY=ADDRESS)
    assert result.returncode != 0
    sentence = "would be opened from https://github.com/someone/book, but cannot install"
    assert sentence in result.stdout + result.stderr


@pytest.mark.slow
def test_a_host_that_is_not_known_costs_the_buttons_and_not_the_site(tmp_path):
    result = build(make_toy(tmp_path), LATENTS_REPOSITORY="https://codeberg.org/someone/book")
    assert result.returncode == 0, result.stdout + result.stderr
    found = links(tmp_path, "book/experiments/walk")
    assert not [link for link in found if "codeberg" in link or "colab" in link]


@pytest.mark.slow
def test_the_site_carries_the_wheel_that_its_notebooks_install(anonymous):
    (wheel,) = (anonymous / "_build" / "html" / "_notebooks").glob("*.whl")
    assert wheel.name == wheel_name()
    assert any(link.endswith(wheel.name) for link in links(anonymous, "book/experiments/walk"))


@pytest.mark.slow
def test_a_page_without_a_notebook_has_no_colab_button(published):
    for page in ("book/guide/machine", "book/exercises/index", "book/index"):
        assert not [link for link in links(published, page) if "colab" in link]


@pytest.mark.slow
def test_with_an_address_every_page_links_the_repository_and_its_issues(published):
    for page in ("book/experiments/walk", "book/guide/machine", "book/index"):
        found = links(published, page)
        assert ADDRESS in found
        assert any(link.startswith(f"{ADDRESS}/issues/new") for link in found)


@pytest.mark.slow
@pytest.mark.parametrize(("page", "name"), PAGES)
def test_the_notebook_to_download_is_the_generated_one(anonymous, published, page, name):
    for root in (anonymous, published):
        file = root / "_build" / "html" / f"{page}.html"
        notebooks = [link for link in links(root, page) if ".ipynb" in link]
        (download,) = {link for link in notebooks if link.startswith("../")}
        generated = root / "book" / "notebooks" / name
        assert (file.parent / download).read_bytes() == generated.read_bytes()
        assert not list((root / "_build" / "html" / "_sources").rglob("*.ipynb"))


@pytest.mark.slow
def test_the_text_of_an_exercise_links_its_notebook(anonymous, published):
    download = '">Download draw.ipynb</a>'
    for root, colab in ((anonymous, False), (published, True)):
        text = (root / "_build" / "html" / "book" / "exercises" / "draw.html").read_text()
        assert f'href="../../_notebooks/exercises/draw.ipynb{download}' in text
        assert ('">Open it in Colab</a>' in text) == colab


@pytest.mark.slow
@pytest.mark.parametrize(("page", "name"), PAGES)
def test_a_page_that_lacks_its_notebook_stops_the_build_with_one_sentence(tmp_path, page, name):
    result = build(make_toy(tmp_path, without=name))
    assert result.returncode != 0
    sentence = f"{page}.md has no book/notebooks/{name}: run make notebooks."
    assert sentence in result.stdout + result.stderr
    assert not (tmp_path / "_build" / "html" / "index.html").exists()


@pytest.mark.slow
def test_links_to_a_notebook_on_a_page_that_has_none_stop_the_build(tmp_path):
    root = make_toy(tmp_path)
    (root / "book" / "index.md").write_text(f"# Toy\n\n{LINKS}")
    result = build(root)
    assert result.returncode != 0
    assert "book/index.md has no notebook that {notebook-links} could link." in result.stderr
