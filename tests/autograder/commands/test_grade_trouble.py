"""Trouble with a course ends the grading in a sentence; trouble with one submission does not."""

import errno
import shutil
import sqlite3
from contextlib import closing, contextmanager
from pathlib import Path

import made_up
import nbformat
import pytest
from made_up import NAME, OUTCOME, RIGHT, grade, hand_in, outcome, settings
from nbgrader.converters import Autograde, GenerateFeedback
from nbgrader.preprocessors import SaveAutoGrades

from autograder.checks.words import printable
from autograder.commands import release
from autograder.gradebook import recorder
from autograder.gradebook.course import STATE, Course


@pytest.fixture
def ends(capsys):
    """Give a function that grades and returns the sentence by which that ends."""

    def run(folder: Path, *options: str) -> str:
        capsys.readouterr()
        assert grade(folder, *options) == 2
        told = capsys.readouterr().err
        assert told.startswith("autograder grade: ")
        assert len(told.splitlines()) == 1, told
        return told

    return run


def nothing_is_half_written(course: Path) -> bool:
    """Return whether what stands in the gradebook is complete, and so is what lies beside it."""
    with closing(sqlite3.connect(course / "gradebook.db")) as db:
        submissions = db.execute("SELECT count(*) FROM submitted_assignment").fetchone()[0]
        grades = db.execute("SELECT count(auto_score), count(*) FROM grade").fetchone()
    pages = [len([*(course / step).rglob(f"{NAME}.*")]) for step in ("autograded", "feedback")]
    repaired = [*(course / STATE / "repaired").rglob("*.ipynb")]
    parts = len(made_up.CELLS)
    return grades == (parts * submissions,) * 2 and pages == [submissions] * 2 and not repaired


# The gradebook


@contextmanager
def locked(course: Path, how: str):
    with closing(sqlite3.connect(course / "gradebook.db", isolation_level=None)) as other:
        other.execute(f"BEGIN {how}")
        yield
        other.execute("ROLLBACK")


@pytest.fixture
def impatient(monkeypatch):
    """Wait a moment for a lock instead of 5 s."""
    connect = sqlite3.dbapi2.connect
    monkeypatch.setattr(
        sqlite3.dbapi2, "connect", lambda *args, **given: connect(*args, **given | {"timeout": 0.1})
    )


@pytest.mark.parametrize("how", ["EXCLUSIVE", "IMMEDIATE"])
def test_a_gradebook_that_is_in_use_is_told_and_nothing_is_lost(course, ends, how, impatient):
    with locked(course, how):
        told = ends(course)
    assert "cannot be used: database is locked. Another program uses it: close it" in told
    assert nothing_is_half_written(course)
    assert grade(course) == 0
    assert outcome(course) == OUTCOME


def test_a_gradebook_in_use_stops_a_grading_that_has_begun(course, ends, impatient, monkeypatch):
    real, recorded = recorder.Recorder.record, []

    def record_one(self, student, *given):
        if not recorded:
            recorded.append(student)
            return real(self, student, *given)
        with locked(course, "IMMEDIATE"):
            return real(self, student, *given)

    monkeypatch.setattr(recorder.Recorder, "record", record_one)
    assert "database is locked" in ends(course)
    assert nothing_is_half_written(course)
    assert outcome(course)[recorded[0]] == OUTCOME[recorded[0]]
    monkeypatch.setattr(recorder.Recorder, "record", real)
    assert grade(course) == 0
    assert outcome(course) == OUTCOME


def test_a_missing_gradebook_is_told_and_none_is_made(course, ends):
    (course / "gradebook.db").unlink()
    assert "has no gradebook: run `autograder release" in ends(course)
    assert not (course / "gradebook.db").exists()


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "has no gradebook: run `autograder release"),
        (b"no database at all " * 100, "file is not a database. It is damaged: "),
    ],
)
def test_a_file_that_is_no_gradebook_is_told_and_stays(course, ends, content, told):
    (course / "gradebook.db").write_bytes(content)
    assert told in ends(course)
    assert (course / "gradebook.db").read_bytes() == content


def test_a_database_without_tables_is_told(course, ends):
    (course / "gradebook.db").unlink()
    with closing(sqlite3.connect(course / "gradebook.db")) as db:
        db.execute("PRAGMA user_version = 1")
    assert "has no gradebook: run `autograder release" in ends(course)


def test_a_damaged_gradebook_is_told(graded, ends):
    data = bytearray((graded / "gradebook.db").read_bytes())
    data[200:] = b"\xff" * (len(data) - 200)
    (graded / "gradebook.db").write_bytes(data)
    assert "It is damaged: " in ends(graded)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE alembic_version SET version_num = '167914646830'",
        "DROP TABLE alembic_version",
        "ALTER TABLE grade RENAME COLUMN extra_credit TO bonus",
        "DROP TABLE course",
    ],
)
def test_a_gradebook_of_another_version_is_told_and_not_touched(course, ends, statement):
    with closing(sqlite3.connect(course / "gradebook.db")) as db:
        db.execute(statement)
        db.commit()
    before = (course / "gradebook.db").read_bytes()
    assert "It was made by another version of nbgrader" in ends(course)
    assert (course / "gradebook.db").read_bytes() == before


