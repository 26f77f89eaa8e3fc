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

from latents import LatentsError, bounds, data, likeness, plots, records, weights

SIDE = 14  # pixels of the small garments
REACH = 3  # of the maps, in units of a model's spread
START = (0.2, 0.9)  # a hole of the plain autoencoder, near the codes of the VAE
HOLE = 0.2  # of the spread: a place without a code so near is a hole, as in the chapter
TITLES = {"autoencoder": "Plain autoencoder", "vae": "Variational autoencoder"}


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
    """Return a figure as a PNG."""
    drawn = io.BytesIO()
    figure.savefig(drawn, format="png", dpi=110)
    return drawn.getvalue()


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
        self.labels = fashion.arrays("test")[1][: len(self.parts["vae_codes"])]
        self.names = fashion.label_names
        self.spreads, self.places = {}, {}
        for model in TITLES:
            codes = self.parts[f"{model}_codes"].astype("float64")
            plain = model == "autoencoder"
            center, spread = (codes.mean(0), codes.std(0)) if plain else (np.zeros(2), np.ones(2))
            self.spreads[model] = center, spread
            self.places[model] = (codes - center) / spread

    def decode(self, model: str, codes: np.ndarray) -> np.ndarray:
        """Decode codes: (n, 2) to (n, 784)."""
        return self.parts[f"{model}_decoder"](codes)

    def code(self, model: str, places: np.ndarray) -> np.ndarray:
        """Return codes at places of the map, which are in units of the model's spread."""
        center, spread = self.spreads[model]
        return center + spread * np.asarray(places)

    def distances(self, model: str, places: np.ndarray) -> np.ndarray:
        """Return how far places are from the nearest code of a test garment: (n, 2) to (n,)."""
        return likeness.nearest_distance(places, self.places[model])

    def facts(self) -> dict:
        """Return what the page shows beside the networks."""
        models = {
            model: {"center": center.tolist(), "spread": spread.tolist()}
            for model, (center, spread) in self.spreads.items()
        }
        return {
            "models": models,
            "names": self.names,
            "labels": "".join(map(str, self.labels)),
            "firsts": [int(np.flatnonzero(self.labels == label)[0]) for label in range(10)],
            "start": START,
            "hole": HOLE,
        }

    def still(self) -> Still:
        """Draw both maps with three places, and say what lies there."""
        grid = np.stack(np.meshgrid(*[np.linspace(-2, 2, 41)] * 2), axis=-1).reshape(-1, 2)
        lonely = grid[self.distances("autoencoder", grid).argmax()]
        places = {"A": START, "B": (0.0, 0.0), "C": tuple(lonely)}
        with matplotlib.rc_context():
            matplotlib.style.use("latents.book")
            figure = Figure(figsize=(8, 6))
            upper, lower = figure.subfigures(2, 1, height_ratios=[3.9, 1])
            axes = upper.subplots(1, 2)
            for axis, model, tiles in zip(axes, TITLES, lower.subfigures(1, 2), strict=True):
                self._map(axis, model, places)
                images = self.decode(model, self.code(model, [*places.values()]))
                for tile, name, image in zip(tiles.subplots(1, 3), places, images, strict=True):
                    tile.imshow(image.reshape(28, 28), cmap="gray", vmin=0, vmax=1)
                    tile.set_title(name)
                    tile.set_axis_off()
            handles = axes[0].get_legend_handles_labels()
            upper.legend(*handles, loc="outside lower center", ncols=5, markerscale=2)
            picture = _png(figure)
        rows = tuple(
            (f"{TITLES[model]}, {name}", *self._describe(model, place))
            for model in TITLES
            for name, place in places.items()
        )
        return Still(
            picture,
            "Two maps of the codes of a thousand test garments, of a plain autoencoder and of a "
            "variational one, with three marked places, and what each decodes these to.",
            ("place", "code", "nearest code", "distance", "hole"),
            rows,
        )

    def _map(self, axis, model: str, places: dict) -> None:
        plots.class_map(axis, self.places[model], self.labels, self.names, TITLES[model])
        for name, place in places.items():
            axis.annotate(
                name, place, color="black", ha="center", va="center", fontweight="bold",
                bbox={"boxstyle": "circle,pad=0.2", "facecolor": "white", "edgecolor": "black"},
            )  # fmt: skip
        axis.set(xlim=(-REACH, REACH), ylim=(-REACH, REACH), xlabel="across", ylabel="up")

    def _describe(self, model: str, place) -> tuple[str, ...]:
        (distance,) = self.distances(model, np.array([place]))
        nearest = np.linalg.norm(self.places[model] - place, axis=1).argmin()
        return (
            ", ".join(f"{z:.2f}".replace("-", "−") for z in self.code(model, [place])[0]),
            self.names[self.labels[nearest]],
            f"{distance:.2f}",
            "yes" if distance > HOLE else "no",
        )

    def write(self, folder: Path) -> list[Path]:
        """Write everything that the page loads; return the files."""
        parts = [f"{model}_{part}" for model in TITLES for part in ("decoder", "codes")]
        facts = folder / "two_maps_facts.json"
        facts.write_text(json.dumps(self.facts()))
        return [*self.trained.write(folder, "two_maps", parts), facts]


