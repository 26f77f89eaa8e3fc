"""Find Chromium for the tests of the site, or install it."""

import os
import shutil
import subprocess
import sys

from playwright.sync_api import Locator, Page

from pdf import installed_browser

SENTENCE = (
    "The tests of the site need Chromium, which is not installed and could not be fetched: install "
    "it (on Debian and Ubuntu: apt install chromium), or name a browser with CHROMIUM=/path/to/it."
)


def chromium() -> str:
    """Return the path of a Chromium; empty for the one that Playwright has fetched itself.

    Where none is installed, one is: with apt as root, else by Playwright.
    """
    found = installed_browser()
    if found is None and _tried(_apt()):
        found = installed_browser()
    if found is None and _tried([[sys.executable, "-m", "playwright", "install", "chromium"]]):
        return ""
    if found is None:
        raise RuntimeError(SENTENCE)
    return found


def _apt() -> list[list[str]]:
    if not shutil.which("apt-get"):
        return []
    as_root = [] if os.geteuid() == 0 else ["sudo", "-n"]
    install = [*as_root, "apt-get", "install", "--yes", "--quiet", "chromium"]
    return [install, [*as_root, "apt-get", "update", "--quiet"], install]


def _tried(commands: list[list[str]]) -> bool:
    """Run commands until one has done it; the first is tried again after what lies between."""
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    for command in commands:
        try:
            done = subprocess.run(command, env=environment, capture_output=True, timeout=900)
        except (OSError, subprocess.TimeoutExpired):
            continue
        if done.returncode == 0 and "update" not in command:
            return True
    return False


def arrive(page: Page, name: str, state: str = "live") -> Locator:
    """Scroll to a widget, start it where it waits for that, and wait until it is in a state."""
    widget = page.locator(f"[data-widget={name}]")
    widget.scroll_into_view_if_needed()
    start = widget.locator(".widget-start")
    if start.is_visible():
        start.click()
    page.wait_for_selector(f"[data-widget={name}][data-state={state}]")
    return widget


def in_view(page: Page, shown: Locator) -> bool:
    """Return whether the whole of something is in the window, and nothing lies over its middle."""
    box, size = shown.bounding_box(), page.viewport_size
    assert box is not None
    assert size is not None
    free = shown.evaluate(
        """node => {
          const { left, top, width, height } = node.getBoundingClientRect();
          const found = document.elementFromPoint(left + width / 2, top + height / 2);
          return found !== null && (node.contains(found) || found.contains(node));
        }"""
    )
    return bool(free and box["y"] >= 0 and box["y"] + box["height"] <= size["height"])
