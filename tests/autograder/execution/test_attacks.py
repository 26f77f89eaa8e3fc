"""Code that goes for points and not for the answer gains none, and honest code loses none.

``tests/attacks/EXERCISE/*.py`` are answers that are wrong, with an attack. A line ``# keeps PARTS``
names the parts that the wrong answer has without the attack; all others must stay lost. A line
``# held: ...`` says why the attack is worth nothing.
"""

import json
import re
from contextlib import ExitStack
from functools import cache
from pathlib import Path

import kept_results
import nbformat
import numpy as np
import pytest
import submissions

from autograder import checks, sandbox
from autograder.checks import solutions
from autograder.commands import release
from autograder.execution import job as jobs
from autograder.execution.judging import reference
from autograder.execution.processes import code
from autograder.execution.processes.session import Budget, Prober
from autograder.execution.result import JobResult
from autograder.submissions.repair import repair

pytestmark = pytest.mark.slow
ATTACKS = sorted((Path(__file__).parents[2] / "attacks").glob("*/*.py"))


@pytest.fixture(scope="module")
def budget():
    """Return the limits of each notebook, with the best sandbox of this machine."""
    limits = sandbox.Limits(disk=64 * 2**20)
    budget = Budget(60, 300, sandbox.available(), limits)
    assert budget.containment is not sandbox.Containment.NONE, sandbox.reason()
    return budget


@pytest.fixture(scope="module")
def known():
    """Give a function that returns the reference solution of an exercise."""
    with ExitStack() as stack:

        @cache
        def of(exercise: str) -> reference.Reference:
            return stack.enter_context(reference.references([exercise]))[exercise]

        yield of


@pytest.fixture(scope="module")
def job_for():
    """Give a function that makes of a notebook what ``grade`` would run."""
    sources = {name: release.source_notebook(name, 7) for name in checks.NAMES}

    def job_for(exercise: str, notebook) -> jobs.Job:
        released = submissions.notebook(exercise)
        repaired = repair(notebook.cells, sources[exercise], released).notebook
        return jobs.job_of(exercise, repaired)

    return job_for


@pytest.fixture(scope="module")
def grade(budget, known, job_for):
    """Give a function that grades a notebook in the sandbox."""
    return lambda exercise, notebook: jobs.execute(
        job_for(exercise, notebook), known(exercise), budget
    )


@pytest.fixture(scope="module")
def kept_grade(budget, known, job_for):
    """Give a function that grades a notebook in the sandbox unless its result is kept."""
    folder = kept_results.folder("attacks", code.environment())

    def grade(exercise: str, notebook) -> JobResult:
        job = job_for(exercise, notebook)
        return kept_results.kept_or_made(
            folder, job.key(budget), lambda: jobs.execute(job, known(exercise), budget)
        )

    return grade


def points(result: JobResult) -> dict[str, int]:
    return {name: part.points for name, part in result.parts.items() if part.points}


def problems(result: JobResult) -> str:
    return " ".join(" ".join(part.problems) for part in result.parts.values())


def test_there_are_enough_attacks():
    assert len(ATTACKS) >= 90


@pytest.mark.parametrize("file", ATTACKS, ids=lambda file: f"{file.parent.name}-{file.stem}")
def test_each_attack_says_why_it_is_worth_nothing(file):
    assert re.search(r"^# held: .{20,}$", file.read_text(encoding="utf-8"), re.MULTILINE)


@pytest.mark.parametrize("file", ATTACKS, ids=lambda file: f"{file.parent.name}-{file.stem}")
def test_an_attack_gains_nothing(kept_grade, file):
    text, exercise = file.read_text(encoding="utf-8"), file.parent.name
    kept = re.search(r"^# keeps (.+)$", text, re.MULTILINE)
    keeps = set(kept[1].split(", ")) if kept else set()
    result = kept_grade(exercise, submissions.notebook(exercise, text))
    assert keeps <= {part.name for part in checks.load(exercise).parts}
    assert set(points(result)) <= keeps, result


