"""The gate of the build: what is broken is never a book, what is unchanged never runs twice."""

import os
import time
from types import SimpleNamespace

import pytest
from toy_book import CELL, ToyBook

pytestmark = pytest.mark.slow

BROKEN = '\nfrom latents import LatentsError\nraise LatentsError("this cell is broken.")\n'


@pytest.fixture(scope="module")
def life(tmp_path_factory):
    """Build one book again and again; note each verdict, and how often its chapter had run."""
    book = ToyBook(tmp_path_factory.mktemp("book"))
    story = {}

    def build(step, **environment):
        done = book.build(**environment)
        page = book.page().read_text() if book.page().is_file() else ""
        story[step] = SimpleNamespace(
            code=done.returncode, out=done.stdout, err=done.stderr, runs=book.runs(), page=page
        )

    book.write(cell=BROKEN)
    build("broken")
    build("still broken")
    book.write()
    build("fixed")
    build("unchanged")
    book.write(sentence="An edited sentence.")
    build("edited prose")
    build("other profile", PROFILE="full")
    book.write(sentence="See {ref}`a place that does not exist`.")
    build("dangling reference")
    story["folder"] = book.folder
    return story


def test_a_failing_cell_stops_the_build(life):
    assert life["broken"].code != 0
    assert "Traceback" in life["broken"].out
    assert life["broken"].err == "\nmake book: the book was not built: this cell is broken.\n"


def test_a_failing_cell_stops_the_second_build_as_well(life):
    assert life["still broken"].code != 0
    assert "the book was not built: this cell is broken." in life["still broken"].err


def test_a_fixed_chapter_is_run_and_the_book_is_built(life):
    assert life["fixed"].code == 0, life["fixed"].out + life["fixed"].err
    assert life["fixed"].runs == 1
    assert "six times seven is 42" in life["fixed"].page
    assert "The book is ready after" in life["fixed"].out
    assert (life["folder"] / "_build" / "html" / "index.html").is_file()


def test_figures_are_pictures_whatever_backend_the_reader_has_set(life):
    assert os.environ["MPLBACKEND"] == "Agg"  # which shows nothing
    assert life["fixed"].page.count('<img alt="') == 1


def test_an_unchanged_chapter_is_not_run_again(life):
    assert life["unchanged"].code == 0
    assert life["unchanged"].runs == 1


def test_an_edited_sentence_runs_nothing_but_is_shown(life):
    assert life["edited prose"].code == 0
    assert life["edited prose"].runs == 1
    assert "An edited sentence." in life["edited prose"].page
    assert "six times seven is 42" in life["edited prose"].page


def test_another_profile_runs_the_chapter_anew(life):
    assert life["other profile"].code == 0
    assert life["other profile"].runs == 2


def test_a_reference_to_nothing_stops_the_build_although_the_pages_exist(life):
    dangling = life["dangling reference"]
    assert dangling.code != 0
    assert dangling.page
    assert "a place that does not exist" in dangling.out
    assert "the book was not built" in dangling.err


SLOW = CELL + "\nimport time\ntime.sleep(8)\n"


@pytest.mark.parametrize("killed", [False, True])
def test_a_second_build_waits_for_the_first_even_if_that_has_lost_its_head(tmp_path, killed):
    book = ToyBook(tmp_path)
    book.write(cell=SLOW)
    first = book.start()
    while not book.runs():  # until its chapter is being executed
        assert first.poll() is None, first.communicate()
        time.sleep(0.1)
    if killed:  # Jupyter Book goes on
        first.kill()
    begin = time.monotonic()
    second = book.build()
    assert time.monotonic() - begin > 4
    first.communicate()
    assert second.returncode == 0, second.stdout + second.stderr
    assert second.stdout.startswith("Waiting: another build of this book is still running.\n")
    assert book.runs() <= 1 + killed  # one that has lost its head may end early, and keep nothing


def test_everything_that_a_build_makes_lies_in_two_folders(life):
    made = {path.name for path in life["folder"].iterdir()}
    assert made == {"_build", ".cache", "_config.yml", "_toc.yml", "book", "marker.txt"}
    assert sorted(path.name for path in (life["folder"] / "book").iterdir()) == ["index.md", "toys"]
