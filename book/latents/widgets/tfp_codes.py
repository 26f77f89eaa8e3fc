"""The decoder made of distributions, in the page: sixteen numbers, and coins for 784 pixels.

The page runs the ONNX file of the chapter with ONNX Runtime Web, which comes from the npm registry.
Its WebAssembly is packed here, so that it is as small on every server, and unpacked in the page.
"""

import gzip
import re
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from latents import LatentsError, data, records, weights
from latents.widgets.files import write_facts, write_sheet
from latents.widgets.still import Still, in_style

RUNTIME = Path(__file__).resolve().parents[3] / "node_modules" / "onnxruntime-web" / "dist"
MODULE, PROGRAM = "ort.wasm.bundle.min.mjs", "ort-wasm-simd-threaded.wasm"
NETWORK = "tfp_vae.onnx"
CODE = 16
SIDE = 28
GARMENTS = 100  # real ones, for comparison
SEED = 42  # of the test bits in the chapter


def lonely(bits: np.ndarray) -> np.ndarray:
    """Return the share of pixels that differ from all their neighbours: (n, 28, 28) to (n,).

    Neighbours are those above, below, left and right; at the border there are fewer.
    """
    bits = np.asarray(bits, bool)
    alone = np.ones_like(bits)
    for axis in (1, 2):
        first, last = np.delete(bits, -1, axis), np.delete(bits, 0, axis)
        edge = np.ones_like(np.take(bits, [0], axis))
        alone &= np.concatenate([first != last, edge], axis)
        alone &= np.concatenate([edge, first != last], axis)
    return alone.mean(axis=(1, 2))


class TfpCodes:
    """The decoder, real garments as bits, and how much each number of a code matters."""

    title = "Sixteen numbers, and coins for every pixel"
    chapter = ""  # its runtime is on the site only
    start = "Load the decoder"  # what the button says: nothing is loaded before

    def __init__(self, profile: str):
        import onnxruntime

        record = records.read("tfp_vae", profile)
        if record is None:
            raise LatentsError("A widget needs the chapter tfp_vae, which has not run.")
        folder = records.path("tfp_vae", profile).parent / weights.FOLDER
        if not weights.intact(folder, {NETWORK: record["weights"][NETWORK]}):
            raise LatentsError(f"{folder / NETWORK} is not what the chapter has written.")
        self.file = folder / NETWORK
        self.sha256 = record["weights"][NETWORK]
        self.active = int(record["metrics"]["active_units"])
        self.session = onnxruntime.InferenceSession(
            self.file.read_bytes(), providers=["CPUExecutionProvider"]
        )
        images, _ = data.load("fashion_mnist").arrays("test")
        bits = data.fixed_bits(images, seed=SEED)[..., 0]
        self.garments = bits[:: len(bits) // GARMENTS][:GARMENTS]  # (100, 28, 28) of bool
        self.effects = self._effects()

    def decode(self, codes: np.ndarray) -> np.ndarray:
        """Return the probability that each pixel is bright: (n, 16) to (n, 28, 28)."""
        (logits,) = self.session.run(["output"], {"input": np.asarray(codes, "float32")})
        return ((1 + np.tanh(logits / 2)) / 2).reshape(-1, SIDE, SIDE)

    def _effects(self, count: int = 64) -> np.ndarray:
        """Return how far a pixel's probability moves, on average, if one number is drawn anew."""
        rng = np.random.default_rng(0)
        codes, others = rng.normal(size=(2, count, CODE))
        before = self.decode(codes)
        found = []
        for place in range(CODE):
            changed = codes.copy()
            changed[:, place] = others[:, place]
            found.append(np.abs(self.decode(changed) - before).mean())
        return np.array(found)

    def facts(self) -> dict:
        """Return what the page shows beside the decoder."""
        order = np.argsort(-self.effects)
        return {
            "sha256": self.sha256,
            "order": order.tolist(),
            "effects": self.effects[order].astype("float64").round(5).tolist(),
            "active": self.active,
        }

    def still(self) -> Still:
        """Draw three random codes: mean, mode, four tosses and the average of a hundred."""
        rng = np.random.default_rng(3)
        means = self.decode(rng.normal(size=(3, CODE)))
        tosses = rng.random((100, *means.shape)) < means
        columns = {"mean": means, "mode": means > 0.5}
        columns |= {f"toss {n + 1}": tosses[n] for n in range(4)}
        columns["100 averaged"] = tosses.mean(axis=0)

        def draw():
            figure = Figure(figsize=(8, 3.7))
            for column, (title, images) in zip(
                figure.subplots(3, len(columns)).T, columns.items(), strict=True
            ):
                column[0].set_title(title, fontsize=9)
                for axis, image in zip(column, images, strict=True):
                    axis.imshow(image, cmap="gray", vmin=0, vmax=1)
                    axis.set_axis_off()
            return figure

        return Still(
            in_style(draw),
            "Three random codes, decoded: smooth grey means, clean black-and-white modes, four "
            "grainy samples of each, which differ in single pixels, and the average of a hundred "
            "samples, which is close to the mean.",
            ("picture", "a pixel is", "bright on average", "changes between two tosses"),
            self._table(),
        )

    def _table(self) -> tuple[tuple[str, ...], ...]:
        """Say of each kind of picture how bright it is, and how much of it is chance."""
        means = self.decode(np.random.default_rng(4).normal(size=(200, CODE)))
        images, _ = data.load("fashion_mnist").arrays("test")
        grey = images / 255

        def changing(p: np.ndarray) -> str:
            return f"{(2 * p * (1 - p)).mean():.1%} of the pixels"

        return (
            ("mean", "a probability", f"{means.mean():.1%}", "nothing"),
            ("mode", "0 or 1", f"{(means > 0.5).mean():.1%}", "nothing"),
            ("sample", "0 or 1", f"{means.mean():.1%}", changing(means)),
            ("a garment as bits", "0 or 1", f"{grey.mean():.1%}", changing(grey)),
        )

    def write(self, folder: Path) -> list[Path]:
        """Write everything that the page loads; return the files."""
        if not RUNTIME.is_dir():
            raise LatentsError(f"{RUNTIME} is missing: run 'make book', which fetches it.")
        ort = folder / "ort"
        ort.mkdir(exist_ok=True)
        module, program = ort / MODULE, ort / f"{PROGRAM}.gz"
        code = (RUNTIME / MODULE).read_text(encoding="utf-8")
        module.write_text(re.sub(r"\n//# sourceMappingURL=.*", "", code), encoding="utf-8")
        program.write_bytes(gzip.compress((RUNTIME / PROGRAM).read_bytes(), mtime=0))
        network = folder / NETWORK
        network.write_bytes(self.file.read_bytes())
        sheet = write_sheet(folder, "binarized_garments", self.garments)
        files = [module, program, network, sheet]
        size = sum(file.stat().st_size for file in files)
        return [*files, write_facts(folder, "tfp_codes", self.facts() | {"bytes": size})]
