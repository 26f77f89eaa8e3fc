"""How late a submission is, and whether what the gradebook holds of that is still due.

nbgrader looks at the time of a submission only when it grades it, and keeps a time that is gone.
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
    """What the gradebook holds of the time of a submission.

    Attributes
    ----------
    due : datetime or None
        When it had to be handed in, with the extension of the student.
    handed_in : datetime or None
        When it was, as it was recorded.
    penalty : float
        Points that were taken for that.
    """

    due: datetime | None = None
    handed_in: datetime | None = None
    penalty: float = 0.0


def moment(stamp: bytes | None) -> datetime | None:
    """Return the time in nbgrader's file of it, in UTC as the gradebook has it."""
    return None if stamp is None else parse_utc(stamp.decode("ascii").strip())


def rules(converter: Any, course: Course) -> str:
    """Return a hash of what decides how much a late submission costs.

    That is the plugin of the course, its code and its settings; of a plugin that is written into
    the settings themselves, all of them.
    """
    assigner = AssignLatePenalties(parent=converter)
    assigner.init_plugin()
    plugin = type(assigner.plugin_inst)
    sections = [each.__name__ for each in plugin.__mro__ if each.__name__ in converter.config]
    settings = {name: converter.config[name] for name in sections}
    try:
        code = inspect.getsource(plugin)
    except (OSError, TypeError):
        code = course.settings.read_text(encoding="utf-8")
    values = [plugin.__module__, plugin.__qualname__, code, settings]
    text = json.dumps(values, sort_keys=True, default=_name)
    return hashlib.sha256(text.encode()).hexdigest()


def _name(value: Any) -> str:
    """Return a text for a setting that is no plain value; an address would differ at each run."""
    return getattr(value, "__qualname__", type(value).__qualname__)


def terms(times: Times, stamp: bytes | None, valid: str) -> str:
    """Return what a penalty for a submission depends on; empty if it is on time.

    Parameters
    ----------
    times : Times
        What the gradebook holds.
    stamp : bytes or None
        nbgrader's file with the time of the submission.
    valid : str
        The rules of the course, see `rules`.
    """
    handed_in = moment(stamp)
    if times.due is None or handed_in is None or handed_in <= times.due:
        return ""
    return f"{(handed_in - times.due).total_seconds():.0f} s late, {valid}"


def is_current(times: Times, stamp: bytes | None) -> bool:
    """Return whether the gradebook has the right time, and no penalty for what is on time."""
    on_time = not terms(times, stamp, "")
    return times.handed_in == moment(stamp) and not (on_time and times.penalty)
