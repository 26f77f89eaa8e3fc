"""Find the notebook in a subfolder or in an archive, or say what is there instead."""

import json
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Any

from autograder import AutograderError
from autograder.checks.values import count_values
from autograder.checks.words import listing, printable
from autograder.gradebook.course import STAMP
from autograder.submissions.folders import archives
from autograder.submissions.notebooks import LARGEST, MOST_VALUES
from autograder.submissions.store import FileStore

NOTEBOOK = re.compile(r"\.ipynb(\.txt|\.json)?$", re.IGNORECASE)  # some browsers add an ending
BARE_ENDINGS = ("", ".txt", ".json")  # what some programs replace the ending of a notebook with
DEEPEST = 6  # parts of a path in the folder of the assignment
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
OTHER = f"is not a notebook: {ITSELF}"


def find(submission: Any, folder: Path, kept: dict[Path, str], store: FileStore) -> Any:
    """Return a submission with its notebook from a subfolder or an archive, or with a reason.

    Parameters
    ----------
    submission : Submission
        The submission, without a notebook yet.
    folder : Path
        Its folder, which has no notebook directly in it.
    kept : dict
        All files in it, however deep, each with its hash.
    store : FileStore
        Where the copies are, and where a notebook from an archive is kept.
    """
    right_name = f"{submission.assignment}.ipynb"
    files = {file.relative_to(folder).as_posix(): file for file in kept}
    usual = [name for name in files if is_usual(name)]
    chosen = candidates(usual, right_name) or [
        name for name in usual if is_misnamed_notebook(name, store.path_of(kept[files[name]]))
    ]
    if len(chosen) == 1:
        sha256 = kept[files[chosen[0]]]
        fields = {"file": store.path_of(sha256), "sha256": sha256, "name": printable(chosen[0])}
        return replace(submission, **fields, renamed=True)
    if chosen:
        names = listing(printable(name) for name in chosen[:5])
        return replace(submission, reason=f"There are {names}: keep one and name it {right_name}.")
    packed = [name for name in usual if archives.can_be_opened(name)]
    if len(packed) != 1:
        rest = [name for name in files if PurePosixPath(name).name != STAMP]
        return replace(submission, reason=missing_notebook(usual or rest, right_name))
    return _from_archive(submission, packed[0], kept[files[packed[0]]], store, right_name)


def _from_archive(
    submission: Any, archive: str, sha256: str, store: FileStore, right_name: str
) -> Any:
    """Return a submission with the notebook out of a kept archive."""

    def choose(names: list[str]) -> list[str]:
        return candidates([name for name in names if is_usual(name)], right_name)

    try:
        name, content = archives.notebook(store.path_of(sha256), archive, choose)
    except AutograderError as error:
        reason = f"There is no notebook: {right_name} is missing. {error}"
        return replace(submission, reason=reason)
    path = f"{archive}/{name}"
    owner = submission.student, submission.assignment
    file, sha256 = store.keep_content(owner, path, content)
    return replace(submission, file=file, sha256=sha256, renamed=True, name=printable(path))


def is_misnamed_notebook(name: str, file: Path) -> bool:
    """Return whether a kept file without the ending of a notebook holds one all the same."""
    if PurePosixPath(name).suffix.lower() not in BARE_ENDINGS or file.stat().st_size > LARGEST:
        return False
    data = file.read_bytes()
    if count_values(data) > MOST_VALUES:
        return False
    try:
        content = json.loads(data)
    except (ValueError, RecursionError):
        return False
    return isinstance(content, dict) and isinstance(content.get("cells"), list)


def candidates(names: Sequence[str], right_name: str) -> list[str]:
    """Return the paths that may be the notebook: those with the right name, or any notebooks."""
    notebooks = [name for name in names if NOTEBOOK.search(name)]
    return [name for name in notebooks if PurePosixPath(name).name == right_name] or notebooks


def is_usual(name: str) -> bool:
    """Return whether a student may have meant to submit a path: not hidden and not too deep."""
    parts = PurePosixPath(name).parts
    hidden = any(part.startswith((".", "__")) for part in parts)
    return not hidden and 0 < len(parts) <= DEEPEST and parts[-1] != STAMP


def missing_notebook(names: Sequence[str], right_name: str) -> str:
    """Return a message that there is no notebook, what there is instead, and what to do."""
    missing = f"There is no notebook: {right_name} is missing"
    if not names:
        return f"{missing}, and nothing else is there: submit it again."
    named = ((hint, name) for hint in HINTS for name in names if re.search(hint, name, re.I))
    hint, name = next(named, ("", names[0]))
    message = f"{missing}. {printable(name)} {HINTS.get(hint, OTHER)}."
    rest = [printable(other) for other in names if other != name]
    more = [f"{len(rest) - 3} other files"] if len(rest) > 3 else []
    return f"{message} There is also {listing([*rest[:3], *more])}." if rest else message
