"""What readers look for, and the section that they should find first."""

import re

import pytest
from playwright.sync_api import expect

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

SPELLED = ["MNIST", "auto-encoder", "lower-bound", "mean-field", "vqvae", "keras.random.normal"]


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


@pytest.mark.parametrize("query", SPELLED)
def test_parts_and_spellings_of_a_word_are_found(dialog, query):
    dialog.locator("input[type=search]").fill(query)
    dialog.locator(".search-found [role=status]").filter(has_text="section").wait_for()
    dialog.locator(".search-found a").first.wait_for()


def test_the_number_of_results_is_announced_and_not_their_texts(dialog):
    dialog.locator("input[type=search]").fill("prior")
    said = dialog.locator(".search-found [role=status]")
    said.filter(has_text="The first 8 of").wait_for()
    assert len(said.inner_text()) < 40


def test_what_escape_has_closed_is_forgotten(visit):
    with visit("index.html") as found:
        page = found.page
        page.locator("button.search-button-field").click()
        page.keyboard.type("kl")
        page.locator(".search-found a").first.wait_for()
        page.keyboard.press("Escape")
        page.keyboard.press("Control+k")
        assert page.locator("#pst-search-dialog input[type=search]").input_value() == ""
        assert page.locator(".search-found a").count() == 0


def test_a_section_of_the_same_page_is_not_hidden_by_the_search(visit):
    with visit("book/foundations/elbo.html") as found:
        page = found.page
        page.keyboard.press("Control+k")
        page.keyboard.type("IWAE")
        page.locator(".search-found a").first.wait_for()
        page.keyboard.press("Enter")
        page.wait_for_url("**/elbo.html#more-samples-tighter-bounds")
        page.locator("#pst-search-dialog").wait_for(state="hidden")


@pytest.mark.parametrize("missing", ["search.mjs", "pagefind.js"])
def test_a_network_that_fails_is_said_and_may_come_back(visit, missing):
    with visit("index.html") as found:
        page = found.page
        page.route(f"**/{missing}*", lambda route: route.abort())
        page.keyboard.press("Control+k")
        page.keyboard.type("ELBO")
        page.get_by_text("cannot be loaded: is the network there?").first.wait_for()
        page.unroute(f"**/{missing}*")
        # The first Escape may clear the field, as Chromium has it, and the second one closes.
        while page.evaluate("document.querySelector('#pst-search-dialog').open"):
            page.keyboard.press("Escape")
        page.keyboard.press("Control+k")
        page.keyboard.type("ELBO")
        page.locator(".search-found a").first.wait_for()
        assert page.get_by_text("is the network there?").count() == 0
        assert not [
            said for said in found.complaints if "failed:" not in said and "ERR_FAILED" not in said
        ]


def test_a_reader_who_is_lost_deep_in_the_site_can_search(visit):
    with visit("a/b/nowhere") as found:
        found.page.keyboard.press("Control+k")
        found.page.keyboard.type("ELBO")
        found.page.locator(".search-found a").first.wait_for()


def test_arrows_move_and_enter_opens(visit):
    with visit("book/experiments/vae.html") as found:
        page = found.page
        page.keyboard.press("Control+k")
        page.keyboard.type("posterior collapse")
        # What was found for the first letters is replaced while the rest is typed.
        first = page.locator(".search-found a").first
        expect(first).to_have_attribute("href", re.compile(r"rate_distortion.html#posterior-coll"))
        page.keyboard.press("ArrowDown")
        assert page.evaluate("document.activeElement.closest('.search-found') !== null")
        page.keyboard.press("Enter")
        page.wait_for_url("**/rate_distortion.html#posterior-collapse")


def test_the_search_page_answers_the_query_of_its_address(visit):
    with visit("search.html?q=IWAE") as found:
        found.page.locator("#search-results a").first.wait_for()
        assert found.page.evaluate("document.activeElement.name") == "q"
        assert "elbo.html" in found.page.locator("#search-results a").first.get_attribute("href")
