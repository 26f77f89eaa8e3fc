"""What happens to one submission leaves those of the others alone, and no grade is lost."""

import os
import shutil
from contextlib import contextmanager

import made_up
import nbformat
import pytest
from made_up import (
    CELLS,
    MOST,
    NAME,
    OUTCOME,
    REVIEW,
    RIGHT,
    WRONG,
    book,
    grade,
    hand_in,
    outcome,
    settings,
)
from nbgrader.api import InvalidEntry
from nbgrader.converters import Autograde, GenerateFeedback
from nbgrader.preprocessors import SaveAutoGrades
from sqlalchemy.exc import IntegrityError

from autograder.__main__ import main
from autograder.commands.grading.work import Work
from autograder.gradebook import recorder
from autograder.gradebook.course import Course
from autograder.gradebook.journal import read_entries
from autograder.gradebook.shared import SharedGradebook


def reason(course, student: str) -> str:
    return " ".join(each.reason for each in read_entries(Course(course)) if each.student == student)


EXCEPTIONS = {
    "value": ValueError("no\nsense."),
    "bare": RuntimeError(),
    "entry": InvalidEntry("not an entry"),
    "twice": IntegrityError("INSERT", {}, Exception("UNIQUE constraint failed")),
    "exit": SystemExit(3),
    "text": UnicodeEncodeError("utf-8", "\ud800", 0, 1, "surrogates not allowed"),
    "deep": RecursionError("too deep"),
}


@pytest.mark.parametrize(
    ("owner", "method"),
    [
        (SaveAutoGrades, "_add_score"),
        (Autograde, "init_assignment"),
        (GenerateFeedback, "write_single_notebook"),
    ],
)
def test_an_exception_of_nbgrader_concerns_one_submission(
    course, owner, method, monkeypatch, capfd
):
    real = getattr(owner, method)

    def fail(self, *given):
        for student, error in EXCEPTIONS.items():
            if f"'{student}'" in str([getattr(self, "student_id", ""), *given]):
                raise error
        return real(self, *given)

    for student in EXCEPTIONS:
        hand_in(course, student)
    with monkeypatch.context() as patch:
        patch.setattr(owner, method, fail)
        assert grade(course) == 1
    assert outcome(course) == OUTCOME | dict.fromkeys(EXCEPTIONS, REVIEW)
    for student, error in EXCEPTIONS.items():
        told = reason(course, student)
        assert told.startswith(f"nbgrader could not record it: {type(error).__name__}")
        assert told.isprintable()
        assert told.endswith(".")
    assert {each.name for each in (course / "autograded").iterdir()} >= set(OUTCOME)
    assert len([*course.glob("autograded/*/*/*.ipynb")]) == len(OUTCOME)
    assert "Traceback" not in "".join(capfd.readouterr())


def test_a_new_notebook_that_cannot_be_recorded_does_not_take_the_old_score(graded, monkeypatch):
    hand_in(graded, "ann", "# wrong")
    monkeypatch.setattr(GenerateFeedback, "write_single_notebook", lambda *_: {}["no feedback"])
    assert grade(graded) == 1
    assert outcome(graded)["ann"] == REVIEW
    with book(graded) as opened:  # which is as it was
        assert opened.find_submission(NAME, "ann").score == MOST


def test_unusual_names_are_graded_and_exported(course):
    names = ["[red]ann", "a*b?[c]", "{x}", "o'brien; --", "Zoë", "名前", "a+b%20c", "1", "=1+1"]
    for student in names:
        hand_in(course, student)
    assert grade(course) == 0
    assert outcome(course) == OUTCOME | dict.fromkeys(names, RIGHT)
    for student in names:
        assert (course / "feedback" / student / NAME / f"{NAME}.html").is_file()


