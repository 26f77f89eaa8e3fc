"""Collect the submissions in ``submitted/``: every file is kept, and every folder is reported."""

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from autograder import AutograderError
from autograder.checks.words import LONGEST_NAME, listing, printable
from autograder.gradebook import assignments
from autograder.gradebook.assignments import Assignment
from autograder.gradebook.course import STAMP, Course
from autograder.gradebook.journal import Journal
from autograder.submissions import notebooks
from autograder.submissions.folders import unwrap
from autograder.submissions.folders.unwrap import NOTEBOOK
from autograder.submissions.ordinary.submission import KeptFile
from autograder.submissions.ordinary.submission import fields as ordinary_fields
from autograder.submissions.store import FileStore, file_problem, read_error

# Control characters, halves of surrogate pairs (bytes that are not UTF-8), marks that change the
# direction of writing, path separators, and blanks at either end.
STRANGE = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff/\\]|^[\s.]|\s$", re.UNICODE
)
ARCHIVE = re.compile(r"\.(zip|tar|tgz|gz|bz2|xz|7z|rar)$", re.IGNORECASE)


@dataclass(frozen=True)
class Submission:
    """What a student has submitted for an assignment.

    Attributes
    ----------
    student, assignment : str
        The student and the assignment.
    file : Path or None
        The kept copy of the notebook, which is what is graded; None if there is no usable one.
    name : str
        Path of the notebook in the folder of the submission.
    sha256 : str
        Hash of the notebook.
    reason : str
        Why the submission cannot be graded; empty if it can.
    renamed : bool
        Whether the notebook has another name or path than that of the assignment.
    stamp : Path or None
        The kept copy of nbgrader's file with the time of the submission; None if there is none.
    notebooks, other_files : dict of str to KeptFile or Path
        Only for an assignment that is not ours: the notebooks to grade, by name, and the copies of
        all other files, by their path in the folder.
    """

    student: str
    assignment: str
    file: Path | None = None
    name: str = ""
    sha256: str = ""
    reason: str = ""
    renamed: bool = False
    stamp: Path | None = None
    notebooks: Mapping[str, KeptFile] = field(default_factory=dict)
    other_files: Mapping[str, Path] = field(default_factory=dict)


def find(
    course: Course, journal: Journal, assignment: str | None, student: str | None
) -> Iterator[Submission]:
    """Keep all submitted files and yield the submissions by student and assignment.

    Parameters
    ----------
    course : Course
        The course; ``submitted/STUDENT/ASSIGNMENT/`` holds the files.
    journal : Journal
        Where every file is noted once it is kept.
    assignment, student : str or None
        Yield only the submissions of this assignment or student.

    Raises
    ------
    AutograderError
        If ``submitted`` cannot be read, or a file cannot be kept, for example on a full disk.
    """
    store, known_assignments = FileStore(course, journal), assignments.find_assignments(course)
    submitted = course.submitted
    if student is None:
        store.keep(("", ""), _entries_or_stop(submitted), submitted)
    for folder in filter(_is_submission_folder, _entries_or_stop(submitted)):
        if student is None or folder.name == student:
            yield from _of_student(store, known_assignments, folder, assignment)


def _of_student(
    store: FileStore,
    known_assignments: dict[str, Assignment],
    folder: Path,
    assignment: str | None,
) -> Iterator[Submission]:
    """Yield the submissions in the folder of a student."""
    submission = Submission(printable(folder.name), assignment or "")
    try:
        problem = _folder_problem(store, submission, folder)
        entries = [] if problem else _entries(folder)
    except OSError as error:
        problem = read_error(folder, error)
    if problem:
        yield replace(submission, reason=problem)
        return
    try:
        problem, stray = _keep_the_rest(store, submission, folder, entries)
    except OSError as error:
        problem, stray = read_error(folder, error), []
    for entry in filter(_is_submission_folder, entries):
        if assignment is None or entry.name == assignment:
            yield _submission(store, known_assignments, entry)
    if stray:
        names = listing(printable(path.name) for path in stray)
        problem = f"Next to the assignment folders there is {names}: move it into one of them."
    if problem:
        yield Submission(submission.student, "", reason=problem)


