"""The encoder's desk: what an encoder says of a garment, beside the exact posterior."""

import math
from pathlib import Path

import numpy as np

from latents import bounds, data, plots
from latents.widgets.files import write_facts, write_sheet
from latents.widgets.still import Still, in_style
from latents.widgets.trained import Trained

SIDE = 14  # pixels of the small garments
REACH = 6  # codes are summed over −6 … 6; farther out the prior leaves no garment any mass


def half_size(x: np.ndarray) -> np.ndarray:
    """Average 2 × 2 pixels: (n, 784) to (n, 196)."""
    return x.reshape(-1, SIDE, 2, SIDE, 2).mean(axis=(2, 4)).reshape(-1, SIDE**2)


class EncoderDesk:
    """The small two-dimensional VAE of the chapter on regular spaces, on garments of 14 × 14."""

    title = "The encoder's desk"
    chapter = "regular_spaces"  # whose networks it shows, and in whose notebook it stands
    EACH = 2  # garments of every class

    def __init__(self, profile: str):
        self.trained = Trained(self.chapter, profile)
        self.encoder = self.trained.networks["small_vae_encoder"]
        self.decoder = self.trained.networks["small_vae_decoder"]
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
        a grid of five standard deviations of q. For comparison with what the page computes.
        """
        mean, sd = (each[0] for each in self.encode(x[None]))

        def log_evidence(low, high):
            sides = [np.linspace(a, b, count) for a, b in zip(low, high, strict=True)]
            z = np.stack(np.meshgrid(*sides), axis=-1).reshape(-1, 2)
            joint = -self.distortion(x, z) + bounds.log_standard_normal(z)
            area = math.prod(side[1] - side[0] for side in sides)
            return np.logaddexp.reduce(joint) + math.log(area), z, joint

        _, z, joint = log_evidence((-REACH, -REACH), (REACH, REACH))
        likely = z[joint > joint.max() - 12]
        evidence, _, _ = log_evidence(likely.min(axis=0) - 0.05, likely.max(axis=0) + 0.05)
        u = np.linspace(-5, 5, 101)
        grid = np.stack(np.meshgrid(u, u), axis=-1).reshape(-1, 2)
        weights_of_grid = np.exp(bounds.log_standard_normal(grid))
        distortion = np.average(self.distortion(x, mean + sd * grid), weights=weights_of_grid)
        rate = bounds.diagonal_gaussian_kl(mean, 2 * np.log(sd)).sum()
        gap = distortion + rate + evidence
        return {"D": distortion, "R": rate, "evidence": -evidence, "gap": gap}

    def still(self) -> Still:
        """Draw garments with what the decoder makes of their mean codes, and their accounts."""
        shown = range(0, len(self.garments), self.EACH)
        x = self.garments[list(shown)] / 255
        mean, _ = self.encode(x)
        rows = {"garments of 14 × 14": x, "decoded from the mean code": self.decoder(mean)}
        tiles = {label: images.reshape(-1, SIDE, SIDE) for label, images in rows.items()}
        table = []
        for number in list(shown)[:4]:
            found = self.account(self.garments[number] / 255)
            distortion, rate, evidence = (round(found[key], 2) for key in ("D", "R", "evidence"))
            bound = distortion + rate  # of what is printed, as the gap
            row = distortion, rate, bound, evidence, bound - evidence
            table.append((self.names[number], *(f"{value:.2f}" for value in row)))
        return Still(
            in_style(lambda: plots.image_rows(tiles)),
            "Ten garments of 14 × 14 pixels, one of each class, and what the decoder makes of the "
            "means that the encoder gives them: the same kinds of garment, blurred.",
            ("garment", "distortion D", "rate R", "−ELBO", "−log p(x)", "gap"),
            tuple(table),
        )

    def write(self, folder: Path) -> list[Path]:
        """Write everything that the page loads; return the files."""
        facts = {"variance": self.variance, "garments": self.names}
        parts = ["small_vae_encoder", "small_vae_decoder"]
        return [
            *self.trained.write(folder, "encoder_desk", parts),
            write_facts(folder, "encoder_desk", facts),
            write_sheet(folder, "small_garments", self.garments.reshape(-1, SIDE, SIDE)),
        ]
