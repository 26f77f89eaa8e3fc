"""Sixteen sliders for the decoder made of distributions: by every means, as exact as Python."""

import json
import re

import numpy as np
import pytest
from browser import arrive
from dragging import by_finger, centre
from timing import median_time

pytestmark = pytest.mark.slow
PAGE = "book/experiments/tfp_vae.html"
WIDGET = "[data-widget=tfp_codes]"
DESK = f"document.querySelector('{WIDGET} .widget-live').widget"
CODES = np.random.default_rng(5).normal(size=(16, 16)).astype("float32")


@pytest.fixture(scope="module")
def content():
    """Return the same decoder, as Python runs it."""
    return contents("quick")


def contents(profile: str):
    from latents.widgets.tfp_codes import TfpCodes

    return TfpCodes(profile)


@pytest.fixture
def page(visit):
    with visit(PAGE) as found:
        arrive(found.page, "tfp_codes")
        yield found.page


@pytest.fixture
def desk(page):
    return page.locator(WIDGET)


def idle(page):
    """Wait until the decoder has nothing to do."""
    page.evaluate(f"async () => {{ await {DESK}.working }}")


def code(page) -> np.ndarray:
    idle(page)
    return np.array(page.evaluate(f"{DESK}.code"))


def painted(canvas) -> np.ndarray:
    """Return what a canvas shows, in [0, 1]: (784,)."""
    data = canvas.evaluate("c => [...c.getContext('2d').getImageData(0, 0, 28, 28).data]")
    return np.array(data).reshape(-1, 4)[:, 0] / 255


def picture(desk, form: str) -> np.ndarray:
    return painted(desk.get_by_role("img", name=re.compile(f"^{form}")))


def calculated(page, body: str, argument=None):
    """Return what code answers that sees the module and the desk of the page."""
    return page.evaluate(
        f"""async (given) => {{
          const m = await import(new URL('../../_widgets/shared/coins.mjs', location.href));
          const desk = {DESK};
          {body}
        }}""",
        argument,
    )


def test_probabilities_agree_with_onnx_runtime_in_python(page, content):
    found = calculated(page, "return [...await desk.coins.decode(given)]", CODES.ravel().tolist())
    expected = content.decode(CODES)
    np.testing.assert_allclose(np.reshape(found, expected.shape), expected, atol=1e-4)


def test_logits_agree_with_what_keras_answered(page, content):
    example = json.loads(content.session.get_modelmeta().custom_metadata_map["example"])
    found = calculated(
        page,
        "return [...await desk.coins.network.apply(Float32Array.from(given), 16)]",
        example["input"][0],
    )
    expected = np.array(example["output"])[0]
    assert np.abs(np.array(found) - expected).max() < 2e-3 * np.abs(expected).max()


def test_modes_are_thresholds_and_samples_are_coins(page):
    draws = 2000
    p, mode, counts, twice = calculated(
        page,
        """const p = (await desk.coins.decode(given));
        const counts = new Float32Array(784);
        for (let seed = 0; seed < 2000; seed++)
          m.sample(p, seed).forEach((bit, i) => (counts[i] += bit));
        const twice = [5, 5, 6].map(seed => [...m.sample(p, seed)]);
        return [[...p], [...m.mode(p)], [...counts], twice];""",
        CODES[0].tolist(),
    )
    p = np.array(p)
    np.testing.assert_array_equal(mode, p > 0.5)
    # Of 784 normal deviates the largest is seldom above four, and hardly ever above five.
    allowed = 5 * np.sqrt(p * (1 - p) / draws) + 1 / draws
    assert (np.abs(np.array(counts) / draws - p) < allowed).all()
    assert twice[0] == twice[1] != twice[2]


def test_lonely_pixels_are_counted_as_in_python(page):
    from latents.widgets.tfp_codes import lonely

    bits = np.random.default_rng(1).random((20, 28, 28)) < np.linspace(0, 1, 20)[:, None, None]
    bits[0, 0, 0] = bits[0, 5, 27] = True  # at the border there are fewer neighbours
    found = calculated(
        page, "return given.map(m.lonely)", bits.reshape(20, -1).astype(int).tolist()
    )
    np.testing.assert_allclose(found, lonely(bits), atol=1e-9)
    assert lonely(bits)[0] == 2 / 784


