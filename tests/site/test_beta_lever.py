"""A lever over trained models: by keyboard and pointer, as exact as Python, true to the record."""

from itertools import pairwise

import numpy as np
import pytest
from browser import arrive
from dragging import by_finger, centre
from in_keras import answers

from latents import bounds, weights

pytestmark = pytest.mark.slow
NAME, PAGE = "beta_lever", "book/foundations/rate_distortion.html"
WIDGET = f"[data-widget={NAME}]"
LEVER = f"document.querySelector('{WIDGET} .widget-live').widget"


def painted(page, row: str) -> np.ndarray:
    """Return the pixels of a row of pictures as the page has painted them: (10, 784).

    Pictures that fade into others are waited for.
    """
    page.wait_for_function(f"{LEVER}.part === 1")
    data = page.get_by_role("img", name=f"Ten pictures: {row}", exact=True).evaluate(
        """row => [...row.querySelectorAll('canvas')].map(canvas =>
        [...canvas.getContext('2d').getImageData(0, 0, 28, 28).data])"""
    )
    return np.array(data).reshape(10, -1, 4)[..., 0] / 255


def decoded(page, place: int, codes: np.ndarray) -> np.ndarray:
    """Return what the page decodes by the model at a place of the lever: (n, 784)."""
    found = page.evaluate(
        f"""([place, codes]) => [...document.querySelector("{WIDGET} .widget-live").widget.sweep
        .decode(place, Float32Array.from(codes))]""",
        [place, codes.ravel().tolist()],
    )
    return np.reshape(found, (len(codes), 784))


def test_every_model_decodes_as_python_and_keras_do(page, content):
    codes = np.random.default_rng(3).normal(size=(20, 10)).astype("float32")
    sigmoid = weights.ACTIVATIONS["sigmoid"]
    for place, beta in enumerate(content.betas):
        network = content.trained.networks[f"{content.LABELS[beta]}_decoder"]
        found = decoded(page, place, codes)
        expected = content.decode(beta, codes).reshape(20, 784)
        np.testing.assert_allclose(found, expected, atol=1e-4)
        np.testing.assert_allclose(found, sigmoid(answers(network, codes)), atol=1e-4)
        given, answered = network.example  # of the chapter, before its weights were rounded
        np.testing.assert_allclose(decoded(page, place, given), sigmoid(answered), atol=2e-3)


def test_keys_step_from_model_to_model(page, content):
    lever = page.get_by_role("slider", name="β")
    lever.focus()
    page.keyboard.press("Home")
    seen = []
    for beta in content.betas:
        assert lever.get_attribute("aria-valuetext") == f"β = {beta:g}"
        found = content.numbers(beta)
        text = page.locator(".lever-numbers").inner_text().replace("−", "-")
        parts = [round(found[name], 1) for name in ("D", "R")]
        assert text.splitlines() == [
            f"D {parts[0]:.1f} + R {parts[1]:.1f} = -ELBO {sum(parts):.1f} nats",
            f"active latents: {content.active(beta)} of 10",
        ]
        expected = content.copies(beta).reshape(10, -1)
        np.testing.assert_allclose(painted(page, "copies"), expected, atol=0.6 / 255)
        seen.append(painted(page, "from random codes"))
        page.keyboard.press("ArrowRight")
    assert lever.get_attribute("aria-valuetext") == f"β = {content.betas[-1]:g}"
    assert all(np.abs(a - b).max() > 0.1 for a, b in pairwise(seen))
    page.keyboard.press("Home")
    np.testing.assert_array_equal(painted(page, "from random codes"), seen[0])  # the same codes
    page.get_by_role("button", name="New random codes").click()
    assert np.abs(painted(page, "from random codes") - seen[0]).max() > 0.1


def test_the_latents_in_use_are_counted_as_the_chapter_counts_them(content):
    counts = [content.active(beta) for beta in content.betas]
    codes = content.trained.arrays["beta_1_codes"][:, :10]
    assert counts[content.betas.index(1)] == bounds.active_units(codes)
    assert counts == sorted(counts, reverse=True)
    assert counts[0] == 10 > counts[-1] > 0


def test_a_finger_moves_the_lever(visit, content):
    with visit(PAGE, 390, has_touch=True, is_mobile=True) as found:
        page, lever = found.page, arrive(found.page, NAME).get_by_role("slider", name="β")
        lever.scroll_into_view_if_needed()
        box = lever.bounding_box()
        lever.tap(position={"x": box["width"] - 4, "y": box["height"] / 2})
        assert lever.get_attribute("aria-valuetext") == f"β = {content.betas[-1]:g}"
        thumb = box["x"] + box["width"] - 8, box["y"] + box["height"] / 2
        by_finger(page, thumb, 16 - box["width"])
        page.wait_for_function(f"{LEVER}.place === 0")
        assert lever.get_attribute("aria-valuetext") == f"β = {content.betas[0]:g}"
        expected = content.copies(content.betas[0]).reshape(10, -1)
        np.testing.assert_allclose(painted(page, "copies"), expected, atol=0.6 / 255)


