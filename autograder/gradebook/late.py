"""Determine how late a submission is, and whether the gradebook is up to date with that.

nbgrader reads the time of a submission only when it grades it, and keeps a time whose file is gone.
"""

import hashlib
import inspect
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from nbgrader.preprocessors import AssignLatePenalties
from nbgrader.utils import parse_utc

from autograder.gradebook.course import Course


@dataclass(frozen=True)
class Times:
    """The time of a submission, its due date and its penalty in the gradebook.

    Attributes
    ----------
    due : datetime or None
        When it was due, including the extension of the student.
    submitted : datetime or None
        When it was submitted, as recorded.
    penalty : float
        Points that were subtracted for being late.
    """

    due: datetime | None = None
    submitted: datetime | None = None
    penalty: float = 0.0


def parse_timestamp(stamp: bytes | None) -> datetime | None:
    """Return the time in nbgrader's timestamp file, in UTC like those in the gradebook."""
    return None if stamp is None else parse_utc(stamp.decode("ascii").strip())


def rules(converter: Any, course: Course) -> str:
    """Return a hash of everything that determines the penalty for a late submission.

    That is the plugin of the course, its code and its settings, or the whole file of settings if
    the plugin is defined in there.
    """
    assigner = AssignLatePenalties(parent=converter)
    assigner.init_plugin()
    plugin = type(assigner.plugin_inst)
    sections = [base.__name__ for base in plugin.__mro__ if base.__name__ in converter.config]
    settings = {name: converter.config[name] for name in sections}
    try:
        code = inspect.getsource(plugin)
    except (OSError, TypeError):
        code = course.settings.read_text(encoding="utf-8")
    values = [plugin.__module__, plugin.__qualname__, code, settings]
    text = json.dumps(values, sort_keys=True, default=_name)
    return hashlib.sha256(text.encode()).hexdigest()


def _name(value: Any) -> str:
    """Return a text for a setting that JSON cannot represent; ``repr`` would vary between runs."""
    return getattr(value, "__qualname__", type(value).__qualname__)


def terms(times: Times, stamp: bytes | None, rules_hash: str) -> str:
    """Return what the penalty for a late submission depends on; empty if it is on time.

    Parameters
    ----------
    times : Times
        The times in the gradebook.
    stamp : bytes or None
        Content of nbgrader's file with the time of the submission.
    rules_hash : str
        The rules of the course, see `rules`.
    """
    submitted = parse_timestamp(stamp)
    if times.due is None or submitted is None or submitted <= times.due:
        return ""
    return f"{(submitted - times.due).total_seconds():.0f} s late, {rules_hash}"


def is_current(times: Times, stamp: bytes | None) -> bool:
    """Return whether the gradebook has the right time, and no penalty if that is on time."""
    on_time = not terms(times, stamp, "")
    return times.submitted == parse_timestamp(stamp) and not (on_time and times.penalty)
