"""Prepare a session: its graphics card, and what to expect of it."""

from latents import data, records


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
    print(f"Running on: {place}. Profile: {data.profile()}.")
    for profile in data.PROFILES:
        if (record := records.read(experiment, profile)) is not None:
            print(f"Last recorded run, {profile} profile: {records.time_and_place(record)}.")
