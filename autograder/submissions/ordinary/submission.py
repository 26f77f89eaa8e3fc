"""What a student has handed in for an assignment of the instructor's own: notebooks and files."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from autograder import AutograderError
from autograder.checks.words import listing, printable
from autograder.gradebook.assignments import Assignment
from autograder.gradebook.course import STAMP
from autograder.submissions.folders import archives
from autograder.submissions.folders.unwrap import (
    NOTEBOOK,
    is_notebook_of_another_name,
    is_usual,
    what_lies_there,
)
from autograder.submissions.store import Keeper, not_ordinary

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
    owner: tuple[str, str],
    assignment: Assignment,
    place: Path,
    notebooks: list[Path],
    kept: Mapping[Path, str],
) -> dict[str, Any]:
    """Return the fields of a ``collect.Submission``: what counts, or a reason why nothing does.

    Parameters
    ----------
    keeper : Keeper
        Where the copies are.
    owner : tuple of str
        Student and assignment.
    assignment : Assignment
        What was handed in.
    place : Path
        The folder of the submission.
    notebooks : list of Path
        The notebooks in it.
    kept : mapping
        Hash of each file that was kept.
    """
    if not notebooks and not _notebooks(place, kept):
        notebooks = _of_other_names(keeper, place, kept)
        if not notebooks:
            kept, problem = _unpacked(keeper, owner, place, kept)
            if problem:
                return {"reason": f"{_missing(assignment)} {problem}"}
    if not notebooks and not (notebooks := _in_one_folder(assignment, place, kept)):
        return {"reason": _what_lies_there(assignment, place, kept)}
    chosen, problem = choose(assignment, notebooks, kept)
    if problem:
        return {"reason": problem}
    beside = notebooks[0].parent  # mostly the folder of the submission
    names = {
        file.relative_to(beside).as_posix(): file for file in kept if file.is_relative_to(beside)
    }
    others = {
        name: file
        for name, file in names.items()
        if name != STAMP and file not in chosen.values() and not STRANGE.search(name)
    }
    counts = {f"{name}.ipynb": file for name, file in chosen.items()} | others
    first = next(iter(chosen.values()))
    return {
        "file": keeper.place(kept[first]),
        "name": printable(first.relative_to(place).as_posix()),
        "sha256": fingerprint({name: kept[file] for name, file in counts.items()}),
        "renamed": first.stem not in assignment.notebooks or beside != place,
        "notebooks": {
            name: Kept(file.name, keeper.place(kept[file])) for name, file in chosen.items()
        },
        "others": {name: keeper.place(kept[file]) for name, file in others.items()},
    }


def _of_other_names(keeper: Keeper, place: Path, kept: Mapping[Path, str]) -> list[Path]:
    return [
        file
        for file, sha256 in kept.items()
        if is_usual(file.relative_to(place).as_posix())
        and is_notebook_of_another_name(file.name, keeper.place(sha256))
    ]


def _unpacked(
    keeper: Keeper, owner: tuple[str, str], place: Path, kept: Mapping[Path, str]
) -> tuple[Mapping[Path, str], str]:
    """Return the files with those of the only archive, or what is wrong with the archive.

    What comes out of it is kept as if the archive were a folder.
    """
    names = {file.relative_to(place).as_posix(): file for file in kept}
    packed = [name for name in names if is_usual(name) and archives.can_be_opened(name)]
    if len(packed) != 1:
        return kept, ""
    archive = names[packed[0]]
    try:
        content = archives.files(
            keeper.place(kept[archive]),
            packed[0],
            lambda inside: [name for name in inside if is_usual(f"{packed[0]}/{name}")],
        )
    except AutograderError as error:
        return kept, str(error)
    unpacked = {
        archive / name: keeper.keep_content(owner, f"{packed[0]}/{name}", data)[1]
        for name, data in content.items()
    }
    rest = {file: sha256 for file, sha256 in kept.items() if file != archive}
    return rest | unpacked, ""


def _notebooks(place: Path, kept: Mapping[Path, str]) -> list[Path]:
    """Return the notebooks that somebody may have meant to hand in, however deep they lie."""
    return [
        file
        for file in sorted(kept)
        if NOTEBOOK.search(file.name) and is_usual(file.relative_to(place).as_posix())
    ]


def _in_one_folder(assignment: Assignment, place: Path, kept: Mapping[Path, str]) -> list[Path]:
    """Return the notebooks of a folder in the folder, if there is only one with such."""
    wanted = [f"{name}.ipynb" for name in assignment.notebooks]
    found = _notebooks(place, kept)
    right = [file for file in found if file.name in wanted]
    folders = {file.parent for file in right or found}
    return [file for file in found if file.parent in folders] if len(folders) == 1 else []


def _missing(assignment: Assignment) -> str:
    names = [f"{name}.ipynb" for name in assignment.notebooks]
    return f"There is no notebook: {listing(names)} {'are' if names[1:] else 'is'} missing."


def _what_lies_there(assignment: Assignment, place: Path, kept: Mapping[Path, str]) -> str:
    """Return why nothing counts where no notebook lies."""
    names = [file.relative_to(place).as_posix() for file in kept]
    usual = [name for name in names if is_usual(name)]
    rest = [name for name in names if name != STAMP]
    if notebooks := [printable(name) for name in usual if NOTEBOOK.search(name)]:
        missing = listing(f"{name}.ipynb" for name in assignment.notebooks)
        return f"There are {listing(notebooks[:5])}: keep one folder, with {missing} in it."
    return what_lies_there(usual or rest, listing(f"{name}.ipynb" for name in assignment.notebooks))


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
        return {}, _missing(assignment)
    if len(wanted) == len(others) == 1 and missing:
        chosen, missing = {assignment.notebooks[0]: others[0]}, []
    if missing and others:
        there = listing(printable(file.name) for file in others)
        return {}, (
            f"{listing(missing)} cannot be found, and there is {there}: give the notebook that "
            "counts the right name, and remove the others."
        )
    for file in chosen.values():
        if problem := not_ordinary(file, kept):
            return {}, problem
    return chosen, ""


def fingerprint(kept: Mapping[str, str]) -> str:
    """Return one hash for all files of a submission, by their names and hashes."""
    lines = [f"{sha256} {name}" for name, sha256 in sorted(kept.items())]
    return hashlib.sha256("\n".join(lines).encode("utf-8", "backslashreplace")).hexdigest()
