"""The toy of the KL divergence: one Gaussian q before three targets p."""

from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from latents.widgets.densities import descend, log_normal
from latents.widgets.files import write_facts
from latents.widgets.still import Still, in_style

# Both as in the chapter.
ONE = {"mean": 0, "sd": 1}
PEAKS: dict[str, list[float]] = {"weights": [0.6, 0.4], "means": [-2, 2], "sds": [0.7, 0.5]}
BANANA = {"spread": 1.5, "bend": 0.4, "shift": -1.5, "width": 0.45}
NAMES = {"one": "one Gaussian", "peaks": "two peaks", "banana": "a banana"}


class KlToy:
    """What the page loads, and the same numbers by other sums; no network, so no profile."""

    title = "A Gaussian before a target, and the KL in both directions"
    chapter = "kl_divergence"  # in whose notebook it stands

    def __init__(self, profile: str):
        self.profile = profile
        self.grid = np.linspace(-40, 40, 8001)
        nodes, weights = np.polynomial.hermite_e.hermegauss(9)
        self.eps = np.stack(np.meshgrid(nodes, nodes), axis=-1).reshape(-1, 2)
        self.weights = np.outer(weights, weights).reshape(-1) / (2 * np.pi)

    def log_p(self, target: str, z: np.ndarray) -> np.ndarray:
        """Log density of a target at places (n,), for the banana (n, 2): (n,)."""
        if target == "one":
            return log_normal(z, ONE["mean"], ONE["sd"])
        if target == "peaks":
            peaks = zip(PEAKS["weights"], PEAKS["means"], PEAKS["sds"], strict=True)
            return np.logaddexp(*(np.log(w) + log_normal(z, m, s) for w, m, s in peaks))
        across, up = z.T
        return log_normal(across, 0, BANANA["spread"]) + log_normal(
            up, self._spine(across), BANANA["width"]
        )

    @staticmethod
    def _spine(across):
        return BANANA["bend"] * across**2 + BANANA["shift"]

    def kl(self, target: str, direction: str, mean, sd) -> float:
        """KL(q ‖ p), direction "qp", or KL(p ‖ q), "pq", in nats, for q = N(mean, diag sd²).

        On the line a sum over a fine grid. For the banana the log ratio is a polynomial of a
        standard Gaussian, whose mean the nodes of Gauss and Hermite give exactly.
        """
        mean, sd = np.asarray(mean, float), np.asarray(sd, float)
        if target != "banana":
            z, volume = self.grid, self.grid[1] - self.grid[0]
            log_q, log_p = log_normal(z, mean[0], sd[0]), self.log_p(target, z)
            first, ratio = (log_q, log_q - log_p) if direction == "qp" else (log_p, log_p - log_q)
            return float(np.sum(np.exp(first) * ratio) * volume)
        if direction == "qp":
            z, sign = mean + sd * self.eps, 1
        else:
            across = BANANA["spread"] * self.eps[:, 0]
            up = self._spine(across) + BANANA["width"] * self.eps[:, 1]
            z, sign = np.stack([across, up], axis=1), -1
        log_q = log_normal(z, mean, sd).sum(axis=1)
        return float(sign * self.weights @ (log_q - self.log_p(target, z)))

    def moments(self, target: str) -> tuple[np.ndarray, np.ndarray]:
        """Means and standard deviations of a target: where KL(p ‖ q) is smallest."""
        if target == "banana":
            spread, bend = BANANA["spread"], BANANA["bend"]
            up = np.sqrt(2 * bend**2 * spread**4 + BANANA["width"] ** 2)
            return np.array([0, self._spine(spread)]), np.array([spread, up])
        p = np.exp(self.log_p(target, self.grid)) * (self.grid[1] - self.grid[0])
        mean = p @ self.grid
        return np.array([mean]), np.array([np.sqrt(p @ (self.grid - mean) ** 2)])

    def seeking(self, target: str) -> tuple[np.ndarray, np.ndarray]:
        """Means and standard deviations of a smallest KL(q ‖ p)."""
        start = self.facts()["seeking"][target]
        return descend(lambda m, s: self.kl(target, "qp", m, s), start["mean"], start["sd"])

    def facts(self) -> dict:
        """Return what the page needs."""
        return {
            "targets": {"one": ONE, "peaks": PEAKS, "banana": BANANA},
            "limits": {"mean": [-4, 4], "sd": [0.2, 3]},
            # Both axes of the plane have the same scale.
            "windows": {"line": {"x": [-6, 6]}, "plane": {"x": [-5, 5], "y": [-3.4, 3.84]}},
            "starts": {
                "one": {"mean": [1], "sd": [0.5]},  # the example of the chapter
                "peaks": {"mean": [0.5], "sd": [1.2]},
                "banana": {"mean": [1, 1], "sd": [0.6, 0.6]},
            },
            "seeking": {
                "peaks": {"mean": [-2], "sd": [0.7]},
                "banana": {"mean": [0, -1.5], "sd": [1, 0.45]},
            },
        }

    def still(self) -> Still:
        """Draw the fits of both directions for two peaks and for the banana; list their KLs."""
        fits = {
            (target, name): fit(target)
            for target in ("peaks", "banana")
            for name, fit in (("mode-seeking", self.seeking), ("mode-covering", self.moments))
        }
        rows = []
        for (target, name), (mean, sd) in fits.items():
            kls = [f"{self.kl(target, direction, mean, sd):.3f}" for direction in ("qp", "pq")]
            words = [
                ", ".join(f"{x + 0.0:.2f}".replace("-", "−") for x in np.round(each, 2))
                for each in (mean, sd)
            ]
            rows.append((f"{NAMES[target]}, {name}", *words, *kls))
        return Still(
            in_style(lambda: self._figure(fits)),
            "Left, two peaks: the mode-seeking fit is narrow and lies on one of them, the "
            "mode-covering fit is wide and lies on both. Right, a banana in the plane: the "
            "mode-seeking ellipse lies inside it, the mode-covering one also covers the empty "
            "middle.",
            ("target and fit", "mean", "sd", "KL(q‖p), nats", "KL(p‖q), nats"),
            tuple(rows),
        )

    def _figure(self, fits: dict) -> Figure:
        figure = Figure(figsize=(7, 3))
        line, plane = figure.subplots(1, 2)
        self._line(line, fits)
        self._plane(plane, fits)
        figure.legend(*line.get_legend_handles_labels(), loc="outside lower center", ncols=3)
        return figure

    def _line(self, axis, fits: dict) -> None:
        z = np.linspace(-6, 6, 481)
        axis.fill_between(z, np.exp(self.log_p("peaks", z)), color="C0", alpha=0.3, label="p")
        for (target, name), (mean, sd) in fits.items():
            if target == "peaks":
                style = "-" if name == "mode-seeking" else "--"
                axis.plot(z, np.exp(log_normal(z, mean, sd)), f"C1{style}", label=f"q, {name}")
        axis.set(xlabel="z", ylabel="density", xlim=(-6, 6), ylim=(0, None))

    def _plane(self, axis, fits: dict) -> None:
        across, up = np.linspace(-5, 5, 201), np.linspace(-3.4, 3.84, 146)
        places = np.stack(np.meshgrid(across, up), axis=-1)
        log_p = self.log_p("banana", places.reshape(-1, 2)).reshape(places.shape[:2])
        for radius in (3, 2, 1):  # standard deviations, as it were
            levels = log_p.max() - radius**2 / 2, log_p.max()
            axis.contourf(across, up, log_p, levels=levels, colors="C0", alpha=0.2)
        angle = np.linspace(0, 2 * np.pi, 200)
        for (target, name), (mean, sd) in fits.items():
            if target == "banana":
                style = "-" if name == "mode-seeking" else "--"
                ring = mean + 2 * sd * np.stack([np.cos(angle), np.sin(angle)], axis=1)
                axis.plot(*ring.T, f"C1{style}")
        axis.set(xlabel="z₁", ylabel="z₂", xlim=(-5, 5), ylim=(-3.4, 3.84), aspect="equal")

    def write(self, folder: Path) -> list[Path]:
        """Write what the page loads; return the files."""
        return [write_facts(folder, "kl_toy", self.facts())]
