"""Draw simple horses and people in colour: the offline stand-in for horses_or_humans."""

import colorsys
from itertools import pairwise

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

SIZE = 300
SHEET = 600  # figures are drawn twice as large, then reduced: smooth edges
CLASS_NAMES = ("horses", "humans")
COUNTS = {"train": 200, "test": 60}
SEEDS = {"train": 1, "test": 2}

COATS = [(92, 58, 33), (139, 90, 43), (60, 45, 38), (196, 164, 132), (222, 214, 204), (45, 42, 45)]
SKINS = [(255, 220, 190), (236, 188, 150), (198, 134, 90), (141, 85, 52), (88, 56, 39)]
HAIRS = [(30, 24, 20), (82, 52, 30), (170, 120, 60), (214, 180, 110), (120, 120, 122)]


def draw_split(split: str) -> tuple[np.ndarray, np.ndarray]:
    """Draw one split, always the same one.

    As in horses_or_humans, training pictures have backgrounds of many kinds, and test pictures
    stand on white.

    Parameters
    ----------
    split : {"train", "test"}
        200 or 60 drawings, half of them horses (label 0), half people (label 1).

    Returns
    -------
    images : numpy.ndarray of uint8, shape (n, 300, 300, 3)
    labels : numpy.ndarray of int64, shape (n,)
    """
    rng = np.random.default_rng(SEEDS[split])
    labels = rng.permutation(np.arange(COUNTS[split]) % 2)
    white = split == "test"
    return np.stack([draw(int(label), rng, white=white) for label in labels]), labels


def draw(label: int, rng: np.random.Generator, *, white: bool = False) -> np.ndarray:
    """Draw one image, uint8 of shape (300, 300, 3): a horse (0) or a person (1)."""
    canvas = Image.new("RGB", (SIZE, SIZE), "white") if white else _background(rng)
    figure = Image.new("RGBA", (SHEET, SHEET), (0, 0, 0, 0))
    (_horse if label == 0 else _person)(ImageDraw.Draw(figure), rng)
    side = int(SIZE * rng.uniform(0.62, 1.0))
    figure = figure.resize((side, side), Image.Resampling.BOX)
    figure = figure.rotate(rng.uniform(-6, 6), resample=Image.Resampling.BILINEAR)
    if rng.random() < 0.5:
        figure = figure.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    free = SIZE - side
    canvas.paste(figure, (int(rng.uniform(0, free + 1)), int(rng.uniform(0.5, 1) * free)), figure)
    return np.asarray(canvas)


def _colour(rng, hue, saturation, value) -> tuple[int, int, int]:
    triple = colorsys.hsv_to_rgb(*(rng.uniform(*limits) for limits in (hue, saturation, value)))
    red, green, blue = (int(255 * part) for part in triple)
    return red, green, blue


def _shade(colour, factor) -> tuple[int, ...]:
    return tuple(int(min(255, part * factor)) for part in colour)


def _background(rng) -> Image.Image:
    """Sky with a gradient, a line of hills, and ground with broad patches."""
    side = SIZE
    top = np.array(_colour(rng, (0.5, 0.68), (0.1, 0.6), (0.6, 1.0)))
    low = np.array(_colour(rng, (0.05, 0.6), (0.05, 0.3), (0.75, 1.0)))
    mix = np.linspace(0, 1, side)[:, None, None]
    canvas = Image.fromarray(np.broadcast_to(top + mix * (low - top), (side, side, 3)).astype("u1"))
    pen = ImageDraw.Draw(canvas)
    ground = _colour(rng, (0.07, 0.38), (0.2, 0.7), (0.3, 0.75))
    horizon = rng.uniform(0.5, 0.75) * side
    x = np.linspace(0, side, 40)
    waves, phase = rng.uniform(1, 4), rng.uniform(0, 6)
    hills = horizon - rng.uniform(5, 45) * np.abs(np.sin(waves * x / side * 3 + phase))
    pen.polygon([(0, side), *zip(x, hills, strict=True), (side, side)], fill=_shade(ground, 0.75))
    pen.rectangle([0, horizon, side, side], fill=ground)
    for _ in range(rng.integers(10, 30)):
        cx, cy = rng.uniform(0, side), rng.uniform(horizon, side)
        wide = rng.uniform(5, 45)
        patch = _shade(ground, rng.uniform(0.8, 1.2))
        pen.ellipse([cx - wide, cy - wide / 5, cx + wide, cy + wide / 5], fill=patch)
    return canvas.filter(ImageFilter.GaussianBlur(1.2))


def _limb(pen, points, widths, colour) -> None:
    """Draw a chain of thick, round-ended segments."""
    for (start, end), width in zip(pairwise(points), widths, strict=True):
        pen.line([start, end], fill=colour, width=int(width))
        for x, y in (start, end):
            pen.ellipse([x - width / 2, y - width / 2, x + width / 2, y + width / 2], fill=colour)


