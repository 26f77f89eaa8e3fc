"""The toy of the KL: as exact as SciPy, moved by every means, and true in what it answers."""

import math
import re

import numpy as np
import pytest
from browser import arrive, in_view
from dragging import by_finger, by_mouse, centre, points
from scipy.integrate import quad
from scipy.optimize import minimize
from timing import median_time

pytestmark = pytest.mark.slow
NAME, PAGE = "kl_toy", "book/foundations/kl_divergence.html"
WIDGET = f"[data-widget={NAME}]"
TOY = f"document.querySelector('{WIDGET} .widget-live').widget"
NUMBER = re.compile(r"[+-]?\d+(\.\d+)?")
FOCUSED = """(({ ariaLabel, textContent, value }) =>
  ariaLabel || textContent || value)(document.activeElement)"""
STARTS = [(m, s) for m in (-3.5, -1, 0.5, 2.5) for s in (0.2, 0.8, 3)]


def some_q(dimensions: int, count: int = 12) -> list[dict]:
    """Return Gaussians from all over the sliders, the corners among them."""
    rng = np.random.default_rng(5)
    drawn = [
        {
            "mean": rng.uniform(-4, 4, dimensions).tolist(),
            "sd": rng.uniform(0.2, 3, dimensions).tolist(),
        }
        for _ in range(count)
    ]
    corners = [
        {"mean": [m] * dimensions, "sd": [s] * dimensions} for m in (-4, 4) for s in (0.2, 3)
    ]
    return drawn + corners


def by_page(page, target: str, gaussians: list[dict]) -> list[dict]:
    """Return both KLs and their positive parts as the page calculates them."""
    return page.evaluate(
        f"""([target, all]) => all.map(q => Object.fromEntries(["qp", "pq"].map(way =>
          [way, [{TOY}.toy.kl(target, way, q), {TOY}.toy.targets[target].positive(way, q)]])))""",
        [target, gaussians],
    )


def log_density(target: str, z: float) -> float:
    """Return the log density of a target on the line, written out once more."""

    def gaussian(mean, sd):
        return math.exp(-(((z - mean) / sd) ** 2) / 2) / sd / math.sqrt(2 * math.pi)

    if target == "one":
        return -z * z / 2 - math.log(2 * math.pi) / 2
    mixed = 0.6 * gaussian(-2, 0.7) + 0.4 * gaussian(2, 0.5)
    if mixed > 1e-300:
        return math.log(mixed)
    mean, sd, weight = (-2, 0.7, 0.6) if abs(z + 2) / 0.7 < abs(z - 2) / 0.5 else (2, 0.5, 0.4)
    return math.log(weight / sd / math.sqrt(2 * math.pi)) - ((z - mean) / sd) ** 2 / 2


def by_quadrature(target: str, direction: str, q: dict) -> float:
    """Return a KL on the line by SciPy's adaptive quadrature."""
    (mean,), (sd,) = q["mean"], q["sd"]

    def integrand(z):
        log_q = -(((z - mean) / sd) ** 2) / 2 - math.log(sd * math.sqrt(2 * math.pi))
        log_p = log_density(target, z)
        first, ratio = (log_q, log_q - log_p) if direction == "qp" else (log_p, log_p - log_q)
        return math.exp(first) * ratio

    inside = sorted({mean - 6 * sd, mean, mean + 6 * sd, -4.0, -2.0, 0.0, 2.0, 4.0})
    return quad(integrand, -30, 30, points=inside, limit=400, epsabs=1e-10)[0]


def choose(page, target: str) -> None:
    page.locator(WIDGET).get_by_role("radio", name=target).check()


def state(page) -> dict:
    return page.evaluate(f"{TOY}.q")


@pytest.mark.parametrize("target", ["one", "peaks"])
def test_sums_on_the_line_agree_with_quadrature(page, content, target):
    gaussians = some_q(1)
    for q, found in zip(gaussians, by_page(page, target, gaussians), strict=True):
        for direction in ("qp", "pq"):
            expected = by_quadrature(target, direction, q)
            assert found[direction][0] == pytest.approx(expected, abs=1e-6)
            assert content.kl(target, direction, q["mean"], q["sd"]) == pytest.approx(
                expected, abs=1e-6
            )


def test_sums_in_the_plane_agree_with_exact_nodes(page, content):
    gaussians = some_q(2)
    for q, found in zip(gaussians, by_page(page, "banana", gaussians), strict=True):
        for direction in ("qp", "pq"):
            expected = content.kl("banana", direction, q["mean"], q["sd"])
            assert found[direction][0] == pytest.approx(expected, rel=1e-9, abs=1e-6)
            assert found[direction][1] >= found[direction][0] - 1e-6


