"""When a submission was handed in, as a file beside it says."""

import os
import re
from pathlib import Path

from autograder.intake import LONGEST_NAME
from autograder.received import is_file
from autograder.submitted import Submission
from autograder.unwrapped import STAMP

TIME = re.compile(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d(:\d\d(\.\d{1,6})?)?( ?[A-Za-z0-9/_+:-]{1,40})?")


def stamp(submission: Submission) -> tuple[bytes | None, str]:
    """Return the content of nbgrader's file with the time of a submission, if it is a time.

    Returns
    -------
    content : bytes or None
        None if there is no file, or if it cannot be used.
    problem : str
        In a sentence, that it cannot be used; else empty.
    """
    file = (submission.place or submission.file.parent) / STAMP
    if not os.path.lexists(file):
        return None, ""
    content = _time(file)
    told = f"{STAMP} holds no time, so this counts as handed in on time."
    return content, told if content is None else ""


def _time(file: Path) -> bytes | None:
    """Return the content of a file if it is a time."""
    from nbgrader.utils import parse_utc

    try:
        if not is_file(file) or file.stat().st_size > LONGEST_NAME:
            return None
        content = file.read_bytes()
        text = content.decode("ascii").strip()
        if not TIME.fullmatch(text):
            return None
        parse_utc(text)
    except (OSError, ValueError, OverflowError):
        return None
    return content
