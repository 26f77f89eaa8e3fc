"""Two maps, one point: by mouse, touch and keyboard, and as exact as Python."""

import json
import re

import numpy as np
import pytest
import skips
from scipy.spatial.distance import cdist
from timing import median_time

from latents import likeness
from latents.data import complete
from latents.widgets import WIDGETS

pytestmark = pytest.mark.slow
NAME, PAGE = "two_maps", "index.html"
LIVE = ".widget[data-state=live]"
MODELS = ("autoencoder", "vae")
PLACES = "JSON.stringify(document.querySelector('.widget-live').widget.places)"


@pytest.fixture
def home(page):
    page.evaluate("document.querySelector('.widget').scrollIntoView()")
    return page


def places(page) -> dict:
    return json.loads(page.evaluate(PLACES))


def canvas(page, model: str):
    return page.locator(".plane canvas").nth(MODELS.index(model))


def slider(page, model: str, axis: int):
    return page.locator(".plane-sliders input").nth(2 * MODELS.index(model) + axis)


def verdicts(page):
    return page.locator(".two-maps-verdicts")


def painted(page, model: str) -> np.ndarray:
    """Return the pixels of the decoded picture as the page has painted them: (784,)."""
    return picture(page, 2 * MODELS.index(model))


def picture(page, at: int) -> np.ndarray:
    """Return the pixels of a picture: (784,); beside each decoded one is the nearest garment."""
    data = page.evaluate(
        f"""() => [...document.querySelectorAll('.widget-picture')[{at}].getContext('2d')
        .getImageData(0, 0, 28, 28).data]"""
    )
    return np.array(data).reshape(-1, 4)[:, 0] / 255


def test_decoded_codes_and_holes_are_those_of_python(home, content):
    rng = np.random.default_rng(5)
    for model in MODELS:
        spots = rng.normal(size=(64, 2))
        found = home.evaluate(
            """([model, places]) => {
              const { models } = document.querySelector('.widget-live').widget;
              return places.map(place =>
                [[...models.decode(model, place)], models.near(model, place)]);
            }""",
            [model, spots.tolist()],
        )
        pixels = np.array([row[0] for row in found])
        np.testing.assert_allclose(
            pixels, content.decode(model, content.code(model, spots)), atol=1e-4
        )
        distances = content.distances(model, spots)
        np.testing.assert_allclose([row[1]["distance"] for row in found], distances, atol=1e-5)
        nearest = np.linalg.norm(content.places[model] - spots[:, None], axis=2).argmin(axis=1)
        assert [row[1]["label"] for row in found] == content.labels[nearest].tolist()
        assert [row[1]["hole"] for row in found] == (distances > 0.2).tolist()


def alike(content, model: str, spots) -> np.ndarray:
    """Return the cosine between decoded places and each garment: (n, garments)."""
    decoded = content.decode(model, content.code(model, spots))
    return 1 - cdist(decoded, content.garments, "cosine")


@pytest.mark.parametrize("model", MODELS)
def test_the_nearest_garment_is_that_of_python(home, content, model):
    sides = np.linspace(-2.9, 2.9, 8)
    spots = np.stack(np.meshgrid(sides, sides), axis=-1).reshape(-1, 2)
    found = home.evaluate(
        """([model, places]) => {
          const { models } = document.querySelector('.widget-live').widget;
          return places.map(place => models.resemble(models.decode(model, place)));
        }""",
        [model, spots.tolist()],
    )
    expected = alike(content, model, spots)
    most = expected.max(axis=1)
    np.testing.assert_allclose([each["likeness"] for each in found], most, atol=1e-5)
    numbers = [each["number"] for each in found]
    np.testing.assert_allclose(expected[range(64), numbers], most, atol=1e-5)
    assert [each["label"] for each in found] == content.labels[numbers].tolist()
    limit = content.facts()["unlike"]
    assert [each["unlike"] for each in found] == (most < limit).tolist()
    assert 0 < (most < limit).sum() < 64


def test_the_nearest_garment_stands_beside_the_decoded_picture(home, content):
    canvas(home, "vae").focus()
    for key in ("Home", "ArrowLeft"):
        home.keyboard.press(key)
    for at, model in enumerate(MODELS):
        (cosines,) = alike(content, model, [(-0.1, 0)])
        number = cosines.argmax()
        garment = content.garments[number] / 255
        np.testing.assert_allclose(picture(home, 2 * at + 1), garment, atol=1e-6)
        words = home.locator(".two-maps-words").nth(at).inner_text()
        name = content.names[content.labels[number]]
        assert f"most like: {name}, likeness {cosines.max():.2f}" in words
        assert "● like a garment" in verdicts(home).nth(at).inner_text()


