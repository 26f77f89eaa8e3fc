"""Parts of the book's drawings: a sheet measured in points, its arrows and letters, its files."""

import base64
import io
import re

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.colors import to_hex, to_rgb
from matplotlib.patches import Circle, PathPatch, Polygon
from matplotlib.path import Path as Outline
from matplotlib.textpath import TextPath
from matplotlib.transforms import Affine2D
from PIL import Image

from latents import plots
from latents.plots import INK

POINTS = 72  # in an inch
WIDTH = plots.WIDTH * POINTS
WORDS, FORMULAS, SYMBOLS = 9, 10, 12  # sizes in points
DASHES = (0, (3, 1.6))
STYLE = [
    "latents.book",
    {
        "figure.constrained_layout.use": False,  # everything has its place
        "mathtext.fontset": "dejavuserif",  # strong enough for nine points on a phone
        "svg.fonttype": "path",
        "svg.hashsalt": "latents",  # else the names in the file differ from run to run
    },
]
LUMINANCE = (1.05 * 0.05) ** 0.5 - 0.05  # contrasts as much with white as with black
NO_METADATA = dict.fromkeys(("Creator", "Date", "Format", "Type"))


def for_letters(colour) -> str:
    """Return the colour, darker or lighter, so that letters are read on white and on black."""
    rgb = np.array(to_rgb(colour))
    light = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    luminance = light @ (0.2126, 0.7152, 0.0722)
    if luminance > LUMINANCE:
        light = light * LUMINANCE / luminance
    else:
        light = light + (1 - light) * (LUMINANCE - luminance) / (1 - luminance)
    return to_hex(np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055))