def test_the_closed_form_of_the_chapter_is_shown_beside_the_sum(page):
    choose(page, "one Gaussian")
    for q in some_q(1):
        (mean,), (sd,) = q["mean"], q["sd"]
        expected = (mean**2 + sd**2 - 1 - math.log(sd**2)) / 2
        page.evaluate(f"q => {TOY}.move(q)", q)
        assert page.evaluate(f"{TOY}.values.qp") == pytest.approx(expected, abs=1e-6)
        text = page.locator(".toy-check").inner_text()
        assert f"KL(q‖p) = {expected:.6f}" in text
        assert "agree with both to six digits" in text


def test_parts_add_up_as_printed(page):
    for target in ("one Gaussian", "two peaks", "a banana"):
        choose(page, target)
        for q in some_q(2 if target == "a banana" else 1):
            page.evaluate(f"q => {TOY}.move(q)", q)
            parts = page.locator(".toy-caption span").all_inner_texts()
            plus, minus, total = (
                float(NUMBER.search(text.replace("−", "-"))[0]) for text in parts[:3]
            )
            assert plus + minus == pytest.approx(total, abs=1e-9)
            assert total == pytest.approx(page.evaluate(f"{TOY}.values.qp"), rel=0.01, abs=0.01)


def test_what_lies_outside_of_the_plot_is_said(page):
    caption = page.locator(".toy-caption")
    page.evaluate(f"{TOY}.move({{ mean: [0], sd: [1] }})")
    assert "outside" not in caption.inner_text()
    page.evaluate(f"{TOY}.move({{ mean: [4], sd: [3] }})")
    assert "(part of it lies outside the plot)" in caption.inner_text()


def test_descents_end_where_independent_searches_do(page, content):
    for direction in ("pq", "qp"):
        ends = page.evaluate(
            f"""([way, starts]) => starts.map(([m, s]) =>
              {TOY}.toy.bottom("peaks", way, {{ mean: [m], sd: [s] }}))""",
            [direction, STARTS],
        )

        def cost(at, direction=direction):
            return content.kl("peaks", direction, at[:1], np.exp(at[1:] / 2))

        minima = [minimize(cost, [m, 2 * math.log(s)]).x for m, s in ((-2, 0.7), (2, 0.5))]
        distances = [
            [np.abs([end["mean"][0] - m, end["sd"][0] - math.exp(v / 2)]).max() for m, v in minima]
            for end in ends
        ]
        assert np.min(distances, axis=1).max() < 1e-3
        apart = np.abs(minima[0] - minima[1]).max()
        if direction == "pq":
            (mean,), (sd,) = content.moments("peaks")
            assert apart < 1e-3
            assert minima[0] == pytest.approx([mean, 2 * math.log(sd)], abs=1e-4)
        else:
            assert apart > 3
            assert set(np.argmin(distances, axis=1)) == {0, 1}  # some starts lead to either


def test_the_answer_is_right_from_every_start(page):
    found = page.evaluate(
        f"starts => starts.map(([m, s]) => {TOY}.toy.compare({{ mean: [m], sd: [s] }}))", STARTS
    )
    for row in found:
        assert row["pq"]["both"] and not row["qp"]["both"]
    widget = page.locator(WIDGET)
    widget.locator(".widget-task").get_by_label("KL(q‖p)", exact=True).check()
    widget.get_by_role("button", name="Descend both").click()
    assert widget.locator(".widget-answer").inner_text().startswith("Not quite.")
    widget.locator(".widget-task").get_by_label("KL(p‖q)", exact=True).check()
    widget.get_by_role("button", name="Descend both").click()
    first, second = widget.locator(".widget-answer p").all_inner_texts()
    assert first.startswith("Right. Down KL(q‖p): 0.510 nats") and "left peak alone" in first
    assert "on both peaks" in second