def _keep_the_rest(
    store: FileStore, submission: Submission, folder: Path, entries: list[Path]
) -> tuple[str, list[Path]]:
    """Keep what is next to the assignment folders; return a problem, and files to be graded."""
    rest = [entry for entry in entries if not _is_submission_folder(entry)]
    _, problem = store.keep((submission.student, ""), rest, folder)
    for entry in rest:
        if not entry.is_symlink() and entry.is_dir():  # left there by some program
            store.keep_folder((submission.student, printable(entry.name)), entry)
    return problem, list(filter(_is_work, rest))


def _submission(
    store: FileStore, known_assignments: dict[str, Assignment], folder: Path
) -> Submission:
    submission = Submission(folder.parent.name, printable(folder.name))
    try:
        return _examine(store, known_assignments, submission, folder)
    except OSError as error:
        return replace(submission, reason=read_error(folder, error))
    except AutograderError:
        raise
    except Exception as error:  # our own mistake
        reason = f"The autograder failed on its files: {type(error).__name__}. Please report this."
        return replace(submission, reason=reason)


def _examine(
    store: FileStore,
    known_assignments: dict[str, Assignment],
    submission: Submission,
    folder: Path,
) -> Submission:
    """Return a submission with the notebook to grade, or with the reason why there is none."""
    if problem := _folder_problem(store, submission, folder):
        return replace(submission, reason=problem)
    owner = (submission.student, submission.assignment)
    kept, problem = store.keep_folder(owner, folder)
    if problem:
        return replace(submission, reason=problem)
    submission = replace(submission, stamp=_stamp(store, folder, kept))
    assignment = known_assignments.get(submission.assignment)
    if assignment is None:
        names = listing(known_assignments)
        reason = f"There is no assignment {submission.assignment!r}, only {names}."
        return replace(submission, reason=reason)
    notebooks = [entry for entry in _entries(folder) if _is_notebook(entry)]
    if not assignment.ours:
        fields = ordinary_fields(store, owner, assignment, folder, notebooks, kept)
        return replace(submission, **fields)
    if not notebooks:
        unwrapped: Submission = unwrap.find(submission, folder, kept, store)
        return unwrapped
    return _choose(submission, notebooks, kept, store)


def _stamp(store: FileStore, folder: Path, kept: Mapping[Path, str]) -> Path | None:
    """Return the kept copy of the file with the time, or what lies in its place."""
    file = folder / STAMP
    if file in kept:
        return store.path_of(kept[file])
    return file if os.path.lexists(file) else None


def _folder_problem(store: FileStore, submission: Submission, folder: Path) -> str:
    """Return why a folder cannot be graded as it is; its files are kept all the same."""
    name = printable(folder.name)
    if folder.is_symlink():
        return f"{name} is a link: put the folder itself there."
    if is_usable(folder.name):
        return ""
    store.keep_folder((submission.student, submission.assignment), folder)
    return f"The folder {name} has a name that cannot be used: rename it."


def is_usable(name: str) -> bool:
    """Return whether a folder name can be printed, and used as a path and as a key."""
    return not STRANGE.search(name) and name.isprintable() and len(name) <= LONGEST_NAME


def _choose(
    submission: Submission, notebooks: list[Path], kept: dict[Path, str], store: FileStore
) -> Submission:
    """Return the submission with its notebook: the one with the right name, or the only one."""
    right_name = f"{submission.assignment}.ipynb"
    chosen = [file for file in notebooks if file.name == right_name] or notebooks
    names = listing(printable(file.name) for file in notebooks)
    if len(chosen) > 1:
        reason = f"There are {names}: keep one and name it {right_name}."
        return replace(submission, reason=reason)
    (file,) = chosen
    if problem := file_problem(file, kept):
        return replace(submission, reason=problem)
    copy = store.path_of(kept[file])
    if len(notebooks) > 1 and _is_untouched(copy, submission.assignment, store.course):
        reason = (
            f"There are {names}, and {right_name} has no answer: keep one and name it {right_name}."
        )
        return replace(submission, reason=reason)
    fields: dict[str, Any] = {"file": copy, "sha256": kept[file], "name": printable(file.name)}
    return replace(submission, **fields, renamed=file.name != right_name)


