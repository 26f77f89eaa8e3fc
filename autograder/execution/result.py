"""What comes of a job: outputs, points, and what to tell the student and the instructor."""

from dataclasses import asdict, dataclass
from typing import Any, Self

from autograder import AutograderError
from autograder.execution.worker.outputs import Output


class UnforeseenError(AutograderError):
    """A notebook could not be run or judged, for a reason that nobody foresaw."""


@dataclass(frozen=True)
class PartScore:
    """The score of one part of an exercise.

    Attributes
    ----------
    points : float
        What it is worth.
    attempted : bool
        Whether the student has written an answer.
    problems : tuple of str
        What is wrong, in sentences.
    failed : tuple of str
        Names of the checks that the answer does not pass.
    """

    points: float
    attempted: bool
    problems: tuple[str, ...] = ()
    failed: tuple[str, ...] = ()


@dataclass(frozen=True)
class JobResult:
    """The result of a job.

    Attributes
    ----------
    outputs : dict of str to list
        Outputs in nbformat's form by cell id.
    parts : dict of str to PartScore
        Scores by the name of the part; empty for an ordinary assignment, whose outputs nbgrader
        scores.
    remarks : tuple of str
        Sentences for the student and the instructor.
    review : str
        Why a person must look at the notebook, which then has no score; else empty.
    seconds : float
        How long it took.
    containment : str
        How the process was contained.
    """

    outputs: dict[str, list[Output]]
    parts: dict[str, PartScore]
    remarks: tuple[str, ...]
    review: str
    seconds: float
    containment: str

    def to_json(self) -> dict[str, Any]:
        """Return the form in which it is kept."""
        return asdict(self)

    @classmethod
    def from_json(cls, kept: dict[str, Any]) -> Self:
        """Return what was kept."""
        parts = {
            name: PartScore(**part | {key: tuple(part[key]) for key in ("problems", "failed")})
            for name, part in kept["parts"].items()
        }
        return cls(**kept | {"parts": parts, "remarks": tuple(kept["remarks"])})