def test_walks_keep_the_length_of_a_code(page):
    a, b = CODES[:2].astype("float64")
    b *= np.linalg.norm(a) / np.linalg.norm(b)
    lengths, ends, straight = calculated(
        page,
        """const [a, b] = given, zero = a.map(() => 0);
        const path = [0, 0.25, 0.5, 0.75, 1].map(t => m.between(a, b, t));
        return [path.map(z => Math.hypot(...z)), [path[0], path[4]], m.between(zero, b, 0.5)];""",
        [a.tolist(), b.tolist()],
    )
    np.testing.assert_allclose(lengths, np.linalg.norm(a), rtol=1e-9)
    np.testing.assert_allclose(ends, [a, b], atol=1e-9)
    np.testing.assert_allclose(straight, b / 2)


def test_sliders_by_keyboard_paint_what_python_decodes(page, desk, content):
    sliders = desk.get_by_role("slider", name=re.compile(r"^z \d+$"))
    assert sliders.count() == 16
    names = [sliders.nth(n).get_attribute("aria-label") for n in range(16)]
    assert names == [f"z {place + 1}" for place in np.argsort(-content.effects)]
    sliders.first.focus()
    page.keyboard.press("End")
    page.keyboard.press("ArrowLeft")
    z = code(page)
    assert z[content.effects.argmax()] == pytest.approx(3.99)
    assert sliders.first.get_attribute("aria-valuetext") == "3.99"
    p = content.decode([z]).reshape(-1)
    np.testing.assert_allclose(picture(desk, "Mean"), p, atol=0.6 / 255)
    clear = np.abs(p - 0.5) > 1e-4
    np.testing.assert_array_equal(picture(desk, "Mode")[clear], (p > 0.5)[clear])
    assert set(picture(desk, "Sample")) == {0, 1}
    page.keyboard.press("Home")
    assert np.abs(content.decode([code(page)]).reshape(-1) - picture(desk, "Mean")).max() < 0.003


def test_a_slider_tells_what_has_come_of_its_move(page, desk):
    spoken = desk.locator(".widget-spoken")
    said = set()
    for slider, key in (("z 1", "Home"), ("z 1", "End"), ("along the walk", "End")):
        page.evaluate(f"document.querySelector('{WIDGET} .widget-spoken').textContent = ''")
        desk.get_by_role("slider", name=slider, exact=True).press(key)
        page.wait_for_function(f"document.querySelector('{WIDGET} .widget-spoken').textContent")
        bright = [round(picture(desk, form).sum()) for form in ("Mode", "Sample")]
        assert spoken.inner_text() == (
            f"{bright[0]} of 784 pixels are bright in the mode, {bright[1]} in the sample."
        )
        said.add(spoken.inner_text())
    assert len(said) == 3


def test_a_slider_follows_the_pointer_and_the_finger(page, desk, visit):
    for z, changed in (dragged(page, desk), tapped(visit)):
        assert z[0] == pytest.approx(2, abs=0.5)  # a thumb is held where it is touched
        assert changed


def dragged(page, desk):
    slider = desk.get_by_role("slider", name="z 1", exact=True)
    desk.get_by_role("button", name="Zero code").click()
    idle(page)
    slider.scroll_into_view_if_needed()
    before, box = picture(desk, "Mean"), slider.bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(box["x"] + 0.75 * box["width"], box["y"] + box["height"] / 2, steps=15)
    page.mouse.up()
    return code(page), np.abs(picture(desk, "Mean") - before).max() > 0.1


def tapped(visit):
    with visit(PAGE, 390, has_touch=True) as found:
        found.page.locator(f"{WIDGET} .widget-start").tap()
        desk = found.page.locator(f"{WIDGET}[data-state=live]")
        desk.wait_for()
        slider = desk.get_by_role("slider", name="z 1", exact=True)
        desk.get_by_role("button", name="Zero code").tap()
        idle(found.page)
        slider.scroll_into_view_if_needed()
        before, box = picture(desk, "Mean"), slider.bounding_box()
        at = {"x": 0.75 * box["width"], "y": box["height"] / 2}
        slider.tap(position=at)
        return code(found.page), np.abs(picture(desk, "Mean") - before).max() > 0.05


