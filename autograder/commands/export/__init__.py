"""``autograder export``: write the grades of a course as a table."""

import csv
import sys
from pathlib import Path

from autograder.commands.export import platforms
from autograder.commands.export.platforms import guarded_id
from autograder.commands.export.sheet import Sheet
from autograder.gradebook.course import Course, atomic_write
from autograder.gradebook.grades import Grades

COLUMNS = ("student", "assignment", "score", "max_score", "status", "containment")


def run(folder: Path, to: str = "csv") -> int:
    """Write the grades into the folder of the course and return the exit code.

    Parameters
    ----------
    folder : Path
        Folder of the course.
    to : str
        ``csv`` (``grades.csv``), ``canvas`` (``canvas.csv``) or ``moodle`` (``moodle.csv``).

    Raises
    ------
    AutograderError
        If there is no gradebook, or if the file cannot be written.
    """
    folder = folder.resolve()
    make = {"csv": table, "canvas": platforms.canvas, "moodle": platforms.moodle}[to]
    file = folder / {"csv": "grades.csv"}.get(to, f"{to}.csv")
    sheet = make(Grades(Course(folder)))
    with atomic_write(file) as text:
        csv.writer(text).writerows([sheet.header, *sheet.rows])
    print(file)
    for note in sheet.notes:
        print(note, file=sys.stderr)
    return 0


def table(grades: Grades) -> Sheet:
    """Return one row for each student and assignment, with the points of every part."""
    cells = dict.fromkeys(cell for name in grades.max_points for cell in grades.cells[name])
    sheet = Sheet([*COLUMNS, *cells])
    for row in grades.rows():
        row["student"] = guarded_id(row["student"])
        sheet.rows.append([row.get(column, "") for column in sheet.header])
    return sheet
