"""Kernels forked from a warm process: what notebooks show, how kernels end, what is left behind."""

import contextlib
import functools
import json
import os
import select
import signal
import socket
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
import submissions
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.provisioning import KernelProvisionerFactory
from jupyter_core.utils import run_sync
from nbclient import NotebookClient
from nbclient.exceptions import DeadKernelError
from nbformat.v4 import new_code_cell, new_notebook
from small_course import gradebook
from test_grade import WRONG, nbgrader

from autograder import checks, kernel, kernel_warm, reference, release

pytestmark = pytest.mark.slow
LAUNCH = ["-m", "ipykernel_launcher", "-f", "{connection_file}"]
LIBRARIES = "import keras, numpy as np, tensorflow as tf, tensorflow_probability as tfp"
PATIENCE = 60  # seconds for what ends at once on an idle machine
SHOWN = (  # libraries choose at their import, by where they are, how to do each of these
    f"{LIBRARIES}, absl.logging, random, sys, time, warnings",
    "__name__, sys.argv[1], np.ones(2)",
    "print(tf.linalg.matvec(tf.ones([2, 2]), [1., 2.]), tfp.distributions.Normal(0., 1.).mean())",
    "keras.Sequential([keras.layers.Dense(2, kernel_initializer='ones')])(np.ones((1, 3)))",
    "tf.print('printed', output_stream=sys.stdout)",
    "tf.get_logger().warning('of TensorFlow')",
    "absl.logging.warning('of Abseil')",
    "print('to standard error', file=sys.stderr)",
    "import matplotlib.pyplot as plt\n_ = plt.plot([1, 2])",
    "1 / 0",
)


@pytest.fixture(scope="module")
def environment():
    """Return one environment for all kernels here; pytest changes its own for each test."""
    ours = ("MPLBACKEND", "PYTEST_")
    return {name: text for name, text in os.environ.items() if not name.startswith(ours)}


@pytest.fixture
def start(monkeypatch, environment, tmp_path):
    """Return a function that gives a client with a kernel that runs, for use by ``with``."""
    factory = KernelProvisionerFactory.instance()

    @contextlib.contextmanager
    def started(provisioner="warm-fork", command=None, more=(), **options):
        monkeypatch.setattr(factory, "default_provisioner_name", provisioner)
        options = {"timeout": PATIENCE, "iopub_timeout": PATIENCE, **options}
        client = NotebookClient(new_notebook(), **options)
        client.create_kernel_manager()
        if command:
            client.km._kernel_spec = KernelSpec(argv=command, language="python")
        with client.setup_kernel(cwd=str(tmp_path), env={**environment, **dict(more)}):
            yield client

    return started


def run(client, source):
    """Run a cell and return its outputs."""
    client.nb.cells.append(new_code_cell(source))
    return client.execute_cell(client.nb.cells[-1], len(client.nb.cells) - 1).outputs


def value(client, expression):
    """Return the value of an expression in a kernel."""
    (output,) = run(client, f"print(__import__('json').dumps({expression}))")
    return json.loads(output.text)


def parent(client):
    return value(client, "__import__('os').getppid()")


def shown(outputs):
    """Return what a notebook shows, without what TensorFlow tells about the machine."""
    for output in outputs:
        content = output.get("text") or output.get("evalue") or output.data["text/plain"]
        if "0000 00:00:" not in content:
            yield output.get("name", output.output_type), content


def test_a_notebook_shows_the_same_as_in_an_ordinary_kernel(start):
    found, used = {}, {}
    for name in ("local-provisioner", "warm-fork"):
        with start(name, allow_errors=True) as client:
            outputs = [output for source in SHOWN for output in run(client, source)]
            used[name] = value(client, "time.process_time()")
        found[name] = list(shown(outputs))
    assert ("display_data", "<Figure size 640x480 with 1 Axes>") in found["warm-fork"]
    assert found["warm-fork"] == found["local-provisioner"]
    assert used["warm-fork"] < used["local-provisioner"] / 2