def test_a_finger_draws_a_slider_and_leaves_a_walk_alone_when_it_scrolls(visit):
    with visit(PAGE, 390, has_touch=True) as found:
        page, desk = found.page, arrive(found.page, "tfp_codes")
        slider = desk.get_by_role("slider", name="z 1", exact=True)
        desk.get_by_role("slider", name="along the walk").fill("0.5")
        before, ends = code(page), page.evaluate(f"{DESK}.ends")
        x, y = centre(slider)
        by_finger(page, (x + 30, y), 0, -150)
        page.wait_for_timeout(300)
        assert code(page).tolist() == before.tolist()
        assert page.evaluate(f"{DESK}.ends") == ends
        desk.get_by_role("button", name="Zero code").tap()
        by_finger(page, centre(slider), 40)
        assert 1 < code(page)[0] < 4
        assert slider.get_attribute("aria-valuetext") == f"{code(page)[0]:.2f}"


def test_a_tile_that_is_tapped_is_marked_and_its_pictures_come_into_view(visit):
    with visit(PAGE, 390, has_touch=True, reduced_motion="reduce") as found:
        page, desk = found.page, arrive(found.page, "tfp_codes")
        tiles = desk.locator(".codes-tile")
        tiles.nth(11).scroll_into_view_if_needed()
        page.evaluate("scrollBy(0, 300)")
        desk.get_by_role("button", name="Put code 12 on the sliders").tap()
        assert code(page).tolist() == page.evaluate(f"{DESK}.codes[11]")
        pressed = "tiles => tiles.map(tile => tile.getAttribute('aria-pressed'))"
        assert tiles.evaluate_all(pressed) == ["false"] * 11 + ["true"]
        shown = tiles.locator("canvas").nth(11)
        assert shown.evaluate("canvas => getComputedStyle(canvas).outlineWidth") == "3px"
        box = desk.locator(".codes-pictures").bounding_box()
        header = page.locator(".bd-header").first.bounding_box()
        assert header["y"] + header["height"] <= box["y"] < 900 - box["height"]
        np.testing.assert_allclose(picture(desk, "Mean"), painted(shown), atol=0.6 / 255)
        desk.get_by_role("button", name="Twelve others").tap()
        page.wait_for_function(f"!{DESK}.codes.includes({DESK}.code)")
        assert tiles.evaluate_all(pressed) == ["false"] * 12


def test_a_tile_puts_what_it_shows_on_the_sliders_while_others_are_decoded(page, desk):
    page.evaluate(
        f"""() => {{
          const decode = {DESK}.coins.decode.bind({DESK}.coins);
          const free = new Promise(resolve => (window.free = resolve));
          {DESK}.coins.decode = async codes => {{
            if (codes.length > 16) await free;
            return decode(codes);
          }};
        }}"""
    )
    desk.get_by_role("button", name="Twelve others").click()
    desk.get_by_role("button", name="Put code 3 on the sliders").click()
    idle(page)
    tile = desk.locator(".codes-tile canvas").nth(2)
    shown = painted(tile)
    np.testing.assert_allclose(picture(desk, "Mean"), shown, atol=0.6 / 255)
    page.evaluate("free()")
    page.wait_for_function(f"!{DESK}.codes.includes({DESK}.code)")
    assert np.abs(painted(tile) - shown).max() > 0.01


def test_tosses_change_the_sample_and_average_to_the_mean(page, desk):
    fixed = picture(desk, "Mean"), picture(desk, "Mode")
    samples = [picture(desk, "Sample")]
    np.testing.assert_array_equal(picture(desk, "Average"), samples[0])
    for _ in range(3):
        desk.get_by_role("button", name="Toss again").click()
        samples.append(picture(desk, "Sample"))
    assert len({sample.tobytes() for sample in samples}) == 4
    average = np.mean(samples, axis=0)
    np.testing.assert_allclose(picture(desk, "Average"), average, atol=0.6 / 255)
    desk.get_by_role("button", name="100 tosses more").click()
    assert desk.locator(".codes-count").inner_text().startswith("of 104 tosses, ")
    np.testing.assert_array_equal(fixed, (picture(desk, "Mean"), picture(desk, "Mode")))
    away = np.abs(picture(desk, "Average") - fixed[0]).mean()
    assert away < 0.06 < np.abs(samples[0] - fixed[0]).mean()
    page.wait_for_function("document.querySelector('.widget-spoken').textContent.includes('104')")


