"""The assignments of a course, against which what students hand in is repaired."""

from pathlib import Path
from typing import Any

from autograder import AutograderError, intake, leftover, submitted
from autograder.repair import is_answer, repair


class Sources:
    """The assignments of a course, as instructors and as students have them."""

    def __init__(self, folder: Path):
        self.folder = folder
        self._read: dict[str, tuple[Any, Any]] = {}

    def repaired(self, submission: submitted.Submission) -> tuple[Any, tuple[str, ...]]:
        """Return the notebook of a submission as it is graded, and what was mended."""
        handed_in = intake.read(submission.file, submission.took)
        if handed_in.exercise.name != submission.assignment:
            raise AutograderError(
                f"It is the notebook of {handed_in.exercise.name}, handed in for "
                f"{submission.assignment}."
            )
        found = repair(handed_in.cells, *self.read(submission.assignment))
        name = submission.took or intake.shown(submission.file.name)
        renamed = [f"took {name} for the notebook"] if submission.renamed else []
        answers = [cell for cell in found.notebook.cells if is_answer(cell)]
        left = [each for cell in answers for each in leftover.told(cell.id, cell.source)]
        return found.notebook, (*renamed, *found.repairs, *left)

    def read(self, assignment: str) -> tuple[Any, Any]:
        """Return an assignment as instructors and as students have it.

        Raises
        ------
        AutograderError
            If the course does not have it; no student is to blame for that.
        """
        if assignment not in self._read:
            steps = "source", "release"
            self._read[assignment] = tuple(self._notebook(step, assignment) for step in steps)
        return self._read[assignment]

    def _notebook(self, step: str, assignment: str) -> Any:
        import nbformat

        file = self.folder / step / assignment / f"{assignment}.ipynb"
        again = f"run `autograder release {self.folder}` again."
        if not file.is_file():
            raise AutograderError(f"{file} is missing: {again}")
        try:
            return nbformat.read(file, as_version=4)
        except Exception as error:  # whatever nbformat stumbles over
            raise AutograderError(f"{file} cannot be read as a notebook: {again}") from error
