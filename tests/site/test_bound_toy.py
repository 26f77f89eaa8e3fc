"""The toy of the ELBO: the bound and its gap add up to the evidence, whatever is done to q."""

import math
from itertools import combinations, pairwise

import numpy as np
import pytest
from browser import arrive
from dragging import by_finger, by_mouse, centre, points
from scipy.integrate import quad
from scipy.optimize import minimize
from timing import median_time

from latents import records

pytestmark = pytest.mark.slow
NAME, PAGE = "bound_toy", "book/foundations/elbo.html"
WIDGET = f"[data-widget={NAME}]"
TOY = f"document.querySelector('{WIDGET} .widget-live').widget"


def somewhere(count: int = 15) -> list[tuple[float, float, float]]:
    """Return x, mean and sd from all over the sliders, the corners among them."""
    rng = np.random.default_rng(6)
    drawn = [(rng.uniform(-2, 4), rng.uniform(-3, 3), rng.uniform(0.1, 2)) for _ in range(count)]
    return drawn + [(x, m, s) for x in (-2.0, 4.0) for m in (-3.0, 3.0) for s in (0.1, 2.0)]


def go(page, decoder: str, x: float, mean: float, sd: float) -> dict:
    """Bring the page to a place; return its account."""
    return page.evaluate(
        f"""([decoder, x, mean, sd]) => {{
          {TOY}.see(decoder, x);
          {TOY}.set({{ mean: [mean], sd: [sd] }});
          return {{ ...{TOY}.account, evidence: {TOY}.model.evidence }};
        }}""",
        [decoder, x, mean, sd],
    )


def state(page) -> dict:
    return page.evaluate(f"{TOY}.q")


@pytest.mark.parametrize("decoder", ["line", "square"])
def test_bound_and_gap_are_the_evidence_everywhere(page, content, decoder):
    for x, mean, sd in somewhere():
        found = go(page, decoder, x, mean, sd)
        assert found["elbo"] + found["gap"] == pytest.approx(found["evidence"], abs=1e-6)
        assert found["gap"] > -1e-9
        expected = content.account(decoder, x, mean, sd)
        for name in ("D", "R", "elbo", "gap", "evidence"):
            assert found[name] == pytest.approx(expected[name], abs=1e-6), name


@pytest.mark.parametrize("decoder", ["line", "square"])
def test_the_sums_agree_with_closed_forms_and_quadrature(page, decoder):
    for x, m, s in somewhere():
        found = go(page, decoder, x, m, s)
        error = (x - m) ** 2 + s**2
        if decoder == "square":
            error = x**2 - 2 * x * (m**2 + s**2) + m**4 + 6 * m**2 * s**2 + 3 * s**4
        assert found["D"] == pytest.approx(error + math.log(math.pi) / 2, abs=1e-6)
        assert found["R"] == pytest.approx((m**2 + s**2 - 1) / 2 - math.log(s), abs=1e-6)

        def joint(z, x=x):
            middle = z if decoder == "line" else z * z
            return math.exp(-((x - middle) ** 2) - z * z / 2) / math.sqrt(2) / math.pi

        evidence = math.log(quad(joint, -8, 8, points=[-2, -1, 0, 1, 2], epsabs=1e-13)[0])
        assert found["evidence"] == pytest.approx(evidence, abs=1e-6)


def test_it_starts_with_the_numbers_of_the_text(page):
    metrics = records.read("elbo", "quick")["metrics"]
    text = page.locator(".toy-equations").inner_text().replace("−", "-")
    for name in ("scalar_elbo", "scalar_gap", "scalar_evidence"):
        assert f"{metrics[name]:.3f}" in text


def test_equations_add_up_as_printed(page):
    for decoder in ("line", "square"):
        for place in somewhere(6):
            go(page, decoder, *place)
            small = page.locator(".toy-equations span").all_inner_texts()
            elbo, expected, rate, evidence, again, gap = (
                float(text.split("\n")[-1].replace("−", "-")) for text in small
            )
            assert elbo == again
            assert elbo == pytest.approx(expected - rate, abs=1e-9)
            assert evidence == pytest.approx(elbo + gap, abs=1e-9)


