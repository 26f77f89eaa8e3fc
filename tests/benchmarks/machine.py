"""Time the three experiments on this machine: ``make bench BENCH=machine``.

A step is one of the chapter's own training, with its batch, pipeline and callbacks: the cells with
the tag ``bench`` are executed, and ``train_ours`` is stopped when enough steps were seen. Every
combination of experiment, precision and XLA has a process of its own, so that its peak of memory
is its own, and the same process measures how fast the machine multiplies matrices.
"""

import argparse
import contextlib
import inspect
import itertools
import json
import math
import os
import re
import statistics
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import Any
from unittest import mock

sys.path.insert(0, str(Path(__file__).resolve().parent))

import arithmetic
import peaks
from training import CHAPTERS, FOLDER, KEPT, definitions, write

from latents import data, records

SECONDS = 4.0  # of stepping, after the first steps
UNCOUNTED = 3  # first steps: tracing and compiling, caches that fill
FEWEST, MOST = 5, 300  # steps that are counted
LIMIT = 600  # seconds for one measurement
DTYPES = {"float32": "float32", "mixed_bfloat16": "bfloat16", "mixed_float16": "float16"}
RULE = (
    "Multiply-adds of Dense, Conv2D and Conv2DTranspose; a training step counts as 3 x forward: "
    "the gradients of weights and of inputs take one more product each."
)


def main() -> None:
    """Measure everything that is sensible here and write the record."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("experiments", nargs="*", help=f"of {', '.join(CHAPTERS)}")
    parser.add_argument("--folder", type=Path, help="where the record is written")
    parser.add_argument("--seconds", type=float, default=SECONDS, help="of stepping, each time")
    parser.add_argument("--one", nargs=4, metavar=("EXPERIMENT", "PRECISION", "XLA", "FILE"))
    parser.add_argument("--arithmetic", action="store_true", help="only count the multiply-adds")
    options = parser.parse_args()
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    if options.one:
        experiment, precision, xla, file = options.one
        try:
            measured = measure(experiment, precision, xla == "xla", options.seconds)
        except Exception as error:  # a row that says what a card or a library cannot do
            measured = {"error": " ".join(f"{type(error).__name__}: {error}".split())[:400]}
        Path(file).write_text(json.dumps(measured))
        return
    if unknown := set(options.experiments) - set(CHAPTERS):
        parser.error(f"no such experiment: {', '.join(unknown)}")
    experiments = options.experiments or list(CHAPTERS)
    if options.arithmetic:
        file, record = (options.folder or FOLDER) / "arithmetic.json", count(experiments)
    else:
        os.environ["PROFILE"] = os.environ.get("PROFILE") or "full"
        complete = data.profile() == "full" and experiments == list(CHAPTERS)
        folder = options.folder or (FOLDER if complete else KEPT) / "machines"
        record = machine(experiments, options.seconds)
        file = folder / f"{slug(record['hardware'])}.json"
    write(file, record)
    print(f"Written: {file}")


def machine(experiments: list[str], seconds: float) -> dict:
    """Return the record of this machine."""
    begin, hardware = time.monotonic(), records.hardware()
    precisions = list(DTYPES) if hardware["gpus"] else list(DTYPES)[:2]
    plan = itertools.product(experiments, precisions, (False, True))
    return {
        "profile": data.profile(),
        "hardware": hardware,
        "versions": records.versions(),
        "rule": RULE,
        "measurements": [in_a_process(*each, seconds) for each in plan],
        "seconds_in_all": round(time.monotonic() - begin),
        "finished": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def in_a_process(experiment: str, precision: str, xla: bool, seconds: float) -> dict:
    """Measure in a process of its own; what fails here is kept as a row that says so."""
    name = {"experiment": experiment, "precision": precision, "xla": xla}
    KEPT.mkdir(parents=True, exist_ok=True)
    file = KEPT / f"machine-{os.getpid()}.part"
    one = [experiment, precision, "xla" if xla else "plain", str(file)]
    command = [sys.executable, __file__, "--seconds", str(seconds), "--one", *one]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT)
        killed = {
            "error": f"the process ended with {done.returncode}"
        }  # out of memory, most likely
        measured = killed if done.returncode else json.loads(file.read_text())
    except subprocess.TimeoutExpired:
        measured = {"error": f"not done after {LIMIT} s"}
    file.unlink(missing_ok=True)
    said = measured.get("error") or f"{1e3 * float(measured['seconds_a_step']):.1f} ms a step"
    print(f"{experiment}, {precision}, {'XLA' if xla else 'no XLA'}: {said}", flush=True)
    return name | measured


def measure(experiment: str, precision: str, xla: bool, seconds: float = SECONDS) -> dict:
    """Train a little in this process, then multiply matrices; return what was measured."""
    cells = definitions(experiment)
    watch = train_a_little(cells, precision, xla, seconds)
    memory = {"process_peak_mib": peaks.process_peak(), "gpu_peak_mib": peaks.gpu_peak()}
    step = statistics.median(watch.steps)
    batch = len(watch.example[0])
    counted = arithmetic.of_model(watch.model, watch.example)
    a_step = arithmetic.BACKWARD * counted.multiply_adds * batch
    product = peaks.product_rate(DTYPES[precision])
    return {
        "batch": batch,
        "steps_timed": len(watch.steps),
        "seconds_a_step": step,
        "seconds_a_step_quartiles": statistics.quantiles(watch.steps, n=4)[::2],
        "compile_seconds": max(0.0, watch.first - step),
        "steps_an_epoch": watch.steps_an_epoch,
        "seconds_an_epoch_extrapolated": step * watch.steps_an_epoch,
        "images_a_second": batch / step,
        **memory,
        "multiply_adds_an_image_forward": counted.multiply_adds,
        "multiply_adds_an_image_trained": arithmetic.BACKWARD * counted.multiply_adds,
        "multiply_adds_a_second": a_step / step,
        "product_multiply_adds_a_second": product,
        "fraction_of_product": a_step / step / product,
        "bytes_moved_a_step": arithmetic.moved(counted, batch, 4 if precision == "float32" else 2),
        "memory_bytes_a_second": peaks.memory_rate(),
        "tensor_float_32": peaks.tensor_float_32(precision),
    }


class EnoughError(Exception):
    """Leaves ``fit``: enough steps were seen."""


class Watch:
    """The clock beside a training: its steps, its model, and one batch of what it is fed.

    Attributes
    ----------
    first : float
        Seconds of the first step.
    steps : list of float
        Seconds from the end of a step to the end of the next, callbacks and pipeline included; on a
        graphics card, too, since the loss is read after each.
    """

    model: Any
    example: tuple

    def __init__(self, seconds: float, fewest: int = FEWEST):
        self.seconds, self.fewest = seconds, fewest
        self.first, self.steps_an_epoch = math.nan, 0
        self._ends: list[float] = []

    @property
    def steps(self) -> list[float]:
        """Steps that count: the first few do not."""
        return [after - before for before, after in itertools.pairwise(self._ends)][UNCOUNTED - 1 :]

    def begin(self, model, batches, steps: int) -> None:
        """Note what is trained, and start the clock."""
        self.model, self.steps_an_epoch = model, steps
        self.example = next(iter(batches))
        self._begin = time.perf_counter()

    def stop_if_enough(self, logs: dict) -> None:
        """Note the end of a step; leave ``fit`` after the last one."""
        float(logs["loss"])
        self._ends.append(time.perf_counter())
        if len(self._ends) == 1:
            self.first = self._ends[0] - self._begin
        count = len(self.steps)
        if count >= self.fewest and (count >= MOST or sum(self.steps) >= self.seconds):
            raise EnoughError


def train_a_little(cells: ModuleType, precision: str, xla: bool, seconds: float) -> Watch:
    """Run a chapter's ``train_ours`` in this precision until its steps were watched."""
    keras = getattr(cells, "tf_keras", None) or cells.keras
    watch, own = Watch(seconds), "precision" in inspect.signature(cells.train_ours).parameters
    set_policy = keras.mixed_precision.set_global_policy
    try:
        if not own:  # else the chapter chooses the layers that are computed in it
            set_policy(precision)
        with watched(keras, watch, xla), contextlib.suppress(EnoughError):
            cells.train_ours(**{"precision": precision} if own else {})
    finally:
        set_policy("float32")
    return watch