@pytest.mark.parametrize("target", ["a banana", "one Gaussian"])
def test_the_task_says_that_it_changes_the_target_and_leads_back(page, target):
    widget, task = page.locator(WIDGET), page.locator(f"{WIDGET} .widget-task")
    choose(page, target)
    slider = widget.get_by_role("slider").first
    slider.focus()
    page.keyboard.press("ArrowRight")
    before = page.evaluate(f"{TOY}.state")
    task.get_by_label("KL(p‖q)", exact=True).check()
    descend = widget.get_by_role("button", name="Descend both")
    descend.click()
    assert widget.get_by_role("radio", name="two peaks").is_checked()
    answer = task.get_by_role("status")
    assert answer.inner_text().startswith("Right. Down KL(q‖p)")
    assert f"about two peaks, so p is no longer {target}" in answer.inner_text()
    assert ("q has begun anew" in answer.inner_text()) == (target == "a banana")
    answer.get_by_role("button", name=f"Back to {target}").press("Enter")
    assert page.evaluate(f"{TOY}.state") == before
    assert widget.get_by_role("radio", name=target).is_checked()
    status = widget.locator(".toy-status")
    assert status.inner_text() == f"The target is {target} again, and q is where it was."
    assert answer.inner_text() == ""
    assert descend.evaluate("button => button === document.activeElement")


@pytest.mark.parametrize("direction", ["qp", "pq"])
def test_presets_are_what_python_finds(page, content, direction):
    name, fit = {"qp": ("mode-seeking", content.seeking), "pq": ("mode-covering", content.moments)}[
        direction
    ]
    for target, title in (("peaks", "two peaks"), ("banana", "a banana")):
        choose(page, title)
        page.locator(WIDGET).get_by_role("button", name=name).click()
        for kind, expected in zip(("mean", "sd"), fit(target), strict=True):
            np.testing.assert_allclose(state(page)[kind], expected, atol=1e-3)
        assert page.evaluate(f"{TOY}.target") == target
        said = page.locator(".toy-status").inner_text()
        assert said.startswith(f"The {name} fit to {title}")
    page.locator(WIDGET).get_by_role("button", name="q = p (one Gaussian)").click()
    assert page.locator(".toy-card strong").all_inner_texts() == ["0.000", "0.000"]
    page.evaluate(f"{TOY}.hand({{ mean: [2] }})")
    page.locator(WIDGET).get_by_role("button", name=name).click()
    assert page.evaluate(f"{TOY}.target") == "one"  # whose fits are all the same
    assert state(page) == {"mean": [0], "sd": [1]}
    assert "its own fit in both directions" in page.locator(".toy-status").inner_text()


@pytest.mark.parametrize("motion", ["reduce", "no-preference"])
def test_a_descent_from_its_own_end_says_so(visit, motion):
    with visit(PAGE, reduced_motion=motion) as found:
        widget = arrive(found.page, NAME)
        status = widget.locator(".toy-status")
        button = widget.get_by_role("button", name="Descend KL(q‖p)")
        button.click()
        status.get_by_text("At the bottom: ").wait_for()
        assert status.inner_text().endswith("smaller than 0.510 nats.")
        button.click()
        status.get_by_text("Already at the bottom").wait_for()
        widget.get_by_role("slider", name="q: mean").fill("1")
        assert status.inner_text() == ""


def test_the_choice_of_the_integrand_has_a_name_for_all(page):
    group = page.locator(WIDGET).get_by_role("radiogroup", name="Show the integrand of")
    assert group.get_by_text("Show the integrand of").is_visible()
    assert group.get_by_role("radio").count() == 2


def test_an_answer_goes_with_its_target(page):
    widget = page.locator(WIDGET)
    answer = widget.locator(".widget-answer")
    widget.locator(".widget-task").get_by_label("neither").check()
    for leave in (
        lambda: choose(page, "one Gaussian"),
        lambda: widget.get_by_role("button", name="Reset q").click(),
        lambda: widget.get_by_role("button", name="mode-covering").click(),
    ):
        widget.get_by_role("button", name="Descend both").click()
        assert answer.inner_text()
        assert widget.locator("[clip-path] .curves-ghost").first.get_attribute("d")
        leave()
        assert answer.inner_text() == ""
        assert not widget.locator("[clip-path] .curves-ghost").first.get_attribute("d")


@pytest.mark.parametrize("width", [1440, 1280, 390])
def test_nothing_moves_away_under_the_hand(visit, width):
    with visit(PAGE, width, reduced_motion="reduce") as found:
        widget = arrive(found.page, NAME)

        def places():
            return widget.locator(".toy-sliders, .toy-cards, fieldset").evaluate_all(
                "nodes => nodes.map(node => node.getBoundingClientRect().top + scrollY)"
            )

        before = places()
        widget.get_by_role("button", name="Descend both").click()
        assert places() == before
        widget.get_by_role("button", name="Descend KL(q‖p)").click()
        assert places() == before
        widget.get_by_role("slider", name="q: mean").fill("4")
        widget.get_by_role("slider", name="q: sd").fill("3")
        assert "outside" in widget.locator(".toy-caption").inner_text()
        assert places() == before


