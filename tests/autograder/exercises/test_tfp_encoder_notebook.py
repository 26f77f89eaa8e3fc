"""The text notebook of ``tfp_encoder``: its numbers, its points, and a solution of its own."""

import re

from autograder import checks
from autograder.checks import solutions

EXERCISE = checks.load("tfp_encoder")


def test_the_number_of_weights_in_the_task_is_the_one_of_the_reference(project):
    make_prior, make_encoder = solutions.answers(EXERCISE.name, EXERCISE.answers)
    text = (project / "solutions" / "tfp_encoder.md").read_text(encoding="utf-8")
    counted = make_encoder((28, 28, 1), 16, 32, make_prior(16)).count_params()
    convolutions = 26 * 32 + (25 * 32 + 1) * (32 + 64) + (25 * 64 + 1) * 64 + (49 * 64 + 1) * 64
    assert counted == convolutions + 65 * 152
    assert f"= {counted:,} .".replace(",", "{,}") in text
    assert f"should be {counted:,}" in text


def test_the_table_of_points_is_that_of_the_checks(project):
    text = (project / "solutions" / "tfp_encoder.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (\w+) \| (.+) \| (\d+) \|$", text, re.M)
    told = [(name, title.replace("$x - 0.5$", "x − 0.5"), int(n)) for name, title, n in rows]
    assert told == [(part.name, part.title, part.points) for part in EXERCISE.parts]
    assert sum(points for *_, points in told) == 10


def test_the_solution_is_written_otherwise_than_the_chapter(project):
    chapter = (project / "book" / "experiments" / "tfp_vae.md").read_text(encoding="utf-8")
    known = {line.strip() for line in chapter.splitlines()}
    text = (project / "solutions" / "tfp_encoder.md").read_text(encoding="utf-8")
    hidden = re.findall(r"### BEGIN SOLUTION\n(.+?)### END SOLUTION", text, re.S)
    assert len(hidden) == 2
    lines = {line.strip() for part in hidden for line in part.splitlines()}
    assert [line for line in lines & known if re.search(r"\w", line)] == []