def test_the_page_shows_the_garments_in_sixteen_greys(content):
    from latents import data

    whole = data.load("fashion_mnist").arrays("test")[0][: len(content.garments)]
    assert len(np.unique(content.garments)) == 16
    assert np.abs(whole.reshape(-1, 784).astype(float) - content.garments).max() <= 255 / 30


@pytest.mark.parametrize("profile", ["quick", "full"])
def test_copies_set_the_limit_and_both_maps_have_pictures_beyond_it(monkeypatch, profile):
    if profile == "full" and not complete.prepared("fashion_mnist"):
        pytest.skip(skips.DATA)
    monkeypatch.setenv("PROFILE", profile)
    content = WIDGETS[NAME](profile)
    limit = content.facts()["unlike"]
    most = []
    for model in MODELS:
        for number, code in enumerate(content.trained.arrays[f"{model}_codes"].astype(float)):
            others = np.delete(content.garments, number, 0)
            most.append(1 - cdist(content.decode(model, code[None]), others, "cosine").min())
    assert np.mean(np.array(most) < limit) == pytest.approx(0.01, abs=0.001)
    sides = np.linspace(-3, 3, 31)
    spots = np.stack(np.meshgrid(sides, sides), axis=-1).reshape(-1, 2)
    shares = {}
    for model in MODELS:
        decoded = content.decode(model, content.code(model, spots))
        shares[model] = (content.likeness(decoded).max(axis=1) < limit).mean()
    assert 0.5 > shares["autoencoder"] > shares["vae"] > 0.01
    # The maps begin where one decodes to a garment, and the other to none.
    begun = {m: alike(content, m, [content.facts()["start"]]).max() for m in MODELS}
    assert begun["autoencoder"] < limit < begun["vae"]


def beyond(content, model: str) -> list[tuple[float, float]]:
    """Return the two places of a model's map, far apart, that are unlike every garment."""
    sides = np.linspace(-2.9, 2.9, 30)
    spots = np.stack(np.meshgrid(sides, sides), axis=-1).reshape(-1, 2)
    far = spots[alike(content, model, spots).max(axis=1) < content.facts()["unlike"] - 0.005]
    return [tuple(far[0]), tuple(far[np.linalg.norm(far - far[0], axis=1).argmax()])]


def move(page, model: str, place: tuple[float, float]) -> None:
    """Go to a place with the two sliders, one after the other."""
    for axis, value in enumerate(place):
        slider(page, model, axis).fill(f"{value:.2f}")


GOAL = "Find a picture unlike every garment."
ACKNOWLEDGED = "◆ Unlike every garment. Find another."


def line(page) -> list[str]:
    """Return what stands above the maps: the goal, or that it is reached; and the count."""
    return page.locator(".two-maps-found > span").all_inner_texts()


def counted(plain: int, vae: int) -> str:
    return f"Found so far: plain autoencoder {plain}, VAE {vae}."


def test_a_picture_unlike_every_garment_is_acknowledged_and_counted_once(home, content):
    home.get_by_label("drag both together").uncheck()
    home.evaluate(
        """() => {
          window.told = [];
          const count = document.querySelector('.two-maps-found [role=status]');
          new MutationObserver(() => window.told.push(count.textContent))
            .observe(count, { childList: true });
        }"""
    )
    marks = "document.querySelector('.widget-live').widget.views.autoencoder.plane.marks.length"
    places = content.places["autoencoder"]
    plain = places[alike(content, "autoencoder", places).max(axis=1).argmax()].tolist()
    first, second = beyond(content, "autoencoder")
    assert home.evaluate(marks) == 0
    move(home, "autoencoder", first)
    assert "◆ unlike every garment" in verdicts(home).first.inner_text()
    seen = home.evaluate(marks)
    assert line(home) == [ACKNOWLEDGED, counted(seen, 0)]
    canvas(home, "autoencoder").focus()
    for key in ("ArrowRight", "ArrowLeft"):  # the same find
        home.keyboard.press(key)
    assert line(home) == [ACKNOWLEDGED, counted(seen, 0)]
    assert len(home.evaluate("window.told")) == seen >= 1
    move(home, "autoencoder", plain)  # the count stays
    assert "unlike" not in verdicts(home).first.inner_text()
    assert line(home) == [GOAL, counted(home.evaluate(marks), 0)]
    move(home, "autoencoder", second)
    assert home.evaluate(marks) > seen
    assert verdicts(home).nth(1).inner_text().endswith("● like a garment")


