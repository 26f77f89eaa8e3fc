"""Every page, in light and dark, on a desk and on a phone: nothing broken, nothing shut out."""

import re
from collections import ChainMap, Counter
from itertools import product

import pytest

from finish_pages import pages

pytestmark = pytest.mark.slow
WIDTHS, SCHEMES = (1440, 390), ("light", "dark")
WHOLE = [(1440, "light"), (390, "dark")]  # all rules; colours alone in the other two
CUT = """() => {
  const article = document.querySelector('article');
  if (!article) return [];
  const edge = article.getBoundingClientRect().right + 2;
  const found = [];
  for (const node of article.querySelectorAll('.katex:not(.katex-display .katex)')) {
    if (node.closest('pre, .math-box, .text_html, [hidden], details:not([open])')) continue;
    for (const base of node.querySelectorAll('.base'))
      if (base.getBoundingClientRect().right > edge + 1) found.push(node.textContent.slice(0, 60));
  }
  return found;
}"""
WIDE = """() => [...document.querySelectorAll('.math-box, .cell_input pre')]
  .filter(box => !box.closest('details:not([open])') && box.scrollWidth > box.clientWidth + 1)
  .map(box => box.textContent.trim().slice(0, 60))"""
SILENT = """() => [...document.querySelectorAll('.math-box, .highlight pre, .text_html')]
  .filter(box => box.scrollWidth > box.clientWidth + 1)
  .filter(box => box.tabIndex !== 0 || !box.hasAttribute('data-more-right')).length"""


@pytest.fixture(scope="module")
def everything(built, both, axe):
    """Visit every page once in each width and look, and return what was found in each."""

    def turn(page, scheme):
        page.emulate_media(color_scheme=scheme)
        page.wait_for_function(f"document.documentElement.dataset.theme === '{scheme}'")
        page.evaluate("document.getAnimations().forEach(animation => animation.finish())")

    def look(page, width, scheme):
        turn(page, scheme)
        return {
            "scroll": page.evaluate("document.documentElement.scrollWidth") - width,
            "ids": page.evaluate("[...document.querySelectorAll('[id]')].map(e => e.id)"),
            "cut": page.evaluate(CUT),
            "wide": page.evaluate(WIDE),
            "silent": page.evaluate(SILENT),
            "mathjax": page.evaluate("typeof MathJax !== 'undefined'"),
            "stops": page.evaluate("document.querySelectorAll('.katex [tabindex]').length"),
        }

    def looks(visit, place):
        with visit(*place) as found:
            seen = {(*place, scheme): look(found.page, place[1], scheme) for scheme in SCHEMES}
            for (_, *kind, scheme), what in seen.items():  # last: it takes boxes out for a moment
                turn(found.page, scheme)
                rules = None if (*kind, scheme) in WHOLE else ["color-contrast"]
                what["axe"] = axe(found.page, rules)
            said = {"complaints": found.complaints, "outside": found.outside}
        return {key: what | said for key, what in seen.items()}

    names = [file.relative_to(built).as_posix() for file in pages(built)]
    return dict(ChainMap(*both(looks, product(names, WIDTHS))))


def faults(everything, key, *kinds):
    """Return what was found by page, width and look (all, or some), where it is a fault."""
    return {
        place: what[key]
        for place, what in everything.items()
        if what[key] and (not kinds or place[1:] in kinds)
    }


def test_no_page_complains_or_asks_another_host(everything):
    assert len(everything) >= 4 * 25
    assert faults(everything, "complaints") == {}
    assert faults(everything, "outside") == {}


def test_no_page_scrolls_sideways(everything):
    assert faults(everything, "scroll") == {}


def test_axe_finds_nothing(everything):
    assert faults(everything, "axe") == {}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_code_and_formulas_can_be_read(visit, axe, scheme):
    with visit("book/experiments/vae.html", scheme=scheme) as found:
        assert axe(found.page, None, (".katex-html",)) == []


def test_ids_are_unique(everything):
    for place, what in everything.items():
        assert [name for name, count in Counter(what["ids"]).items() if count > 1] == [], place


def test_formulas_are_no_tab_stops_and_need_no_script(everything):
    assert faults(everything, "stops") == {}
    assert faults(everything, "mathjax") == {}


