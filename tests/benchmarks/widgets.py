"""Time what the interactive parts compute: ``make bench BENCH=widgets``.

Each is timed in Chromium as it is, and with a processor that is slowed down four times, which is
what a phone of some years ago has; beside it the same work in Python on this machine: in NumPy, or
in ONNX Runtime with one thread where the page uses that. The networks are those of the full
profile, as on the published pages. With them the exact posterior of each of the complete test
images is compared with other sums.
"""

import argparse
import json
import os
import shutil
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(PROJECT / part) for part in ("book", "book/_tools", "tests/support")]
sys.path.insert(0, str(Path(__file__).resolve().parent))

import numpy as np  # noqa: E402 - the paths are set above
from browser import chromium  # noqa: E402
from exact_posteriors import even, in_numpy, in_page  # noqa: E402
from playwright.sync_api import Page, sync_playwright  # noqa: E402
from scipy.ndimage import binary_dilation  # noqa: E402
from training import FOLDER, write  # noqa: E402

from latents import records  # noqa: E402
from latents.data import complete  # noqa: E402
from latents.widgets import EncoderDesk, LatentSliders, TfpCodes, TwoMaps  # noqa: E402
from latents.widgets.encoder_desk import half_size  # noqa: E402
from latents.widgets.training_lab import Training, TrainingLab  # noqa: E402
from serve import server  # noqa: E402

PROFILE = "full"  # of the networks
SLOWER = 4
ROUNDS = 7  # of which the median counts
SHARE = 500  # images that the page is given at a time
WORST = 20  # images to look at, should the differences be too large
Pair = tuple[Callable[[], float], Callable[[], float]]


def each(work: Callable, given: list) -> float:
    """Return how many milliseconds a function takes for each of what it is given."""
    began = time.perf_counter()
    for one in given:
        work(one)
    return 1000 * (time.perf_counter() - began) / len(given)


def training_step(page: Page) -> Pair:
    """Time a training step of 32 garments of 14 × 14."""
    x = TrainingLab(PROFILE).images["train"] / 255
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
    batches = [x[32 * n : 32 * (n + 1)] for n in range(steps)]
    rows = x.ravel().tolist()
    return lambda: page.evaluate(program, [rows, steps]), lambda: each(model.step, batches)


def two_maps(page: Page) -> Pair:
    """Time the decoding of one code of two numbers to 28 × 28."""
    content = TwoMaps(PROFILE)
    codes = np.random.default_rng(0).normal(size=(100, 2))
    program = """async codes => {
      const { Models } = await import('/two_maps.mjs');
      window.maps ??= await Models.read(`${location.origin}/`);
      const began = performance.now();
      for (const code of codes) maps.decode('vae', code);
      return (performance.now() - began) / codes.length;
    }"""
    rows = [code[None] for code in codes]
    return (
        lambda: page.evaluate(program, codes.tolist()),
        lambda: each(lambda code: content.decode("vae", code), rows),
    )


def latent_sliders(page: Page) -> Pair:
    """Time what a move of a slider asks for: 21 codes of ten numbers to 28 × 28."""
    decoder = LatentSliders(PROFILE).decoder
    codes = np.random.default_rng(0).normal(size=(20, 21, 10))
    program = """async moves => {
      const { Latents } = await import('/latent_sliders.mjs');
      window.latents ??= await Latents.read(`${location.origin}/`);
      const began = performance.now();
      for (const codes of moves) latents.decode(codes);
      return (performance.now() - began) / moves.length;
    }"""
    return lambda: page.evaluate(program, codes.tolist()), lambda: each(decoder, list(codes))


def tfp_codes(page: Page) -> Pair:
    """Time the decoding of one code of sixteen numbers by convolutions, to 28 × 28."""
    import onnxruntime

    content = TfpCodes(PROFILE)
    alone = onnxruntime.SessionOptions()
    alone.intra_op_num_threads = alone.inter_op_num_threads = 1
    content.session = onnxruntime.InferenceSession(
        content.file.read_bytes(), alone, providers=["CPUExecutionProvider"]
    )
    codes = np.random.default_rng(0).normal(size=(20, 16))
    program = """async codes => {
      const { Coins } = await import('/shared/coins.mjs');
      window.coins ??= await Coins.read(`${location.origin}/`);
      const began = performance.now();
      for (const code of codes) await coins.decode(code);
      return (performance.now() - began) / codes.length;
    }"""
    rows = [code[None] for code in codes]
    return lambda: page.evaluate(program, codes.tolist()), lambda: each(content.decode, rows)


