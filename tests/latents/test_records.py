"""Run records: nothing incomplete is kept, nothing is kept unasked, and what is kept reads back."""

import json

import numpy as np
import pytest

from latents import LatentsError, data, records

METRICS = {
    "test_bce": 0.5,
    **dict.fromkeys(records.METRICS["vae"], 1.5),
    "test_rate_nats": 20.25,
    "test_neg_elbo_nats": 230.0,
    "published_test_neg_elbo_nats": 250.0,
    "extra": 3,
}


class FakeRun:
    """Two logged epochs."""

    def __init__(self, first):
        self.epochs = [{"loss": first, "seconds": 10.0}, {"loss": first / 2, "seconds": 20.0}]
        self.history = {"loss": [first, first / 2]}
        self.seconds = 30.0


@pytest.fixture
def kept(tmp_path, monkeypatch):
    monkeypatch.setenv("LATENTS_RECORDS", str(tmp_path / "records"))
    return tmp_path / "records"


def write(dataset, **changes):
    given = {
        "dataset": dataset,
        "seed": 42,
        "parameters": np.int64(1234),
        "runs": {"recipe": FakeRun(1.0), "fixed": FakeRun(4.0)},
        "main": "fixed",
        "metrics": METRICS,
    }
    return records.write("vae", **(given | changes))


def test_what_was_written_is_read_back(fashion, kept):
    written = write(fashion)
    assert records.read("vae", "quick") == written
    assert [file.name for file in kept.rglob("*") if file.is_file()] == ["vae.json"]


def test_a_record_tells_what_ran_on_what_and_for_how_long(fashion, kept):
    record = write(fashion)
    assert record["experiment"] == "vae"
    assert record["profile"] == "quick"
    assert record["data"] == {"name": fashion.title, "train": 6000, "test": 1000}
    assert record["metrics"] == METRICS
    assert record["epochs"] == 2
    assert record["seconds"] == 60
    assert record["history"] == {"loss": [4.0, 2.0]}
    assert record["runs"]["recipe"]["history"] == {"loss": [1.0, 0.5]}
    assert record["parameters"] == 1234
    assert record["chapter_seconds"] > 0
    assert record["hardware"]["cores"] >= 1
    assert {"python", "tensorflow", "keras", "numpy"} <= record["versions"].keys()


def test_each_profile_has_its_own_record(fashion, kept, monkeypatch):
    write(fashion, seed=1)
    monkeypatch.setenv("PROFILE", "full")
    write(fashion, seed=2)
    assert records.read("vae", "quick")["seed"] == 1
    assert records.read("vae", "full")["seed"] == 2


def test_numpy_metrics_are_kept_as_plain_numbers(fashion, kept):
    write(fashion, metrics=METRICS | {"test_bce": np.float32(0.5), "extra": np.int64(7)})
    stored = json.loads((kept / "quick" / "vae.json").read_text())["metrics"]
    assert stored["test_bce"] == 0.5
    assert stored["extra"] == 7


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf"), None])
def test_a_missing_or_infinite_metric_is_named_and_nothing_is_kept(fashion, kept, value):
    metrics = {name: number for name, number in METRICS.items() if name != "test_rate_nats"}
    if value is not None:
        metrics["test_rate_nats"] = value
    with pytest.raises(LatentsError, match=r"vae lacks a finite test_rate_nats\.$"):
        write(fashion, metrics=metrics)
    assert not kept.exists()


def test_nothing_is_written_unless_a_folder_is_named(fashion, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(records, "folder", lambda: tmp_path / "records")
    record = write(fashion)
    assert record["metrics"] == METRICS
    assert list(tmp_path.iterdir()) == []
    said = capsys.readouterr().out
    assert said.count("\n") == 1
    assert "LATENTS_RECORDS" in said


def test_records_are_read_from_the_book_unless_a_folder_is_named(project, monkeypatch, tmp_path):
    assert records.folder() == project / "book" / "records"
    monkeypatch.setenv("LATENTS_RECORDS", str(tmp_path))
    assert records.path("vae", "full") == tmp_path / "full" / "vae.json"


def test_an_experiment_that_has_not_run_has_no_record(kept):
    assert records.read("vae", "quick") is None


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe", b"{}", b"[]"])
def test_a_corrupt_record_is_named(kept, content):
    file = kept / "quick" / "vae.json"
    file.parent.mkdir(parents=True)
    file.write_bytes(content)
    with pytest.raises(LatentsError) as refusal:
        records.read("vae", "quick")
    assert str(refusal.value).startswith(f"{file} is not a run record")


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.4, "0 s"),
        (45, "45 s"),
        (89.4, "89 s"),
        (90, "2 min"),
        (720, "12 min"),
        (89 * 60, "89 min"),
        (90 * 60, "1 h 30 min"),
        (6600, "1 h 50 min"),
        (7200, "2 h 0 min"),
    ],
)
def test_durations_are_written_as_a_reader_would(seconds, words):
    assert records.minutes(seconds) == words


@pytest.mark.parametrize(("gpus", "words"), [(["A100"], "on A100"), ([], "on 4 CPU cores, no GPU")])
@pytest.mark.parametrize(("runs", "activity"), [({"recipe": {}}, "training"), ({}, "computing")])
def test_time_and_place_in_words(gpus, words, runs, activity):
    hardware = {"gpus": gpus, "cores": 4, "cpu": "Some CPU"}
    record = {"seconds": 720.0, "hardware": hardware, "runs": runs}
    assert records.time_and_place(record) == f"12 min of {activity} {words}"


def test_a_chapter_that_trains_nothing_is_timed_as_a_whole(fashion, kept):
    record = write(fashion, runs=None, main=None, parameters=0)
    assert record["seconds"] == record["chapter_seconds"] > 0
    assert (record["epochs"], record["history"], record["runs"]) == (0, {}, {})
    assert records.read("vae", "quick") == record


def test_in_a_notebook_numbers_are_printed(capsys):
    records.quote(loss=0.123456, images=np.int64(1000), gap=np.float32(0.5))
    assert capsys.readouterr().out.splitlines() == ["loss = 0.1235", "images = 1000", "gap = 0.5"]


def test_in_the_book_numbers_are_glued_as_plain_numbers(monkeypatch, capsys):
    import myst_nb

    glued = {}
    monkeypatch.setenv("LATENTS_BOOK", "1")
    monkeypatch.setattr(
        myst_nb, "glue", lambda name, value, display: glued.update({name: (value, display)})
    )
    records.quote(loss=np.float64(0.25), images=1000)
    assert glued == {"loss": (0.25, False), "images": (1000, False)}
    assert type(glued["loss"][0]) is float
    assert capsys.readouterr().out == ""


def test_every_chapter_of_the_book_promises_its_metrics(project):
    rooms = (project / "book" / room for room in ("foundations", "experiments", "further"))
    chapters = {file.stem for room in rooms for file in room.glob("*.md")}
    assert chapters == set(records.METRICS)
    assert data.PROFILES == ("quick", "full")


def test_a_false_claim_stops_the_build_and_is_named(fashion, kept, monkeypatch):
    monkeypatch.setenv("LATENTS_BOOK", "1")
    with pytest.raises(LatentsError, match="does not show: ours is better; it is sooner"):
        write(fashion, claims={"ours is better": False, "one is one": True, "it is sooner": False})
    assert records.read("vae", "quick") is None


def test_in_a_notebook_a_false_claim_is_printed_and_the_run_goes_on(fashion, kept, capsys):
    record = write(fashion, claims={"ours is better": False, "one is one": True})
    assert "does not show: ours is better." in capsys.readouterr().out
    assert record["claims"] == ["one is one"]
