"""Which files cannot lie beside a notebook is found out before any notebook runs."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograder.submissions.assignment import MOST_FILES, naming_problem


@pytest.mark.parametrize(
    ("names", "problem"),
    [
        ({"x" * 300}, "too long a name"),
        ({"é" * 130}, "too long a name"),
        ({"/".join(["folder"] * 200)}, "too long a name"),
        ({"notes", "notes/a.txt"}, "a file and a folder of the name notes"),
        ({"ps1.ipynb", "ps1.ipynb/data/a.txt"}, "a file and a folder of the name ps1.ipynb"),
        ({"ps1.html", "ps1.html/a"}, "a file and a folder of the name ps1.html"),
        ({"timestamp.txt/a.txt"}, "A folder cannot be called timestamp.txt"),
        (set(map(str, range(MOST_FILES + 1))), "remove what is not needed"),
    ],
)
def test_names_that_cannot_be_written_are_a_sentence(names, problem):
    assert problem in naming_problem(names)


def test_ordinary_names_are_no_problem():
    assert not naming_problem({"data.csv", "figures/a.png", "figures/b.png", "deep/er/x.py"})


NAMES = st.lists(st.text("ab/é.", min_size=1, max_size=300), max_size=4)


@given(names=NAMES)
def test_what_is_no_problem_can_be_written(names, tmp_path_factory):
    usable = {"/".join(part for part in name.split("/") if part.strip(".")) for name in names}
    usable.discard("")
    if naming_problem(usable):
        return
    folder = tmp_path_factory.mktemp("beside")
    for name in usable:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"x")
