"""Two maps, one point: by mouse, touch and keyboard, and as exact as Python."""

import json
import re

import numpy as np
import pytest

pytestmark = pytest.mark.slow
HOME = "index.html"
LIVE = ".widget[data-state=live]"
MODELS = ("autoencoder", "vae")
PLACES = "JSON.stringify(document.querySelector('.widget-live').widget.places)"


@pytest.fixture(scope="module")
def content():
    """Return the same models, as Python reads them."""
    from widget_data import TwoMaps

    return TwoMaps("quick")


@pytest.fixture
def home(visit):
    with visit(HOME) as found:
        found.page.wait_for_selector(LIVE)
        found.page.evaluate("document.querySelector('.widget').scrollIntoView()")
        yield found.page


def places(page) -> dict:
    return json.loads(page.evaluate(PLACES))


def canvas(page, model: str):
    return page.locator(".plane canvas").nth(MODELS.index(model))


def slider(page, model: str, axis: int):
    return page.locator(".plane-sliders input").nth(2 * MODELS.index(model) + axis)


def painted(page, model: str) -> np.ndarray:
    """Return the pixels of the decoded picture as the page has painted them: (784,)."""
    at = MODELS.index(model)
    data = page.evaluate(
        f"""() => [...document.querySelectorAll('.widget-picture')[{at}].getContext('2d')
        .getImageData(0, 0, 28, 28).data]"""
    )
    return np.array(data).reshape(-1, 4)[:, 0] / 255


def test_decoded_codes_and_distances_are_those_of_python(home, content):
    rng = np.random.default_rng(5)
    for model in MODELS:
        spots = rng.normal(size=(64, 2))
        found = home.evaluate(
            """([model, places]) => {
              const { models } = document.querySelector('.widget-live').widget;
              return places.map(place => {
                const { pixels, distance, label } = models.look(model, place);
                return [[...pixels], distance, label];
              });
            }""",
            [model, spots.tolist()],
        )
        codes = content.code(model, spots)
        pixels = np.array([row[0] for row in found])
        np.testing.assert_allclose(pixels, content.decode(model, codes), atol=1e-4)
        distances = [row[1] for row in found]
        np.testing.assert_allclose(distances, content.distances(model, codes), atol=1e-5)
        assert all(0 <= row[2] <= 9 for row in found)


def test_the_page_answers_as_keras_did(home, content):
    layout = json.loads(content.trained.files[1].read_text())
    for model in MODELS:
        name = f"{model}_decoder"
        x, y = content.parts[name].example
        scale = layout["parts"][name]["outputs"]
        found = home.evaluate(
            """([model, x]) => [...document.querySelector('.widget-live').widget.models
            .decoders[model].apply(Float32Array.from(x))]""",
            [model, x[0].tolist()],
        )
        assert len(found) == sum(scale)
        np.testing.assert_allclose(found, y[0], atol=2e-3)


def test_every_half_number_is_read(home):
    numbers = np.arange(2**16, dtype="uint16").view("float16").astype("float64")
    found = home.evaluate(
        """async () => {
          const { half } = await import(new URL('_widgets/shared/networks.mjs', location.href));
          return Array.from({ length: 65536 }, (_, bits) => half(bits)).map(x =>
            Number.isFinite(x) ? x : String(x));
        }"""
    )
    np.testing.assert_array_equal(np.array(found, "float64"), numbers)


def test_a_mouse_moves_both_points_and_paints_the_codes(home, content):
    box = canvas(home, "vae").bounding_box()
    home.mouse.move(box["x"] + 0.3 * box["width"], box["y"] + 0.3 * box["height"])
    home.mouse.down()
    home.mouse.move(box["x"] + 0.75 * box["width"], box["y"] + 0.25 * box["height"], steps=4)
    home.mouse.up()
    found = places(home)
    assert found["vae"] == pytest.approx([1.5, 1.5], abs=0.03)
    assert found["autoencoder"] == found["vae"]
    home.mouse.move(box["x"], box["y"])  # without the button
    assert places(home) == found
    for model in MODELS:
        expected = content.decode(model, content.code(model, [found[model]]))[0]
        np.testing.assert_allclose(painted(home, model), expected, atol=0.6 / 255)


def test_a_finger_moves_the_point_and_the_page_stays(visit):
    with visit(HOME, 390, has_touch=True, is_mobile=True) as found:
        found.page.wait_for_selector(LIVE)
        map_ = canvas(found.page, "autoencoder")
        map_.scroll_into_view_if_needed()
        map_.tap(position={"x": 30, "y": 40})
        size = map_.bounding_box()["width"]
        expected = [6 * 30 / size - 3, 3 - 6 * 40 / size]
        assert places(found.page)["autoencoder"] == pytest.approx(expected, abs=0.05)
        assert map_.evaluate("c => getComputedStyle(c).touchAction") == "none"


