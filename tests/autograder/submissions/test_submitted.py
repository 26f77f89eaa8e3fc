"""What lies in ``submitted/`` is a submission or a finding with a reason; nothing is overlooked."""

import os
import socket
import subprocess
from contextlib import closing
from pathlib import Path

import pytest
import skips
import submissions
from kept_files import kept

from autograder import checks
from autograder.gradebook.course import Course
from autograder.gradebook.journal import Journal
from autograder.submissions import collect

NAME = "sampling"
RIGHT = f"{NAME}.ipynb"


@pytest.fixture
def course(tmp_path):
    (tmp_path / "source").mkdir()
    (tmp_path / "submitted").mkdir()
    return tmp_path


def put(course: Path, *names: str | bytes, content: bytes = b"{}") -> Path:
    """Write a file below ``submitted/`` and the folders above it."""
    file = course / "submitted" / Path(*map(os.fsdecode, names))
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)
    return file


def found(course: Path, assignment: str | None = None, student: str | None = None) -> list:
    with closing(Journal(Course(course))) as journal:
        return list(collect.find(Course(course), journal, assignment, student))


def only(course: Path) -> collect.Submission:
    """Return the one thing that is found."""
    (each,) = found(course)
    assert each.reason.isprintable()
    assert bool(each.reason) != bool(each.file)
    return each


def refused(course: Path) -> str:
    """Return why the one submission that is found is for review."""
    told = only(course).reason
    assert told.endswith(".")
    return told


def test_a_notebook_of_the_right_name_is_taken(course):
    file = put(course, "ann", NAME, RIGHT)
    each = only(course)
    assert (each.student, each.assignment, each.name) == ("ann", NAME, RIGHT)
    assert not each.renamed
    file.write_bytes(b"changed by now")
    assert each.file.read_bytes() == b"{}"  # what is graded is what was kept


@pytest.mark.parametrize(
    "name",
    ["sampling (1).ipynb", "Sampling.ipynb", "mine.IPYNB", "sampling.ipynb.txt", "é [2].ipynb"],
)
def test_the_only_notebook_is_taken_whatever_its_name(course, name):
    put(course, "ann", NAME, name)
    put(course, "ann", NAME, "notes.pdf")
    put(course, "ann", NAME, "sampling.zip")
    each = only(course)
    assert each.name == name
    assert each.renamed


def test_of_two_notebooks_the_one_of_the_right_name_counts(course, release):
    put(course, "ann", NAME, "copy.ipynb")
    put(course, "ann", NAME, RIGHT, content=b"not as released")
    assert only(course).name == RIGHT


@pytest.fixture
def release(course):
    """Put the released notebook where it belongs; return its content."""
    return submissions.save(
        submissions.notebook(NAME), course / "release" / NAME / RIGHT
    ).read_bytes()


def test_if_the_one_of_the_right_name_has_no_answer_a_person_must_choose(course, release):
    put(course, "ann", NAME, RIGHT, content=release)
    put(course, "ann", NAME, "mine.ipynb")
    assert f"{RIGHT} has no answer: keep one and name it {RIGHT}." in refused(course)


def test_of_two_notebooks_of_other_names_a_person_must_choose(course):
    put(course, "ann", NAME, "a.ipynb")
    put(course, "ann", NAME, "b.ipynb")
    assert refused(course) == f"There are a.ipynb and b.ipynb: keep one and name it {RIGHT}."


def test_an_unknown_assignment_is_told_with_those_that_there_are(course):
    put(course, "ann", "Sampling", RIGHT)
    assert refused(course).startswith("There is no assignment 'Sampling', only ")


def test_nothing_handed_in_is_nothing_found(course):
    (course / "submitted" / "ann").mkdir()
    assert found(course) == []


@pytest.mark.parametrize("name", ["sampling.ipynb", "work.zip"])
def test_work_beside_the_folders_of_the_assignments_is_told(course, name):
    put(course, "ann", name)
    put(course, "ann", "notes.txt")
    assert f"Next to the assignment folders there is {name}" in refused(course)


def test_work_that_belongs_to_nobody_is_told(course):
    file = put(course, "sampling.ipynb")
    put(course, "list.csv")
    assert collect.stray_files(Course(course)) == [file]
    assert found(course) == []


@pytest.mark.parametrize(
    "folder", [".ipynb_checkpoints", "__MACOSX", "__pycache__", ".git", "__MACOSX/sampling"]
)
def test_what_programs_leave_is_no_submission_but_kept(course, folder):
    put(course, "ann", NAME, RIGHT)
    put(course, "ann", NAME, ".ipynb_checkpoints", "sampling-checkpoint.ipynb")
    name = "x-checkpoint.ipynb" if folder.startswith(".ipynb") else "._sampling.ipynb"
    put(course, "ann", folder, name, content=b"left")
    put(course, folder, name)
    assert only(course).name == RIGHT
    assert b"left" in kept(course).values()


def test_a_hidden_folder_with_a_notebook_is_an_attempt(course):
    put(course, ".ann", NAME, RIGHT)
    assert "has a name that cannot be used" in refused(course)


