"""The journal of a course outlives crashes, and says in a sentence why it cannot be used."""

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from autograder import AutograderError
from autograder.gradebook import journal
from autograder.gradebook.course import STATE, Course
from autograder.gradebook.journal import Entry, Journal, read_entries

ENTRY = Entry("Zoë", "sampling", "graded", "", "ab", "cd", ("one", "two"), "ab:cd")


@pytest.fixture
def course(tmp_path):
    return tmp_path


@contextmanager
def opened(course):
    with closing(Journal(Course(course))) as found:
        yield found


def write(course, entry: Entry = ENTRY) -> Path:
    with opened(course) as known:
        known.note(entry)
    return known.file


def refused(action) -> str:
    """Return the sentence by which something ends."""
    with pytest.raises(AutograderError) as error:
        action()
    said = str(error.value)
    assert said.isprintable()
    assert said.endswith(".")
    return said


def test_what_was_noted_is_known_to_the_next_run(course):
    with opened(course) as known:
        known.note(replace(ENTRY, status="for review"))
        known.note(ENTRY)
        known.finish("cd", {"parts": {"mean": 2}, "text": "\ud800é"}, 1.5)
    with opened(course) as known:
        assert known.entry("Zoë", "sampling") == ENTRY
        assert known.entry("Zoë", "latent_loss") == Entry("Zoë", "latent_loss")
        assert known.result("cd") == {"parts": {"mean": 2}, "text": "\ud800é"}
        assert known.result("ef") is None
    assert read_entries(Course(course)) == [ENTRY]


def test_a_file_is_noted_once_with_the_first_time(course):
    with opened(course) as known:
        for _ in range(2):
            known.receive("a", "sampling", "x.ipynb", "ab", 3)
        known.receive("a", "sampling", "x.ipynb", "cd", 4)
    with closing(sqlite3.connect(known.file)) as db:
        assert db.execute("SELECT sha256, size FROM received").fetchall() == [("ab", 3), ("cd", 4)]


def test_names_that_are_no_utf_8_can_be_noted(course):
    write(course, Entry("a\udcff", "\ud800", reason="\udc80"))
    assert read_entries(Course(course)) == [Entry("a\\udcff", "\\ud800", reason="\\udc80")]


def test_a_second_writer_is_told_at_once_and_the_first_goes_on(course):
    with opened(course) as known:
        said = refused(lambda: Journal(Course(course)))
        assert "Another grading of this course is running: wait until it has ended." in said
        known.note(ENTRY)
        assert read_entries(Course(course)) == [ENTRY]  # who only reads is not kept out
    write(course, ENTRY)


def test_a_second_writer_in_another_process_is_told(course):
    code = "import sys; from pathlib import Path; from autograder.gradebook import journal; "
    code += "from autograder.gradebook.course import Course; "
    code += "journal.Journal(Course(Path(sys.argv[1])))"
    command = [sys.executable, "-c", code, str(course)]
    with opened(course):
        done = subprocess.run(command, capture_output=True, text=True)
    assert "Another grading of this course is running" in done.stderr
    assert done.returncode == 1


@pytest.mark.parametrize("content", [b"no database at all, but long enough " * 10, b"xy"])
@pytest.mark.parametrize("action", [Journal, read_entries])
def test_a_file_that_is_no_database_is_told_and_stays(course, content, action):
    file = course / STATE / journal.FILE
    file.parent.mkdir()
    file.write_bytes(content)
    message = refused(lambda: action(Course(course)))
    assert "It is not a journal: move it away and grade again." in message
    assert file.read_bytes() == content


@pytest.mark.parametrize("action", [Journal, read_entries])
def test_a_damaged_file_is_told(course, action):
    file = write(course)
    data = bytearray(file.read_bytes())
    data[100:] = b"\xff" * (len(data) - 100)
    file.write_bytes(data)
    assert "It is damaged: " in refused(lambda: action(Course(course)))


