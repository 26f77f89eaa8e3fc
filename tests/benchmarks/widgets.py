"""Time what the interactive parts compute: ``make bench BENCH=widgets``.

Each is timed in Chromium as it is, and with a processor that is slowed down four times, which is
what a phone of some years ago has; beside it the same computation in NumPy, on this machine.
"""

import argparse
import os
import shutil
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(PROJECT / part) for part in ("book", "book/_tools", "tests/support")]
sys.path.insert(0, str(Path(__file__).resolve().parent))

import numpy as np  # noqa: E402 - the paths are set above
from browser import chromium  # noqa: E402
from playwright.sync_api import Page, sync_playwright  # noqa: E402
from training import FOLDER, write  # noqa: E402

from latents import records  # noqa: E402
from latents.widgets import EncoderDesk, TwoMaps  # noqa: E402
from latents.widgets.training_lab import Training, TrainingLab  # noqa: E402
from serve import server  # noqa: E402

SLOWER = 4
ROUNDS = 7  # of which the median counts


def training_step(page: Page) -> tuple[Callable[[], float], Callable[[], float]]:
    """Return what gives the milliseconds of a training step of 32 garments: page and NumPy."""
    x = TrainingLab("quick").images["train"] / 255
    steps, model = 40, Training()
    program = """async ([x, steps]) => {
      const { Trainer } = await import('/shared/training.mjs');
      const settings = { variational: true, hidden: 64, beta: 1, seed: 1 };
      const trainer = (window.trainer ??= new Trainer(Float64Array.from(x), settings));
      for (let n = 0; n < 20; n++) trainer.train();
      const began = performance.now();
      for (let n = 0; n < steps; n++) trainer.train();
      return (performance.now() - began) / steps;
    }"""
    rows = x[:640].ravel().tolist()

    def in_numpy() -> float:
        began = time.perf_counter()
        for n in range(steps):
            model.step(x[32 * n : 32 * (n + 1)])
        return 1000 * (time.perf_counter() - began) / steps

    return lambda: page.evaluate(program, [rows, steps]), in_numpy


def decode(page: Page) -> tuple[Callable[[], float], Callable[[], float]]:
    """Return what gives the milliseconds of decoding one code to 28 × 28: page and NumPy."""
    content = TwoMaps("quick")
    codes = np.random.default_rng(0).normal(size=(100, 2))
    program = """async codes => {
      const { Models } = await import('/two_maps.mjs');
      window.maps ??= await Models.read(`${location.origin}/`);
      const began = performance.now();
      for (const code of codes) maps.decode('vae', code);
      return (performance.now() - began) / codes.length;
    }"""

    def in_numpy() -> float:
        began = time.perf_counter()
        for code in codes:
            content.decode("vae", code[None])
        return 1000 * (time.perf_counter() - began) / len(codes)

    return lambda: page.evaluate(program, codes.tolist()), in_numpy


def posterior(page: Page) -> tuple[Callable[[], float], Callable[[], float]]:
    """Return what gives the milliseconds of an exact posterior of 14 × 14: page and NumPy.

    Both sum over the same grid, whose codes are decoded before, and look at its heaviest cells
    again.
    """
    content = EncoderDesk("quick")
    program = """async () => {
      const { Model } = await import('/encoder_desk.mjs');
      window.desk ??= await Model.read(`${location.origin}/`);
      const began = performance.now();
      for (let n = 0; n < 20; n++) desk.truth.posterior(desk.garment(n));
      return (performance.now() - began) / 20;
    }"""
    count, reach, finest, parts = 91, 6, 40, 5
    side = (np.arange(count) + 0.5) * 2 * reach / count - reach
    codes = np.stack(np.meshgrid(side, side), axis=-1).reshape(-1, 2)
    offsets = ((np.arange(parts) + 0.5) / parts - 0.5) * 2 * reach / count
    around = np.stack(np.meshgrid(offsets, offsets), axis=-1).reshape(-1, 2)
    images, prior = content.decoder(codes), -(codes**2).sum(axis=1) / 2

    def one(x: np.ndarray) -> np.ndarray:
        logs = prior - ((x - images) ** 2).sum(axis=1) / (2 * content.variance)
        chosen = np.argsort(logs)[-finest:]
        places = (codes[chosen, None] + around).reshape(-1, 2)
        finer = -content.distortion(x, places) - (places**2).sum(axis=1) / 2
        logs[chosen] = np.logaddexp.reduce(finer.reshape(finest, -1), axis=1) - np.log(parts**2)
        return np.exp(logs - np.logaddexp.reduce(logs))

    def in_numpy() -> float:
        began = time.perf_counter()
        for garment in content.garments:
            one(garment / 255)
        return 1000 * (time.perf_counter() - began) / len(content.garments)

    return lambda: page.evaluate(program), in_numpy


MEASURED = {"decode": decode, "posterior": posterior, "training_step": training_step}


def measure(page: Page, name: str) -> dict[str, float]:
    """Return milliseconds in the page, in the slowed page and in NumPy, and what they amount to."""
    in_page, in_numpy = MEASURED[name](page)
    session = page.context.new_cdp_session(page)
    times: dict[str, list[float]] = {"page": [], "slowed": [], "numpy": []}
    for _ in range(ROUNDS):  # in turns, so that whatever else the machine does falls on all
        for kind, rate in (("page", 1), ("slowed", SLOWER)):
            session.send("Emulation.setCPUThrottlingRate", {"rate": rate})
            times[kind].append(in_page())
        session.send("Emulation.setCPUThrottlingRate", {"rate": 1})
        times["numpy"].append(in_numpy())
    found = {f"{kind}_ms": statistics.median(values) for kind, values in times.items()}
    return found | {"page_over_numpy": found["page_ms"] / found["numpy_ms"]}


def main() -> None:
    """Measure everything and write the record."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", help=f"of {', '.join(MEASURED)}")
    parser.add_argument("--folder", type=Path, default=FOLDER, help="where the record is written")
    options = parser.parse_args()
    names = options.names or list(MEASURED)
    if unknown := set(names) - set(MEASURED):
        parser.error(f"no such measurement: {', '.join(unknown)}")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        site = Path(shutil.copytree(PROJECT / "book" / "widgets", Path(folder) / "site"))
        for content in (TwoMaps, EncoderDesk):
            content("quick").write(site)
        http = server(site, 0)
        threading.Thread(target=http.serve_forever, daemon=True).start()
        arguments = ["--no-sandbox", "--disable-gpu"]
        browser = playwright.chromium.launch(executable_path=chromium() or None, args=arguments)
        page = browser.new_page()
        page.goto(f"http://127.0.0.1:{http.server_port}/")
        found = {name: measure(page, name) for name in names}
        version = browser.version
        browser.close()
        http.shutdown()
    for name, row in found.items():
        print(name, ", ".join(f"{key} {value:.3g}" for key, value in row.items()))
    record = {
        "hardware": records.hardware(),
        "versions": {"chromium": version, "numpy": np.__version__},
        "slowed": SLOWER,
        "measurements": found,
        "finished": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    write(options.folder / "widgets.json", record)


if __name__ == "__main__":
    os.environ.setdefault("PROFILE", "quick")
    main()
