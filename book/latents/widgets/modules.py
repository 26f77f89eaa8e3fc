"""The ES modules of the interactive parts: where they are, and which of them a part needs."""

import re
import sysconfig
from functools import cache
from pathlib import Path

BESIDE = Path(__file__).resolve().parents[2]  # of the package, in a clone
INSTALLED = Path(sysconfig.get_path("data")) / "share" / "latents" / "widgets"
IMPORT = re.compile(r'from "\./(?:shared/)?([\w.]+)";')


@cache
def source_files() -> dict[str, Path]:
    """Return ES modules and style sheet by file name, of the clone or as they came with the wheel.

    In a notebook and in a wheel modules are known by their names alone, so no two have the same.
    """
    if (BESIDE / "widgets").is_dir():
        files = [*sorted((BESIDE / "widgets").rglob("*.mjs")), BESIDE / "_static" / "widgets.css"]
    else:
        files = sorted(INSTALLED.iterdir())
    return {file.name: file for file in files}


def needed(name: str) -> dict[str, str]:
    """Return the sources of a module and of all that it imports, by file name."""
    found: dict[str, str] = {}
    new = {name}
    while new:
        found |= {each: source_files()[each].read_text(encoding="utf-8") for each in sorted(new)}
        new = {other for text in found.values() for other in IMPORT.findall(text)} - found.keys()
    return found