def posterior(page: Page) -> Pair:
    """Time an exact posterior of a garment of 14 × 14, on both sides by the same sums.

    The codes of the even grid are decoded before.

    Raises
    ------
    RuntimeError
        The two sides find evidence that differs by more than 0.001 nats.
    """
    content = EncoderDesk(PROFILE)
    truth = Truth(content)
    garments = list(content.garments / 255)
    program = """async () => {
      const { Model } = await import('/encoder_desk.mjs');
      window.desk ??= await Model.read(`${location.origin}/`);
      const began = performance.now();
      const found = [];
      for (let n = 0; n < 20; n++) found.push(desk.truth.posterior(desk.garment(n)).logEvidence);
      return [(performance.now() - began) / 20, found];
    }"""
    found = page.evaluate(program)[1]
    expected = [truth.evidence(x) for x in garments]
    if not np.allclose(found, expected, rtol=0, atol=1e-3):
        raise RuntimeError(f"The page and Python sum differently: {found}, {expected}")
    return lambda: page.evaluate(program)[0], lambda: each(truth.evidence, garments)


class Truth:
    """The sums of ``gaussians.mjs`` in NumPy: cells that hold a posterior are divided."""

    reach, count, most, few = 6, 91, 450, 25

    def __init__(self, content: EncoderDesk):
        self.content = content
        self.step = 2 * self.reach / self.count
        self.middles = even(self.reach, self.step)
        self.images = content.decoder(self.middles)

    def masses(self, x: np.ndarray, codes: np.ndarray, images: np.ndarray, size: float):
        """Return the logarithms of p(x|z) p(z) · size² at codes (n, 2) that decode to images."""
        distances = ((x - images) ** 2).sum(axis=1) / (2 * self.content.variance)
        return 2 * np.log(size) - distances - (codes**2).sum(axis=1) / 2 - np.log(2 * np.pi)

    def divided(self, x: np.ndarray, middles: np.ndarray, size: float, parts: int):
        """Return middles (cells, parts², 2) of the parts of cells, and their masses' logarithms."""
        places = middles[:, None] + even(size / 2, size / parts)
        codes = places.reshape(-1, 2)
        found = self.masses(x, codes, self.content.decoder(codes), size / parts)
        return places, found.reshape(len(middles), -1)

    def evidence(self, x: np.ndarray) -> float:
        """Return log p(x) without the constant, in nats, for an image of 196 values."""
        count, step, most = self.count, self.step, self.most
        logs = self.masses(x, self.middles, self.images, step)
        heavy = logs > logs.max() - 9
        narrow = heavy.sum() <= self.few
        if narrow:
            heavy = around(heavy.reshape(count, count)).ravel()
        cells = np.flatnonzero(heavy)
        parts = 3 if narrow else max(2, int((2 * most / len(cells)) ** 0.5))
        places, masses = self.divided(x, self.middles[cells], step, parts)
        if narrow:
            fine = np.full((count, 3, count, 3), -np.inf)  # row, part of it, column, part of it
            fine[cells // count, :, cells % count, :] = masses.reshape(-1, 3, 3)
            grid = fine.reshape(3 * count, 3 * count)
            again = around(grid > grid.max() - 9).reshape(fine.shape)
            chosen = again[cells // count, :, cells % count, :].reshape(masses.shape)
            finer = max(3, int((most / chosen.sum()) ** 0.5))
            _, inner = self.divided(x, places[chosen], step / 3, finer)
            masses[chosen] = np.logaddexp.reduce(inner, axis=1)
        logs[cells] = np.logaddexp.reduce(masses, axis=1)
        return float(np.logaddexp.reduce(logs))


def around(cells: np.ndarray) -> np.ndarray:
    """Return cells of a grid, true where they are meant, with the eight around each of them."""
    return binary_dilation(cells, structure=np.ones((3, 3)))


MEASURED = {
    "two_maps": two_maps,
    "encoder_desk": posterior,
    "training_lab": training_step,
    "latent_sliders": latent_sliders,
    "tfp_codes": tfp_codes,
}


def measure(page: Page, name: str) -> dict[str, float]:
    """Return milliseconds in the page, in the slowed page and in Python, and the ratio."""
    work_of_page, work_of_python = MEASURED[name](page)
    session = page.context.new_cdp_session(page)
    times: dict[str, list[float]] = {"page": [], "slowed": [], "python": []}
    for _ in range(ROUNDS):  # in turns, so that whatever else the machine does falls on all
        for kind, rate in (("page", 1), ("slowed", SLOWER)):
            session.send("Emulation.setCPUThrottlingRate", {"rate": rate})
            times[kind].append(work_of_page())
        session.send("Emulation.setCPUThrottlingRate", {"rate": 1})
        times["python"].append(work_of_python())
    found = {f"{kind}_ms": statistics.median(values) for kind, values in times.items()}
    return found | {"page_over_python": found["page_ms"] / found["python_ms"]}


def exactness(page: Page, count: int | None) -> dict[str, Any]:
    """Compare the page's account of the first test images, or of all, with other sums.

    Returns
    -------
    dict
        How many images; the largest differences in D, R, −log p(x) and the gap, in nats, and those
        that 99.9% of the images do not exceed; the images with the largest difference of the gap,
        by number; how far the mass of a posterior is from 1, at most; and the least gap,
        −ELBO + log p(x).
    """
    desk = EncoderDesk(PROFILE)
    garments, _ = complete.load("fashion_mnist").arrays("test")
    images = np.rint(half_size(garments[:count].reshape(-1, 784).astype("float64")))
    model = page.evaluate_handle(
        """async () => (await import('/encoder_desk.mjs')).Model.read(`${location.origin}/`)"""
    )
    shares = [images[start : start + SHARE] for start in range(0, len(images), SHARE)]
    rows = [in_page(page, model, share) for share in shares]
    found = {name: np.concatenate([row[name] for row in rows]) for name in rows[0]}
    expected = in_numpy(desk, images)
    off = {name: np.abs(found[name] - expected[name]) for name in expected}
    return {
        "images": len(images),
        "differences": {name: float(values.max()) for name, values in off.items()},
        "nearly_all": {name: float(np.quantile(values, 0.999)) for name, values in off.items()},
        "worst": np.argsort(-off["gap"])[:WORST].tolist(),
        "mass_off": float(np.abs(found["mass"] - 1).max()),
        "least_gap": float((found["bound"] - found["evidence"]).min()),
    }


@contextmanager
def open_parts():
    """Open a page that can load the parts and their networks; yield it and Chromium's version."""
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        site = Path(shutil.copytree(PROJECT / "book" / "widgets", Path(folder) / "site"))
        for content in (TwoMaps, EncoderDesk, LatentSliders, TfpCodes):
            content(PROFILE).write(site)
        http = server(site, 0)
        threading.Thread(target=http.serve_forever, daemon=True).start()
        arguments = ["--no-sandbox", "--disable-gpu"]
        browser = playwright.chromium.launch(executable_path=chromium() or None, args=arguments)
        page = browser.new_page()
        page.set_default_timeout(0)
        page.goto(f"http://127.0.0.1:{http.server_port}/")
        yield page, browser.version
        browser.close()
        http.shutdown()


def now() -> str:
    """Return the time, in UTC."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def main() -> None:
    """Measure everything and write the record."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--folder", type=Path, default=FOLDER, help="where the record is written")
    parser.add_argument("--images", type=int, help="test images to compare, instead of all")
    parser.add_argument("--only", choices=["times", "exact"], help="renew this half of the record")
    options = parser.parse_args()
    file = options.folder / "widgets.json"
    record = json.loads(file.read_text(encoding="utf-8")) if options.only and file.exists() else {}
    with open_parts() as (page, version):
        if options.only != "exact":
            found = {name: measure(page, name) for name in MEASURED}
            for name, row in found.items():
                print(name, ", ".join(f"{key} {value:.3g}" for key, value in row.items()))
            record |= {
                "hardware": records.hardware(),
                "versions": {"chromium": version, "numpy": np.__version__},
                "slowed": SLOWER,
                "measurements": found,
                "finished": now(),
            }
        if options.only != "times":
            exact = exactness(page, options.images)
            print(exact)
            record["exact"] = exact | {"finished": now()}
    write(file, record)


if __name__ == "__main__":
    os.environ.setdefault("PROFILE", "quick")
    main()