def test_the_dozen_takes_the_chosen_form(page, desk, content):
    tiles = desk.locator(".codes-tile canvas")
    assert tiles.count() == 12
    p = content.decode(np.reshape(page.evaluate(f"{DESK}.codes"), (12, 16))).reshape(12, -1)
    found = {}
    for form in ("Mode", "Sample", "Mean"):
        desk.get_by_label(form, exact=True).check()
        found[form] = np.stack([painted(tiles.nth(n)) for n in range(12)])
        assert (
            desk.locator(".codes-head")
            .inner_text()
            .startswith(f"Twelve random codes, shown as their {form.lower()}s")
        )
    np.testing.assert_allclose(found["Mean"], p, atol=0.6 / 255)
    clear = np.abs(p - 0.5) > 1e-4
    np.testing.assert_array_equal(found["Mode"][clear], (p > 0.5)[clear])
    assert np.abs(found["Sample"].mean() - p.mean()) < 0.02
    desk.get_by_role("button", name="Twelve others").click()
    page.wait_for_function(
        "document.querySelector('.widget-spoken').textContent.startsWith('Twelve other')"
    )
    assert np.abs(painted(tiles.first) - p[0]).max() > 0.01


def test_the_zero_code_is_zero(page, desk):
    desk.get_by_role("button", name="Zero code").click()
    assert code(page).tolist() == [0] * 16
    page.wait_for_function(
        "/^The zero code: \\d+ of 784/.test(document.querySelector('.widget-spoken').textContent)"
    )


@pytest.mark.parametrize("motion", ["reduce", "no-preference"])
def test_a_walk_ends_at_another_code(visit, motion):
    with visit(PAGE, reduced_motion=motion) as found:
        page = found.page
        arrive(page, "tfp_codes")
        before = code(page)
        page.get_by_role("button", name="Walk to another").click()
        walked = "document.querySelector('.widget-spoken').textContent.startsWith('The walk')"
        page.wait_for_function(walked, timeout=20_000)
        assert page.evaluate(f"{DESK}.along.value") == "1"
        assert code(page).tolist() == page.evaluate(f"{DESK}.ends[1]")
        along = page.get_by_role("slider", name="along the walk")
        along.focus()
        page.keyboard.press("Home")
        np.testing.assert_allclose(code(page), before, atol=1e-12)


@pytest.mark.parametrize("motion", ["reduce", "no-preference"])
def test_a_walk_waits_out_of_view_and_goes_on(visit, motion):
    with visit(PAGE, reduced_motion=motion) as found:
        page, desk = found.page, arrive(found.page, "tfp_codes")
        desk.get_by_role("button", name="Walk to another").click()
        page.evaluate("scrollTo(0, 0)")
        page.wait_for_timeout(300)
        way = page.evaluate(f"{DESK}.along.value")
        page.wait_for_timeout(1000)
        assert page.evaluate(f"{DESK}.along.value") == way != "1"
        desk.scroll_into_view_if_needed()
        walked = "document.querySelector('.widget-spoken').textContent.startsWith('The walk')"
        page.wait_for_function(walked, timeout=20_000)
        assert page.evaluate(f"{DESK}.along.value") == "1"


def test_a_button_ends_a_walk(page, desk):
    desk.get_by_role("button", name="Walk to another").click()
    desk.get_by_role("button", name="Zero code").click()
    page.wait_for_timeout(200)
    assert code(page).tolist() == [0] * 16


def test_large_numbers_are_on_the_sliders(page, desk):
    page.evaluate(f"{DESK}.set(Array.from({{ length: 16 }}, (_, n) => (n % 2 ? 3.8 : -3.8)))")
    sliders = desk.get_by_role("slider", name=re.compile(r"^z \d+$"))
    values = sliders.evaluate_all("all => all.map(one => Number(one.value))")
    texts = sliders.evaluate_all("all => all.map(one => one.getAttribute('aria-valuetext'))")
    assert np.abs(values).tolist() == [3.8] * 16
    assert [float(text.replace("−", "-")) for text in texts] == values


