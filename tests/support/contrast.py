"""How well colours are seen on a ground, and beside each other."""

from itertools import combinations

import numpy as np
from matplotlib.colors import to_rgb

# How a colour appears to people without cones for green (deuteranopia) or red (protanopia), on
# linear RGB: Machado, Oliveira and Fernandes (2009), severity 1.
SEEN = {
    "all": np.eye(3),
    "no green": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "no red": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
}
TO_XYZ = [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]


def linear(colour):
    """Return the linear RGB of a colour (IEC 61966-2-1)."""
    c = np.array(to_rgb(colour))
    return np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)


def contrasts(colour):
    """Return the contrast of a colour with white and with black (WCAG 2.2)."""
    luminance = linear(colour) @ (0.2126, 0.7152, 0.0722)
    return 1.05 / (luminance + 0.05), (luminance + 0.05) / 0.05


def lightness_and_hue(colour, seen):
    """Return CIE L*a*b* of a colour as somebody sees it, white point D65."""
    xyz = np.array(TO_XYZ) @ np.clip(np.array(seen) @ linear(colour), 0, 1)
    x, y, z = np.cbrt(np.clip(xyz / (0.9505, 1, 1.089), 0.008856, None))
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


def nearest(colours, seen):
    """Return the least distance of two of some colours, as somebody sees them."""
    places = [lightness_and_hue(colour, seen) for colour in colours]
    return min(np.linalg.norm(a - b) for a, b in combinations(places, 2))
