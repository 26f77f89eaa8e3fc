"""A table of grades that is ready to be written."""

from dataclasses import dataclass, field


@dataclass
class Sheet:
    """A table with a header, rows and notes.

    Attributes
    ----------
    header : list of str
        Names of the columns.
    rows : list of list
        Fields of each row.
    notes : list of str
        Sentences for the user about the table.
    """

    header: list[str]
    rows: list[list] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
