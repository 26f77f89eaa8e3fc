"""Read the time of a submission from the file beside it."""

import os
import re
from pathlib import Path

from autograder.checks.words import LONGEST_NAME
from autograder.gradebook.course import STAMP
from autograder.submissions.store import is_file

OFFSET = re.compile(r" (?=[+-]\d\d:?\d\d$)")  # with it, nbgrader would take hours for seconds
TIME = re.compile(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d(:\d\d(\.\d{1,6})?)?( ?[A-Za-z0-9/_+:-]{1,40})?")


def read_timestamp(folder: Path) -> tuple[bytes | None, str]:
    """Return the content of nbgrader's file with the time of a submission, if it is valid.

    Parameters
    ----------
    folder : Path
        The folder of the submission.

    Returns
    -------
    content : bytes or None
        None if there is no file, or if it cannot be used.
    problem : str
        A sentence on why the file cannot be used; empty if it can.
    """
    file = folder / STAMP
    if not os.path.lexists(file):
        return None, ""
    content = _time(file)
    problem = f"{STAMP} contains no time, so the submission counts as on time."
    return content, problem if content is None else ""


def _time(file: Path) -> bytes | None:
    """Return the time in a file, in a form that nbgrader reads right; None if there is none."""
    from dateutil import tz
    from nbgrader.utils import parse_utc

    try:
        if not is_file(file) or file.stat().st_size > LONGEST_NAME:
            return None
        content = file.read_bytes()
        text = content.decode("ascii").strip()
        if not TIME.fullmatch(text):
            return None
        text = OFFSET.sub("", text)
        zone = text.split(" ")[2:]
        if zone and zone != ["Z"] and tz.gettz(zone[0]) is None:
            return None  # nbgrader would take it for UTC
        parse_utc(text)
    except (OSError, ValueError, OverflowError):
        return None
    return text.encode()
