"""A grading that is killed at any moment and run again ends as one that was left alone."""

import json
import random
import select
import shutil
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
import replayed_grading
import submissions
from nbgrader.api import Gradebook

from autograder.__main__ import main
from autograder.checks import solutions
from autograder.commands import grade, release
from autograder.execution import job as jobs
from autograder.execution.judging import reference
from autograder.execution.processes import libraries
from autograder.execution.processes.session import Budget
from autograder.gradebook.course import Course, settings
from autograder.gradebook.journal import Journal, read_entries

pytestmark = pytest.mark.slow
# When to kill, drawn before anything starts, so that a failure can be repeated: every other one is
# in the first second, the rest are parts of the time that a whole grading takes.
MOMENTS = tuple(random.Random(20).uniform(0, 1) for _ in range(20))
NAME = "latent_loss"
STUDENTS = ("ann", "bob", "cem", "dia", "eve", "fay")


@pytest.fixture(scope="module")
def course(tmp_path_factory, bank_folder):
    """Return a course in which six students have handed in and nothing is graded."""
    folder = tmp_path_factory.mktemp("course")
    assert main(["release", str(folder)]) == 0
    wrong = submissions.answer_of(bank_folder, NAME, "averaged_over_batch")
    for number, student in enumerate(STUDENTS):
        answer = (solutions.source(NAME), wrong, None)[number % 3]
        submissions.hand_in(folder, student, NAME, answer and f"# {student}\n{answer}")
    (folder / "submitted" / "ann" / NAME / "timestamp.txt").write_text("2026-11-01 12:00:00 UTC")
    submissions.hand_in(folder, "gil", NAME).write_text("{")
    return folder


@pytest.fixture(scope="module")
def results(course, tmp_path_factory):
    """Execute the notebooks for good, and keep the results in a file."""
    found, sources = {}, grade.Sources(Course(course))
    imported = libraries.select(settings(Course(course)), with_ours=True)
    from autograder.submissions import collect

    with closing(Journal(Course(course))) as journal, reference.references([NAME]) as known:
        for each in collect.find(Course(course), journal, None, None):
            if each.student != "gil":
                made = [jobs.job_of(NAME, sources.repair(each)[0], imported)]
                if not found:  # the proof
                    made.append(jobs.job_of(NAME, sources.read(NAME)[0], imported))
                for job in made:
                    result = jobs.execute(job, known[NAME], Budget())
                    found[job.key(Budget())] = result.to_json()
    shutil.rmtree(course / ".autograder")
    file = tmp_path_factory.mktemp("results") / "results.json"
    file.write_text(json.dumps(found), encoding="utf-8")
    return file


def start(course: Path, results: Path) -> subprocess.Popen:
    script = Path(replayed_grading.__file__)
    return subprocess.Popen(
        [sys.executable, script, course, results], stdout=subprocess.PIPE, text=True
    )


def finish(course: Path, results: Path) -> float:
    """Grade to the end; return the seconds from the line that it begins."""
    with start(course, results) as process:
        assert process.stdout.readline() == "begin\n"
        begin = time.monotonic()
        process.communicate()
    assert process.returncode == 10 + 1  # one is for review
    return time.monotonic() - begin


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
def undisturbed(course, results, tmp_path_factory):
    """Grade a copy of the course at one go; return what came of it and how long it took."""
    copy = tmp_path_factory.mktemp("undisturbed") / "course"
    shutil.copytree(course, copy)
    seconds = finish(copy, results)
    return content(copy), seconds


def test_the_undisturbed_grading_is_complete(undisturbed):
    found, _ = undisturbed
    assert {student for student, _ in found["rows"]} == set(STUDENTS)
    assert len(found["pages"]) == 2 * (len(STUDENTS) + 1)  # and the time that ann handed in
    assert [state[1] for state in found["states"]].count("graded") == 4
    assert found["states"][-1][:2] == ("gil", "for review")


def killed(course: Path, results: Path, moment: float) -> bool:
    """Grade, and kill the process after some seconds; return whether it was still running."""
    with start(course, results) as process:
        assert process.stdout.readline() == "begin\n"
        select.select([process.stdout], [], [], moment)  # it prints again when it is at its end
        early = process.poll() is None
        process.kill()
        process.communicate()
    return early


def test_killed_at_any_moment_and_run_again_nothing_differs(course, results, undisturbed, tmp_path):
    wanted, seconds = undisturbed
    moments = [moment if n % 2 else moment * seconds for n, moment in enumerate(MOMENTS)]

    def interrupt(number: int) -> tuple[dict, bool]:
        copy = tmp_path / str(number) / "course"
        shutil.copytree(course, copy)
        early = killed(copy, results, moments[number])
        finish(copy, results)
        return content(copy), early

    with ThreadPoolExecutor(2) as pool:
        ended = [*pool.map(interrupt, range(len(moments)))]
    assert sum(early for _, early in ended) >= len(moments) // 2
    for moment, (kept, _) in zip(moments, ended, strict=True):
        assert kept == wanted, f"killed after {moment:.3f} of {seconds:.3f} s"


def test_what_is_graded_is_not_executed_again_unless_it_changed(
    course, results, tmp_path, monkeypatch
):
    copy = tmp_path / "course"
    shutil.copytree(course, copy)
    finish(copy, results)
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


def test_a_manual_grade_and_a_late_penalty_outlive_another_grading(course, results, tmp_path):
    copy = tmp_path / "course"
    shutil.copytree(course, copy)
    finish(copy, results)
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
    finish(copy, results)
    with Gradebook(url, "latent-spaces") as book:
        (graded,) = [
            g
            for g in book.find_submission(NAME, "bob").notebooks[0].grades
            if g.name == "latent_loss-value"
        ]
        assert graded.manual_score == 1.5
        assert str(book.find_submission(NAME, "ann").timestamp).startswith("2026-11-01 12:00")
