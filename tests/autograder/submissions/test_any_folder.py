"""Whatever lies in ``submitted/``, each folder is a submission or a finding, and files are kept."""

import hashlib
import os
import shutil
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st
from kept_files import kept
from seeds import examples

from autograder.gradebook.course import Course
from autograder.gradebook.journal import Journal
from autograder.submissions import collect

NAME = "sampling"
USUAL = ["sampling", "sampling.ipynb", "Sampling (1).ipynb", "notes.txt", "data", "sampling.zip"]
USUAL += [
    ".ipynb_checkpoints",
    "__MACOSX",
    "._sampling.ipynb",
    ".git",
    "latent_loss",
    "timestamp.txt",
]
KNOWN = [*map(os.fsencode, USUAL), b"a" * 200, b"\xff\xfe", b"a\nb", b"\xe2\x80\xaeb"]
DOTS = (b".", b"..")
NAMES = (
    st.sampled_from(KNOWN)
    | st.binary(min_size=1, max_size=12)
    | st.text(min_size=1, max_size=6).map(lambda name: name.encode("utf-8", "replace"))
).map(lambda name: b"dots" if name in DOTS else name.replace(b"/", b"_").replace(b"\0", b"_"))
CONTENT = st.sampled_from([b"", b"{}", b"not json", b"PK\x03\x04broken", b"\x1f\x8bbroken"])
FILES = CONTENT | st.binary(max_size=40)
LINKS = st.sampled_from(["LINK .", "LINK ..", "LINK nowhere", "LINK /etc/hostname"])
TREES = st.recursive(
    FILES | LINKS | st.just("PIPE"),
    lambda below: st.dictionaries(NAMES, below, max_size=4),
    max_leaves=12,
)
SUBMITTED = st.dictionaries(
    st.sampled_from([b"ann", b"bob"]) | NAMES,
    st.dictionaries(st.just(NAME.encode()) | NAMES, TREES, max_size=3) | TREES,
    max_size=3,
)


def build(place: Path, tree) -> None:
    """Write a tree: a dictionary is a folder, bytes are a file."""
    if isinstance(tree, dict):
        place.mkdir()
        for name, below in tree.items():
            build(place / os.fsdecode(name), below)
    elif tree == "PIPE":
        os.mkfifo(place)
    elif isinstance(tree, str):
        place.symlink_to(tree.removeprefix("LINK "))
    else:
        place.write_bytes(tree)


def contents(tree) -> list[bytes]:
    """Return what the ordinary files of a tree hold."""
    if isinstance(tree, dict):
        return [content for below in tree.values() for content in contents(below)]
    return [tree] if isinstance(tree, bytes) else []


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    folder = tmp_path_factory.mktemp("course")
    (folder / "source").mkdir()
    return folder


@settings(max_examples=examples(250))
@given(tree=SUBMITTED)
def test_a_tree_gives_submissions_or_findings_and_is_kept(course, tree):
    shutil.rmtree(course / "submitted", ignore_errors=True)
    shutil.rmtree(course / ".autograder", ignore_errors=True)
    build(course / "submitted", tree)
    with closing(Journal(Course(course))) as journal:
        found = list(collect.find(Course(course), journal, None, None))
    for submission in found:
        assert bool(submission.reason) != bool(submission.file)
        assert submission.reason.isprintable()
        assert not submission.reason or submission.reason.endswith(".")
        assert submission.student.isprintable() and submission.assignment.isprintable()
        assert submission.name.isprintable()
        event("for review" if submission.reason else "can be graded")
    # As many answers as there are folders to answer for.
    for student in ("ann", "bob"):
        below = tree.get(student.encode())
        if isinstance(below, dict) and isinstance(below.get(NAME.encode()), dict):
            named = [(each.student, each.assignment) for each in found]
            assert named.count((student, NAME)) == 1
    # Programs leave hidden folders beside those of students; what they hold is nobody's.
    of_students = {
        name: below
        for name, below in tree.items()
        if not (isinstance(below, dict) and name.startswith((b".", b"__")))
    }
    hashes = set(kept(course)) if (course / ".autograder" / "received").exists() else set()
    assert {hashlib.sha256(content).hexdigest() for content in contents(of_students)} <= hashes
    assert collect.count(Course(course), None, None) >= len([each for each in found if each.file])
