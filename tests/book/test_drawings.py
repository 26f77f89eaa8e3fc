"""The drawings are what the code draws, follow light and dark, and show true numbers."""

import io
import itertools
import math
import re
from xml.etree import ElementTree

import chapter_text
import matplotlib.pyplot as plt
import numpy as np
import pytest
from contrast import contrasts
from matplotlib.text import Text
from PIL import Image

import drawing_chapters
import drawing_garments
import drawing_models
import drawings
from drawing_parts import STYLE, WORDS
from latents import weights

NAMES = list(drawings.DRAWINGS)
each_drawing = pytest.mark.parametrize("name", NAMES)
Z = np.linspace(-12, 12, 4001)
STEP = Z[1] - Z[0]


@pytest.fixture(scope="module")
def drawn():
    """Draw everything once: name to the SVG, the PNG and the letters with their boxes."""
    found = {}
    for name in NAMES:
        with plt.style.context(STYLE):
            sheet = drawings.DRAWINGS[name]()
            files = drawings.svg(sheet.figure), drawings.png(sheet.figure)
            texts = [each for each in sheet.figure.findobj(Text) if each.get_text().strip()]
            boxes = {text: text.get_window_extent() for text in texts if text.get_visible()}
            found[name] = (*files, sheet.figure.bbox, boxes)
            plt.close(sheet.figure)
    return found


def committed(name, kind):
    return (drawings.FOLDER / f"{name}.{kind}").read_bytes()


def elements(root):
    """Yield what is drawn: element, its style with what it inherits, and if it is a letter."""
    waiting = [(root, {"fill": "#000000", "stroke": "none"}, False)]
    while waiting:
        element, style, letter = waiting.pop()
        tag = element.tag.rpartition("}")[2]
        if tag in ("defs", "clipPath"):
            continue
        style = style | dict(re.findall(r"([\w-]+): ?([^;]+)", element.get("style", "")))
        letter = letter or element.get("id", "").startswith("text_")
        if tag in ("path", "use"):
            yield element, style, letter
        waiting += [(child, style, letter) for child in element]


def test_no_drawing_is_left_over():
    files = {f"{name}.{kind}" for name in NAMES for kind in ("svg", "png")}
    assert {file.name for file in drawings.FOLDER.iterdir()} == files


@each_drawing
def test_the_committed_drawings_are_what_the_code_draws(name, drawn):
    svg, png, *_ = drawn[name]
    assert committed(name, "svg") == svg.encode(), "run book/_tools/drawings.py"
    # Its pixels: how they are compressed depends on the machine.
    pictures = [Image.open(io.BytesIO(data)) for data in (committed(name, "png"), png)]
    old, new = (np.asarray(picture.convert("RGBA"), float) for picture in pictures)
    assert old.shape == new.shape and abs(old - new).mean() < 0.1, "run book/_tools/drawings.py"


@pytest.mark.parametrize("name", ["graphical-model", "jensen"])  # one of nodes, one of axes
def test_a_second_run_draws_the_same_bytes(name, drawn):
    assert drawings.draw(name) == drawn[name][:2]


@each_drawing
def test_a_drawing_is_small_and_complete_in_itself(name):
    text = committed(name, "svg").decode()
    root = ElementTree.fromstring(text)
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert root.get("viewBox").startswith("0 0 360 ")  # five inches in points
    assert len(text) < 60_000 and len(committed(name, "png")) < 30_000
    tags = {element.tag.rpartition("}")[2] for element in root.iter()}
    assert tags <= {"svg", "defs", "style", "g", "path", "use", "image", "clipPath", "rect"}
    links = re.findall(r'(?:href="|url\()([^")]+)', text)
    assert all(link.startswith(("#", "data:image/png;base64,")) for link in links)
    assert not re.search(r"@import|font-face|<\?|<!", text)
    assert re.findall(r"https?://[^\"]+", text) == [
        "http://www.w3.org/1999/xlink",
        "http://www.w3.org/2000/svg",
    ]


@each_drawing
def test_lines_and_letters_are_seen_on_white_and_on_black(name):
    found = list(elements(ElementTree.fromstring(committed(name, "svg"))))
    assert any(letter for *_, letter in found)
    for _, style, letter in found:
        faint = letter or style["stroke"] != "none"  # only areas may be
        assert not faint or not {"opacity", "stroke-opacity"} & set(style)
        for colour in {style["fill"], style["stroke"]} - {"none"}:
            assert min(contrasts(colour)) >= (4.5 if letter else 3), (name, style)


@each_drawing
def test_the_ground_is_transparent(name):
    alpha = np.asarray(Image.open(io.BytesIO(committed(name, "png"))).convert("RGBA"))[..., 3]
    assert (alpha == 0).mean() > 0.5
    assert not alpha[[0, 0, -1, -1], [0, -1, 0, -1]].any()


@each_drawing
def test_letters_are_large_enough_lie_inside_and_do_not_overlap(name, drawn):
    *_, sheet, boxes = drawn[name]
    for text, box in boxes.items():
        assert text.get_fontsize() >= WORDS, text.get_text()
        assert sheet.x0 <= box.x0 and box.x1 <= sheet.x1, text.get_text()
        assert sheet.y0 <= box.y0 and box.y1 <= sheet.y1, text.get_text()
    for (one, a), (other, b) in itertools.combinations(boxes.items(), 2):
        assert not a.overlaps(b), (one.get_text(), other.get_text())


def log_normal(z, mean, variance):
    return -0.5 * ((z - mean) ** 2 / variance + np.log(2 * np.pi * variance))


