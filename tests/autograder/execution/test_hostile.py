"""Notebooks that do harm lose their own remaining parts, and nothing else happens."""

import socket
import time
from pathlib import Path

import pytest
import running
import submissions

from autograder import checks, sandbox
from autograder.checks import solutions
from autograder.commands import release
from autograder.execution import job as jobs
from autograder.execution.judging import reference
from autograder.execution.processes.session import Budget
from autograder.execution.result import JobResult
from autograder.submissions.repair import repair

pytestmark = pytest.mark.slow
RIGHT = solutions.source("latent_loss")
MIB = 2**20


@pytest.fixture(scope="module")
def grade():
    """Give a function that grades a notebook with an answer and an added cell, contained."""
    source = release.source_notebook("latent_loss")
    released = submissions.notebook("latent_loss")
    assert sandbox.available() is not sandbox.Containment.NONE, sandbox.reason()
    with reference.references(["latent_loss"]) as known:

        def run(answer: str, added: str = "", cell: float = 20, **limits) -> JobResult:
            handed_in = submissions.notebook("latent_loss", answer)
            extra = submissions.added(added)
            cells = (
                [*handed_in.cells[:-1], extra, handed_in.cells[-1]] if added else handed_in.cells
            )
            notebook = repair(cells, source, released).notebook
            chosen = sandbox.Limits(**({"disk": 64 * MIB} | limits))
            budget = Budget(cell, 60, sandbox.available(), chosen)
            return jobs.execute(jobs.job_of("latent_loss", notebook), known["latent_loss"], budget)

        run(RIGHT)  # so that the warm process has started before anything is timed
        yield run


def score(result: JobResult) -> float:
    return sum(part.points for part in result.parts.values())


def said(result: JobResult) -> str:
    """Return everything that stands in the outputs of a notebook, on one line."""
    texts = []
    for outputs in result.outputs.values():
        for output in outputs:
            texts += [output.get(key, "") for key in ("text", "ename", "evalue")]
    return " ".join(" ".join([*texts, *result.remarks]).split())


def has_all_points(result: JobResult) -> None:
    assert score(result) == 10, result


def call(line: str) -> str:
    """Return an answer that does something in every call, and then is right."""
    return RIGHT.replace('"""\n', f'"""\n    {line}\n', 1)


LOOP = """
while True:
    try:
        while True:
            pass
    except BaseException:
        continue
"""
DAEMON = """
import ctypes, os, time
ends = os.pipe()
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        ctypes.CDLL(None).prctl(15, b"left-behind")
        os.write(ends[1], b"x")
        time.sleep(3600)
    os._exit(0)
print("daemon", os.read(ends[0], 1))
"""
EXHAUSTED = "SIGABRT"  # TensorFlow cannot start its threads


def test_a_right_answer_has_all_points_inside(grade):
    has_all_points(grade(RIGHT))


@pytest.mark.parametrize("code", ["while True: pass", LOOP], ids=["loop", "loop that catches all"])
def test_a_loop_is_stopped_at_the_limit_of_a_cell(grade, code):
    begin = time.monotonic()
    found = grade(RIGHT, code, cell=4)
    assert score(found) == 0
    assert "did not end within 4 s and was stopped" in said(found)
    assert time.monotonic() - begin < 4 + 4


def test_a_loop_in_the_answer_costs_one_limit_and_not_one_for_each_check(grade):
    begin = time.monotonic()
    found = grade(call("while True: pass"), cell=4)
    assert score(found) == 0
    assert "Your answer did not end within 4 s" in said(found)
    assert time.monotonic() - begin < 4 + 4


def test_a_busy_notebook_uses_up_its_computing_time(grade):
    found = grade(RIGHT, "while True: pass", cell=30, cpu=3)
    assert score(found) == 0
    assert "used up the 3 s of computing time" in said(found)


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("import os; os._exit(0)", "ended the process of the notebook"),
        ("import os; os.kill(os.getpid(), 9)", "SIGKILL"),
        ("import ctypes; ctypes.string_at(0)", "segmentation fault"),
    ],
)
def test_an_end_of_the_process_is_told_and_costs_what_follows(grade, code, told):
    found = grade(RIGHT, code)
    assert score(found) == 0
    assert told in said(found)


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("x = bytearray(100 * 2**30)", "MemoryError"),
        ("x = []\nwhile True: x.append(bytearray(2**26))", "MemoryError"),
        ("import os, time\nwhile True:\n    if os.fork() == 0: time.sleep(600)", "BlockingIOError"),
        (
            "import threading\nwhile True: threading.Thread(target=threading.Event().wait, "
            "daemon=True).start()",
            "can't start new thread",
        ),
        ("with open('/tmp/x', 'wb') as f:\n    while True: f.write(bytes(2**20))", "No space left"),
        ("open('/usr/x', 'w')", "Read-only file system"),
        ("import os; os.setuid(0)", "Operation not permitted"),
        (DAEMON, ""),
        ("import sys; sys.exit(3)", "SystemExit"),
        ("raise KeyboardInterrupt", "KeyboardInterrupt"),
        ("import os; os.kill(-1, 9)", ""),
        ("import os; os.close(1); os.close(2)", ""),
    ],
)
def test_what_a_cell_may_not_do_fails_there_and_the_answer_is_graded(grade, code, told):
    found = grade(RIGHT, code, processes=120, memory=3 * 2**30)
    assert told in said(found)
    if EXHAUSTED not in said(found):
        has_all_points(found)


