"""What the interactive parts load and show: facts, small pictures, and a picture for paper.

The networks are those that the chapters of this build have trained, as `latents.weights` has
written them beside the run records.
"""

import hashlib
import io
import json
import math
from dataclasses import dataclass
from pathlib import Path

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure
from PIL import Image

from latents import LatentsError, data, likeness, plots, records, weights

COUNT = 1000  # garments with which decoded pictures are compared, and codes on a map
SIDE = 14  # pixels of these garments
REACH = 3  # of the maps, in units of a model's spread
START = (0.4, -1.1)


@dataclass(frozen=True)
class Still:
    """A widget on paper, and where no script runs.

    Attributes
    ----------
    picture : bytes
        A PNG, without ground, for light and dark pages.
    alt : str
    head, rows : tuple of str, tuple of such tuples
        A table of what the widget would show.
    """

    picture: bytes
    alt: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def half_size(x: np.ndarray) -> np.ndarray:
    """Average 2 × 2 pixels: (n, 784) to (n, 196)."""
    return x.reshape(-1, SIDE, 2, SIDE, 2).mean(axis=(2, 4)).reshape(-1, SIDE**2)


def _png(figure) -> bytes:
    """Return a figure as a small PNG: a hundred colours are enough for it."""
    drawn, packed = io.BytesIO(), io.BytesIO()
    figure.savefig(drawn, format="png", dpi=110)
    few = Image.open(drawn).quantize(100, method=Image.Quantize.FASTOCTREE)
    few.save(packed, format="png", optimize=True)
    return packed.getvalue()


class Trained:
    """The record and the networks of a chapter of this build.

    Raises
    ------
    LatentsError
        The chapter has not run in this profile, or its weights are not what it has written.
    """

    def __init__(self, chapter: str, profile: str):
        record = records.read(chapter, profile)
        if record is None:
            raise LatentsError(f"A widget needs the chapter {chapter}, which has not run.")
        folder = records.path(chapter, profile).parent / weights.FOLDER
        self.metrics = record["metrics"]
        self.files = [folder / f"{chapter}.{ending}" for ending in ("bin", "json")]
        self.parts = weights.read(self.files[0], record["weights"][self.files[0].name])

    def write(self, folder: Path, name: str, parts: list[str]) -> list[Path]:
        """Write some of the networks as ``NAME.bin`` and its layout; return the two files."""
        blob = self.files[0].read_bytes()
        layout = json.loads(self.files[1].read_text())
        kept = bytearray()

        def moved(place):
            """Copy every array of a layout, and say where it is now."""
            if not isinstance(place, dict):
                return [moved(each) for each in place] if isinstance(place, list) else place
            if "offset" not in place:
                return {key: moved(value) for key, value in place.items()}
            start, size = place["offset"], 2 * math.prod(place["shape"])
            kept.extend(blob[start : start + size])
            return place | {"offset": len(kept) - size}

        layout["parts"] = {part: moved(layout["parts"][part]) for part in parts}
        layout |= {"part_of": layout["sha256"], "bin": f"{name}.bin", "bytes": len(kept)}
        layout["sha256"] = hashlib.sha256(kept).hexdigest()
        files = folder / f"{name}.bin", folder / f"{name}.json"
        files[0].write_bytes(kept)
        files[1].write_text(json.dumps(layout))
        return [*files]


