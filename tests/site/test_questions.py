"""A quiz question: by keyboard alone, told in words, and readable without a script."""

import pytest

pytestmark = pytest.mark.slow
PAGE = "book/foundations/elbo.html"


@pytest.fixture
def form(visit):
    with visit(PAGE) as found:
        yield found.page.locator(".question form").first


def test_it_is_a_group_of_native_inputs_with_names(form):
    assert form.locator("fieldset > legend").inner_text().startswith("Question")
    inputs = form.locator("input")
    assert inputs.count() >= 3
    for number in range(inputs.count()):
        assert form.locator("label").nth(number).inner_text().strip()
    assert form.page.get_by_role("radio").count() >= inputs.count()


def test_a_wrong_answer_and_then_the_right_one_by_keyboard_alone(form):
    page, verdict = form.page, form.locator(".question-verdict")
    right = form.locator("input").evaluate_all(
        "all => all.findIndex(i => i.dataset.right === 'true')"
    )
    count = form.locator("input").count()
    wrong = (right + 1) % count
    form.locator("input").first.focus()
    page.keyboard.press("Space")
    for _ in range(wrong):
        page.keyboard.press("ArrowDown")
    assert form.locator("input:checked").evaluate("i => Number(i.id.split('-').pop()) - 1") == wrong
    assert verdict.inner_text() == ""  # moving between the options gives nothing away
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Check my answer"
    page.keyboard.press("Enter")
    assert verdict.get_attribute("role") == "status"
    assert verdict.inner_text().startswith("Not quite.")
    assert len(verdict.inner_text()) > 40  # the explanation
    marked = form.locator("label[data-verdict]")
    assert marked.get_attribute("data-verdict") == "wrong"
    page.keyboard.press("Shift+Tab")
    for _ in range((right - wrong) % count):
        page.keyboard.press("ArrowDown")
    assert verdict.inner_text() == ""
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    assert verdict.inner_text().startswith("Right.")
    mark = form.locator("label[data-verdict=right]").evaluate(
        "label => getComputedStyle(label, '::after').content"
    )
    assert "right" in mark  # a word, not a colour alone


def test_without_a_choice_it_asks_for_one(form):
    form.locator("button").click()
    assert form.locator(".question-verdict").inner_text() == "Choose an answer first."


def test_every_question_of_the_book_can_be_answered(built, visit):
    asked = 0
    for file in sorted((built / "book").glob("*/*.html")):
        if (
            'class="question ' not in file.read_text()
            and "question docutils" not in file.read_text()
        ):
            continue
        with visit(file.relative_to(built).as_posix()) as found:
            for form in found.page.locator(".question form").all():
                form.locator("input[data-right=true]").first.check()
                form.locator("button").click()
                assert form.locator(".question-verdict").inner_text().startswith("Right.")
                asked += 1
    assert asked >= 15
