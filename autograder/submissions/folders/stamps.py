"""When a submission was handed in, as a file beside it says."""

import os
import re
from pathlib import Path

from autograder.checks.words import LONGEST_NAME
from autograder.gradebook.course import STAMP
from autograder.submissions.store import is_file

OFFSET = re.compile(r" (?=[+-]\d\d:?\d\d$)")  # of which nbgrader would take hours for seconds
TIME = re.compile(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d(:\d\d(\.\d{1,6})?)?( ?[A-Za-z0-9/_+:-]{1,40})?")


def stamp(place: Path) -> tuple[bytes | None, str]:
    """Return the content of nbgrader's file with the time of a submission, if it is a time.

    Parameters
    ----------
    place : Path
        The folder of the submission.

    Returns
    -------
    content : bytes or None
        None if there is no file, or if it cannot be used.
    problem : str
        In a sentence, that it cannot be used; else empty.
    """
    file = place / STAMP
    if not os.path.lexists(file):
        return None, ""
    content = _time(file)
    told = f"{STAMP} holds no time, so this counts as handed in on time."
    return content, told if content is None else ""


def _time(file: Path) -> bytes | None:
    """Return the time in a file, as nbgrader reads it right; None if it is no time."""
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
