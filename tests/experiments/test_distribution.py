"""More than one device: the gradients of the replicas add up to those of the whole batch."""

import json
import re
import subprocess
import sys

import pytest

pytestmark = [
    pytest.mark.slow,
    pytest.mark.kept(
        "book/experiments",
        "book/latents",
        "tests/benchmarks",
        "book/records/bench",
        "book/records/full",
    ),
]


@pytest.fixture(scope="module")
def two_replicas(project):
    """Return a function that runs a program with two logical CPUs and reads what it prints."""
    program = project / "tests" / "support" / "two_replicas.py"

    def run(*arguments):
        done = subprocess.run(
            [sys.executable, program, *arguments], capture_output=True, text=True, timeout=600
        )
        assert done.returncode == 0, done.stderr[-3000:]
        return json.loads(done.stdout.splitlines()[-1])

    return run


@pytest.fixture(scope="module")
def dense(two_replicas):
    return two_replicas("vae")


def test_two_replicas_train_the_dense_vae_as_one_device_does(dense):
    assert dense["replicas"] == 2
    one, two = dense["losses"]
    # 12 steps with Adam, the same global batches and the same noise: only the order of sums differs
    assert one == pytest.approx(two, rel=1e-6)
    assert dense["largest_difference"] < 1e-6
    assert two[-1] < two[0]
    assert dense["copies_agree"]


def test_replicas_draw_the_same_noise_and_are_compiled_without_xla(dense):
    assert dense["same_noise"]  # the page says so
    assert dense["xla"] == [False, False]


def test_a_step_of_ones_own_adds_the_gradients_of_replicas_up(two_replicas):
    """The page warns of it: a mean in each replica makes a gradient that is twice too large."""
    assert two_replicas("tfp_vae")["ratio"] == pytest.approx(2, rel=0.05)


def test_the_example_of_the_page_trains_on_two_devices(two_replicas, project, tmp_path):
    page = (project / "book" / "guide" / "gpu.md").read_text()
    (example,) = (
        code
        for code in re.findall(r"^```python\n(.*?)^```", page, re.S | re.M)
        if "MirroredStrategy" in code
    )
    file = tmp_path / "example.py"
    file.write_text(example)
    assert two_replicas("example", str(file)) == {"replicas": 2, "batch": 256, "finite": True}
