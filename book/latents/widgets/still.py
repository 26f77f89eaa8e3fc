"""A widget on paper, and where no script runs."""

import io
from collections.abc import Callable
from dataclasses import dataclass

import matplotlib
import matplotlib.pyplot as plt
from matplotlib.figure import Figure
from PIL import Image

INK = "#3d444d"  # of letters and axes
INKED = ["text.color", "axes.labelcolor", "axes.titlecolor", "axes.edgecolor"]
INKED += ["xtick.color", "ytick.color"]


@dataclass(frozen=True)
class Still:
    """A picture and a table that stand where a widget would.

    Attributes
    ----------
    picture : bytes
        A PNG without ground and with dark letters: the page lays it on white, in the dark as well.
    alt : str
    head, rows : tuple of str, tuple of such tuples
        A table of what the widget would show.
    """

    picture: bytes
    alt: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def in_style(draw: Callable[[], Figure]) -> bytes:
    """Draw a figure in the style of the book with dark letters; return a PNG of 256 colours."""
    drawn = io.BytesIO()
    with matplotlib.rc_context():
        matplotlib.style.use(["latents.book", dict.fromkeys(INKED, INK)])
        figure = draw()
        figure.savefig(drawn, format="png", dpi=110)
    plt.close(figure)
    small = io.BytesIO()
    few = Image.open(drawn).quantize(method=Image.Quantize.FASTOCTREE)  # a quarter of the bytes
    few.save(small, "PNG", optimize=True)
    return small.getvalue()
