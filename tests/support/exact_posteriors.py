"""What the encoder's desk says of many garments, in the page and by other sums in NumPy."""

import numpy as np
from playwright.sync_api import Page

from latents.widgets.encoder_desk import REACH, EncoderDesk

FINE = 320  # codes along a side of the square in which the Gaussians of all images are
COARSE = 0.1  # distance of the codes in the rest of the plane
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
    """Return D, R, −log p(x) and the gap of images of bytes (n, 196), in nats: (n,) each.

    The evidence is a sum over the same codes for every image: a fine grid of a square that holds
    six standard deviations of each encoder's answer, and a coarse one around it. Where a posterior
    is narrow beside the fine grid, it gets a finer one. D is a sum over an even grid for each q.
    """
    mean, sd = desk.encode(images / 255)
    half = min(REACH, COARSE * np.ceil((np.abs(mean) + 6 * sd).max() / COARSE))
    step = 2 * half / FINE
    inside, outside = even(half, step), even(REACH, COARSE)
    outside = outside[np.abs(outside).max(axis=1) > half]
    codes = np.concatenate([inside, outside])
    areas = np.repeat(2 * np.log([step, COARSE]), [len(inside), len(outside)])
    decoded = desk.decoder(codes)
    squares = (decoded**2).sum(axis=1)
    prior = areas - (codes**2).sum(axis=1) / 2 - np.log(2 * np.pi)
    evidence = []
    for start in range(0, len(images), SHARE):
        x = images[start : start + SHARE] / 255
        distances = (x**2).sum(axis=1, keepdims=True) - 2 * x @ decoded.T + squares  # (n, codes)
        joint = prior - distances / (2 * desk.variance)
        evidence += [refined(desk, *each, codes, step) for each in zip(x, joint, strict=True)]
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


def refined(
    desk: EncoderDesk, x: np.ndarray, joint: np.ndarray, codes: np.ndarray, step: float
) -> float:
    """Return log p(x) from the masses of an even grid, which is made finer for a narrow peak."""
    mass = np.exp(joint - joint.max())
    mass /= mass.sum()
    middle = mass @ codes
    widths = np.sqrt(mass @ (codes - middle) ** 2)
    if widths.min() > 1.2 * step:  # an even grid is exact to 1e-5 then
        return log_sum(joint)
    half = 8 * step
    peak = codes[joint.argmax()]
    near = np.abs(codes - peak).max(axis=1) < half - step / 2
    half = np.abs(codes[near] - peak).max() + step / 2  # the borders of whole cells
    finer = 2 * half / 121
    local = peak + even(half, finer)
    distances = ((x - desk.decoder(local)) ** 2).sum(axis=1) / (2 * desk.variance)
    inside = 2 * np.log(finer) - distances - (local**2).sum(axis=1) / 2 - np.log(2 * np.pi)
    return log_sum(np.concatenate([joint[~near], inside]))


def distortion(desk: EncoderDesk, x: np.ndarray, mean: np.ndarray, sd: np.ndarray) -> float:
    """Return D of N(mean, sd²), in nats: a sum over an even grid of six standard deviations."""
    noise = even(6, 0.25)
    weights = np.exp(-(noise**2).sum(axis=1) / 2)
    distances = ((x - desk.decoder(mean + sd * noise)) ** 2).sum(axis=1)
    return float(weights @ distances / weights.sum() / (2 * desk.variance))
