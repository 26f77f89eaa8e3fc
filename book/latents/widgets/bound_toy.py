"""The toy of the ELBO: one number x, one latent z, and a Gaussian q."""

import math
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from latents.widgets.densities import descend, log_normal
from latents.widgets.files import write_facts
from latents.widgets.still import Still, in_style

NOISE = 0.5  # s², as in the chapter
TEXT_X = 1.5
GUESS = (0.6, math.sqrt(0.5))  # mean and sd of the chapter's guess
TASK_X = 3
PLACES = {"line": TEXT_X, "square": TASK_X}
DECODERS = {"line": (lambda z: z, "N(z, ½)"), "square": (lambda z: z**2, "N(z², ½)")}


def _gaussian(mean: float, sd: float) -> dict:
    return {"mean": [mean], "sd": [sd]}


class BoundToy:
    """What the page loads, and the same numbers by finer sums; no network, so no profile."""

    title = "The ELBO, the evidence and the gap for one number"
    chapter = "elbo"  # in whose notebook it stands

    def __init__(self, profile: str):
        self.profile = profile
        self.grid = np.linspace(-25, 25, 10_001)
        self.step = self.grid[1] - self.grid[0]

    def log_joint(self, decoder: str, x: float) -> np.ndarray:
        """Log p(x|z) p(z) on the grid, in nats."""
        middle = DECODERS[decoder][0](self.grid)
        return log_normal(x, middle, math.sqrt(NOISE)) + log_normal(self.grid, 0, 1)

    def evidence(self, decoder: str, x: float) -> float:
        """Return log p(x) in nats."""
        return float(np.logaddexp.reduce(self.log_joint(decoder, x)) + np.log(self.step))

    def account(self, decoder: str, x: float, mean: float, sd: float) -> dict[str, float]:
        """Return D, R, the ELBO, the KL from the posterior ("gap") and log p(x), in nats."""
        log_q, log_prior = log_normal(self.grid, mean, sd), log_normal(self.grid, 0, 1)
        joint, evidence = self.log_joint(decoder, x), self.evidence(decoder, x)
        q = np.exp(log_q) * self.step
        distortion, rate = -q @ (joint - log_prior), q @ (log_q - log_prior)
        gap = q @ (log_q - (joint - evidence))
        return {
            "D": distortion,
            "R": rate,
            "elbo": -distortion - rate,
            "gap": gap,
            "evidence": evidence,
        }

    def best(self, decoder: str, x: float, mean: float, sd: float) -> tuple[float, float]:
        """Mean and standard deviation at the end of a descent."""
        z, joint, step = self.grid[::8], self.log_joint(decoder, x)[::8], 8 * self.step

        def cost(mean, sd):
            log_q = log_normal(z, mean, sd)
            return np.exp(log_q) @ (log_q - joint) * step

        means, sds = descend(cost, [mean], [sd], rate=0.02)
        return float(means[0]), float(sds[0])

    def facts(self) -> dict:
        """Return what the page needs."""
        return {
            "noise": NOISE,
            "window": [-3.5, 3.5],
            "limits": {"x": [-2, 4], "mean": [-3, 3], "sd": [0.1, 2]},
            "text": {"decoder": "line", "x": TEXT_X, "q": _gaussian(*GUESS)},
            "prior": _gaussian(0, 1),
            "task": {
                "decoder": "square",
                "x": TASK_X,
                "starts": [_gaussian(-1.5, 0.3), _gaussian(1.5, 0.3), _gaussian(0, 1.5)],
            },
        }

    def still(self) -> Still:
        """Draw both posteriors with their best q; list the accounts of several q."""
        best = {
            "line": (TEXT_X / (1 + NOISE), math.sqrt(NOISE / (1 + NOISE))),
            "square": self.best("square", TASK_X, 1.5, 0.3),
        }
        rows = []
        for decoder, x in PLACES.items():
            for name, q in {"prior": (0, 1), "guess": GUESS, "best": best[decoder]}.items():
                if name == "guess" and decoder != "line":
                    continue
                found = self.account(decoder, x, *q)
                rate, gap, evidence = (round(found[key], 3) for key in ("R", "gap", "evidence"))
                elbo = evidence - gap  # as printed they add up: the distortion takes the rounding
                numbers = -elbo - rate, rate, elbo, abs(gap), evidence
                words = [f"{value:.3f}".replace("-", "−") for value in numbers]
                rows.append((f"{DECODERS[decoder][1]}, x = {x:g}, q: {name}", *words))
        return Still(
            in_style(lambda: self._figure(best)),
            "Left, a Gaussian posterior, which the best Gaussian q meets exactly. Right, a "
            "posterior with two narrow peaks of equal height; the best Gaussian q lies on one of "
            "them and is about twice as high.",
            ("decoder and q", "distortion D", "rate R", "ELBO", "gap", "log p(x)"),
            tuple(rows),
        )

    def _figure(self, best: dict) -> Figure:
        figure = Figure(figsize=(7, 2.9))
        seen = np.abs(self.grid) <= 3.5
        z = self.grid[seen]
        for axis, (decoder, q) in zip(figure.subplots(1, 2), best.items(), strict=True):
            x = PLACES[decoder]
            posterior = np.exp(self.log_joint(decoder, x) - self.evidence(decoder, x))[seen]
            axis.plot(z, np.exp(log_normal(z, 0, 1)), ":", color="C5", label="prior p(z)")
            axis.fill_between(z, posterior, color="C0", alpha=0.3, label="posterior p(z|x)")
            axis.plot(z, np.exp(log_normal(z, *q)), "C1--", label="best Gaussian q")
            axis.set(xlabel="z", title=f"x|z ~ {DECODERS[decoder][1]}, x = {x:g}")
            axis.set(xlim=(-3.5, 3.5), ylim=(0, None))
        figure.legend(*axis.get_legend_handles_labels(), loc="outside lower center", ncols=3)
        return figure

    def write(self, folder: Path) -> list[Path]:
        """Write what the page loads; return the files."""
        return [write_facts(folder, "bound_toy", self.facts())]
