"""Every interactive part: open to everybody, loaded when seen, replaced where it cannot run."""

import io
import json
import re
from pathlib import Path

import nbformat
import numpy as np
import pytest
from browser import arrive
from bs4 import BeautifulSoup
from contrast import contrasts
from dragging import by_finger
from matplotlib.figure import Figure
from PIL import Image

from latents import weights
from latents.widgets import WIDGETS
from latents.widgets.still import in_style

pytestmark = pytest.mark.slow
BOOK = Path(__file__).resolve().parents[2] / "book"
PLACED = re.compile(r"^```\{widget\} (\w+)$", re.M)
PLACES = {
    name: file.relative_to(BOOK.parent).with_suffix(".html").as_posix()
    for file in sorted(BOOK.rglob("*.md"), reverse=True)  # foundations before index.md
    for name in PLACED.findall(file.read_text(encoding="utf-8"))
}
EVERY_PLACE = [
    (file.relative_to(BOOK.parent).with_suffix(".html").as_posix(), name)
    for file in sorted(BOOK.rglob("*.md"))
    for name in PLACED.findall(file.read_text(encoding="utf-8"))
]
LOADED = """performance.getEntriesByType('resource')
  .map(r => r.name).filter(url => url.includes('/_widgets/'))"""


def test_every_widget_has_a_place_and_its_code():
    assert PLACES.keys() == WIDGETS.keys()
    assert {file.stem for file in (BOOK / "widgets").glob("*.mjs")} == WIDGETS.keys()


@pytest.fixture(params=WIDGETS)
def name(request):
    return request.param


def predict(widget) -> None:
    """Choose the first answer to each question of the task."""
    for choices in widget.locator(".widget-choices").all():
        choices.get_by_role("radio").first.check()


def state(widget) -> dict:
    """Return what a link would say of a live part."""
    return widget.evaluate("box => box.querySelector('.widget-live').widget.state")


@pytest.mark.parametrize("width", [1440, 390])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_is_shut_out_when_it_has_answered(visit, axe, name, width, scheme):
    with visit(PLACES[name], width, scheme) as found:
        widget = arrive(found.page, name)
        predict(widget)
        widget.locator(".widget-task button").first.click()
        found.page.wait_for_function(
            f"document.querySelector('[data-widget={name}] .widget-answer').textContent"
        )
        assert axe(found.page, within=f"[data-widget={name}]") == []
        assert found.page.evaluate("document.documentElement.scrollWidth") <= width
        if width == 390:
            small = widget.locator("button:visible, select:visible, .widget-foot a").evaluate_all(
                "nodes => nodes.filter(n => n.offsetHeight < 44).map(n => n.textContent)"
            )
            assert small == []
        assert found.complaints == found.outside == []


SHOWN = """box => {
  const copy = box.querySelector(".widget-live").cloneNode(true);
  for (const node of copy.querySelectorAll(".widget-answer, .widget-spoken")) node.remove();
  return copy.textContent;
}"""


def test_there_is_no_answer_without_a_prediction(visit, name):
    with visit(PLACES[name]) as found:
        page, widget = found.page, arrive(found.page, name)
        if name == "encoder_desk":  # its answer is about a garment that has been painted on
            widget.locator("canvas.board").press("Space")
        task = widget.locator(".widget-task")
        answer, button = task.locator(".widget-answer"), task.locator("> button")
        before = state(widget), widget.evaluate(SHOWN)
        for choices in task.locator(".widget-choices").all():
            button.press("Enter")
            assert answer.inner_text().startswith("Choose an answer")
            assert (state(widget), widget.evaluate(SHOWN)) == before
            first = choices.get_by_role("radio").first
            assert first.evaluate("radio => radio === document.activeElement")
            page.keyboard.press("Space")
            assert answer.inner_text() == ""
        button.press("Enter")
        verdict = answer.locator("strong").first
        verdict.wait_for()
        assert verdict.inner_text().strip() in ("Right.", "Not quite.")
        first.press("ArrowDown")  # the verdict was about what was chosen before
        assert not first.is_checked()
        assert not answer.locator("strong").count() and answer.inner_text()


@pytest.mark.parametrize(("place", "name"), EVERY_PLACE)
def test_a_part_is_alive_at_each_of_its_places(visit, place, name):
    with visit(place.replace("book/index.html", "index.html")) as found:
        widget = arrive(found.page, name)
        ids = found.page.evaluate("[...document.querySelectorAll('[id]')].map(node => node.id)")
        assert sorted(ids) == sorted(set(ids))
        assert widget.locator(".widget-task").is_visible()
        assert found.complaints == found.outside == []


