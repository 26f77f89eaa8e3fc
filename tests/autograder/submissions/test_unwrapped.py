"""A notebook in a folder of a folder or in an archive is taken; else what lies there is named."""

import bz2
import gzip
import hashlib
import io
import os
import stat
import struct
import tarfile
import time
import zipfile

import made_up
import pytest
from kept_files import kept, received
from made_up import NAME, OUTCOME, RIGHT, grade, outcome, replay
from test_submitted import course, found, only, put, refused  # noqa: F401

from autograder.commands import report
from autograder.gradebook.course import Course
from autograder.gradebook.journal import read_entries
from autograder.submissions.folders import archives
from autograder.submissions.notebooks import LARGEST

IPYNB = f"{NAME}.ipynb"
MISSING = f"There is no notebook: {IPYNB} is missing"
MIB = 2**20


def zipped(*members: tuple[str, bytes], **how) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", **how) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return made.getvalue()


def tarred(*members: tuple[str, bytes], packed=bytes) -> bytes:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as archive:
        for name, content in members:
            told = tarfile.TarInfo(name)
            told.size = len(content)
            archive.addfile(told, io.BytesIO(content))
    return packed(made.getvalue())


PACKERS = {
    "sampling.zip": zipped,
    "stored.ZIP": lambda *each: zipped(*each, compression=zipfile.ZIP_STORED),
    "deflated.zip": lambda *each: zipped(*each, compression=zipfile.ZIP_DEFLATED),
    "sampling.tar": tarred,
    "sampling.tar.gz": lambda *each: tarred(*each, packed=gzip.compress),
    "sampling.tgz": lambda *each: tarred(*each, packed=gzip.compress),
    "sampling.tar.bz2": lambda *each: tarred(*each, packed=bz2.compress),
}
LEFT = [("__MACOSX/._sampling.ipynb", b"x"), (".ipynb_checkpoints/a-checkpoint.ipynb", b"x")]


# What is taken


@pytest.mark.parametrize("inner", [IPYNB, f"{NAME}/{IPYNB}", "home/ann/course/mine.ipynb"])
@pytest.mark.parametrize("packer", PACKERS)
def test_the_only_notebook_of_an_archive_is_taken(course, packer, inner):  # noqa: F811
    content = PACKERS[packer](("data.csv", b"1"), *LEFT, (inner, b"{1}"))
    put(course, "ann", NAME, packer, content=content)
    each = only(course)
    sha256 = hashlib.sha256(b"{1}").hexdigest()
    assert (each.name, each.sha256, each.file.read_bytes()) == (f"{packer}/{inner}", sha256, b"{1}")
    assert each.file.is_relative_to(course / ".autograder" / "received")
    assert {*kept(course).values()} == {content, b"{1}"}
    assert ("ann", NAME, f"{packer}/{inner}", sha256) in received(course)


@pytest.mark.parametrize("inner", [f"{NAME}/{IPYNB}", "deeper/and/deeper/mine (1).ipynb"])
def test_the_only_notebook_of_the_folders_below_is_taken(course, inner):  # noqa: F811
    put(course, "ann", NAME, *inner.split("/"), content=b"{3}")
    put(course, "ann", NAME, "sampling.zip")
    put(course, "ann", NAME, "deeper", ".ipynb_checkpoints", "x-checkpoint.ipynb")
    each = only(course)
    assert (each.file.read_bytes(), each.name, each.renamed) == (b"{3}", inner, True)


def test_of_several_the_one_of_the_right_name_is_taken(course):  # noqa: F811
    content = zipped(("a/copy.ipynb", b"{2}"), (f"a/{IPYNB}", b"{1}"))
    put(course, "ann", NAME, "work.zip", content=content)
    assert only(course).file.read_bytes() == b"{1}"


def test_an_archive_in_a_folder_is_opened(course):  # noqa: F811
    put(course, "ann", NAME, "more", "work.zip", content=zipped((IPYNB, b"{1}")))
    assert only(course).name == f"more/work.zip/{IPYNB}"


