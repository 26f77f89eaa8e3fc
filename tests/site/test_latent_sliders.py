"""Sliders for the latents of a VAE: as exact as Python, by every means, and a true answer."""

import json

import numpy as np
import pytest
from browser import arrive
from in_keras import answers
from timing import median_time

pytestmark = pytest.mark.slow
NAME, PAGE = "latent_sliders", "book/experiments/vae.html"
WIDGET = f"[data-widget={NAME}]"
PART = f"document.querySelector('{WIDGET} .widget-live').widget"


@pytest.fixture
def part(page):
    return page.locator(WIDGET)


def code(page) -> list[float]:
    return page.evaluate(f"[...{PART}.code]")


def painted(part, name: str) -> np.ndarray:
    """Return the pixels of a picture as the page has painted it: (784,)."""
    data = part.get_by_role("img", name=name, exact=True).evaluate(
        "canvas => [...canvas.getContext('2d').getImageData(0, 0, 28, 28).data]"
    )
    return np.array(data).reshape(-1, 4)[:, 0] / 255


def test_a_garment_starts_at_its_own_code_and_is_decoded_as_in_python(page, part, content):
    for number in (9, 1):
        part.get_by_role("combobox", name="Garment").select_option(index=number)
        np.testing.assert_allclose(
            painted(part, "test garment"), content.originals[number].ravel() / 255, atol=1e-6
        )
        np.testing.assert_allclose(code(page), content.codes[number].clip(-3, 3), atol=1e-4)
        expected = content.decoder(content.codes[number : number + 1].clip(-3, 3))[0]
        np.testing.assert_allclose(painted(part, "decoded code"), expected, atol=0.6 / 255)


def test_random_codes_decode_as_in_python_and_keras(page, content):
    def decoded(codes):
        found = page.evaluate(f"codes => [...{PART}.latents.decode(codes)]", codes.tolist())
        return np.reshape(found, (len(codes), 784))

    codes = np.random.default_rng(2).normal(size=(64, 10)).astype("float32")
    found = decoded(codes)
    np.testing.assert_allclose(found, content.decoder(codes), atol=1e-4)
    np.testing.assert_allclose(found, answers(content.decoder, codes), atol=1e-4)
    given, answered = content.decoder.example  # of the chapter, before its weights were rounded
    np.testing.assert_allclose(decoded(given), answered, atol=2e-3)


def test_sliders_stand_in_the_order_of_what_they_carry(page, part, content):
    names = part.get_by_role("slider").evaluate_all("all => all.map(s => s.ariaLabel)")
    rates = [float(name.split(", ")[1].split()[0]) for name in names]
    assert rates == sorted(rates, reverse=True)
    np.testing.assert_allclose(rates, np.sort(content.rates)[::-1], atol=0.006)


def test_keys_move_one_latent_and_the_pictures_at_the_ends_say_where_to(page, part, content):
    slider = part.get_by_role("slider").nth(2)
    latent = content.order[2]
    before = code(page)
    slider.focus()
    page.keyboard.press("End")
    after = code(page)
    assert after[latent] == 3
    assert [a for n, a in enumerate(after) if n != latent] == [
        b for n, b in enumerate(before) if n != latent
    ]
    assert slider.get_attribute("aria-valuetext") == "3.00"
    low = np.array([after])
    low[0, latent] = -3
    np.testing.assert_allclose(
        painted(part, f"latent {latent}, low end"), content.decoder(low)[0], atol=0.6 / 255
    )
    high = part.get_by_role("img", name=f"latent {latent}, high end", exact=True)
    pixels = "canvas => [...canvas.getContext('2d').getImageData(0, 0, 28, 28).data].join()"
    decoded = part.get_by_role("img", name="decoded code", exact=True)
    assert high.evaluate(pixels) == decoded.evaluate(pixels)
    page.wait_for_timeout(700)
    pixels = content.decoder(np.array([after]))[0]
    garments = content.originals.reshape(10, -1) / 255
    cosines = garments @ pixels / np.linalg.norm(garments, axis=1) / np.linalg.norm(pixels)
    assert part.locator(".widget-spoken").inner_text() == (  # the slider has said its value
        "Of the ten garments the picture is most like this one: "
        f"{content.names[cosines.argmax()]}, with a cosine of {cosines.max():.2f}."
    )
    part.get_by_role("button", name="Random code").click()
    page.wait_for_timeout(700)
    assert part.locator(".widget-spoken").inner_text() == "A random code is decoded."