RIGHT, WRONG = (
    solutions.source("latent_loss"),
    "def latent_loss(mean, log_var):\n    return 1 / 0\n",
)
HONEST = {
    "eager functions": (
        "tf.config.run_functions_eagerly(True)\ntf.config.run_functions_eagerly(False)"
    ),
    "seeds": "keras.utils.set_random_seed(3); np.random.seed(1); tf.random.set_seed(2)",
    "number type": "keras.config.set_floatx('float32')\nkeras.backend.clear_session()",
    "mixed precision": (
        "keras.mixed_precision.set_dtype_policy('mixed_float16')\n"
        "keras.mixed_precision.set_dtype_policy('float32')"
    ),
    "serializable": (
        "@keras.saving.register_keras_serializable()\n"
        "class Twice(keras.layers.Layer):\n    def call(self, x):\n        return 2 * x"
    ),
    "picture": "import matplotlib.pyplot as plt\nplt.plot([1, 2]); plt.show()",
    "late modules": "import decimal, sqlite3, xml.dom.minidom, scipy.stats, pandas",
    "progress bar": "from tqdm import tqdm\nfor _ in tqdm(range(3)): pass",
    "log and frames": (
        "import collections, logging, traceback, warnings\n"
        "logging.warning('x'); warnings.warn('y')\nP = collections.namedtuple('P', 'a b')\n"
        "try:\n    1 / 0\nexcept ZeroDivisionError:\n    traceback.print_exc()"
    ),
    "training": (
        "m = keras.Sequential([keras.layers.Dense(1)]); m.compile('adam', 'mse')\n"
        "m.fit(np.ones((9, 2)), np.ones(9), verbose=0)"
    ),
    "thread that has ended": (
        "import threading\nt = threading.Thread(target=print); t.start(); t.join()"
    ),
    "magics": "%time 1\n%matplotlib inline",
    "thread that goes on": (
        "import threading\nthreading.Thread(target=threading.Event().wait, daemon=True).start()"
    ),
    "pool of threads": (
        "from concurrent.futures import ThreadPoolExecutor\n"
        "print(list(ThreadPoolExecutor(2).map(abs, [-1])))"
    ),
    "asynchronous code": (
        "import asyncio\nloop = asyncio.get_event_loop()\nprint(await asyncio.to_thread(abs, -1))"
    ),
    "shell": "%%bash\necho hello",
    "line of the shell": "!echo hello",
    "file that is imported": "%%writefile helper.py\nX = 3",
    "import of a file": "open('more.py', 'w').write('Y = 4'); import more; assert more.Y == 4",
    "check of numerics": "tf.debugging.enable_check_numerics()",
    "eager functions that stay": "tf.config.run_functions_eagerly(True)",
    "eager mode off": "tf.compat.v1.disable_eager_execution()",
    "mixed precision that stays": "keras.mixed_precision.set_global_policy('mixed_float16')",
    "double precision": "keras.backend.set_floatx('float64')",
    "NumPy behaviour": "tf.experimental.numpy.experimental_enable_numpy_behavior()",
    "determinism": "tf.config.experimental.enable_op_determinism()",
    "warnings": "import warnings\nwarnings.warn = lambda *given, **more: None",
    "patches": "np.allclose = print",
    "full disk": (
        "try:\n    np.save('weights.npy', np.zeros(80 * 2**20, np.uint8))\n"
        "except OSError as error:\n    print(error)"
    ),
    "own functions": (
        "def f(a=1): return a\nf.__defaults__ = (2,)\nf.__code__ = (lambda a: a).__code__"
    ),
}


SWITCHES = {
    "tf.debugging.enable_check_numerics": HONEST["check of numerics"],
    "tf.compat.v1.disable_eager_execution": HONEST["eager mode off"],
    "keras.mixed_precision.set_global_policy": HONEST["mixed precision that stays"],
}


@pytest.mark.parametrize(("name", "code"), SWITCHES.items(), ids=SWITCHES.keys())
def test_a_global_switch_is_told_by_its_name(kept_grade, name, code):
    notebook = submissions.notebook("latent_loss", RIGHT)
    notebook.cells.insert(-1, submissions.added(code))
    result = kept_grade("latent_loss", notebook)
    assert sum(points(result).values()) == 10, problems(result)
    told = " ".join(result.remarks)
    assert name in told
    assert "of all of TensorFlow" in told


@pytest.mark.parametrize("code", HONEST.values(), ids=HONEST.keys())
def test_what_honest_notebooks_do_costs_nothing(kept_grade, code):
    notebook = submissions.notebook("latent_loss", RIGHT)
    notebook.cells.insert(-1, submissions.added(code))
    result = kept_grade("latent_loss", notebook)
    assert sum(points(result).values()) == 10, problems(result)
    assert not any(
        output["output_type"] == "error" for cell in result.outputs.values() for output in cell
    )


