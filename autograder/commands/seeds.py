"""Draw and keep the seeds of the hidden checks: one set per course, the same for all students."""

import json
import secrets
from collections.abc import Iterable
from pathlib import Path

from autograder import AutograderError
from autograder.gradebook.course import Course

FILE = "seeds.json"
MOST = 2**31


def of_course(course: Course, names: Iterable[str]) -> dict[str, int]:
    """Return the seed of each exercise; draw and store those that the course does not have yet.

    Parameters
    ----------
    course : Course
        The course, whose folder exists.
    names : iterable of str
        Names of the exercises.

    Raises
    ------
    AutograderError
        If the file with the seeds cannot be used.
    """
    file = course.state / FILE
    seed_of = _read(file)
    new = {name: secrets.randbelow(MOST) for name in names if name not in seed_of}
    if new:
        seed_of |= new
        file.parent.mkdir(parents=True, exist_ok=True)
        part = file.with_suffix(".part")
        part.touch(mode=0o600)
        part.write_text(json.dumps(seed_of, indent=1) + "\n", encoding="utf-8")
        part.replace(file)
    return seed_of


def _read(file: Path) -> dict[str, int]:
    try:
        seeds = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (ValueError, RecursionError):  # a UnicodeDecodeError, too
        seeds = None
    if isinstance(seeds, dict) and all(type(seed) is int and seed >= 0 for seed in seeds.values()):
        return seeds
    raise AutograderError(
        f"{file} does not hold the seeds of the hidden checks: restore it from a copy, or delete "
        "it; then new seeds are drawn and all submissions are graded again."
    )
