"""Figures that more than one chapter draws.

They follow the current Matplotlib style; ``plt.style.use("latents.book")`` sets that of the book.
"""

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
from IPython.display import display

from latents import LatentsError, records

WIDTH = 5.0  # inches: what a phone can show with letters of nine points
INK = "#767676"  # of letters and axes in ``book.mplstyle``
MARKERS = "os^vDP*X<>"  # for ten classes, beside the ten colours of the style


def show(figure, name: str) -> None:
    """Show a figure here; in the book, glue it for the captioned ``{glue:figure}`` that follows.

    Raises
    ------
    LatentsError
        In the book, if the Matplotlib backend cannot turn figures into pictures.
    """
    if records.in_book():
        from myst_nb import glue

        if "inline" not in matplotlib.get_backend():
            raise LatentsError(
                f"Matplotlib's backend is {matplotlib.get_backend()}, so the figure {name} would "
                "be missing from the page: unset MPLBACKEND and build again."
            )
        glue(name, figure, display=False)
    elif plt.fignum_exists(figure.number):  # else whoever drew it has shown it already
        display(figure)
    plt.close(figure)


def image_grid(images, titles=None, *, columns: int, frames=()):
    """Draw pictures in a grid as wide as a figure of the book.

    Parameters
    ----------
    images : array_like, shape (n, height, width) or (n, height, width, channels)
        Brightness in [0, 1], or 8 bits; one channel is drawn as white on black.
    titles : sequence of str, optional
    columns : int
    frames : collection of int
        Positions to be framed.

    Returns
    -------
    matplotlib.figure.Figure
    """
    count = -(-len(images) // columns)
    figure, axes = _tiles(count, columns, images[0], above=0.0 if titles is None else 0.22)
    for place, axis in enumerate(axes.flat):
        if place >= len(images):
            axis.set_axis_off()
            continue
        _draw(axis, images[place])
        if titles is not None:
            axis.set_title(titles[place], pad=3)
        if place in frames:
            for side in axis.spines.values():
                side.set(color="C3", linewidth=3)
    return figure


def image_rows(rows: dict):
    """Draw rows of pictures one above the other, columns aligned, each below its label.

    Parameters
    ----------
    rows : dict
        Label of the row to its pictures, each as in :func:`image_grid`.
    """
    columns = max(len(images) for images in rows.values())
    first = next(iter(rows.values()))[0]
    figure, axes = _tiles(len(rows), columns, first, above=0.22)
    for line, (label, images) in zip(axes, rows.items(), strict=True):
        for axis, image in zip(line, images, strict=True):
            _draw(axis, image)
        line[0].set_title(label, loc="left", pad=3)
    return figure


def class_map(axis, codes, labels, names, title: str) -> None:
    """Draw codes of two latents as dots, in the colour and with the marker of their class.

    Parameters
    ----------
    codes : array_like, shape (n, 2)
    labels : array_like of int, shape (n,)
    names : sequence of str
        Of the classes; at most 300 dots are drawn for each.
    """
    for label, name in enumerate(names):
        dots = np.asarray(codes)[np.asarray(labels) == label][:300].T
        axis.scatter(*dots, s=8, alpha=0.6, color=f"C{label}", marker=MARKERS[label], label=name)
    axis.set(title=title, xlabel="latent 1", ylabel="latent 2")


def decoded_sheet(decoder, horizontal, vertical) -> np.ndarray:
    """Decode the grid of all (horizontal, vertical) codes into one picture of 28 × 28 tiles.

    The upper row of tiles belongs to the largest vertical value.
    """
    across, up = np.meshgrid(horizontal, vertical[::-1])
    grid = np.stack([across.ravel(), up.ravel()], axis=1)  # (rows · columns, 2)
    sheet = np.reshape(decoder(grid), (len(vertical), len(horizontal), 28, 28))
    return sheet.transpose(0, 2, 1, 3).reshape(len(vertical) * 28, -1)


def curves(panels: dict, *, x_label: str = "epoch"):
    """Draw one panel for each quantity, one below the other, with a line for each series.

    Parameters
    ----------
    panels : dict
        Title of the panel (with its unit) to ``{series: values by epoch}``.
    """
    count = len(panels)
    figure, axes = plt.subplots(count, 1, figsize=(WIDTH, 2.4 * count), squeeze=False, sharex=True)
    for axis, (title, series) in zip(axes.flat, panels.items(), strict=True):
        for (name, values), style in zip(series.items(), ("o-", "s--", "^:", "d-."), strict=False):
            axis.plot(np.arange(1, len(values) + 1), values, style, label=name)
        axis.set(title=title)
        axis.xaxis.get_major_locator().set_params(integer=True)
        axis.grid()
        axis.legend()
    axes[-1, 0].set_xlabel(x_label)
    return figure


def bench_table(bench: dict):
    """Return a table of a record of ``make bench``: a row for each way to train.

    Returns
    -------
    pandas.io.formats.style.Styler
        The figure that its caption names, for each seed, and the seconds of the first: by the
        clock, and of all processors.
    """
    import pandas as pd

    rows, titles = {}, [f"seed {seed}" for seed in bench["seeds"]]
    for name, runs in bench["runs"].items():
        row = dict(zip(titles, (run["figure"] for run in runs), strict=False))
        row |= {"seconds": runs[0]["seconds"][-1], "CPU seconds": runs[0]["cpu_seconds"][-1]}
        rows[name] = row
    table = pd.DataFrame(rows).T
    layout = dict.fromkeys(table.columns, "{:.2f}") | dict.fromkeys(table.columns[-2:], "{:.0f}")
    caption = f"{bench['figure']}, on {records.place(bench)}"
    return table.style.format(layout, na_rep="").set_caption(caption)


def _tiles(rows: int, columns: int, image, above: float):
    """Return a figure and its axes (rows, columns), each as high and wide as ``image`` is.

    Above each row there are ``above`` inches for titles. No layout engine is asked: a label that
    is longer than its picture would push the columns apart.
    """
    gap = 0.04  # inches
    height, width = np.shape(image)[:2]
    side = WIDTH / columns  # of a tile, with its gap
    high = (side - gap) * height / width
    total = rows * (high + above + gap)
    figure = plt.figure(figsize=(WIDTH, total), layout="none")
    axes = np.empty((rows, columns), object)
    for row, column in np.ndindex(rows, columns):
        bottom = total - (row + 1) * (high + above) - row * gap
        box = column * side / WIDTH, bottom / total, (side - gap) / WIDTH, high / total
        axes[row, column] = figure.add_axes(box, xticks=[], yticks=[])
    return figure, axes


def _draw(axis, image) -> None:
    image = np.squeeze(np.asarray(image))
    top = 255 if image.dtype == np.uint8 else 1
    axis.imshow(image, cmap="gray", vmin=0, vmax=top)
