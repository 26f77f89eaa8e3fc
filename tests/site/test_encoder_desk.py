"""The encoder's desk: exact beside Python's sums, painted on and dragged by every means."""

import numpy as np
import pytest
from browser import arrive
from dragging import by_finger, centre

pytestmark = pytest.mark.slow
NAME, PAGE = "encoder_desk", "book/foundations/rate_distortion.html"
WIDGET = f"[data-widget={NAME}]"
DESK = f"document.querySelector('{WIDGET} .widget-live').widget"


@pytest.fixture
def desk(page):
    return page.locator(WIDGET)


def account(page) -> dict:
    return page.evaluate(f"{DESK}.account")


def ellipse(page) -> dict:
    return page.evaluate(f"{DESK}.q")


def test_the_account_of_every_garment_agrees_with_sums_over_fine_grids(page, content):
    found = page.evaluate(
        f"""() => {{
          const {{ model }} = {DESK};
          return model.facts.garments.map((_, n) => {{
            const x = Float32Array.from(model.garment(n));
            const posterior = model.truth.posterior(x);
            const mass = posterior.mass.reduce((a, b) => a + b);
            return {{ ...model.account(x, model.encode(x), posterior), mass }};
          }});
        }}"""
    )
    assert len(found) == len(content.garments) == 20
    for row, garment in zip(found, content.garments, strict=True):
        expected = content.account(garment / 255)
        assert row["mass"] == pytest.approx(1, abs=1e-3)
        assert row["gap"] > 0
        assert row["evidence"] <= row["bound"]
        for name in ("D", "R", "evidence", "gap"):
            assert row[name] == pytest.approx(expected[name], abs=0.02), name


def test_the_encoder_answers_as_python_does(page, content):
    found = page.evaluate(
        f"{DESK}.model.facts.garments.map((_, n) => {DESK}.model.encode({DESK}.model.garment(n)))"
    )
    mean, sd = content.encode(content.garments / 255)
    np.testing.assert_allclose([row["mean"] for row in found], mean, atol=1e-4)
    np.testing.assert_allclose([row["sd"] for row in found], sd, rtol=1e-3)


def test_the_table_shows_the_account(page, desk):
    numbers = account(page)
    text = desk.locator(".desk-table").inner_text().replace("−", "-")
    for key in ("D", "R", "bound", "evidence"):
        assert f"{numbers[key]:.1f}" in text
    assert f"{numbers['gap']:.2f}" in text


def test_a_sleeve_that_is_erased_by_pointer_costs_distortion(page, desk):
    before = account(page)
    box = desk.locator("canvas.board").bounding_box()
    x = box["x"] + 2.5 * box["width"] / 14
    page.mouse.move(x, box["y"] + 0.3 * box["height"])
    page.mouse.down()
    page.mouse.move(x, box["y"] + 0.97 * box["height"], steps=12)
    page.mouse.up()
    after = account(page)
    assert abs(after["D"] - before["D"]) > abs(after["R"] - before["R"])
    desk.get_by_label("the distortion D", exact=True).check()
    desk.get_by_role("button", name="Compare with the whole garment").click()
    assert desk.locator(".widget-answer").inner_text().startswith("Right. D ")
    for _ in range(30):
        desk.get_by_role("button", name="Undo").click()
    assert account(page)["D"] == pytest.approx(before["D"])


def test_a_finger_paints_and_drags_the_ellipse(visit):
    with visit(PAGE, 390, has_touch=True, is_mobile=True) as found:
        desk = arrive(found.page, NAME)
        before = account(found.page)
        x, y = centre(desk.locator("canvas.board"))
        by_finger(found.page, (x - 40, y), 80)
        assert account(found.page)["D"] != before["D"]
        assert found.page.evaluate("scrollX") == 0
        q = ellipse(found.page)
        x, y = centre(desk.locator("[aria-label=Code] canvas"))
        by_finger(found.page, (x, y), 50, -40)
        moved = ellipse(found.page)
        assert moved["mean"][0] > q["mean"][0] and moved["mean"] != q["mean"]