def test_kernels_share_a_warm_process_but_no_random_numbers(start):
    drawn = (
        "[random.random(), np.random.rand(), np.random.default_rng().random(), "
        "float(keras.random.normal([])), float(tf.random.normal([]))]"
    )
    with start() as one, start() as other:
        assert parent(one) == parent(other) != os.getpid()
        pairs = []
        for client in (one, other):
            run(client, f"{LIBRARIES}, random")
            pairs.append(value(client, drawn))
    assert all(first != second for first, second in zip(*pairs, strict=True))


def test_a_kernel_gets_its_own_folder_and_environment(start, environment, tmp_path):
    for text in ("autograde", "validate"):
        with start(more={"NBGRADER_EXECUTION": text}) as client:
            assert parent(client) != os.getpid()
            assert value(client, "__import__('os').getcwd()") == str(tmp_path)
            found = value(client, "dict(__import__('os').environ)")
        assert found["NBGRADER_EXECUTION"] == text
        assert found["PATH"] == environment["PATH"]
        assert not found.keys() & (kernel_warm.QUIET.keys() - environment.keys())


def test_an_interrupt_ends_a_cell_and_the_next_one_runs(start):
    with start(timeout=2, interrupt_on_timeout=True, allow_errors=True) as client:
        assert run(client, "while True: pass")[-1].ename == "KeyboardInterrupt"
        client.timeout = PATIENCE
        assert value(client, "6 * 7") == 42


def test_a_kernel_that_ends_itself_is_noticed(start):
    with start() as client:
        process = client.km.provisioner.process
        with pytest.raises(DeadKernelError):
            run(client, "import os; os._exit(3)")
        assert process.wait() == 3


def test_a_kernel_is_started_again_from_the_same_warm_process(start):
    with start() as client:
        first, before = parent(client), client.km.provisioner.pid
        run(client, "left = 1")
        run_sync(client.km.restart_kernel)()
        run_sync(client.kc.wait_for_ready)(timeout=PATIENCE)
        assert client.km.provisioner.pid != before
        assert value(client, "'left' in dir()") is False
        assert parent(client) == first


def test_a_kernel_is_gone_when_it_was_shut_down(start):
    with start() as client:
        pid = client.km.provisioner.pid
        assert client.km.provisioner.has_process
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_a_notebook_may_start_processes(start):
    with start() as client:
        run(client, "import multiprocessing\npool = multiprocessing.get_context('fork').Pool(1)")
        assert value(client, "pool.map(len, ['a', 'bc'])") == [1, 2]


@pytest.mark.parametrize(
    ("command", "more"),
    [
        (["sh", "-c", f'exec "{sys.executable}" {" ".join(LAUNCH)}'], {}),
        ([sys.executable, *LAUNCH], {"TF_USE_LEGACY_KERAS": "1"}),
        ([sys.executable, "-O", *LAUNCH], {}),
    ],
    ids=["program", "environment", "interpreter"],
)
def test_a_kernel_that_is_not_like_the_warm_process_is_started_in_the_ordinary_way(
    start, command, more
):
    with start():  # the one that the warm process is like
        pass
    with start(command=command, more=more) as client:
        assert parent(client) == os.getpid()


PYTHON = [sys.executable, *LAUNCH]


@pytest.mark.parametrize(
    ("command", "options", "can"),
    [
        (PYTHON, {}, True),
        ([f"{Path(sys.executable).parent}/python3", "-X", "dev", *LAUNCH], {"cwd": "/"}, True),
        (PYTHON, {"stdout": subprocess.DEVNULL, "stderr": subprocess.STDOUT}, True),
        (["R", "--slave", "-e", "IRkernel::main()", "--args", "{connection_file}"], {}, False),
        ([sys.executable, "-m", "xeus_python_launcher", *LAUNCH[2:]], {}, False),
        ([os.path.realpath(sys.executable), *LAUNCH], {}, False),
        (PYTHON, {"independent": True}, False),
        (PYTHON, {"stderr": subprocess.PIPE}, False),
        (PYTHON, {"preexec_fn": print}, False),
        (PYTHON, {"cwd": "/there/is/no/such/folder"}, False),
    ],
)
def test_only_a_python_kernel_of_this_environment_can_be_forked(command, options, can):
    assert kernel.can_fork(command, options) is can


