"""A grading that is killed at any moment and run again ends as one that was left alone."""

import json
import random
import shutil
import signal
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import kept_results
import pytest
import replayed_grading
import submissions
from nbgrader.api import Gradebook

from autograder.checks import solutions
from autograder.commands import grade, release
from autograder.execution import job as jobs
from autograder.execution.judging import reference
from autograder.execution.processes import code, libraries
from autograder.execution.processes.session import Budget
from autograder.gradebook.course import Course, settings
from autograder.gradebook.journal import Journal, read_entries
from autograder.submissions import collect

pytestmark = pytest.mark.slow
# When to kill, drawn before anything starts, so that a failure can be repeated: every other one is
# in the first second, the rest are parts of the time that a whole grading takes.
_random = random.Random(20)
MOMENTS = tuple(_random.uniform(0, 1) for _ in range(20))
NAME = "latent_loss"
STUDENTS = ("ann", "bob", "cem", "dia", "eve", "fay")


@pytest.fixture(scope="module")
def course(tmp_path_factory, bank_folder):
    """Return a course in which six students have handed in and nothing is graded."""
    folder = tmp_path_factory.mktemp("course")
    submissions.release_with_seeds(folder)
    wrong = submissions.answer_of(bank_folder, NAME, "averaged_over_batch")
    for number, student in enumerate(STUDENTS):
        answer = (solutions.source(NAME), wrong, None)[number % 3]
        submissions.hand_in(folder, student, NAME, answer and f"# {student}\n{answer}")
    (folder / "submitted" / "ann" / NAME / "timestamp.txt").write_text("2026-11-01 12:00:00 UTC")
    submissions.hand_in(folder, "gil", NAME).write_text("{")
    return folder


@pytest.fixture(scope="module")
def results(course, tmp_path_factory):
    """Execute the notebooks in earnest; return a file with their results."""
    sources = grade.Sources(Course(course))
    imported = libraries.select(settings(Course(course)), with_ours=True)
    to_run = [jobs.job_of(NAME, sources.read(NAME)[0], imported)]  # the proof
    with closing(Journal(Course(course))) as journal:
        for submission in collect.find(Course(course), journal, None, None):
            if submission.student != "gil":
                to_run.append(jobs.job_of(NAME, sources.repair(submission)[0], imported))
    shutil.rmtree(course / ".autograder")

    def execute_all() -> dict:
        with reference.references([NAME]) as known:
            return {
                job.key(Budget()): jobs.execute(job, known[NAME], Budget()).to_json()
                for job in to_run
            }

    kept = kept_results.folder("interrupted", code.environment())
    keys = "".join(job.key(Budget()) for job in to_run)
    file = tmp_path_factory.mktemp("results") / "results.json"
    file.write_text(json.dumps(kept_results.kept_or_made(kept, keys, execute_all)), "utf-8")
    return file


