"""``autograder selftest``: grade the bank of known answers and compare with what is due."""

import os
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.progress import track

from autograder import AutograderError, bank, checks, reference, release, remote, session
from autograder.bank import Case
from autograder.checks import Exercise, Result

LIMIT = 120  # seconds for a cell or a check of a known answer, on a busy machine


@dataclass(frozen=True)
class Verdict:
    """What the checks said about one answer of the bank.

    Attributes
    ----------
    case : Case
        The answer.
    visible, complete : dict of str to Result
        By the name of the part: of the visible checks, and of these with the hidden ones.
    """

    case: Case
    visible: dict[str, Result]
    complete: dict[str, Result]

    def faults(self) -> list[str]:
        """Return one sentence for everything that is not as the bank demands."""
        losses = {loss.part: loss for loss in self.case.losses}
        return [
            fault
            for part, result in self.complete.items()
            for fault in self._faults_of_part(part, result, losses.get(part))
        ]

    def _faults_of_part(self, part: str, result: Result, loss) -> Iterator[str]:
        said = " ".join(result.problems) or "not attempted yet"
        if loss is None:
            if not result.passed:
                yield f"{part} must be earned, but: {said}"
            return
        if result.passed:
            yield f"{part} must be lost, but passes."
        elif loss.text not in said:
            yield f"{part} must be told {loss.text!r}, but is told: {said}"
        if loss.hidden and not self.visible[part].passed:
            yield f"{part} must be lost in the hidden checks only, but the visible ones fail."
        if not loss.hidden and self.visible[part].passed:
            yield f"{part} must be lost in the visible checks, but only the hidden ones fail."


def run(names: list[str] | None, jobs: int | None) -> int:
    """Grade the bank, name what differs from it, and return the exit code."""
    console = Console(highlight=False)
    faulty = 0
    for name in names or checks.NAMES:
        begin = time.monotonic()
        exercise = checks.load(name)
        cases = [*generated(name), *bank.read(folder(), name)]
        scored = track(
            verdicts(exercise, cases, jobs), name, len(cases), console=console, transient=True
        )
        for verdict in scored:
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
    """Return the folder of the bank: ``AUTOGRADER_BANK``, or that of the clone."""
    place = os.environ.get("AUTOGRADER_BANK")
    found = Path(place) if place else Path(__file__).resolve().parents[1] / "tests" / "bank"
    if not found.is_dir():
        raise AutograderError(
            f"The bank of answers is not in {found}: work in a clone of the book, or name the "
            "folder in the environment variable AUTOGRADER_BANK."
        )
    return found


def generated(name: str) -> list[Case]:
    """Return the reference solution, which must get all points, and the stub, which gets none."""
    exercise = checks.load(name)
    solved = Case(name, "reference", "The reference solution.", reference.source(name), ())
    losses = tuple(bank.Loss(part.name, "not attempted yet", False) for part in exercise.parts)
    stub = Case(name, "stub", "The released notebook.", release.stub(name), losses)
    return [solved, stub]


def verdicts(exercise: Exercise, cases: list[Case], jobs: int | None = None) -> Iterator[Verdict]:
    """Yield the verdict on each answer, in their order."""
    session.context()
    seeds = hidden_seeds(exercise.name)
    with (
        remote.references([exercise.name]) as known,
        ThreadPoolExecutor(jobs or os.cpu_count()) as pool,
    ):
        reference_of = known[exercise.name]
        yield from pool.map(lambda case: verdict(exercise, case, reference_of, seeds), cases)


def verdict(
    exercise: Exercise, case: Case, known: remote.Reference, seeds: dict[str, int]
) -> Verdict:
    """Return what the checks say about one answer, in a process of its own."""
    visible, complete = {}, {}
    with session.Session(exercise, LIMIT) as running:
        for source in (reference.setting(exercise.name), case.code):
            running.run(source)
        asking = exercise.asking(running.ask, known.ask)
        for part in exercise.parts:
            visible[part.name] = asking.check(part.name)
            hidden = asking.check(part.name, hidden=seeds[part.name])
            complete[part.name] = visible[part.name] & hidden
    return Verdict(case, visible, complete)


def hidden_seeds(name: str) -> dict[str, int]:
    """Return the seed that the hidden check of each part has in the solution."""
    import re

    found = {}
    for cell in reference.notebook(name).cells:
        for part, seed in re.findall(r'check\("(\w+)".*hidden=(\d+)\)', cell.source):
            found[part] = int(seed)
    return found
