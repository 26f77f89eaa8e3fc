"""A table of grades before it is written."""

from dataclasses import dataclass, field


@dataclass
class Sheet:
    """A table that is ready to be written.

    Attributes
    ----------
    header : list of str
        Names of the columns.
    rows : list of list
        Fields of each row.
    notes : list of str
        What the user should know about it, in sentences.
    """

    header: list[str]
    rows: list[list] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