@pytest.fixture(scope="module")
def grade_replayed(results):
    """Give a function that grades a course, perhaps until it is killed after some seconds.

    It returns the exit code, negative for a signal, and how many seconds the process ran.
    """
    script = Path(replayed_grading.__file__)
    with subprocess.Popen(
        [sys.executable, script, results], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:

        def run(course: Path, moment: float | None = None) -> tuple[int, float]:
            print(json.dumps({"course": str(course), "moment": moment}), file=process.stdin)
            process.stdin.flush()
            ended = json.loads(process.stdout.readline())
            return ended["code"], ended["seconds"]

        yield run
        process.stdin.close()
    assert process.returncode == 0


def content(course: Path) -> dict:
    """Return all that a grading leaves behind, but for times and random keys."""
    with Gradebook(f"sqlite:///{course / 'gradebook.db'}", "latent-spaces") as book:
        rows = {
            (each.student.id, each.assignment.name): (
                each.score,
                str(each.timestamp),
                sorted(
                    (g.name, g.auto_score, g.manual_score) for n in each.notebooks for g in n.grades
                ),
            )
            for assignment in book.assignments
            for each in assignment.submissions
        }
        counts = [len(assignment.submissions) for assignment in book.assignments]
    pages = {
        str(file.relative_to(course)): file.read_bytes()
        for step in ("autograded", "feedback")
        for file in sorted((course / step).rglob("*"))
        if file.is_file()
    }
    entries = read_entries(Course(course))
    states = [(e.student, e.status, e.reason, e.recorded == e.due) for e in entries]
    return {"rows": rows, "counts": counts, "pages": pages, "states": states}


@pytest.fixture(scope="module")
def undisturbed(course, grade_replayed, tmp_path_factory):
    """Grade a copy of the course at one go; return what came of it and how long it took."""
    copy = tmp_path_factory.mktemp("undisturbed") / "course"
    shutil.copytree(course, copy)
    code, seconds = grade_replayed(copy)
    assert code == 1  # one is for review
    return content(copy), seconds


def test_the_undisturbed_grading_is_complete(undisturbed):
    found, _ = undisturbed
    assert {student for student, _ in found["rows"]} == set(STUDENTS)
    assert len(found["pages"]) == 2 * (len(STUDENTS) + 1)  # and the time that ann handed in
    assert [state[1] for state in found["states"]].count("graded") == 4
    assert found["states"][-1][:2] == ("gil", "for review")


def test_killed_at_any_moment_and_run_again_nothing_differs(
    course, grade_replayed, undisturbed, tmp_path
):
    expected, seconds = undisturbed
    for number, drawn in enumerate(MOMENTS):
        moment = drawn if number % 2 else drawn * seconds
        while True:
            copy = tmp_path / f"{number}-{moment}" / "course"
            shutil.copytree(course, copy)
            if grade_replayed(copy, moment)[0] == -signal.SIGKILL:
                break
            moment /= 2  # it was at its end
        assert grade_replayed(copy)[0] == 1
        assert content(copy) == expected, f"killed after {moment:.3f} of {seconds:.3f} s"


def test_what_is_graded_is_not_executed_again_unless_it_changed(
    course, results, grade_replayed, tmp_path, monkeypatch
):
    copy = tmp_path / "course"
    shutil.copytree(course, copy)
    assert grade_replayed(copy)[0] == 1
    monkeypatch.setattr(jobs, "execute", lambda *_: pytest.fail("executed again"))
    assert grade.run(copy, grade.Options(jobs=1, budget=Budget())) == 1

    ran = []
    known = replayed_grading.read(results)
    monkeypatch.setattr(jobs, "execute", lambda job, *_: ran.append(job) or known[wrong])
    (changed,) = (copy / "submitted" / "cem" / NAME).glob("*.ipynb")
    wrong = next(iter(known))
    submissions.hand_in(copy, "cem", NAME, "latent_loss = 3")
    assert changed.is_file()
    grade.run(copy, grade.Options(jobs=1, budget=Budget()))
    assert len(ran) == 1

    grade.run(copy, grade.Options(jobs=1, force=True, student="ann", budget=Budget()))
    assert len(ran) == 2


def test_the_same_code_of_two_students_is_executed_once(course, results, tmp_path, monkeypatch):
    copy = tmp_path / "course"
    shutil.copytree(course, copy)
    known, ran = replayed_grading.read(results), []
    monkeypatch.setattr(
        jobs, "execute", lambda job, *_: ran.append(job) or known[job.key(Budget())]
    )
    grade.run(copy, grade.Options(jobs=2, budget=Budget()))
    untouched = [job for job in ran if "raise NotImplementedError" in str(job.cells)]
    assert len(untouched) == 1
    assert len(release.student_notebooks()) == 3
    assert len(ran) == 5 + 1  # the reference solution, which proves the checks


def test_a_manual_grade_and_a_late_penalty_outlive_another_grading(
    course, grade_replayed, tmp_path
):
    copy = tmp_path / "course"
    shutil.copytree(course, copy)
    assert grade_replayed(copy)[0] == 1
    url = f"sqlite:///{copy / 'gradebook.db'}"
    with Gradebook(url, "latent-spaces") as book:
        (graded,) = [
            g
            for g in book.find_submission(NAME, "bob").notebooks[0].grades
            if g.name == "latent_loss-value"
        ]
        graded.manual_score = 1.5
        book.db.commit()
    shutil.rmtree(copy / ".autograder")  # so that everything is recorded anew
    assert grade_replayed(copy)[0] == 1
    with Gradebook(url, "latent-spaces") as book:
        (graded,) = [
            g
            for g in book.find_submission(NAME, "bob").notebooks[0].grades
            if g.name == "latent_loss-value"
        ]
        assert graded.manual_score == 1.5
        assert str(book.find_submission(NAME, "ann").timestamp).startswith("2026-11-01 12:00")
