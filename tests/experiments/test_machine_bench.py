"""What ``make bench BENCH=machine`` counts, measures and writes."""

import itertools
import json
import math
import os
import subprocess
import sys

import numpy as np
import pytest

from latents import records

pytestmark = pytest.mark.kept(
    "book/experiments",
    "book/latents",
    "tests/benchmarks",
    "book/records/bench",
    "book/records/full",
)

EXPERIMENTS = {"conv_autoencoder", "vae", "tfp_vae"}
POSITIVE = (
    "seconds_a_step",
    "seconds_an_epoch_extrapolated",
    "images_a_second",
    "process_peak_mib",
    "multiply_adds_a_second",
    "product_multiply_adds_a_second",
    "memory_bytes_a_second",
)


@pytest.fixture(scope="module", params=["keras", "tf_keras"])
def keras(request):
    return pytest.importorskip(request.param)


def layer(keras, name, shape, *given, **settings):
    """Return a model of one layer, and what it reads and writes for one example."""
    layers = keras.layers
    model = keras.Sequential([layers.Input(shape), getattr(layers, name)(*given, **settings)])
    model.compile(loss="mse")
    x = np.zeros((1, *shape), np.float32)
    return model, (x, np.zeros_like(model(x)))


@pytest.mark.parametrize(
    ("name", "shape", "settings", "products", "numbers", "weights"),
    [
        # a product for each weight of the kernel
        ("Dense", (5,), {"units": 3}, 15, 5 + 3, 18),
        # the same at each of four places
        ("Dense", (4, 5), {"units": 3}, 60, 20 + 12, 18),
        # 3 x 3 x 2 inputs to each of 4 filters at 6 x 6 places
        ("Conv2D", (6, 6, 2), {"filters": 4, "padding": "same"}, 2592, 72 + 144, 76),
        # at 4 x 4 places
        ("Conv2D", (6, 6, 2), {"filters": 4}, 1152, 72 + 64, 76),
        # at 3 x 3 places
        ("Conv2D", (6, 6, 2), {"filters": 4, "padding": "same", "strides": 2}, 648, 72 + 36, 76),
        # each of 6 x 6 inputs is spread over 3 x 3 places of 4 filters, whatever the stride
        (
            "Conv2DTranspose",
            (6, 6, 2),
            {"filters": 4, "padding": "same", "strides": 2},
            2592,
            72 + 576,
            76,
        ),
    ],
)
def test_products_of_a_layer(keras, arithmetic, name, shape, settings, products, numbers, weights):
    if name != "Dense":
        settings = settings | {"kernel_size": 3}
    model, example = layer(keras, name, shape, **settings)
    expected = arithmetic.Arithmetic(products, numbers, weights)
    assert arithmetic.of_model(model, example) == expected


def test_layers_within_models_are_counted_once_each_and_others_not(keras, arithmetic):
    inner = keras.Sequential([keras.layers.Input((4,)), keras.layers.Dense(3)])
    shape, relu = keras.layers.Reshape((3, 1)), keras.layers.ReLU()
    model = keras.Sequential([keras.layers.Input((4,)), inner, relu, shape])
    model.compile(loss="mse")
    counted = arithmetic.of_model(
        model, (np.zeros((2, 4), "float32"), np.zeros((2, 3, 1), "float32"))
    )
    assert counted == arithmetic.Arithmetic(12, 7, 15)


def test_a_layer_whose_products_are_not_known_is_refused(keras, arithmetic):
    model, example = layer(keras, "Conv1D", (6, 2), 4, 3)
    with pytest.raises(TypeError, match="is none of Dense, Conv2D"):
        arithmetic.of_model(model, example)


def test_bytes_of_a_step_by_hand(arithmetic):
    counted = arithmetic.Arithmetic(multiply_adds=12, activations=7, weights=15)
    # three products with 2 · 7 activations and 15 weights; seven more numbers a weight for Adam
    assert arithmetic.moved(counted, 2) == (3 * (14 + 15) + 7 * 15) * 4
    assert arithmetic.moved(counted, 2, 2) == 3 * (14 + 15) * 2 + 7 * 15 * 4


def dense(*units):
    return sum(a * b for a, b in itertools.pairwise(units))


def test_the_committed_arithmetic_is_that_of_the_layers(project):
    kept = json.loads((project / "book" / "records" / "bench" / "arithmetic.json").read_text())
    by_hand = {
        "vae": dense(784, 128, 64, 32, 20) + dense(10, 32, 64, 128, 784),
        "conv_autoencoder": 9
        * (
            3 * 16 * 76**2 + 16 * 32 * 38**2 + 32 * 64 * 19**2  # down, on pieces of 76 x 76
            + 64 * 32 * 9**2 + 32 * 16 * 19**2 + 16 * 3 * 38**2  # up
        ),
        "tfp_vae": 25 * (32 * 28**2 + 32 * 32 * 14**2 + 32 * 64 * 14**2 + 64 * 64 * 7**2)
        + 49 * 64 * 64
        + 64 * 152
        + 49 * 16 * 64
        + 25 * (64 * 64 * 7**2 + 64 * 64 * 7**2 + 64 * 32 * 14**2 + 32 * 32 * 14**2)
        + 25 * (32 * 32 * 28**2 + 32 * 28**2),
    }  # fmt: skip
    found = {name: its["multiply_adds"] for name, its in kept["experiments"].items()}
    assert found == by_hand