class EncoderDesk:
    """The small two-dimensional VAE of the chapter on regular spaces, on garments of 14 × 14."""

    EACH = 2  # garments of every class

    def __init__(self, profile: str):
        self.trained = Trained("regular_spaces", profile)
        self.encoder = self.trained.parts["small_vae_encoder"]
        self.decoder = self.trained.parts["small_vae_decoder"]
        self.variance = self.trained.metrics["small_noise_variance"]
        fashion = data.load("fashion_mnist")
        images, labels = fashion.arrays("test")
        first = [2, *(label for label in range(10) if label != 2)]  # the task is about a pullover
        chosen = [n for label in first for n in np.flatnonzero(labels == label)[: self.EACH]]
        self.names = [
            f"{fashion.label_names[label]} {number + 1}"
            for label in first
            for number in range(self.EACH)
        ]
        whole = images[chosen].reshape(-1, 784).astype("float64")
        self.garments = np.rint(half_size(whole)).astype("uint8")  # (n, 196)

    def encode(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return mean and standard deviation of q(z|x): (n, 196) to (n, 2) twice."""
        mean, log_var = np.split(self.encoder(x), 2, axis=1)
        return mean, np.exp(log_var / 2)

    def distortion(self, x: np.ndarray, z: np.ndarray) -> np.ndarray:
        """Return D in nats, without the constant, of an image (196,) for codes (n, 2): (n,)."""
        return ((x - self.decoder(z)) ** 2).sum(axis=1) / (2 * self.variance)

    def account(self, x: np.ndarray, count: int = 400) -> dict[str, float]:
        """Return D, R, −log p(x) and the gap of one image (196,), by sums over even grids.

        The evidence is summed over a grid of the plane and over a finer one around its peak; D over
        a grid of four standard deviations of q. For comparison with what the page computes.
        """
        mean, sd = (each[0] for each in self.encode(x[None]))

        def log_evidence(low, high):
            sides = [np.linspace(a, b, count) for a, b in zip(low, high, strict=True)]
            z = np.stack(np.meshgrid(*sides), axis=-1).reshape(-1, 2)
            joint = -self.distortion(x, z) + bounds.log_standard_normal(z)
            area = math.prod(side[1] - side[0] for side in sides)
            return np.logaddexp.reduce(joint) + math.log(area), z, joint

        _, z, joint = log_evidence((-4, -4), (4, 4))
        likely = z[joint > joint.max() - 12]
        evidence, _, _ = log_evidence(likely.min(axis=0) - 0.05, likely.max(axis=0) + 0.05)
        u = np.linspace(-4, 4, 81)
        grid = np.stack(np.meshgrid(u, u), axis=-1).reshape(-1, 2)
        weights_of_grid = np.exp(bounds.log_standard_normal(grid))
        distortion = np.average(self.distortion(x, mean + sd * grid), weights=weights_of_grid)
        rate = np.sum(mean**2 + sd**2 - 1 - 2 * np.log(sd)) / 2
        gap = distortion + rate + evidence
        return {"D": distortion, "R": rate, "evidence": -evidence, "gap": gap}

    def still(self) -> Still:
        """Draw garments with what the decoder makes of their mean codes, and their accounts."""
        shown = range(0, len(self.garments), self.EACH)
        x = self.garments[list(shown)] / 255
        mean, _ = self.encode(x)
        rows = {"garments of 14 × 14": x, "decoded from the mean code": self.decoder(mean)}
        with matplotlib.rc_context():
            matplotlib.style.use("latents.book")
            figure = plots.image_rows({k: v.reshape(-1, SIDE, SIDE) for k, v in rows.items()})
            picture = _png(figure)
            plt.close(figure)
        table = []
        for number in list(shown)[:4]:
            found = self.account(self.garments[number] / 255)
            numbers = found["D"], found["R"], found["D"] + found["R"], found["evidence"]
            row = [f"{value:.1f}" for value in numbers] + [f"{found['gap']:.2f}"]
            table.append((self.names[number], *row))
        return Still(
            picture,
            "Ten garments of 14 × 14 pixels, one of each class, and what the decoder makes of the "
            "means that the encoder gives them: the same kinds of garment, blurred.",
            ("garment", "distortion D", "rate R", "−ELBO", "−log p(x)", "gap"),
            tuple(table),
        )

    def write(self, folder: Path) -> list[Path]:
        """Write everything that the page loads; return the files."""
        facts, sheet = folder / "encoder_desk_facts.json", folder / "small_garments.png"
        facts.write_text(json.dumps({"variance": self.variance, "garments": self.names}))
        Image.fromarray(self.garments.reshape(-1, SIDE)).save(sheet, optimize=True)
        parts = ["small_vae_encoder", "small_vae_decoder"]
        return [*self.trained.write(folder, "encoder_desk", parts), facts, sheet]


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
        table = []
        for beta in self.betas:
            found = self.numbers(beta)
            parts = [round(found[name], 1) for name in ("D", "R")]  # as printed they add up
            words = [f"{value:.1f}" for value in (*parts, sum(parts))]
            table.append((f"{beta:g}", *words, f"{found['apart']:.0%}"))
        return Still(
            picture,
            "Ten test garments; their copies by the models with the smallest β, with one and with "
            "the largest, which lose detail; and what the same three make of random codes, which "
            "becomes better from row to row, and in the last row nearly the same everywhere.",
            ("β", "distortion D", "rate R", "−ELBO", "told apart (50%: guessing)"),
            tuple(table),
        )

    def write(self, folder: Path) -> list[Path]:
        """Write everything that the page loads; return the files."""
        labels = [self.LABELS[beta] for beta in self.betas]
        parts = [f"{label}_{part}" for label in labels for part in ("decoder", "codes")]
        facts, sheet = folder / "beta_lever_facts.json", folder / "originals.png"
        facts.write_text(json.dumps(self.facts()))
        Image.fromarray(self.originals.reshape(-1, 28)).save(sheet, optimize=True)
        return [*self.trained.write(folder, "beta_lever", parts), facts, sheet]
