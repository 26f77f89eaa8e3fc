"""Each chapter says how long it takes to read, by the words and the lines that it has."""

import re

import chapter_text
import pytest

CHAPTERS = {file.stem: file.read_text() for file in chapter_text.chapters()}


@pytest.mark.parametrize("name", CHAPTERS)
def test_the_reading_time_is_that_of_words_and_code(name):
    (said,) = re.findall(r"^\*\*Time\*\* (\d+) min of reading", CHAPTERS[name], re.M)
    assert int(said) % 5 == 0
    assert abs(int(said) - chapter_text.reading_minutes(CHAPTERS[name])) <= 5  # as readers differ


def test_words_and_lines_count_and_exercises_do_not():
    prose, line = "word " * 1200, "x = 1\n"
    cell = f"```{{code-cell}} ipython3\n{line * 80}```\n"
    hidden = f"```{{code-cell}} ipython3\n:tags: [hide-cell]\n\n{line * 81}```\n"
    text = f"# Title\n\n{prose}\n\n{cell}\n{hidden}\n## Exercises\n\n{prose}\n"
    assert chapter_text.reading_minutes(text) == 20
