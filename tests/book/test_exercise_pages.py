"""The pages of the graded exercises say what the autograder does, and are linked both ways."""

import json
import re

import chapter_text
import pytest
from chapter_text import PROJECT
from sphinx_external_toc.parsing import parse_toc_yaml

from autograder import checks
from autograder.commands import check

BOOK = PROJECT / "book"
PAGES = {name: (BOOK / "exercises" / f"{name}.md").read_text() for name in checks.NAMES}
INDEX = (BOOK / "exercises" / "index.md").read_text()
STUDENTS = (BOOK / "guide" / "students.md").read_text()
CHAPTERS = {
    "sampling": ("foundations/elbo", "experiments/vae"),
    "latent_loss": ("foundations/kl_divergence", "experiments/vae"),
    "tfp_encoder": ("experiments/tfp_vae",),
}
each_exercise = pytest.mark.parametrize("name", checks.NAMES)


def scores(page: str) -> list[tuple[str, int]]:
    """Return the first column and the points of the table that has points."""
    table = re.search(r"^\| [^\n]*\| points \|\n\|[- |]+\|\n((?:\|.*\|\n)+)", page, re.M)
    rows = [line.strip("| ").split(" | ") for line in table[1].splitlines()]
    return [(cells[0].strip(), int(cells[-1])) for cells in rows]


def linked(page: str, folder: str) -> set[str]:
    """Return the pages that a page links, with {doc} or with {ref} to one of their sections."""
    roles = re.findall(r"\{(doc|ref)\}`(?:[^`<]*<)?([^`<>]+)>?`", page)
    labels = {
        label: file.relative_to(BOOK).with_suffix("").as_posix()
        for file in BOOK.rglob("*.md")
        for label in re.findall(r"^\(([\w-]+)\)=$", file.read_text(), re.M)
    }
    found = set()
    for role, target in roles:
        file = (BOOK / folder / target).resolve()
        found.add(labels.get(target) if role == "ref" else file.relative_to(BOOK).as_posix())
    return found - {None}


@each_exercise
def test_the_table_of_a_page_is_that_of_the_autograder(name):
    assert scores(PAGES[name]) == [(part.name, part.points) for part in checks.load(name).parts]


def test_the_first_page_lists_every_exercise_with_its_points():
    total = {name: sum(part.points for part in checks.load(name).parts) for name in checks.NAMES}
    assert scores(INDEX) == [(f"{{doc}}`{name}`", points) for name, points in total.items()]


def test_a_changed_score_would_be_noticed():
    page = PAGES["sampling"].replace("| 1 |", "| 3 |", 1)
    assert scores(page) != scores(PAGES["sampling"])


def test_the_contents_list_the_pages_in_order():
    toc = [str(name).removesuffix(".md") for name in parse_toc_yaml(PROJECT / "_toc.yml")]
    pages = [f"book/exercises/{name}" for name in ("index", *checks.NAMES)]
    assert [page for page in toc if page.startswith("book/exercises/")] == pages
    assert "book/guide/students" in toc


@each_exercise
def test_a_page_links_its_notebook_the_rules_and_the_way_to_hand_in(name):
    assert PAGES[name].count("```{notebook-links}\n```") == 1
    assert {"exercises/index", "guide/students"} <= linked(PAGES[name], "exercises")


@each_exercise
def test_a_page_and_the_chapters_that_teach_it_link_each_other(name):
    assert set(CHAPTERS[name]) <= linked(PAGES[name], "exercises")
    for chapter in CHAPTERS[name]:
        folder = chapter.split("/")[0]
        assert f"exercises/{name}" in linked((BOOK / f"{chapter}.md").read_text(), folder)


def test_the_home_page_leads_to_the_exercises():
    home = linked((BOOK / "index.md").read_text(), "")
    assert {"exercises/index", "guide/students"} <= home
    assert {f"exercises/{name}" for name in checks.NAMES} <= home


def test_the_pages_are_plain_text():
    for page in (*PAGES.values(), INDEX, STUDENTS):
        assert "{code-cell}" not in page and not page.startswith("---")
        assert re.match(r"\([\w-]+\)=\n# \S", page)


def test_the_guide_explains_every_mark_of_the_table_and_names_every_notebook():
    explained = re.findall(r"^\| (\S) \|", STUDENTS, re.M)
    assert set(explained) == {mark for mark, _ in check.MARKS.values()}
    for name in checks.NAMES:
        assert f"`{name}.ipynb`" in INDEX
    assert "# YOUR CODE HERE\nraise NotImplementedError()" in STUDENTS
    assert 'pip install ".[grade]"' in STUDENTS and 'pip install ".[grade]"' in INDEX


def test_the_number_of_weights_is_that_of_the_chapter():
    record = json.loads((BOOK / "records" / "full" / "tfp_vae.json").read_text())
    weights = f"{record['metrics']['encoder_parameters']:,.0f} weights"
    assert weights in chapter_text.prose(PAGES["tfp_encoder"])
