"""``autograder check``: what a student is told, and what it leaves behind."""

import os
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest
import submissions

from autograder import checks
from autograder.__main__ import main
from autograder.checks import solutions

WRONG = """
class Sampling(keras.layers.Layer):
    def call(self, inputs):
        mean, log_var = inputs
        return mean + keras.ops.exp(log_var) * keras.random.normal(keras.ops.shape(mean))
"""
SECONDS = 20  # what an exercise may take on two cores


@pytest.fixture
def say(capsys, monkeypatch):
    """Run a command; return its exit code and what it printed, on one line."""
    monkeypatch.setenv("COLUMNS", "200")

    def run(*arguments):
        code = main([str(each) for each in arguments])
        captured = capsys.readouterr()
        return code, " ".join((captured.out + captured.err).split())

    return run


def put(folder: Path, exercise: str, answer: str | None = None) -> Path:
    notebook = submissions.notebook(exercise, answer)
    return submissions.save(notebook, folder / f"{exercise}.ipynb")


@pytest.mark.slow
@pytest.mark.parametrize("name", checks.NAMES)
def test_a_right_answer_passes_in_time(tmp_path, name):
    file = put(tmp_path, name, solutions.source(name))
    program = Path(sys.executable).with_name("autograder")
    begin = time.monotonic()
    done = subprocess.run([program, "check", file], capture_output=True, text=True, check=False)
    seconds = time.monotonic() - begin
    assert done.returncode == 0, done.stdout + done.stderr
    assert "10 of 10 points" in done.stdout
    assert "✗" not in done.stdout
    # A machine that is busy with other work gets twice the time.
    assert seconds < SECONDS * max(1, os.getloadavg()[0] / os.cpu_count())


@pytest.mark.slow
def test_an_untouched_release_is_not_attempted(tmp_path, say):
    code, said = say("check", put(tmp_path, "sampling"))
    assert code == 1
    assert said.count("not attempted yet") == 6
    assert "0 of 10 points" in said
    assert "Traceback" not in said


@pytest.mark.slow
def test_a_wrong_answer_is_explained(tmp_path, say):
    code, said = say("check", put(tmp_path, "sampling", WRONG))
    assert code == 1
    assert re.search(r"✗ spread 0 of 2 .*exp\(log_var / 2\) is needed", said)
    assert "8 of 10 points" in said


@pytest.mark.slow
def test_a_folder_is_checked_as_a_whole(tmp_path, say):
    put(tmp_path, "sampling", solutions.source("sampling"))
    (tmp_path / "notes.ipynb").write_text("{")
    code, said = say("check", tmp_path)
    assert code == 2
    assert "10 of 10 points" in said
    assert "notes.ipynb is not a notebook" in said


@pytest.mark.slow
def test_nothing_is_written_into_the_folder(tmp_path, say):
    file = put(tmp_path, "sampling", "open('left.txt', 'w').write('x')\n" + WRONG)
    before = file.read_bytes()
    say("check", file)
    assert [each.name for each in tmp_path.iterdir()] == [file.name]
    assert file.read_bytes() == before


@pytest.mark.slow
def test_other_cells_that_fail_are_named_and_do_not_matter(tmp_path, say):
    made = submissions.notebook("sampling", solutions.source("sampling"))
    submissions.cell(made, "sampling-histogram").source = "1 / 0"
    made.cells.insert(-1, submissions.added("1 / 0"))
    code, said = say("check", submissions.save(made, tmp_path / "sampling.ipynb"))
    assert "raised ZeroDivisionError: division by zero" in said
    assert "10 of 10 points" in said
    assert "`sampling-histogram` is locked but not as released" in said
    assert code == 1


@pytest.mark.slow
def test_a_renamed_notebook_is_checked_and_told(tmp_path, say):
    file = put(tmp_path, "sampling", solutions.source("sampling"))
    code, said = say("check", file.rename(tmp_path / "my answer.ipynb"))
    assert code == 1
    assert "must be named sampling.ipynb" in said
    assert "10 of 10 points" in said


@pytest.mark.slow
def test_a_loop_without_end_is_stopped(tmp_path, say):
    code, said = say("check", put(tmp_path, "sampling", "while True: pass"), "--timeout", "3")
    assert code == 1
    assert "did not end within 3 s" in said


@pytest.mark.parametrize(
    ("content", "told"),
    [(None, "There is no file"), ("", "is empty"), ("{", "is not valid JSON"), ("3", "not a note")],
)
def test_bad_input_is_one_sentence(tmp_path, say, content, told):
    file = tmp_path / "sampling.ipynb"
    if content is not None:
        file.write_text(content)
    code, said = say("check", file)
    assert code == 2
    assert said.startswith("autograder check: ")
    assert told in said
    assert "Traceback" not in said


def test_an_empty_folder_is_told(tmp_path, say):
    code, said = say("check", tmp_path)
    assert (code, "no notebook" in said) == (2, True)


@pytest.mark.parametrize("arguments", [[], ["check"], ["grade"], ["release"], ["export"]])
def test_help_starts_at_once_and_fits_on_a_screen(arguments):
    command = [sys.executable, "-X", "importtime", "-m", "autograder", *arguments, "--help"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert len(done.stdout.splitlines()) < 25
    imported = {line.rsplit("|", 1)[-1].strip() for line in done.stderr.splitlines()}
    assert not imported & {"numpy", "tensorflow", "nbgrader", "nbformat", "rich"}


@pytest.mark.parametrize("value", ["0", "-3", "soon"])
def test_a_wrong_option_is_told(tmp_path, value, capsys):
    with pytest.raises(SystemExit) as ended:
        main(["check", str(tmp_path), "--timeout", value])
    assert ended.value.code == 2
    assert "--timeout" in capsys.readouterr().err
