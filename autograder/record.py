"""Where our scoring meets nbgrader: a preprocessor in the place of nbgrader's own execution."""

from nbgrader.preprocessors import NbGraderPreprocessor
from nbgrader.utils import is_grade
from traitlets import Any, Float

from autograder import intake, remote
from autograder.session import EndedError, Session


class Score(NbGraderPreprocessor):
    """Run the student's cells in a process of their own, and score them from here.

    The notebook comes sanitized: nbgrader has restored the locked cells and the hidden tests.
    """

    limit = Float(60, help="Seconds that a cell or a check may take.").tag(config=True)
    references = Any(help="Reference of each exercise by its name, shared by all notebooks.")
    scored = Any(None, allow_none=True, help="What came of the last notebook.")

    def preprocess(self, nb, resources):
        """Fill in the outputs of all code cells."""
        exercise = intake.exercise_of(nb.cells, resources["unique_key"])
        Score.scored = scored = remote.Scored()
        notebook = intake.Notebook(exercise, nb.cells, ())
        with Session(exercise, self.limit) as session:
            remote.run_students_code(session, notebook.students_code(), scored)
            judge = remote.Judge(session, Score.references[exercise.name])
            for cell in nb.cells:
                if cell.cell_type == "code" and is_grade(cell):
                    scored.outputs[cell.id] = self._score(judge, session, cell, scored)
        for cell in nb.cells:
            if cell.cell_type == "code":
                cell.outputs = intake.outputs(scored.outputs.get(cell.id, []))
        return nb, resources

    def _score(self, judge, session, cell, scored) -> list[dict]:
        """Return the outputs of a scoring cell: a number, or an error, which is worth nothing."""
        try:
            if judge.understands(cell):
                result, outputs = judge.run(cell)
                scored.results[result.part.name] = result
                return outputs
            outputs = session.run(cell.source)["outputs"]
        except EndedError as error:
            return [remote.failure("EndedError", str(error))]
        # A check of another kind, run beside the student's code: nbgrader takes points for noise.
        return [output for output in outputs if output.get("name") != "stderr"]
