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
        ("encoder_desk", 50, 50),
        ("training_lab", 10, 50),  # a hundred steps a second, and twenty
        ("latent_sliders", FRAME, 4 * FRAME),
        ("tfp_codes", FRAME, 4 * FRAME),
    ],
)
def test_a_part_answers_in_time(bench, part, page, slowed):
    times = bench["measurements"][part]
    assert times["page_ms"] <= page
    assert times["slowed_ms"] <= slowed


def test_the_desk_is_exact_on_every_test_image(bench):
    exact = bench["exact"]
    assert exact["images"] == 10_000
    assert exact["mass_off"] < 1e-3
    assert exact["least_gap"] > 0
    assert all(difference < 0.02 for difference in exact["differences"].values())
