"""What the encoder's desk says of many garments, in the page and by other sums in NumPy."""

import numpy as np
from playwright.sync_api import Page
from scipy.ndimage import binary_dilation

from latents.widgets.encoder_desk import REACH, EncoderDesk

CELL = 0.05  # of the even grid, about three standard deviations of the narrowest posterior
PARTS = 5  # along a side of each cell that holds some of the posterior
SHARE = 50  # images at a time, for the memory

PROGRAM = """([model, images]) => images.map(image => {
  const x = Float32Array.from(image, value => value / 255);
  const posterior = model.truth.posterior(x);
  const mass = posterior.mass.reduce((a, b) => a + b);
  return { ...model.account(x, model.encode(x), posterior), mass };
})"""


def in_page(page: Page, model, images: np.ndarray) -> dict[str, np.ndarray]:
    """Return what the page finds for images of bytes (n, 196): D, R, bound, evidence, gap, mass.

    Parameters
    ----------
    page : Page
    model : JSHandle
        The ``Model`` of ``encoder_desk.mjs``.
    images : numpy.ndarray
    """
    rows = page.evaluate(PROGRAM, [model, images.tolist()])
    return {name: np.array([row[name] for row in rows]) for name in rows[0]}


def even(half: float, step: float) -> np.ndarray:
    """Return the middles of the cells of an even grid over −half … half: (n, 2)."""
    count = round(2 * half / step)
    side = (np.arange(count) + 0.5) * step - half
    return np.stack(np.meshgrid(side, side), axis=-1).reshape(-1, 2)


def in_numpy(desk: EncoderDesk, images: np.ndarray) -> dict[str, np.ndarray]:
    """Return D, R, −log p(x) and the gap of images of bytes (n, 196), in nats: (n,) each."""
    mean, sd = desk.encode(images / 255)
    middles = even(REACH, CELL)
    decoded = desk.decoder(middles)
    squares = (decoded**2).sum(axis=1)
    prior = 2 * np.log(CELL) - (middles**2).sum(axis=1) / 2 - np.log(2 * np.pi)
    evidence = []
    for start in range(0, len(images), SHARE):
        x = images[start : start + SHARE] / 255
        distances = (x**2).sum(axis=1, keepdims=True) - 2 * x @ decoded.T + squares  # (n, codes)
        joint = prior - distances / (2 * desk.variance)
        evidence += [refined(desk, *each, middles) for each in zip(x, joint, strict=True)]
    rate = ((mean**2 + sd**2 - 1) / 2 - np.log(sd)).sum(axis=1)
    triples = zip(images / 255, mean, sd, strict=True)
    account = {
        "D": np.array([distortion(desk, *each) for each in triples]),
        "R": rate,
        "evidence": -np.array(evidence),
    }
    return account | {"gap": account["D"] + account["R"] - account["evidence"]}


def log_sum(logs: np.ndarray) -> float:
    """Return the logarithm of a sum of exponentials."""
    return float(np.log(np.exp(logs - logs.max()).sum()) + logs.max())


def refined(desk: EncoderDesk, x: np.ndarray, joint: np.ndarray, middles: np.ndarray) -> float:
    """Return log p(x) from the logarithmic masses of cells, dividing those that hold any of it."""
    side = round(len(joint) ** 0.5)
    heavy = (joint > joint.max() - 12).reshape(side, side)
    cells = binary_dilation(heavy, iterations=1, structure=np.ones((3, 3))).ravel()
    codes = (middles[cells][:, None] + even(CELL / 2, CELL / PARTS)).reshape(-1, 2)
    distances = ((x - desk.decoder(codes)) ** 2).sum(axis=1) / (2 * desk.variance)
    inside = 2 * np.log(CELL / PARTS) - distances - (codes**2).sum(axis=1) / 2 - np.log(2 * np.pi)
    return log_sum(np.concatenate([joint[~cells], inside]))


def distortion(desk: EncoderDesk, x: np.ndarray, mean: np.ndarray, sd: np.ndarray) -> float:
    """Return D of N(mean, sd²), in nats: a sum over an even grid of six standard deviations."""
    noise = even(6, 0.25)
    weights = np.exp(-(noise**2).sum(axis=1) / 2)
    distances = ((x - desk.decoder(mean + sd * noise)) ** 2).sum(axis=1)
    return float(weights @ distances / weights.sum() / (2 * desk.variance))
