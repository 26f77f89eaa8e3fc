"""Sliders for the latents of the dense VAE, strongest first."""

from pathlib import Path

import numpy as np

from latents import plots
from latents.widgets.files import one_of_each, write_facts, write_sheet
from latents.widgets.still import Still, in_style
from latents.widgets.trained import Trained

END = 3  # each slider goes from −END to END


class LatentSliders:
    """The VAE of experiment 2, and one test garment of each class."""

    title = "Sliders of the latents"
    chapter = "vae"  # whose networks it shows, and in whose notebook it stands

    def __init__(self, profile: str):
        self.trained = Trained(self.chapter, profile)
        self.decoder = self.trained.networks["decoder"]
        self.rates = self.trained.arrays["rates"].astype("float64")  # (d,), nats
        self.order = np.argsort(-self.rates)
        known = len(self.trained.arrays["codes"])
        firsts, self.originals, self.names = one_of_each(known)
        self.codes = self.trained.arrays["codes"][firsts].astype("float64")  # (10, d), means

    def changes(self) -> np.ndarray:
        """Return how each garment changes from one end of each slider to the other: (d, 10, 784).

        The other latents stay at the garment's own mean code.
        """
        found = []
        for latent in range(len(self.rates)):
            ends = [self.codes.copy() for _ in range(2)]
            for codes, place in zip(ends, (-END, END), strict=True):
                codes[:, latent] = place
            found.append(self.decoder(ends[1]) - self.decoder(ends[0]))
        return np.array(found)

    @staticmethod
    def alike(changes: np.ndarray) -> tuple[np.ndarray, float]:
        """Return how alike changes are, as cosines: for each slider (d,), and the control.

        For a slider it is the median over pairs of garments. The control is the median over pairs
        of sliders that move the same garment, without its sign, since which end of a latent is the
        upper one is an accident.
        """
        unit = changes / np.linalg.norm(changes, axis=2, keepdims=True)
        pairs = np.triu_indices(10, k=1)
        garments = [np.median((one @ one.T)[pairs]) for one in unit]
        others = np.triu_indices(len(unit), k=1)
        pairs_of_sliders = [(moved @ moved.T)[others] for moved in unit.transpose(1, 0, 2)]
        control = np.median(np.abs(pairs_of_sliders))
        return np.array(garments), float(control)

    def facts(self) -> dict:
        """Return what the page shows beside the network."""
        return {
            "names": self.names,
            "order": self.order.tolist(),
            "rates": self.rates.round(3).tolist(),
            "codes": self.codes.round(4).tolist(),
            "end": END,
        }

    def still(self) -> Still:
        """Draw a garment while single latents move, and say what each latent carries."""
        steps = np.linspace(-END, END, 9)
        rows = {}
        for rank in (0, 1, 2, len(self.order) - 1):
            moved = np.repeat(self.codes[9:], len(steps), axis=0)  # the ankle boot
            moved[:, self.order[rank]] = steps
            latent = self.order[rank]
            label = f"latent {latent}, {self.rates[latent]:.2f} nats"
            rows[label] = self.decoder(moved).reshape(-1, 28, 28)
        changes = self.changes()
        alike, _ = self.alike(changes)
        sizes = np.sqrt((changes**2).mean(axis=2)).mean(axis=1)
        table = [
            (f"{n}", f"{self.rates[n]:.2f}", f"{sizes[n]:.2f}", f"{alike[n]:.2f}".replace("-", "−"))
            for n in self.order
        ]
        return Still(
            in_style(lambda: plots.image_rows(rows)),
            "An ankle boot while one of its ten latents moves from low to high: the three that "
            "carry most nats change it into other garments, the last one hardly changes it.",
            ("latent", "KL, nats", "change of a pixel (rms)", "alike in two garments"),
            tuple(table),
        )

    def write(self, folder: Path) -> list[Path]:
        """Write everything that the page loads; return the files."""
        return [
            *self.trained.write(folder, "latent_sliders", ["decoder"]),
            write_facts(folder, "latent_sliders", self.facts()),
            write_sheet(folder, "latent_sliders_garments", self.originals),
        ]
