"""The complete data sets, through TensorFlow Datasets: found, checked, or fetched, or a clear word.

TFDS by itself waits for minutes when there is neither data nor a network, and its errors for a
damaged record file do not name the file. This module asks first.
"""

import http.client
import json
import os
import threading
import urllib.error
import urllib.request
from pathlib import Path

from latents import LatentsError
from latents.data.dataset import Dataset

SOURCES = {
    "fashion_mnist": "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
    "horses_or_humans": "https://storage.googleapis.com/learning-datasets/horse-or-human.zip",
}
TITLES = {
    "fashion_mnist": "Fashion-MNIST (complete)",
    "horses_or_humans": "horses_or_humans (complete)",
}
PROBE_SECONDS = 8.0


def data_dir() -> Path:
    """Return the folder where TFDS looks: ``TFDS_DATA_DIR``, or its default in the home folder."""
    return Path(os.environ.get("TFDS_DATA_DIR") or Path.home() / "tensorflow_datasets").expanduser()


def prepared(name: str) -> Path | None:
    """Return the folder of the newest prepared version of ``name``, or None."""
    folders = [info.parent for info in (data_dir() / name).glob("*.*.*/dataset_info.json")]
    return max(folders, key=_version, default=None)


def _version(folder: Path) -> list[int]:
    return [int(part) if part.isdecimal() else -1 for part in folder.name.split(".")]


def require(name: str) -> None:
    """Raise a LatentsError unless ``name`` is prepared and whole, or can be downloaded now."""
    folder = prepared(name)
    if folder is not None:
        check_files(folder)
    elif not _reachable(SOURCES[name]):
        raise LatentsError(
            f"The complete {name} is not in {data_dir()} and its source cannot be reached: connect "
            "to a network, or set TFDS_DATA_DIR to a folder where TFDS has prepared it, or use "
            "PROFILE=quick, which needs neither."
        )


def load(name: str):
    """Load the complete set as a ``Dataset``; download it when it is missing."""
    require(name)
    import tensorflow_datasets as tfds

    if prepared(name) is None:
        _download(tfds.builder(name, data_dir=str(data_dir()), try_gcs=False))
        made = prepared(name)
        assert made is not None  # just now
        check_files(made)
    builder = tfds.builder_from_directory(str(prepared(name)))
    in_order = tfds.ReadConfig(try_autocache=False, interleave_cycle_length=1)

    def examples(split):
        return builder.as_dataset(split=split, read_config=in_order, shuffle_files=False)

    return Dataset(builder.info, TITLES[name], examples)


def _download(builder) -> None:
    from tensorflow_datasets.core.download import download_manager, extractor, util

    failures = (
        OSError,
        util.DownloadError,
        download_manager.NonMatchingChecksumError,
        extractor.ExtractError,
    )
    try:
        builder.download_and_prepare()
    except failures as error:
        reason = " ".join(str(error).split())
        raise LatentsError(
            f"The download of {builder.name} failed ({reason[:200]}): try again, or set "
            "TFDS_DATA_DIR to a folder where TFDS has prepared it, or use PROFILE=quick."
        ) from error


def check_files(folder: Path) -> None:
    """Read every record of a prepared set once, checksums included.

    Raises
    ------
    LatentsError
        Names the first file that is missing, damaged, or does not hold the number of examples that
        ``dataset_info.json`` promises.
    """
    try:
        promised = json.loads((folder / "dataset_info.json").read_text())
        name, kind = promised["name"], promised.get("fileFormat", "tfrecord")
        splits = {
            part["name"]: [int(n) for n in part["shardLengths"]] for part in promised["splits"]
        }
    except (ValueError, KeyError, TypeError) as error:
        raise _damaged(folder / "dataset_info.json", "cannot be read") from error
    if not (folder / "features.json").is_file():
        raise _damaged(folder / "features.json", "is missing")
    for split, lengths in splits.items():
        for shard, length in enumerate(lengths):
            path = folder / f"{name}-{split}.{kind}-{shard:05d}-of-{len(lengths):05d}"
            if not path.is_file():
                raise _damaged(path, "is missing")
            if kind == "tfrecord":
                _count_records(path, length)


def _count_records(path: Path, promised: int) -> None:
    import tensorflow as tf

    try:
        count = sum(1 for _ in tf.data.TFRecordDataset(str(path)))
    except tf.errors.DataLossError as error:
        raise _damaged(path, "is truncated or corrupt") from error
    if count != promised:
        raise _damaged(path, f"holds {count} examples instead of {promised}")


def _damaged(path: Path, what: str) -> LatentsError:
    return LatentsError(
        f"{path} {what}: delete the folder {path.parent} and let TFDS prepare the set again, or "
        "copy it afresh, or use PROFILE=quick."
    )


def _reachable(url: str) -> bool:
    """Ask the source for its headers; give up after PROBE_SECONDS, name look-up included."""
    answers = []

    def ask():
        request = urllib.request.Request(url, method="HEAD")
        try:
            with urllib.request.urlopen(request, timeout=PROBE_SECONDS):
                answers.append(True)
        except urllib.error.HTTPError as error:
            # The source is there, whatever it says of this address; 407 and 5xx come from a proxy.
            answers.append(error.code < 500 and error.code != 407)
        except (OSError, http.client.HTTPException):
            answers.append(False)

    probe = threading.Thread(target=ask, daemon=True)
    probe.start()
    probe.join(PROBE_SECONDS)
    return bool(answers and answers[0])
