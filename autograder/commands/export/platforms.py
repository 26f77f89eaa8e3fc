"""Build tables of grades in the formats that Canvas and Moodle import.

A score that is not final (for review, to be graded by hand, not graded, nothing handed in) is never
written as a zero.
"""

import html
import re
from collections import Counter

from autograder.checks.words import listing
from autograder.commands.export.sheet import Sheet
from autograder.gradebook.feedback import messages
from autograder.gradebook.grades import Grades, Student, points

# A spreadsheet reads a field as a formula if it starts with one of these, even after spaces.
FORMULA = "=+-@＝＋－＠"
LOGIN = re.compile(r"[+@-][\w.@-]*")
WHY = {
    "for review": "for review",
    "needs manual grading": "to be graded by hand",
    "not graded": "handed in but not graded",
    "missing": "with nothing handed in",
}


def canvas(grades: Grades) -> Sheet:
    """Return the table for Grades, Import in Canvas.

    The header begins as Canvas requires: Student, ID, SIS User ID, SIS Login ID, Section; then one
    column for each assignment. The row "Points Possible" gives a new assignment its points. Canvas
    looks for a student by ID (its own number), then by the SIS ids, then by the name, and for an
    assignment by its title, with or without its number in parentheses. The student id of nbgrader
    is written as SIS Login ID; ``lms_user_id`` as ID where it is a number, because Canvas reads the
    digits at the start of anything else as an ID. Section and SIS User ID may be empty.

    Source: ``lib/gradebook_importer.rb`` and ``lib/gradebook_exporter.rb`` of
    https://github.com/instructure/canvas-lms (``row_has_student_headers?``, ``process_student``,
    ``parse_assignments``). An empty field means no score; where Canvas holds one already, its
    preview shows that as a change.
    """
    sheet = Sheet(["Student", "ID", "SIS User ID", "SIS Login ID", "Section", *grades.max_points])
    most = [points(maximum) for maximum in grades.max_points.values()]
    sheet.rows.append(["    Points Possible", "", "", "", "", *most])
    names = Counter(_sortable(student) for student in grades.students.values())
    for student, rows in _by_student(grades):
        name = _sortable(student)
        # Canvas falls back on the name: one that two students share could match the wrong one.
        name = name if names[name] == 1 else student.id
        number = student.lms_user_id
        number = number if number.isascii() and number.isdigit() else ""
        scores = [_score(row, "") for row in rows]
        sheet.rows.append([guarded(name), number, "", guarded_id(student.id), "", *scores])
    sheet.notes += _empty(grades, "left empty") + _guarded_ids(grades)
    return sheet


def moodle(grades: Grades) -> Sheet:
    """Return the table for Grades, Import, CSV file in Moodle.

    Moodle asks which column identifies the user and which columns go to which grade item. For the
    first there are Username (the student id of nbgrader), ID number (``lms_user_id``) and Email
    address, the latter two only if every student has a distinct one: a row whose user is not found
    ends the whole import, and older versions give the grades of a row without an identifier to the
    student of the row above. For the second there is one column for each assignment, with another
    for the feedback.

    No grade is written as ``-``, as in Moodle's own exports: an empty field in a new grade item
    would become a zero. It also takes the place of a grade that Moodle holds already.

    Source: https://docs.moodle.org/en/Grade_import and ``grade/import/csv/classes/load_data.php``
    of https://github.com/moodle/moodle (``map_user_data_with_value``, ``import_new_grade_item``,
    ``update_grade_item``; ``normalise_value`` of its database drivers stores the zero).
    """
    more, notes = _identifiers(grades)
    header = ["Username", *more, "First name", "Last name"]
    sheet = Sheet(
        [*header, *(column for name in grades.max_points for column in (name, f"{name} feedback"))]
    )
    for student, rows in _by_student(grades):
        names = [guarded(student.first_name), guarded(student.last_name)]
        identifiers = [guarded_id(getattr(student, field)) for field in more.values()]
        fields = [guarded_id(student.id), *identifiers, *names]
        for row in rows:
            fields += [_score(row, "-"), guarded(_feedback(grades, row))]
        sheet.rows.append(fields)
    sheet.notes += _empty(grades, "written as “-”, no grade") + notes + _guarded_ids(grades)
    return sheet


def guarded(text: str) -> str:
    """Return a text on one line, in a form that no spreadsheet runs as a formula."""
    text = " ".join(text.split())
    return f"'{text}" if text.startswith(tuple(FORMULA)) else text


def guarded_id(text: str) -> str:
    """Return an id in a form that no spreadsheet runs as a formula; logins stay unchanged.

    Platforms and scripts look for an id as it stands, so a login such as ``-anna`` or ``+4930`` is
    left alone: without parentheses, quotes and operators a spreadsheet can show it wrongly but not
    call anything. Everything else that begins like a formula gets an apostrophe, which makes it a
    text.
    """
    if LOGIN.fullmatch(text) or not text.lstrip().startswith(tuple(FORMULA)):
        return text
    return f"'{text}"


def _by_student(grades: Grades) -> list[tuple[Student, list[dict]]]:
    """Return every student with one row for each assignment."""
    rows_of: dict[str, list[dict]] = {}
    for row in grades.rows():
        rows_of.setdefault(row["student"], []).append(row)
    return [(grades.students[student], rows) for student, rows in rows_of.items()]


def _score(row: dict, none: str):
    return none if row["status"] in WHY else row["score"]


def _sortable(student: Student) -> str:
    """Return the name as Canvas sorts it: last name first."""
    names = [name for name in (student.last_name, student.first_name) if name]
    return ", ".join(names) or student.id


def _identifiers(grades: Grades) -> tuple[dict[str, str], list[str]]:
    """Return further columns that identify every student, and notes on those that do not."""
    columns, notes = {}, []
    for title, field in (("ID number", "lms_user_id"), ("Email address", "email")):
        values = [getattr(student, field) for student in grades.students.values()]
        distinct = {value for value in values if value}
        if distinct and len(distinct) == len(values):
            columns[title] = field
        elif distinct:
            notes.append(
                f"There is no column “{title}”: {field} is missing or the same for some students "
                "in nbgrader's list of students."
            )
    return columns, notes


def _feedback(grades: Grades, row: dict) -> str:
    """Return why a student lost points, as HTML, which is how Moodle reads feedback."""
    if row["status"] in WHY:
        return ""
    read = messages(grades.course, row["student"], row["assignment"]) or []
    lost = [f"✗ {message.title}: {message.text}" for message in read if message.text]
    return html.escape(" ".join(lost), quote=False)


def _empty(grades: Grades, how: str) -> list[str]:
    """Return a note on how many scores are missing, and why."""
    counts = Counter(row["status"] for row in grades.rows() if row["status"] in WHY)
    if not counts:
        return []
    total = counts.total()
    why = listing(
        [f"{counts[status]} {reason}" for status, reason in WHY.items() if counts[status]]
    )
    return [f"{total} score{'s' * (total != 1)} {how}: {why}."]


def _guarded_ids(grades: Grades) -> list[str]:
    """Return a note on the ids that had to be changed."""
    changed = sorted(student for student in grades.students if guarded_id(student) != student)
    if not changed:
        return []
    return [
        f"{listing(map(repr, changed))} would be run as a formula by a spreadsheet and "
        "got an apostrophe in front, so the platform will not find that student: rename the folder."
    ]