def test_where_the_maps_begin_is_acknowledged_and_nobodys_find(home):
    assert "◆ unlike every garment" in verdicts(home).first.inner_text()
    assert line(home) == [ACKNOWLEDGED, counted(0, 0)]
    box = canvas(home, "autoencoder").bounding_box()
    x, y = places(home)["autoencoder"]
    home.mouse.click(box["x"] + box["width"] * (3 + x) / 6, box["y"] + box["height"] * (3 - y) / 6)
    canvas(home, "autoencoder").focus()
    home.keyboard.press("ArrowLeft")
    home.get_by_role("button", name="Back to the start").click()
    assert line(home) == [ACKNOWLEDGED, counted(0, 0)]


SAID = """() => ['.two-maps-found', '.two-maps-verdicts strong:last-child'].map(name =>
  [...document.querySelectorAll(name)].some(each => each.textContent.startsWith('◆')))"""


def test_every_way_to_a_place_is_acknowledged_by_the_same_rule(home, content):
    first, _ = beyond(content, "autoencoder")
    home.evaluate(f"location.hash = '#z={first[0]:.2f},{first[1]:.2f},0,0&m=two_maps'")
    home.wait_for_function("document.querySelector('.widget-live').widget.finds.autoencoder.length")
    assert line(home) == [ACKNOWLEDGED, counted(1, 0)]
    home.get_by_label("both alike").check()
    home.get_by_role("button", name="Draw 1,000 and count").click()
    home.get_by_role("button", name="Show the loneliest of each").click()
    acknowledged, unlike = home.evaluate(SAID)
    assert acknowledged == unlike
    home.evaluate(
        f"""() => {{
          const {{ widget }} = document.querySelector('.widget-live');
          const discover = widget.discover.bind(widget);
          window.said = [];
          widget.discover = (...given) => {{ discover(...given); window.said.push(({SAID})()); }};
        }}"""
    )
    home.get_by_role("button", name="Walk", exact=True).click()
    home.wait_for_function("window.said.length === 91")
    said = home.evaluate("window.said")
    assert all(acknowledged == unlike for acknowledged, unlike in said)
    assert {unlike for _, unlike in said} == {True, False}


@pytest.mark.parametrize("width", [320, 390, 601, 768, 1024, 1200, 1366, 1440])
def test_nothing_moves_while_a_point_does(visit, width):
    with visit(PAGE, width) as found:
        found.page.wait_for_selector(LIVE)
        tops = found.page.evaluate(
            """() => {
              const { widget } = document.querySelector('.widget-live');
              const names = ['', '-verdicts', '-words', ' + .widget-controls'];
              const parts = names.flatMap(end => [...document.querySelectorAll('.two-maps' + end)]);
              const tops = parts.map(() => new Set());
              for (let n = 0; n < 625; n++) {
                const place = [Math.floor(n / 25) / 4 - 3, (n % 25) / 4 - 3];
                widget.go([place, place]);
                parts.forEach((part, i) =>
                  tops[i].add(Math.round(part.getBoundingClientRect().top)));
              }
              return tops.map(each => [...each]);
            }"""
        )
        assert [len(each) for each in tops] == [1] * 6
        assert (tops[1], tops[3]) == (tops[2], tops[4])  # side by side


@pytest.mark.parametrize(("width", "height"), [(390, 844), (1366, 768)])
def test_the_first_screen_says_what_the_maps_show(visit, width, height):
    with visit(PAGE, width) as found:
        found.page.set_viewport_size({"width": width, "height": height})
        found.page.wait_for_selector(LIVE)
        found.page.evaluate("scrollTo(0, 0)")
        for shown in (".two-maps-found", ".plane canvas", ".two-maps-verdicts", ".widget-picture"):
            for box in [each.bounding_box() for each in found.page.locator(shown).all()]:
                assert box["y"] + box["height"] <= height, shown


