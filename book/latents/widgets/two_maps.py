"""Two maps, one point: a plain autoencoder beside a variational one."""

from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from latents import data, likeness, plots
from latents.widgets.files import firsts, write_facts, write_tiles
from latents.widgets.still import Still, in_style
from latents.widgets.trained import Trained

REACH = 3  # of the maps, in units of a model's spread
START = (0.2, 0.9)  # a hole of the plain autoencoder, near the codes of the VAE
HOLE = 0.2  # of the spread: a place without a code so near is a hole, as in the chapter
COPIES = 0.99  # of garments: so many are more like another garment than what is unlike every one
GREYS = 16  # of the garments on the page
COLUMNS = 25  # of their sheet
TITLES = {"autoencoder": "Plain autoencoder", "vae": "Variational autoencoder"}


class TwoMaps:
    """Both two-dimensional models of the chapter on regular spaces, with their controls."""

    title = "Two maps of garments"
    chapter = "regular_spaces"  # whose networks it shows, and in whose notebook it stands

    def __init__(self, profile: str):
        self.trained = Trained(self.chapter, profile)
        fashion = data.load("fashion_mnist")
        images, labels = fashion.arrays("test")
        count = len(self.trained.arrays["vae_codes"])
        self.labels = labels[:count]
        few = np.rint(images[:count].reshape(count, 784) * ((GREYS - 1) / 255))
        self.garments = (few * (255 // (GREYS - 1))).astype("uint8")
        self.names = fashion.label_names
        self.spreads, self.places = {}, {}
        for model in TITLES:
            codes = self.trained.arrays[f"{model}_codes"].astype("float64")
            plain = model == "autoencoder"
            center, spread = (codes.mean(0), codes.std(0)) if plain else (np.zeros(2), np.ones(2))
            self.spreads[model] = center, spread
            self.places[model] = (codes - center) / spread

    def decode(self, model: str, codes: np.ndarray) -> np.ndarray:
        """Decode codes: (n, 2) to (n, 784)."""
        return self.trained.networks[f"{model}_decoder"](codes)

    def code(self, model: str, places: ArrayLike) -> np.ndarray:
        """Return codes at places of the map, which are in units of the model's spread."""
        center, spread = self.spreads[model]
        return center + spread * np.asarray(places)

    def distances(self, model: str, places: np.ndarray) -> np.ndarray:
        """Return how far places are from the nearest code of a test garment: (n, 2) to (n,)."""
        return likeness.nearest_distance(places, self.places[model])

    def likeness(self, images: np.ndarray) -> np.ndarray:
        """Return the cosine between images and each test garment: 1 for pictures of one pattern.

        (n, 784) to (n, number of garments). It leaves out how bright an image is as a whole: in a
        hole a decoder often draws a dark smudge, and a dark picture differs little from any other.
        """
        lengths = [np.linalg.norm(each, axis=1) for each in (images, self.garments)]
        return images @ self.garments.T / np.multiply.outer(*lengths)

    def unlike(self) -> float:
        """Return the likeness to the most alike garment below which a picture is like none.

        Of 100 copies that both networks make of the test garments, on which they were not trained,
        99 are more alike than this to some other garment.
        """
        most = []
        for model in TITLES:
            found = self.likeness(self.decode(model, self.trained.arrays[f"{model}_codes"]))
            np.fill_diagonal(found, -np.inf)
            most.append(found.max(axis=1))
        return float(np.quantile(most, 1 - COPIES))

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
            "firsts": firsts(self.labels),
            "start": START,
            "hole": HOLE,
            "unlike": self.unlike(),
        }

    def still(self) -> Still:
        """Draw both maps with three places, and say what lies there."""
        grid = np.stack(np.meshgrid(*[np.linspace(-2, 2, 41)] * 2), axis=-1).reshape(-1, 2)
        lonely = grid[self.distances("autoencoder", grid).argmax()]
        places = {"A": START, "B": (0.0, 0.0), "C": tuple(lonely)}
        rows = tuple(
            (f"{TITLES[model]}, {name}", *self._describe(model, place))
            for model in TITLES
            for name, place in places.items()
        )
        return Still(
            in_style(lambda: self._figure(places)),
            "Two maps of the codes of a thousand test garments, of a plain autoencoder and of a "
            "variational one, with three marked places, and what each decodes these to.",
            ("place", "code", "nearest code", "distance", "hole"),
            rows,
        )

    def _figure(self, places: dict) -> Figure:
        figure = Figure(figsize=(8, 6))
        grid = figure.add_gridspec(2, 2, height_ratios=[3.9, 1])
        upper = figure.add_subfigure(grid[0, :])
        axes = upper.subplots(1, 2)
        for column, (axis, model) in enumerate(zip(axes, TITLES, strict=True)):
            self._map(axis, model, places)
            tiles = figure.add_subfigure(grid[1, column])
            images = self.decode(model, self.code(model, [*places.values()]))
            for tile, name, image in zip(tiles.subplots(1, 3), places, images, strict=True):
                tile.imshow(image.reshape(28, 28), cmap="gray", vmin=0, vmax=1)
                tile.set_title(name)
                tile.set_axis_off()
        handles = axes[0].get_legend_handles_labels()
        upper.legend(*handles, loc="outside lower center", ncols=5, markerscale=2)
        return figure

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
        (nearest,) = likeness.nearest_labels([place], self.places[model], self.labels)
        return (
            ", ".join(f"{z:.2f}".replace("-", "−") for z in self.code(model, [place])[0]),
            self.names[nearest],
            f"{distance:.2f}",
            "yes" if distance > HOLE else "no",
        )

    def write(self, folder: Path) -> list[Path]:
        """Write everything that the page loads; return the files."""
        parts = [f"{model}_{part}" for model in TITLES for part in ("decoder", "codes")]
        facts = write_facts(folder, "two_maps", self.facts())
        garments = self.garments.reshape(-1, 28, 28)
        sheet = write_tiles(folder, "two_maps_garments", garments, COLUMNS)
        return [*self.trained.write(folder, "two_maps", parts), facts, sheet]