def test_a_descent_finds_the_posterior_where_it_is_gaussian(page):
    for x, mean, sd in somewhere(5):
        go(page, "line", x, mean, sd)
        path = page.evaluate(
            f"[...{TOY}.model.descend({TOY}.q)].map(q => {TOY}.model.account(q).elbo)"
        )
        assert all(b > a for a, b in pairwise(path))
        end = page.evaluate(f"{TOY}.model.bottom({TOY}.q)")
        assert end["mean"][0] == pytest.approx(x / 1.5, abs=1e-4)
        assert end["sd"][0] == pytest.approx(math.sqrt(1 / 3), abs=1e-4)


def test_the_answer_of_the_task_is_right(page, content):
    def cost(at):
        return -content.account("square", 3, at[0], math.exp(at[1]))["elbo"]

    starts = [(m, v) for m in (-2.5, -1, 0.1, 1, 2.5) for v in (-1.5, 0, 0.6)]
    best = min((minimize(cost, start) for start in starts), key=lambda found: found.fun)
    gap = content.account("square", 3, best.x[0], math.exp(best.x[1]))["gap"]
    assert gap == pytest.approx(math.log(2), abs=0.1)
    widget = page.locator(WIDGET)
    widget.get_by_label("nothing").check()
    widget.get_by_role("button", name="Look for the best q").click()
    assert page.evaluate(f"{TOY}.account.gap") == pytest.approx(gap, abs=1e-5)
    answer = widget.locator(".widget-answer")
    assert answer.inner_text().startswith("Not quite. ")
    assert f"its gap is {gap:.3f} nats" in answer.inner_text()
    q, posterior = page.evaluate(
        f"""() => {{
          const {{ q, model }} = {TOY};
          const peak = 1 / (q.sd[0] * Math.sqrt(2 * Math.PI));
          return [peak, Math.exp(model.logPosterior(q.mean[0]))];
        }}"""
    )
    assert q / posterior == pytest.approx(2, abs=0.1)  # "about twice the posterior"
    widget.get_by_label("about log 2").check()
    widget.get_by_role("button", name="Look for the best q").click()
    assert answer.inner_text().startswith("Right. ")
    assert "From the prior" in answer.inner_text()  # there, no step is taken:
    assert page.evaluate(f"[...{TOY}.model.descend({TOY}.facts.prior)].length") == 0


def best_gap(content, x: float) -> float:
    """Return the smallest gap of the square at x, by searches of SciPy from many places."""

    def gap(at):
        return content.account("square", x, at[0], math.exp(at[1]))["gap"]

    starts = [(m, v) for m in (-1.6, -0.6, 0, 1.6) for v in (-1.5, 0)]
    return min(minimize(gap, start).fun for start in starts)


def test_the_closing_question_can_be_answered(page, content):
    widget = page.locator(WIDGET)
    best = widget.get_by_role("button", name="Best q for this x")
    assert not best.is_visible()
    widget.get_by_label("about log 2").check()
    widget.get_by_role("button", name="Look for the best q").click()
    for x in (1.5, 2, 0.5):
        widget.get_by_role("slider", name="x", exact=True).fill(str(x))
        assert widget.get_by_text("smallest gap found").count() == 0
        best.click()
        assert page.evaluate(f"{TOY}.model.x") == x
        gap = page.evaluate(f"{TOY}.account.gap")
        assert gap == pytest.approx(best_gap(content, x), abs=1e-4)
        expected = f"At x = {x:.2f} the smallest gap found is {gap:.3f} nats"
        assert widget.get_by_text(expected).is_visible()


@pytest.mark.parametrize("motion", ["reduce", "no-preference"])
def test_a_descent_says_where_it_has_ended(visit, content, motion):
    with visit(PAGE, reduced_motion=motion) as found:
        widget = arrive(found.page, NAME)
        status = widget.locator(".toy-status").first
        before = widget.bounding_box()
        go(found.page, "square", 3, 0, 1)  # the prior
        widget.get_by_role("button", name="Raise the ELBO").click()
        gap, best = round(content.account("square", 3, 0, 1)["gap"], 3), best_gap(content, 3)
        more = gap - round(best, 3)
        status.get_by_text(
            f"No small step raises the ELBO: gap {gap:.3f} nats, {more:.3f} more than the best"
        ).wait_for()
        assert state(found.page) == {"mean": [0], "sd": [1]}
        widget.get_by_role("slider", name="q: mean").fill("1.4")
        assert status.inner_text() == ""
        widget.get_by_role("button", name="Raise the ELBO").click()
        status.get_by_text(f"gap {best:.3f} nats, as small as with the best q found").wait_for()
        assert widget.bounding_box() == before


