"""How heavy pages are, and how soon they are at rest on a slow line with a slow processor."""

import gzip
from pathlib import Path

import pytest

from serve import PACKED

pytestmark = pytest.mark.slow
SLOW = {"offline": False, "latency": 40, "downloadThroughput": 1.25e6, "uploadThroughput": 1.25e6}
REST = """() => new Promise(done => {
  let end = performance.now();
  new PerformanceObserver(list => {
    for (const task of list.getEntries()) end = Math.max(end, task.startTime + task.duration);
  }).observe({type: 'longtask', buffered: true});
  const {loadEventEnd} = performance.getEntriesByType('navigation')[0];
  setTimeout(() => done(Math.max(end, loadEventEnd)), 1500);
})"""


def weight(built: Path, visit, name: str, without: str = "/none/") -> int:
    """Return how many bytes a page asks for, packed as Pages packs them, but for one folder."""
    with visit(name) as found:
        urls = found.page.evaluate(
            "[location.href, ...performance.getEntriesByType('resource').map(r => r.name)]"
        )
    root = urls[0].split("/", 3)[:3]
    files = {url.split("?")[0].removeprefix("/".join(root)).lstrip("/") for url in urls}
    total = 0
    for file in (each for each in files if without not in f"/{each}"):
        content = (built / file).read_bytes()
        total += len(gzip.compress(content, 6) if file.endswith(PACKED) else content)
    return total


def test_the_first_page_is_light(built, visit):
    assert weight(built, visit, "index.html", without="/_widgets/") < 300_000
    assert weight(built, visit, "index.html") < 1_000_000


@pytest.mark.parametrize(
    "name", ["experiments/vae", "foundations/elbo", "foundations/kl_divergence"]
)
def test_a_chapter_is_not_heavy_until_it_is_scrolled(built, visit, name):
    assert weight(built, visit, f"book/{name}.html") < 1_000_000


def seconds(visit, name: str) -> float:
    """Return when a page is at rest, with a slow line and a quarter of the processor."""
    with visit("robots.txt") as found:
        session = found.page.context.new_cdp_session(found.page)
        session.send("Network.enable")
        session.send("Network.setCacheDisabled", {"cacheDisabled": True})
        session.send("Network.emulateNetworkConditions", SLOW)
        session.send("Emulation.setCPUThrottlingRate", {"rate": 4})
        found.page.goto(found.page.url.replace("robots.txt", name))
        return found.page.evaluate(REST) / 1000


@pytest.fixture(scope="module")
def empty(built, visit):
    """How long an empty page of the same server takes."""
    file = built / "_empty.html"
    file.write_text('<!doctype html><html lang="en"><link rel="icon" href="data:,"><title>Empty')
    yield min(seconds(visit, file.name) for _ in range(3))
    file.unlink()


@pytest.mark.parametrize(
    ("name", "times"),
    [
        ("index.html", 25),
        ("book/experiments/vae.html", 40),
        ("book/foundations/elbo.html", 40),
        ("book/foundations/kl_divergence.html", 40),
    ],
)
def test_a_page_is_soon_at_rest_beside_an_empty_one(visit, empty, name, times):
    assert min(seconds(visit, name) for _ in range(2)) < times * empty