def test_a_gradebook_that_does_not_know_the_assignment_is_told(course, ends):
    with release.open_nbgrader(Course(course)) as api, api.gradebook as book:
        book.remove_assignment(NAME)
    assert f"does not know {NAME}: run `autograder release" in ends(course)


def test_a_gradebook_that_was_exchanged_is_told(graded, tmp_path, ends):
    new = made_up.course_in(tmp_path / "new")
    shutil.copy(new / "gradebook.db", graded / "gradebook.db")
    assert "does not hold what was found for ann/sampling, bob/sampling and cem" in ends(graded)
    assert grade(graded, "--force") == 0
    assert outcome(graded) == OUTCOME


def test_the_gradebook_may_lie_where_nbgrader_is_told(course):
    (course / "gradebook.db").rename(course / "moved.db")
    settings(course, "c.CourseDirectory.db_url = 'sqlite:///moved.db'")
    assert grade(course) == 0
    assert outcome(course) == OUTCOME
    assert not (course / "gradebook.db").exists()


def test_a_score_that_was_not_recorded_is_found_at_the_end(course, ends, monkeypatch):
    real = recorder.Recorder.record
    monkeypatch.setattr(
        recorder.Recorder,
        "record",
        lambda self, student, *given: "" if student == "bob" else real(self, student, *given),
    )
    assert "does not hold what was found for bob/sampling: run it again with --force." in ends(
        course
    )


def test_a_score_that_was_changed_is_found_at_the_end(course, ends, monkeypatch):
    real = recorder.Recorder.automatic_scores

    def tampered(self):
        with closing(sqlite3.connect(course / "gradebook.db")) as db:
            db.execute("UPDATE grade SET auto_score = auto_score + 1 WHERE auto_score = 0")
            db.commit()
        return real(self)

    monkeypatch.setattr(recorder.Recorder, "automatic_scores", tampered)
    assert "does not hold what was found for bob/sampling" in ends(course)


# The folder of the course


@pytest.mark.parametrize(
    "student", ["a" * 300, "../..", ".", "", "ANN", "ann\udcff", "ann/sampling"]
)
def test_a_student_who_is_not_there_is_told(course, ends, student):
    told = ends(course, "--student", student)
    assert f"There is no folder of a student {printable(student)!r} in " in told


@pytest.mark.parametrize("step", ["autograded", "feedback", f"{STATE}/repaired"])
def test_a_file_in_the_place_of_a_folder_is_told_and_nothing_is_half_written(course, ends, step):
    (course / STATE).mkdir(exist_ok=True)
    (course / step).write_text("")
    assert f"cannot be written ({course / step}" in ends(course)
    (course / step).unlink()
    assert nothing_is_half_written(course)
    assert grade(course) == 0
    assert outcome(course) == OUTCOME


FULL = OSError(errno.ENOSPC, "No space left on device")


@pytest.mark.parametrize("place", ["repaired", "autograded", "feedback", "gradebook"])
def test_a_full_disk_ends_the_run_and_what_was_graded_stays(graded, ends, place, monkeypatch):
    hand_in(graded, "new")
    with monkeypatch.context() as patch:
        fill(patch, place, "new")
        told = ends(graded)
    assert "Make room " in told
    assert "what was graded before stays." in told
    assert nothing_is_half_written(graded)
    assert outcome(graded) == OUTCOME | {"new": ("not graded", "")}
    assert grade(graded) == 0
    assert outcome(graded) == OUTCOME | {"new": RIGHT}


def fill(patch: pytest.MonkeyPatch, place: str, student: str) -> None:
    """Let the disk be full when something of a student is written."""
    if place == "repaired":
        patch.setattr(nbformat, "write", failing(nbformat.write, student))
    elif place == "gradebook":
        patch.setattr(SaveAutoGrades, "_add_score", full_database)
    else:
        owner = {"autograded": Autograde, "feedback": GenerateFeedback}[place]
        real = owner.write_single_notebook
        patch.setattr(owner, "write_single_notebook", failing(real, student))


def failing(real, student: str):
    def write(*given, **more):
        if student in str(given):
            raise FULL
        return real(*given, **more)

    return write


def full_database(self, *_):
    self.gradebook.db.connection().exec_driver_sql("PRAGMA max_page_count = 1")
    self.gradebook.db.connection().exec_driver_sql("CREATE TABLE x AS SELECT randomblob(1000000)")


@pytest.mark.parametrize("step", ["source", "release"])
@pytest.mark.parametrize("how", [Path.unlink, made_up.spoil])
def test_a_notebook_of_the_course_that_is_no_use_is_told(course, ends, step, how):
    file = course / step / NAME / f"{NAME}.ipynb"
    how(file)
    told = ends(course)
    assert str(file) in told
    assert "run `autograder release" in told


@pytest.mark.parametrize("line", ["c.Course = (", "c.Autograde.permissions = 'all'"])
def test_settings_that_cannot_be_used_are_told(course, ends, line):
    settings(course, line)
    assert "nbgrader_config.py cannot be used: " in ends(course)