WORDS = f"""() => [...document.querySelectorAll("{WIDGET} .bars > text")]
  .filter(text => text.style.display !== "none")
  .map(text => [text.textContent, text.getBBox()])
  .map(([words, {{ x, y, width, height }}]) => [words, x, y, x + width, y + height])"""


@pytest.mark.parametrize("width", [1280, 390])
def test_words_and_numbers_have_room(visit, width):
    with visit(PAGE, width) as found:
        page = found.page
        widget = arrive(page, NAME)
        for decoder in ("line", "square"):
            for x in (-2, -1, 1, 2, 3, 4):
                for mean, sd in ((1.5, 0.1), (-3, 2), (0, 1), (3, 0.1), (x / 1.5, 0.6)):
                    go(page, decoder, x, mean, sd)
                    for (one, *a), (other, *b) in combinations(page.evaluate(WORDS), 2):
                        apart = a[2] <= b[0] or b[2] <= a[0] or a[3] <= b[1] or b[3] <= a[1]
                        assert apart, f"{one} on {other} at {decoder}, {x}, {mean}, {sd}"
        # Lines run behind words: these come later, with a rim in the colour of the ground.
        assert widget.locator(".bars > text ~ path").count() == 0
        rim = "text => [getComputedStyle(text).paintOrder, getComputedStyle(text).strokeWidth]"
        assert widget.locator(".bars > text").first.evaluate(rim) == ["stroke", "4px"]
        go(page, "line", -2, 1.5, 0.1)
        tall, tight = widget.locator(".toy-equations").evaluate(
            """box => {
              const words = node => {
                const range = document.createRange();
                range.selectNodeContents(node);
                return range.getBoundingClientRect();
              };
              const names = [...box.querySelectorAll("small")].map(node => words(node).height);
              const rows = [...box.querySelectorAll("p")].map(row => [...row.children].map(words));
              const gaps = rows.flatMap(row => row.slice(1).map((at, i) => at.left - row[i].right));
              return [Math.max(...names), Math.min(...gaps)];
            }"""
        )
        assert tall < 20
        assert tight > 0


def test_a_handle_at_the_edge_is_dimmed_and_does_not_jump(page):
    widget = page.locator(WIDGET)
    go(page, "line", 1.5, 3, 2)  # the right shoulder is at 5, beyond the plot
    right, left = widget.locator(".curves-handle.width").all()
    assert [node.get_attribute("data-kept") for node in (right, left)] == ["true", "false"]
    opacity = "node => getComputedStyle(node.lastElementChild).opacity"
    assert [node.evaluate(opacity) for node in (right, left)] == ["0.5", "1"]
    by_mouse(page, right, 0)
    assert state(page)["sd"] == [2]
    unit = widget.locator("svg.curves").first.bounding_box()["width"] / 360 * 312 / 7
    by_mouse(page, right, -0.5 * unit)
    assert state(page)["sd"] == pytest.approx([1.5], abs=0.02)


@pytest.mark.parametrize("palette", ["light", "dark"])
@pytest.mark.parametrize("look", ["light", "dark"])
def test_plots_take_the_colours_of_the_system(visit, look, palette):
    with visit(PAGE, scheme=palette, forced_colors="active") as found:
        widget = arrive(found.page, NAME)
        found.page.evaluate(f"document.documentElement.dataset.theme = '{look}'")
        colours = widget.evaluate(
            """box => {
              const probe = box.appendChild(document.createElement("i"));
              probe.style.forcedColorAdjust = "none";
              const system = ["CanvasText", "Highlight", "LinkText"].map(name => {
                probe.style.color = name;
                return getComputedStyle(probe).color;
              });
              const is = (path, kind) => getComputedStyle(box.querySelector(path))[kind];
              const plot = ".curves:not(.bars) [clip-path]";
              return [system, [is(".curves text", "fill"), is(`${plot} .curves-q`, "stroke"),
                is(`${plot} .curves-p`, "stroke")], [is(".curves-axis", "stroke"),
                is(".curves-hatch.plus", "stroke"), is(".curves-hatch.minus", "stroke")]];
            }"""
        )
        system, seen, rest = colours
        assert seen == system
        assert rest == [system[0]] * 3


def test_sliders_are_easy_to_hit(visit):
    for width, least, options in ((1440, 24, {}), (1024, 44, {"has_touch": True})):
        with visit(PAGE, width, **options, is_mobile=bool(options)) as found:
            ranges = arrive(found.page, NAME).locator(".toy-sliders input")
            assert min(ranges.evaluate_all("all => all.map(one => one.offsetHeight)")) >= least


