"""What follows an interactive part stays where it is when the part comes to life."""

import json

import pytest
from browser import arrive
from test_every_widget import PLACES

from latents.widgets import WIDGETS
from widgets import HEIGHTS

pytestmark = pytest.mark.slow
# Pixels, three lines of text: other fonts, and the numbers of networks that were trained on another
# machine, break lines elsewhere. Three lines shift a page by less than the 0.05 asserted below.
LINES = 72
HEIGHT = "box => Math.round(box.getBoundingClientRect().height)"
HASTE = "box => box.scrollIntoView({ block: 'end', behavior: 'instant' }) || scrollBy(0, 250)"
SHIFTS = """
window.shift = 0;
new PerformanceObserver(list => {
  for (const { value, hadRecentInput } of list.getEntries())
    if (!hadRecentInput) window.shift += value;
}).observe({ type: 'layout-shift', buffered: true });
"""


@pytest.mark.parametrize("name", WIDGETS)
def test_the_room_that_is_kept_is_what_a_live_part_needs(visit, name):
    widths = HEIGHTS["widths"]
    with visit(PLACES[name]) as found:
        page, part = found.page, arrive(found.page, name)
        measured = []
        for width in widths:
            page.set_viewport_size({"width": width, "height": 900})
            page.wait_for_timeout(100)
            measured.append(part.evaluate(HEIGHT))
    line = f'"{name}": {json.dumps(measured)}'
    assert measured == pytest.approx(HEIGHTS[name], abs=LINES), f"live_heights.json needs {line}"


@pytest.mark.parametrize("width", [320, 390, 430, 768, 1024, 1440])
def test_the_home_page_does_not_jump(browser, address, width):
    context = browser.new_context(viewport={"width": width, "height": 844})
    context.set_default_timeout(60_000)
    page = context.new_page()
    page.add_init_script(SHIFTS)
    held = []
    page.route("**/_widgets/two_maps.mjs", lambda route: held.append(route))
    page.goto(address)
    part = page.locator("[data-widget=two_maps]")
    page.wait_for_selector("[data-widget=two_maps][data-state=loading]")
    after = part.locator("xpath=following-sibling::*[1]")
    poster = part.locator(".widget-poster img")
    assert poster.is_visible()
    before = after.evaluate("node => node.getBoundingClientRect().top + scrollY")
    tall = poster.evaluate(HEIGHT)
    for route in held:
        route.continue_()
    page.wait_for_selector("[data-widget=two_maps][data-state=live]")
    page.wait_for_timeout(500)
    now = after.evaluate("node => node.getBoundingClientRect().top + scrollY")
    assert now == pytest.approx(before, abs=40)
    assert page.evaluate("window.shift") < 0.05
    assert part.evaluate(HEIGHT) > 1.2 * tall  # there was something to keep room for
    context.close()


@pytest.mark.parametrize("name", WIDGETS)
@pytest.mark.parametrize("width", [390, 1440])
def test_no_page_jumps_when_a_part_comes_to_life(visit, name, width):
    with visit(PLACES[name], width) as found:
        page, part, held = found.page, found.page.locator(f"[data-widget={name}]"), []
        page.route(f"**/_widgets/{name}.mjs", lambda route: held.append(route))
        waits = part.evaluate(HEIGHT)
        part.evaluate(HASTE)  # what follows it is in view, where a jump would be seen
        start = part.locator(".widget-start")
        if start.count():
            start.evaluate("button => button.click()")
        page.wait_for_selector(f"[data-widget={name}][data-state=loading]")
        page.wait_for_timeout(600)
        if not hasattr(WIDGETS[name], "start"):
            assert part.evaluate(HEIGHT) == waits
        assert part.locator(".widget-poster img").is_visible()
        page.evaluate(SHIFTS)
        part.evaluate(HASTE)
        page.wait_for_timeout(300)
        before, tall = page.evaluate("window.shift"), part.evaluate(HEIGHT)
        for route in held:
            route.continue_()
        page.wait_for_selector(f"[data-widget={name}][data-state=live]")
        page.wait_for_timeout(500)
        assert page.evaluate("window.shift") - before < 0.05
        assert part.evaluate(HEIGHT) == pytest.approx(tall, abs=LINES)


@pytest.mark.parametrize("name", WIDGETS)
@pytest.mark.parametrize("width", [390, 1440])
def test_the_room_is_kept_until_the_part_is_live_or_has_failed(visit, name, width):
    with visit(PLACES[name], width, blocked=f"**/_widgets/{name}.mjs") as found:
        part = found.page.locator(f"[data-widget={name}]")
        kept = part.evaluate("box => getComputedStyle(box).minHeight")
        if hasattr(WIDGETS[name], "start"):
            assert kept == "0px"  # the reader's press makes the room
            part.evaluate("box => (box.dataset.state = 'loading')")
            kept = part.evaluate("box => getComputedStyle(box).minHeight")
        widths = HEIGHTS["widths"]
        assert float(kept.removesuffix("px")) == pytest.approx(
            HEIGHTS[name][widths.index(width)], abs=1
        )
        part.evaluate("box => (box.dataset.state = 'failed')")
        assert part.evaluate("box => getComputedStyle(box).minHeight") == "0px"


@pytest.mark.parametrize("name", WIDGETS)
def test_no_room_is_kept_on_paper_and_without_scripts(visit, name):
    for options, media in (({"java_script_enabled": False}, "screen"), ({}, "print")):
        with visit(PLACES[name], 390, **options) as found:
            found.page.emulate_media(media=media)
            frame = found.page.locator(f"[data-widget={name}]").bounding_box()
            poster = found.page.locator(f"[data-widget={name}] .widget-poster").bounding_box()
            foot = found.page.locator(f"[data-widget={name}] .widget-foot").bounding_box()
            below = foot["height"] if foot else 0  # on paper there is none
            assert frame["height"] < poster["height"] + below + 80
