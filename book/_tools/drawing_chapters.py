"""The map of the book's chapters: what needs what, and how long each takes to read.

Titles, times and arrows are taken from the chapters themselves; only the places are set here.
"""

import re
from pathlib import Path

from drawing_parts import WORDS, Sheet

BOOK = Path(__file__).resolve().parents[1]
LEFT, RIGHT, WIDE, HIGH, STEP = 96, 270, 156, 34, 54
LAST = 4  # row of the foundations
PLACES = {  # column and row
    "latent_spaces": (LEFT, 0),
    "kl_divergence": (LEFT, 1),
    "elbo": (LEFT, 2),
    "rate_distortion": (LEFT, 3),
    "regular_spaces": (LEFT, 4),
    "conv_autoencoder": (RIGHT, 0),
    "vae": (RIGHT, 1),
    "tfp_vae": (RIGHT, 2),
    "usual_recipes": (RIGHT, 3),
    "structured_codes": (LEFT, 5.45),
    "deeper_codes": (RIGHT, 5.45),
}


def pages() -> dict[str, str]:
    """Return the text of each chapter by its name."""
    return {name: next(BOOK.glob(f"*/{name}.md")).read_text("utf-8") for name in PLACES}


def needs(text: str) -> tuple[set[str], set[str]]:
    """Return the chapters that a chapter needs, and those that it only recommends.

    Both stand in the paragraph "You need": what is needed in its first sentence, what is
    recommended in the others.
    """
    paragraph = re.search(r"^\*\*You need\*\*(.*?)\n\n", text, re.S | re.M)[1]
    first, *others = re.split(r"\.\s", paragraph, maxsplit=1)
    found = [
        set(re.findall(r"\{doc\}`(?:[^`<]*<)?[^`]*?(\w+)>?`", part)) for part in (first, *others)
    ]
    return found[0], set().union(*found[1:])


def before(name: str, needed: dict[str, set[str]]) -> set[str]:
    """Return all chapters that come before one, by way of others too."""
    return needed[name].union(*(before(each, needed) for each in needed[name]))


def arrows(texts: dict[str, str]) -> dict[tuple[str, str], bool]:
    """Return (earlier, later) pairs, true where needed; a pair that others imply is left out."""
    parts = {name: needs(text) for name, text in texts.items()}
    needed = {name: found[0] for name, found in parts.items()}
    kept = {}
    for name, groups in parts.items():
        implied = [before(each, needed) for each in groups[0] | groups[1]]
        for group, firm in zip(groups, (True, False), strict=True):
            kept |= {(each, name): firm for each in sorted(group.difference(*implied))}
    return kept


def chapters() -> Sheet:
    """Draw the chapters as boxes, and an arrow to each from what it needs."""
    texts = pages()
    sheet = Sheet(26 + STEP * 5.45 + HIGH + 28)
    top = sheet.height - 26 - HIGH / 2
    spots = {name: (x, top - STEP * row) for name, (x, row) in PLACES.items()}
    for x, heading in ((LEFT, "Foundations"), (RIGHT, "Experiments")):
        sheet.write(x, sheet.height - 10, heading, size=WORDS + 1)
    sheet.write((LEFT + RIGHT) / 2, 9, "Where latent spaces lead", size=WORDS + 1)
    for name, (x, y) in spots.items():
        title = re.search(r"^# ([^:\n]*)", texts[name], re.M)[1]
        minutes = re.search(r"^\*\*Time\*\* (\d+) min", texts[name], re.M)[1]
        colour = "C2" if PLACES[name][1] > LAST else {LEFT: "C0", RIGHT: "C1"}[x]
        sheet.box(x - WIDE / 2, x + WIDE / 2, y, HIGH, colour)
        sheet.write(x, y + 7, title)
        sheet.write(x, y - 8, f"{minutes} min")
    for (earlier, later), firm in arrows(texts).items():
        _arrow(sheet, spots[earlier], spots[later], dashed=not firm)
    return sheet


def _arrow(sheet, start, end, **style):
    """Draw an arrow between two boxes: down, round a box in between, or across."""
    (x, y), (to_x, to_y) = start, end
    gap = 2
    if x != to_x:
        side = (WIDE / 2 + gap) * (1 if to_x > x else -1)
        sheet.arrow((x + side, y), (to_x - side, to_y), **style)
    elif y - to_y < 1.6 * STEP:
        sheet.arrow((x, y - HIGH / 2 - gap), (x, to_y + HIGH / 2 + gap), **style)
    else:
        side = x - WIDE / 2 - gap
        sheet.arrow((side, y), (side, to_y), bend=(side - 18, (y + to_y) / 2), **style)