def test_a_drag_finds_one_place_and_so_does_a_key_that_is_held(home, content):
    home.get_by_label("drag both together").uncheck()
    part = "document.querySelector('.widget-live').widget"
    unlike = f"{part}.views.autoencoder.unlike"
    finds = f"{part}.finds.autoencoder"
    first, second = beyond(content, "autoencoder")
    box = canvas(home, "autoencoder").bounding_box()
    at = [
        (box["x"] + box["width"] * (3 + x) / 6, box["y"] + box["height"] * (3 - y) / 6)
        for x, y in (first, (0, 0), second)
    ]
    home.mouse.move(*at[0])
    home.mouse.down()
    assert home.evaluate(f"[{unlike}, {finds}.length]") == [True, 1]
    for place in at[1:]:
        home.mouse.move(*place, steps=12)
    home.mouse.up()
    assert home.evaluate(f"[{unlike}, {finds}.length]") == [True, 1]
    home.mouse.click(*at[2])
    assert home.evaluate(f"{finds}.length") == 2
    for target in (canvas(home, "autoencoder"), slider(home, "autoencoder", 0)):
        home.evaluate(f"{part}.moveAll([[3, 3], [0, 0]]); {finds}.length = 0")
        target.focus()
        places = []
        for _ in range(60):  # a key that is down sends this again and again
            home.keyboard.down("ArrowLeft")
            places += [home.evaluate(f"{unlike} && {part}.places.autoencoder[0]")]
        home.keyboard.up("ArrowLeft")
        there = [x for x in places if x is not False]
        assert max(there) - min(there) > 0.5
        assert home.evaluate(f"{finds}.length") == 1


@pytest.mark.parametrize(("slower", "most"), [(1, 5), (4, 16)])
def test_the_nearest_garment_is_found_within_a_frame(home, slower, most):
    session = home.context.new_cdp_session(home)
    session.send("Emulation.setCPUThrottlingRate", {"rate": slower})
    median = home.evaluate(
        """() => {
          const { models } = document.querySelector('.widget-live').widget;
          const times = Array.from({ length: 100 }, (_, i) => {
            const place = [3 * Math.sin(i), 3 * Math.cos(2 * i)];
            const began = performance.now();
            for (const model of ['autoencoder', 'vae'])
              models.resemble(models.decode(model, place));
            return performance.now() - began;
          });
          return times.sort((a, b) => a - b)[50];
        }"""
    )
    assert median < most


def test_the_page_answers_as_keras_did(home, content):
    layout = content.trained.layout
    for model in MODELS:
        name = f"{model}_decoder"
        x, y = content.trained.networks[name].example
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
    with visit(PAGE, 390, has_touch=True, is_mobile=True) as found:
        found.page.wait_for_selector(LIVE)
        map_ = canvas(found.page, "autoencoder")
        map_.scroll_into_view_if_needed()
        map_.tap(position={"x": 30, "y": 40})
        size = map_.bounding_box()["width"]
        expected = [6 * 30 / size - 3, 3 - 6 * 40 / size]
        assert places(found.page)["autoencoder"] == pytest.approx(expected, abs=0.05)
        assert map_.evaluate("c => getComputedStyle(c).touchAction") == "pan-y pinch-zoom"


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
    assert {"range", "checkbox", "radio", "Random code", "Walk", "Copy link"} <= reached
    assert {"Back to the start", "Trouser", "Draw 1,000 and count"} <= reached


def test_apart_each_point_goes_its_own_way(home):
    home.get_by_label("drag both together").uncheck()
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
        end = content.places[model][goal]
        assert np.abs(end).max() < 3
        home.wait_for_function(
            f"""() => {{
              const place = document.querySelector('.widget-live').widget.places.{model};
              return Math.hypot(place[0] - {end[0]}, place[1] - {end[1]}) < 1e-3;
            }}"""
        )


def test_with_less_motion_a_walk_jumps_in_five_steps(visit):
    with visit(PAGE, reduced_motion="reduce") as found:
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


HEARD = """() => {
  window.heard = [];
  const output = document.querySelector('.widget-spoken');
  new MutationObserver(() => window.heard.push(output.textContent))
    .observe(output, { childList: true });
}"""


