"""Every file that was handed in is kept under its hash, complete and once, or the run ends."""

import errno
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace

import pytest
import skips
from kept_files import kept, received
from nbgrader.utils import parse_utc

from autograder import AutograderError
from autograder.gradebook.course import STATE, Course
from autograder.gradebook.journal import Journal
from autograder.submissions import collect
from autograder.submissions import store as store
from autograder.submissions.folders import stamps, unwrap

NAME = "sampling"
FILES = {
    "ann/sampling/sampling.ipynb": b"{}",
    "ann/sampling/picture.png": b"\x89PNG",
    "ann/sampling/deep/er/data.csv": b"1,2",
    "ann/sampling/.hidden": b"hidden",
    "ann/sampling/empty": b"",
    "ann/latent_loss/latent_loss.ipynb": b"{}",  # as another
    "ann/nowhere/x.py": b"import os",  # no assignment
    "ann/notes.txt": b"note",
    "bob\n/sampling/sampling.ipynb": b"bob",
    "work.zip": b"PK",
}


@pytest.fixture
def course(tmp_path):
    for name, content in FILES.items():
        file = tmp_path / "submitted" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    return tmp_path


def find(course: Path) -> dict:
    """Return what is found, by student and assignment."""
    with closing(Journal(Course(course))) as journal:
        found = list(collect.find(Course(course), journal, None, None))
    return {(each.student, each.assignment): each for each in found}


def refused(course: Path) -> str:
    """Return the sentence by which the run ends."""
    with pytest.raises(AutograderError) as error:
        find(course)
    assert str(error.value).isprintable()
    return str(error.value)


def test_every_file_is_kept_once_whether_it_can_be_graded_or_not(course):
    find(course)
    assert sorted(kept(course).values()) == sorted(set(FILES.values()))
    assert len(received(course)) == len(FILES)
    find(course)
    assert len(received(course)) == len(FILES)


def test_the_journal_knows_whose_every_file_is(course):
    find(course)
    names = {(student, assignment, path) for student, assignment, path, _ in received(course)}
    assert ("ann", "sampling", "deep/er/data.csv") in names
    assert ("ann", "nowhere", "x.py") in names
    assert ("ann", "", "notes.txt") in names
    assert ("", "", "work.zip") in names


def test_a_file_is_kept_before_its_submission_is_given(course):
    with closing(Journal(Course(course))) as journal:
        for each in collect.find(Course(course), journal, None, None):
            if each.file:
                assert kept(course)[each.sha256] == each.file.read_bytes()


def test_a_changed_file_is_kept_beside_the_old_one(course):
    find(course)
    file = course / "submitted" / "ann" / NAME / f"{NAME}.ipynb"
    file.write_bytes(b"second")
    find(course)
    file.unlink()
    find(course)
    assert {b"{}", b"second"} <= set(kept(course).values())
    rows = [row for row in received(course) if row[:3] == ("ann", NAME, file.name)]
    assert len(rows) == 2


def test_a_file_that_is_too_large_is_told_and_the_others_are_kept(course, monkeypatch):
    monkeypatch.setattr(store, "LARGEST", 4)
    found = find(course)
    assert "hidden is 0.0 GiB, more than the" in found["ann", NAME].reason
    assert found["ann", NAME].reason.endswith("that a kept file may have: remove it.")
    assert found["ann", "latent_loss"].file
    assert b"hidden" not in kept(course).values()
    assert {b"1,2", b"PK"} <= set(kept(course).values())


# What cannot be read


@contextmanager
def without(course: Path, mode: int, *names: str):
    """Take rights away from files; root becomes another user, for whom rights count."""
    mine = os.geteuid()
    with tempfile.TemporaryDirectory() as folder:  # to which pytest's way is not open to others
        place = Path(folder) / "course"
        shutil.copytree(course, place)
        if mine == 0:
            for each in [Path(folder), place, *place.rglob("*")]:
                os.chown(each, 65534, 65534)
        try:
            if mine == 0:
                os.seteuid(65534)
            before = {place / name: (place / name).stat().st_mode for name in names}
            for each in before:
                each.chmod(mode)
            yield place
        finally:
            for each, old in before.items():
                each.chmod(old)
            os.seteuid(mine)


@pytest.mark.parametrize(
    ("mode", "name"),
    [
        *((0, name) for name in ("sampling.ipynb", "picture.png", "deep", "deep/er", ".")),
        *((0o400, name) for name in ("deep", "deep/er", ".")),  # names are seen, files are not
    ],
)
def test_what_cannot_be_read_is_for_review(course, mode, name):
    path = f"submitted/ann/{NAME}/{name}"
    with without(course, mode, path) as place:
        found = find(place)
        assert found["ann", NAME].reason.endswith("cannot be read: Permission denied.")
        assert found["ann", "latent_loss"].file
        assert b"PK" in kept(place).values()