@contextlib.contextmanager
def watched(keras: ModuleType, watch: Watch, xla: bool):
    """Compile every model with XLA, or without it, and put a clock beside its training."""
    compile_, fit = keras.Model.compile, keras.Model.fit

    def compile_so(model, *given, **settings):
        return compile_(model, *given, **settings | {"jit_compile": xla})

    def fit_so(model, batches, *given, callbacks=(), **settings):
        batches = whole(batches) if xla else batches
        clock = _callback(keras, watch, batches)
        return fit(model, batches, *given, callbacks=[*callbacks, clock], **settings)

    with (
        mock.patch.object(keras.Model, "compile", compile_so),
        mock.patch.object(keras.Model, "fit", fit_so),
    ):
        yield


def whole(batches):
    """Leave out the smaller last batch of each pass, so that the size of all is known beforehand.

    XLA compiles for one size at a time, and some of TFP's gradients for none that is unknown.
    """
    import tensorflow as tf

    steps, size = len(batches), len(next(iter(batches))[0])
    known = batches.repeat().filter(lambda x, _: tf.equal(tf.shape(x)[0], size))
    known = known.map(
        lambda *pair: tuple(tf.ensure_shape(part, (size, *part.shape[1:])) for part in pair)
    )
    return known.take(steps).apply(tf.data.experimental.assert_cardinality(steps))


def _callback(keras: ModuleType, watch: Watch, batches):
    kind: Any = keras.callbacks.Callback

    class Clock(kind):
        def on_train_begin(self, logs=None):
            watch.begin(self.model, batches, self.params["steps"])

        def on_train_batch_end(self, batch, logs=None):
            watch.stop_if_enough(logs)

    return Clock()


def count(experiments: list[str]) -> dict:
    """Return multiply–adds, activations and weights of each experiment, and its batch."""
    os.environ["PROFILE"] = "quick"  # the models are the same, and so are the sizes of the images
    found = {}
    for experiment in experiments:
        watch = train_a_little(definitions(experiment), "float32", xla=False, seconds=0)
        x = watch.example[0]
        counted = arithmetic.of_model(watch.model, watch.example)
        found[experiment] = {"image": list(x.shape[1:]), **vars(counted)}
    return {"rule": RULE, "experiments": found}


def slug(hardware: dict) -> str:
    """Return the name of the file for a machine: its cards, or its processor and cores."""
    words = " ".join(hardware["gpus"]) or f"{hardware['cpu']} {hardware['cores']} cores"
    words = re.sub(r"\((?:r|tm)\)|@.*?hz", " ", words.lower())
    return re.sub(r"[^a-z0-9]+", "-", words).strip("-")


if __name__ == "__main__":
    main()