def test_strange_names_of_files_are_told_and_nothing_ends(course, capsys):
    file = hand_in(course, "dia")
    file.rename(file.with_name(os.fsdecode(b"mine\xff\n.ipynb")))
    shutil.copytree(file.parent.parent, course / "submitted" / os.fsdecode(b"eve\xff"))
    (course / "submitted" / os.fsdecode(b"stray\xff\x1b[2J.ipynb")).write_text("{}")
    assert grade(course) == 1
    assert outcome(course)["dia"] == RIGHT
    said = capsys.readouterr().out
    assert "6 in = 4 graded + 2 for review" in said
    assert "\x1b" not in said
    assert "stray\\udcff\\x1b[2J.ipynb: It lies in `submitted/` itself" in said
    assert main(["export", str(course)]) == main(["report", str(course)]) == 0


# Going, coming and changing


def test_a_submission_that_is_withdrawn_keeps_its_grade(graded, capsys):
    shutil.rmtree(graded / "submitted" / "ann")
    assert grade(graded) == 0
    assert "2 in = 2 graded + 0 for review (0 notebooks were run)." in capsys.readouterr().out
    assert outcome(graded) == OUTCOME


def test_a_submission_that_becomes_useless_is_for_review_and_comes_back(graded):
    file = graded / "submitted" / "ann" / NAME / f"{NAME}.ipynb"
    content = file.read_bytes()
    file.write_text("{")
    assert grade(graded) == 1
    assert outcome(graded) == OUTCOME | {"ann": REVIEW}
    file.write_bytes(content)
    assert grade(graded) == 0
    assert outcome(graded) == OUTCOME


@pytest.mark.parametrize("step", ["autograded", "feedback"])
def test_pages_that_were_deleted_are_made_again_without_a_run(graded, step, capsys):
    shutil.rmtree(graded / step)
    assert grade(graded) == 0
    assert len([*(graded / step).glob(f"*/{NAME}/{NAME}.*")]) == len(OUTCOME)
    assert "(0 notebooks were run)" in capsys.readouterr().out


def test_a_finding_is_forgotten_once_it_is_fixed(graded):
    file = hand_in(graded, "dia")
    stray = file.rename(graded / "submitted" / "dia" / file.name)
    file.with_name("mine.zip").write_bytes(b"PK")
    assert grade(graded) == 1
    entries = read_entries(Course(graded))
    assert {each.assignment for each in entries if each.student == "dia"} == {"", NAME}
    stray.rename(file)
    assert grade(graded, "--student", "bob") == 0
    assert reason(graded, "dia")  # nobody has looked there
    assert grade(graded) == 0
    assert {each.student for each in read_entries(Course(graded))} == {*OUTCOME, "dia"}
    assert reason(graded, "dia") == ""


def rows(course) -> dict[str, int]:
    with book(course) as opened:
        tables = ("student", "submitted_assignment", "submitted_notebook", "grade", "comment")
        connection = opened.db.connection()
        counts = {
            table: connection.exec_driver_sql(f"SELECT count(*) FROM {table}").scalar()
            for table in tables
        }
    return counts


def test_a_changed_submission_is_graded_anew_without_another_row(graded):
    before = rows(graded)
    hand_in(graded, "ann", "# wrong")
    assert grade(graded) == 0
    assert outcome(graded) == OUTCOME | {"ann": WRONG}
    assert grade(graded, "--force") == 0
    assert rows(graded) == before


def test_who_has_handed_in_the_untouched_notebook_has_attempted_nothing(course, capsys):
    hand_in(course, "dia", "#")
    assert grade(course) == 0
    assert outcome(course)["dia"] == ("not attempted", 0)
    assert "4 in = 3 graded, 1 not attempted + 0 for review" in capsys.readouterr().out


def test_a_recording_that_is_cut_off_is_done_again(graded, monkeypatch):
    """Though what was to be recorded is what the journal had before."""
    monkeypatch.setattr(
        recorder.Recorder, "record", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt)
    )
    assert grade(graded, "--force") == 130
    assert [each.recorded for each in read_entries(Course(graded))].count("") == 1
    monkeypatch.undo()
    made_up.replay(monkeypatch)
    assert grade(graded) == 0
    assert "" not in {each.recorded for each in read_entries(Course(graded))}


