"""The gate of the build: what is broken is never a book, what is unchanged never runs twice."""

import os
import select
import signal
import time
from types import SimpleNamespace

import pytest
from toy_book import ToyBook

pytestmark = [
    pytest.mark.slow,
    pytest.mark.kept("book/_ext", "book/_tools", "book/latents", "_config.yml"),
]

BROKEN = '\nfrom latents import LatentsError\nraise LatentsError("this cell is broken.")\n'
WAITING = "Waiting: another build of this book is still running.\n"


def line(process) -> str:
    """Return the next line that a build prints; what follows it stays unread."""
    read = b""
    while not read.endswith(b"\n") and (more := os.read(process.stdout.fileno(), 1)):
        read += more
    return read.decode()


@pytest.fixture(scope="module")
def life(tmp_path_factory):
    """Build one book again and again; note each verdict, and how often its chapter had run."""
    book = ToyBook(tmp_path_factory.mktemp("book"))
    story = {}

    def note(step, process, heard=""):
        out, err = process.communicate()
        page = book.page().read_text() if book.page().is_file() else ""
        story[step] = SimpleNamespace(
            code=process.returncode, out=heard + out, err=err, runs=book.runs(), page=page
        )

    def build(step, **environment):
        note(step, book.start(**environment))

    def build_twice(first_step, second_step, killed, **environment):
        """Begin a second build while the chapter is executed for the first one."""
        before = book.runs()
        with book.held():
            first = book.start(**environment)
            while book.runs() == before:
                assert first.poll() is None, first.communicate()
                time.sleep(0.1)
            if killed:  # Jupyter Book goes on
                first.kill()
                first.wait()
            second = book.start(**environment)
            heard = line(second)
            went_on, _, _ = select.select([second.stdout], [], [], 2)
            story[f"while {second_step} waits"] = SimpleNamespace(
                heard=heard, went_on=bool(went_on), runs=book.runs() - before
            )
        note(first_step, first)
        note(second_step, second, heard)

    book.write(cell=BROKEN)
    build("broken")
    build("still broken")
    book.write()
    build_twice("lost its head", "fixed", killed=True)
    book.write(sentence="An edited sentence.")
    build("edited prose")
    build_twice("other profile", "unchanged", killed=False, PROFILE="full")
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
    assert life["fixed"].runs >= 1
    assert "six times seven is 42" in life["fixed"].page
    assert "The book is ready after" in life["fixed"].out
    assert (life["folder"] / "_build" / "html" / "index.html").is_file()


def test_figures_are_pictures_whatever_backend_the_reader_has_set(life):
    assert os.environ["MPLBACKEND"] == "Agg"  # which shows nothing
    assert life["fixed"].page.count('<img alt="') == 1


def test_an_unchanged_chapter_is_not_run_again(life):
    assert life["unchanged"].code == 0
    assert life["unchanged"].runs == life["other profile"].runs


def test_an_edited_sentence_runs_nothing_but_is_shown(life):
    assert life["edited prose"].code == 0
    assert life["edited prose"].runs == life["fixed"].runs
    assert "An edited sentence." in life["edited prose"].page
    assert "six times seven is 42" in life["edited prose"].page


def test_another_profile_runs_the_chapter_anew(life):
    assert life["other profile"].code == 0
    assert life["other profile"].runs == life["edited prose"].runs + 1


def test_a_reference_to_nothing_stops_the_build_although_the_pages_exist(life):
    dangling = life["dangling reference"]
    assert dangling.code != 0
    assert dangling.page
    assert "a place that does not exist" in dangling.out
    assert "the book was not built" in dangling.err


@pytest.mark.parametrize("step", ["fixed", "unchanged"])
def test_a_second_build_waits_for_the_first_even_if_that_has_lost_its_head(life, step):
    waiting = life[f"while {step} waits"]
    assert waiting.heard == WAITING
    assert not waiting.went_on
    assert waiting.runs == 1  # in the first build
    assert life[step].code == 0, life[step].out + life[step].err
    assert life[step].out.startswith(f"{WAITING}Building the book")


def test_a_build_that_has_lost_its_head_does_not_harm_the_next(life):
    assert life["lost its head"].code == -signal.SIGKILL
    assert life["fixed"].runs <= 2  # the first may end early, and keep nothing


def test_everything_that_a_build_makes_lies_in_two_folders(life):
    made = {path.name for path in life["folder"].iterdir()}
    assert made == {"_build", ".cache", "_config.yml", "_toc.yml", "book", "marker.txt"}
    assert sorted(path.name for path in (life["folder"] / "book").iterdir()) == ["index.md", "toys"]
