"""Whatever a document holds, it is read and repaired, or turned down with a sentence."""

import copy
import json
import pkgutil
import random

import nbformat
import pytest
import submissions
from made_up import MOST, NAME, OUTCOME, RIGHT, grade, hand_in, outcome

from autograder import AutograderError
from autograder.execution import job as jobs
from autograder.execution.processes import session
from autograder.gradebook.journal import recall
from autograder.submissions import intake
from autograder.submissions.repair import repair

ODD = [
    *(None, True, False, 0, -1, 0.5, 10**30, -(10**400), float("inf"), float("nan"), "", "x"),
    *("\ud800", "\udfff\x00\x1b[2J", "é\u202e", "x" * 5_000, "sampling-answer", "code", "markdown"),
    *([], {}, ["x"], [[]], [None, 3], {"": {}}, {"nbgrader": {"grade_id": "sampling-answer"}}),
    [{"cell_type": "code", "metadata": ["x"], "source": "1", "outputs": []}],
    {"grade_id": "sampling-mean", "points": 10**400, "locked": True, "grade": True, "checksum": ""},
]


def documents() -> dict[str, dict]:
    """Return a notebook with an answer in several versions of the format."""
    made = submissions.notebook(NAME, submissions.ANSWER)
    made.cells.insert(3, submissions.added("x = 1"))
    made.cells[3].outputs = [nbformat.v4.new_output("stream", text="x\n")]
    found = {"4.5": made, "4.0": copy.deepcopy(made), "3": nbformat.convert(made, 3)}
    found["4.0"].nbformat_minor = 0
    for cell in found["4.0"].cells:
        del cell["id"]
    return {version: json.loads(json.dumps(each)) for version, each in found.items()}


def places(document) -> list[tuple]:
    """Return every place in a document: what holds it, and its key or number there."""
    found, waiting = [], [document]
    while waiting:
        holder = waiting.pop()
        keys = [*holder] if isinstance(holder, dict) else range(len(holder))
        found += [(holder, key) for key in keys]
        waiting += [holder[key] for key in keys if isinstance(holder[key], dict | list)]
    return found


def mutate(document: dict, draw: random.Random) -> None:
    """Change one place: put something odd there, or what stands elsewhere, or remove it."""
    if not document:
        return
    holder, key = draw.choice(places(document))
    other, there = draw.choice(places(document))
    changes = ["odd", "odd", "other", "remove", *(["again"] if isinstance(holder, list) else [])]
    match draw.choice(changes):
        case "odd":
            holder[key] = copy.deepcopy(draw.choice(ODD))
        case "other":
            holder[key] = copy.deepcopy(other[there])
        case "remove":
            del holder[key]
        case "again":
            holder.insert(key, copy.deepcopy(holder[key]))


def is_sentence(text: str) -> bool:
    return text.isprintable() and text.endswith(".") and len(text) < 1_000


@pytest.mark.parametrize("version", ["4.5", "4.0", "3"])
def test_a_mutated_notebook_is_read_and_repaired_or_turned_down(tmp_path, version, source):
    draw = random.Random(f"mutated {version}")
    document, released = documents()[version], submissions.notebook(NAME)
    file, kinds = tmp_path / f"{NAME}.ipynb", set()
    for _ in range(500):
        mutated = copy.deepcopy(document)
        for _ in range(draw.choice([1, 1, 2, 5, 20])):
            mutate(mutated, draw)
        file.write_text(json.dumps(mutated), encoding="utf-8")
        try:
            found = intake.read(file)
        except AutograderError as error:
            assert is_sentence(str(error))
            kinds.add("turned down")
            continue
        assert all(map(is_sentence, found.defects)), found.defects
        repaired = repair(found.cells, source, released)
        nbformat.validate(repaired.notebook)
        nbformat.writes(repaired.notebook).encode()
        assert all(each.isprintable() for each in repaired.repairs)
        jobs.job_of(NAME, repaired.notebook).key(session.Walls())
        kinds.add("repaired" if repaired.repairs else "as handed in")
    assert kinds == {"turned down", "repaired", "as handed in"}


@pytest.mark.parametrize("metadata", [["x"], [1], "x", 3, 0.5, True, [[]], None])
def test_metadata_of_the_wrong_type_do_no_harm(mend, made, source, metadata):
    made.cells.append(submissions.added("x = 1"))
    content = json.loads(json.dumps(made))
    content["cells"][-1]["metadata"] = metadata
    found = mend(content)
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
    "read": "autograder.submissions.assignment.Sources.repaired",
    "time": "autograder.gradebook.recorder.Recorder.terms",
    "record": "autograder.commands.grade.Grading._write",
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
    told = "The autograder failed at it: ZeroDivisionError: one that. Please report that."
    assert [each.reason for each in recall(course) if each.status == "for review"] == [told]
    assert "Traceback" not in capsys.readouterr().out
    assert grade(course) == 0
    assert outcome(course) == OUTCOME


def test_an_unforeseen_error_in_a_folder_costs_one_submission_and_not_the_run(course, monkeypatch):
    real = pkgutil.resolve_name("autograder.submissions.collect._choose")

    def failing(found, *more):
        if found.student == "ann":
            raise RecursionError
        return real(found, *more)

    with monkeypatch.context() as patch:
        patch.setattr("autograder.submissions.collect._choose", failing)
        assert grade(course) == 1
    assert outcome(course) == OUTCOME | {"ann": ("for review", "")}


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