def test_points_and_outputs_in_the_notebook_count_for_nothing(grade):
    notebook = submissions.notebook("latent_loss", WRONG)
    for cell in notebook.cells:
        if cell.metadata.get("nbgrader", {}).get("grade"):
            cell.metadata.nbgrader.points = 1000
            cell.outputs = [nbformat.v4.new_output("execute_result", {"text/plain": "3"})]
    assert points(grade("latent_loss", notebook)) == {}


def test_locked_cells_are_those_of_the_source(grade):
    notebook = submissions.notebook("latent_loss", WRONG)
    for cell in notebook.cells:
        if cell.cell_type == "code" and cell.id != "latent_loss-answer":
            cell.source = "3"
            cell.metadata.get("nbgrader", {})["locked"] = False
    assert points(grade("latent_loss", notebook)) == {}


def test_a_scoring_cell_that_a_student_adds_gives_nothing(grade):
    notebook = submissions.notebook("latent_loss", WRONG)
    own = next(cell for cell in notebook.cells if cell.metadata.get("nbgrader", {}).get("grade"))
    for name in ("latent_loss-bonus", own.metadata.nbgrader.grade_id):
        extra = nbformat.from_dict(own)
        extra.id, extra.source = f"extra-{name}", "10"
        extra.metadata.nbgrader.grade_id = name
        notebook.cells.append(extra)
    result = grade("latent_loss", notebook)
    assert points(result) == {}
    assert set(result.parts) == {part.name for part in checks.load("latent_loss").parts}


TELLS = {
    "print": "tf.print(mean, log_var, summarize=-1, output_stream=sys.stdout)",
    "print into a file": "tf.print(mean, log_var, summarize=-1, output_stream='file:///tmp/told')",
    "assert": "tf.debugging.Assert(tf.size(mean) != 32 * 5, [mean, log_var], summarize=1000)",
    "check": "tf.debugging.assert_less(mean, 1.0, summarize=1000)",
    "name of a file": "mean += tf.strings.to_number(tf.strings.as_string(mean) + 'x')",
}


@pytest.mark.parametrize("line", TELLS.values(), ids=TELLS.keys())
def test_a_graph_cannot_tell_the_places_that_are_not_announced(grade, monkeypatch, line):
    places = []
    probe = Prober.probe

    def listening(self, key, exercise, check, inputs):
        places.append(inputs)
        return probe(self, key, exercise, check, inputs)

    monkeypatch.setattr(Prober, "probe", listening)
    answer = RIGHT.replace('"""\n', f'"""\n    {line}\n', 1)
    result = grade("latent_loss", submissions.notebook("latent_loss", f"import sys\n{answer}"))
    announced = [check.inputs(None) for check in checks.load("latent_loss").checks]
    hidden = written(drawn(places)) - written(drawn(announced))
    assert len(hidden) > 100
    told = json.dumps(result.to_json())
    assert not written(map(float, re.findall(r"-?\d+\.\d{4,}", told))) & hidden


def written(values) -> set[str]:
    """Return numbers as five digits show them, without those that look like announced ones."""
    texts = {f"{value:.5g}" for value in values}
    return {text for text in texts if round(float(text), 2) != float(text)}


def drawn(inputs) -> list[float]:
    """Return the numbers of all inputs that no announced place has."""
    if isinstance(inputs, dict):
        return [each for value in inputs.values() for each in drawn(value)]
    if isinstance(inputs, list):
        return [each for value in inputs for each in drawn(value)]
    return [each for each in np.ravel(inputs).tolist() if round(each, 2) != each]


IN_MEMORY = r"""
import ctypes, gc, re, sys
needle = re.compile(rb"cost more than 2 nat[s] each, so that no floor act[s]")
known = re.compile(rb"diag ex[p]\(log_var\)")  # in the docstring of the answer
found = [name for name, module in sys.modules.items() if "judging" in name and module]
found += [each for each in gc.get_objects() if str(type(each)).count("judging.")]
there = []
with open("/proc/self/maps") as maps:
    for row in maps.readlines():
        begin, end = (int(each, 16) for each in row.split()[0].split("-"))
        if row.split()[1].startswith("rw") and end - begin < 2**30:
            memory = ctypes.string_at(begin, end - begin)
            found += needle.findall(memory)
            there += known.findall(memory)
print("searched, found", len(found), bool(there))
"""


def test_no_judge_is_in_the_memory_of_the_process(grade):
    notebook = submissions.notebook("latent_loss", RIGHT)
    notebook.cells.insert(-1, submissions.added(IN_MEMORY))
    assert "searched, found 0 True" in json.dumps(grade("latent_loss", notebook).outputs)
