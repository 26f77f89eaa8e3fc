"""The interactive parts in JupyterLab: the same modules, without an address."""

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager
from pathlib import Path

import nbformat
import pytest
from playwright.sync_api import expect

from latents.widgets import WIDGETS

pytestmark = pytest.mark.slow
NOTEBOOKS = Path(__file__).resolve().parents[2] / "book" / "notebooks"
PARTS = [name for name, part in WIDGETS.items() if part.chapter]
SHOWN = ".widget-of-a-notebook"


@contextmanager
def jupyterlab(folder: Path, records: Path):
    """Start JupyterLab in a folder, with the records of a build; yield its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    given = {"port": port, "token": "", "password": "", "root_dir": folder, "open_browser": False}
    options = [f"--ServerApp.{name}={value}" for name, value in given.items()]
    options += ["--allow-root", "--LabApp.news_url=None", "--LabApp.expose_app_in_browser=True"]
    environment = os.environ | {
        "LATENTS_RECORDS": str(records),
        "JUPYTER_CONFIG_DIR": str(folder / "config"),
        "TF_CPP_MIN_LOG_LEVEL": "3",
    }
    with (folder / "log").open("w") as log:
        server = subprocess.Popen(
            [sys.executable, "-m", "jupyterlab", *options],
            stdout=log,
            stderr=log,
            env=environment,
        )
    address = f"http://127.0.0.1:{port}/"
    try:
        for _ in range(240):
            try:
                urllib.request.urlopen(f"{address}api/status").close()
                break
            except OSError:
                time.sleep(0.5)
        yield address
    finally:
        server.terminate()
        server.wait(60)


@contextmanager
def executed(browser, address: str, name: str):
    """Open a notebook, run all its cells, and yield its page; nothing may have gone wrong there."""
    page = browser.new_page(viewport={"width": 1300, "height": 1000})
    page.set_default_timeout(180_000)
    problems = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.goto(f"{address}lab/tree/{name}")
    page.wait_for_function("window.jupyterapp?.restored")
    page.evaluate("window.jupyterapp.restored")
    page.wait_for_selector(".jp-Notebook")
    page.wait_for_function(
        "window.jupyterapp.shell.currentWidget?.sessionContext?.session?.kernel?.status === 'idle'"
    )
    page.evaluate("() => void window.jupyterapp.commands.execute('notebook:run-all-cells')")
    yield page
    assert problems == []
    page.close()


def operate(page, number: int, name: str) -> None:
    """Scroll to a part of a notebook, wait until it lives, and answer its task."""
    part = page.locator(SHOWN).nth(number)
    part.wait_for()
    part.scroll_into_view_if_needed()
    page.wait_for_function(f"document.querySelectorAll('{SHOWN}')[{number}].widget", timeout=60_000)
    assert part.get_attribute("aria-label") == WIDGETS[name].title
    part.locator(".widget-task button").first.click()
    assert part.locator(".widget-answer").inner_text().startswith("Choose an answer")
    for choices in part.locator(".widget-choices").all():
        choices.get_by_role("radio").first.check()
    part.locator(".widget-task button").first.click()
    expect(part.locator(".widget-answer")).not_to_have_text(re.compile("^(Choose.*)?$"))


def test_every_part_lives_in_jupyterlab(built, tmp_path, browser):
    cells = [nbformat.v4.new_code_cell("from latents import widgets")]
    cells += [nbformat.v4.new_code_cell(f'widgets.show("{name}")') for name in PARTS]
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3"}}
    notebook = nbformat.v4.new_notebook(cells=cells, metadata=kernel)
    nbformat.write(notebook, tmp_path / "parts.ipynb")
    records = built.parents[1] / "book" / "records"
    with (
        jupyterlab(tmp_path, records) as address,
        executed(browser, address, "parts.ipynb") as page,
    ):
        for number, name in enumerate(PARTS):
            operate(page, number, name)
        maps = page.locator(SHOWN).nth(PARTS.index("two_maps"))
        maps.locator("canvas").first.focus()
        page.keyboard.press("Home")
        page.keyboard.press("ArrowRight")
        places = maps.evaluate("part => JSON.stringify(part.widget.places)")
        assert json.loads(places)["vae"] == pytest.approx([0.1, 0])
        assert page.get_by_role("button", name="Copy link").count() == 0  # it has no address


def test_a_notebook_of_the_book_ends_with_parts_that_show_what_it_has_trained(tmp_path, browser):
    name = "regular_spaces.ipynb"  # the one that trains two parts in the shortest time
    shutil.copy(NOTEBOOKS / name, tmp_path)
    records = tmp_path / "records"  # empty: no build has left networks here
    with jupyterlab(tmp_path, records) as address, executed(browser, address, name) as page:
        last = page.locator(".jp-Notebook")
        page.wait_for_function(
            """() => {
          const { content } = window.jupyterapp.shell.currentWidget;
          const cells = content.widgets.filter(cell => cell.model.type === 'code');
          content.activeCellIndex = content.widgets.length - 1;
          return cells.every(cell => cell.model.executionCount);
        }""",
            timeout=300_000,
        )
        for number, part in enumerate(("two_maps", "encoder_desk")):
            operate(page, number, part)
        desk = last.locator(SHOWN).nth(1)
        numbers = desk.locator(".desk-table td:nth-child(2)").all_inner_texts()
        distortion, rate, bound, evidence, gap, _ = (
            float(text.replace("−", "-")) for text in numbers
        )
        assert bound == pytest.approx(distortion + rate, abs=1e-9) and bound > evidence
        desk.get_by_role("button", name="Best ellipse").click()
        desk.get_by_text("the best that the search has found").wait_for()
        assert 0 < desk.evaluate("part => part.widget.account.gap") < gap