def test_a_finger_that_scrolls_from_a_slider_leaves_its_value(visit, name):
    with visit(PLACES[name], 390, has_touch=True) as found:
        page, widget = found.page, arrive(found.page, name)
        slider = widget.locator("input[type=range]:visible").first
        if not slider.count():
            pytest.skip("it has no slider")
        slider.evaluate("slider => slider.scrollIntoView({ block: 'center' })")
        page.wait_for_timeout(100)
        box = slider.bounding_box()
        said = "s => [s.value, s.getAttribute('aria-valuetext'), scrollY]"
        *before, top = slider.evaluate(said)
        note = "s.addEventListener(kind, () => (s.dataset.seen = kind))"
        slider.evaluate(f"s => ['input', 'pointercancel'].forEach(kind => {note})")
        there = 0.9 * box["width"], box["height"] / 2
        by_finger(page, (box["x"] + there[0], box["y"] + there[1]), 0, -150)
        page.wait_for_function(f"scrollY > {top} + 50")
        *after, _ = slider.evaluate(said)
        assert after == before
        assert slider.get_attribute("data-seen") == "pointercancel"  # the only one
        slider.tap(position={"x": there[0], "y": there[1]})
        assert slider.evaluate(said)[:2] != before


def test_it_is_loaded_when_it_comes_into_view_and_what_is_missing_is_said(visit, name):
    with visit(PLACES[name]) as found:
        before = set(found.page.evaluate(LOADED))
        arrive(found.page, name)
        files = set(found.page.evaluate(LOADED))
    assert f"/{name}.mjs" not in " ".join(before)
    data = sorted({url.rpartition("/")[2] for url in files if not url.endswith((".mjs", ".png"))})
    for file in data:
        with visit(PLACES[name], blocked=f"**/_widgets/**/{file}") as found:
            widget = arrive(found.page, name, "failed")
            assert widget.locator(".widget-poster img").is_visible()
            said = widget.locator(".widget-status").inner_text()
            assert said.startswith("This part could not be loaded")
            found.page.unroute_all()
            widget.get_by_role("button", name="Try again").click()
            found.page.wait_for_selector(f"[data-widget={name}][data-state=live]")
            assert not widget.locator(".widget-poster").is_visible()
            assert widget.evaluate("box => box.contains(document.activeElement)")


def test_its_picture_waits_until_it_lives_and_then_it_needs_no_network(visit, name):
    with visit(PLACES[name]) as found:
        page, box, held = found.page, found.page.locator(f"[data-widget={name}]"), []
        code = f"**/_widgets/{name}.mjs"
        page.route(code, lambda route: held.append(route))
        assert box.get_attribute("data-state") in (None, "waiting")
        assert box.locator(".widget-poster img").is_visible()
        with page.expect_request(code):
            arrive(page, name, "loading")
        assert box.locator(".widget-status").inner_text() == "Loading …"  # no size, no bar yet
        assert box.locator(".widget-poster img").is_visible()
        assert not box.locator(".widget-live").is_visible()
        held[0].continue_()
        page.wait_for_selector(f"[data-widget={name}][data-state=live]")
        assert box.locator(".widget-status").inner_text() == ""
        assert not box.locator(".widget-poster").is_visible()
        page.context.set_offline(True)
        predict(box)
        box.locator(".widget-task button").first.click()
        page.wait_for_function(
            f"document.querySelector('[data-widget={name}] .widget-answer').textContent"
        )
        assert found.complaints == []


def test_with_the_network_cut_its_picture_stays_until_the_page_is_loaded_again(visit, name):
    with visit(PLACES[name]) as found:
        page = found.page
        image = page.locator(f"[data-widget={name}] .widget-poster img")
        # Far below it is loaded late; here it has been seen before the cut.
        image.evaluate("image => { image.loading = 'eager'; return image.decode(); }")
        page.context.set_offline(True)
        box = arrive(page, name, "failed")
        assert image.is_visible() and image.evaluate("image => image.naturalWidth") > 100
        assert box.locator(".widget-status").inner_text() == (
            "This part could not be loaded; a picture stands in its place. Reload the page"
        )
        page.context.set_offline(False)
        with page.expect_navigation():
            box.get_by_role("button", name="Reload the page").click()
        arrive(page, name)


def test_without_scripts_and_on_paper_a_picture_and_a_table_stand_there(visit, name):
    expected = len(WIDGETS[name]("quick").still().rows)
    poster = f"[data-widget={name}] .widget-poster"
    with visit(PLACES[name], java_script_enabled=False) as found:
        assert found.page.locator(f"{poster} img").is_visible()
        assert found.page.locator(f"{poster} tbody tr").count() == expected > 0
    with visit(PLACES[name]) as found:
        widget = arrive(found.page, name)
        found.page.emulate_media(media="print")
        assert found.page.locator(f"{poster} table").is_visible()
        assert not widget.locator(".widget-live").is_visible()


