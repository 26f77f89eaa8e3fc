"""What is written into a site, and what an earlier build has left there."""

import pytest
from sphinx.application import Sphinx

from finish_pages import pages

pytestmark = pytest.mark.slow
CONFIG = """
project = "Two pages"
extensions = ["finish_pages"]
html_theme = "sphinx_book_theme"
html_use_index = False
html_domain_indices = False
"""


def build(folder) -> set[str]:
    """Build a site of the ``.rst`` files of a folder, and return the names of its pages."""
    site = folder / "site"
    app = Sphinx(folder, folder, site, folder / "doctrees", "html", status=None, freshenv=True)
    app.build()
    return {file.relative_to(site).as_posix() for file in pages(site)}


def test_a_page_that_the_book_no_longer_has_leaves_the_site(tmp_path):
    (tmp_path / "conf.py").write_text(CONFIG, encoding="utf-8")
    contents = "Home\n====\n\n.. toctree::\n\n   old\n"
    (tmp_path / "index.rst").write_text(contents, encoding="utf-8")
    (tmp_path / "old.rst").write_text("Old\n===\n\nA page.\n", encoding="utf-8")
    assert build(tmp_path) == {"index.html", "old.html", "search.html"}
    (tmp_path / "old.rst").unlink()
    (tmp_path / "index.rst").write_text("Home\n====\n\nAlone.\n", encoding="utf-8")
    assert build(tmp_path) == {"index.html", "search.html"}