def test_a_screen_reader_hears_the_end_of_a_move_and_nothing_unasked(home):
    home.evaluate(HEARD)
    home.wait_for_timeout(1000)
    assert home.evaluate("window.heard") == []
    assert home.locator(".widget-spoken").inner_text() == ""
    slider(home, "vae", 0).focus()
    for _ in range(10):
        home.keyboard.press("ArrowRight")
    home.wait_for_timeout(1200)
    heard = home.evaluate("window.heard")
    assert 1 <= len(heard) <= 2
    one = r"(a hole|near [\w/ -]+), (unlike every garment|like [\w/ -]+)"
    assert re.fullmatch(
        rf"[−\d.]+, [−\d.]+\. Plain autoencoder: {one}\. Variational autoencoder: {one}\.",
        heard[-1],
    ), heard[-1]
    assert re.fullmatch(r"−?\d\.\d\d", slider(home, "vae", 0).get_attribute("aria-valuetext"))


def test_a_class_can_be_brought_out_on_both_maps(home):
    button = home.get_by_role("button", name="Sandal")
    before = canvas(home, "vae").screenshot()
    button.click()
    assert button.get_attribute("aria-pressed") == "true"
    home.wait_for_timeout(200)
    assert canvas(home, "vae").screenshot() != before
    button.click()
    assert button.get_attribute("aria-pressed") == "false"
    home.mouse.move(0, 0)
    home.wait_for_timeout(200)
    whole = canvas(home, "vae").screenshot()
    button.hover()
    home.wait_for_timeout(200)
    assert canvas(home, "vae").screenshot() != whole
    home.mouse.move(0, 0)
    home.wait_for_timeout(200)
    assert canvas(home, "vae").screenshot() == whole


def test_the_task_is_answered_by_counting(home, content):
    home.get_by_label("the plain autoencoder", exact=True).check()
    before = places(home)
    button = home.get_by_role("button", name="Draw 1,000 and count")
    button.focus()
    home.keyboard.press("Enter")
    home.wait_for_selector(".widget-answer p")
    assert button.evaluate("b => b === document.activeElement")
    assert places(home) == before
    text = home.locator(".widget-answer p").inner_text()
    assert text.startswith("Right.")
    found = re.search(r"codes (\d+) fall .* autoencoder, (\d+) into .* it would be (\d+)\.", text)
    spots = np.random.default_rng(0).normal(size=(4000, 2))
    expected = [(content.distances(model, spots) > 0.2).mean() for model in MODELS]
    control = np.random.default_rng(1).normal(size=(1000, 2))
    expected.append((likeness.nearest_distance(spots, control) > 0.2).mean())
    for count, share in zip(found.groups(), expected, strict=True):
        assert int(count) / 1000 == pytest.approx(share, abs=0.045)
    home.get_by_role("button", name="Show the loneliest of each").click()
    for model in MODELS:
        assert content.distances(model, np.array([places(home)[model]]))[0] > 0.2
        assert max(map(abs, places(home)[model])) < 3


def test_the_answer_of_the_task_holds_for_the_models_of_this_build(content):
    spots = np.random.default_rng(1).normal(size=(4000, 2))
    plain, vae = ((content.distances(model, spots) > 0.2).mean() for model in MODELS)
    control = np.random.default_rng(2).normal(size=(1000, 2))
    chance = (likeness.nearest_distance(spots, control) > 0.2).mean()
    assert plain > 1.5 * vae > 1.5 * chance
    start = np.array([content.facts()["start"]])
    assert content.distances("autoencoder", start)[0] > 0.2
    assert content.distances("vae", start)[0] < 0.2


def test_a_link_has_the_places(visit, home):
    home.get_by_label("drag both together").uncheck()
    canvas(home, "vae").focus()
    home.keyboard.press("Home")
    home.keyboard.press("Shift+ArrowLeft")
    home.get_by_role("button", name="Copy link").click()
    home.wait_for_function("location.hash.length > 1")
    fragment = home.evaluate("location.hash")
    assert fragment == "#m=two_maps&z=0.2,0.9,-0.5,0"
    with visit("book/foundations/regular_spaces.html" + fragment) as found:
        found.page.wait_for_selector(LIVE)
        assert places(found.page) == {"autoencoder": [0.2, 0.9], "vae": [-0.5, 0]}
        top = found.page.evaluate("document.querySelector('.widget').getBoundingClientRect().top")
        assert abs(top) < 900