def test_keys_alone_reach_everything(home):
    slider(home, "autoencoder", 0).focus()
    home.keyboard.press("Shift+Tab")
    assert home.evaluate("document.activeElement.tagName") == "CANVAS"
    home.keyboard.press("Home")
    assert places(home)["vae"] == [0, 0]
    home.keyboard.press("ArrowRight")
    home.keyboard.press("Shift+ArrowDown")
    assert places(home)["vae"] == pytest.approx([0.1, -0.5])
    home.keyboard.press("r")
    drawn = places(home)["vae"]
    assert drawn != pytest.approx([0.1, -0.5])
    home.keyboard.press("Escape")
    start = home.evaluate("document.querySelector('.widget-live').widget.start")
    assert places(home)["vae"] == pytest.approx(start)
    slider(home, "vae", 1).focus()
    home.keyboard.press("End")
    assert places(home)["autoencoder"][1] == 3
    reached = set()
    canvas(home, "autoencoder").focus()
    for _ in range(40):
        reached.add(
            home.evaluate("document.activeElement.textContent || document.activeElement.type")
        )
        home.keyboard.press("Tab")
    assert {"range", "checkbox", "radio", "Random code", "Walk", "Start", "Copy link"} <= reached
    assert {"Trouser", "Draw 1,000 and count"} <= reached


def test_apart_each_point_goes_its_own_way(home):
    home.get_by_label("move both").uncheck()
    before = places(home)["vae"]
    canvas(home, "autoencoder").focus()
    home.keyboard.press("ArrowUp")
    after = places(home)
    assert after["vae"] == before
    assert after["autoencoder"][1] == pytest.approx(before[1] + 0.1)


def test_a_walk_ends_at_the_code_of_the_other_garment(home, content):
    home.get_by_label("Walk from").select_option(label="Bag")
    home.get_by_label("Walk to").select_option(label="Trouser")
    home.get_by_role("button", name="Walk", exact=True).click()
    goal = content.facts()["firsts"][1]
    for model in MODELS:
        center, spread = content.spreads[model]
        end = (content.parts[f"{model}_codes"][goal] - center) / spread
        assert np.abs(end).max() < 3
        home.wait_for_function(
            f"""() => {{
              const place = document.querySelector('.widget-live').widget.places.{model};
              return Math.hypot(place[0] - {end[0]}, place[1] - {end[1]}) < 1e-3;
            }}"""
        )


def test_with_less_motion_a_walk_jumps_in_five_steps(visit):
    with visit(HOME, reduced_motion="reduce") as found:
        found.page.wait_for_selector(LIVE)
        found.page.evaluate(
            """() => {
              const { widget } = document.querySelector('.widget-live');
              const set = widget.set.bind(widget);
              window.moves = 0;
              widget.set = (...given) => { window.moves += 1; set(...given); };
            }"""
        )
        found.page.get_by_role("button", name="Walk", exact=True).click()
        found.page.wait_for_timeout(4500)
        assert found.page.evaluate("window.moves") == 2 * 6


def test_a_screen_reader_hears_the_end_of_a_move_and_not_every_step(home):
    home.evaluate(
        """() => {
          window.heard = [];
          const output = document.querySelector('.widget-spoken');
          new MutationObserver(() => window.heard.push(output.textContent))
            .observe(output, { childList: true });
        }"""
    )
    slider(home, "vae", 0).focus()
    for _ in range(10):
        home.keyboard.press("ArrowRight")
    home.wait_for_timeout(1200)
    heard = home.evaluate("window.heard")
    assert 1 <= len(heard) <= 3
    assert re.fullmatch(
        r"Plain autoencoder: [\w/ -]+, distance 0\.\d{3}, [\w% ]+\. "
        r"Variational autoencoder: [\w/ -]+, distance 0\.\d{3}, [\w% ]+",
        heard[-1],
    ), heard[-1]


def test_a_class_can_be_brought_out_on_both_maps(home):
    button = home.get_by_role("button", name="Sandal")
    before = canvas(home, "vae").screenshot()
    button.click()
    assert button.get_attribute("aria-pressed") == "true"
    home.wait_for_timeout(200)
    assert canvas(home, "vae").screenshot() != before
    button.click()
    assert button.get_attribute("aria-pressed") == "false"


