"""The interactive parts in JupyterLab: the same modules, without an address."""

import json
import os
import re
import socket
import subprocess
import sys
import time
import urllib.request

import nbformat
import pytest
from playwright.sync_api import expect

from latents.widgets import WIDGETS

pytestmark = pytest.mark.slow
PARTS = [name for name, part in WIDGETS.items() if part.chapter]
SHOWN = ".widget-of-a-notebook"


@pytest.fixture(scope="module")
def lab(built, tmp_path_factory):
    """Start JupyterLab with a notebook that shows every part; return the notebook's address."""
    folder = tmp_path_factory.mktemp("lab")
    cells = [nbformat.v4.new_code_cell("from latents import widgets")]
    cells += [nbformat.v4.new_code_cell(f'widgets.show("{name}")') for name in PARTS]
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3"}}
    notebook = nbformat.v4.new_notebook(cells=cells, metadata=kernel)
    nbformat.write(notebook, folder / "parts.ipynb")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    given = {"port": port, "token": "", "password": "", "root_dir": folder, "open_browser": False}
    options = [f"--ServerApp.{name}={value}" for name, value in given.items()]
    options += ["--allow-root", "--LabApp.news_url=None", "--LabApp.expose_app_in_browser=True"]
    environment = os.environ | {
        "LATENTS_RECORDS": str(built.parents[1] / "book" / "records"),
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
    for _ in range(240):
        try:
            urllib.request.urlopen(f"{address}api/status").close()
            break
        except OSError:
            time.sleep(0.5)
    yield f"{address}lab/tree/parts.ipynb"
    server.terminate()
    server.wait(60)


def test_every_part_lives_in_jupyterlab(lab, browser):
    page = browser.new_page(viewport={"width": 1300, "height": 1000})
    page.set_default_timeout(180_000)
    problems = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.goto(lab)
    page.wait_for_function("window.jupyterapp?.restored")
    page.evaluate("window.jupyterapp.restored")
    page.wait_for_selector(".jp-Notebook")
    page.wait_for_function(
        "window.jupyterapp.shell.currentWidget?.sessionContext?.session?.kernel?.status === 'idle'"
    )
    page.evaluate("() => void window.jupyterapp.commands.execute('notebook:run-all-cells')")
    for number, name in enumerate(PARTS):
        part = page.locator(SHOWN).nth(number)
        part.wait_for()
        part.scroll_into_view_if_needed()
        page.wait_for_function(
            f"document.querySelectorAll('{SHOWN}')[{number}].widget", timeout=60_000
        )
        assert part.get_attribute("aria-label") == WIDGETS[name].title
        part.locator(".widget-task button").first.click()
        assert part.locator(".widget-answer").inner_text().startswith("Choose an answer")
        for choices in part.locator(".widget-choices").all():
            choices.get_by_role("radio").first.check()
        part.locator(".widget-task button").first.click()
        expect(part.locator(".widget-answer")).not_to_have_text(re.compile("^(Choose.*)?$"))
    maps = page.locator(SHOWN).nth(PARTS.index("two_maps"))
    maps.locator("canvas").first.focus()
    page.keyboard.press("Home")
    page.keyboard.press("ArrowRight")
    places = maps.evaluate("part => JSON.stringify(part.widget.places)")
    assert json.loads(places)["vae"] == pytest.approx([0.1, 0])
    assert page.get_by_role("button", name="Copy link").count() == 0  # a notebook has no address
    assert problems == []
    page.close()