def test_no_formula_in_a_line_is_cut(everything):
    assert faults(everything, "cut") == {}


def test_no_formula_and_no_code_is_wider_than_a_desk(everything):
    assert faults(everything, "wide", (1440, "light")) == {}


def test_what_is_wider_than_a_phone_shows_it_and_can_be_scrolled_by_keys(everything):
    assert faults(everything, "silent") == {}
    assert faults(everything, "wide", (390, "light")) != {}  # the rule has something to say


def test_tables_are_as_dark_as_the_page(visit):
    with visit("book/foundations/elbo.html", scheme="dark") as found:
        colours = found.page.evaluate(
            """() => [...document.querySelectorAll('.cell_output table')].map(table => {
              let node = table, colour = '';
              while (node && /rgba\\(0, 0, 0, 0\\)|^$/.test(colour)) {
                colour = getComputedStyle(node).backgroundColor; node = node.parentElement; }
              return [colour, getComputedStyle(document.body).backgroundColor];
            })"""
        )
    assert colours
    for table, body in colours:
        assert max(map(int, re.findall(r"\d+", table)[:3])) < 64, (table, body)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_paper_is_white_and_nothing_on_it_is_cut(visit, scheme):
    with visit("book/foundations/kl_divergence.html", 720, scheme) as found:
        page = found.page
        page.emulate_media(media="print", color_scheme=scheme)
        page.evaluate("dispatchEvent(new Event('beforeprint'))")
        assert page.evaluate("document.documentElement.dataset.theme") == "light"
        assert page.evaluate(WIDE) == [] or page.evaluate(
            "[...document.querySelectorAll('.cell_input pre')]"
            ".every(pre => pre.scrollWidth <= pre.clientWidth + 1)"
        )
        assert page.pdf(format="A4").startswith(b"%PDF")
        page.evaluate("dispatchEvent(new Event('afterprint'))")
        expected = page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches")
        assert page.evaluate("document.documentElement.dataset.theme") == (
            "dark" if expected else "light"
        )


def test_printing_waits_for_the_pictures_further_down(visit):
    with visit("book/foundations/elbo.html") as found:
        page = found.page
        missing = "[...document.images].filter(i => !i.complete || !i.naturalWidth).length"
        assert page.evaluate(missing) > 0  # they load late
        page.add_init_script(f"window.print = () => {{ window.missing = {missing}; }}")
        page.reload(wait_until="networkidle")
        page.keyboard.press("Control+p")
        page.wait_for_function("window.missing !== undefined")
        assert page.evaluate("window.missing") == 0


def test_without_scripts_a_phone_has_colours_and_the_contents_of_the_book(visit):
    with visit("book/foundations/elbo.html", 390, java_script_enabled=False) as found:
        page = found.page
        assert page.locator("nav.bd-links a[aria-current=page]").is_visible()
        assert page.locator("button.primary-toggle:visible").count() == 0
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        frame = page.locator(".question").first.evaluate("q => getComputedStyle(q).borderTopColor")
        header = page.locator(".bd-header-article").first
        assert header.evaluate("h => getComputedStyle(h).backgroundColor") != "rgba(0, 0, 0, 0)"
        assert frame not in ("rgba(0, 0, 0, 0)", "transparent")


def test_without_scripts_formulas_are_drawn_and_answers_can_be_opened(visit):
    with visit("book/foundations/elbo.html", java_script_enabled=False) as found:
        page = found.page
        assert "\\(" not in page.locator("article").inner_text()
        assert page.locator("article .katex math").count() > 100
        answers = page.locator(".question-answers").first
        answers.locator("summary").click()
        assert answers.locator("li").first.is_visible()
        solution = page.locator("details.folded").first
        solution.locator("summary").click()
        assert solution.locator("p").first.is_visible()


def test_an_address_that_leads_nowhere_shows_a_page_of_the_book(visit):
    with visit("book/nowhere/at_all.html") as found:
        assert "Latent Spaces by Experiment" in found.page.title()
        assert found.page.locator("h1:visible").inner_text()
        assert found.page.locator("nav a, .sidebar-primary-items__start a").count() > 10
