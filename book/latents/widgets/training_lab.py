"""What the training lab loads, real garments of 14 × 14; and three such trainings on paper.

The page trains in JavaScript; `Training` is the same step in NumPy.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from latents import bounds, data, plots
from latents.widgets.encoder_desk import SIDE, half_size
from latents.widgets.files import write_facts, write_tiles
from latents.widgets.still import Still, in_style

PIXELS = SIDE**2
EACH = {"train": 200, "test": 50}  # garments of every class
COLUMNS = 50  # of the sheet that the page loads
TILES = 15  # of the decoded sheet, in both directions
EPOCHS = 8  # on paper
SEED = 1


@dataclass
class Training:
    """One model and Adam, step by step, in double precision.

    The mean over a batch of D + β R is minimized, in nats per image. D is the binary cross-entropy,
    summed over the pixels; R is KL(N(mean, σ²) ‖ N(0, I)). A plain autoencoder has neither noise
    nor rate.

    Attributes
    ----------
    layers : list of pairs of numpy.ndarray
        Kernel and bias: pixels to hidden units, to mean and log-variance (side by side), and from
        the code over hidden units to logits.
    """

    variational: bool = True
    hidden: int = 64
    beta: float = 1.0
    seed: int = SEED
    layers: list = field(default_factory=list)
    steps: int = 0

    def __post_init__(self):
        self.rng = np.random.default_rng(self.seed)
        heads = 4 if self.variational else 2
        shapes = [(PIXELS, self.hidden), (self.hidden, heads), (2, self.hidden)]
        for inputs, outputs in [*shapes, (self.hidden, PIXELS)] if not self.layers else []:
            single = 2 if outputs == heads else outputs  # Keras' two layers, side by side
            limit = np.sqrt(6 / (inputs + single))  # Glorot's uniform distribution
            kernel = self.rng.uniform(-limit, limit, (inputs, outputs))
            self.layers.append((kernel, np.zeros(outputs)))
        self.moments = [[np.zeros_like(w) for w in pair] for pair in self.layers for _ in "12"]

    def encode(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return hidden units, means and log-variances: (n, 196) to (n, hidden), (n, 2) twice."""
        (kernel, bias), (to_code, code_bias) = self.layers[:2]
        h = np.maximum(x @ kernel + bias, 0)
        q = h @ to_code + code_bias
        return h, q[:, :2], q[:, 2:]

    def decode(self, z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return hidden units and logits: (n, 2) to (n, hidden) and (n, 196)."""
        (kernel, bias), (to_image, image_bias) = self.layers[2:]
        g = np.maximum(z @ kernel + bias, 0)
        return g, g @ to_image + image_bias

    def gradients(self, x: np.ndarray, eps: np.ndarray) -> tuple[float, float, list]:
        """Return D, R and, as the layers are, the gradients of D + β R."""
        n = len(x)
        h, mean, log_var = self.encode(x)
        noise = np.exp(log_var / 2) * eps if self.variational else 0
        z = mean + noise
        g, logits = self.decode(z)
        distortion = (np.logaddexp(0, logits) - x * logits).sum() / n
        costs = (mean**2 + np.exp(log_var) - 1 - log_var) / 2 if self.variational else np.zeros(1)
        dy = ((1 + np.tanh(logits / 2)) / 2 - x) / n
        dg = dy @ self.layers[3][0].T * (g > 0)
        dz = dg @ self.layers[2][0].T
        dq = dz
        if self.variational:
            price = self.beta / n
            d_log_var = (dz * noise + price * (np.exp(log_var) - 1)) / 2
            dq = np.concatenate([dz + price * mean, d_log_var], axis=1)
        dh = dq @ self.layers[1][0].T * (h > 0)
        pairs = (x, dh), (h, dq), (z, dg), (g, dy)
        return distortion, costs.sum() / n, [(inputs.T @ d, d.sum(axis=0)) for inputs, d in pairs]

    def step(self, x: np.ndarray) -> None:
        """Take a step of Adam on a batch."""
        _, _, gradients = self.gradients(x, self.rng.normal(size=(len(x), 2)))
        self.steps += 1
        rate = 1e-3 * np.sqrt(1 - 0.999**self.steps) / (1 - 0.9**self.steps)
        for n, pair in enumerate(gradients):
            for k, gradient in enumerate(pair):
                first, second = (moment[k] for moment in self.moments[2 * n : 2 * n + 2])
                first += (gradient - first) * 0.1
                second += (gradient**2 - second) * 0.001
                self.layers[n][k][...] -= rate * first / (np.sqrt(second) + 1e-7)

    def epoch(self, x: np.ndarray, batch: int = 32) -> None:
        """Take a step on each batch of the images, in a new order."""
        order = self.rng.permutation(len(x))
        for start in range(0, len(x), batch):
            self.step(x[order[start : start + batch]])


class TrainingLab:
    """Two thousand garments to train on, and five hundred to test with, of 14 × 14 pixels."""

    title = "A training lab"
    chapter = "vae"  # in whose notebook it stands

    def __init__(self, profile: str):
        fashion = data.load("fashion_mnist")
        self.names = fashion.label_names
        self.images, self.labels = {}, {}
        for split, each in EACH.items():
            images, labels = fashion.arrays(split)
            chosen = np.sort([np.flatnonzero(labels == c)[:each] for c in range(10)], axis=None)
            small = half_size(images[chosen].reshape(-1, 4 * PIXELS))
            self.images[split] = np.rint(small).astype("uint8")  # (n, 196)
            self.labels[split] = labels[chosen]

    def landmarks(self) -> dict[str, float]:
        """Return the D of the mean image on the test garments, and what no D can fall below."""
        mean = np.broadcast_to(self.images["train"].mean(axis=0) / 255, (1, PIXELS))
        test = self.images["test"]
        control = bounds.probability_nll(test / 255, np.repeat(mean, len(test), axis=0))
        return {"mean_image": float(control.mean()), "floor": bounds.entropy_floor(test)}

    def facts(self) -> dict:
        """Return what the page shows beside the garments."""
        labels = "".join(map(str, self.labels["test"]))
        return {"names": self.names, "labels": labels, **self.landmarks()}

    def trained(self, **settings) -> Training:
        """Train on the garments for the paper."""
        found = Training(**settings)
        for _ in range(EPOCHS):
            found.epoch(self.images["train"] / 255)
        return found

    def still(self) -> Still:
        """Draw the maps and sheets of three trainings, and say what they have come to."""
        models = {
            "autoencoder": self.trained(variational=False),
            "VAE, β = 1": self.trained(),
            "VAE, β = 30": self.trained(beta=30),
        }
        return Still(
            in_style(lambda: self._figure(models)),
            "Three maps of the codes of test garments, and below each what its decoder makes of "
            "the places of the map: of a plain autoencoder, whose codes reach far, of a "
            "variational one, and of one with a large β, whose codes have become alike, and its "
            "pictures with them.",
            ("model", "distortion D", "rate R", "−ELBO = D + R", "spread of the codes", "in use"),
            tuple((name, *self._describe(model)) for name, model in models.items()),
        )

    def _figure(self, models: dict[str, Training]) -> Figure:
        figure = Figure(figsize=(8, 6))
        axes = figure.subplots(2, 3)
        for (upper, lower), (name, model) in zip(axes.T, models.items(), strict=True):
            codes = model.encode(self.images["test"] / 255)[1]
            middle, reach = window(codes, model.variational)
            plots.class_map(upper, codes, self.labels["test"], self.names, name)
            (left, right), (bottom, top) = ((each - reach, each + reach) for each in middle)
            upper.set(xlim=(left, right), ylim=(bottom, top), aspect="equal")
            lower.imshow(sheet(model, reach, middle), cmap="gray", vmin=0, vmax=1)
            lower.set_axis_off()
        handles = axes[0, 0].get_legend_handles_labels()
        figure.legend(*handles, loc="outside lower center", ncols=5, markerscale=2)
        return figure

    def _describe(self, model: Training) -> tuple[str, ...]:
        x = self.images["test"] / 255
        parts = model.gradients(x, np.random.default_rng(0).normal(size=(len(x), 2)))[:2]
        codes = model.encode(x)[1]
        shown = [round(part, 1) for part in parts]  # as printed they add up
        rate = (f"{shown[1]:.1f}", f"{sum(shown):.1f}") if model.variational else ("–", "–")
        spread = " and ".join(f"{each:.2f}" for each in codes.std(axis=0))
        return f"{shown[0]:.1f}", *rate, spread, f"{bounds.active_units(codes)} of 2"

    def write(self, folder: Path) -> list[Path]:
        """Write everything that the page loads; return the files."""
        tiles = np.concatenate([self.images["train"], self.images["test"]])
        sheet = write_tiles(folder, "training_lab", tiles.reshape(-1, SIDE, SIDE), COLUMNS)
        return [write_facts(folder, "training_lab", self.facts()), sheet]


def window(codes: np.ndarray, variational: bool) -> tuple[np.ndarray, float]:
    """Return the middle (2,) and the reach of a map that shows all codes (n, 2).

    A VAE's is around its prior, a plain autoencoder's around its codes.
    """
    if variational:
        return np.zeros(2), max(3, np.abs(codes).max())
    low, high = codes.min(axis=0), codes.max(axis=0)
    return (low + high) / 2, (high - low).max() / 2


def sheet(
    model: Training, reach: float, middle: Sequence[float] | np.ndarray = (0, 0)
) -> np.ndarray:
    """Decode an even grid of the map, ± reach about its middle: (15 · 14, 15 · 14) brightnesses."""
    steps = reach * ((2 * np.arange(TILES) + 1) / TILES - 1)
    across, up = np.meshgrid(middle[0] + steps, middle[1] - steps)
    logits = model.decode(np.stack([across.ravel(), up.ravel()], axis=1))[1]
    tiles = ((1 + np.tanh(logits / 2)) / 2).reshape(TILES, TILES, SIDE, SIDE)
    return tiles.transpose(0, 2, 1, 3).reshape(TILES * SIDE, TILES * SIDE)
