"""Chapters are executed two at a time, and each before the pages that read what it wrote."""

import os
import re
import signal
import subprocess
import threading
import time

import psutil
import pytest
import zmq
from jupyter_client.channels import HBChannel
from toy_book import ToyBook

import execute_ahead

pytestmark = [
    pytest.mark.slow,
    pytest.mark.kept("book/_ext", "book/_tools", "book/latents", "_config.yml"),
]
MEET = """
import os, sys, time
from pathlib import Path
here = Path(os.environ["TOY_MARKER"]).parent
(here / "{me}.started").touch()
for _ in range(600):
    if (here / "{other}.started").exists():
        break
    time.sleep(0.1)
else:
    sys.exit("I was alone.")
time.sleep({then})
(here / "{me}.written").touch()
print("{me} met {other}")
"""
READ = """
from pathlib import Path
import os
# as records.read("one") would
written = sorted(Path(os.environ["TOY_MARKER"]).parent.glob("*.written"))
print("it found", *[path.stem for path in written])
"""
WAIT = """
import os, time
from pathlib import Path
Path(os.environ["TOY_MARKER"]).with_suffix(".pid").write_text(str(os.getpid()))
time.sleep(300)
"""
FAIL = """
import os, time
from pathlib import Path
while not Path(os.environ["TOY_MARKER"]).with_suffix(".pid").exists():
    time.sleep(0.1)
raise ValueError("this cell is broken")
"""


def wait_for_pid(book) -> int:
    file = book.marker.with_suffix(".pid")
    end = time.monotonic() + 180
    while not (file.exists() and file.read_text()):
        assert time.monotonic() < end, "no kernel has started"
        time.sleep(0.1)
    return int(file.read_text())


def ends(pid, seconds=60) -> bool:
    """Say whether a process ends soon; one that has ended but is not yet reaped counts."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            if psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
                return True
        except psutil.NoSuchProcess:
            return True
        time.sleep(0.2)
    return False


@pytest.fixture(scope="module")
def pair(tmp_path_factory):
    """Build a book of two chapters that wait for each other, and of a page that reads theirs."""
    book = ToyBook(tmp_path_factory.mktemp("book"))
    book.write(READ, name="a_reader")  # the first in the order of names
    book.write(MEET.format(me="one", other="two", then=0), name="one")
    book.write(MEET.format(me="two", other="one", then=2), name="two")
    book.write("\nprint(1)\n")
    return book, book.build()


def test_two_chapters_run_at_a_time(pair):
    book, done = pair
    assert done.returncode == 0, done.stdout + done.stderr
    assert "one met two" in book.page("toys/one").read_text()
    assert "two met one" in book.page("toys/two").read_text()


def test_each_is_executed_once_and_then_found_in_the_cache(pair):
    book, done = pair
    for page in ("one", "two", "a_reader"):
        file = f"{book.pages / page}.md"
        assert done.stdout.count(f"{file}: Executed notebook in") == 1
        assert done.stdout.count(f"{file}: Using cached notebook") == (page != "a_reader")


def test_a_page_that_reads_records_comes_after_all_that_write_them(pair):
    book, _ = pair
    assert "it found one two" in book.page("toys/a_reader").read_text()


@pytest.mark.parametrize("waiting", ["a_waiting", "z_waiting"])
def test_a_failing_cell_is_shown_once_and_stops_the_other_chapter(tmp_path, waiting):
    book = ToyBook(tmp_path)
    book.write(FAIL)
    book.write(WAIT, name=waiting)
    begin = time.monotonic()
    done = book.build()
    assert done.returncode != 0
    assert len(re.findall(r"ValueError.*: this cell is broken", plain(done.stdout))) == 1
    assert "KeyError" not in done.stdout
    failed = "book/toys/toy: a cell failed, see above."
    assert done.stderr == f"\nmake book: the book was not built: {failed}\n"
    assert time.monotonic() - begin < 240
    assert ends(wait_for_pid(book))


def plain(text) -> str:
    """Return a text without colours."""
    return re.sub(r"\x1b\[[0-9;]*m", "", text)


@pytest.mark.parametrize(
    ("cell", "error"),
    [
        ("\nimport os\nos._exit(3)\n", "Kernel died"),
        ("\n:tags: [unclosed\n\nprint(1)\n", "Code cell 1 at line"),
    ],
)
def test_a_page_that_cannot_be_executed_is_named(tmp_path, cell, error):
    book = ToyBook(tmp_path)
    book.write(cell, name="broken")
    book.write("\nprint(1)\n")
    done = book.build()
    assert done.returncode != 0
    assert error in done.stdout
    assert "book/toys/broken" in done.stderr


def test_a_page_with_settings_of_its_own_is_left_to_myst_nb(tmp_path):
    book = ToyBook(tmp_path)
    book.write()
    file = book.pages / "toy.md"
    header = "kernelspec:"
    settings = "mystnb:\n  execution_mode: force\n"
    file.write_text(file.read_text().replace(header, settings + header, 1))
    done = book.build()
    assert done.returncode == 0, done.stdout + done.stderr
    assert book.runs() == 1


@pytest.mark.parametrize("sent", [signal.SIGKILL, signal.SIGTERM])
def test_when_jupyter_book_is_killed_nothing_keeps_the_next_build_waiting(tmp_path, sent):
    book = ToyBook(tmp_path)
    book.write(WAIT)
    process = book.start()
    kernel = wait_for_pid(book)
    (jupyter_book,) = psutil.Process(process.pid).children()
    jupyter_book.send_signal(sent)
    out, err = process.communicate(timeout=180)
    assert process.returncode != 0, out + err
    assert ends(kernel)
    book.write("\nprint(1)\n")
    assert book.build().returncode == 0


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_a_build_that_is_stopped_leaves_no_kernel(tmp_path, sent):
    book = ToyBook(tmp_path)
    book.write(WAIT)
    with subprocess.Popen(
        book.command(), env=book.environment(), start_new_session=True,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    ) as process:  # fmt: skip
        kernel = wait_for_pid(book)
        os.killpg(process.pid, sent)
        process.wait(60)
    assert ends(kernel)


def test_a_heartbeat_that_is_stopped_before_it_begins_keeps_nothing_waiting(monkeypatch):
    monkeypatch.setattr(HBChannel, "join", threading.Thread.join)
    monkeypatch.setattr(execute_ahead, "HEARTBEAT_SECONDS", 0.5)
    execute_ahead._bound_the_wait_for_heartbeats()
    may_end = threading.Event()
    monkeypatch.setattr(HBChannel, "run", lambda channel: may_end.wait(60))
    channel = HBChannel(context=zmq.Context(), address=("127.0.0.1", 9))
    channel.start()
    begin = time.monotonic()
    channel.stop()
    assert time.monotonic() - begin < 5
    may_end.set()
