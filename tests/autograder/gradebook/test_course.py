"""nbgrader's settings and gradebook of a course are no use only with a reason in a sentence."""

import os
import shutil
import sqlite3
from contextlib import closing
from types import SimpleNamespace

import made_up
import pytest

from autograder import AutograderError
from autograder.__main__ import main
from autograder.commands import release
from autograder.gradebook.course import Course, open_nbgrader

BROKEN = {
    "c.Course = (": "SyntaxError: '(' was never closed",
    "1 / 0": "ZeroDivisionError: division by zero",
    "raise SystemExit": "SystemExit. Correct them",
    "import nothing_of_this_name": "ModuleNotFoundError: No module named 'nothing_of_this_name'",
    "c.CourseDirectory.course_id = 3": "TraitError: The 'course_id' trait of a CourseDirectory",
    "raise ValueError('one.\\ntwo')": "ValueError: one. Correct them",
    "raise ValueError('\\x1b[2J')": "ValueError: ?[2J. Correct them",
}


@pytest.fixture
def course(tmp_path):
    return made_up.course_in(tmp_path)


def refused(folder) -> str:
    """Return why the settings of a course cannot be used."""
    with pytest.raises(AutograderError) as error, open_nbgrader(Course(folder)):
        pass
    assert str(error.value).isprintable()
    return str(error.value)


@pytest.mark.parametrize("line", BROKEN)
def test_settings_that_cannot_be_used_are_told(course, line):
    path = os.environ["PATH"]
    made_up.settings(course, line)
    told = refused(course)
    assert f"nbgrader_config.py cannot be used: {BROKEN[line]}" in told
    assert os.environ["PATH"] == path


def test_settings_that_are_no_text_are_told(course):
    (course / "nbgrader_config.py").write_bytes(b"\xff\xfe")
    assert "nbgrader_config.py cannot be used: " in refused(course)


def test_settings_that_are_missing_are_told(course):
    (course / "nbgrader_config.py").unlink()
    assert "nbgrader_config.py is missing: run `autograder release" in refused(course)


def test_no_environment_must_be_activated(course, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with open_nbgrader(Course(course)):  # in which nbgrader starts it
        assert shutil.which("alembic")
    assert os.environ["PATH"] == str(tmp_path)


@pytest.fixture
def no_alembic(tmp_path, monkeypatch):
    # Not sys.executable itself, with which processes are started that others use later.
    elsewhere = SimpleNamespace(executable=str(tmp_path / "python"))
    monkeypatch.setattr("autograder.gradebook.course.sys", elsewhere)
    monkeypatch.setenv("PATH", str(tmp_path))


def test_a_missing_alembic_is_told_where_a_gradebook_must_be_made(tmp_path, capsys, no_alembic):
    assert main(["release", str(tmp_path / "new")]) == 2
    told = capsys.readouterr().err
    assert "nbgrader needs the program `alembic` to make a gradebook" in told
    assert len(told.splitlines()) == 1
    assert not (tmp_path / "new" / "gradebook.db").exists()


def test_without_alembic_a_course_that_has_a_gradebook_is_graded(course, monkeypatch, no_alembic):
    made_up.replay(monkeypatch)
    assert made_up.grade(course) == 0


# Releasing


def told_by_release(course, capsys) -> str:
    capsys.readouterr()
    assert main(["release", str(course)]) == 2
    told = capsys.readouterr().err
    assert len(told.splitlines()) == 1, told
    return told


def test_a_release_over_a_broken_gradebook_is_told_and_it_stays(course, capsys):
    (course / "gradebook.db").write_bytes(b"no database at all " * 100)
    assert "It is damaged: restore it from a copy" in told_by_release(course, capsys)
    assert (course / "gradebook.db").read_bytes() == b"no database at all " * 100


def test_a_release_while_the_gradebook_is_in_use_is_told(course, capsys, monkeypatch):
    connect = sqlite3.dbapi2.connect
    monkeypatch.setattr(
        sqlite3.dbapi2, "connect", lambda *args, **given: connect(*args, **given | {"timeout": 0.1})
    )
    with closing(sqlite3.connect(course / "gradebook.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        assert "database is locked. Another program uses it" in told_by_release(course, capsys)
    assert (course / "release" / made_up.NAME / f"{made_up.NAME}.ipynb").is_file()


def test_a_release_that_cannot_be_written_is_told(course, capsys):
    shutil.rmtree(course / "release")
    (course / "release").write_text("")
    assert "nbgrader could not release " in told_by_release(course, capsys)


def test_releasing_again_keeps_what_was_graded(tmp_path):
    course = made_up.course_in(tmp_path, is_graded=True)
    release.release(course)
    assert made_up.outcome(course) == made_up.OUTCOME
