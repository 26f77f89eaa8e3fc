"""Cut the outputs of a test such that nbgrader scores them as before."""

from autograder.execution.worker.outputs import MAX_OUTPUTS, SHARE, Cleaner, Output, failure
from autograder.execution.worker.wire import CellRun

MAX_CHARACTERS = 5_000  # characters of one output of a test
MAX_DECIDING = 10  # kept outputs of those that nbgrader looks at; the first one decides
UNCLEAR = "The output of this test is empty or too long, so it is worth no points."
NO_REASON = "The cell failed and did not say why."


def scored(run: CellRun) -> list[Output]:
    """Return the outputs of a test, cut such that nbgrader scores them as it would all of them.

    Each test has its own limits: what a student prints elsewhere does not count towards them.
    """
    outputs = run.outputs
    if not run.ok and not any(output.get("output_type") == "error" for output in outputs):
        outputs = [*outputs, failure("Failed", NO_REASON)]
    deciding = [output for output in outputs if _decides(output)]
    others = [output for output in outputs if not _decides(output)]
    # Each group has its own limits, so that a flood of others cannot crowd out those that decide.
    groups = others[: MAX_OUTPUTS - MAX_DECIDING], deciding[:MAX_DECIDING]
    cleaned = [
        output for group in groups for output in Cleaner(SHARE * MAX_CHARACTERS).clean(group)
    ]
    if _decision(cleaned) != _decision(outputs):
        return [failure("NotScored", UNCLEAR)]
    return cleaned


def _decides(output: Output) -> bool:
    """Return whether nbgrader looks at an output; see ``nbgrader.utils.determine_grade``."""
    kind = output.get("output_type")
    return kind in ("error", "execute_result") or (
        kind == "stream" and output.get("name") == "stderr"
    )


def _decision(outputs: list[Output]) -> str:
    """Return what nbgrader makes of outputs: ``nothing``, ``everything`` or a number."""
    first = next(filter(_decides, outputs), None)
    if first is None:
        return "everything"
    if first["output_type"] != "execute_result":
        return "nothing"
    data = first.get("data")
    text = data.get("text/plain") if isinstance(data, dict) else None
    if not isinstance(text, str) or not text:
        return "nothing"  # nbgrader has no score for that, and crashes
    try:
        return repr(float(text))
    except ValueError:
        return "everything"
