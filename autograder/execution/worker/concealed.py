"""Conceal from student code the oracles, the judges, and models that contain a solution."""

import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

EXERCISES = Path(__file__).parents[2] / "exercises"
JUDGING = "judging"  # name of the folder of each exercise that holds its judges
LATENTS_MODULES = ("bounds", "workshop.models", "workshop.pictures")


def block_imports() -> None:
    """Keep these modules from being imported into this process from now on."""
    modules: dict[str, Any] = sys.modules  # None in it keeps a module from being imported
    for folder in _judging_folders():
        modules[f"autograder.exercises.{folder.parent.name}.{JUDGING}"] = None
    for name in LATENTS_MODULES:
        modules[f"latents.{name}"] = None


def paths() -> list[Path]:
    """Return the files and folders that appear empty in a contained process."""
    concealed, latents = _judging_folders(), find_spec("latents")
    for folder in map(Path, (latents and latents.submodule_search_locations) or ()):
        modules = [folder.joinpath(*name.split(".")).with_suffix(".py") for name in LATENTS_MODULES]
        concealed += [*modules, *{module.parent / "__pycache__" for module in modules}]
    return [path for path in concealed if path.exists()]


def _judging_folders() -> list[Path]:
    return sorted(EXERCISES.glob(f"*/{JUDGING}"))