def test_the_task_is_answered_by_counting(home, content):
    home.get_by_label("the plain autoencoder", exact=True).check()
    home.get_by_role("button", name="Draw 1,000 and count").click()
    home.wait_for_function("document.querySelector('.widget-answer').textContent.includes('worst')")
    text = home.locator(".widget-answer").inner_text()
    counts = re.search(r"decodes (\d+) .* the VAE (\d+)\.", text)
    assert text.startswith("Right.")
    rng = np.random.default_rng(0)
    for found, model in zip(counts.groups(), MODELS, strict=True):
        share = content.far(model, rng.normal(size=(4000, 2))).mean()
        assert int(found) / 1000 == pytest.approx(share, abs=0.035)  # three standard deviations
        worst = places(home)[model]
        assert content.far(model, np.array([worst]))[0]


def test_the_answer_of_the_task_holds_for_the_models_of_this_build(content):
    places = np.random.default_rng(1).normal(size=(4000, 2))
    plain, vae = (content.far(model, places).mean() for model in MODELS)
    assert plain > 1.5 * vae
    assert plain > 0.1


def test_a_link_has_the_place(visit, home):
    canvas(home, "vae").focus()
    home.keyboard.press("Home")
    home.keyboard.press("Shift+ArrowLeft")
    home.get_by_role("button", name="Copy link").click()
    home.wait_for_function("location.hash.length > 1")
    fragment = home.evaluate("location.hash")
    assert fragment == "#z=-0.50,0.00&m=two_maps"
    with visit(HOME + fragment) as found:
        found.page.wait_for_selector(LIVE)
        assert places(found.page)["vae"] == [-0.5, 0]
    with visit(HOME + "#z=a,1&m=two_maps") as found:
        found.page.wait_for_selector(LIVE)
        assert found.complaints == []


@pytest.mark.parametrize("file", ["two_maps.mjs", "two_maps.bin", "garments.png"])
def test_a_missing_file_leaves_the_picture_and_can_be_tried_again(browser, address, file):
    context = browser.new_context()
    page = context.new_page()
    page.route(f"**/_widgets/{file}*", lambda route: route.fulfill(status=404, body=""))
    page.goto(address + HOME)
    page.wait_for_selector(".widget[data-state=failed]")
    assert page.locator(".widget-poster img").is_visible()
    assert page.get_by_role("status").filter(has_text="could not be loaded").is_visible()
    page.unroute_all()
    page.get_by_role("button", name="Try again").click()
    page.wait_for_selector(LIVE)
    assert not page.locator(".widget-poster").is_visible()
    context.close()


def test_it_lives_on_without_a_network(home):
    home.context.set_offline(True)
    canvas(home, "vae").focus()
    home.keyboard.press("Home")
    home.keyboard.press("ArrowUp")
    assert places(home)["vae"] == pytest.approx([0, 0.1])


def test_without_scripts_and_on_paper_a_picture_and_a_table_stand_there(visit, content):
    with visit(HOME, java_script_enabled=False) as found:
        assert found.page.locator(".widget-poster img").is_visible()
        rows = found.page.locator(".widget-poster tbody tr").all_inner_texts()
        assert len(rows) == len(content.still().rows) == 6
    with visit(HOME) as found:
        found.page.wait_for_selector(LIVE)
        found.page.emulate_media(media="print")
        assert found.page.locator(".widget-poster table").is_visible()
        assert not found.page.locator(".widget-live").is_visible()


@pytest.mark.parametrize("width", [1440, 390])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_is_shut_out_while_it_is_live(visit, axe, width, scheme):
    with visit(HOME, width, scheme) as found:
        found.page.wait_for_selector(LIVE)
        assert axe(found.page) == []
        assert found.page.evaluate("document.documentElement.scrollWidth") <= width
        assert found.complaints == found.outside == []


def test_the_first_screen_shows_both_maps(home):
    home.evaluate("scrollTo(0, 0)")
    for model in MODELS:
        box = canvas(home, model).bounding_box()
        assert box["y"] + box["height"] < 900


@pytest.mark.parametrize("slower", [1, 4])
def test_a_code_is_decoded_within_a_frame(home, slower):
    session = home.context.new_cdp_session(home)
    session.send("Emulation.setCPUThrottlingRate", {"rate": slower})
    median = home.evaluate(
        """() => {
          const { widget } = document.querySelector('.widget-live');
          const times = Array.from({ length: 200 }, (_, i) => {
            const began = performance.now();
            widget.models.look('vae', [Math.sin(i), Math.cos(i)]);
            return performance.now() - began;
          });
          return times.sort((a, b) => a - b)[100];
        }"""
    )
    assert median < 16


def test_nothing_is_loaded_before_it_comes_into_view(visit):
    with visit("book/guide/notation.html") as found:
        urls = found.page.evaluate("performance.getEntriesByType('resource').map(r => r.name)")
        assert not [url for url in urls if "_widgets" in url or "widgets.css" in url]