NOTEBOOK = b'{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}'


@pytest.mark.parametrize("name", ["sampling.txt", "sampling.json", "sampling"])
def test_a_notebook_under_another_name_is_known_by_its_content(course, name):  # noqa: F811
    put(course, "ann", NAME, name, content=NOTEBOOK)
    put(course, "ann", NAME, "notes.txt", content=b"{}")
    each = only(course)
    assert (each.name, each.file.read_bytes()) == (name, NOTEBOOK)


# What is not


@pytest.mark.parametrize(
    ("files", "told"),
    [
        ([], f"{MISSING}, and nothing else is there: submit it again."),
        (["timestamp.txt"], f"{MISSING}, and nothing else is there: submit it again."),
        (["sampling.py"], f"{MISSING}. sampling.py holds code without its cells: hand in the "),
        (["sampling.pdf"], f"{MISSING}. sampling.pdf shows a notebook at best: hand in the "),
        (["a.csv", "sampling.html"], "sampling.html shows a notebook at best: "),
        (["a.csv", "sampling.html"], " There is also a.csv."),
        (["sampling.gdoc"], "is only a link to a file elsewhere: download the notebook there (in "),
        (["sampling.url"], "is only a link to a file elsewhere"),
        (["sampling.rar"], "sampling.rar is an archive that is not opened here: hand in the "),
        (["sampling.7z", "b.py"], "sampling.7z is an archive that is not opened here"),
        (["sampling.tar.xz"], "sampling.tar.xz is an archive that is not opened here"),
        (["sampling.ipynb.gz"], "sampling.ipynb.gz is an archive that is not opened here"),
        (["data.csv"], "data.csv is not a notebook: hand in the notebook itself."),
        ([".hidden.ipynb"], ".hidden.ipynb is hidden, as are copies that programs make"),
        ([".ipynb_checkpoints/a-checkpoint.ipynb"], "a-checkpoint.ipynb is hidden, as are copies"),
        (["a/a.ipynb", "b/b.ipynb"], "There are a/a.ipynb and b/b.ipynb: keep one and name it"),
        (["a/sampling.ipynb", "b/sampling.ipynb"], "There are a/sampling.ipynb and b/sampling"),
        (["a.zip", "b.zip"], "a.zip is an archive that is not opened here: "),
        (["a/b/c/d/e/f/g/sampling.ipynb"], "a/b/c/d/e/f/g/sampling.ipynb is not a notebook"),
        ([f"{n}.csv" for n in range(9)], "There is also 1.csv, 2.csv, 3.csv and 5 other files."),
        (["a\nb.pdf"], "a\\nb.pdf shows a notebook at best"),
    ],
)
def test_what_lies_there_is_named_with_what_to_do(course, files, told):  # noqa: F811
    (course / "submitted" / "ann" / NAME).mkdir(parents=True)
    for name in files:
        put(course, "ann", NAME, *name.split("/"))
    assert told in refused(course)


def linked_zip() -> bytes:
    link = zipfile.ZipInfo(IPYNB)
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    return zipped((link, b"/etc/passwd"))


def linked_tar() -> bytes:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as archive:
        for kind, name in ((tarfile.SYMTYPE, IPYNB), (tarfile.LNKTYPE, "hard.ipynb")):
            link = tarfile.TarInfo(name)
            link.type, link.linkname = kind, "/etc/passwd"
            archive.addfile(link)
        device = tarfile.TarInfo("device.ipynb")
        device.type = tarfile.CHRTYPE
        archive.addfile(device)
    return made.getvalue()


def locked() -> bytes:
    content = bytearray(zipped((IPYNB, b"{}")))
    for mark, flags in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        content[content.index(mark) + flags] |= archives.ENCRYPTED
    return bytes(content)


