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


def test_a_term_with_several_names_is_defined_in_its_preview(page):
    page.locator("article a[href$='glossary.html#term-IWAE']").first.focus()
    page.locator("#preview dd").wait_for()
    assert len(page.locator("#preview dd").inner_text()) > 40


def test_a_preview_that_comes_too_late_is_not_shown(page):
    page.route("**/glossary.html", lambda route: (page.wait_for_timeout(800), route.continue_()))
    link = page.locator("article a.reference.internal[href*='glossary.html#']").first
    link.hover()
    page.wait_for_timeout(400)
    page.mouse.move(0, 0)
    page.wait_for_timeout(1500)
    assert page.locator("#preview").is_hidden()


def test_a_preview_shows_a_figure_whole_and_in_proportion(page):
    page.locator("article a[href*='#fig-']").first.focus()
    image = page.locator("#preview img").first
    image.wait_for()
    page.wait_for_function("document.querySelector('#preview img').naturalWidth > 0")
    place = image.bounding_box()
    natural = image.evaluate("image => image.naturalWidth / image.naturalHeight")
    assert place["width"] / place["height"] == pytest.approx(natural, rel=0.02)
    assert page.locator("#preview").evaluate("box => box.scrollHeight <= box.clientHeight + 1")


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


@pytest.mark.parametrize("width", [320, 390])
def test_on_a_phone_an_enlarged_figure_is_not_smaller(visit, width):
    with visit("book/foundations/elbo.html", width) as found:
        button = found.page.locator("article figure .figure-enlarge").first
        before = button.locator("img").bounding_box()["width"]
        button.click()
        shown = found.page.locator(".figure-dialog img")
        assert (
            shown.evaluate(
                "i => Math.min(i.clientWidth, i.clientHeight * i.naturalWidth / i.naturalHeight)"
            )
            >= before - 1
        )


def test_an_enlarged_figure_is_as_bright_as_in_the_dark_page(visit):
    with visit("book/foundations/elbo.html", scheme="dark") as found:
        found.page.locator("article figure .figure-enlarge").first.click()
        filters = "i => getComputedStyle(i).filter"
        assert found.page.locator(".figure-dialog img").evaluate(filters) == "none"


MENUS = {
    "#pst-search-dialog": "button.search-button:not(.search-button-field)",
    "#pst-primary-sidebar-modal": "button.primary-toggle",
    "#pst-secondary-sidebar-modal": "button.secondary-toggle",
}


@pytest.mark.parametrize("dialog", MENUS)
def test_a_menu_has_a_name_and_gives_the_focus_back(visit, dialog):
    with visit("book/foundations/elbo.html", 390) as found:
        page, selector = found.page, f"{MENUS[dialog]}:visible"
        page.locator(selector).first.focus()
        page.keyboard.press("Enter")
        page.locator(dialog).wait_for()
        assert page.locator(dialog).get_attribute("aria-label")
        page.keyboard.press("Escape")
        page.locator(dialog).wait_for(state="hidden")
        assert page.locator(selector).first.evaluate("b => b === document.activeElement")


def test_the_button_of_the_side_bar_keeps_the_focus_on_a_desk(page):
    button = page.locator("button.primary-toggle:visible").first
    button.focus()
    page.keyboard.press("Enter")
    page.wait_for_timeout(100)
    assert button.evaluate("b => b === document.activeElement")


def test_a_section_that_was_chosen_on_a_phone_is_not_hidden_by_the_menu(visit):
    with visit("book/foundations/elbo.html", 390) as found:
        found.page.locator("button.secondary-toggle:visible").first.click()
        menu = found.page.locator("#pst-secondary-sidebar-modal")
        menu.locator("a[href='#take-away']").click()
        menu.wait_for(state="hidden")
        assert found.page.evaluate("location.hash") == "#take-away"


def test_a_link_to_a_folded_solution_opens_it(visit):
    with visit("book/foundations/elbo.html") as found:
        first, second = found.page.locator("details.solution[id]").all()[:2]
        assert [first.get_attribute("open"), second.get_attribute("open")] == [None, None]
        target = first.get_attribute("id")
        found.page.evaluate("id => { location.hash = id; }", second.get_attribute("id"))
        found.page.wait_for_function("document.querySelector('details:target').open")
        assert first.get_attribute("open") is None
    with visit(f"book/foundations/elbo.html#{target}") as found:
        found.page.wait_for_function("document.querySelector('details:target').open")
        assert found.page.evaluate("scrollY") > 1000


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