@pytest.mark.slow
@pytest.mark.parametrize("experiment", sorted(EXPERIMENTS))
def test_the_committed_arithmetic_is_that_of_the_chapters(machine_bench, project, experiment):
    kept = json.loads((project / "book" / "records" / "bench" / "arithmetic.json").read_text())
    (counted,) = machine_bench.count([experiment])["experiments"].values()
    assert counted == kept["experiments"][experiment]


def check(record):
    """Check that a record says what the page reads."""
    assert {"hardware", "versions", "rule", "finished", "profile"} <= record.keys()
    assert {row["experiment"] for row in record["measurements"]} == EXPERIMENTS
    plan = {(row["precision"], row["xla"]) for row in record["measurements"]}
    assert plan >= set(itertools.product(("float32", "mixed_bfloat16"), (False, True)))
    for row in record["measurements"]:
        check_row(row)


def check_row(row):
    if "error" in row:
        assert row["error"]
        return
    for name in POSITIVE:
        assert row[name] > 0
        assert math.isfinite(row[name])
    assert row["compile_seconds"] >= 0
    assert row["images_a_second"] == pytest.approx(row["batch"] / row["seconds_a_step"])
    epoch = row["steps_an_epoch"] * row["seconds_a_step"]
    assert row["seconds_an_epoch_extrapolated"] == pytest.approx(epoch)
    trained = row["multiply_adds_an_image_trained"]
    assert trained == 3 * row["multiply_adds_an_image_forward"]
    assert row["multiply_adds_a_second"] == pytest.approx(trained * row["images_a_second"])
    reached = row["multiply_adds_a_second"] / row["product_multiply_adds_a_second"]
    assert row["fraction_of_product"] == pytest.approx(reached)
    low, high = row["seconds_a_step_quartiles"]
    assert low <= row["seconds_a_step"] <= high


@pytest.mark.slow
def test_a_quick_run_writes_one_record(project, tmp_path):
    program = project / "tests" / "benchmarks" / "machine.py"
    command = [sys.executable, program, "vae", "--folder", tmp_path, "--seconds", "0.1"]
    environment = os.environ | {"PROFILE": "quick"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=900)
    assert done.returncode == 0, done.stderr[-3000:]
    (file,) = tmp_path.iterdir()
    assert str(file) in done.stdout
    record = json.loads(file.read_text())
    assert record["profile"] == "quick"
    assert len(record["measurements"]) == (6 if record["hardware"]["gpus"] else 4)
    for row in record["measurements"]:
        assert "error" not in row, row["error"]
        assert row["experiment"] == "vae"
        check_row(row)


@pytest.mark.slow
@pytest.mark.parametrize("experiment", ["conv_autoencoder", "tfp_vae"])
def test_the_other_experiments_can_be_measured_with_xla(machine_bench, experiment):
    fractions = []
    while not fractions or (fractions[-1] >= 1 and len(fractions) < 3):
        row = machine_bench.in_a_process(experiment, "mixed_bfloat16", True, 0.1)
        assert "error" not in row, row["error"]
        check_row(row)
        fractions.append(row["fraction_of_product"])
    assert fractions[-1] < 1, "the bare product is slower than training; other work slowed it?"


def test_what_cannot_be_measured_is_a_row_with_the_reason(machine_bench):
    row = machine_bench.in_a_process("vae", "mixed_float7", False, 0.1)
    assert row["precision"] == "mixed_float7"
    assert row["error"].startswith("ValueError: ")


@pytest.mark.parametrize(
    ("hardware", "name"),
    [
        ({"gpus": ["Tesla T4"]}, "tesla-t4"),
        ({"gpus": ["Tesla T4", "Tesla T4"]}, "tesla-t4-tesla-t4"),
        (
            {"gpus": [], "cpu": "Intel(R) Core(TM) i5-8250U CPU @ 1.60GHz", "cores": 8},
            "intel-core-i5-8250u-cpu-8-cores",
        ),
    ],
)
def test_a_record_is_named_by_the_hardware(machine_bench, hardware, name):
    assert machine_bench.slug(hardware) == name


def test_every_committed_machine_was_measured_on_the_complete_sets(machine_bench):
    for name, record in records.machines().items():
        assert record["profile"] == "full"
        assert machine_bench.slug(record["hardware"]) == name
        check(record)