class TwoMaps:
    """Both two-dimensional models of the chapter on regular spaces, with their controls."""

    def __init__(self, profile: str):
        self.trained = Trained("regular_spaces", profile)
        self.parts = self.trained.parts
        fashion = data.load("fashion_mnist")
        images, self.train_labels = (each[:COUNT] for each in fashion.arrays("train"))
        self.labels = fashion.arrays("test")[1][:COUNT]
        self.names = fashion.label_names
        self.pictures = np.rint(half_size(images.reshape(-1, 784).astype("float64"))).astype(
            "uint8"
        )
        self.spreads, self.copies = {}, {}
        for model in ("autoencoder", "vae"):
            codes = self.parts[f"{model}_codes"].astype("float64")
            plain = model == "autoencoder"
            center, spread = (codes.mean(0), codes.std(0)) if plain else (np.zeros(2), np.ones(2))
            self.spreads[model] = center, spread
            self.copies[model] = np.quantile(self.distances(model, codes), [0.5, 0.95])

    def decode(self, model: str, codes: np.ndarray) -> np.ndarray:
        """Decode codes: (n, 2) to (n, 784)."""
        return self.parts[f"{model}_decoder"](codes)

    def distances(self, model: str, codes: np.ndarray) -> np.ndarray:
        """Return the squared distance per pixel of decoded codes to the nearest garment: (n,)."""
        small = half_size(self.decode(model, codes))
        return likeness.nearest_distance(small, self.pictures / 255) ** 2 / SIDE**2

    def code(self, model: str, places: np.ndarray) -> np.ndarray:
        """Return codes at places of the map, which are in units of the model's spread."""
        center, spread = self.spreads[model]
        return center + spread * np.asarray(places)

    def facts(self) -> dict:
        """Return what the page cannot compute at once."""
        models = {
            model: {
                "center": center.tolist(),
                "spread": spread.tolist(),
                "copies": self.copies[model].tolist(),  # median and 95 % of the distances
            }
            for model, (center, spread) in self.spreads.items()
        }
        return {
            "models": models,
            "names": self.names,
            "labels": "".join(map(str, self.labels)),
            "train_labels": "".join(map(str, self.train_labels)),
            "firsts": [int(np.flatnonzero(self.labels == label)[0]) for label in range(10)],
            "start": START,
        }

    def far(self, model: str, places: np.ndarray) -> np.ndarray:
        """Whether places decode to something farther from all garments than 95 % of the copies."""
        return self.distances(model, self.code(model, places)) > self.copies[model][1]

    def still(self) -> Still:
        """Draw both maps with three places, and say what they decode to."""
        grid = np.stack(np.meshgrid(*[np.linspace(-2, 2, 21)] * 2), axis=-1).reshape(-1, 2)
        worst = grid[self.distances("autoencoder", self.code("autoencoder", grid)).argmax()]
        places = {"A": START, "B": (0.0, 0.0), "C": tuple(worst)}
        with matplotlib.rc_context():
            matplotlib.style.use("latents.book")
            figure = Figure(figsize=(8, 5.6))
            upper, lower = figure.subfigures(2, 1, height_ratios=[3.6, 1])
            for axis, model, tiles in zip(
                upper.subplots(1, 2), self.spreads, lower.subfigures(1, 2), strict=True
            ):
                self._map(axis, model, places)
                images = self.decode(model, self.code(model, [*places.values()]))
                for tile, name, image in zip(tiles.subplots(1, 3), places, images, strict=True):
                    tile.imshow(image.reshape(28, 28), cmap="gray", vmin=0, vmax=1)
                    tile.set_title(name)
                    tile.set_axis_off()
            picture = _png(figure)
        rows = tuple(
            (f"{TITLES[model]}, {name}", *self._describe(model, place))
            for model in self.spreads
            for name, place in places.items()
        )
        return Still(
            picture,
            "Two maps of the codes of a thousand test garments, of a plain autoencoder and of a "
            "variational one, with three marked places, and what each decodes these to.",
            ("place", "code", "nearest garment", "distance", "95 % of the copies are below"),
            rows,
        )

    def _map(self, axis, model: str, places: dict) -> None:
        center, spread = self.spreads[model]
        codes = (self.parts[f"{model}_codes"] - center) / spread
        plots.class_map(axis, codes, self.labels, self.names, TITLES[model])
        for name, place in places.items():
            axis.annotate(
                name, place, color="black", ha="center", va="center", fontweight="bold",
                bbox={"boxstyle": "circle,pad=0.2", "facecolor": "white", "edgecolor": "black"},
            )  # fmt: skip
        axis.set(xlim=(-REACH, REACH), ylim=(-REACH, REACH), xlabel="across", ylabel="up")

    def _describe(self, model: str, place) -> tuple[str, ...]:
        code = self.code(model, [place])
        small = half_size(self.decode(model, code))
        label = likeness.nearest_labels(small, self.pictures / 255, self.train_labels)[0]
        return (
            ", ".join(f"{z:.2f}".replace("-", "−") for z in code[0]),
            self.names[label],
            f"{self.distances(model, code)[0]:.3f}",
            f"{self.copies[model][1]:.3f}",
        )

    def write(self, folder: Path) -> list[Path]:
        """Write everything that the page loads; return the files."""
        parts = [f"{model}_{part}" for model in self.spreads for part in ("decoder", "codes")]
        facts, sheet = folder / "two_maps_facts.json", folder / "garments.png"
        facts.write_text(json.dumps(self.facts()))
        Image.fromarray(self.pictures.reshape(-1, SIDE)).save(sheet, optimize=True)
        return [*self.trained.write(folder, "two_maps", parts), facts, sheet]