def speckle(content) -> list[float]:
    """Return the share of lonely pixels in garments, and in samples and modes of random codes."""
    from latents.widgets.tfp_codes import lonely

    rng = np.random.default_rng(2)
    p = content.decode(rng.normal(size=(400, 16)))
    kinds = content.garments, rng.random(p.shape) < p, p > 0.5
    return [float(lonely(bits).mean()) for bits in kinds]


def test_the_answer_is_counted_and_true(page, desk, content):
    desk.get_by_label("the mode", exact=True).check()
    desk.get_by_role("button", name="Count the lonely pixels").click()
    rows = desk.locator(".widget-answer tr td:nth-child(2)")
    rows.first.wait_for()
    answer = desk.locator(".widget-answer p").inner_text()
    assert answer.startswith("Not quite. The sample comes nearest. Samples have more")
    definition = desk.locator("fieldset p").first.inner_text()
    assert definition.startswith("In a picture of bits we call a pixel lonely if it differs")
    assert answer.endswith("it has no bits, so its lonely pixels cannot be counted.")
    found = [float(text.rstrip("%")) / 100 for text in rows.all_inner_texts()]
    expected = speckle(content)
    np.testing.assert_allclose(found, expected, atol=5e-3)
    assert found[0] == pytest.approx(expected[0], abs=1e-4)  # the same garments
    desk.get_by_label("the sample", exact=True).check()
    desk.get_by_role("button", name="Count the lonely pixels").click()
    page.wait_for_function(
        f"document.querySelector('{WIDGET} .widget-answer').textContent.startsWith('Right. ')"
    )


def test_bars_of_the_answer_can_be_compared_on_a_phone(visit):
    with visit(PAGE, 390) as found:
        desk = arrive(found.page, "tfp_codes")
        desk.get_by_label("the mode", exact=True).check()
        desk.get_by_role("button", name="Count the lonely pixels").click()
        bars = desk.locator(".widget-answer .desk-bar")
        bars.first.wait_for()
        assert bars.first.bounding_box()["width"] >= 75
        longest = max(bar.bounding_box()["width"] for bar in bars.locator("i").all())
        assert longest >= 75
        assert found.page.evaluate("document.documentElement.scrollWidth") <= 390


@pytest.mark.parametrize("width", [320, 390])
def test_on_a_phone_all_numbers_are_shown_beside_what_they_belong_to(visit, width):
    with visit(PAGE, width) as found:
        desk = arrive(found.page, "tfp_codes")
        heights = []
        for button in ("Toss again", "100 tosses more"):
            desk.get_by_role("button", name=button).click()
            count = desk.locator(".codes-count")
            assert re.search(r"toss(es)?, 0\.\d{3} from the mean$", count.inner_text())
            heights.append(desk.locator(".codes > div").first.bounding_box()["height"])
        assert heights[0] == heights[1]
        for row in desk.locator(".codes-sliders label").all():
            slider, value = row.locator("input"), row.locator(".codes-value")
            assert value.inner_text() == slider.get_attribute("aria-valuetext")
            track, number = slider.bounding_box(), value.bounding_box()
            assert number["x"] + number["width"] <= track["x"]
            under = row.locator("i").bounding_box()["y"] - track["y"] - track["height"] / 2
            assert 6 <= under <= 14


@pytest.mark.parametrize("profile", ["quick", pytest.param("full", marks=pytest.mark.full_data)])
def test_the_answer_of_the_task_holds(built, profile, monkeypatch):
    monkeypatch.setenv("PROFILE", profile)  # each has garments of its own
    decoder = contents(profile)
    garment, sample, mode = speckle(decoder)
    assert garment < sample < garment + 0.75 * (garment - mode)
    assert mode < garment / 10
    assert len(decoder.garments) == 100


@pytest.mark.parametrize(("slower", "limit"), [(1, 16), (4, 64)])
def test_a_code_is_decoded_within_a_frame(page, slower, limit):
    page.evaluate("code => (window.given = code)", CODES[0].tolist())
    work = f"() => {DESK}.coins.decode(given)"
    # The least median of several short runs: other processes disturb some of them.
    assert min(median_time(page, work, slower, 9) for _ in range(10)) < limit
