"""The pictures of the exercises: what is expected, and a student's answer beside it."""

import matplotlib.pyplot as plt
import numpy as np

from latents import bounds


def codes_below_curve(codes: np.ndarray | None, mean: float, variance: float):
    """Draw the density of a Gaussian, and a histogram of codes (n,) where there are some."""
    sd = np.sqrt(variance)
    low, high, peak = mean - 4 * sd, mean + 4 * sd, 1 / (sd * np.sqrt(2 * np.pi))
    figure, axis = plt.subplots(figsize=(6.4, 3.6))
    if codes is not None:
        low, high = min(low, codes.min()), max(high, codes.max())
        bins = np.linspace(low, high, 81).tolist()
        axis.hist(codes, bins, density=True, alpha=0.5, label="your codes")
    z = np.linspace(low, high, 400)
    density = peak * np.exp(-((z - mean) ** 2) / (2 * variance))
    axis.plot(z, density, color="tab:red", label=f"mean {mean:g}, variance {variance:g}")
    # Codes without noise are one high bar; the curve must stay visible beside it.
    axis.set(xlabel="code", ylabel="density", ylim=(0, min(axis.get_ylim()[1], 4 * peak)))
    axis.legend()
    figure.tight_layout()
    return figure


def losses_on_curves(panels: dict[str, np.ndarray], losses: dict[str, np.ndarray]):
    """Draw the KL of one latent over its mean and over its log-variance, and a student's values.

    Parameters
    ----------
    panels : dict
        Name of what varies to places (2, n): means above log-variances.
    losses : dict
        Name of what varies to values (n,); empty while there are none.
    """
    figure, axes = plt.subplots(1, len(panels), figsize=(8.4, 3.4), sharey=True)
    for row, (axis, (name, places)) in enumerate(zip(axes, panels.items(), strict=True)):
        curve = np.zeros((2, 200))
        curve[row] = np.linspace(places[row, 0], places[row, -1], 200)
        axis.plot(curve[row], bounds.diagonal_gaussian_kl(*curve), label="expected")
        if name in losses:
            axis.plot(places[row], losses[name], "o", label="your latent_loss")
        axis.set(xlabel=name, title=" and ".join(f"{n} = 0" for n in panels if n != name))
        axis.grid(alpha=0.3)
        axis.legend()
    axes[0].set_ylabel("cost of one latent, nats")
    figure.tight_layout()
    return figure


def covariances(pictures: dict[str, np.ndarray]):
    """Draw matrices (d, d) side by side by their titles, red above zero and blue below.

    Colours end at the largest value off the diagonal, which is small in an untrained encoder.
    """
    size = 4.6 * len(pictures), 3.6
    figure, axes = plt.subplots(1, len(pictures), figsize=size, squeeze=False)
    for axis, (title, matrix) in zip(axes.flat, pictures.items(), strict=True):
        top = off_diagonal(matrix) or np.abs(matrix).max()
        image = axis.imshow(matrix, cmap="RdBu_r", vmin=-top, vmax=top)
        axis.set(title=title, xlabel="latent", ylabel="latent")
        figure.colorbar(image, ax=axis, label="covariance", extend="both")
    figure.tight_layout()
    return figure


def off_diagonal(matrix: np.ndarray) -> float:
    """Return the largest absolute value off the diagonal of a matrix (d, d)."""
    return float(np.abs(matrix - np.diag(np.diag(matrix))).max())


def example_covariance(size: int = 16) -> np.ndarray:
    """Return a covariance of codes as an encoder might give it."""
    rng = np.random.default_rng(0)
    scale = np.tril(rng.normal(0, 0.15, (size, size)), -1)
    scale += np.diag(rng.uniform(0.6, 0.8, size))
    return scale @ scale.T