class BetaLever:
    """The models of the sweep over β in the chapter on rate and distortion."""

    LABELS = {0.1: "beta_01", 0.3: "beta_03", 1: "beta_1", 4: "beta_4", 30: "beta_30"}  # noqa: RUF012

    def __init__(self, profile: str):
        self.trained = Trained("rate_distortion", profile)
        self.parts = self.trained.parts
        fashion = data.load("fashion_mnist")
        images, labels = fashion.arrays("test")
        # Of the images whose codes are there, the first of each class.
        known = labels[: len(self.parts["beta_1_codes"])]
        self.firsts = [int(np.flatnonzero(known == label)[0]) for label in range(10)]
        self.names = fashion.label_names
        self.originals = images[self.firsts].reshape(10, 28, 28)
        self.betas = [beta for beta, label in self.LABELS.items() if f"{label}_codes" in self.parts]

    def numbers(self, beta: float) -> dict[str, float]:
        """Return what the chapter has measured for one model: D, R, and how often told apart."""
        names = {"D": "distortion_nats", "R": "rate_nats", "apart": "apart"}
        return {k: self.trained.metrics[f"{self.LABELS[beta]}_{v}"] for k, v in names.items()}

    def decode(self, beta: float, codes: np.ndarray) -> np.ndarray:
        """Decode codes (n, 10) to brightnesses (n, 28, 28)."""
        logits = self.parts[f"{self.LABELS[beta]}_decoder"](codes)
        return ((1 + np.tanh(logits / 2)) / 2).reshape(-1, 28, 28)

    def copies(self, beta: float) -> np.ndarray:
        """Decode the mean codes of one test garment of each class: (10, 28, 28)."""
        return self.decode(beta, self.parts[f"{self.LABELS[beta]}_codes"][self.firsts, :10])

    def facts(self) -> dict:
        """Return what the page shows beside the networks."""
        models = [
            {"beta": beta, "part": self.LABELS[beta], **self.numbers(beta)} for beta in self.betas
        ]
        return {
            "models": models,
            "firsts": self.firsts,
            "names": self.names,
            "mean_image": self.trained.metrics["mean_image_nats"],
        }

    def still(self) -> Still:
        """Draw copies and invented garments of the smallest β, of one, and of the largest."""
        noise = np.random.default_rng(0).normal(size=(10, 10))
        shown = [self.betas[0], 1, self.betas[-1]]
        rows = {"originals": self.originals / 255}
        rows |= {f"β = {beta:g}, copies": self.copies(beta) for beta in shown}
        rows |= {f"β = {beta:g}, from the prior": self.decode(beta, noise) for beta in shown}
        with matplotlib.rc_context():
            matplotlib.style.use("latents.book")
            figure = plots.image_rows(rows)
            picture = _png(figure)
            plt.close(figure)
        table = tuple(
            (f"{beta:g}", *(f"{each:.1f}" for each in (n["D"], n["R"], n["D"] + n["R"])),
             f"{n['apart']:.0%}")
            for beta, n in ((beta, self.numbers(beta)) for beta in self.betas)
        )  # fmt: skip
        return Still(
            picture,
            "Ten test garments; their copies by the models with the smallest β, with one and with "
            "the largest, which lose detail; and what the same three make of random codes, which "
            "becomes better from row to row, and in the last row alike.",
            ("β", "distortion D", "rate R", "−ELBO", "told apart"),
            table,
        )

    def write(self, folder: Path) -> list[Path]:
        """Write everything that the page loads; return the files."""
        labels = [self.LABELS[beta] for beta in self.betas]
        parts = [f"{label}_{part}" for label in labels for part in ("decoder", "codes")]
        facts, sheet = folder / "beta_lever_facts.json", folder / "originals.png"
        facts.write_text(json.dumps(self.facts()))
        Image.fromarray(self.originals.reshape(-1, 28)).save(sheet, optimize=True)
        return [*self.trained.write(folder, "beta_lever", parts), facts, sheet]


TITLES = {"autoencoder": "Plain autoencoder", "vae": "Variational autoencoder"}
