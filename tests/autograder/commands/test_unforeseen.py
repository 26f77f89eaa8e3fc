"""What nobody foresaw in a notebook costs its submission, and never the run."""

import json
import pkgutil

import made_up
import pytest
import submissions
from made_up import MOST, NAME, OUTCOME, RIGHT, grade, hand_in, outcome

from autograder.__main__ import main
from autograder.execution import job as jobs
from autograder.gradebook.course import Course
from autograder.gradebook.journal import read_entries


@pytest.mark.parametrize("metadata", [["x"], [1], "x", 3, 0.5, True, [[]], None])
def test_metadata_of_the_wrong_type_do_no_harm(repaired, made, source, metadata):
    made.cells.append(submissions.added("x = 1"))
    content = json.loads(json.dumps(made))
    content["cells"][-1]["metadata"] = metadata
    found = repaired(content)
    assert submissions.code(found)[:-1] == submissions.expected(source)
    assert submissions.code(found)[-1] == ("added-1", "x = 1")


# The backstop: an error that nobody foresaw


def fail_for_ann(real):
    def failing(self, *arguments):
        if "ann" in str(arguments[0]):
            raise ZeroDivisionError("one that\nnobody foresaw")
        return real(self, *arguments)

    return failing


STEPS = {
    "read": "autograder.submissions.assignment.Sources.repair",
    "time": "autograder.gradebook.recorder.Recorder.terms",
    "record": "autograder.gradebook.recorder.Recorder.record",
}


@pytest.mark.parametrize("step", STEPS)
def test_an_unforeseen_error_costs_one_submission_and_not_the_run(
    course, monkeypatch, capsys, step
):
    real = pkgutil.resolve_name(STEPS[step])
    with monkeypatch.context() as patch:
        patch.setattr(STEPS[step], fail_for_ann(real))
        assert grade(course) == 1
    assert outcome(course) == OUTCOME | {"ann": ("for review", "")}
    told = "The autograder failed on it: ZeroDivisionError: one that. Please report this."
    entries = read_entries(Course(course))
    assert [entry.reason for entry in entries if entry.status == "for review"] == [told]
    assert "Traceback" not in capsys.readouterr().out
    assert grade(course) == 0
    assert outcome(course) == OUTCOME


def test_an_unforeseen_error_while_a_notebook_runs_costs_one_submission(course, monkeypatch):
    def failing(job, *_):
        if "ann" in str(job.cells):
            raise ZeroDivisionError("one that\nnobody foresaw")
        return made_up.result(job)

    with monkeypatch.context() as patch:
        patch.setattr(jobs, "execute", failing)
        assert grade(course) == 1
    assert outcome(course) == OUTCOME | {"ann": ("for review", "")}
    reasons = [entry.reason for entry in read_entries(Course(course)) if entry.reason]
    assert reasons == [
        "The autograder failed on it: ZeroDivisionError: one that. Please report this."
    ]
    assert grade(course) == 0
    assert outcome(course) == OUTCOME


def test_an_unforeseen_error_in_a_folder_costs_one_submission_and_not_the_run(course, monkeypatch):
    real = pkgutil.resolve_name("autograder.submissions.collect.file_problem")

    def failing(file, kept):
        if "ann" in file.parts:
            raise RecursionError
        return real(file, kept)

    with monkeypatch.context() as patch:
        patch.setattr("autograder.submissions.collect.file_problem", failing)
        assert grade(course) == 1
    assert outcome(course) == OUTCOME | {"ann": ("for review", "")}


def test_links_that_cannot_be_followed_cost_no_more_than_what_they_stand_for(course, capsys):
    (course / "submitted" / "bob" / ".x").symlink_to("a" * 300)
    (course / "submitted" / "x").symlink_to("a" * 300)
    (course / "submitted" / "dan").mkdir()
    (course / "submitted" / "dan" / NAME).symlink_to("a" * 300)
    assert grade(course) == 1
    assert OUTCOME.items() <= outcome(course).items()
    assert capsys.readouterr().out.count("is a link: put the folder itself there") == 2
    assert main(["export", str(course), "--to", "csv"]) == 0
    assert OUTCOME.items() <= outcome(course).items()


def test_what_is_wrong_with_the_course_still_ends_the_run(course, capsys):
    (course / "source" / NAME / f"{NAME}.ipynb").write_text("{")
    assert grade(course) == 2
    assert "cannot be read as a notebook: run `autograder release" in capsys.readouterr().err


def test_a_class_with_an_odd_notebook_is_graded(course):
    file = hand_in(course, "eve")
    content = json.loads(file.read_text(encoding="utf-8"))
    content["cells"].append({"cell_type": "code", "metadata": ["x"], "source": "1", "outputs": []})
    file.write_text(json.dumps(content), encoding="utf-8")
    assert grade(course) == 0
    assert outcome(course) == OUTCOME | {"eve": RIGHT}
    assert RIGHT == ("graded", MOST)