LINKED = "Link copied", "The link is in the address"
MOVES = {  # further buttons that change what a link carries
    "beta_lever": ["New random codes"],
    "encoder_desk": ["Draw again"],
    "training_lab": ["New seed"],
    "tfp_codes": ["100 tosses more", "Twelve others"],
}
SEEN = """box => [
  [...box.querySelectorAll(".widget-live input[type=range]")].map(range => Number(range.value)),
  [...box.querySelectorAll(".widget-live canvas")].map(canvas => {
    const small = new OffscreenCanvas(14, 14).getContext("2d");
    small.drawImage(canvas, 0, 0, 14, 14);
    return [...small.getImageData(0, 0, 14, 14).data];
  }),
]"""


def change_everything(page, widget, name: str) -> None:
    """Change all that a part has controls for, but do not answer its question."""

    def slide():
        for slider in widget.get_by_role("slider").all():
            walk = "along" in slider.evaluate("slider => slider.parentNode.textContent")
            if slider.is_enabled() and not walk:
                slider.press("ArrowLeft")

    for select in widget.locator("select").all():
        last = select.locator("option").count() - 1
        at_end = select.evaluate("select => select.selectedIndex") == last
        select.select_option(index=0 if at_end else last)
    for board in widget.locator("canvas.board").all():
        for key in ("x", "ArrowDown", "Space", "ArrowRight", "Space"):
            board.press(key)
    slide()
    for radio in widget.locator("input[type=radio]").all():
        if not radio.evaluate("radio => radio.closest('.widget-task')"):
            radio.check()  # one after the other: the last of each group stays
    slide()
    for text in MOVES.get(name, []):
        widget.get_by_role("button", name=text).click()


def settled(page, widget) -> list:
    """Return what a part shows when its decoders and trainers have answered: nothing changes."""
    found = [None]
    while len(found) < 4 or any(each != found[-1] for each in found[-4:]):
        page.wait_for_timeout(300)
        found.append(widget.evaluate(SEEN))
    return found[-1]


def same(page, widget, expected: dict) -> None:
    """Wait until a part is in a state."""
    page.wait_for_function(
        "([name, state]) => JSON.stringify(document.querySelector("
        "`[data-widget=${name}] .widget-live`).widget.state) === state",
        arg=[widget.get_attribute("data-widget"), json.dumps(expected, separators=(",", ":"))],
    )


def test_a_link_has_the_state_and_back_undoes_it(visit, name):
    with visit(PLACES[name]) as found:
        page, widget = found.page, arrive(found.page, name)
        start = state(widget)
        change_everything(page, widget, name)
        seen = settled(page, widget)
        left = state(widget)
        assert {key for key in left if left[key] == start.get(key)} <= {"toss"}
        widget.get_by_role("button", name="Copy link").press("Enter")
        page.wait_for_function("location.hash.length > 1")
        link = page.evaluate("location.hash")
        assert re.fullmatch(rf"#m={name}(&\w+=[\w.,-]+)+", link) and len(link) < 250
        assert widget.locator(".widget-spoken").inner_text() in LINKED
    with visit(PLACES[name] + link) as found:
        page, widget = found.page, arrive(found.page, name)
        same(page, widget, left)
        ranges, pictures = settled(page, widget)
        assert ranges == pytest.approx(seen[0], abs=0.011)
        for shown, expected in zip(pictures, seen[1], strict=True):
            assert np.abs(np.subtract(shown, expected)).mean() < 2
        assert found.complaints == []
    with visit(PLACES[name]) as found:
        page, widget = found.page, arrive(found.page, name)
        start = state(widget)
        page.evaluate("scrollTo(0, 0)")
        page.evaluate("link => { location.hash = link; }", link)
        same(page, widget, left)
        assert widget.evaluate("box => box === document.activeElement")
        assert abs(widget.bounding_box()["y"]) < 900
        page.go_back()
        same(page, widget, start)
        page.go_forward()
        same(page, widget, left)
        page.evaluate("location.hash = '#take-away'")  # another section leaves the part alone
        page.wait_for_timeout(50)
        assert state(widget) == left
        assert found.complaints == []


JUNK = ["", "x", "-", "NaN", "1e9", "0x10", "9" * 12, "1,2,3,4,5,6,7", "3-1_", "<b>", "__proto__"]


def test_a_link_that_makes_no_sense_changes_nothing(visit, name):
    with visit(f"{PLACES[name]}#m={name}&beta=%E0%A4%A&z=,&garment=-1") as found:
        page, widget = found.page, arrive(found.page, name)
        start = state(widget)
        if name == "encoder_desk":
            start |= {"black": "", "white": "", "mean": "", "sd": ""}
        links = [f"#m={name}&{key}={junk}" for key in start for junk in JUNK]
        for link in [*links, "#m=", "#m=nothing&z=1,1", "#m=constructor&beta=4", "#main-content"]:
            page.evaluate("link => { location.hash = link; }", link)
            page.wait_for_timeout(10)
            assert state(widget) == {key: value for key, value in start.items() if value != ""}, (
                link
            )
        assert found.complaints == []


