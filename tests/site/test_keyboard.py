"""With the keys alone: what can be reached, what shows it, and what previews and figures do."""

import pytest

pytestmark = pytest.mark.slow


@pytest.fixture
def page(visit):
    with visit("book/foundations/elbo.html") as found:
        yield found.page
        assert found.complaints == []


def test_every_stop_of_the_tab_key_is_visible_and_shows_its_focus(page):
    seen = []
    for _ in range(60):
        page.keyboard.press("Tab")
        stop = page.evaluate(
            """() => { const node = document.activeElement, style = getComputedStyle(node);
            return [node.outerHTML.slice(0, 90), style.outlineStyle, parseFloat(style.outlineWidth),
                    node.getClientRects().length]; }"""
        )
        seen.append(stop)
    assert len({stop[0] for stop in seen}) > 40
    assert [stop for stop in seen if stop[1] == "none" or stop[2] < 2 or stop[3] == 0] == []


def test_the_first_stop_leads_to_the_text(page):
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.evaluate("location.hash") == "#main-content"


def test_the_colour_button_keeps_the_focus_and_names_the_mode(page):
    button = page.locator(".theme-switch-button:visible").first
    button.focus()
    modes = []
    for _ in range(3):
        page.keyboard.press("Enter")
        page.wait_for_timeout(50)
        modes.append(page.evaluate("document.activeElement.getAttribute('aria-label')"))
    assert sorted(modes) == ["Color mode: auto", "Color mode: dark", "Color mode: light"]


def test_a_preview_shows_where_a_term_leads_and_escape_closes_it(page):
    page.locator("article a.reference.internal[href*='glossary.html#']").first.focus()
    preview = page.locator("#preview")
    preview.wait_for()
    assert len(preview.inner_text()) > 40
    assert page.evaluate("document.activeElement.getAttribute('aria-describedby')") == "preview"
    page.keyboard.press("Escape")
    assert preview.is_hidden()


@pytest.mark.parametrize("kind", ["figure", "citation", "equation"])
def test_figures_citations_and_equations_have_previews(page, kind):
    selector = {
        "figure": "a[href*='#fig-']",
        "citation": "a[href*='bibliography.html#']",
        "equation": "a.reference[href^='#equation-']",
    }[kind]
    page.locator(f"article {selector}").first.focus()
    page.locator("#preview").wait_for()
    held = {"figure": "img, svg", "citation": "p, dd", "equation": ".katex"}[kind]
    assert page.locator("#preview").locator(held).count() > 0


def test_a_figure_is_enlarged_by_enter_and_closed_by_escape(page):
    page.locator(".figure-enlarge").first.focus()
    page.keyboard.press("Enter")
    dialog = page.locator(".figure-dialog")
    assert dialog.is_visible()
    before = page.locator(".figure-enlarge img").first.bounding_box()["width"]
    assert dialog.locator("img").bounding_box()["width"] > before
    page.keyboard.press("Escape")
    assert dialog.is_hidden()
    assert page.evaluate("document.activeElement.className") == "figure-enlarge"


def test_whoever_wants_less_motion_gets_none(visit):
    with visit("book/foundations/elbo.html", reduced_motion="reduce") as found:
        moving = found.page.evaluate(
            "[...document.querySelectorAll('*')].filter(e => "
            "getComputedStyle(e).transitionDuration.split(',').some(t => parseFloat(t) > 0)).length"
        )
    assert moving == 0


def test_with_forced_colours_verdicts_are_still_words(visit):
    with visit("book/foundations/elbo.html", forced_colors="active") as found:
        form = found.page.locator(".question form").first
        form.locator("input[data-right=false]").first.check()
        form.locator("button").click()
        assert form.locator(".question-verdict").inner_text().startswith("Not quite.")
