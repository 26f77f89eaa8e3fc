"""What a student has handed in for an assignment of the instructor's own: notebooks and files."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from autograder.assignments import Assignment
from autograder.checks.words import listing
from autograder.intake import shown
from autograder.received import Keeper

STAMP = "timestamp.txt"  # nbgrader's name for the file with the time of a submission
STRANGE = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff\\]")  # in no name beside a notebook


@dataclass(frozen=True)
class Kept:
    """A file that was handed in.

    Attributes
    ----------
    name : str
        The name that the student gave it.
    kept : Path
        The copy under its hash, which is what is graded.
    """

    name: str
    kept: Path


def fields(
    keeper: Keeper,
    assignment: Assignment,
    place: Path,
    notebooks: list[Path],
    kept: Mapping[Path, str],
) -> dict[str, Any]:
    """Return the fields of a ``submitted.Submission``: what counts, or a reason why nothing does.

    Parameters
    ----------
    keeper : Keeper
        Where the copies are.
    assignment : Assignment
        What was handed in.
    place : Path
        The folder of the submission.
    notebooks : list of Path
        The notebooks in it.
    kept : mapping
        Hash of each file that was kept.
    """
    chosen, problem = choose(assignment, notebooks, kept)
    if problem:
        return {"reason": problem}
    names = {file.relative_to(place).as_posix(): file for file in kept}
    others = {
        name: file
        for name, file in names.items()
        if name != STAMP and file not in chosen.values() and not STRANGE.search(name)
    }
    counts = {f"{name}.ipynb": file for name, file in chosen.items()} | others
    first = next(iter(chosen.values()))
    return {
        "file": first,
        "sha256": fingerprint({name: kept[file] for name, file in counts.items()}),
        "renamed": first.stem not in assignment.notebooks,
        "notebooks": {
            name: Kept(file.name, keeper.copy_of(kept[file])) for name, file in chosen.items()
        },
        "others": {name: keeper.copy_of(kept[file]) for name, file in others.items()},
    }


def choose(
    assignment: Assignment, notebooks: list[Path], kept: Mapping[Path, str]
) -> tuple[dict[str, Path], str]:
    """Return the notebooks of a submission by their names, or why a person must choose.

    Parameters
    ----------
    assignment : Assignment
        What was handed in.
    notebooks : list of Path
        The notebooks in the folder of the submission.
    kept : mapping
        Hash of each file that was kept.
    """
    wanted = {f"{name}.ipynb": name for name in assignment.notebooks}
    chosen = {wanted[file.name]: file for file in notebooks if file.name in wanted}
    missing = [file for file, name in wanted.items() if name not in chosen]
    others = [file for file in notebooks if file.name not in wanted]
    if not notebooks:
        verb = "is" if len(missing) == 1 else "are"
        return {}, f"There is no notebook: {listing(missing)} {verb} missing."
    if len(wanted) == len(others) == 1 and missing:
        chosen, missing = {assignment.notebooks[0]: others[0]}, []
    if missing and others:
        there = listing(shown(file.name) for file in others)
        return {}, (
            f"{listing(missing)} cannot be found, and there is {there}: give the notebook that "
            "counts the right name, and remove the others."
        )
    for file in chosen.values():
        if file.is_symlink() or file not in kept:
            return {}, f"{shown(file.name)} is a link or no file: hand in the file itself."
    return chosen, ""


def fingerprint(kept: Mapping[str, str]) -> str:
    """Return one hash for all files of a submission, by their names and hashes."""
    lines = [f"{sha256} {name}" for name, sha256 in sorted(kept.items())]
    return hashlib.sha256("\n".join(lines).encode("utf-8", "backslashreplace")).hexdigest()
