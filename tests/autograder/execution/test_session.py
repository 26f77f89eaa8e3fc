"""The process of a student's notebook: what it runs, how it ends, what it leaves behind."""

import os
import signal
import subprocess
import sys
import time

import psutil
import pytest

from autograder import AutograderError, checks
from autograder.execution.judging.answer import Answer
from autograder.execution.processes import session
from autograder.execution.processes.session import Budget
from autograder.execution.worker import serve
from autograder.sandbox import Limits

EXERCISE = checks.load("sampling")
RIGHT = """\
import keras

class Sampling(keras.layers.Layer):
    def call(self, inputs):
        mean, log_var = inputs
        return mean + keras.ops.exp(log_var / 2) * keras.random.normal(keras.ops.shape(mean))
"""


@pytest.fixture
def running():
    with session.Session(Budget(60)) as started:
        yield started


def result(running, part):
    """Return what the visible checks of a part say of a notebook."""
    with Answer(EXERCISE, running, running.budget) as answer:
        return EXERCISE.asking(answer.ask, None).check(part)


def texts(reply):
    return [output.get("text") or output["data"]["text/plain"] for output in reply.outputs]


def test_a_cell_gives_its_outputs(running):
    reply = running.run("import sys\nprint('said')\nprint('warned', file=sys.stderr)\n6 * 7")
    assert reply.ok
    assert texts(reply) == ["said\n", "warned\n", "42"]


def test_what_libraries_print_from_c_is_caught(running):
    assert texts(running.run("import os\n_ = os.write(1, b'from below')")) == ["from below"]


def test_cells_share_their_names(running):
    running.run("a = 3")
    assert texts(running.run("a + 1")) == ["4"]


def test_an_exception_is_an_output_and_the_next_cell_runs(running):
    reply = running.run("1 / 0")
    assert not reply.ok
    assert reply.outputs[-1]["ename"] == "ZeroDivisionError"
    assert texts(running.run("'next'")) == ["'next'"]


def test_magics_of_ipython_work(running):
    assert running.run("%config InlineBackend\n%time 1").outputs


def test_syntax_errors_are_outputs(running):
    assert running.run("class").outputs[-1]["ename"] == "SyntaxError"


def test_what_the_notebook_defines_is_judged(running):
    running.run(RIGHT)
    assert result(running, "shapes").passed


def test_a_name_that_is_not_defined_is_told(running):
    assert "Sampling is not defined: restore the cell" in result(running, "mean").problems[0]


def test_a_name_that_is_not_defined_because_its_cell_failed_is_told_with_the_reason(running):
    running.run("x = 1")
    running.run("class Sampling(\n    pass")
    running.run("print(Sampling)")
    (problem,) = result(running, "mean").problems
    stopped = "SyntaxError: '(' was never closed (line 1)"
    assert f"Sampling is not defined: fix the cell that stopped with {stopped}" in problem


def test_the_line_of_an_exception_is_told(running):
    running.run(RIGHT.replace("keras.ops.exp", "keras.ops.expp"))
    (problem,) = result(running, "mean").problems
    assert "Line 6 of your answer, `return mean + keras.ops.expp" in problem
    assert "AttributeError" in problem


def test_a_cell_without_end_is_stopped():
    with session.Session(Budget(1)) as running:
        begin = time.monotonic()
        with pytest.raises(session.TimeLimitError, match="did not end within 1 s"):
            running.run("while True: pass")
        assert time.monotonic() - begin < 10
        with pytest.raises(session.TimeLimitError, match="did not end within 1 s"):
            running.run("1")


def test_an_answer_without_end_is_a_problem_of_the_part():
    with session.Session(Budget(5)) as running:
        running.run(RIGHT.replace("mean, log_var = inputs", "while True: pass"))
        (problem,) = result(running, "mean").problems
    assert "did not end within 5 s" in problem


def test_a_process_that_ends_itself_is_told(running):
    with pytest.raises(session.EndedError, match="ended the process"):
        running.run("import os; os._exit(0)")


def test_exit_does_not_end_the_process(running):
    running.run("import sys; sys.exit(3)")
    assert texts(running.run("'still there'")) == ["'still there'"]


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, 40, signal.SIGRTMAX])
def test_whatever_signal_ends_the_process_has_a_name(running, number):
    name = signal.Signals(number).name if number in iter(signal.Signals) else f"signal {number}"
    with pytest.raises(session.EndedError, match=rf"ended the process .*\({name},"):
        running.run(f"import os; os.kill(os.getpid(), {int(number)})")


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("import os, signal; os.kill(os.getpid(), signal.SIGSTOP)", session.TimeLimitError),
        ("import os; os.closerange(3, 300)", session.EndedError),
    ],
    ids=["stopped", "closed"],
)
def test_a_process_that_stops_or_hangs_up_costs_its_notebook_only(code, error):
    begin = time.monotonic()
    with session.Session(Budget(2)) as running, pytest.raises(error):
        running.run(code)
    assert time.monotonic() - begin < 30
    with session.Session(Budget(60)) as other:
        assert texts(other.run("1")) == ["1"]


