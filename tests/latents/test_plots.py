"""Figures that chapters share: laid out as asked, and never lost on the way to the page."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

from latents import LatentsError, plots


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


def test_a_figure_that_would_be_missing_from_the_page_stops_the_build(monkeypatch):
    monkeypatch.setenv("LATENTS_BOOK", "1")
    with pytest.raises(
        LatentsError, match=r"(?i)backend is agg, so the figure curves would be missing"
    ):
        plots.show(plt.figure(), "curves")


def test_a_grid_has_a_place_for_each_picture_and_frames_those_named():
    figure = plots.image_grid(np.zeros((5, 4, 4, 1)), columns=3, frames=[4])
    axes = figure.axes
    assert len(axes) == 6
    assert [bool(axis.images) for axis in axes] == [True] * 5 + [False]
    red = [axis.spines["top"].get_edgecolor()[0] > 0.8 for axis in axes]
    assert red == [False] * 4 + [True, False]


def test_eight_bits_and_fractions_are_drawn_with_the_same_black_and_white():
    figure = plots.image_rows({"bits": np.zeros((1, 4, 4), "uint8"), "parts": np.zeros((1, 4, 4))})
    tops = [axis.images[0].get_clim() for axis in figure.axes]
    assert tops == [(0, 255), (0, 1)]


def test_curves_start_at_epoch_one_and_name_their_series():
    figure = plots.curves({"loss (nats)": {"train": [3.0, 2.0], "test": [4.0, 3.0]}})
    (axis,) = figure.axes
    assert [list(line.get_xdata()) for line in axis.lines] == [[1, 2], [1, 2]]
    assert [text.get_text() for text in axis.get_legend().get_texts()] == ["train", "test"]
    assert axis.get_title() == "loss (nats)"
