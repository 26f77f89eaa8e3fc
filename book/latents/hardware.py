"""Prepare a session: its graphics card, and what to expect of it."""

from pathlib import Path

from latents import data, records

AMPERE = (8, 0)  # compute capability of the first NVIDIA cards with bfloat16


def prepare(experiment: str) -> None:
    """Report whether a GPU is in use and what to expect, and ask it to take memory as it grows.

    Parameters
    ----------
    experiment : str
        Name of the chapter's run record, whose times are quoted.
    """
    import tensorflow as tf

    gpus = tf.config.list_physical_devices("GPU")
    for gpu in gpus:
        if tf.config.experimental.get_memory_growth(gpu) is not True:
            try:
                tf.config.experimental.set_memory_growth(gpu, True)
            except RuntimeError:  # the session has used the card before
                print(f"{gpu.name} is in use already, so TensorFlow has taken its memory at once.")
    place = records.place({"hardware": records.hardware()})
    half = "" if half_precision() == "float32" else ", with instructions for bfloat16"
    xla = "everywhere" if tf.config.optimizer.get_jit() else "where a cell asks for it"
    print(f"Running on: {place}{half}. XLA: {xla}. Profile: {data.profile()}.")
    for profile in data.PROFILES:
        if (record := records.read(experiment, profile)) is not None:
            print(f"Last recorded run, {profile} profile: {records.time_and_place(record)}.")


def half_precision() -> str:
    """Return the Keras dtype policy that is fast here: ``mixed_bfloat16``, else ``float32``.

    bfloat16 is chosen where all graphics cards, or else the processor, have instructions for it;
    elsewhere it is emulated, and slower than single precision.
    """
    import tensorflow as tf

    if gpus := tf.config.list_physical_devices("GPU"):
        details = [tf.config.experimental.get_device_details(gpu) for gpu in gpus]
        fast = all(card.get("compute_capability", (0, 0)) >= AMPERE for card in details)
    else:
        info = Path("/proc/cpuinfo")
        words = set(info.read_text().split()) if info.is_file() else set()
        fast = bool(words & {"avx512_bf16", "amx_bf16"})
    return "mixed_bfloat16" if fast else "float32"