def test_the_mouse_drags_peak_and_shoulders(page):
    widget = page.locator(WIDGET)
    unit = widget.locator("svg.curves").first.bounding_box()["width"] / 360 * 312 / 12  # of z
    by_mouse(page, widget.locator(".curves-handle.middle"), 2 * unit)
    assert state(page)["mean"] == pytest.approx([2.5], abs=0.02)
    assert state(page)["sd"] == [1.2]
    by_mouse(page, widget.locator(".curves-handle.width:visible").nth(1), -unit)  # the left one
    assert state(page)["sd"] == pytest.approx([2.2], abs=0.02)
    assert state(page)["mean"] == pytest.approx([2.5], abs=0.02)
    by_mouse(page, widget.locator(".curves-handle.middle"), 3000)
    assert state(page)["mean"] == [4]
    choose(page, "a banana")
    unit = widget.locator("svg.curves").first.bounding_box()["width"] / 360 * 31.2
    by_mouse(page, widget.locator(".curves-handle.middle"), -unit, -unit)
    assert state(page)["mean"] == pytest.approx([0, 2], abs=0.03)
    by_mouse(page, widget.locator(".curves-handle.width:visible").nth(2), 0, -unit)  # the upper one
    assert state(page)["sd"] == pytest.approx([0.6, 1.1], abs=0.03)


def test_a_finger_drags_a_handle_and_scrolls_beside_it(visit):
    with visit(PAGE, 390, has_touch=True, is_mobile=True) as found:
        widget = arrive(found.page, NAME)
        before = state(found.page)
        x, y = centre(widget.locator(".curves-handle.middle"))
        by_finger(found.page, (x, y), -60)
        after = state(found.page)
        assert after["mean"][0] < before["mean"][0] - 2
        assert after["sd"] == before["sd"]
        scroll = found.page.evaluate("scrollY")
        x, y = centre(widget.locator(".curves-handle.middle"))
        by_finger(found.page, (x + 120, y + 10), 0, -150)
        found.page.wait_for_function(f"scrollY > {scroll} + 50")
        assert state(found.page) == after


@pytest.mark.parametrize("target", ["two peaks", "a banana"])
def test_on_a_phone_both_numbers_are_seen_with_every_handle_and_slider(visit, target):
    with visit(PAGE, 390, has_touch=True, is_mobile=True) as found:
        found.page.set_viewport_size({"width": 390, "height": 844})
        toy = arrive(found.page, NAME)
        toy.get_by_label(target, exact=True).check()
        brief = toy.locator(".toy-brief")
        handles = toy.locator(".curves-handle:visible").all()
        assert len(handles) >= 3
        for control in [*handles, *toy.get_by_role("slider").all()]:
            control.evaluate("node => node.scrollIntoView({ block: 'center' })")
            assert in_view(found.page, brief)
        before = brief.inner_text()
        toy.get_by_role("slider").first.fill("1.5")
        assert brief.inner_text() != before
        cards = toy.locator(".toy-card strong").all_inner_texts()
        assert brief.inner_text() == f"KL(q‖p) {cards[0]} · KL(p‖q) {cards[1]} nats"


def test_where_the_cards_are_near_the_numbers_stand_there_alone(page):
    assert not page.locator(".toy-brief").is_visible()


def test_keys_alone_reach_everything(page):
    widget = page.locator(WIDGET)
    widget.get_by_role("radio", name="two peaks").focus()
    seen = []
    for _ in range(12):
        page.keyboard.press("Tab")
        seen.append(page.evaluate(FOCUSED))
    assert seen[:11] == [
        "q: mean", "q: sd", "qp", "Descend KL(q‖p)", "Descend KL(p‖q)",
        "q = p (one Gaussian)", "mode-seeking fit", "mode-covering fit", "Reset q", "qp",
        "Descend both from where q is",
    ]  # fmt: skip
    slider = widget.get_by_role("slider", name="q: mean")
    slider.focus()
    page.keyboard.press("ArrowRight")
    assert state(page)["mean"] == pytest.approx([0.55])
    assert slider.get_attribute("aria-valuetext") == "0.55"
    page.wait_for_timeout(700)
    said = widget.locator(".widget-spoken").inner_text()
    assert said.startswith("q: mean 0.55, sd 1.20; KL(q‖p) ") and said.endswith(" nats")
    widget.get_by_role("button", name="Descend KL(p‖q)").focus()
    page.keyboard.press("Enter")
    page.wait_for_function(f"Math.abs({TOY}.q.sd[0] - 2.0577) < 1e-3")


