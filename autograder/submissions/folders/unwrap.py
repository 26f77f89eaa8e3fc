"""Find the notebook in a folder of a folder or in an archive, or say what lies there instead."""

import json
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Any

from autograder import AutograderError
from autograder.checks.words import listing, printable
from autograder.gradebook.course import STAMP
from autograder.submissions.folders import archives
from autograder.submissions.notebooks import LARGEST
from autograder.submissions.store import Keeper

NOTEBOOK = re.compile(r"\.ipynb(\.txt|\.json)?$", re.IGNORECASE)  # some browsers add an ending
BARE_ENDINGS = ("", ".txt", ".json")  # endings that programs give a notebook, or leave
DEEPEST = 6  # folders in the folder of the assignment
ITSELF = "hand in the notebook itself"
HINTS = {  # what a file of another kind is, and what to do
    r"(^|/)(\.|__)": f"is hidden, as are copies that programs make: {ITSELF}",
    r"\.(zip|tar|tgz|tbz2|gz|bz2|xz|7z|rar)$": f"is an archive that is not opened here: {ITSELF}",
    r"\.(gdoc|gsheet|gcolab|glink|url|webloc|lnk|desktop)$": "is only a link to a file elsewhere: "
    "download the notebook there (in Colab: File > Download > Download .ipynb) and hand that in",
    r"\.py$": f"holds code without its cells: {ITSELF}, not an export of it",
    r"\.(pdf|html?|docx?|odt|md|rtf|txt|png|jpe?g)$": f"shows a notebook at best: {ITSELF}, not an "
    "export of it",
}
OTHER = f"is no notebook: {ITSELF}"


def find(found: Any, place: Path, kept: dict[Path, str], keeper: Keeper) -> Any:
    """Return a submission with the notebook that is wrapped, or with a reason.

    Parameters
    ----------
    found : Submission
        What is known of it.
    place : Path
        Its folder, in which no notebook lies.
    kept : dict
        All files in it, however deep, each with its hash.
    keeper : Keeper
        Which keeps what comes out of an archive.
    """
    right = f"{found.assignment}.ipynb"
    files = {each.relative_to(place).as_posix(): each for each in kept}
    usual = [name for name in files if is_usual(name)]
    chosen = candidates(usual, right) or [
        name for name in usual if is_notebook_of_another_name(name, keeper.place(kept[files[name]]))
    ]
    if len(chosen) == 1:
        sha256 = kept[files[chosen[0]]]
        taken = {"file": keeper.place(sha256), "sha256": sha256, "name": printable(chosen[0])}
        return replace(found, **taken, renamed=True)
    if chosen:
        names = listing(printable(each) for each in chosen[:5])
        return replace(found, reason=f"There are {names}: keep one and name it {right}.")
    packed = [name for name in usual if archives.can_be_opened(name)]
    if len(packed) != 1:
        rest = [name for name in files if PurePosixPath(name).name != STAMP]
        return replace(found, reason=what_lies_there(usual or rest, right))
    return _from_archive(found, packed[0], kept[files[packed[0]]], keeper, right)


def _from_archive(found: Any, packed: str, sha256: str, keeper: Keeper, right: str) -> Any:
    """Return a submission with the notebook out of a kept archive."""

    def choose(names: list[str]) -> list[str]:
        return candidates([name for name in names if is_usual(name)], right)

    try:
        name, content = archives.notebook(keeper.place(sha256), packed, choose)
    except AutograderError as error:
        return replace(found, reason=f"There is no notebook: {right} is missing. {error}")
    path = f"{packed}/{name}"
    file, own = keeper.keep_content((found.student, found.assignment), path, content)
    return replace(found, file=file, sha256=own, renamed=True, name=printable(path))


def is_notebook_of_another_name(name: str, file: Path) -> bool:
    """Return whether a kept file whose name says nothing, or only text, holds a notebook."""
    if PurePosixPath(name).suffix.lower() not in BARE_ENDINGS or file.stat().st_size > LARGEST:
        return False
    try:
        content = json.loads(file.read_bytes())
    except (ValueError, RecursionError):
        return False
    return isinstance(content, dict) and isinstance(content.get("cells"), list)


def candidates(names: Sequence[str], right: str) -> list[str]:
    """Return which of some paths may be the notebook: those of the right name, or any."""
    notebooks = [name for name in names if NOTEBOOK.search(name)]
    return [name for name in notebooks if PurePosixPath(name).name == right] or notebooks


def is_usual(name: str) -> bool:
    """Return whether a path is none that programs leave, and not too deep for an intent."""
    parts = PurePosixPath(name).parts
    hidden = any(part.startswith((".", "__")) for part in parts)
    return not hidden and 0 < len(parts) <= DEEPEST and parts[-1] != STAMP


def what_lies_there(names: Sequence[str], right: str) -> str:
    """Return that there is no notebook, what there is instead, and what to do."""
    missing = f"There is no notebook: {right} is missing"
    if not names:
        return f"{missing}, and nothing else lies there: hand it in again."
    named = ((hint, name) for hint in HINTS for name in names if re.search(hint, name, re.I))
    hint, name = next(named, ("", names[0]))
    told = f"{missing}. {printable(name)} {HINTS.get(hint, OTHER)}."
    rest = [printable(each) for each in names if each != name]
    more = [f"{len(rest) - 3} other files"] if len(rest) > 3 else []
    return f"{told} Beside it lies {listing([*rest[:3], *more])}." if rest else told
