"""Read a submission to an instructor's own assignment: its notebooks and other files."""

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
    is_misnamed_notebook,
    is_usual,
    missing_notebook,
)
from autograder.submissions.store import FileStore, file_problem

# A file with one of these in its name is not put beside a notebook.
STRANGE = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff\\]")


@dataclass(frozen=True)
class KeptFile:
    """A submitted file.

    Attributes
    ----------
    name : str
        The name that the student gave it.
    copy : Path
        The copy under its hash, which is what is graded.
    """

    name: str
    copy: Path


def fields(
    store: FileStore,
    owner: tuple[str, str],
    assignment: Assignment,
    folder: Path,
    notebooks: list[Path],
    kept: Mapping[Path, str],
) -> dict[str, Any]:
    """Return the fields of a ``collect.Submission``: the files to grade, or why there are none.

    Parameters
    ----------
    store : FileStore
        Where the copies are.
    owner : tuple of str
        Student and assignment.
    assignment : Assignment
        The assignment.
    folder : Path
        The folder of the submission.
    notebooks : list of Path
        The notebooks in it.
    kept : mapping
        Hash of each file that was kept.
    """
    if not notebooks and not _notebooks(folder, kept):
        notebooks = _misnamed_notebooks(store, folder, kept)
        if not notebooks:
            kept, problem = _unpack(store, owner, folder, kept)
            if problem:
                return {"reason": f"{_missing(assignment)} {problem}"}
    if not notebooks and not (notebooks := _in_one_folder(assignment, folder, kept)):
        return {"reason": _reason_without_notebook(assignment, folder, kept)}
    chosen, problem = choose(assignment, notebooks, kept)
    if problem:
        return {"reason": problem}
    base = notebooks[0].parent  # mostly the folder of the submission
    names = {file.relative_to(base).as_posix(): file for file in kept if file.is_relative_to(base)}
    other_files = {
        name: file
        for name, file in names.items()
        if name != STAMP and file not in chosen.values() and not STRANGE.search(name)
    }
    graded = {f"{name}.ipynb": file for name, file in chosen.items()} | other_files
    first = next(iter(chosen.values()))
    return {
        "file": store.path_of(kept[first]),
        "name": printable(first.relative_to(folder).as_posix()),
        "sha256": fingerprint({name: kept[file] for name, file in graded.items()}),
        "renamed": first.stem not in assignment.notebooks or base != folder,
        "notebooks": {
            name: KeptFile(file.name, store.path_of(kept[file])) for name, file in chosen.items()
        },
        "other_files": {name: store.path_of(kept[file]) for name, file in other_files.items()},
    }


def _misnamed_notebooks(store: FileStore, folder: Path, kept: Mapping[Path, str]) -> list[Path]:
    return [
        file
        for file, sha256 in kept.items()
        if is_usual(file.relative_to(folder).as_posix())
        and is_misnamed_notebook(file.name, store.path_of(sha256))
    ]


def _unpack(
    store: FileStore, owner: tuple[str, str], folder: Path, kept: Mapping[Path, str]
) -> tuple[Mapping[Path, str], str]:
    """Return the files with those of the only archive, or what is wrong with the archive.

    The files in it are kept as if the archive were a folder.
    """
    names = {file.relative_to(folder).as_posix(): file for file in kept}
    packed = [name for name in names if is_usual(name) and archives.can_be_opened(name)]
    if len(packed) != 1:
        return kept, ""
    archive = names[packed[0]]
    try:
        content = archives.files(
            store.path_of(kept[archive]),
            packed[0],
            lambda members: [name for name in members if is_usual(f"{packed[0]}/{name}")],
        )
    except AutograderError as error:
        return kept, str(error)
    unpacked = {
        archive / name: store.keep_content(owner, f"{packed[0]}/{name}", data)[1]
        for name, data in content.items()
    }
    rest = {file: sha256 for file, sha256 in kept.items() if file != archive}
    return rest | unpacked, ""


def _notebooks(folder: Path, kept: Mapping[Path, str]) -> list[Path]:
    """Return the notebooks that the student may have meant to submit, also in subfolders."""
    return [
        file
        for file in sorted(kept)
        if NOTEBOOK.search(file.name) and is_usual(file.relative_to(folder).as_posix())
    ]


def _in_one_folder(assignment: Assignment, folder: Path, kept: Mapping[Path, str]) -> list[Path]:
    """Return the notebooks in the only subfolder that has any; none if there are several."""
    wanted = [f"{name}.ipynb" for name in assignment.notebooks]
    notebooks = _notebooks(folder, kept)
    right = [file for file in notebooks if file.name in wanted]
    folders = {file.parent for file in right or notebooks}
    return [file for file in notebooks if file.parent in folders] if len(folders) == 1 else []


def _missing(assignment: Assignment) -> str:
    names = [f"{name}.ipynb" for name in assignment.notebooks]
    return f"There is no notebook: {listing(names)} {'are' if names[1:] else 'is'} missing."


def _reason_without_notebook(assignment: Assignment, folder: Path, kept: Mapping[Path, str]) -> str:
    """Return why no notebook can be graded: there is none, or it is unclear which."""
    names = [file.relative_to(folder).as_posix() for file in kept]
    usual = [name for name in names if is_usual(name)]
    rest = [name for name in names if name != STAMP]
    wanted = listing(f"{name}.ipynb" for name in assignment.notebooks)
    if notebooks := [printable(name) for name in usual if NOTEBOOK.search(name)]:
        return f"There are {listing(notebooks[:5])}: keep one folder, with {wanted} in it."
    return missing_notebook(usual or rest, wanted)


def choose(
    assignment: Assignment, notebooks: list[Path], kept: Mapping[Path, str]
) -> tuple[dict[str, Path], str]:
    """Return the notebooks of a submission by name, or why somebody must choose.

    Parameters
    ----------
    assignment : Assignment
        The assignment.
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
        names = listing(printable(file.name) for file in others)
        return {}, (
            f"{listing(missing)} cannot be found, and there is {names}: give the notebook that "
            "counts the right name, and remove the others."
        )
    for file in chosen.values():
        if problem := file_problem(file, kept):
            return {}, problem
    return chosen, ""


def fingerprint(kept: Mapping[str, str]) -> str:
    """Return one hash for all files of a submission, from their names and hashes."""
    lines = [f"{sha256} {name}" for name, sha256 in sorted(kept.items())]
    return hashlib.sha256("\n".join(lines).encode("utf-8", "backslashreplace")).hexdigest()