def many(count: int) -> list[tuple[str, bytes]]:
    return [(f"{number}.csv", b"") for number in range(count)]


def digits(size: int, times: int = 1) -> bytes:
    """Return a tar with headers for which Python takes the square of their length."""
    head = tarfile.TarInfo("x")
    head.type, head.size = tarfile.XHDTYPE, size
    return (head.tobuf() + b"1" * size) * times + tarred((IPYNB, b"{}"))


BAD = {
    "empty.zip": (zipped, "empty.zip holds no notebook, nothing that can be used: "),
    "none.zip": (lambda: zipped(("a.py", b"")), "none.zip holds no notebook, only a.py: hand in"),
    "two.zip": (lambda: zipped(("a.ipynb", b""), ("b.ipynb", b"")), "holds a.ipynb and b.ipynb: "),
    "zip.zip": (lambda: zipped(("inner.zip", b"")), "holds no notebook, only inner.zip: hand in"),
    "up.zip": (lambda: zipped((f"../../{IPYNB}", b"")), "up.zip holds no notebook"),
    "root.zip": (lambda: zipped((f"/{IPYNB}", b"")), "root.zip holds no notebook"),
    "drive.zip": (lambda: zipped((f"C:/{IPYNB}", b"")), "drive.zip holds no notebook"),
    "link.zip": (linked_zip, "link.zip holds no notebook"),
    "locked.zip": (locked, "locked.zip is locked with a password: hand in the notebook itself."),
    "lzma.zip": (
        lambda: zipped((IPYNB, b"{}"), compression=zipfile.ZIP_LZMA),
        "lzma.zip is packed in a way that is not opened here: ",
    ),
    "bomb.zip": (
        lambda: zipped((IPYNB, bytes(LARGEST + 1)), compression=zipfile.ZIP_DEFLATED),
        "bomb.zip holds more than 50 MiB: ",
    ),
    "many.zip": (lambda: zipped(*many(10_001)), "many.zip holds too many files: "),
    "list.zip": (lambda: zipped(*many(90_000)), "list.zip lists too many files: "),
    "broken.zip": (lambda: b"PK\3\4 and so on", "broken.zip is damaged and cannot be opened: "),
    "cut.zip": (lambda: zipped((IPYNB, b"{}"))[:-30], "cut.zip is damaged and cannot be opened"),
    "nothing.zip": (bytes, "nothing.zip is damaged and cannot be opened"),
    "not.tar": (lambda: b"x" * 2_000, "not.tar is damaged and cannot be opened"),
    "not.tar.gz": (lambda: b"x" * 2_000, "not.tar.gz is damaged and cannot be opened"),
    "cut.tgz": (
        lambda: tarred((IPYNB, os.urandom(9_000)), packed=gzip.compress)[:-900],
        "cut.tgz is damaged and cannot be opened",
    ),
    "links.tar": (linked_tar, "links.tar holds no notebook"),
    "up.tar": (lambda: tarred((f"../{IPYNB}", b"")), "up.tar holds no notebook"),
    "bomb.tgz": (
        lambda: tarred(("x", bytes(3 * LARGEST)), (IPYNB, b"{}"), packed=gzip.compress),
        "bomb.tgz holds too much: hand in the notebook itself.",
    ),
    "many.tar": (lambda: tarred(*many(10_002)), "many.tar holds too many files: "),
    "long.tar": (lambda: digits(3 * MIB), "long.tar holds too much: "),
    # It takes too long; newer versions of Python see in its first bytes that it is damaged.
    "slow.tar": (lambda: digits(2**16, 400), "hand in the notebook itself."),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", BAD)
def test_an_archive_that_cannot_be_used_costs_a_sentence_and_little_time(
    course,  # noqa: F811
    name,
    monkeypatch,
):
    monkeypatch.setattr(archives, "SLOWEST", 2)
    make, told = BAD[name]
    put(course, "ann", NAME, name, content=make())
    begin = time.process_time()
    said = refused(course)
    assert time.process_time() - begin < 6
    assert said.startswith(f"{MISSING}. ")
    assert told in said
    assert len(said) < 500


def test_a_zip_that_lies_about_its_sizes_is_not_believed(course):  # noqa: F811
    """The list at its end says that the notebook is small."""
    content = bytearray(zipped((IPYNB, bytes(LARGEST + 1)), compression=zipfile.ZIP_DEFLATED))
    place = content.index(b"PK\1\2")
    content[place + 24 : place + 28] = struct.pack("<I", 2)
    put(course, "ann", NAME, "lie.zip", content=bytes(content))
    assert "lie.zip is damaged" in refused(course)
    assert max(map(len, kept(course).values())) < MIB


def test_random_damage_is_told_or_does_not_matter(course):  # noqa: F811
    import random

    draw = random.Random(0)
    makers = [PACKERS[name] for name in ("deflated.zip", "sampling.tar", "sampling.tgz")]
    for number in range(150):
        kind, make = draw.choice([*zip((".zip", ".tar", ".tgz"), makers, strict=True)])
        content = bytearray(make(("a.csv", b"1" * 50), (IPYNB, b"{1}" * 50)))
        for _ in range(draw.randint(1, 8)):
            content[draw.randrange(len(content))] = draw.randrange(256)
        put(course, f"s{number}", NAME, f"work{kind}", content=bytes(content))
    seen = found(course)
    assert len(seen) == 150
    for each in seen:
        assert bool(each.reason) != bool(each.file)
        assert each.reason.isprintable()
    assert 10 < sum(bool(each.file) for each in seen) < 140


# An assignment of the instructor's own, with several notebooks and other files


@pytest.fixture
def ordinary(course):  # noqa: F811
    for name in ("first", "second"):
        file = course / "source" / "ps1" / f"{name}.ipynb"
        file.parent.mkdir(exist_ok=True)
        file.write_text("{}")
    return course


BOTH = (("first.ipynb", b"{1}"), ("second.ipynb", b"{2}"))


@pytest.mark.parametrize("inner", ["", "ps1/", "home/ann/ps1/"])
@pytest.mark.parametrize("packer", PACKERS)
def test_an_archive_is_opened_as_if_it_were_a_folder(ordinary, packer, inner):
    members = [(f"{inner}{name}", data) for name, data in (*BOTH, ("data/a.csv", b"1"))]
    put(ordinary, "ann", "ps1", packer, content=PACKERS[packer](*members, *LEFT))
    put(ordinary, "ann", "ps1", "timestamp.txt")
    each = only(ordinary)
    assert (each.reason, each.name) == ("", f"{packer}/{inner}first.ipynb")
    taken = {name: found.copy.read_bytes() for name, found in each.notebooks.items()}
    assert taken == {"first": b"{1}", "second": b"{2}"}
    others = {name: file.read_bytes() for name, file in each.other_files.items()}
    assert others == {"data/a.csv": b"1"}


def test_an_ordinary_notebook_under_another_name_is_known(course):  # noqa: F811
    (course / "source" / "ps1").mkdir()
    (course / "source" / "ps1" / "ps1.ipynb").write_text("{}")
    put(course, "ann", "ps1", "ps1.txt", content=NOTEBOOK)
    put(course, "ann", "ps1", "data.json", content=b"[1]")
    each = only(course)
    assert (each.name, [*each.notebooks]) == ("ps1.txt", ["ps1"])
    assert [*each.other_files] == ["data.json"]


def test_notebooks_beside_an_archive_are_taken_and_the_archive_is_a_file(ordinary):
    for name, data in BOTH:
        put(ordinary, "ann", "ps1", name, content=data)
    put(ordinary, "ann", "ps1", "old.zip", content=zipped(("first.ipynb", b"{3}")))
    each = only(ordinary)
    assert each.notebooks["first"].copy.read_bytes() == b"{1}"
    assert [*each.other_files] == ["old.zip"]


@pytest.mark.parametrize(
    ("members", "told"),
    [
        ([("notes.pdf", b"")], "ps1.zip/notes.pdf shows a notebook at best"),
        ([("a/first.ipynb", b""), ("b/first.ipynb", b"")], "keep one folder"),
        ([("../first.ipynb", b""), ("/second.ipynb", b"")], "nothing else is there"),
        ([(f"{number}.csv", b"") for number in range(1_001)], "ps1.zip holds more than 1,000 file"),
    ],
)
def test_what_is_wrong_in_an_archive_is_told(ordinary, members, told):
    put(ordinary, "ann", "ps1", "ps1.zip", content=zipped(*members))
    each = only(ordinary)
    assert told in each.reason, each.reason
    assert "missing" in each.reason or "keep one" in each.reason


def test_a_damaged_archive_and_one_too_large_are_told(ordinary):
    put(ordinary, "ann", "ps1", "ps1.zip", content=b"PK")
    big = zipped(*((f"{n}.bin", bytes(20 * MIB)) for n in range(3)), compression=8)
    put(ordinary, "bob", "ps1", "ps1.zip", content=big)
    ann, bob = found(ordinary)
    assert "first.ipynb and second.ipynb are missing. ps1.zip is damaged" in ann.reason
    assert "ps1.zip holds more than 50 MiB: hand in the notebook itself." in bob.reason


# Graded to the end


@pytest.mark.slow
def test_wrapped_notebooks_are_graded_and_that_is_told(tmp_path, monkeypatch):
    replay(monkeypatch)
    whole = made_up.course_in(tmp_path)
    for student, wrap in (("ann", "zip"), ("bob", "folder"), ("cem", "tar")):
        file = whole / "submitted" / student / NAME / IPYNB
        content = file.read_bytes()
        file.unlink()
        if wrap == "folder":
            (file.parent / NAME).mkdir()
            (file.parent / NAME / IPYNB).write_bytes(content)
        else:
            packed = zipped((IPYNB, content)) if wrap == "zip" else tarred((IPYNB, content))
            (file.parent / f"work.{wrap}").write_bytes(packed)
    with made_up.book(whole) as opened:
        opened.update_or_create_assignment(NAME, duedate="2026-11-01 12:00:00 UTC")
    made_up.settings(whole, "c.LateSubmissionPlugin.penalty_method = 'zero'")
    (whole / "submitted" / "ann" / NAME / "timestamp.txt").write_text("2026-11-03 12:00:00 UTC")
    assert grade(whole) == 0
    assert outcome(whole) == OUTCOME | {"ann": ("graded", 0)}  # whose time stands beside the zip
    told = {each.student: each.repairs for each in read_entries(Course(whole))}
    assert told == {
        "ann": (f"used work.zip/{IPYNB} as the notebook",),
        "bob": (f"used {NAME}/{IPYNB} as the notebook",),
        "cem": (f"used work.tar/{IPYNB} as the notebook",),
    }
    assert f"used work.zip/{IPYNB} as the notebook" in report.html(Course(whole))
    (whole / "submitted" / "ann" / NAME / "timestamp.txt").unlink()
    assert grade(whole) == 0
    assert outcome(whole) == OUTCOME
    assert OUTCOME["ann"] == RIGHT


def test_a_bad_notebook_in_an_archive_is_called_by_its_name(tmp_path, monkeypatch):
    replay(monkeypatch)
    whole = made_up.course_in(tmp_path)
    file = whole / "submitted" / "ann" / NAME / IPYNB
    file.with_name("work.zip").write_bytes(zipped((IPYNB, b"{")))
    file.unlink()
    assert grade(whole) == 1
    (told,) = [each.reason for each in read_entries(Course(whole)) if each.student == "ann"]
    assert told.startswith(f"work.zip/{IPYNB} is not a notebook: it is not valid JSON")