def test_a_mouse_drags_the_lever(page, content):
    lever = page.get_by_role("slider", name="β")
    lever.focus()
    page.keyboard.press("End")
    width = lever.bounding_box()["width"]
    page.evaluate(
        f"""() => {{
          window.seen = [];
          const show = {LEVER}.show.bind({LEVER});
          {LEVER}.show = place => {{ window.seen.push(place); show(place); }};
        }}"""
    )
    last = len(content.betas) - 1
    lever.hover(position={"x": width - 8, "y": lever.bounding_box()["height"] / 2})
    page.mouse.down()
    x, y = lever.bounding_box()["x"], lever.bounding_box()["y"] + 8
    page.mouse.move(x + 8, y, steps=20)
    page.mouse.up()
    assert page.evaluate("window.seen") == list(range(last))[::-1]
    assert lever.get_attribute("aria-valuetext") == f"β = {content.betas[0]:g}"
    expected = content.copies(content.betas[0]).reshape(10, -1)
    np.testing.assert_allclose(painted(page, "copies"), expected, atol=0.6 / 255)


@pytest.mark.parametrize("touch", [False, True])
def test_a_press_on_a_dot_chooses_its_model(visit, content, touch):
    with visit(PAGE, 390 if touch else 1440, has_touch=touch, is_mobile=touch) as found:
        page, part = found.page, arrive(found.page, NAME)
        lever, dots = part.get_by_role("slider", name="β"), part.locator(".lever-dot")
        for n in (*range(len(content.betas)), 0):
            dot = dots.nth(n)
            dot.evaluate("dot => dot.scrollIntoView({ block: 'center' })")
            (page.touchscreen.tap if touch else page.mouse.click)(*centre(dot))
            assert lever.get_attribute("aria-valuetext") == f"β = {content.betas[n]:g}"
        room = part.locator(".lever-room").first
        assert room.evaluate("room => getComputedStyle(room).cursor") == "pointer"
        assert room.bounding_box()["width"] >= 44
        part.locator(".lever-plane").click(position={"x": 200, "y": 60})  # beside them all
        assert lever.get_attribute("aria-valuetext") == f"β = {content.betas[0]:g}"


@pytest.mark.parametrize("motion", ["no-preference", "reduce"])
def test_pictures_fade_from_one_model_to_the_next(visit, content, motion):
    with visit(PAGE, reduced_motion=motion) as found:
        page = found.page
        arrive(page, NAME)
        before = painted(page, "copies")
        page.evaluate(
            f"""() => {{
              window.frame = window.requestAnimationFrame;
              window.requestAnimationFrame = () => 0; // no frame comes
              const now = performance.now();
              const times = [now, now + 60];
              performance.now = () => times.shift() ?? now + 60;
              {LEVER}.choose(0);
            }}"""
        )
        read = """row => [...row.querySelectorAll('canvas')].map(canvas =>
          [...canvas.getContext('2d').getImageData(0, 0, 28, 28).data])"""
        row = page.get_by_role("img", name="Ten pictures: copies", exact=True)
        start = np.array(row.evaluate(read)).reshape(10, -1, 4)[..., 0] / 255
        after = content.copies(content.betas[0]).reshape(10, -1)
        if motion == "reduce":
            np.testing.assert_allclose(start, after, atol=0.6 / 255)
            return
        assert page.evaluate(f"{LEVER}.part") == pytest.approx(0.3)
        expected = before + 0.3 * (after - before)
        np.testing.assert_allclose(start, expected, atol=1.1 / 255)
        page.evaluate("void (window.requestAnimationFrame = window.frame)")
        page.evaluate("delete performance.now")
        page.evaluate(f"{LEVER}.show(0)")
        np.testing.assert_allclose(painted(page, "copies"), after, atol=0.6 / 255)


def test_the_ring_touches_no_text_wherever_it_is(page):
    found = page.evaluate(
        """() => {
          const svg = document.querySelector(".lever-plane");
          const all = svg.getBoundingClientRect();
          const texts = [...svg.querySelectorAll("text")].map(t => t.getBoundingClientRect());
          const dots = [...svg.querySelectorAll(".lever-dot")].map(dot => {
            const { left, top, width } = dot.getBoundingClientRect();
            const [x, y] = [left + width / 2, top + width / 2];
            const away = box => Math.hypot(
              Math.max(box.left - x, 0, x - box.right), Math.max(box.top - y, 0, y - box.bottom));
            return texts.map(away);
          });
          const cut = texts.filter(t => t.left < all.left || t.right > all.right
            || t.top < all.top || t.bottom > all.bottom);
          return [dots.map(row => Math.min(...row) * 340 / all.width), cut.length];
        }"""
    )
    assert min(found[0]) > 9 + 2.5 / 2  # the radius of the ring, and half of its line
    assert found[1] == 0


def test_the_originals_are_test_garments(page, content):
    expected = content.originals.reshape(10, -1) / 255
    np.testing.assert_allclose(painted(page, "originals"), expected, atol=1e-6)


def test_the_task_compares_with_the_record(page, content):
    numbers = {beta: content.numbers(beta) for beta in content.betas}
    copies = min(numbers, key=lambda beta: numbers[beta]["D"])
    samples = min(numbers, key=lambda beta: numbers[beta]["apart"])
    assert copies != samples
    assert "guessing" not in page.locator(".lever-numbers").inner_text()  # before the prediction
    groups = page.locator(WIDGET).get_by_role("radiogroup")
    groups.nth(0).get_by_label(f"β = {copies:g}", exact=True).check()
    groups.nth(1).get_by_label(f"β = {copies:g}", exact=True).check()
    page.get_by_role("button", name="Compare with the measurements").click()
    first, second = page.locator(f"{WIDGET} .widget-answer p").all_inner_texts()
    assert first == f"Right. The distortion is smallest at β = {copies:g}."
    assert second.startswith(
        f"Not quite. Random codes are told from copies least often at β = {samples:g}."
    )
