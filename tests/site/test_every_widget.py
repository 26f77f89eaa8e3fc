"""Every interactive part: open to everybody, loaded when seen, replaced where it cannot run."""

import re
from pathlib import Path

import pytest
from browser import arrive
from dragging import by_finger

from latents.widgets import WIDGETS

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


@pytest.mark.parametrize("width", [1440, 390])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_is_shut_out_when_it_has_answered(visit, axe, name, width, scheme):
    with visit(PLACES[name], width, scheme) as found:
        widget = arrive(found.page, name)
        widget.locator(".widget-task input[type=radio]").first.check()
        widget.locator(".widget-task button").first.click()
        found.page.wait_for_function(
            f"document.querySelector('[data-widget={name}] .widget-answer').textContent"
        )
        assert axe(found.page, within=f"[data-widget={name}]") == []
        assert found.page.evaluate("document.documentElement.scrollWidth") <= width
        if width == 390:
            small = widget.locator("button:visible, select:visible").evaluate_all(
                "nodes => nodes.filter(n => n.offsetHeight < 44).map(n => n.textContent)"
            )
            assert small == []
        assert found.complaints == found.outside == []


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
        assert box.get_attribute("data-state") is None
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