@pytest.mark.parametrize("mode", [0, 0o400])
def test_a_student_whose_folder_cannot_be_read_is_for_review(course, mode):
    with without(course, mode, "submitted/ann") as place:
        found = find(place)
        told = [each.reason for (student, _), each in found.items() if student == "ann"]
        assert told
        assert all(reason.endswith("cannot be read: Permission denied.") for reason in told)
        assert b"bob" in kept(place).values()


def test_a_folder_of_all_that_cannot_be_read_is_told(course):
    with without(course, 0, "submitted") as place:
        assert refused(place) == "submitted cannot be read: Permission denied."


def test_a_course_that_cannot_be_read_is_told(course):
    told = pytest.raises(AutograderError, match=r"course cannot be read: Permission denied\.$")
    with without(course, 0, ".") as place, told:
        collect.stray_files(Course(place))


def test_a_disk_that_fails_while_a_file_is_read_is_told_of_this_file(course, monkeypatch):
    def fail(*_):
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(store.hashlib, "file_digest", fail)
    assert find(course)["ann", NAME].reason == ".hidden cannot be read: Input/output error."


def test_a_file_that_changes_while_it_is_read_is_told(course, monkeypatch):
    monkeypatch.setattr(store.hashlib, "file_digest", lambda *_: hashlib.sha256(b"before"))
    found = find(course)
    assert found["ann", NAME].reason == ".hidden changed while it was read: run it again."
    assert kept(course) == {}


# What cannot be written


@pytest.mark.parametrize("call", ["fsync", "replace", "mkdir"])
def test_a_full_disk_ends_the_run_and_leaves_no_half_file(course, call, monkeypatch):
    def fail(*_, **__):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(*((os, call) if call == "fsync" else (Path, call)), fail)
    said = refused(course) if call != "mkdir" else refused_with_a_journal(course, fail, monkeypatch)
    assert "cannot be kept in " in said
    assert "received: No space left on device. Make room there" in said
    assert kept(course) == {}
    monkeypatch.undo()
    find(course)
    assert len(kept(course)) == len(set(FILES.values()))


def refused_with_a_journal(course, fail, monkeypatch) -> str:
    """Return how the run ends if folders can no longer be made once there is a journal."""
    monkeypatch.undo()
    (course / STATE).mkdir()
    monkeypatch.setattr(Path, "mkdir", lambda self, **given: fail() if "parents" in given else None)
    return refused(course)


SMALL = 64 * 2**10  # bytes
REAL = """
import sys
from contextlib import closing
from pathlib import Path
from autograder import AutograderError
from autograder.gradebook.course import Course
from autograder.gradebook.journal import Journal
from autograder.submissions import collect
try:
    with closing(Journal(Course(Path(sys.argv[1])))) as journal:
        list(collect.find(Course(Path(sys.argv[1])), journal, None, None))
except AutograderError as error:
    print(error)
print(*(file.name for file in Path(sys.argv[1]).rglob("received/*/*")), sep="\\n")
"""


@pytest.mark.parametrize("size", [2 * SMALL, SMALL - 1])
def test_a_disk_that_is_really_full_ends_the_run(course, size):
    (course / "submitted" / "ann" / NAME / "large").write_bytes(b"x" * size)
    place = course / STATE / "received"
    place.mkdir(parents=True)
    inside = f'mount -t tmpfs -o size={SMALL} tmpfs "$0" && exec "$@"'
    done = subprocess.run(
        ["unshare", "--mount", "sh", "-c", inside, place, sys.executable, "-c", REAL, course],
        capture_output=True,
        text=True,
    )
    if "Operation not permitted" in done.stderr or "permission denied" in done.stderr:
        pytest.skip(skips.NO_ROOT)
    said, *names = done.stdout.splitlines()
    assert "received: No space left on device. Make room there" in said, done.stderr
    assert not [name for name in names if len(name) != 64]
    assert len(names) < len(FILES)


def test_a_file_in_the_place_of_the_store_is_told(course):
    (course / STATE).mkdir()
    (course / STATE / "received").write_text("")
    assert "cannot be kept in" in refused(course)


def test_a_store_without_rights_ends_the_run(course):
    find(course)
    (course / "submitted" / "ann" / NAME / "new").write_bytes(b"new")
    with without(course, 0, f"{STATE}/received") as place:
        reason = "received: Permission denied. Make room there or check the permissions"
        assert reason in refused(place)


@pytest.mark.parametrize("kind", ["link", "pipe"])
def test_what_becomes_no_file_after_it_was_looked_at_is_told(course, monkeypatch, kind):
    file = course / "submitted" / "ann" / NAME / "sampling.ipynb"
    (course / "secret").write_text("secret")
    look = store.is_file

    def replaced(path):
        found = look(path)
        if path == file:
            file.unlink()
            file.symlink_to(course / "secret") if kind == "link" else os.mkfifo(file)
        return found

    monkeypatch.setattr(store, "is_file", replaced)
    assert "sampling.ipynb cannot be read: " in find(course)["ann", NAME].reason
    assert b"secret" not in kept(course).values()


# The time of a submission


