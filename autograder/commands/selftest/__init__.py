"""``autograder selftest``: grade the bank of known answers and compare with its expectations."""

import os
import time
from collections.abc import Generator, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.progress import track

from autograder import AutograderError, checks
from autograder.checks import Exercise, Result, solutions
from autograder.commands import release
from autograder.commands.selftest import bank
from autograder.commands.selftest.bank import Case
from autograder.execution.judging.answer import Answer
from autograder.execution.judging.reference import Reference, references
from autograder.execution.pools import local
from autograder.execution.processes import start
from autograder.execution.processes.session import Budget, Session

LIMIT = 120  # seconds for a cell or a check, generous enough for a busy machine
SEED = 20_260  # of the hidden checks; a course draws its own


@dataclass(frozen=True)
class Verdict:
    """The results of the checks for one answer of the bank.

    Attributes
    ----------
    case : Case
        The answer and its expected results.
    visible, complete : dict of str to Result
        Results by name of the part: of the visible checks, and of visible and hidden ones.
    slack : tuple of str
        Parts whose hidden checks pass although the visible ones fail. In grading, visible checks
        run only if a hidden one fails, so these parts would be earned.
    """

    case: Case
    visible: dict[str, Result]
    complete: dict[str, Result]
    slack: tuple[str, ...] = ()

    def faults(self) -> list[str]:
        """Return one sentence for each deviation from what the bank expects."""
        losses = {loss.part: loss for loss in self.case.losses}
        return [
            fault
            for part, result in self.complete.items()
            for fault in self._faults_of_part(part, result, losses.get(part))
        ]

    def _faults_of_part(self, part: str, result: Result, loss) -> Iterator[str]:
        message = " ".join(result.problems) or "not attempted yet"
        if part in self.slack:
            yield f"{part} is lost in the visible checks, but the hidden ones pass."
        if loss is None:
            if not result.passed:
                yield f"{part} must be earned, but: {message}"
            return
        if result.passed:
            yield f"{part} must be lost, but passes."
        elif loss.text not in message:
            yield f"{part} must be told {loss.text!r}, but is told: {message}"
        if loss.hidden and not self.visible[part].passed:
            yield f"{part} must be lost in the hidden checks only, but the visible ones fail."
        if not loss.hidden and self.visible[part].passed:
            yield f"{part} must be lost in the visible checks, but only the hidden ones fail."


def run(names: list[str] | None, jobs: int | None) -> int:
    """Grade the bank, print the deviations, and return the exit code."""
    console = Console(highlight=False)
    faulty = 0
    for name in names or checks.NAMES:
        begin = time.monotonic()
        exercise = checks.load(name)
        cases = [*generated(name), *bank.read(folder(), name)]
        with closing(verdicts(exercise, cases, jobs)) as scored:
            for verdict in track(scored, name, len(cases), console=console, transient=True):
                faults = verdict.faults()
                faulty += bool(faults)
                for fault in faults:
                    console.print(f"✗ {name}/{verdict.case.name}: {fault}", markup=False)
        right = sum(case.right for case in cases)
        console.print(
            f"{name}: {right} right and {len(cases) - right} wrong answers, "
            f"{time.monotonic() - begin:.0f} s"
        )
    console.print(
        f"{faulty} answers were not graded as they should be." if faulty else "All as due."
    )
    return 1 if faulty else 0


def folder() -> Path:
    """Return the folder of the bank: ``AUTOGRADER_BANK``, or the one in the clone."""
    override = os.environ.get("AUTOGRADER_BANK")
    path = Path(override) if override else Path(__file__).resolve().parents[3] / "tests" / "bank"
    if not path.is_dir():
        raise AutograderError(
            f"The bank of answers is not in {path}: work in a clone of the book, or name the "
            "folder in the environment variable AUTOGRADER_BANK."
        )
    return path


def generated(name: str) -> list[Case]:
    """Return the reference solution, which must get all points, and the stub, which gets none."""
    exercise = checks.load(name)
    solved = Case(name, "reference", "The reference solution.", solutions.source(name), ())
    losses = tuple(bank.Loss(part.name, "not attempted yet", False) for part in exercise.parts)
    stub = Case(name, "stub", "The released notebook.", release.stub(name), losses)
    return [solved, stub]


def verdicts(
    exercise: Exercise, cases: list[Case], jobs: int | None = None
) -> Generator[Verdict, None, None]:
    """Yield the verdicts in the order of the answers."""
    start.context()
    with (
        references([exercise.name]) as reference_by_name,
        local.threads(jobs or os.cpu_count() or 1) as threads,
    ):
        reference_of = reference_by_name[exercise.name]
        yield from threads.map(lambda case: verdict(exercise, case, reference_of), cases)


def verdict(exercise: Exercise, case: Case, reference: Reference, seed: int = SEED) -> Verdict:
    """Run the checks on one answer in separate processes, and return the results."""
    visible, hidden, budget = {}, {}, Budget(LIMIT)
    with Session(budget) as running:
        for source in (solutions.preamble(exercise.name), case.code):
            running.run(source)
        with Answer(exercise, running, budget) as answer:
            asking = exercise.asking(answer.ask, reference.ask)
            for part in exercise.parts:
                visible[part.name] = asking.check(part.name)
                hidden[part.name] = asking.check(part.name, hidden=seed)
    complete = {name: visible[name] & hidden[name] for name in visible}
    slack = tuple(n for n in visible if hidden[n].passed and not visible[n].passed)
    return Verdict(case, visible, complete, slack)