def test_the_line_below_a_part_leads_to_its_notebook_and_its_weights(visit, name, tmp_path):
    with visit(PLACES[name]) as found:
        page, widget = found.page, arrive(found.page, name)
        foot = widget.locator(".widget-foot")
        got = {}
        for link in foot.get_by_role("link").all():
            with page.expect_download() as download:
                link.click()
            got[download.value.suggested_filename] = download.value.path().read_bytes()
        chapter = WIDGETS[name].chapter
        if chapter:
            cells = nbformat.reads(got.pop(f"{chapter}.ipynb"), as_version=4).cells
            assert f'widgets.show("{name}")' in cells[-1].source + cells[-2].source
        else:
            assert got.pop(f"{Path(PLACES[name]).stem}.ipynb")
        loaded = {url.rpartition("/")[2] for url in page.evaluate(LOADED)}
        assert set(got) == {
            f for f in loaded if f in (f"{name}.bin", f"{name}.json", "tfp_vae.onnx")
        }
        for file, content in got.items():
            (tmp_path / file).write_bytes(content)
        if f"{name}.bin" in got:
            assert weights.read(tmp_path / f"{name}.bin")
        page.emulate_media(media="print")
        assert not foot.is_visible()
    with visit(PLACES[name], java_script_enabled=False) as found:
        foot = found.page.locator(f"[data-widget={name}] .widget-foot")
        assert foot.get_by_role("link").count() > 0
        assert foot.get_by_role("button").count() == 0


@pytest.mark.parametrize(("place", "name"), EVERY_PLACE)
def test_the_line_below_a_part_says_whose_notebook_it_offers(built, place, name):
    page = BeautifulSoup((built / place).read_bytes(), "html.parser")
    (link,) = page.select(f"[data-widget={name}] a[href$='.ipynb']")
    chapter = link["href"].rpartition("/")[2].removesuffix(".ipynb")
    if chapter == Path(place).stem:
        own = "the notebook" if WIDGETS[name].chapter else "the chapter’s notebook"
        assert link.text.endswith(f" {own}")
    else:
        (other,) = built.glob(f"book/*/{chapter}.html")
        title = BeautifulSoup(other.read_bytes(), "html.parser").h1.text  # the one on paper
        assert link.text.endswith(f" the notebook of “{title}”")


def seen(page, place) -> tuple[np.ndarray, str]:
    """Return what a page shows of an element: (height, width, 3), in 0 … 255, and its filter."""
    look = Image.open(io.BytesIO(place.screenshot())).convert("RGB")
    return np.asarray(look), place.evaluate("image => getComputedStyle(image).filter")


def test_a_picture_that_waits_is_read_as_well_in_the_dark(visit, name):
    with visit(PLACES[name], 1440, blocked=f"**/_widgets/{name}.mjs") as found:
        image = arrive(found.page, name, "failed").locator(".widget-poster img")
        light, _ = seen(found.page, image)
        found.page.evaluate("document.documentElement.dataset.theme = 'dark'")
        dark, filtered = seen(found.page, image)
        assert filtered == "none"
        middle = slice(5, -5), slice(5, -5)  # the corners are round
        np.testing.assert_allclose(light[middle].astype(int), dark[middle], atol=12)
        assert (dark[5, 9:-9] == 255).all()  # the padding


@pytest.mark.parametrize("draws", ["text", "title", "ticks"])
def test_letters_of_a_picture_that_waits_stand_out_from_its_ground(draws):
    def draw():
        figure = Figure(figsize=(3, 2))
        axis = figure.subplots()
        if draws == "text":
            figure.text(0.2, 0.2, "■")
        elif draws == "title":
            axis.set_title("■")
        if draws != "ticks":
            axis.set_axis_off()
        return figure

    drawn = Image.open(io.BytesIO(in_style(draw))).convert("RGBA")
    white = Image.new("RGBA", drawn.size, "white")
    pixels = np.asarray(Image.alpha_composite(white, drawn)) / 255
    flat = pixels[..., :3].reshape(-1, 3)
    assert contrasts(flat[flat.sum(axis=1).argmin()])[0] >= 4.5


@pytest.mark.parametrize("width", [1440, 390])
def test_a_part_that_failed_says_so_first(visit, name, width):
    with visit(PLACES[name], width, blocked=f"**/_widgets/{name}.mjs") as found:
        part = arrive(found.page, name, "failed")
        said, poster = (
            part.locator(f".widget-{each}").bounding_box() for each in ("status", "poster")
        )
        assert said["y"] + said["height"] <= poster["y"]
        assert part.locator(".widget-poster table").is_visible()