def test_only_what_was_asked_for_is_found(course):
    for student in ("ann", "bob"):
        for name in checks.NAMES:
            put(course, student, name, f"{name}.ipynb")
    wanted = [("bob", NAME)]
    assert [(each.student, each.assignment) for each in found(course, NAME, "bob")] == wanted
    assert len(found(course, NAME)) == collect.count(Course(course), NAME, None) == 2
    assert len(found(course)) == collect.count(Course(course), None, None) == 2 * len(checks.NAMES)


# Links, and what is no file


@pytest.mark.parametrize("target", ["../other.ipynb", "/etc/hostname", "nowhere", RIGHT])
def test_a_link_in_the_place_of_the_notebook_is_not_followed(course, target):
    put(course, "ann", "other.txt")
    folder = course / "submitted" / "ann" / NAME
    folder.mkdir()
    (folder / RIGHT).symlink_to(target)
    assert "is a link, a folder or a special file: submit an ordinary file." in refused(course)


@pytest.mark.parametrize("place", ["ann", f"ann/{NAME}"])
def test_a_link_in_the_place_of_a_folder_is_not_followed(course, place):
    elsewhere = course / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / RIGHT).write_bytes(b"secret")
    link = course / "submitted" / place
    link.parent.mkdir(exist_ok=True)
    link.symlink_to(elsewhere, target_is_directory=True)
    assert f"{link.name} is a link: put the folder itself there." in refused(course)
    assert b"secret" not in kept(course).values()


def test_a_link_below_a_submission_is_not_followed(course):
    file = put(course, "ann", NAME, RIGHT)
    (course / "secret").write_bytes(b"secret")
    (file.parent / "data").symlink_to(course, target_is_directory=True)
    (file.parent / "secret").symlink_to(course / "secret")
    (file.parent / "loop").symlink_to(".", target_is_directory=True)
    assert only(course).name == RIGHT
    assert set(kept(course).values()) == {b"{}"}


def make_socket(file: Path) -> None:
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(str(file))


MAKERS = {
    "pipe": os.mkfifo,
    "socket": make_socket,
    "device": lambda file: os.mknod(file, 0o20666, os.makedev(1, 3)),
    "folder": os.mkdir,
}


@pytest.mark.parametrize("kind", MAKERS)
def test_what_is_no_file_is_not_opened(course, kind, monkeypatch):
    folder = course / "submitted" / "ann" / NAME
    folder.mkdir(parents=True)
    monkeypatch.chdir(folder)  # the address of a socket must be short
    try:
        MAKERS[kind](Path(RIGHT))
    except PermissionError:
        pytest.skip(skips.NO_ROOT)
    assert (
        refused(course)
        == f"{RIGHT} is a link, a folder or a special file: submit an ordinary file."
    )


# Names


TRICKS = {
    "new line": "ann\nbob",
    "escape sequence": "ann\x1b[2J",
    "right to left": "ann\u202ebob",
    "isolate": "ann\u2067",
    "separator": "ann\u2028",
    "backslash": "..\\ann",
    "leading dots": "..ann",
    "three dots": "...",
    "leading blank": " ann",
    "trailing blank": "ann ",
    "no UTF-8": b"ann\xff",
    "too long": "a" * 200,
}


@pytest.mark.parametrize("trick", TRICKS)
def test_a_folder_of_a_strange_name_is_told_and_its_files_are_kept(course, trick):
    put(course, TRICKS[trick], NAME, RIGHT, content=b"of a student")
    each = only(course)
    assert "has a name that cannot be used: rename it." in each.reason
    assert each.student.isprintable()
    assert len(each.student) <= 128
    assert b"of a student" in kept(course).values()


@pytest.mark.parametrize("trick", TRICKS)
def test_an_assignment_of_a_strange_name_is_told(course, trick):
    put(course, "ann", TRICKS[trick], RIGHT)
    each = only(course)
    assert each.student == "ann"
    assert "has a name that cannot be used: rename it." in each.reason


@pytest.mark.parametrize(
    "name", [b"\xff.ipynb", "a\nb.ipynb", "\u202ebpyi.ipynb", "b" * 240 + ".ipynb"]
)
def test_a_strange_name_of_a_file_does_no_harm(course, name):
    put(course, "ann", NAME, name)
    assert only(course).file.read_bytes() == b"{}"
    assert only(course).name.isprintable()


@pytest.mark.parametrize("student", ["[red]ann", "a*b?", "{x}", "o'brien; --", "Zoë", "名前", "~"])
def test_a_name_that_is_only_unusual_can_be_used(course, student):
    put(course, student, NAME, RIGHT)
    assert only(course).student == student


def test_folders_in_folders_without_end_are_told(course):
    place = put(course, "ann", NAME, RIGHT).parent
    here = os.open(place, os.O_RDONLY)
    for _ in range(2500):  # more levels than calls of Python, and longer than a path may be
        os.mkdir("a", dir_fd=here)
        below = os.open("a", os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = below
    os.close(here)
    assert "cannot be read: File name too long." in refused(course)
    subprocess.run(["rm", "-rf", place / "a"], check=True)  # Python cannot