def test_a_mouse_drags_a_slider(page, part, content):
    slider = part.get_by_role("slider").first
    slider.evaluate("slider => slider.scrollIntoView({ block: 'center' })")
    box = slider.bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] - 1, box["y"] + box["height"] / 2, steps=4)
    page.mouse.up()
    assert code(page)[content.order[0]] == pytest.approx(3, abs=0.1)


@pytest.mark.parametrize("width", [320, 390, 601, 640, 768, 960, 1200, 1280, 1600])
def test_sliders_are_long_enough_to_be_moved_when_they_are_compared(visit, width):
    with visit(PAGE, width) as found:
        part = arrive(found.page, NAME)
        part.get_by_label("yes, each of them").check()
        part.get_by_role("button", name="Compare all garments").click()
        part.locator(".widget-answer strong").wait_for(state="attached")
        lengths = part.get_by_role("slider").evaluate_all("all => all.map(s => s.clientWidth)")
        assert min(lengths) >= 120
        assert found.page.evaluate("document.documentElement.scrollWidth") <= width


def test_the_pictures_hide_no_slider_that_has_the_focus(visit):
    with visit(PAGE, 390) as found:
        part = arrive(found.page, NAME)
        sliders = part.get_by_role("slider")
        sliders.last.focus()
        for _ in range(9):
            found.page.keyboard.press("Shift+Tab")
        assert found.page.evaluate(
            """() => {
              const box = document.activeElement.getBoundingClientRect();
              const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
              return document.elementFromPoint(x, y) === document.activeElement;
            }"""
        )


def test_a_finger_moves_a_slider(visit, content):
    with visit(PAGE, 390, has_touch=True, is_mobile=True) as found:
        slider = arrive(found.page, NAME).get_by_role("slider").nth(1)
        box = slider.bounding_box()
        slider.tap(position={"x": 3, "y": box["height"] / 2})
        assert code(found.page)[content.order[1]] == pytest.approx(-3, abs=0.1)


def test_buttons_draw_zero_and_give_the_code_back(page, part):
    own = code(page)
    part.get_by_role("button", name="Random code").click()
    drawn = code(page)
    part.get_by_role("button", name="Random code").click()
    assert own != drawn != code(page)
    part.get_by_role("button", name="All to zero").click()
    assert code(page) == [0] * 10
    part.get_by_role("button", name="Its own code").click()
    assert code(page) == own


def test_the_task_is_answered_as_python_answers_it(page, part, content):
    part.get_by_label("the strongest nearly, weaker ones not").check()
    part.get_by_role("button", name="Compare all garments").click()
    part.locator(".widget-answer strong").wait_for()
    text = part.locator(".widget-answer").inner_text().replace("−", "-")
    alike, control = content.alike(content.changes())
    ranked = alike[content.order]
    for number in (ranked[0], np.median(ranked[5:]), control):
        assert f"{number:.2f}".replace("-0.00", "0.00") in text.replace("-0.00", "0.00")
    assert text.startswith("Right.")


def test_the_answer_holds_for_the_models_of_this_build(content):
    alike, control = content.alike(content.changes())
    ranked = alike[content.order]
    assert ranked[0] > 0.6
    assert ranked[0] - np.median(ranked[5:]) > 0.3
    assert np.median(ranked[5:]) < control + 0.15  # hardly more alike than two sliders are


@pytest.mark.parametrize("slower", [1, 4])
def test_a_move_takes_less_than_a_frame(page, slower):
    assert median_time(page, f"n => {PART}.move(n % 10, Math.sin(n))", slower, 61) < 16 * slower


def test_facts_hold_what_the_record_says(content):
    assert json.loads(json.dumps(content.facts()))["order"] == content.order.tolist()
    assert content.rates.sum() == pytest.approx(content.trained.metrics["test_rate_nats"], rel=2e-3)
