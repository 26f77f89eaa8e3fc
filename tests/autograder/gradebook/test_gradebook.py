"""The gradebook of a course is read where nbgrader has it; one that cannot be read is told."""

import sqlite3

import pytest
import small_course

from autograder.__main__ import main
from autograder.gradebook.course import Course
from autograder.gradebook.grades import Grades

pytestmark = pytest.mark.filterwarnings("ignore:Object of type <Submitted")  # of nbgrader's code
SAMPLING = "sampling"
COMMANDS = [["report"], *(["export", "--to", form] for form in ("csv", "canvas", "moodle"))]


@pytest.fixture
def course(tmp_path):
    with small_course.SmallCourse(tmp_path / "course") as made:
        yield made


@pytest.mark.parametrize("command", COMMANDS)
def test_a_missing_gradebook_is_told_in_one_sentence(tmp_path, capsys, command):
    assert main([command[0], str(tmp_path), *command[1:]]) == 2
    told = capsys.readouterr().err
    assert f"{tmp_path} has no gradebook: run `autograder release" in told
    assert len(told.splitlines()) == 1
    assert list(tmp_path.iterdir()) == []


def test_an_empty_gradebook_is_told_and_not_filled(tmp_path, capsys):
    (tmp_path / "gradebook.db").touch()
    assert main(["export", str(tmp_path)]) == 2
    assert "has no gradebook" in capsys.readouterr().err
    assert (tmp_path / "gradebook.db").stat().st_size == 0


def test_a_file_that_is_no_gradebook_is_told_in_one_sentence(tmp_path, capsys):
    (tmp_path / "gradebook.db").write_bytes(b"no database at all " * 100)
    assert main(["export", str(tmp_path)]) == 2
    told = capsys.readouterr().err
    assert "cannot be used: file is not a database. It is damaged: " in told
    assert len(told.splitlines()) == 1


def test_a_gradebook_of_another_version_is_told_in_one_sentence(course, capsys):
    course.grade("anna", SAMPLING)
    with sqlite3.connect(course.folder / "gradebook.db") as database:
        database.execute("ALTER TABLE grade RENAME COLUMN extra_credit TO bonus")
    assert main(["export", str(course.folder)]) == 2
    told = capsys.readouterr().err
    assert (
        "cannot be used: no such column: grade.extra_credit. It was made by another version" in told
    )
    assert len(told.splitlines()) == 1


def test_the_gradebook_may_lie_where_nbgrader_is_told(course):
    course.grade("anna", SAMPLING)
    (course.folder / "gradebook.db").rename(course.folder / "moved.db")
    config = course.folder / "nbgrader_config.py"
    setting = "c.CourseDirectory.db_url = 'sqlite:///moved.db'\n"
    config.write_text(config.read_text(encoding="utf-8") + setting, encoding="utf-8")
    assert {row["student"] for row in Grades(Course(course.folder)).rows()} == {"anna"}


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("postgresql+nodriver://x@127.0.0.1/course", "a Python package is missing: "),
        ("postgresql+pg8000://x@127.0.0.1/course", "No module named 'pg8000'. Install it, or"),
    ],
)
def test_a_missing_driver_of_a_database_is_told_in_one_sentence(course, capsys, url, told):
    config = course.folder / "nbgrader_config.py"
    setting = f"c.CourseDirectory.db_url = {url!r}\n"
    config.write_text(config.read_text(encoding="utf-8") + setting, encoding="utf-8")
    assert main(["export", str(course.folder)]) == 2
    said = capsys.readouterr().err
    assert told in said
    assert len(said.splitlines()) == 1