def test_a_link_leads_to_the_very_place(visit, home):
    box = canvas(home, "vae").bounding_box()
    home.mouse.click(box["x"] + 0.3217 * box["width"], box["y"] + 0.4391 * box["height"])
    home.get_by_role("button", name="Copy link").click()
    home.wait_for_function("location.hash.length > 1")
    shown = home.locator(".two-maps").inner_text()
    with visit(PAGE + home.evaluate("location.hash")) as found:
        found.page.wait_for_selector(LIVE)
        assert places(found.page) == places(home)
        assert found.page.locator(".two-maps").inner_text() == shown


@pytest.mark.parametrize(
    ("z", "expected"),
    [
        ("0.20,0.90,-0.50,0.00", {"autoencoder": [0.2, 0.9], "vae": [-0.5, 0]}),
        ("1,1", {"autoencoder": [1, 1], "vae": [1, 1]}),
        ("-9,2", {"autoencoder": [-3, 2], "vae": [-3, 2]}),
    ],
)
def test_older_links_lead_where_they_led(visit, home, z, expected):
    link = f"#z={z}&m=two_maps"
    with visit(PAGE + link) as found:
        found.page.wait_for_selector(LIVE)
        assert places(found.page) == expected
    home.evaluate("link => { location.hash = link; }", link)
    home.wait_for_function(f"{PLACES} === '{json.dumps(expected, separators=(',', ':'))}'")


@pytest.mark.parametrize("z", ["a,1", "1", ",", "1e99,0", "0x10,1", "NaN,0", "1,2,3"])
def test_a_strange_link_starts_as_usual(visit, z):
    with visit(f"{PAGE}#z={z}&m=two_maps") as found:
        found.page.wait_for_selector(LIVE)
        start = found.page.evaluate("document.querySelector('.widget-live').widget.start")
        assert places(found.page)["vae"] == start
        assert found.complaints == []


def test_after_missing_shared_code_the_page_can_be_loaded_again(browser, address):
    context = browser.new_context()
    page = context.new_page()
    page.route("**/_widgets/shared/plane.mjs*", lambda route: route.abort())
    page.goto(address + PAGE)
    page.wait_for_selector(".widget[data-state=failed]")
    page.unroute_all()
    page.get_by_role("button", name="Reload the page").click()
    page.wait_for_selector(LIVE)
    context.close()


@pytest.mark.parametrize(
    ("file", "body"),
    [
        ("two_maps.bin", b"\xff" * 432968),
        ("two_maps.bin", b"short"),
        ("two_maps_facts.json", b"<!doctype html><p>Please log in</p>"),
        ("two_maps.json", b"{}"),
    ],
)
def test_damaged_files_are_refused_in_a_sentence(browser, address, file, body):
    context = browser.new_context()
    page = context.new_page()
    page.route(f"**/_widgets/{file}*", lambda route: route.fulfill(status=200, body=body))
    page.goto(address + PAGE)
    page.wait_for_selector(".widget[data-state=failed]")
    said = page.locator(".widget-status").inner_text()
    assert said.startswith("This part could not be loaded")
    assert "undefined" not in said and "JSON" not in said and "http" not in said
    context.close()


def test_the_first_screen_shows_both_maps(home):
    home.evaluate("scrollTo(0, 0)")
    for model in MODELS:
        box = canvas(home, model).bounding_box()
        assert box["y"] + box["height"] < 900


def test_a_phone_shows_both_maps_and_pictures_at_once(visit):
    with visit(PAGE, 390, has_touch=True, is_mobile=True) as found:
        found.page.wait_for_selector(LIVE)
        found.page.evaluate("document.querySelector('.widget').scrollIntoView()")
        maps = [canvas(found.page, model).bounding_box() for model in MODELS]
        pictures = [box.bounding_box() for box in found.page.locator(".widget-picture").all()]
        assert maps[0]["y"] == maps[1]["y"]
        for box in maps + pictures:
            assert box["y"] >= 0
            assert box["y"] + box["height"] <= 844
        assert min(box["width"] for box in maps) > 150
        for model in MODELS:
            assert slider(found.page, model, 1).bounding_box()["height"] >= 44
        assert found.page.evaluate("document.documentElement.scrollWidth") <= 390


def swipe(page, start: tuple[float, float], end: tuple[float, float]) -> None:
    """Draw one finger over the screen in ten steps."""
    session = page.context.new_cdp_session(page)
    for i in range(11):
        x, y = (a + (b - a) * i / 10 for a, b in zip(start, end, strict=True))
        kind = "touchMove" if i else "touchStart"
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y}]})
        page.wait_for_timeout(16)
    session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    page.wait_for_timeout(300)


