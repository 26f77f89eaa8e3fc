"""Exercises and questions of the foundations: enough of them, all answered, the answers run."""

import re

import chapter_text
import pytest

EXERCISE = re.compile(r"^[`:]{3,}\{exercise\}[^\n]*\n:label: (\S+)$", re.M)
SOLUTION = re.compile(
    r"^```\{solution-start\} (\S+)\n:class: dropdown\n```\n(.*?)^```\{solution-end\}\n```$",
    re.S | re.M,
)
UNGATED = re.compile(r"^[`:]{3,}\{solution\} (\S+)\n:class: dropdown$", re.M)
QUESTION = re.compile(r"^[`:]{3,}\{question\}[^\n]*\n(.*?)^[`:]{3,}$", re.S | re.M)
OPTION = re.compile(r"^\[([ x])\] .+\n> (.+)$", re.M)
CELL = "```{code-cell}"
AT_LEAST = {
    "latent_spaces": 4,
    "kl_divergence": 8,
    "elbo": 5,
    "rate_distortion": 6,
    "regular_spaces": 5,
    "usual_recipes": 6,
    "structured_codes": 4,
    "deeper_codes": 5,
}
CHAPTERS = {file.stem: file.read_text() for file in chapter_text.chapters()}
each_chapter = pytest.mark.parametrize("name", CHAPTERS)
each_long_chapter = pytest.mark.parametrize("name", AT_LEAST)


def test_the_long_chapters_are_looked_at():
    assert AT_LEAST.keys() <= CHAPTERS.keys()


@each_chapter
def test_every_exercise_has_one_hidden_solution(name):
    text = CHAPTERS[name]
    asked = EXERCISE.findall(text)
    answered = [label for label, _ in SOLUTION.findall(text)] + UNGATED.findall(text)
    assert len(re.findall(r"^[`:]{3,}\{exercise", text, re.M)) == len(asked)
    assert len(re.findall(r"\{solution-start\}", text)) == len(SOLUTION.findall(text))
    assert sorted(asked) == sorted(answered)


@each_long_chapter
def test_there_are_enough_exercises_and_solutions_that_run(name):
    solutions = SOLUTION.findall(CHAPTERS[name])
    assert len(EXERCISE.findall(CHAPTERS[name])) >= AT_LEAST[name]
    assert sum(CELL in body for _, body in solutions) >= min(3, AT_LEAST[name] - 1)


@each_long_chapter
def test_two_or_three_questions_explain_their_wrong_answers(name):
    questions = QUESTION.findall(CHAPTERS[name])
    assert 2 <= len(questions) <= 3
    for question in questions:
        options = OPTION.findall(question)
        assert len(options) == len(re.findall(r"^\[[ x]\] ", question, re.M)) >= 2
        assert [mark for mark, _ in options].count("x") == 1
        assert all(len(why) > 30 for _, why in options)
