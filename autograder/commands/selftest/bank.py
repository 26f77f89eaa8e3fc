"""The bank of known answers: one Python file each, whose header states the expected result.

``BANK/EXERCISE/right/*.py`` must get full marks. ``BANK/EXERCISE/wrong/*.py`` must lose exactly the
parts that its header names, with the given messages::

    # Scales the noise by the variance.
    # loses spread: you seem to use exp(log_var)
    # loses mean, hidden: right at other values

The text after the colon must appear in the message of the part. ``, hidden`` says that the visible
checks let the answer through, and only the hidden ones catch it.
"""

import re
from dataclasses import dataclass
from pathlib import Path

from autograder import AutograderError, checks

LOSES = re.compile(r"# loses (?P<part>\w+)(?P<hidden>, hidden)?: (?P<text>.+)")


@dataclass(frozen=True)
class Loss:
    """A part that an answer loses, a phrase of the message, and whether only hidden checks fail."""

    part: str
    text: str
    hidden: bool


@dataclass(frozen=True)
class Case:
    """One answer of the bank.

    Attributes
    ----------
    exercise, name : str
        Name of the exercise and of the answer.
    title : str
        Description of the answer.
    code : str
        The answer as a student would write it in the cell.
    losses : tuple of Loss
        Expected losses; empty for a right answer.
    """

    exercise: str
    name: str
    title: str
    code: str
    losses: tuple[Loss, ...]

    @property
    def right(self) -> bool:
        """Whether the answer must get full marks."""
        return not self.losses

    @property
    def score(self) -> int:
        """Points that the answer must get."""
        exercise = checks.load(self.exercise)
        lost = {loss.part for loss in self.losses}
        return sum(part.points for part in exercise.parts if part.name not in lost)


def read(folder: Path, exercise: str) -> list[Case]:
    """Return the answers to one exercise, the right ones first."""
    cases = [_case(file, exercise) for file in sorted((folder / exercise).glob("*/*.py"))]
    if not cases:
        raise AutograderError(f"There are no answers in {folder / exercise}.")
    return sorted(cases, key=lambda case: (not case.right, case.name))


def _case(file: Path, exercise: str) -> Case:
    lines = file.read_text(encoding="utf-8").splitlines()
    head = [line for line in lines if line.startswith("#")]
    matches = [LOSES.fullmatch(line) for line in head]
    losses = tuple(Loss(m["part"], m["text"], bool(m["hidden"])) for m in matches if m)
    if file.parent.name not in ("right", "wrong") or (file.parent.name == "right") == bool(losses):
        raise AutograderError(f"{file}: a file in `wrong` says what it loses, one in `right` not.")
    for loss in losses:
        checks.load(exercise).part(loss.part)  # stops if there is no such part
    code = "\n".join(line for line in lines if not LOSES.fullmatch(line))
    title = head[0].removeprefix("# ").strip() if head else file.stem
    return Case(exercise, file.stem, title, code + "\n", losses)
