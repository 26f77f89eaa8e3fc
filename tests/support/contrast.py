"""How well a colour is seen on white and on black."""

import numpy as np
from matplotlib.colors import to_rgb


def linear(colour):
    """Return the linear RGB of a colour (IEC 61966-2-1)."""
    c = np.array(to_rgb(colour))
    return np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)


def contrasts(colour):
    """Return the contrast of a colour with white and with black (WCAG 2.2)."""
    luminance = linear(colour) @ (0.2126, 0.7152, 0.0722)
    return 1.05 / (luminance + 0.05), (luminance + 0.05) / 0.05
