"""What a session runs on: processor, memory, graphics card, versions."""

import os
import platform
from importlib import metadata
from pathlib import Path

PACKAGES = (
    "tensorflow",
    "keras",
    "tf-keras",
    "tensorflow-probability",
    "tensorflow-datasets",
    "numpy",
    "matplotlib",
)


def describe() -> dict:
    """Return ``{"cpu", "cores", "memory_gib", "gpus", "system"}`` of this session."""
    import tensorflow as tf

    gpus = tf.config.list_physical_devices("GPU")
    names = [tf.config.experimental.get_device_details(gpu).get("device_name") for gpu in gpus]
    return {
        "cpu": _processor(),
        "cores": len(os.sched_getaffinity(0))
        if hasattr(os, "sched_getaffinity")
        else os.cpu_count(),
        "memory_gib": _memory_gib(),
        "gpus": [name or "GPU" for name in names],
        "system": f"{platform.system()} {platform.machine()}",
    }


def versions() -> dict[str, str]:
    """Return the installed versions of Python and of the packages that a result depends on."""
    found = {"python": platform.python_version()}
    for package in PACKAGES:
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    return found


def prepare(experiment: str) -> None:
    """Report whether a GPU is in use and what to expect, and ask it to take memory as it grows.

    Parameters
    ----------
    experiment : str
        Name of the chapter's run record, whose times are quoted.
    """
    import tensorflow as tf

    from latents import data, records

    gpus = tf.config.list_physical_devices("GPU")
    for gpu in gpus:
        if tf.config.experimental.get_memory_growth(gpu) is not True:
            tf.config.experimental.set_memory_growth(gpu, True)
    print(f"Running on: {records.place({'hardware': describe()})}. Profile: {data.profile()}.")
    for profile in data.PROFILES:
        if (record := records.read(experiment, profile)) is not None:
            print(f"Last recorded run, {profile} profile: {records.time_and_place(record)}.")
    if not gpus:
        print("With a GPU this chapter runs unchanged, in a fraction of the time.")


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    if info.is_file():
        for line in info.read_text().splitlines():
            if line.startswith("model name"):
                return " ".join(line.split(":", 1)[1].split())
    return platform.processor() or platform.machine()


def _memory_gib() -> float | None:
    try:
        size = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return None
    return round(size / 2**30, 1)
