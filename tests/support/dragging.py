"""Drag handles of a plot in the browser, by mouse and by finger, and read what it has drawn."""

import re

import numpy as np
from playwright.sync_api import FloatRect, Locator, Page

NUMBERS = re.compile(r"-?\d+(?:\.\d+)?")


def in_window(shown: Locator) -> FloatRect:
    """Bring something into the window, and return where it is there."""
    shown.scroll_into_view_if_needed()
    box = shown.bounding_box()
    assert box is not None
    return box


def centre(handle: Locator) -> tuple[float, float]:
    """Return where a handle is in the window."""
    box = in_window(handle)
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def by_mouse(page: Page, handle: Locator, right: float, down: float = 0) -> None:
    """Drag a handle by some pixels, taken a little beside its middle."""
    x, y = centre(handle)
    page.mouse.move(x + 3, y - 2)
    page.mouse.down()
    page.mouse.move(x + 3 + right, y - 2 + down, steps=4)
    page.mouse.up()


def by_finger(page: Page, start: tuple[float, float], right: float, down: float = 0) -> None:
    """Move a finger over the screen from a place."""
    session = page.context.new_cdp_session(page)
    for step in range(6):
        place = {"x": start[0] + right * step / 5, "y": start[1] + down * step / 5}
        kind = "touchMove" if step else "touchStart"
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [place]})
    session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})


def points(path: Locator) -> np.ndarray:
    """Return the corners of a path of absolute moves and lines: (n, 2), in units of the plot."""
    numbers = [float(text) for text in NUMBERS.findall(path.get_attribute("d") or "")]
    return np.array(numbers).reshape(-1, 2)
