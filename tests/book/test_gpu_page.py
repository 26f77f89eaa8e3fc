"""The page on graphics cards computes what it says, with machines on record and without."""

import itertools
import json
import sys

import chapter_text
import pytest


@pytest.fixture
def page(project):
    return (project / "book" / "guide" / "gpu.md").read_text()


@pytest.fixture
def run(page, monkeypatch):
    """Return a function that runs the cells of the page and returns what they define."""
    from latents import plots

    monkeypatch.setattr(plots, "show", lambda figure, name: None)

    def executed():
        shown = []
        names = {"display": shown.append, "shown": shown}
        for _, code in chapter_text.cells(page):
            exec(code, names)
        return names

    return executed


@pytest.fixture
def measured(project, tmp_path, monkeypatch):
    """Give the page a record of a machine with a card, with one row that failed."""
    monkeypatch.setenv("LATENTS_RECORDS", str(tmp_path))
    folder = tmp_path / "bench" / "machines"
    folder.mkdir(parents=True)
    arithmetic = project / "book" / "records" / "bench" / "arithmetic.json"
    (folder.parent / "arithmetic.json").write_text(arithmetic.read_text())
    row = {
        "experiment": "vae",
        "seconds_a_step": 0.004,
        "compile_seconds": 5.0,
        "seconds_an_epoch_extrapolated": 1.9,
        "images_a_second": 32_000,
        "process_peak_mib": 900,
        "gpu_peak_mib": 77,
        "fraction_of_product": 0.05,
        "product_multiply_adds_a_second": 4e12,
        "memory_bytes_a_second": 2e11,
    }
    combined = itertools.product(("float32", "mixed_float16"), (False, True))
    rows = [row | {"precision": precision, "xla": xla} for precision, xla in combined]
    rows[-1] = {key: rows[-1][key] for key in ("experiment", "precision", "xla")}
    rows[-1]["error"] = "OutOfMemory: too small"
    hardware = {"gpus": ["Some Card"], "cpu": "Some CPU", "cores": 4}
    record = {"hardware": hardware, "measurements": rows}
    (folder / "some-card.json").write_text(json.dumps(record))


def test_without_a_machine_on_record_the_page_says_so(run, capsys, tmp_path, monkeypatch):
    from latents import records

    monkeypatch.setattr(records, "machines", dict)
    names = run()
    said = capsys.readouterr().out
    assert "No machine has been measured yet" in said
    assert "Graphics cards among them: none" in said
    assert names["shown"] == []


def test_every_measurement_is_a_row_and_failures_are_named(run, measured, capsys):
    table, balance = run()["shown"]
    assert len(table.data) == 4
    assert table.data["memory, MiB"].tolist()[:3] == [77] * 3
    assert "failed" in table.to_html()
    assert balance.data["multiply–adds per byte"].tolist() == [20, 20]
    said = capsys.readouterr().out
    assert "Failed on some-card: vae, mixed_float16: OutOfMemory: too small" in said
    assert "Graphics cards among them: Some Card" in said


@pytest.mark.parametrize(("batch", "size"), [(1, 4), (128, 4), (64, 2)])
def test_the_bytes_of_the_page_are_those_of_the_benchmark(page, project, monkeypatch, batch, size):
    monkeypatch.syspath_prepend(project / "tests" / "benchmarks")
    import arithmetic

    monkeypatch.delitem(sys.modules, "arithmetic")
    (code,) = chapter_text.tagged(page, "traffic")
    names: dict = {}
    exec(code, names)
    counted = arithmetic.Arithmetic(multiply_adds=900, activations=70, weights=50)
    moved = names["bytes_moved"](70, 50, batch, size)
    assert moved == arithmetic.moved(counted, batch, size)
    assert names["per_byte"](900, 70, 50, batch, size) == 3 * batch * 900 / moved