def quadrature(x, b, s2, mean, variance):
    """Return evidence, ELBO and KL to the posterior in nats, each as a sum over a grid."""
    joint = log_normal(x, Z + b, s2) + log_normal(Z, 0, 1)
    evidence = math.log(np.exp(joint).sum() * STEP)
    log_q = log_normal(Z, mean, variance)
    weights = np.exp(log_q) * STEP
    return evidence, weights @ (joint - log_q), weights @ (log_q - joint + evidence)


def test_the_bars_have_the_heights_that_quadrature_gives(drawn):
    posterior = np.exp(log_normal(1.5, Z, 0.5) + log_normal(Z, 0, 1))
    posterior /= posterior.sum()
    mean = posterior @ Z
    variance = posterior @ (Z - mean) ** 2
    encoders = [(mean, variance), (mean, 2 * variance), (mean + variance**0.5, variance), (0, 1)]
    cases = [(0, *encoder) for encoder in encoders] + [(0.5, mean, variance)]
    shown = {text.get_text() for text in drawn["elbo-bars"][3]}
    for (_, evidence, elbo), case in zip(drawing_models.bars(), cases, strict=True):
        b, *encoder = case
        wanted = quadrature(1.5, b, 0.5, *encoder)
        assert (evidence, elbo, evidence - elbo) == pytest.approx(wanted, abs=1e-9)
        assert {drawings.nats(value) for value in (evidence, elbo, evidence - elbo)} <= shown


def test_the_new_decoder_of_the_bars_is_the_best_for_its_encoder():
    rows = drawing_models.bars()
    mean, variance = drawing_models.OnePixel(b=0).posterior
    best = max(drawing_models.OnePixel(b=b).elbo(mean, variance) for b in np.linspace(0, 1, 101))
    assert rows[-1][2] == pytest.approx(best)


def test_the_two_rates_and_the_distortion_agree_with_a_grid_of_codes():
    model = drawing_models.TwoLevels()
    grid = Z[::10]
    upper, lower = np.meshgrid(grid, grid, indexing="ij")
    log_p_2, log_p_1 = log_normal(upper, 0, 1), log_normal(lower, 0.8 * upper, 0.36)
    log_p_x = log_normal(1.6, lower, 0.25)
    joint = np.exp(log_p_2 + log_p_1 + log_p_x)
    q = joint / joint.sum()  # the exact posterior of both codes
    q_2 = q.sum(axis=1, keepdims=True)
    step = grid[1] - grid[0]
    rate_2 = np.sum(q * (np.log(q_2 / step) - log_p_2))
    rate_1 = np.sum(q * (np.log(np.maximum(q, 1e-300) / q_2 / step) - log_p_1))
    found = (*model.rates(), model.distortion())
    assert found == pytest.approx((rate_1, rate_2, -np.sum(q * log_p_x)), abs=1e-6)


def test_distortion_and_rate_of_the_linear_model_are_its_evidence():
    model = drawing_models.LinearVAE(beta=1)
    s2 = 1 / (2 * np.pi)
    scale = np.linalg.cholesky(model.W @ model.W.T + s2 * np.eye(784))
    white = np.linalg.solve(scale, model.image.ravel() - model.b)
    log_p = -0.5 * white @ white - np.log(np.diag(scale)).sum() - 392 * np.log(2 * np.pi)
    assert -(model.distortion() + model.rate()) == pytest.approx(log_p)


@pytest.mark.parametrize("beta", [1, 20])
def test_no_other_width_of_the_code_is_cheaper_at_its_price(beta):
    model = drawing_models.LinearVAE(beta)
    least = model.distortion() + beta * model.rate()
    for factor in (0.8, 1.25):
        other = drawing_models.LinearVAE(beta)
        other.variance = factor * model.variance
        assert other.distortion() + beta * other.rate() > least


def test_the_map_has_every_chapter_of_the_book():
    assert set(drawing_chapters.PLACES) == {file.stem for file in chapter_text.chapters()}


def test_needed_and_recommended_chapters_are_told_apart():
    text = (
        "# A\n\n**You need** {doc}`b`; the {doc}`letter c <../room/c>`, and algebra. The rest is "
        "in {doc}`../room/d`.\n\n**Time** 5 min of reading. See {doc}`e`.\n"
    )
    assert drawing_chapters.needs(text) == ({"b", "c"}, {"d"})


def test_an_arrow_that_others_imply_is_left_out():
    needed = "# T\n\n**You need** {}.\n\n"
    texts = {
        "a": "nothing",
        "b": "{doc}`a`",
        "c": "{doc}`a`, {doc}`b`",
        "d": "algebra. And {doc}`c`",
    }
    texts = {name: needed.format(words) for name, words in texts.items()}
    expected = {("a", "b"): True, ("b", "c"): True, ("c", "d"): False}
    assert drawing_chapters.arrows(texts) == expected


def test_no_chapter_needs_one_that_comes_later():
    """In the order of the contents, what is needed has been read; the experiments stand alone."""
    order = re.findall(
        r"book/\w+/(\w+)$", (drawing_chapters.BOOK.parent / "_toc.yml").read_text(), re.M
    )
    late = [
        (earlier, later)
        for earlier, later in drawing_chapters.arrows(drawing_chapters.pages())
        if order.index(earlier) > order.index(later)
    ]
    assert late == []


def test_the_garments_of_the_first_page_come_from_the_recorded_decoder():
    """The first and the last picture of the walk are those of the recorded codes themselves."""
    parts = weights.read(drawing_garments.RECORD)
    walk = drawing_garments.walk()
    for code, picture in ((drawing_garments.BOOT, walk[0]), (drawing_garments.DRESS, walk[-1])):
        expected = parts["decoder"](parts["codes"][code : code + 1]).reshape(28, 28)
        np.testing.assert_allclose(picture, expected, atol=1e-5)
    assert len(drawing_garments.invented()) == drawing_garments.COLUMNS