def _is_untouched(file: Path, assignment: str, course: Course) -> bool:
    """Return whether a notebook has only the code of the released one, so another may count."""
    released = course.released(assignment, assignment)
    sources = []
    for path in (file, released):
        try:
            cells = notebooks.read(path).cells
        except AutograderError:
            return False  # reported when the notebook is graded
        sources.append([cell.source.strip() for cell in cells if cell.cell_type == "code"])
    return set(sources[0]) <= {"", *sources[1]}


def _is_submission_folder(path: Path) -> bool:
    """Return whether a path is a folder, or a link, that somebody may have submitted."""
    hidden = path.name.startswith((".", "__"))
    try:
        if path.is_symlink() or not path.is_dir():
            return path.is_symlink() and not hidden
        # Programs leave hidden folders everywhere; one with a notebook is an attempt.
        below = [*path.glob("*"), *path.glob("*/*")] if hidden else []
        return not hidden or any(_is_notebook(file) and not _is_checkpoint(file) for file in below)
    except OSError:
        return True  # the error is reported when the folder is read


def _is_notebook(path: Path) -> bool:
    return bool(NOTEBOOK.search(path.name)) and not path.name.startswith(".")


def _is_checkpoint(path: Path) -> bool:
    """Return whether a notebook is a copy that Jupyter saved beside the one being edited."""
    return path.parent.name == ".ipynb_checkpoints"


def _is_work(path: Path) -> bool:
    """Return whether a file looks as if somebody wanted it to be graded."""
    return _is_notebook(path) or bool(ARCHIVE.search(path.name))


def _entries(folder: Path) -> list[Path]:
    """Return the entries of a folder; ``Path.glob`` would take an unreadable one for empty."""
    return sorted(folder / name for name in os.listdir(folder))  # noqa: PTH208 - not in 3.11


def _entries_or_stop(folder: Path) -> list[Path]:
    try:
        return _entries(folder)
    except OSError as error:
        raise AutograderError(read_error(folder, error)) from error


def has_student(course: Course, student: str) -> bool:
    """Return whether an entry of ``submitted/`` has the name of a student."""
    return student in os.listdir(course.submitted)  # noqa: PTH208 - the name is never used as a path


def count(course: Course, assignment: str | None, student: str | None) -> int:
    """Return the number of submission folders, without looking into them."""
    total = 0
    with suppress(OSError):
        for folder in filter(_is_submission_folder, _entries(course.submitted)):
            if student in (None, folder.name):
                with suppress(OSError):
                    folders = filter(_is_submission_folder, _entries(folder))
                    total += sum(assignment in (None, entry.name) for entry in folders)
    return total


def stray_files(course: Course) -> list[Path]:
    """Return the notebooks and archives directly in ``submitted/``, in no student's folder.

    Raises
    ------
    AutograderError
        If the folder is not a course, or has no folder ``submitted``.
    """
    submitted = course.submitted
    try:
        is_course, has_submitted = (path.is_dir() for path in (course.sources, submitted))
    except OSError as error:
        raise AutograderError(f"{course} cannot be read: {error.strerror}.") from error
    if not is_course:
        raise AutograderError(f"{course} is not a course: run `autograder release {course}` first.")
    if not has_submitted:
        raise AutograderError(
            f"{course} has no folder `submitted`: put the notebooks into "
            "submitted/STUDENT/ASSIGNMENT/ASSIGNMENT.ipynb."
        )
    return [
        entry
        for entry in _entries_or_stop(submitted)
        if _is_work(entry) and not _is_submission_folder(entry)
    ]
