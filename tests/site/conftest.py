"""The built site in a real browser: served from memory of the disk, with Chromium of the system."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import pytest
from browser import arrive, chromium
from playwright.sync_api import Browser, Page, sync_playwright

from latents.widgets import WIDGETS
from serve import server

AXE = Path(__file__).resolve().parents[2] / "node_modules" / "axe-core" / "axe.min.js"
WITHOUT = """async ([where, options]) => {
  const boxes = where.exclude.flatMap(name => [...document.querySelectorAll(name)]);
  const sizes = boxes.map(box => box.getBoundingClientRect());
  const kept = boxes.map(box => [[...box.childNodes], box.getAttribute('style')]);
  boxes.forEach((box, n) => {
    box.replaceChildren();
    const [width, height] = [`${sizes[n].width}px`, `${sizes[n].height}px`];
    Object.assign(box.style, { display: 'inline-block', width, height });
  });
  try {
    return await axe.run(where, options);
  } finally {
    boxes.forEach((box, n) => {
      box.replaceChildren(...kept[n][0]);
      kept[n][1] === null ? box.removeAttribute('style') : box.setAttribute('style', kept[n][1]);
    });
  }
}"""


@dataclass
class Visit:
    """A page in the browser, and what it has said while it was loaded."""

    page: Page
    complaints: list[str] = field(default_factory=list)
    outside: list[str] = field(default_factory=list)


@contextmanager
def launched() -> Iterator[Browser]:
    """Start Chromium for the thread that asks."""
    arguments = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    path = chromium() or None
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=path, args=arguments)
        yield started
        started.close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Start Chromium; it ends with the module, for its event loop would be in others' way."""
    with launched() as started:
        yield started


@pytest.fixture(scope="session")
def address(built) -> Iterator[str]:
    """Serve the built book as ``make serve`` does."""
    http = server(built, 0)
    threading.Thread(target=http.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{http.server_port}/"
    http.shutdown()


@contextmanager
def opened(
    browser: Browser,
    address: str,
    name: str,
    width: int = 1440,
    scheme: str = "light",
    blocked: str | None = None,
    **options,
) -> Iterator[Visit]:
    """Open a page of the site, with files that match ``blocked`` missing; note its complaints."""
    context = browser.new_context(
        viewport={"width": width, "height": 900}, color_scheme=scheme, **options
    )
    context.set_default_timeout(60_000)  # other tests run beside these
    found = Visit(context.new_page())
    found.page.on("console", lambda m: _note(found, m.type, m.text))
    found.page.on("pageerror", lambda error: found.complaints.append(str(error)))
    found.page.on("requestfailed", lambda r: found.complaints.append(f"failed: {r.url}"))
    found.page.on("request", lambda r: _ask(found, r.url, address))
    found.page.on("response", lambda r: _answer(found, r))
    if blocked:
        found.page.route(blocked, lambda route: route.abort())
    pending = _pending(found.page)
    found.page.goto(address + name)
    _settle(found.page, pending)
    yield found
    context.close()


@pytest.fixture(scope="module")
def visit(browser: Browser, address):
    """Open a page as ``opened`` does."""
    return partial(opened, browser, address)


@pytest.fixture(scope="session")
def both(address):
    """Call a function with ``visit`` and each of many things, two at a time in two browsers."""

    def work(look, todo):
        with launched() as browser:
            return [look(partial(opened, browser, address), each) for each in todo]

    def worked(look, things):
        todo = iter(things)  # whoever is free takes the next
        with ThreadPoolExecutor(2) as threads:
            running = [threads.submit(work, look, todo) for _ in range(2)]
            return [found for each in running for found in each.result()]

    return worked


@pytest.fixture(scope="module")
def content(request):
    """Return what Python knows of the widget that a module tests, its ``NAME``."""
    return WIDGETS[request.module.NAME]("quick")


@pytest.fixture
def page(visit, request):
    """Open the ``PAGE`` of a module that tests a widget, and bring the widget to life."""
    with visit(request.module.PAGE) as found:
        arrive(found.page, request.module.NAME)
        yield found.page


def _pending(page: Page) -> set:
    """Return the requests of a page that are not answered yet, kept up to date."""
    pending: set = set()
    page.on("request", lambda request: pending.add(request))
    page.on("requestfinished", lambda request: pending.discard(request))
    page.on("requestfailed", lambda request: pending.discard(request))
    return pending


def _settle(page: Page, pending: set) -> None:
    """Wait until a page has asked nothing for 0.1 s; Playwright's own "networkidle" takes 0.5 s."""
    quiet = 0
    while quiet < 4:
        page.wait_for_timeout(25)
        quiet = 0 if pending else quiet + 1


def _note(found: Visit, kind: str, text: str) -> None:
    if kind in ("error", "warning"):
        found.complaints.append(text)


def _ask(found: Visit, url: str, address: str) -> None:
    if not url.startswith((address, "data:", "blob:")):
        found.outside.append(url)


def _answer(found: Visit, response) -> None:
    if response.status >= 400:
        found.complaints.append(f"{response.status}: {response.url}")


@pytest.fixture(scope="session")
def axe():
    """Return what axe-core finds on a page: rule and the first places."""

    # Thousands of pieces of formulas and code are the same everywhere: one page shows them all.
    # Elsewhere they are taken out for the moment, for axe-core goes through all that there is.
    def violations(
        page: Page,
        rules: list[str] | None = None,
        skipped: tuple[str, ...] = (".katex", ".highlight pre"),
        within: str = "html",
    ) -> list[str]:
        if not page.evaluate("'axe' in window"):
            page.evaluate(AXE.read_text(encoding="utf-8") + "; 0")
        only = {"runOnly": {"type": "rule", "values": rules}} if rules else {}
        found = page.evaluate(
            WITHOUT,
            [
                {"include": [within], "exclude": skipped},
                {"resultTypes": ["violations"], "iframes": False, **only},
            ],
        )
        return [
            f"{rule['id']} ({len(rule['nodes'])}): {rule['nodes'][0]['html'][:120]}"
            for rule in found["violations"]
        ]

    return violations
