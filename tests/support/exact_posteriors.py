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

    Evidence and D are sums over the same codes for every image: a fine grid of a square that holds
    six standard deviations of each encoder's answer, and a coarse one around it.
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
    found = []
    for start in range(0, len(images), SHARE):
        x = images[start : start + SHARE] / 255
        distances = (x**2).sum(axis=1, keepdims=True) - 2 * x @ decoded.T + squares  # (n, codes)
        distances /= 2 * desk.variance
        joint = prior - distances
        top = joint.max(axis=1, keepdims=True)
        evidence = np.log(np.exp(joint - top).sum(axis=1)) + top[:, 0]
        m, s = mean[start : start + SHARE, None], sd[start : start + SHARE, None]
        share = np.exp(areas - (((codes - m) / s) ** 2).sum(axis=2) / 2)
        distortion = (share * distances).sum(axis=1) / share.sum(axis=1)
        rate = ((m**2 + s**2 - 1) / 2 - np.log(s)).sum(axis=(1, 2))
        found.append(np.stack([distortion, rate, -evidence]))
    account = dict(zip(("D", "R", "evidence"), np.concatenate(found, axis=1), strict=True))
    return account | {"gap": account["D"] + account["R"] - account["evidence"]}
