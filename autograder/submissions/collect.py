"""What lies in ``submitted/``: every file is kept, every folder is a submission or a finding."""

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
from autograder.gradebook.course import Course
from autograder.gradebook.journal import Journal
from autograder.submissions import notebooks
from autograder.submissions.folders import unwrap
from autograder.submissions.folders.unwrap import NOTEBOOK
from autograder.submissions.ordinary.submission import Kept
from autograder.submissions.ordinary.submission import fields as ordinary_fields
from autograder.submissions.store import Keeper, not_ordinary, unreadable

# Control characters, halves of surrogate pairs (bytes that are no UTF-8), marks that turn the
# direction of writing, separators of folders, blanks at an end.
STRANGE = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff/\\]|^[\s.]|\s$", re.UNICODE
)
ARCHIVE = re.compile(r"\.(zip|tar|tgz|gz|bz2|xz|7z|rar)$", re.IGNORECASE)


@dataclass(frozen=True)
class Submission:
    """What a student has handed in for an assignment.

    Attributes
    ----------
    student, assignment : str
        Whose, of what.
    file : Path or None
        The kept copy of the notebook, which is what is graded; None if there is none to use.
    name : str
        Where the notebook lay in the folder of the submission.
    sha256 : str
        Of the notebook.
    reason : str
        Why it cannot be graded; else empty.
    renamed : bool
        Whether the notebook has another name or place than that of the assignment.
    place : Path or None
        The folder of the submission.
    notebooks, others : dict of str to Kept or Path
        Of an assignment that is not ours: what counts of its notebooks, by their names, and the
        copies of all other files, by their names relative to the folder.
    """

    student: str
    assignment: str
    file: Path | None = None
    name: str = ""
    sha256: str = ""
    reason: str = ""
    renamed: bool = False
    place: Path | None = None
    notebooks: Mapping[str, Kept] = field(default_factory=dict)
    others: Mapping[str, Path] = field(default_factory=dict)


def find(
    course: Course, journal: Journal, assignment: str | None, student: str | None
) -> Iterator[Submission]:
    """Keep and yield what has been handed in, by student and assignment.

    Parameters
    ----------
    course : Course
        The course; ``submitted/STUDENT/ASSIGNMENT/`` holds the files.
    journal : Journal
        Where every file is noted once it is kept.
    assignment, student : str or None
        Only these.

    Raises
    ------
    AutograderError
        If ``submitted`` cannot be read, or a file cannot be kept, as on a full disk.
    """
    keeper, known = Keeper(course, journal), assignments.of_course(course)
    handed_in = course.submitted
    if student is None:
        keeper.keep(("", ""), _entries_or_end(handed_in), handed_in)
    for place in filter(_is_place, _entries_or_end(handed_in)):
        if student is None or place.name == student:
            yield from _of_student(keeper, known, place, assignment)


def _of_student(
    keeper: Keeper, known: dict[str, Assignment], place: Path, assignment: str | None
) -> Iterator[Submission]:
    own = Submission(printable(place.name), assignment or "")
    try:
        problem = _problem_of_folder(keeper, own, place)
        entries = [] if problem else _entries(place)
    except OSError as error:
        problem = unreadable(place, error)
    if problem:
        yield replace(own, reason=problem)
        return
    problem, stray = _keep_the_rest(keeper, own, place, entries)
    for each in filter(_is_place, entries):
        if assignment is None or each.name == assignment:
            yield _submission(keeper, known, each)
    if stray:
        names = listing(printable(each.name) for each in stray)
        problem = f"Beside the folders of the assignments lies {names}: move it into one."
    if problem:
        yield Submission(own.student, "", reason=problem)


def _keep_the_rest(
    keeper: Keeper, own: Submission, place: Path, entries: list[Path]
) -> tuple[str, list[Path]]:
    """Keep what lies beside the folders of the assignments; return what is wrong, and the work."""
    rest = [each for each in entries if not _is_place(each)]
    _, problem = keeper.keep((own.student, ""), rest, place)
    for each in rest:
        if each.is_dir():  # which a program has left
            keeper.keep_folder((own.student, printable(each.name)), each)
    return problem, list(filter(_is_work, rest))


def _submission(keeper: Keeper, known: dict[str, Assignment], place: Path) -> Submission:
    found = Submission(place.parent.name, printable(place.name), place=place)
    try:
        return _look_into(keeper, known, found, place)
    except OSError as error:
        return replace(found, reason=unreadable(place, error))
    except (RecursionError, ValueError, TypeError, LookupError) as error:  # of our own making
        told = f"The autograder failed at its files: {type(error).__name__}. Please report that."
        return replace(found, reason=told)


def _look_into(
    keeper: Keeper, known: dict[str, Assignment], found: Submission, place: Path
) -> Submission:
    if problem := _problem_of_folder(keeper, found, place):
        return replace(found, reason=problem)
    kept, problem = keeper.keep_folder((found.student, found.assignment), place)
    if problem:
        return replace(found, reason=problem)
    if found.assignment not in known:
        told = f"There is no assignment {found.assignment!r}, only {listing(known)}."
        return replace(found, reason=told)
    notebooks = [each for each in _entries(place) if _is_notebook(each)]
    if not known[found.assignment].ours:
        fields = ordinary_fields(
            keeper,
            (found.student, found.assignment),
            known[found.assignment],
            place,
            notebooks,
            kept,
        )
        return replace(found, **fields)
    if not notebooks:
        unwrapped: Submission = unwrap.find(found, place, kept, keeper)
        return unwrapped
    return _choose(found, notebooks, kept, keeper)


