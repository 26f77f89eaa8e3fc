"""A lever for β over trained models."""

from pathlib import Path

import numpy as np

from latents import bounds, plots, weights
from latents.widgets.files import one_of_each, write_facts, write_sheet
from latents.widgets.still import Still, in_style
from latents.widgets.trained import Trained

ACTIVE = 0.01  # variance of a latent's mean over the garments, as in the chapter


class BetaLever:
    """The models of the sweep over β in the chapter on rate and distortion."""

    title = "A lever for β"
    chapter = "rate_distortion"  # whose networks it shows, and in whose notebook it stands
    LABELS = {0.1: "beta_01", 0.3: "beta_03", 1: "beta_1", 4: "beta_4", 30: "beta_30"}  # noqa: RUF012

    def __init__(self, profile: str):
        self.trained = Trained(self.chapter, profile)
        known = len(self.trained.arrays["beta_1_codes"])
        self.firsts, self.originals, self.names = one_of_each(known)
        self.betas = [
            beta for beta, label in self.LABELS.items() if f"{label}_codes" in self.trained.arrays
        ]

    def numbers(self, beta: float) -> dict[str, float]:
        """Return what the chapter has measured for one model: D, R, and how often told apart."""
        names = {"D": "distortion_nats", "R": "rate_nats", "apart": "apart"}
        return {k: self.trained.metrics[f"{self.LABELS[beta]}_{v}"] for k, v in names.items()}

    def active(self, beta: float) -> int:
        """Return how many latents are in use, of the test garments whose codes are there."""
        means = self.trained.arrays[f"{self.LABELS[beta]}_codes"][:, :10]
        return bounds.active_units(means, ACTIVE)

    def decode(self, beta: float, codes: np.ndarray) -> np.ndarray:
        """Decode codes (n, 10) to brightnesses (n, 28, 28)."""
        logits = self.trained.networks[f"{self.LABELS[beta]}_decoder"](codes)
        return weights.ACTIVATIONS["sigmoid"](logits).reshape(-1, 28, 28)

    def copies(self, beta: float) -> np.ndarray:
        """Decode the mean codes of one test garment of each class: (10, 28, 28)."""
        return self.decode(
            beta, self.trained.arrays[f"{self.LABELS[beta]}_codes"][self.firsts, :10]
        )

    def facts(self) -> dict:
        """Return what the page shows beside the networks."""
        models = [
            {
                "beta": beta,
                "part": self.LABELS[beta],
                **self.numbers(beta),
                "active": self.active(beta),
            }
            for beta in self.betas
        ]
        counted = {"active": ACTIVE, "garments": len(self.trained.arrays["beta_1_codes"])}
        return {"models": models, "firsts": self.firsts, "names": self.names, **counted}

    def still(self) -> Still:
        """Draw copies and invented garments of the smallest β, of one, and of the largest."""
        noise = np.random.default_rng(0).normal(size=(10, 10))
        shown = [self.betas[0], 1, self.betas[-1]]
        rows = {"originals": self.originals / 255}
        rows |= {f"β = {beta:g}, copies": self.copies(beta) for beta in shown}
        rows |= {f"β = {beta:g}, from the prior": self.decode(beta, noise) for beta in shown}
        table = []
        for beta in self.betas:
            found = self.numbers(beta)
            parts = [round(found[name], 1) for name in ("D", "R")]  # as printed they add up
            words = [f"{value:.1f}" for value in (*parts, sum(parts))]
            table.append((f"{beta:g}", *words, f"{found['apart']:.0%}"))
        return Still(
            in_style(lambda: plots.image_rows(rows)),
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
        return [
            *self.trained.write(folder, "beta_lever", parts),
            write_facts(folder, "beta_lever", self.facts()),
            write_sheet(folder, "originals", self.originals),
        ]