def _swing(start, length, angle) -> tuple[float, float]:
    """End of a segment that hangs from ``start``, turned by ``angle`` radians."""
    return start[0] + length * np.sin(angle), start[1] + length * np.cos(angle)


def _horse(pen, rng) -> None:
    coat = _shade(COATS[rng.integers(len(COATS))], rng.uniform(0.8, 1.2))
    dark, mane = _shade(coat, 0.75), _shade(coat, rng.choice([0.35, 0.5, 1.4]))
    stride = rng.uniform(0.0, 0.55)
    for x, sign, tone in ((200, 1, dark), (400, -1, dark), (225, -1, coat), (425, 1, coat)):
        hip = (x, 370)
        knee = _swing(hip, 85, sign * stride)
        hoof = _swing(knee, 85, sign * stride - rng.uniform(0.0, 0.5))
        _limb(pen, [hip, knee, hoof], [44, 24], tone)
        pen.ellipse([hoof[0] - 15, hoof[1] - 8, hoof[0] + 15, hoof[1] + 14], fill=(40, 34, 30))
    tail = [(180, 290), (150, 330), _swing((150, 330), 110, rng.uniform(-0.6, 0.1))]
    _limb(pen, tail, [18, 24], mane)
    pen.ellipse([165, 245, 460, 395], fill=coat)
    lift = rng.uniform(-70, 60)  # head down to graze, or up
    poll = (510, 160 - lift)
    pen.polygon([(375, 260), (445, 370), (545, 190 - lift), (490, 140 - lift)], fill=coat)
    _limb(pen, [(375, 262), (435, 210 - lift / 2), (492, 146 - lift)], [20, 24], mane)
    muzzle = _swing(poll, 95, rng.uniform(0.5, 1.1))
    _limb(pen, [poll, muzzle], [58], coat)
    _limb(pen, [muzzle, _swing(muzzle, 16, 0.8)], [40], dark)
    pen.polygon([(488, 142 - lift), (500, 98 - lift), (520, 138 - lift)], fill=dark)
    eye = (poll[0] + 20, poll[1] + 4)
    pen.ellipse([eye[0] - 6, eye[1] - 6, eye[0] + 6, eye[1] + 6], fill=(15, 12, 12))


def _person(pen, rng) -> None:
    skin = _shade(SKINS[rng.integers(len(SKINS))], rng.uniform(0.9, 1.08))
    hair = HAIRS[rng.integers(len(HAIRS))]
    shirt = _colour(rng, (0, 1), (0.2, 0.95), (0.35, 1.0))
    trousers = _colour(rng, (0, 1), (0.1, 0.7), (0.15, 0.6))
    width, stride = rng.uniform(0.85, 1.2), rng.uniform(0, 0.45)
    hips, neck = (300, 350), (300, 175)
    for sign in (-1, 1):
        knee = _swing((300 + sign * 22 * width, 350), 105, sign * stride)
        foot = _swing(knee, 105, sign * stride * 0.4)
        _limb(pen, [(300 + sign * 22 * width, 350), knee, foot], [46 * width, 36 * width], trousers)
        shoe = [foot[0] - 18, foot[1] - 8, foot[0] + 34, foot[1] + 22]
        pen.ellipse(shoe, fill=_shade(trousers, 0.4))
    if rng.random() < 0.5:  # long hair, behind the body
        pen.ellipse([250, 70, 350, 70 + rng.uniform(110, 200)], fill=hair)
    for sign in (-1, 1):
        shoulder = (300 + sign * 52 * width, 195)
        elbow = _swing(shoulder, 80, sign * rng.uniform(0.05, 1.3))
        hand = _swing(elbow, 75, sign * rng.uniform(-0.5, 2.4))
        _limb(pen, [shoulder, elbow], [34 * width], shirt)
        _limb(pen, [elbow, hand], [24 * width], skin)
    body = [(300 - 66 * width, 180), (300 + 66 * width, 180)]
    body += [(300 + 46 * width, hips[1] + 10), (300 - 46 * width, hips[1] + 10)]
    pen.polygon(body, fill=shirt)
    _limb(pen, [(neck[0], 190), (300, 150)], [34], _shade(skin, 0.9))
    pen.ellipse([256, 72, 344, 172], fill=skin)
    pen.chord([252, 62, 348, 168], 180, 360, fill=hair)
    for sign in (-1, 1):
        pen.ellipse([300 + sign * 18 - 5, 116, 300 + sign * 18 + 5, 126], fill=(20, 18, 18))
    pen.arc([280, 122, 320, 154], 20, 160, fill=(150, 50, 50), width=4)