def _problem_of_folder(keeper: Keeper, found: Submission, place: Path) -> str:
    """Return why a folder cannot be graded as it is; what it holds is kept all the same."""
    name = printable(place.name)
    if place.is_symlink():
        return f"{name} is a link: put the folder itself there."
    if is_usable(place.name):
        return ""
    keeper.keep_folder((found.student, found.assignment), place)
    return f"The folder {name} has a name that cannot be used: rename it."


def is_usable(name: str) -> bool:
    """Return whether a folder may have a name, which is printed, and is a path and a key."""
    return not STRANGE.search(name) and name.isprintable() and len(name) <= LONGEST_NAME


def _choose(
    found: Submission, notebooks: list[Path], kept: dict[Path, str], keeper: Keeper
) -> Submission:
    """Return the submission with its notebook: the one of the right name, or the only one."""
    right = f"{found.assignment}.ipynb"
    chosen = [file for file in notebooks if file.name == right] or notebooks
    names = listing(printable(file.name) for file in notebooks)
    if len(chosen) > 1:
        return replace(found, reason=f"There are {names}: keep one and name it {right}.")
    (file,) = chosen
    if problem := not_ordinary(file, kept):
        return replace(found, reason=problem)
    copy = keeper.place(kept[file])
    if len(notebooks) > 1 and _is_untouched(copy, found.assignment, keeper.course):
        told = f"There are {names}, and {right} has no answer: keep one and name it {right}."
        return replace(found, reason=told)
    fields: dict[str, Any] = {"file": copy, "sha256": kept[file], "name": printable(file.name)}
    return replace(found, **fields, renamed=file.name != right)


def _is_untouched(file: Path, assignment: str, course: Course) -> bool:
    """Return whether a notebook has the answers of the released one, so that another may count."""
    released = course.released(assignment, assignment)
    answers = []
    for each in (file, released):
        try:
            cells = notebooks.read(each).cells
        except AutograderError:
            return False  # it is told when the notebook is graded
        answers.append([cell.source.strip() for cell in cells if cell.cell_type == "code"])
    return set(answers[0]) <= {"", *answers[1]}


def _is_place(path: Path) -> bool:
    """Return whether a path is a folder, or a link, that somebody may have handed in."""
    hidden = path.name.startswith((".", "__"))
    try:
        if path.is_symlink() or not path.is_dir():
            return path.is_symlink() and not hidden
        # Programs leave hidden folders everywhere; one with a notebook is an attempt.
        below = [*path.glob("*"), *path.glob("*/*")] if hidden else []
        return not hidden or any(_is_notebook(each) and not _is_copy(each) for each in below)
    except OSError:
        return True  # and when it is read, the reason is told


def _is_notebook(path: Path) -> bool:
    return bool(NOTEBOOK.search(path.name)) and not path.name.startswith(".")


def _is_copy(path: Path) -> bool:
    """Return whether Jupyter has made a notebook beside the one that somebody works on."""
    return path.parent.name == ".ipynb_checkpoints"


def _is_work(path: Path) -> bool:
    """Return whether a file looks as if somebody wanted it to be graded."""
    return _is_notebook(path) or bool(ARCHIVE.search(path.name))


def _entries(place: Path) -> list[Path]:
    """Return what lies in a folder; ``Path.glob`` would take one without rights for empty."""
    return sorted(place / name for name in os.listdir(place))  # noqa: PTH208 - not in 3.11


def _entries_or_end(place: Path) -> list[Path]:
    try:
        return _entries(place)
    except OSError as error:
        raise AutograderError(unreadable(place, error)) from error


def is_there(course: Course, student: str) -> bool:
    """Return whether something in ``submitted/`` has the name of a student."""
    return student in os.listdir(course.submitted)  # noqa: PTH208 - and no path is made of it


def count(course: Course, assignment: str | None, student: str | None) -> int:
    """Return how many folders of submissions there are, without a look into them."""
    found = 0
    with suppress(OSError):
        for place in filter(_is_place, _entries(course.submitted)):
            if student in (None, place.name):
                with suppress(OSError):
                    own = filter(_is_place, _entries(place))
                    found += sum(assignment in (None, each.name) for each in own)
    return found


def stray(course: Course) -> list[Path]:
    """Return the work that lies in ``submitted/`` itself and belongs to nobody.

    Raises
    ------
    AutograderError
        If the folder is no course, or nothing can have been handed in.
    """
    handed_in = course.submitted
    try:
        is_course, is_there = (path.is_dir() for path in (course.sources, course.submitted))
    except OSError as error:
        raise AutograderError(f"{course} cannot be read: {error.strerror}.") from error
    if not is_course:
        raise AutograderError(f"{course} is no course: run `autograder release {course}` first.")
    if not is_there:
        raise AutograderError(
            f"{course} has no folder `submitted`: put the notebooks into "
            "submitted/STUDENT/ASSIGNMENT/ASSIGNMENT.ipynb."
        )
    return [each for each in _entries_or_end(handed_in) if _is_work(each) and not _is_place(each)]
