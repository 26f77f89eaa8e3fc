"""What search engines, other sites and lost readers find."""

import re

import pytest
from selectolax.lexbor import LexborHTMLParser

import site_pages
from finish_pages import pages

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def heads(built):
    """Return the text of every page up to the end of its head."""
    return {
        file.relative_to(built).as_posix(): file.read_text(encoding="utf-8").split("</head>")[0]
        for file in pages(built)
    }


def test_every_page_has_a_title_of_its_own(heads):
    titles = {
        name: re.search(r"<title>(.*?)</title>", head, re.S)[1] for name, head in heads.items()
    }
    del titles["index.html"]  # is the home page, at the root
    assert len(set(titles.values())) == len(titles)
    assert titles["book/index.html"] == "Latent Spaces by Experiment"


def test_every_page_of_the_book_is_described(heads):
    for name, head in heads.items():
        if name.startswith("book/"):
            (text,) = re.findall(r'<meta [^>]*name="description"[^>]*>', head) or [""]
            assert len(text) > 60, name
            assert "\\" not in text, name


def test_cards_name_the_book_and_no_address_that_is_not_known(heads):
    for name, head in heads.items():
        if name.startswith("book/"):
            assert 'property="og:site_name" content="Latent Spaces by Experiment"' in head, name
            for url in re.findall(r'property="og:url" content="([^"]*)"', head):
                assert url.startswith("http"), name


def test_one_viewport_and_no_heavy_script(heads):
    for name, head in heads.items():
        assert head.count('name="viewport"') == 1, name
        assert not re.search(r"fontawesome\.js|mathjax|thebe", head), name


def test_the_home_page_stands_at_the_root(built):
    text = (built / "index.html").read_text(encoding="utf-8")
    assert "http-equiv" not in text and "ten random numbers" in text
    for link in re.findall(r'(?:href|src)="([^"#?:]+)["#?]', text):
        assert (built / link).exists(), link


def test_pages_without_content_are_kept_from_search_engines(heads):
    hidden = {name for name, head in heads.items() if 'content="noindex"' in head}
    assert hidden == {"404.html", "search.html"}
    assert not {"genindex.html", "prf-prf.html"} & set(heads)


def test_robots_are_welcome_and_hosts_copy_every_folder(built):
    assert "Allow: /" in (built / "robots.txt").read_text()
    assert (built / ".nojekyll").is_file()


def test_with_an_address_the_map_names_every_page_once(built):
    text = site_pages.site_map(built, "https://book.org/")
    urls = re.findall(r"<loc>(.*?)</loc>", text)
    assert "https://book.org/" in urls and "https://book.org/book/foundations/elbo.html" in urls
    assert len(urls) == len(set(urls)) == len(pages(built)) - 3  # home twice, search, 404


def test_the_footer_names_the_licences(built):
    text = (built / "book" / "foundations" / "elbo.html").read_text(encoding="utf-8")
    assert "MIT licence" in text and "CC BY 4.0" in text and "Last updated on" in text


def test_the_cells_that_keep_numbers_are_folded(built):
    folded = 0
    for file in pages(built):
        page = LexborHTMLParser(file.read_text(encoding="utf-8"))
        for cell in page.css("div.cell"):
            code = "".join(block.text() for block in cell.css(".cell_input"))
            if re.search(r"^metrics = \{|\brecords\.(?:write|quote)\(", code, re.M):
                assert "hide" in cell.html[:300], (file.name, code[:100])
                folded += 1
    assert folded >= 11
