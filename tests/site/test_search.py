"""What readers look for, and the section that they should find first."""

import pytest

pytestmark = pytest.mark.slow
WANTED = {
    "reparameterization trick": "elbo.html#two-gradients-of-the-same-expectation",
    "reparametrization": "elbo.html#two-gradients-of-the-same-expectation",
    "KL": "kl_divergence.html",
    "ELBO": "elbo.html",
    "posterior collapse": "rate_distortion.html#posterior-collapse",
    "beta": "rate_distortion.html#the-ratedistortion-plane",
    "IWAE": "elbo.html#more-samples-tighter-bounds",
    "interpolation": "vae.html#semantic-interpolation",
    "download notebook": "students.html",
    "autograder": "instructors.html",
    "sampling layer": "exercises/sampling.html",
}


@pytest.fixture(scope="module")
def dialog(visit):
    with visit("index.html") as found:
        found.page.keyboard.press("Control+k")
        yield found.page.locator("#pst-search-dialog")
        assert found.complaints == [] and found.outside == []


@pytest.mark.parametrize("query", WANTED)
def test_the_section_that_treats_it_comes_first(dialog, query):
    field = dialog.locator("input[type=search]")
    field.fill("")
    dialog.locator(".search-found a").first.wait_for(state="detached")
    field.fill(query)
    first = dialog.locator(".search-found a").first
    first.wait_for()
    assert first.get_attribute("href").endswith(WANTED[query])


def test_summaries_hold_no_raw_formula(dialog):
    dialog.locator("input[type=search]").fill("distortion")
    dialog.locator(".search-found a").first.wait_for()
    assert "\\" not in dialog.locator(".search-found").inner_text()


def test_what_is_not_there_is_said(dialog):
    dialog.locator("input[type=search]").fill("qwertzuiop")
    dialog.get_by_text("No section was found for").wait_for()


def test_arrows_move_and_enter_opens(visit):
    with visit("book/experiments/vae.html") as found:
        page = found.page
        page.keyboard.press("Control+k")
        page.keyboard.type("posterior collapse")
        page.locator(".search-found a").first.wait_for()
        page.keyboard.press("ArrowDown")
        assert page.evaluate("document.activeElement.closest('.search-found') !== null")
        page.keyboard.press("Enter")
        page.wait_for_url("**/rate_distortion.html#posterior-collapse")


def test_the_search_page_answers_the_query_of_its_address(visit):
    with visit("search.html?q=IWAE") as found:
        found.page.locator("#search-results a").first.wait_for()
        assert "elbo.html" in found.page.locator("#search-results a").first.get_attribute("href")
