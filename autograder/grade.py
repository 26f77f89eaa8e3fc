"""``autograder grade``: score what a class has handed in, into nbgrader's gradebook."""

import json
import logging
import os
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from autograder import AutograderError, checks, intake, remote, session
from autograder.release import course

STATUS = "autograder.json"  # in the folder of the course: what nbgrader has no column for


@dataclass(frozen=True)
class Outcome:
    """What came of one submission.

    Attributes
    ----------
    student, assignment : str
        Whose, of what.
    status : str
        ``graded``, ``not attempted``, or ``for review``.
    reason : str
        Why somebody must look at it; else empty.
    """

    student: str
    assignment: str
    status: str
    reason: str = ""


def run(folder: Path, assignment: str | None, student: str | None, limit: float) -> int:
    """Grade what lies in ``folder/submitted`` and return the exit code.

    Parameters
    ----------
    folder : Path
        Course made by ``autograder release``.
    assignment, student : str or None
        Only these.
    limit : float
        Seconds that a cell or a check may take.
    """
    folder = folder.resolve()
    work = list(submissions(folder, assignment, student))
    console = Console(highlight=False)
    outcomes = []
    with grading(folder, limit) as api, _progress(console, len(work)) as step:
        for name, own in work:
            step(f"{name}: {own}", 0)
            outcomes.append(_grade(api, folder, name, own))
            step(f"{name}: {own}", 1)
    remember(folder, outcomes)
    _show(console, folder, outcomes)
    return 1 if any(outcome.status == "for review" for outcome in outcomes) else 0


def submissions(
    folder: Path, assignment: str | None, student: str | None
) -> Iterator[tuple[str, str]]:
    """Yield student and assignment of every folder ``submitted/STUDENT/ASSIGNMENT``."""
    if not (folder / "source").is_dir():
        raise AutograderError(f"{folder} is no course: run `autograder release {folder}` first.")
    handed_in = folder / "submitted"
    if not handed_in.is_dir():
        raise AutograderError(
            f"{folder} has no folder `submitted`: put the notebooks into "
            "submitted/STUDENT/ASSIGNMENT/ASSIGNMENT.ipynb."
        )
    if assignment is not None:
        checks.load(assignment)
    if student is not None and not (handed_in / student).is_dir():
        raise AutograderError(f"{student} has handed in nothing: {handed_in / student} is missing.")
    found = [
        (place.parent.name, place.name)
        for place in sorted(handed_in.glob(f"{student or '*'}/{assignment or '*'}"))
        if place.is_dir() and not place.name.startswith(".")
    ]
    if not found:
        raise AutograderError(f"There is nothing to grade in {handed_in}.")
    yield from found


@contextmanager
def grading(folder: Path, limit: float):
    """Give nbgrader's interface to a course, with our scoring in the place of its execution."""
    session.context()  # TensorFlow is imported there while nbgrader is imported here
    os.environ.pop("NBGRADER_EXECUTION", None)
    with course(folder) as api:
        from nbgrader.converters.autograde import Autograde
        from nbgrader.converters.generate_feedback import GenerateFeedback
        from nbgrader.preprocessors import ClearHiddenTests, Execute

        from autograder.record import Score

        own = [Score if each is Execute else each for each in _default(Autograde, "autograde_")]
        api.config.Autograde.autograde_preprocessors = own
        api.config.GenerateFeedback.preprocessors = [ClearHiddenTests, *_default(GenerateFeedback)]
        api.config.Score.limit = limit
        logging.getLogger("traitlets").setLevel(logging.CRITICAL)
        with remote.references(checks.NAMES) as Score.references:
            yield api


def _default(converter, prefix: str = "") -> list:
    return converter.class_traits()[f"{prefix}preprocessors"].default()


def _grade(api, folder: Path, student: str, assignment: str) -> Outcome:
    """Grade one submission and write its feedback; a failure is an outcome, not an end."""
    from autograder.record import Score

    if assignment not in checks.NAMES:
        reason = f"There is no assignment {assignment!r}."
        return Outcome(student, assignment, "for review", reason)
    try:
        intake.read(folder / "submitted" / student / assignment / f"{assignment}.ipynb")
    except AutograderError as error:
        return Outcome(student, assignment, "for review", str(error))
    Score.scored = None
    done = api.autograde(assignment, student, force=True, create=True)
    if done["success"]:
        done = api.generate_feedback(assignment, student, force=True)
    if not done["success"]:
        return Outcome(student, assignment, "for review", _last_line(done))
    results = Score.scored.results.values()
    attempted = any(result.attempted for result in results) or not results
    return Outcome(student, assignment, "graded" if attempted else "not attempted")


def _last_line(outcome: dict) -> str:
    told = outcome.get("log") or outcome.get("error") or "nbgrader gave no reason"
    errors = [line for line in told.splitlines() if line.startswith("[ERROR]")]
    return (errors or told.strip().splitlines())[-1].removeprefix("[ERROR] ").strip()


def remember(folder: Path, outcomes: list[Outcome]) -> None:
    """Keep the outcomes beside the gradebook, in place of older ones of the same submissions."""
    known = {(each.student, each.assignment): each for each in recall(folder)}
    known |= {(each.student, each.assignment): each for each in outcomes}
    text = json.dumps([asdict(known[key]) for key in sorted(known)], indent=1)
    part = folder / f"{STATUS}.part"
    part.write_text(text + "\n", encoding="utf-8")
    part.replace(folder / STATUS)


def recall(folder: Path) -> list[Outcome]:
    """Return the outcomes of all submissions that were ever graded here."""
    file = folder / STATUS
    if not file.is_file():
        return []
    try:
        return [Outcome(**each) for each in json.loads(file.read_text(encoding="utf-8"))]
    except (ValueError, TypeError) as error:
        raise AutograderError(f"{file} is damaged: delete it and grade again.") from error


@contextmanager
def _progress(console: Console, total: int):
    columns = BarColumn(20), MofNCompleteColumn(), TimeRemainingColumn()
    with Progress(
        *columns, TextColumn("{task.description}"), console=console, transient=True
    ) as bar:
        task = bar.add_task("", total=total)
        yield lambda text, done: bar.update(task, description=text, advance=done)


def _show(console: Console, folder: Path, outcomes: list[Outcome]) -> None:
    from autograder.export import Grades

    scores = {(row["student"], row["assignment"]): row for row in Grades(folder).rows()}
    table = Table(box=None, padding=(0, 2, 0, 0))
    for name in ("student", "assignment", "score", "status"):
        table.add_column(name, justify="right" if name == "score" else "left")
    for each in outcomes:
        row = scores.get((each.student, each.assignment), {})
        score = f"{row.get('score', '')} of {row.get('max_score', '')}" if row else ""
        table.add_row(each.student, each.assignment, score, each.status)
    console.print(table)
    for each in outcomes:
        if each.reason:
            told = f"! {each.student}, {each.assignment}: {each.reason}"
            console.print(Text(told, "yellow"), soft_wrap=True)
    counts = Counter(each.status for each in outcomes)
    console.print(", ".join(f"{count} {status}" for status, count in sorted(counts.items())))
