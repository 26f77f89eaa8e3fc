"""The result of a job survives being kept, and one notebook for review decides for all."""

import json

import pytest

from autograder.commands.grading.work import Runnable, Work
from autograder.execution.result import JobResult, PartScore
from autograder.gradebook.journal import Entry


def result(**changes) -> JobResult:
    fields = {
        "outputs": {"cell-1": [{"output_type": "stream", "name": "stdout", "text": "é\n"}]},
        "parts": {"value": PartScore(2.5, True, ("It is 3.",), ("Value",))},
        "remarks": ("Cell 2 raised ValueError",),
        "review": "",
        "seconds": 1.25,
        "containment": "namespaces",
    }
    return JobResult(**fields | changes)


@pytest.mark.parametrize("kept", [result(), result(parts={}), result(review="It is odd.")])
def test_a_result_is_the_same_after_it_was_kept(kept):
    assert JobResult.from_json(json.loads(json.dumps(kept.to_json()))) == kept


def work(*results: JobResult) -> Work:
    """Return a submission whose notebooks have these results."""
    parts = tuple((str(n), Runnable(f"part{n}", None, None)) for n, _ in enumerate(results))
    return Work(
        Entry("ann", "ps1"), parts, None, results={str(n): r for n, r in enumerate(results)}
    )


def test_a_single_notebook_keeps_its_result():
    assert work(result()).result() == result()


def test_the_remarks_of_several_notebooks_name_them_and_times_add_up():
    whole = work(result(), result(remarks=("No.",))).result()
    assert whole.remarks == ("part0.ipynb: Cell 2 raised ValueError", "part1.ipynb: No.")
    assert (whole.seconds, whole.review) == (2.5, "")


def test_one_notebook_for_review_keeps_the_whole_submission_from_being_scored():
    assert work(result(), result(review="It is odd.")).result().review == "part1.ipynb: It is odd."