@pytest.mark.parametrize(
    ("content", "hour"),
    [
        (b"2026-11-01 12:00:00 UTC\n", 12),
        (b"2026-11-01 12:00:00.5 Europe/Zurich", 11),
        (b"2026-11-01 12:00:00 CET", 11),
        (b"2026-11-01T12:00:00 CET", 11),
        (b"2026-11-01T12:00:00CET", 11),
        (b"2026-11-01 12:00:00 Z", 12),
        (b"2026-11-01T12:00:00Z", 12),
        (b"2026-11-01T12:00:00+02:00", 10),
        (b"2026-11-01 12:00", 12),
        (b"2026-11-01T12:00", 12),
        (b"2026-11-01 12:00:00 Nowhere", None),
        (b"2026-11-01T12:00:00 Nowhere", None),
        (b"2026-11-01T12:00:00XX", None),
        (b"2026-11-01T10:00:00 PM", None),
        (b"2026-11-01 12:00:00 localtime", None),
        (b"2026-11-01 12:00:00 /etc/localtime", None),
        (b"2026-11-01 12:00:00 ../etc/localtime", None),
        (b"2026-13-01 12:00:00", None),
        (b"0001-01-01T00:00:00+14:00", None),
        (b"yesterday", None),
        (b"", None),
        (b"\xff\xfe", None),
        (b"2026-11-01 12:00:00 UTC" + b" " * 10**6, None),
    ],
)
def test_only_a_time_is_taken_for_one(course, content, hour):
    (course / "submitted" / "ann" / NAME / "timestamp.txt").write_bytes(content)
    stamp, problem = stamps.read_timestamp(find(course)["ann", NAME].stamp)
    assert (None if stamp is None else parse_utc(stamp.decode()).hour) == hour
    assert ("timestamp.txt contains no time" in problem) == (hour is None)


def test_the_time_is_that_of_the_kept_copy(course):
    file = course / "submitted" / "ann" / NAME / "timestamp.txt"
    file.write_text("2026-11-01 12:00:00 UTC")
    stamp = find(course)["ann", NAME].stamp
    file.write_text("2026-11-29 12:00:00 UTC")
    assert stamps.read_timestamp(stamp) == (b"2026-11-01 12:00:00 UTC", "")


@pytest.mark.parametrize("offset", ["+02:00", " +02:00", "+0200", " +0200"])
def test_an_offset_is_one_of_hours(course, offset):
    text = f"2026-11-01 12:00:00{offset}"
    (course / "submitted" / "ann" / NAME / "timestamp.txt").write_text(text)
    found, problem = stamps.read_timestamp(find(course)["ann", NAME].stamp)
    assert (parse_utc(found.decode()), problem) == (datetime(2026, 11, 1, 10), "")


def test_without_a_time_there_is_no_problem(course):
    assert stamps.read_timestamp(find(course)["ann", NAME].stamp) == (None, "")


def test_a_link_is_no_time(course):
    file = course / "submitted" / "ann" / NAME / "timestamp.txt"
    (course / "time").write_text("2026-11-01 12:00:00 UTC")
    file.symlink_to(course / "time")
    found, problem = stamps.read_timestamp(find(course)["ann", NAME].stamp)
    assert found is None
    assert "contains no time" in problem


# Links and sizes


def test_a_link_that_cannot_be_followed_beside_the_folders_ends_nothing(course):
    (course / "submitted" / "ann" / ".x").symlink_to("a" * 300)
    (course / "submitted" / "zoe").symlink_to("a" * 300)
    found = find(course)
    assert ("ann", NAME) in found
    assert "is a link" in found["zoe", ""].reason


def test_an_unforeseen_error_of_any_kind_in_a_folder_costs_one_submission(course, monkeypatch):
    def fail(*_):
        raise MemoryError

    monkeypatch.setattr(collect, "file_problem", fail)
    assert find(course)["ann", NAME].reason == (
        "The autograder failed on its files: MemoryError. Please report this."
    )


def test_a_file_for_which_the_disk_has_no_room_costs_its_submission(course, monkeypatch):
    monkeypatch.setattr(store, "LARGE", 10**6)
    monkeypatch.setattr(store.shutil, "disk_usage", lambda _: SimpleNamespace(free=10**7))
    with (course / "submitted" / "ann" / NAME / "model.h5").open("wb") as file:
        file.truncate(10**8)
    assert "model.h5 is 0.1 GiB, more than the disk of the course has left" in (
        find(course)["ann", NAME].reason
    )


def test_a_huge_document_without_the_ending_of_a_notebook_is_not_read(tmp_path, monkeypatch):
    monkeypatch.setattr(unwrap, "MOST_VALUES", 100)
    file = tmp_path / "big.txt"
    file.write_text('{"cells": [' + "0," * 200 + "0]}")
    assert not unwrap.is_misnamed_notebook(file.name, file)
    file.write_text('{"cells": []}')
    assert unwrap.is_misnamed_notebook(file.name, file)