def test_a_descent_waits_while_it_is_out_of_view_and_ends_at_a_touch(page):
    widget = page.locator(WIDGET)
    page.evaluate(f"{TOY}.move({{ mean: [-4], sd: [3] }})")
    widget.get_by_role("button", name="Descend KL(q‖p)").click()
    page.wait_for_function(f"{TOY}.q.sd[0] < 2.9")
    page.evaluate("scrollTo(0, 0)")
    page.wait_for_timeout(300)
    still = state(page)
    page.wait_for_timeout(300)
    assert state(page) == still
    widget.scroll_into_view_if_needed()
    page.wait_for_function(f"{TOY}.q.sd[0] < {still['sd'][0]}")
    widget.get_by_role("slider", name="q: sd").focus()
    page.keyboard.press("End")
    page.wait_for_timeout(200)
    assert state(page)["sd"] == [3]


def test_with_less_motion_a_descent_is_a_jump(visit, content):
    with visit(PAGE, reduced_motion="reduce") as found:
        arrive(found.page, NAME).get_by_role("button", name="Descend KL(p‖q)").click()
        assert state(found.page)["sd"] == pytest.approx(
            content.moments("peaks")[1].tolist(), abs=1e-3
        )


def test_the_curves_are_those_of_python(page, content):
    page.evaluate(f"{TOY}.move({{ mean: [-1], sd: [0.9] }})")
    window = page.evaluate(f"[{TOY}.plots.densities.y, {TOY}.plots.integrand.y]")
    q = lambda z: np.exp(-(((z + 1) / 0.9) ** 2) / 2) / 0.9 / math.sqrt(2 * math.pi)  # noqa: E731
    p = lambda z: np.exp(content.log_p("peaks", z))  # noqa: E731
    drawn = {
        ".curves-p": (window[0], p),
        ".curves-q": (window[0], q),
        ".curves-ink": (window[1], lambda z: q(z) * np.log(q(z) / p(z))),
    }
    for path, (y, function) in drawn.items():
        across, down = points(page.locator(f"{WIDGET} [clip-path] {path}")).T
        assert len(across) == 281
        z = -6 + (across - 40) * 12 / 312
        pixels = 236 - function(z) * 226 / (y[1] - y[0]) + 226 * y[0] / (y[1] - y[0])
        np.testing.assert_allclose(down, pixels, atol=0.8)


def test_contours_of_the_banana_lie_where_its_density_says(page, content):
    choose(page, "a banana")
    across, down = points(page.locator(f"{WIDGET} [clip-path] .curves-p")).T
    y = page.evaluate(f"{TOY}.plots.densities.y")
    places = np.stack(
        [-5 + (across - 40) * 10 / 312, y[0] + (236 - down) * (y[1] - y[0]) / 226], axis=1
    )
    inside = (places[:, 1] < y[1] - 0.06) & (np.abs(places[:, 0]) < 4.9)
    top = content.log_p("banana", np.array([[0, -1.5]]))[0]
    radius = np.sqrt(2 * (top - content.log_p("banana", places[inside])))
    levels = np.array([0.5, 1, 1.5, 2, 2.5, 3])
    assert np.abs(radius[:, None] - levels).min(axis=1).max() < 0.1
    assert inside.sum() > 500


@pytest.mark.parametrize(("slower", "limit"), [(1, 16), (4, 50)])
def test_it_follows_the_hand(page, slower, limit):
    for target in ("two peaks", "a banana"):
        choose(page, target)
        work = f"n => {TOY}.hand({{ mean: {TOY}.q.mean.map(m => m + 0.01 * (-1) ** n) }})"
        assert median_time(page, work, slower) < limit


def test_two_of_them_do_not_meet(page):
    found = page.evaluate(
        f"""async () => {{
          const {{ default: widget }} =
            await import(new URL("../../_widgets/{NAME}.mjs", location));
          const el = document.createElement("div");
          const files = new URL("../../_widgets/", location).href;
          document.querySelector("{WIDGET} .widget-live").after(el);
          const stop = await widget.render({{ model: {{ get: () => files }}, el }});
          el.querySelector("input").click();
          const ids = [...document.querySelectorAll("{WIDGET} [id]")].map(node => node.id);
          stop();
          return [{TOY}.target, el.widget.target, ids.length - new Set(ids).size];
        }}"""
    )
    assert found == ["peaks", "one", 0]
