"""Figures that more than one chapter draws."""

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
from IPython.display import display

from latents import LatentsError, records


def show(figure, name: str) -> None:
    """Show a figure here; in the book, glue it for the captioned ``{glue:figure}`` that follows.

    Raises
    ------
    LatentsError
        In the book, if the Matplotlib backend cannot turn figures into pictures.
    """
    figure.patch.set_facecolor("white")
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


def image_grid(images, titles=None, *, columns: int, size: float = 1.2, frames=()):
    """Draw pictures in a grid.

    Parameters
    ----------
    images : array_like, shape (n, height, width) or (n, height, width, channels)
        Brightness in [0, 1], or 8 bits; one channel is drawn as white on black.
    titles : sequence of str, optional
    columns : int
    size : float
        Inches for each picture.
    frames : collection of int
        Positions to be framed.

    Returns
    -------
    matplotlib.figure.Figure
    """
    rows = -(-len(images) // columns)
    extra = 0.28 if titles is not None else 0.0
    figure, axes = plt.subplots(
        rows, columns, figsize=(columns * size, rows * (size + extra)), squeeze=False
    )
    for place, axis in enumerate(axes.flat):
        axis.set(xticks=[], yticks=[])
        if place >= len(images):
            axis.set_axis_off()
            continue
        _draw(axis, images[place])
        if titles is not None:
            axis.set_title(titles[place], fontsize=9)
        if place in frames:
            for side in axis.spines.values():
                side.set(color="tab:red", linewidth=3)
    figure.tight_layout(pad=0.3)
    return figure


def image_rows(rows: dict, *, size: float = 1.1):
    """Draw labelled rows of pictures one above the other, columns aligned.

    Parameters
    ----------
    rows : dict
        Label of the row to its pictures, each as in :func:`image_grid`.
    size : float
        Inches for each picture.
    """
    columns = max(len(images) for images in rows.values())
    figure, axes = plt.subplots(
        len(rows), columns, figsize=(columns * size + 1.0, len(rows) * size), squeeze=False
    )
    for line, (label, images) in zip(axes, rows.items(), strict=True):
        for axis, image in zip(line, images, strict=True):
            axis.set(xticks=[], yticks=[])
            _draw(axis, image)
        line[0].set_ylabel(label, rotation=0, ha="right", va="center", fontsize=10)
    figure.tight_layout(pad=0.3)
    return figure


def curves(panels: dict, *, x_label: str = "epoch"):
    """Draw one panel for each quantity, with a line for each series.

    Parameters
    ----------
    panels : dict
        Title of the panel (with its unit) to ``{series: values by epoch}``.
    """
    figure, axes = plt.subplots(1, len(panels), figsize=(4.2 * len(panels), 3.2), squeeze=False)
    for axis, (title, series) in zip(axes.flat, panels.items(), strict=True):
        for (name, values), style in zip(series.items(), ("o-", "s--", "^:", "d-."), strict=False):
            axis.plot(np.arange(1, len(values) + 1), values, style, label=name, markersize=4)
        axis.set(title=title, xlabel=x_label)
        axis.xaxis.get_major_locator().set_params(integer=True)
        axis.grid(alpha=0.3)
        axis.legend(fontsize=9)
    figure.tight_layout()
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


def _draw(axis, image) -> None:
    image = np.squeeze(np.asarray(image))
    top = 255 if image.dtype == np.uint8 else 1
    axis.imshow(image, cmap="gray", vmin=0, vmax=top)
