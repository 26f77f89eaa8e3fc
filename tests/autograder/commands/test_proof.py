"""No answer is judged where the reference solution itself loses points."""

from dataclasses import replace

import made_up
import pytest

from autograder.checks import solutions
from autograder.execution import job as jobs
from autograder.execution.result import JobResult

ODD = "Your answer raised RefusedError: not available."


def spoiled(job: jobs.Job, *_) -> JobResult:
    """Return a result in which the reference solution loses a part, and students do not."""
    result = made_up.result(job)
    if any(source == solutions.source(job.exercise) for _, source in job.cells):
        lost = next(iter(made_up.CELLS))
        result.parts[lost] = replace(result.parts[lost], points=0, problems=(ODD,))
    return result


def test_a_reference_that_loses_points_ends_the_run_before_any_score(course, monkeypatch, capsys):
    monkeypatch.setattr(jobs, "execute", spoiled)
    assert made_up.grade(course) == 2
    told = capsys.readouterr().err.replace("\n", " ")
    assert "The reference solution of sampling does not get all points here" in told
    assert ODD in told
    assert {status for status, _ in made_up.outcome(course).values()} == {"not graded"}


def test_when_it_is_fixed_grading_goes_on(course, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(jobs, "execute", spoiled)
        assert made_up.grade(course) == 2
    assert made_up.grade(course) == 0
    assert made_up.outcome(course) == made_up.OUTCOME


@pytest.mark.parametrize("gone", [1, len(made_up.CELLS)])
def test_a_source_whose_checks_are_not_ours_is_told(course, monkeypatch, capsys, gone):
    def without_parts(job, *_):
        result = made_up.result(job)
        return replace(result, parts=dict([*result.parts.items()][gone:]))

    monkeypatch.setattr(jobs, "execute", without_parts)
    assert made_up.grade(course) == 2
    told = " ".join(capsys.readouterr().err.split())
    assert "does not get all points here" in told
    assert "This cell is not a check of the autograder" in told


def test_a_solution_that_cannot_be_run_says_why(course, monkeypatch, capsys):
    def for_review(job, *_):
        return replace(made_up.result(job), parts={}, review="It sent something odd.")

    monkeypatch.setattr(jobs, "execute", for_review)
    assert made_up.grade(course) == 2
    told = " ".join(capsys.readouterr().err.split())
    assert "does not get all points here" in told
    assert "The first problem: It sent something odd." in told


def test_the_proof_is_made_once(course, monkeypatch):
    ran = []
    monkeypatch.setattr(jobs, "execute", lambda job, *_: ran.append(job) or made_up.result(job))
    assert made_up.grade(course) == 0
    assert len(ran) == len(made_up.STUDENTS) + 1
    made_up.hand_in(course, "dia")
    assert made_up.grade(course) == 0
    assert len(ran) == len(made_up.STUDENTS) + 2


def test_nothing_that_was_found_before_a_failed_proof_is_used_again(course, monkeypatch):
    def nothing_works(job, *_):
        result = spoiled(job)
        return replace(
            result, parts={name: replace(part, points=0) for name, part in result.parts.items()}
        )

    with monkeypatch.context() as patch:
        patch.setattr(jobs, "execute", nothing_works)
        assert made_up.grade(course) == 2
    assert made_up.grade(course) == 0
    assert made_up.outcome(course) == made_up.OUTCOME