def test_a_cell_that_never_ends_its_output_is_stopped_at_its_limit(grade):
    code = (
        "while True:\n    try:\n        print('x' * 1000)\n    except OSError:\n        continue\n"
    )
    begin = time.monotonic()
    found = grade(RIGHT, code, cell=4)
    assert score(found) == 0
    assert "did not end within 4 s and was stopped" in said(found)
    assert len(str(found.outputs)) < 2 * MIB
    assert time.monotonic() - begin < 4 + 4


def test_a_flood_of_output_is_cut_and_what_follows_has_room(grade):
    code = "import sys\nfor _ in range(500): sys.stdout.write('x' * 2**20)"
    found = grade(RIGHT, code, cell=30)
    assert len(str(found.outputs)) < 2 * MIB
    assert "xx… (cut)" in said(found)
    assert "No space left on device" in said(found)
    has_all_points(found)


def test_the_text_of_a_notebook_that_is_kept_can_be_set(grade):
    found = grade(RIGHT, "print('x' * 10_000)", output=20_000)
    assert "x" * 2000 + "… (cut)" in said(found)
    assert "x" * 2001 not in said(found)


def test_an_output_without_end_is_stopped_at_the_limit_of_a_cell(grade):
    code = "while True:\n    try:\n        print('x' * 2**16)\n    except OSError: pass"
    assert "did not end within 4 s and was stopped" in said(grade(RIGHT, code, cell=4))


def test_pictures_and_pages_without_end_are_cut(grade):
    code = (
        "from IPython.display import HTML, display\nfor _ in range(5000): display(HTML('<script>'))"
    )
    found = grade(RIGHT, code)
    has_all_points(found)
    assert "<script>" not in str(found.outputs)


def test_nothing_of_the_course_or_of_other_students_can_be_seen(grade, tmp_path, project):
    secret = tmp_path / "secret.txt"
    secret.write_text("nobody may read this")
    shadow = Path("/etc/shadow")
    places = [secret, project / "solutions", shadow, Path("/proc/1/environ"), tmp_path]
    code = "import os\n" + "\n".join(
        f"print({number}, os.access({str(place)!r}, os.R_OK))"
        for number, place in enumerate(places)
    )
    found = grade(RIGHT, code)
    assert [f"{number} False" in said(found) for number in range(len(places))] == [True] * 5


def test_a_port_of_this_machine_cannot_be_reached(grade):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        found = grade(RIGHT, f"import socket; socket.create_connection(('127.0.0.1', {port}), 3)")
        server.settimeout(0)
        with pytest.raises(BlockingIOError):
            server.accept()
    assert "Error" in said(found)
    has_all_points(found)


def test_nothing_is_left_behind(grade):
    mounts = Path("/proc/self/mountinfo").read_text()
    assert "daemon b'x'" in said(grade(RIGHT, DAEMON))
    assert "left-behind\n" not in running.names()
    assert Path("/proc/self/mountinfo").read_text() == mounts


def test_other_parts_of_the_exercise_are_known(grade):
    assert {part.name for part in checks.load("latent_loss").parts} == set(grade(RIGHT).parts)


HALF = """
import os, struct
for number in range(3, 256):
    try:
        if os.readlink(f"/proc/self/fd/{number}").startswith("socket"):
            os.write(number, struct.pack("!i", 1000) + b"x" * 10)
    except OSError:
        continue
"""
LOOP_IN_GRAPH = (
    "log_var += 0 * tf.cast(tf.while_loop(lambda k: k < 10**12, lambda k: [k + 1], "
    "[tf.cast(tf.size(mean), tf.int64)])[0], tf.float32)"
)
MEMORY_IN_GRAPH = "log_var += 0 * tf.reduce_sum(tf.zeros([tf.size(mean) * 0 + 2**20, 2**17]))"
PRINT_IN_GRAPH = "tf.print(tf.zeros([10**7]), summarize=-1)"
PRINT_INTO_A_FILE = PRINT_IN_GRAPH.replace("=-1", "=-1, output_stream='file:///tmp/flood'")


def test_half_a_message_is_waited_for_no_longer_than_a_cell_may_take(grade):
    begin = time.monotonic()
    assert score(grade(RIGHT, HALF, cell=4)) == 0
    assert time.monotonic() - begin < 4 + 4


def test_a_loop_in_the_graph_is_stopped_at_the_limit_of_a_cell(grade):
    begin = time.monotonic()
    found = grade(call(LOOP_IN_GRAPH), cell=6)
    assert score(found) == 0
    assert "The graph of your answer did not end within 6 s" in str(found.parts)
    assert time.monotonic() - begin < 6 + 6
    has_all_points(grade(RIGHT))


@pytest.mark.parametrize(
    "line", [MEMORY_IN_GRAPH, PRINT_IN_GRAPH, PRINT_INTO_A_FILE], ids=["memory", "print", "file"]
)
def test_what_a_graph_may_not_use_costs_this_notebook_only(grade, line):
    begin = time.monotonic()
    found = grade(call(line), cell=6, memory=3 * 2**30)
    assert score(found) == 0
    assert not found.review
    assert time.monotonic() - begin < 6 + 6
    has_all_points(grade(RIGHT))
