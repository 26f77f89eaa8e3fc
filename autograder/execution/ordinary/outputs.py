"""What nbgrader makes of the outputs of a test, and how they are cut so that it stays the same."""

from typing import Any

from autograder.execution.worker.outputs import MOST, SHARE, Cleaner, Output, failure

LONGEST = 5_000  # characters of one output of a test
DECIDING = 10  # outputs that nbgrader looks at of which so many are kept; the first one decides
UNCLEAR = "What this test has shown is empty or too long, so it gives no points."
SILENT = "The cell failed and did not say why."


def scored(reply: dict[str, Any]) -> list[Output]:
    """Return the outputs of a test such that nbgrader makes of them what it would of all of them.

    Each test has room of its own: what a student prints elsewhere takes away none of its outputs.
    """
    found = reply["outputs"]
    if not reply["ok"] and not any(each.get("output_type") == "error" for each in found):
        found = [*found, failure("Failed", SILENT)]
    deciding = [each for each in found if _decides(each)]
    others = [each for each in found if not _decides(each)]
    # Each with room of its own, so that a flood leaves those alone that decide.
    parts = others[: MOST - DECIDING], deciding[:DECIDING]
    cleaned = [each for part in parts for each in Cleaner(SHARE * LONGEST).clean(part)]
    if _decision(cleaned) != _decision(found):
        return [failure("NotScored", UNCLEAR)]
    return cleaned


def _decides(output: Output) -> bool:
    """Return whether nbgrader looks at an output; see ``nbgrader.utils.determine_grade``."""
    kind = output.get("output_type")
    return kind in ("error", "execute_result") or (
        kind == "stream" and output.get("name") == "stderr"
    )


def _decision(found: list[Output]) -> str:
    """Return what nbgrader makes of outputs: ``nothing``, ``everything`` or a number."""
    first = next(filter(_decides, found), None)
    if first is None:
        return "everything"
    if first["output_type"] != "execute_result":
        return "nothing"
    data = first.get("data")
    text = data.get("text/plain") if isinstance(data, dict) else None
    if not isinstance(text, str) or not text:
        return "nothing"  # nbgrader has no score for that, and ends
    try:
        return repr(float(text))
    except ValueError:
        return "everything"