def pages(course) -> dict:
    return {
        file.relative_to(course): file.read_bytes()
        for step in ("autograded", "feedback")
        for file in (course / step).rglob("*.*")
    }


def test_a_file_whose_name_cannot_be_written_costs_its_submission(course, monkeypatch):
    def files(work):
        return {"x" * 300: b""} if work.entry.student == "ann" else {}

    monkeypatch.setattr(Work, "files", property(files))
    assert grade(course) == 1
    assert outcome(course) == OUTCOME | {"ann": REVIEW}
    assert "cannot be written (File name too long)" in reason(course, "ann")


def fail(*_):
    raise ValueError("as if nbgrader had failed")


@contextmanager
def fail_at_the_end(self, real=SharedGradebook.transaction):
    with real(self):
        yield
        fail()


FAILURES = {
    "autograde": (Autograde, "convert_single_notebook", fail),
    "feedback": (GenerateFeedback, "convert_single_notebook", fail),
    "commit": (SharedGradebook, "transaction", fail_at_the_end),
}


@pytest.mark.parametrize("step", FAILURES)
def test_a_recording_that_fails_leaves_the_earlier_score_and_pages(graded, monkeypatch, step):
    before, scores = pages(graded), rows(graded)
    monkeypatch.setattr(*FAILURES[step])
    hand_in(graded, "ann", "# wrong")
    assert grade(graded) == 1
    assert outcome(graded)["ann"] == REVIEW
    assert "as if nbgrader had failed" in reason(graded, "ann")
    assert (pages(graded), rows(graded)) == (before, scores)
    assert not [*(graded / ".autograder" / "made").rglob("*")]


# What nbgrader is told about students


def test_a_student_whom_nbgrader_does_not_know_is_added_unless_its_settings_forbid(course, capsys):
    with book(course) as opened:
        opened.add_student("ann")
    settings(course, "c.Autograde.create_student = False")
    assert grade(course) == 1
    assert outcome(course) == {"ann": RIGHT, "bob": REVIEW, "cem": REVIEW}
    assert "No student with ID 'bob' exists in the database." in reason(course, "bob")


def test_a_student_whom_the_settings_exclude_is_for_review(course):
    settings(course, "c.CourseDirectory.student_id_exclude = 'bob,eve'")
    assert grade(course) == 1
    assert outcome(course) == OUTCOME | {"bob": REVIEW}
    assert "its settings exclude this student" in reason(course, "bob")


def test_points_given_by_hand_outlive_a_changed_submission(graded):
    cell = next(iter(CELLS.values()))
    with book(graded) as opened:
        grade_ = opened.find_grade(cell, NAME, NAME, "bob")
        grade_.manual_score, grade_.extra_credit = 1.0, 0.5
        opened.db.commit()
    hand_in(graded, "bob", "# wrong again")
    assert grade(graded) == 0
    assert outcome(graded)["bob"] == ("needs manual grading", "")  # somebody must look again
    with book(graded) as opened:
        assert opened.find_submission(NAME, "bob").score == 1.5
    with book(graded) as opened:
        grade_ = opened.find_grade(cell, NAME, NAME, "bob")
        assert (grade_.manual_score, grade_.extra_credit, grade_.auto_score) == (1.0, 0.5, 0)


def test_a_repaired_notebook_lies_in_autograded_and_the_submission_is_untouched(course):
    file = hand_in(course, "ann")
    made = nbformat.read(file, as_version=4)
    made.cells = made.cells[::-1]
    nbformat.write(made, file)
    before = file.read_bytes()
    assert grade(course) == 0
    assert outcome(course)["ann"] == RIGHT
    assert file.read_bytes() == before
