"""Figures that chapters share: laid out as asked, and never lost on the way to the page."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from contrast import SEEN, contrasts, nearest
from matplotlib.colors import to_rgb

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


@pytest.fixture
def style():
    with plt.style.context("latents.book"):
        yield plt.rcParams


def test_letters_and_lines_of_the_style_are_seen_on_white_and_on_black(style):
    letters = [style[f"{x}color"] for x in ("text.", "axes.label", "axes.title", "xtick.")]
    assert {to_rgb(colour) for colour in letters} == {to_rgb(plots.INK)}
    assert min(contrasts(plots.INK)) >= 4.5
    cycle = style["axes.prop_cycle"].by_key()["color"]
    assert min(min(contrasts(colour)) for colour in cycle) >= 3
    for ground in ("figure.facecolor", "axes.facecolor", "savefig.facecolor"):
        assert style[ground] == "none"


@pytest.mark.parametrize("seen", SEEN)
def test_ten_colours_stay_apart_for_everybody_and_have_markers_beside_them(style, seen):
    cycle = style["axes.prop_cycle"].by_key()["color"]
    assert nearest(cycle, SEEN[seen]) > 15  # 2.3 is what can just be seen
    assert len(cycle) == len(set(plots.MARKERS)) == 10


def test_letters_can_be_read_on_a_phone(style):
    assert style["figure.figsize"][0] == plots.WIDTH == 5
    assert style["legend.fontsize"] >= 8
    figure = plots.image_rows({"a long label of a row of pictures": np.zeros((10, 28, 28))})
    assert figure.get_size_inches()[0] == plots.WIDTH
    assert figure.axes[0].get_title(loc="left") == "a long label of a row of pictures"
    boxes = [axis.get_position() for axis in figure.axes]
    assert len({(round(box.width, 6), round(box.y0, 6)) for box in boxes}) == 1
    side = np.array(figure.get_size_inches()) * (boxes[0].width, boxes[0].height)
    assert side[0] == pytest.approx(side[1])


def test_panels_stand_one_below_the_other():
    figure = plots.curves({"a": {"train": [1.0]}, "b": {"train": [1.0]}}, x_label="epoch")
    upper, lower = (axis.get_position() for axis in figure.axes)
    assert upper.y0 > lower.y0
    assert upper.x0 == lower.x0
    assert [axis.get_xlabel() for axis in figure.axes] == ["", "epoch"]


def test_the_decoded_sheet_puts_the_smallest_code_at_the_lower_left():
    def decoder(codes):  # an image whose brightness says which code it is
        return np.repeat(codes @ np.array([[1.0], [100.0]]), 784, axis=1)

    sheet = plots.decoded_sheet(decoder, [0, 1, 2], [0, 1])
    assert sheet.shape == (2 * 28, 3 * 28)
    np.testing.assert_array_equal(sheet[::28, ::28], [[100, 101, 102], [0, 1, 2]])


def test_the_map_shows_each_class_with_a_colour_and_a_marker_of_its_own():
    _, axis = plt.subplots()
    codes, labels = np.random.default_rng(0).normal(size=(900, 2)), np.arange(900) % 2
    plots.class_map(axis, codes, labels, ["shoe", "bag"], "title")
    shoes, bags = axis.collections
    assert len(shoes.get_offsets()) == 300  # at most
    np.testing.assert_allclose(bags.get_offsets(), codes[labels == 1][:300])
    assert axis.get_legend_handles_labels()[1] == ["shoe", "bag"]
    plt.close()
