"""The record of ``make bench BENCH=widgets``: parts are fast, and the desk is exact."""

import json

import pytest

FRAME = 16  # ms


@pytest.fixture
def bench(project):
    return json.loads((project / "book" / "records" / "bench" / "widgets.json").read_text())


@pytest.mark.parametrize(
    ("part", "page", "slowed"),
    [
        ("two_maps", FRAME, FRAME),
        ("encoder_desk", 50, 4 * 50),  # an exact posterior, once a garment or a stroke
        ("training_lab", 10, 50),  # a hundred steps a second, and twenty
        ("latent_sliders", FRAME, 4 * FRAME),
        ("tfp_codes", FRAME, 4 * FRAME),
    ],
)
def test_a_part_answers_in_time(bench, part, page, slowed):
    times = bench["measurements"][part]
    assert times["page_ms"] <= page
    assert times["slowed_ms"] <= slowed


def test_the_decoder_made_of_distributions_is_the_slowest(bench):
    decoders = ("two_maps", "latent_sliders", "tfp_codes")
    slowest = max(decoders, key=lambda part: bench["measurements"][part]["page_ms"])
    assert slowest == "tfp_codes"


def test_the_desk_is_exact_on_every_test_image(bench):
    exact = bench["exact"]
    assert exact["images"] == 10_000
    assert exact["mass_off"] < 1e-3
    assert exact["least_gap"] > 0
    assert max(exact["nearly_all"].values()) < 0.02  # nats
    assert max(exact["differences"].values()) < 0.06