def test_the_bars_are_as_long_as_python_says(page, content):
    for decoder, x, mean, sd in (
        ("line", 1.5, 0.6, 0.7),
        ("square", 3, 0, 1),
        ("square", 4, -3, 2),
    ):
        go(page, decoder, x, mean, sd)
        expected = content.account(decoder, x, mean, sd)
        depth = page.evaluate(f"{TOY}.bars.depth")
        assert depth >= -expected["elbo"]
        for name, nats in (
            ("D", expected["D"]),
            ("R", expected["R"]),
            ("gap", expected["gap"]),
            ("evidence", -expected["evidence"]),
        ):
            height = page.evaluate(f"Number({TOY}.bars.parts.{name}.getAttribute('height'))")
            assert height == pytest.approx(nats * 230 / depth, abs=1e-3)


def test_the_posterior_is_drawn_as_python_has_it(page, content):
    go(page, "square", 3, 0, 1)
    top = page.evaluate(f"{TOY}.plot.y[1]")
    across, down = points(page.locator(f"{WIDGET} [clip-path] .curves-p")).T
    z = -3.5 + (across - 40) * 7 / 312
    posterior = np.exp(content.log_joint("square", 3) - content.evidence("square", 3))
    expected = 236 - np.interp(z, content.grid, posterior) * 226 / top
    np.testing.assert_allclose(down, expected, atol=1.5)


def test_the_mouse_drags_peak_and_shoulders(page):
    widget = page.locator(WIDGET)
    evidence = page.evaluate(f"{TOY}.model.evidence")
    unit = widget.locator("svg.curves").first.bounding_box()["width"] / 360 * 312 / 7
    by_mouse(page, widget.locator(".curves-handle.middle"), -unit)
    assert state(page)["mean"] == pytest.approx([-0.4], abs=0.02)
    by_mouse(page, widget.locator(".curves-handle.width").first, 0.5 * unit)
    assert state(page)["sd"] == pytest.approx([1.207], abs=0.02)
    assert page.evaluate(f"{TOY}.model.evidence") == evidence


def test_a_finger_drags_too(visit):
    with visit(PAGE, 390, has_touch=True, is_mobile=True) as found:
        widget = arrive(found.page, NAME)
        by_finger(found.page, centre(widget.locator(".curves-handle.middle")), 50)
        assert state(found.page)["mean"][0] > 1.6


def test_keys_alone_reach_everything(page, content):
    widget = page.locator(WIDGET)
    line = widget.get_by_role("radio", name="N(z, ½)")
    line.focus()
    page.keyboard.press("ArrowRight")
    assert page.evaluate(f"{TOY}.model.decoder") == "square"
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowRight")
    assert page.evaluate(f"{TOY}.model.x") == pytest.approx(1.55)
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowLeft")
    assert state(page)["mean"] == pytest.approx([0.55])
    page.keyboard.press("Tab")
    page.keyboard.press("End")
    assert state(page)["sd"] == [2]
    page.wait_for_timeout(700)
    expected = content.account("square", 1.55, 0.55, 2)
    said = widget.locator(".widget-spoken").inner_text().replace("−", "-")
    assert said.startswith("x 1.55; q: mean 0.55, sd 2.00; ")
    assert f"ELBO {expected['elbo']:.2f}, gap {expected['gap']:.2f} nats" in said
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")  # descend
    page.wait_for_function(f"{TOY}.account.gap < 0.8")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")  # the prior
    assert state(page) == {"mean": [0], "sd": [1]}
    assert page.evaluate(f"{TOY}.account.R") == pytest.approx(0, abs=1e-9)


def test_with_less_motion_a_descent_is_a_jump(visit):
    with visit(PAGE, reduced_motion="reduce") as found:
        arrive(found.page, NAME).get_by_role("button", name="Raise the ELBO").click()
        assert found.page.evaluate(f"{TOY}.account.gap") < 1e-6


@pytest.mark.parametrize(("slower", "limit"), [(1, 16), (4, 50)])
def test_it_follows_the_hand(page, slower, limit):
    moves = f"n => {TOY}.hand({{ mean: [0.01 * n] }})"
    sees = f"n => {TOY}.see('square', 0.1 * n)"
    assert max(median_time(page, work, slower) for work in (moves, sees)) < limit