def test_keys_alone_paint_erase_and_take_back(page, desk):
    board = desk.locator("canvas.board")
    board.focus()
    pixels = f"[...{DESK}.board.pixels]"
    before = page.evaluate(pixels)
    page.keyboard.press("x")
    erased = page.evaluate(pixels)
    middle = 7 * 14 + 7
    assert before[middle] > 0.2 and erased[middle] == 0
    assert sum(a != b for a, b in zip(before, erased, strict=True)) == 1
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Space")
    assert page.evaluate(pixels)[middle - 1] == 1
    page.keyboard.press("u")
    page.keyboard.press("u")
    assert page.evaluate(pixels) == before
    page.wait_for_timeout(700)
    assert "row 8, column 7" in desk.locator(".widget-spoken").inner_text()


def test_the_ellipse_can_be_dragged_and_given_back(page, desk):
    own = ellipse(page)
    lens = desk.locator("[aria-label=Code] canvas")
    lens.scroll_into_view_if_needed()
    box = lens.bounding_box()
    page.mouse.move(box["x"] + 0.75 * box["width"], box["y"] + 0.25 * box["height"])
    page.mouse.down()
    page.mouse.up()
    moved = ellipse(page)
    window = page.evaluate(f"{DESK}.lens.window")
    expected = [window["x"] + 0.5 * window["half"], window["y"] + 0.5 * window["half"]]
    assert moved["mean"] == pytest.approx(expected, abs=0.02 * window["half"])
    assert "yours" in desk.locator(".desk-owner").inner_text()
    place = page.evaluate(f"{DESK}.lens.pixel({DESK}.lens.handles()[2])")
    page.mouse.move(box["x"] + place[0], box["y"] + place[1])
    page.mouse.down()
    page.mouse.move(box["x"] + place[0] - 30, box["y"] + place[1], steps=3)
    page.mouse.up()
    assert ellipse(page)["sd"][0] > moved["sd"][0]
    assert ellipse(page)["sd"][1] == moved["sd"][1]
    desk.get_by_role("button", name="Back to the encoder").click()
    assert ellipse(page) == own
    assert "encoder’s answer" in desk.locator(".desk-owner").inner_text()


def test_sliders_move_the_ellipse_as_well(page, desk):
    before = ellipse(page)
    for name in ("middle across", "middle up", "width across", "width up"):
        desk.get_by_role("slider", name=f"Ellipse: {name}").focus()
        page.keyboard.press("ArrowRight")
    after = ellipse(page)
    for kind in ("mean", "sd"):
        assert all(b > a for a, b in zip(before[kind], after[kind], strict=True))


def test_the_best_ellipse_closes_a_part_of_the_gap(page, desk):
    for number in (0, 4, 10):
        desk.get_by_role("combobox", name="Garment").select_option(index=number)
        before = account(page)["gap"]
        desk.get_by_role("button", name="Best ellipse").click()
        page.wait_for_timeout(2500)
        after = account(page)["gap"]
        assert 0 < after < before


def test_importance_weights_tighten_the_bound(page):
    bounds = page.evaluate(
        f"""() => {{
          const {{ model, x, q, random }} = {DESK};
          const mean = count => Array.from({{ length: 300 }}, () =>
            model.truth.importance(x, q, count, random.normal)).reduce((a, b) => a + b) / 300;
          return [1, 5, 50].map(mean);
        }}"""
    )
    numbers = account(page)
    assert bounds[0] == pytest.approx(numbers["bound"], abs=0.5)
    assert bounds[0] > bounds[1] - 0.1 > bounds[2] - 0.2
    assert bounds[2] > numbers["evidence"] - 0.05


@pytest.mark.parametrize(("slower", "limit"), [(1, 50), (4, 200)])
def test_the_exact_posterior_is_there_at_once(page, slower, limit):
    session = page.context.new_cdp_session(page)
    session.send("Emulation.setCPUThrottlingRate", {"rate": slower})
    median = page.evaluate(
        f"""() => {{
          const times = Array.from({{ length: 15 }}, (_, n) => {{
            const began = performance.now();
            {DESK}.model.truth.posterior({DESK}.model.garment(n));
            return performance.now() - began;
          }});
          return times.sort((a, b) => a - b)[7];
        }}"""
    )
    assert median < limit
