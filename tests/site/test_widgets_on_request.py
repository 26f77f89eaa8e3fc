"""A widget that loads much waits for a button, shows how it gets on, and can be tried again."""

import gzip
import re

import pytest
from browser import arrive

from latents.widgets.modules import needed

pytestmark = pytest.mark.slow
PAGE = "book/experiments/tfp_vae.html"
WIDGET = "[data-widget=tfp_codes]"
START = re.compile(r"^Load the decoder \((\d\.\d) MB\)$")


def test_nothing_is_loaded_until_the_button_that_names_the_size(visit):
    with visit(PAGE) as found:
        found.page.locator(WIDGET).scroll_into_view_if_needed()
        found.page.wait_for_load_state("networkidle")
        ours = """performance.getEntriesByType('resource')
          .filter(r => /_widgets/.test(r.name) && !/tfp_codes.png$/.test(r.name))"""
        assert found.page.evaluate(f"{ours}.map(r => r.name)") == []
        named = float(START.match(found.page.get_by_role("button", name=START).inner_text())[1])
        arrive(found.page, "tfp_codes")
        sizes = dict(found.page.evaluate(f"{ours}.map(r => [r.name, r.decodedBodySize])"))
        assert sum(sizes.values()) / 1e6 == pytest.approx(named, abs=0.051)
        code = {
            url.rpartition("/")[2] for url in sizes if url.endswith(".mjs") and "/ort/" not in url
        }
        assert code == needed("tfp_codes.mjs").keys()
        assert found.complaints == found.outside == []


def test_keys_alone_start_it(visit):
    with visit(PAGE) as found:
        found.page.get_by_role("button", name=START).focus()
        found.page.keyboard.press("Enter")
        found.page.wait_for_selector(f"{WIDGET}[data-state=live]")
        focused = "document.activeElement"
        assert found.page.evaluate(f"{focused}.closest('{WIDGET}') !== null")
        assert found.page.evaluate(f"{focused}.tagName") == "INPUT"


@pytest.mark.parametrize(
    ("file", "damaged", "sentence"),
    [
        ("tfp_vae.onnx", False, "(tfp_vae.onnx did not arrive)"),
        ("tfp_vae.onnx", True, "(tfp_vae.onnx is damaged)"),
        ("ort/*.wasm.gz", False, "did not arrive)"),
        ("ort/*.wasm.gz", True, "(the file of the runtime is damaged)"),
        ("ort/*.mjs", True, "(this browser could not start ONNX Runtime)"),
    ],
)
def test_a_file_that_fails_leaves_the_picture_and_can_be_tried_again(
    visit, file, damaged, sentence
):
    with visit(PAGE) as found:
        page, pattern = found.page, f"**/_widgets/{file}"
        page.route(
            pattern,
            lambda route: (
                route.fulfill(body=b"\x1f\x8b no") if damaged else route.fulfill(status=404)
            ),
        )
        page.get_by_role("button", name=START).click()
        page.wait_for_selector(f"{WIDGET}[data-state=failed]")
        assert sentence in page.locator(f"{WIDGET} .widget-status").inner_text()
        assert page.locator(f"{WIDGET} .widget-poster img").is_visible()
        page.wait_for_load_state("networkidle")
        assert page.locator(f"{WIDGET} progress").count() == 0
        page.unroute(pattern)
        page.locator(WIDGET).get_by_role("button", name="Try again").click()
        page.wait_for_selector(f"{WIDGET}[data-state=live]")


def test_a_server_that_says_what_is_packed_is_understood(visit, built):
    program = built / "_widgets" / "ort" / "ort-wasm-simd-threaded.wasm.gz"
    with visit(PAGE) as found:
        found.page.route(
            f"**/{program.name}",
            lambda route: route.fulfill(body=gzip.decompress(program.read_bytes())),
        )
        arrive(found.page, "tfp_codes")


def test_a_slow_line_sees_how_much_has_arrived(visit):
    with visit(PAGE) as found:
        session = found.page.context.new_cdp_session(found.page)
        session.send("Network.enable")
        speed = {
            "offline": False,
            "latency": 40,
            "downloadThroughput": 1e6,
            "uploadThroughput": 1e6,
        }
        session.send("Network.emulateNetworkConditions", speed)
        found.page.get_by_role("button", name=START).click()
        bar = found.page.locator(f"{WIDGET} progress")
        bar.wait_for()
        seen = [bar.evaluate("bar => bar.value")]
        found.page.wait_for_timeout(1500)
        seen.append(bar.evaluate("bar => bar.value"))
        assert 0 <= seen[0] < seen[1] < 1
        found.page.wait_for_selector(f"{WIDGET}[data-state=live]")


def test_a_file_that_arrives_late_leaves_the_live_part_alone(visit):
    with visit(PAGE) as found:
        page, box, held = found.page, found.page.locator(WIDGET), []
        facts = "**/tfp_codes_facts.json"
        page.route(facts, lambda route: held.append(route))
        page.clock.install()
        page.get_by_role("button", name=START).click()
        page.wait_for_timeout(500)
        page.clock.fast_forward(31_000)
        page.wait_for_selector(f"{WIDGET}[data-state=failed]")
        page.route(facts, lambda route: route.continue_())
        box.get_by_role("button", name="Try again").click()
        page.wait_for_selector(f"{WIDGET}[data-state=live]")
        box.get_by_role("button", name="Zero code").click()
        desk = f"document.querySelector('{WIDGET} .widget-live').widget"
        page.evaluate("window.first = document.querySelector('.widget-live').widget")
        (first,) = held
        first.continue_()
        page.wait_for_timeout(3000)
        assert page.evaluate(f"{desk} === first && !first.over")
        assert page.evaluate(f"{desk}.code") == [0] * 16
        assert page.evaluate("document.activeElement.textContent") == "Zero code"
        assert found.complaints == []


def test_without_scripts_there_is_no_button(visit):
    with visit(PAGE, java_script_enabled=False) as found:
        assert found.page.locator(f"{WIDGET} .widget-poster img").is_visible()
        assert found.page.locator(f"{WIDGET} button").count() == 0
