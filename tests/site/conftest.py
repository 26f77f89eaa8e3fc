"""The built site in a real browser: served from memory of the disk, with Chromium of the system."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from browser import chromium
from playwright.sync_api import Browser, Page, sync_playwright

from serve import server

AXE = Path(__file__).resolve().parents[2] / "node_modules" / "axe-core" / "axe.min.js"


@dataclass
class Visit:
    """A page in the browser, and what it has said while it was loaded."""

    page: Page
    complaints: list[str] = field(default_factory=list)
    outside: list[str] = field(default_factory=list)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Start Chromium; it ends with the module, for its event loop would be in others' way."""
    arguments = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    path = chromium() or None
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=path, args=arguments)
        yield started
        started.close()


@pytest.fixture(scope="session")
def address(built) -> Iterator[str]:
    """Serve the built book as ``make serve`` does."""
    http = server(built, 0)
    threading.Thread(target=http.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{http.server_port}/"
    http.shutdown()


@pytest.fixture(scope="module")
def visit(browser: Browser, address):
    """Open a page of the site; what it complains about is noted."""

    @contextmanager
    def opened(name: str, width: int = 1440, scheme: str = "light", **options):
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
        found.page.goto(address + name)
        found.page.wait_for_load_state("networkidle")
        yield found
        context.close()

    return opened


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
    def violations(
        page: Page,
        rules: list[str] | None = None,
        skipped: tuple[str, ...] = (".katex", ".highlight pre"),
    ) -> list[str]:
        page.evaluate(AXE.read_text(encoding="utf-8") + "; 0")
        only = {"runOnly": {"type": "rule", "values": rules}} if rules else {}
        found = page.evaluate(
            "([where, options]) => axe.run(where, options)",
            [
                {"exclude": skipped},
                {"resultTypes": ["violations"], "iframes": False, **only},
            ],
        )
        return [
            f"{rule['id']} ({len(rule['nodes'])}): {rule['nodes'][0]['html'][:120]}"
            for rule in found["violations"]
        ]

    return violations
