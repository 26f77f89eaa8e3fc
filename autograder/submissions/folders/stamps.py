"""Read the time of a submission from the file beside it."""

import re
from pathlib import Path

from autograder.checks.words import LONGEST_NAME
from autograder.gradebook.course import STAMP
from autograder.submissions.store import is_file

TIME = re.compile(
    r"(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d(?::\d\d(?:\.\d{1,6})?)?) ?"
    r"(Z|[+-]\d\d:?\d\d|[A-Za-z][A-Za-z0-9_+-]*(?:/[A-Za-z0-9_+-]+)*)?"
)


def read_timestamp(file: Path | None) -> tuple[bytes | None, str]:
    """Return the content of nbgrader's file with the time of a submission, if it is valid.

    Parameters
    ----------
    file : Path or None
        The file, or what lies in its place; None if there is nothing.

    Returns
    -------
    content : bytes or None
        In a form that nbgrader reads right; None if there is no file, or if it cannot be used.
    problem : str
        A sentence on why the file cannot be used; empty if it can.
    """
    if file is None:
        return None, ""
    content = _time(file)
    problem = f"{STAMP} contains no time, so the submission counts as on time."
    return content, problem if content is None else ""


def _time(file: Path) -> bytes | None:
    from nbgrader.utils import parse_utc

    try:
        if not is_file(file) or file.stat().st_size > LONGEST_NAME:
            return None
        match = TIME.fullmatch(file.read_bytes().decode("ascii").strip())
        if match is None or not _is_known(zone := match[3] or ""):
            return None
        # With a blank before it, nbgrader would take the hours of an offset for seconds; without
        # one before a name, it would not see the name.
        blank = " " if zone[:1].isalpha() else ""
        text = f"{match[1]} {match[2]}{blank}{'UTC' if zone == 'Z' else zone}"
        parse_utc(text)
    except (OSError, ValueError, OverflowError):
        return None
    return text.encode()


def _is_known(zone: str) -> bool:
    """Return whether nbgrader knows a time zone; it takes others for UTC."""
    from dateutil import tz

    if not zone or zone[0] in "Z+-":
        return True
    return zone.lower() != "localtime" and tz.gettz(zone) is not None