class Sheet:
    """A transparent ground, as wide as the book's figures, on which positions are in points.

    Parameters
    ----------
    height : float
    """

    def __init__(self, height: float):
        self.height = height
        self.figure = plt.figure(figsize=(plots.WIDTH, height / POINTS))
        self.ground = self.panel(0, 0, WIDTH, height)
        self.ground.set(xlim=(0, WIDTH), ylim=(0, height))
        self.ground.set_axis_off()

    def panel(self, x, y, width, height):
        """Return axes whose lower left corner is (x, y)."""
        box = x / WIDTH, y / self.height, width / WIDTH, height / self.height
        return self.figure.add_axes(box)

    def write(self, x, y, text, colour=INK, *, size=WORDS, **options):
        """Write letters, centred unless the options say otherwise."""
        options = {"ha": "center", "va": "center", "linespacing": 1.2} | options
        self.ground.text(x, y, text, color=for_letters(colour), fontsize=size, **options)

    def formula(self, x, y, text, colour=INK, **options):
        """Write a formula, a little larger than words are."""
        self.write(x, y, f"${text}$", colour, size=FORMULAS, **options)

    def line(self, start, end, colour=INK, *, bend=None, dashed=False, width=1.4):
        """Draw a line, straight or by way of the point ``bend``, dashed or not."""
        points = [start, end] if bend is None else [start, bend, end]
        step = Outline.LINETO if bend is None else Outline.CURVE3
        outline = Outline(points, [Outline.MOVETO] + [step] * (len(points) - 1))
        dashes = DASHES if dashed else "-"
        style = {"edgecolor": colour, "linewidth": width, "linestyle": dashes, "capstyle": "butt"}
        self.ground.add_patch(PathPatch(outline, fill=False, **style))

    def arrow(self, start, end, colour=INK, *, bend=None, **style):
        """Draw an arrow, straight or by way of the point ``bend``, dashed or not."""
        end = np.array(end, float)
        along = end - (start if bend is None else bend)
        along /= np.hypot(*along)
        across = np.array((-along[1], along[0]))
        neck = end - 6.5 * along
        self.line(start, neck, colour, bend=bend, **style)
        head = [end, neck - along + 3 * across, neck - along - 3 * across]
        self.ground.add_patch(Polygon(head, facecolor=colour, edgecolor="none"))

    def trapezoid(self, start, end, y, left, right, colour=INK, *, name=""):
        """Draw a trapezoid of two heights, left and right, centred at the height y."""
        corners = [(start, -left), (start, left), (end, right), (end, -right)]
        corners = [(x, y + half / 2) for x, half in corners]
        self.ground.add_patch(Polygon(corners, fill=False, edgecolor=colour, linewidth=1.4))
        self.write((start + end) / 2, y, name, colour)

    def box(self, start, end, y, height, colour=INK):
        """Draw a rectangle, centred at the height y."""
        self.trapezoid(start, end, y, height, height, colour)

    def node(self, x, y, symbol, colour=INK, *, seen=False, radius=14):
        """Draw a random variable; one that is observed is filled, and its symbol cut out."""
        if not seen:
            ring = Circle((x, y), radius, fill=False, edgecolor=colour, linewidth=1.4)
            self.ground.add_patch(ring)
            self.write(x, y, f"${symbol}$", colour, size=SYMBOLS)
            return
        letter = TextPath((0, 0), f"${symbol}$", size=SYMBOLS + 1)
        box = letter.get_extents()
        shift = x - (box.x0 + box.x1) / 2, y - (box.y0 + box.y1) / 2
        letter = letter.transformed(Affine2D().translate(*shift))
        disk = Outline.circle((x, y), radius)  # counterclockwise, and letters are clockwise
        whole = Outline.make_compound_path(disk, letter)
        self.ground.add_patch(PathPatch(whole, facecolor=colour, edgecolor="none"))

    def picture(self, x, y, side, image):
        """Draw a grey image, white on black, whose frame is centred at (x, y)."""
        axis = self.panel(x - side / 2, y - side / 2, side, side)
        axis.imshow(image, cmap="gray", vmin=0, vmax=1, interpolation="none")
        axis.set(xticks=[], yticks=[])

    def span(self, start, end, y, text, colour=INK):
        """Draw a bracket that opens upwards, and a text below its middle."""
        for x in (start, end):
            self.line((x, y - 0.7), (x, y + 6), colour)
        self.line((start, y), (end, y), colour)
        self.write((start + end) / 2, y - 5, text, colour, va="top", size=FORMULAS)


def svg(figure) -> str:
    """Return the figure as SVG: the same on every run, without what a reader does not see."""
    file = io.StringIO()
    figure.savefig(file, format="svg", metadata=NO_METADATA)
    text = re.sub(
        r"<\?xml.*?\?>\s*|<!DOCTYPE.*?>\s*|<!--.*?-->\s*", "", file.getvalue(), flags=re.S
    )
    text = re.sub(r"(?<=base64,)[\w+/=\s]+", lambda found: _grey_png(found[0]), text)
    text = re.sub(r"-?\d+\.\d{3,}", lambda found: _rounded(float(found[0])), text)
    return re.sub(r"\s*\n\s*", "\n", text)


def png(figure) -> bytes:
    """Return the figure as a small PNG, for notebooks: Colab shows no SVG, Jupyter few."""
    file, small = io.BytesIO(), io.BytesIO()
    figure.savefig(file, format="png", dpi=160)
    picture = Image.open(file).quantize(256, method=Image.Quantize.FASTOCTREE)
    picture.save(small, "png", optimize=True)
    return small.getvalue()


def _rounded(number: float) -> str:
    """Write to a hundredth of a point; what is smaller than one is a scale, and needs more."""
    return f"{number:.2f}" if abs(number) >= 1 else f"{number:.4f}"


def _grey_png(data: str) -> str:
    """Return a picture with one channel, without compression: small, and the same everywhere."""
    file = io.BytesIO()
    Image.open(io.BytesIO(base64.b64decode(data))).convert("L").save(file, "png", compress_level=0)
    return base64.b64encode(file.getvalue()).decode()
