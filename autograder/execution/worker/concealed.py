"""What student code must not find beside it: oracles, judges, and models that hold a solution."""

import sys
from importlib.util import find_spec
from pathlib import Path

EXERCISES = Path(__file__).parents[2] / "exercises"
JUDGING = "judging"  # name of the folder of each exercise that holds its judges
OF_LATENTS = ("bounds", "workshop_models", "workshop_pictures")  # modules


def forget() -> None:
    """Let none of these modules be imported into this process from now on."""
    for place in _judging():
        sys.modules[f"autograder.exercises.{place.parent.name}.{JUDGING}"] = None
    for name in OF_LATENTS:
        sys.modules[f"latents.{name}"] = None


def paths() -> list[Path]:
    """Return the files and folders that a contained process sees empty."""
    found, latents = _judging(), find_spec("latents")
    for place in map(Path, latents.submodule_search_locations if latents else ()):
        found += [place / f"{name}.py" for name in OF_LATENTS]
        found.append(place / "__pycache__")
    return [path for path in found if path.exists()]


def _judging() -> list[Path]:
    return sorted(EXERCISES.glob(f"*/{JUDGING}"))
