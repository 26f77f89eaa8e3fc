"""What student code must not find beside it: oracles, judges, and models that hold a solution."""

import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

EXERCISES = Path(__file__).parents[2] / "exercises"
JUDGING = "judging"  # name of the folder of each exercise that holds its judges
OF_LATENTS = ("bounds", "workshop_models", "workshop_pictures")  # modules


def forget() -> None:
    """Let none of these modules be imported into this process from now on."""
    modules: dict[str, Any] = sys.modules  # None in it keeps a module from being imported
    for place in _judging():
        modules[f"autograder.exercises.{place.parent.name}.{JUDGING}"] = None
    for name in OF_LATENTS:
        modules[f"latents.{name}"] = None


def paths() -> list[Path]:
    """Return the files and folders that a contained process sees empty."""
    found, latents = _judging(), find_spec("latents")
    for place in map(Path, (latents and latents.submodule_search_locations) or ()):
        found += [place / f"{name}.py" for name in OF_LATENTS]
        found.append(place / "__pycache__")
    return [path for path in found if path.exists()]


def _judging() -> list[Path]:
    return sorted(EXERCISES.glob(f"*/{JUDGING}"))