@pytest.mark.parametrize("statement", ["PRAGMA user_version = 99", "PRAGMA user_version = 0"])
@pytest.mark.parametrize("action", [Journal, read_entries])
def test_another_version_is_told_and_not_touched(course, statement, action):
    file = write(course)
    with closing(sqlite3.connect(file)) as db:
        db.execute(statement)
    before = file.read_bytes()
    assert "was written by another version" in refused(lambda: action(Course(course)))
    assert file.read_bytes() == before


def test_after_a_refusal_the_lock_is_free(course):
    file = write(course)
    file.rename(file.with_name("kept.db"))
    file.write_bytes(b"no database at all" * 100)
    refused(lambda: Journal(Course(course)))
    file.with_name("kept.db").replace(file)
    assert read_entries(Course(course)) == [ENTRY]
    write(course)


def test_an_empty_file_of_a_crash_is_a_new_journal(course):
    file = course / STATE / journal.FILE
    file.parent.mkdir()
    file.touch()
    assert read_entries(Course(course)) == []
    write(course)
    assert read_entries(Course(course)) == [ENTRY]


def test_a_course_without_a_journal_knows_nothing_and_gets_none(course):
    assert read_entries(Course(course)) == []
    assert list(course.iterdir()) == []


def test_a_folder_in_the_place_of_the_file_is_told(course):
    (course / STATE).write_text("")
    assert "Check the permissions of its folder" in refused(lambda: Journal(Course(course)))


@contextmanager
def without_rights(course):
    """Give a folder of the same content that may not be written to; root becomes another user."""
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        shutil.copytree(course, place, dirs_exist_ok=True)
        paths = [place, *place.rglob("*")]
        for each in paths:
            each.chmod(0o555 if each.is_dir() else 0o444)
        mine = os.geteuid()
        try:
            if mine == 0:
                os.seteuid(65534)
            yield place
        finally:
            os.seteuid(mine)
            for each in paths:
                each.chmod(0o755)


def test_a_folder_that_may_only_be_read_is_told_and_read(course):
    write(course)
    with without_rights(course) as place:
        assert "Check the permissions of its folder" in refused(lambda: Journal(Course(place)))
        assert read_entries(Course(place)) == [ENTRY]


def test_a_new_course_that_may_only_be_read_is_told(course):
    with without_rights(course) as place:
        assert "Permission denied" in refused(lambda: Journal(Course(place)))


def test_a_full_disk_is_told_and_nothing_is_half_written(course):
    with opened(course) as known:
        known.note(ENTRY)
        pages = known._db.execute("PRAGMA page_count").fetchone()[0]
        known._db.execute(f"PRAGMA max_page_count = {pages}")
        said = refused(lambda: known.finish("cd", {"text": "x" * 10**6}, 1))
        assert "is full. Make room on the disk and run it again" in said
        assert known.result("cd") is None
        assert known.entry("Zoë", "sampling") == ENTRY
    assert read_entries(Course(course)) == [ENTRY]


WRITER = """
import sys
from pathlib import Path
from autograder.gradebook.course import Course
from autograder.gradebook.journal import Entry, Journal
known = Journal(Course(Path(sys.argv[1])))
for number in range(10**6):
    own = str(number)
    known.receive(own, "sampling", "a.ipynb", own, number)
    known.finish(own, {"number": number, "text": "x" * 1000}, 1)
    known.note(Entry(own, "sampling", "graded", key=own, recorded=own))
    print(number, flush=True)
"""


@pytest.mark.parametrize("lines", [0, 1, 7, 40])
def test_what_was_told_as_kept_outlives_kill_9(course, lines):
    command = [sys.executable, "-c", WRITER, str(course)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as writer:
        told = [int(writer.stdout.readline()) for _ in range(lines)]
        writer.send_signal(signal.SIGKILL)
        told += map(int, writer.stdout.read().split())
    with opened(course) as known:  # the lock has ended with the process
        kept = {entry.student for entry in known.entries()}
        assert {str(number) for number in told} <= kept
        assert len(kept) <= len(told) + 1
        for own in kept:
            assert known.result(own)["number"] == int(own)
        assert known._db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        known.note(ENTRY)
    assert ENTRY in read_entries(Course(course))