@pytest.mark.parametrize(
    ("broken", "why"),
    [
        ("from autograder import kernel_server as own; own._prepare = lambda: 1 / 0; own.main({})",
         "ZeroDivisionError: division by zero"),
        ("raise SystemExit({})", ""),
    ],
)  # fmt: skip
def test_without_a_warm_process_one_sentence_is_logged_and_kernels_are_ordinary(
    start, monkeypatch, caplog, broken, why
):
    monkeypatch.setattr(kernel_warm, "SERVE", broken)
    monkeypatch.setattr(kernel, "_origin", functools.cache(lambda _: kernel.Origin()))
    for _ in range(2):
        with start() as client:
            assert parent(client) == os.getpid()
    (told,) = [each.getMessage() for each in caplog.records if "warm process" in each.getMessage()]
    assert told.startswith("Kernels are started in the ordinary way, for the warm process did not")
    assert told.endswith(why)


def test_a_kernel_ends_when_nobody_can_tell_its_end_any_more():
    left = subprocess.Popen(["sleep", "100"], start_new_session=True)
    connection, theirs = socket.socketpair()
    connection.setblocking(False)
    forked = kernel_warm.ForkedKernel(left.pid, connection)
    assert forked.poll() is None
    theirs.close()
    assert forked.wait() == left.wait() == -signal.SIGKILL


HOLD = """\
import os, sys
from nbclient import NotebookClient
from nbformat.v4 import new_notebook
client = NotebookClient(new_notebook())
with client.setup_kernel():
    print(client.km.provisioner.pid, flush=True)
    sys.stdin.read()
"""


def test_nothing_is_left_when_the_parent_is_killed(environment, tmp_path):
    chosen = {"JUPYTER_DEFAULT_PROVISIONER_NAME": "warm-fork", "TMPDIR": str(tmp_path)}
    held = subprocess.Popen(
        [sys.executable, "-c", HOLD],
        env={**environment, **chosen},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with held:
        forked = int(held.stdout.readline())
        warm = int(Path(f"/proc/{forked}/stat").read_text().rpartition(")")[2].split()[1])
        assert warm != held.pid
        watches = [os.pidfd_open(pid) for pid in (forked, warm)]
        held.kill()
    for watch in watches:
        assert select.select([watch], [], [], PATIENCE)[0], "a process is left"
        os.close(watch)
    assert [file for file in tmp_path.rglob("*") if file.is_socket()] == []


def test_nbgrader_gives_the_same_scores(monkeypatch, bank_folder, tmp_path):
    monkeypatch.setenv("JUPYTER_DEFAULT_PROVISIONER_NAME", "warm-fork")
    monkeypatch.setattr(checks, "NAMES", ("sampling",))  # one exercise is enough
    release.release(tmp_path)
    released = tmp_path / "release" / "sampling" / "sampling.ipynb"
    wrong, due = WRONG["sampling"]
    answers = {
        "right": reference.source("sampling"),
        "wrong": submissions.answer_of(bank_folder, "sampling", wrong),
    }
    for student, answer in answers.items():
        made = nbformat.read(released, as_version=4)
        submissions.cell(made, "sampling-answer").source = answer
        submissions.save(made, tmp_path / "submitted" / student / "sampling" / released.name)
    nbgrader(tmp_path, "autograde", "sampling")
    with gradebook(tmp_path) as book:
        scores = {who: book.find_submission("sampling", who).score for who in answers}
    assert scores == {"right": 10, "wrong": due}
