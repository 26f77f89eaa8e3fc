"""What a machine reaches at its best: products of matrices, traffic of its memory, memory taken."""

import contextlib
import functools
import re
import sys
import time
from collections.abc import Callable
from pathlib import Path

SIZES = (512, 1024, 2048, 4096, 8192)  # sides of the matrices
NUMBERS = 1 << 26  # in the vector that is read and written: 256 MiB, more than a cache holds


def product_rate(dtype: str) -> float:
    """Return multiply–adds a second of the best of several products of square matrices."""
    import tensorflow as tf

    multiply, best = tf.function(tf.matmul), 0.0
    for side in SIZES:
        square = tf.cast(tf.random.stateless_normal((side, side), (1, 2)), dtype)
        seconds = quickest(functools.partial(_multiplied, multiply, square))
        best = max(best, side**3 / seconds)
        if 8 * 4 * seconds > 1:  # the next one has eight times the work, and is done four times
            break
    return best


def _multiplied(multiply, square):
    return multiply(square, square)[0, 0].numpy()  # waits until a card is done


def memory_rate() -> float:
    """Return the bytes a second that are read and written when one is added to a long vector."""
    import tensorflow as tf

    numbers = tf.zeros(NUMBERS)
    add = tf.function(lambda x: x + 1)
    return 2 * 4 * NUMBERS / quickest(lambda: add(numbers)[0].numpy())


def quickest(act: Callable[[], object], times: int = 3) -> float:
    """Return the seconds of the quickest of several turns, after one that does not count."""
    act()
    found = []
    for _ in range(times):
        begin = time.perf_counter()
        act()
        found.append(time.perf_counter() - begin)
    return min(found)


def process_peak() -> float:
    """Return the largest memory that this process has had, data set included, in MiB."""
    with contextlib.suppress(OSError):  # Linux; getrusage would count the process that began it
        status = Path("/proc/self/status").read_text()
        return round(int(re.search(r"VmHWM:\s+(\d+) kB", status)[1]) / 2**10)  # type: ignore[index]
    import resource

    unit = 1 if sys.platform == "darwin" else 2**10
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 2**20)


def gpu_peak() -> float | None:
    """Return the largest memory of the graphics card that TensorFlow has used, in MiB."""
    import tensorflow as tf

    if not tf.config.list_physical_devices("GPU"):
        return None
    return round(tf.config.experimental.get_memory_info("GPU:0")["peak"] / 2**20)


def tensor_float_32(precision: str) -> bool:
    """Return whether products in single precision may be rounded to TF32: on a card that has it."""
    import tensorflow as tf

    gpus = tf.config.list_physical_devices("GPU")
    details = [tf.config.experimental.get_device_details(gpu) for gpu in gpus]
    can = any(card.get("compute_capability", (0, 0)) >= (8, 0) for card in details)
    on = tf.config.experimental.tensor_float_32_execution_enabled()
    return precision == "float32" and can and on
