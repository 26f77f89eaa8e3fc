"""A widget that loads much waits for a button, shows how it gets on, and can be tried again."""

import gzip
import re

import pytest
from browser import arrive

pytestmark = pytest.mark.slow
PAGE = "book/experiments/tfp_vae.html"
WIDGET = "[data-widget=tfp_codes]"
START = re.compile(r"^Load the decoder \((\d\.\d) MB\)$")


def test_nothing_is_loaded_until_the_button_that_names_the_size(visit):
    with visit(PAGE) as found:
        found.page.locator(WIDGET).scroll_into_view_if_needed()
        found.page.wait_for_load_state("networkidle")
        ours = "performance.getEntriesByType('resource').filter(r => /tfp|ort|bits/.test(r.name))"
        urls = f"{ours}.map(r => r.name).filter(name => /_widgets/.test(name))"
        assert [url for url in found.page.evaluate(urls) if not url.endswith(".png")] == []
        named = float(START.match(found.page.get_by_role("button", name=START).inner_text())[1])
        arrive(found.page, "tfp_codes")
        sizes = found.page.evaluate(f"{ours}.map(r => [r.name, r.decodedBodySize])")
        loaded = sum(size for name, size in sizes if "_widgets" in name and ".mjs" not in name)
        runtime = sum(size for name, size in sizes if "/ort/" in name and ".mjs" in name)
        poster = sum(size for name, size in sizes if name.endswith("tfp_codes.png"))
        assert (loaded + runtime - poster) / 1e6 == pytest.approx(named, abs=0.06)
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


def test_without_scripts_there_is_no_button(visit):
    with visit(PAGE, java_script_enabled=False) as found:
        assert found.page.locator(f"{WIDGET} .widget-poster img").is_visible()
        assert found.page.locator(f"{WIDGET} button").count() == 0
