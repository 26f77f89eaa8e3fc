"""The real book in the quick profile: it builds, its pages are whole, its records are right."""

import html
import json
import os
import re
import subprocess
import sys

import pytest

from latents import data, records

CHAPTERS = tuple(records.METRICS)
pytestmark = pytest.mark.slow


@pytest.fixture(scope="session")
def built(project):
    environment = {key: value for key, value in os.environ.items() if key != "LATENTS_RECORDS"}
    done = subprocess.run(
        [sys.executable, project / "book" / "_tools" / "build.py"],
        env=environment | {"PROFILE": "quick"},
        capture_output=True,
        text=True,
        timeout=3000,
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
    return project / "_build" / "html"


@pytest.fixture(scope="session")
def record(built, project):
    folder = project / "book" / "records" / "quick"
    return {name: json.loads((folder / f"{name}.json").read_text()) for name in CHAPTERS}


def page(built, name):
    return (built / "book" / "experiments" / f"{name}.html").read_text()


def test_the_book_opens_at_its_index(built):
    assert "book/index.html" in (built / "index.html").read_text()


@pytest.mark.parametrize("name", CHAPTERS)
def test_every_figure_of_a_chapter_is_there_with_its_alt_text(built, project, name):
    source = (project / "book" / "experiments" / f"{name}.md").read_text()
    alts = re.findall(r"^:alt: (.+)$", source, re.M)
    shown = page(built, name)
    assert len(alts) >= 4
    for alt in alts:
        assert f'alt="{html.escape(alt, quote=True)}"' in shown or f'alt="{alt}"' in shown
    for image in re.findall(r'<img[^>]+src="(\.\./\.\./_images/[^"]+)"', shown):
        assert (built / "book" / "experiments" / image).resolve().is_file()


@pytest.mark.parametrize("name", CHAPTERS)
def test_a_page_shows_neither_raw_roles_nor_log_noise(built, name):
    shown = page(built, name)
    text = re.sub(r"<[^>]+>", "", shown)
    assert "{glue" not in text
    assert "Traceback" not in text
    assert "absl::InitializeLog" not in text


def test_no_page_asks_another_host_for_anything(built):
    for file in built.rglob("*.html"):
        loaded = re.findall(
            r'<(?:script|img|iframe)[^>]+src="(https?:)?//|<link[^>]+stylesheet[^>]+href="https?:',
            file.read_text(),
        )
        assert not loaded, file


@pytest.mark.parametrize("name", CHAPTERS)
def test_a_record_says_what_was_run(record, name):
    kept = record[name]
    assert kept.keys() >= records.KEYS
    assert kept["experiment"] == name
    assert kept["profile"] == "quick"
    assert kept["data"]["train"] > kept["data"]["test"] > 0
    assert kept["seconds"] > 0
    assert kept["epochs"] == len(kept["history"]["loss"])
    assert set(records.METRICS[name]) <= set(kept["metrics"])
    assert "tensorflow" in kept["versions"]


@pytest.mark.parametrize("name", CHAPTERS)
def test_training_lowers_the_loss_of_every_model(record, name):
    for run in record[name]["runs"].values():
        history = run["history"]
        if run["epochs"] > 1:
            assert history["loss"][-1] < history["loss"][0]
            assert history["val_loss"][-1] < history["val_loss"][0]


def test_models_have_the_parameters_that_the_text_derives(record):
    assert record["conv_autoencoder"]["parameters"] == 47_107
    assert record["tfp_vae"]["parameters"] == 749_305
    assert record["vae"]["parameters"] == 223_396


def test_conv_autoencoder_reports_its_cross_entropy(record):
    metrics = record["conv_autoencoder"]["metrics"]
    assert metrics["test_bce"] == pytest.approx(metrics["reported_loss"], rel=1e-3)
    assert metrics["floor_bce"] < metrics["test_bce"]
    assert metrics["bottleneck_numbers"] == 87_616
    assert metrics["narrow_test_psnr_db"] < metrics["adam_test_psnr_db"]


def test_vae_reports_distortion_plus_rate(record):
    metrics = record["vae"]["metrics"]
    total = metrics["test_distortion_nats"] + metrics["test_rate_nats"]
    assert total == pytest.approx(metrics["test_neg_elbo_nats"], rel=1e-6)
    assert metrics["reported_loss_nats"] == pytest.approx(total, rel=1e-3)
    assert metrics["floor_nats"] < metrics["mended_neg_elbo_nats"] < metrics["test_neg_elbo_nats"]
    assert metrics["test_neg_elbo_nats"] < metrics["mean_image_nats"]


def test_tfp_recipe_counts_the_rate_twice_and_the_mended_model_once(record):
    metrics = record["tfp_vae"]["metrics"]
    assert metrics["audit_ratio"] == pytest.approx(2, rel=1e-3)
    assert metrics["recipe_beta"] == pytest.approx(2, rel=1e-3)
    assert metrics["same_codes_reported"] == pytest.approx(metrics["same_codes_measured"], rel=1e-3)


def test_tfp_bounds_are_ordered(record):
    metrics = record["tfp_vae"]["metrics"]
    assert metrics["floor_nats"] < metrics["test_iwae_nats"] < metrics["iwae_subset_neg_elbo_nats"]
    assert metrics["test_neg_elbo_nats"] < metrics["mean_image_nats"]


@pytest.mark.parametrize("name", CHAPTERS)
def test_data_that_stand_in_for_the_real_set_say_so(record, name):
    title = record[name]["data"]["name"]
    assert ("drawings" if name == "conv_autoencoder" else "sample") in title


def full_records(project):
    files = sorted((project / "book" / "records" / "full").glob("*.json"))
    return {file.stem: json.loads(file.read_text()) for file in files}


def test_recorded_full_runs_used_the_complete_sets(project):
    for name, kept in full_records(project).items():
        sizes = kept["data"]["train"], kept["data"]["test"]
        assert sizes == ((1027, 256) if name == "conv_autoencoder" else (60_000, 10_000))
        assert kept["profile"] == data.PROFILES[1]


def test_recorded_full_runs_reach_the_expected_bounds(project):
    found = full_records(project)
    conv, vae = found["conv_autoencoder"]["metrics"], found["vae"]["metrics"]
    assert conv["floor_bce"] < conv["test_bce"] < 0.30
    assert vae["test_neg_elbo_nats"] <= 258
    assert vae["mended_neg_elbo_nats"] < vae["test_neg_elbo_nats"] - 3