def test_a_finger_drags_the_ring_and_scrolls_the_page_elsewhere(visit):
    with visit(PAGE, 390, has_touch=True, is_mobile=True) as found:
        page = found.page
        page.wait_for_selector(LIVE)
        page.evaluate("document.querySelector('.widget').scrollIntoView()")
        before = places(page)
        x, y = before["autoencoder"]
        corner = [-2.6 if x > 0 else 2.6, 2.6 if y < 0 else -2.6]

        def spot(place):
            box = canvas(page, "autoencoder").bounding_box()
            side = box["width"] / 6
            return box["x"] + (place[0] + 3) * side, box["y"] + (3 - place[1]) * side

        height = page.evaluate("scrollY")
        across, down = spot(corner)
        swipe(page, (across, down), (across, down - 90))
        assert places(page) == before
        assert page.evaluate("scrollY") > height + 40
        page.evaluate("document.querySelector('.widget').scrollIntoView()")
        height = page.evaluate("scrollY")
        swipe(page, spot([x, y]), spot([x, -y]))
        assert page.evaluate("scrollY") == height
        assert places(page)["autoencoder"] == pytest.approx([x, -y], abs=0.08)
        assert places(page)["vae"] == places(page)["autoencoder"]


def test_a_walk_waits_while_it_is_out_of_view(home):
    home.get_by_role("button", name="Walk", exact=True).click()
    home.wait_for_timeout(300)
    home.evaluate("scrollTo(0, document.body.scrollHeight)")
    home.wait_for_timeout(300)
    assert home.evaluate("document.querySelector('.widget').getBoundingClientRect().bottom") < 0
    waiting = places(home)
    home.wait_for_timeout(500)
    assert places(home) == waiting
    home.evaluate("document.querySelector('.widget').scrollIntoView()")
    home.wait_for_function(f"{PLACES} !== '{json.dumps(waiting, separators=(',', ':'))}'")


@pytest.mark.parametrize("model", MODELS)
def test_a_link_may_name_one_of_the_models(visit, model):
    with visit(f"{PAGE}#z=0.4,-1.1&m={model}") as found:
        found.page.wait_for_selector(LIVE)
        assert places(found.page) == {key: [0.4, -1.1] for key in MODELS}


def test_a_map_is_drawn_before_it_comes_into_view(home):
    home.evaluate("scrollTo(0, 0)")
    canvas(home, "vae").evaluate(
        """map => {
          const box = map.closest('.widget');
          const gap = innerHeight + 100 - map.getBoundingClientRect().top;
          box.style.marginTop = `${parseFloat(getComputedStyle(box).marginTop) + gap}px`;
        }"""
    )
    home.wait_for_timeout(300)
    assert canvas(home, "vae").bounding_box()["y"] > 900
    look = "map => map.toDataURL()"
    before = canvas(home, "vae").evaluate(look)
    home.evaluate("document.querySelector('.widget-live').widget.moveAll([[1, 1], [1, 1]])")
    home.wait_for_timeout(300)
    assert canvas(home, "vae").evaluate(look) != before


@pytest.mark.parametrize(("width", "rows"), [(1280, [5] * 2), (390, [2] * 5), (320, [2] * 5)])
def test_the_classes_stand_in_even_rows(visit, width, rows):
    with visit(PAGE, width) as found:
        found.page.wait_for_selector(LIVE)
        buttons = found.page.locator(".widget-legend button").all()
        tops = [round(button.bounding_box()["y"]) for button in buttons]
        assert [tops.count(top) for top in sorted(set(tops))] == rows


@pytest.mark.parametrize("slower", [1, 4])
def test_a_code_is_decoded_within_a_frame(home, slower):
    widget = "document.querySelector('.widget-live').widget"
    work = f"n => {widget}.set('vae', [Math.sin(n), Math.cos(n)])"
    assert median_time(home, work, slower, 201) < 16


def test_nothing_is_loaded_before_it_comes_into_view(visit):
    with visit("book/guide/notation.html") as found:
        urls = found.page.evaluate("performance.getEntriesByType('resource').map(r => r.name)")
        assert not [url for url in urls if "_widgets" in url or "widgets.css" in url]