def test_code_that_stops_the_process_that_others_are_forked_from_ends_nothing():
    with session.Session(Budget(2)) as running, pytest.raises(session.TimeLimitError):
        running.run(
            "import os, signal, time; os.kill(os.getppid(), signal.SIGSTOP); time.sleep(60)"
        )
    with session.Session(Budget(60)) as other:
        assert texts(other.run("1")) == ["1"]


def test_waiting_for_others_takes_no_time_from_a_notebook():
    with session.Session(Budget(cell=2, notebook=2)) as running:
        assert texts(running.run("1")) == ["1"]
        time.sleep(2.5)
        assert texts(running.run("2")) == ["2"]
        with pytest.raises(session.TimeLimitError, match="took 2 s in total"):
            running.run("import time; time.sleep(5)")


def test_a_slow_start_takes_no_time_from_a_notebook(monkeypatch):
    monkeypatch.setattr(session.start, "start", slowly(session.start.start))
    with session.Session(Budget(cell=2, notebook=2)) as running:
        assert texts(running.run("1")) == ["1"]


def slowly(function):
    def slow(*arguments):
        time.sleep(2.5)
        return function(*arguments)

    return slow


READER = """
import os, threading
from autograder.execution.processes import start
missing, finished = [], threading.Event()

def read():
    while not finished.is_set():
        if os.environ.get("ONLY_HERE") != "yes":
            missing.append(1)

thread = threading.Thread(target=read)
thread.start()
context = start.context()
finished.set()
thread.join()
assert not missing
pipe, theirs = context.Pipe()
environment = open(f"/proc/{start.WARM_PID[0]}/environ").read()
assert "ONLY_HERE" not in environment and "PYTHONSAFEPATH=1" in environment, environment
"""


def test_the_environment_of_this_process_stays_while_the_first_one_starts():
    done = subprocess.run(
        [sys.executable, "-c", READER],
        env=os.environ | {"ONLY_HERE": "yes"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr


def test_nothing_is_left_behind():
    with session.Session(Budget()) as running:
        folder, process = running.folder, psutil.Process(running.pid)
        running.run("open('left.txt', 'w').write('x')")
        assert (folder / "left.txt").is_file()
    assert not folder.exists()
    process.wait(5)


def test_the_environment_is_that_of_a_check(running):
    before = dict(os.environ)
    (shown,) = texts(running.run("import os; os.environ['NBGRADER_EXECUTION']"))
    assert shown == "'autograde'"
    assert dict(os.environ) == before


def test_no_operation_has_run_before_the_notebook(running):
    source = "from tensorflow.python.eager import context; context.context()._initialized"
    assert texts(running.run(source)) == ["False"]


def test_a_process_that_does_not_start_is_nobodys_zero(monkeypatch):
    monkeypatch.setattr(serve, "serve", print)  # ends at once
    with pytest.raises(AutograderError, match="did not start"):
        session.Session(Budget())


# Floods


def small(output=2000, cell=60):
    return Budget(cell, limits=Limits(output=output))


def test_of_a_flood_the_begin_is_kept_and_the_next_cell_can_write():
    with session.Session(small()) as running:
        (kept,) = texts(running.run("print('ä' * 10_000_000)"))
        assert kept == "ä" * 201  # one more than passes, so that the cut is told
        assert texts(running.run("print('next')")) == ["next\n"]
        size = "import os; max(os.fstat(number).st_size for number in (1, 2)) < 10_000"
        assert texts(running.run(size)) == ["True"]


def test_an_output_without_end_is_stopped_at_the_limit():
    ended = pytest.raises(session.TimeLimitError, match="did not end within 1 s")
    with session.Session(small(cell=1)) as running, ended:
        running.run("while True: print('again')")


def test_of_many_outputs_the_first_ones_and_the_last_are_kept():
    with session.Session(small()) as running:
        shown = texts(running.run("for n in range(3000): display(n)\n'last'"))
    assert shown[:3] == ["0", "1", "2"]
    assert shown[-2:] == ["… (more outputs were cut)\n", "'last'"]


def test_an_exception_with_an_endless_text_is_an_output(running):
    reply = running.run("raise ValueError('x' * 10**8)")
    assert reply.outputs[-1]["ename"] == "ValueError"
    assert texts(running.run("'next'")) == ["'next'"]


def test_a_picture_is_whole_or_not_there():
    shows = "display({'image/png': 'x' * %d, 'text/plain': 'picture'}, raw=True)"
    with session.Session(small()) as running:
        (whole,) = running.run(shows % 1_000_000).outputs
        (without,) = running.run(shows % 100_000_000).outputs
    assert len(whole["data"]["image/png"]) == 1_000_000
    assert without["data"] == {"text/plain": "picture"}


def test_a_closed_output_costs_its_own_cell_alone(running):
    running.run("import os; os.close(1); os.close(2)")
    assert texts(running.run("print('next')")) == ["next\n"]
