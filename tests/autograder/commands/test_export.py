"""``autograder export``: what stands in the gradebook reaches the platform, and nothing else."""

import contextlib
import csv

import pytest
import small_course

from autograder import checks
from autograder.__main__ import main
from autograder.gradebook.course import Course
from autograder.gradebook.journal import Journal

pytestmark = pytest.mark.filterwarnings("ignore:Object of type <Submitted")  # of nbgrader's code
SAMPLING = "sampling"
FORMS = {"csv": "grades.csv", "canvas": "canvas.csv", "moodle": "moodle.csv"}
ID = {"csv": "student", "canvas": "SIS Login ID", "moodle": "Username"}
HOSTILE = ["=1+1", "@SUM(1)", "-2+3", "+x|' /C calc'!A0", " =1", "\t=1", "＝1", '=HYPERLINK("x")']
LOGINS = ["-anna", "+4930", "@anna.b", "anna+x@uni.example", "a-b_c.d", "žofie", "0042"]


@pytest.fixture
def course(tmp_path):
    with small_course.SmallCourse(tmp_path / "course") as made:
        yield made


@pytest.fixture
def exported(course, capfd):
    """Give a function that exports the course; it returns the table and what was told."""

    def run(form):
        capfd.readouterr()
        assert main(["export", str(course.folder), "--to", form]) == 0
        captured = capfd.readouterr()
        assert captured.out == f"{course.folder / FORMS[form]}\n"
        return read(course.folder / FORMS[form]), captured.err

    return run


def read(file):
    with file.open(newline="", encoding="utf-8") as text:
        return list(csv.reader(text))


def records(table):
    return [dict(zip(table[0], row, strict=True)) for row in table[1:]]


def of(table, student, assignment=SAMPLING):
    (row,) = [
        row
        for row in records(table)
        if (row["student"], row["assignment"]) == (student, assignment)
    ]
    return row


def canvas_imports(table):
    """Return what Canvas makes of a table: scores by login and assignment, points by assignment."""
    header, most, *rows = table
    assert "Student" in header[0]
    assert header[1] == "ID"
    assert header[2:5] == ["SIS User ID", "SIS Login ID", "Section"]
    assert "Points Possible" in most[0]
    titles = header[5:]
    scores = {
        row[3]: {title: float(value) for title, value in zip(titles, row[5:], strict=True) if value}
        for row in rows
    }
    return scores, dict(zip(titles, map(float, most[5:]), strict=True))


def moodle_imports(table, identifier="Username"):
    """Return what Moodle makes of a table whose assignments become new grade items."""
    found = {}
    for row in records(table):
        assert row[identifier].strip(), "older versions take the student of the row above"
        grades = {name: row[name].strip() for name in checks.NAMES}
        # An empty text becomes 0 in a number of the database.
        found[row[identifier].strip()] = {
            name: float(value or 0) for name, value in grades.items() if value != "-"
        }
    return found


def test_the_table_has_the_scores_of_the_gradebook(course, exported):
    course.grade("anna", SAMPLING)
    course.grade("ben", SAMPLING, lost={"spread": "It is 2, expected 1."})
    table, told = exported("csv")
    first = "student,assignment,score,max_score,status,containment,sampling-shapes"
    assert ",".join(table[0]).startswith(first)
    assert len(table) == 1 + 2 * len(checks.NAMES)
    anna, ben = of(table, "anna"), of(table, "ben")
    assert (anna["score"], anna["max_score"], anna["status"]) == ("10", "10", "graded")
    assert (ben["score"], ben["sampling-spread"], ben["sampling-mean"]) == ("8", "0", "2")
    assert told == ""


def test_late_penalties_are_subtracted_but_no_score_is_negative(course, exported):
    course.grade("late", SAMPLING, penalty=2.5)
    course.grade("too late", SAMPLING, penalty=11)
    scores, _ = canvas_imports(exported("canvas")[0])
    assert scores == {"late": {SAMPLING: 7.5}, "too late": {SAMPLING: 0}}
    assert of(exported("csv")[0], "late")["score"] == "7.5"


def test_points_given_by_hand_take_the_place_of_ours_with_extra_credit(course, exported):
    course.grade("anna", SAMPLING, lost={"spread": "Wrong."})
    course.change("anna", SAMPLING, "spread", manual_score=1.25, extra_credit=0.5)
    row = of(exported("csv")[0], "anna")
    assert (row["score"], row["sampling-spread"]) == ("9.75", "1.75")
    assert moodle_imports(exported("moodle")[0]) == {"anna": {SAMPLING: 9.75}}


@pytest.fixture
def unfinished(course):
    """Make a course with a submission in every state that has no final score."""
    course.grade("graded", SAMPLING)
    course.grade("untouched", SAMPLING, lost=dict.fromkeys(parts_of(SAMPLING), "Nothing there."))
    course.note("untouched", SAMPLING, "not attempted")
    course.grade("broken", SAMPLING)  # of an earlier file
    course.note("broken", SAMPLING, "for review", "It is no notebook.")
    course.grade("by hand", SAMPLING)
    course.change("by hand", SAMPLING, "mean", needs_manual_grade=True)
    course.hand_in("waiting", SAMPLING)
    course.student("absent")
    return course


def parts_of(name):
    return [part.name for part in checks.load(name).parts]


def test_only_final_scores_reach_a_platform(unfinished, exported):
    due = {"graded": {SAMPLING: 10}, "untouched": {SAMPLING: 0}}
    due |= {student: {} for student in ("broken", "by hand", "waiting", "absent")}
    assert canvas_imports(exported("canvas")[0])[0] == due
    assert moodle_imports(exported("moodle")[0]) == due


@pytest.mark.parametrize("form", ["canvas", "moodle"])
def test_the_scores_that_are_not_there_are_counted_with_their_reasons(unfinished, exported, form):
    _, told = exported(form)
    counted = "1 for review, 1 to be graded by hand, 1 handed in but not graded and 13 with nothing"
    assert counted in told
    assert told.startswith("16 scores ")
    assert len(told.splitlines()) == 1


def test_every_state_stands_in_the_table(unfinished, exported):
    table, _ = exported("csv")
    found = {
        row["student"]: (row["status"], row["score"])
        for row in records(table)
        if row["assignment"] == SAMPLING
    }
    assert found == {
        "graded": ("graded", "10"),
        "untouched": ("not attempted", "0"),
        "broken": ("for review", ""),
        "by hand": ("needs manual grading", ""),
        "waiting": ("not graded", ""),
        "absent": ("missing", ""),
    }


def test_what_contained_a_run_stands_beside_its_score(course, exported):
    with contextlib.closing(Journal(Course(course.folder))) as journal:
        for kind in ("namespaces", "bubblewrap", "none"):
            journal.finish(f"key of {kind}", {"containment": kind}, 1.0)
        journal.finish("key of an old one", {}, 1.0)
    for kind in ("namespaces", "bubblewrap", "none", "an old one", "nothing"):
        course.grade(kind, SAMPLING)
        course.note(kind, SAMPLING, "graded", key=f"key of {kind}")
    course.student("absent")
    table, _ = exported("csv")
    found = {row["student"]: row["containment"] for row in records(table) if row["score"] == "10"}
    kinds = {kind: kind for kind in ("namespaces", "bubblewrap", "none")}
    assert found == kinds | {"an old one": "", "nothing": ""}
    assert of(table, "absent")["containment"] == ""


def test_what_belongs_to_no_student_makes_no_row(course, exported):
    course.grade("anna", SAMPLING)
    course.note("", "lost.ipynb", "for review", "It lies in `submitted/` itself.")
    course.note("ben", "", "for review", "It lies beside the folders of the assignments.")
    assert {row["student"] for row in records(exported("csv")[0])} == {"anna"}
    assert list(moodle_imports(exported("moodle")[0])) == ["anna"]


def test_canvas_gets_names_numbers_and_points(course, exported):
    names = {"first_name": "Ada", "last_name": 'King, "Countess"\nof Lovelace'}
    course.student("ada", **names, lms_user_id="4711")
    course.grade("ada", SAMPLING)
    course.student("li", first_name="小龍", last_name="李", lms_user_id="12ab")
    course.student("nobody")
    table, _ = exported("canvas")
    rows = {row["SIS Login ID"]: row for row in records(table)}
    assert rows["ada"]["Student"] == 'King, "Countess" of Lovelace, Ada'
    assert rows["ada"]["ID"] == "4711"
    assert rows["li"]["Student"] == "李, 小龍"
    assert rows["li"]["ID"] == "", "Canvas would read 12ab as the student 12"
    assert rows["nobody"]["Student"] == "nobody"
    assert canvas_imports(table)[1] == dict.fromkeys(checks.NAMES, 10)


def test_a_name_that_two_students_share_is_no_name_for_canvas(course, exported):
    for own in ("smith1", "smith2"):
        course.student(own, first_name="Jo", last_name="Smith")
    names = [row["Student"] for row in records(exported("canvas")[0])[1:]]
    assert names == ["smith1", "smith2"]


def test_moodle_gets_identifiers_that_every_student_has(course, exported):
    course.student("ada", email="ada@uni.example", lms_user_id="1")
    course.student("ben", email="ben@uni.example")
    table, told = exported("moodle")
    assert table[0][:4] == ["Username", "Email address", "First name", "Last name"]
    assert set(moodle_imports(table, "Email address")) == {"ada@uni.example", "ben@uni.example"}
    assert "There is no column “ID number”: lms_user_id is missing or the same" in told
    course.student("ben", email="ada@uni.example", lms_user_id="2")
    table, told = exported("moodle")
    assert table[0][:3] == ["Username", "ID number", "First name"]
    assert "There is no column “Email address”" in told


def test_moodle_gets_the_lost_parts_as_feedback_in_html(course, exported):
    lost = {"mean": "`z < mean & <script>alert(1)</script>` is wrong.", "shapes": "Not (3, 2)."}
    course.grade("anna", SAMPLING, lost=lost)
    (row,) = records(exported("moodle")[0])
    part = checks.load(SAMPLING).part
    assert row["sampling feedback"] == (
        f"✗ {part('shapes').title}: Not (3, 2). "
        f"✗ {part('mean').title}: "
        "`z &lt; mean &amp; &lt;script&gt;alert(1)&lt;/script&gt;` is wrong."
    )
    assert row["latent_loss feedback"] == ""


def test_a_lost_notebook_costs_the_feedback_and_not_the_grade(course, exported):
    course.grade("anna", SAMPLING, lost={"mean": "Wrong."})
    (course.folder / "autograded" / "anna" / SAMPLING / f"{SAMPLING}.ipynb").write_text("{")
    (row,) = records(exported("moodle")[0])
    assert (row[SAMPLING], row["sampling feedback"]) == ("8", "")


@pytest.mark.parametrize("form", FORMS)
def test_no_field_is_run_as_a_formula(course, exported, form):
    for own in HOSTILE:
        course.student(own, first_name=own, last_name=own, email=own, lms_user_id=own)
    course.student("=x", last_name="-Anna")
    course.grade("ben", SAMPLING, lost={"mean": "=1+1"})
    table, told = exported(form)
    fields = [field for row in table for field in row if field != "-"]
    assert not [field for field in fields if field.strip().startswith(tuple("=+-@＝"))]
    assert {f"'{own}" for own in HOSTILE} <= {row[ID[form]] for row in records(table)}
    assert ("got an apostrophe in front" in told) == (form != "csv")


@pytest.mark.parametrize("form", FORMS)
def test_ids_that_can_be_logins_stay_as_they_are(course, exported, form):
    for own in LOGINS:
        course.grade(own, SAMPLING)
    table, told = exported(form)
    assert {row[ID[form]] for row in records(table)} - {""} == set(LOGINS)
    assert "apostrophe" not in told


def test_a_course_without_students_has_tables_without_students(exported):
    assert len(exported("csv")[0]) == 1
    assert canvas_imports(exported("canvas")[0])[0] == {}
    assert exported("moodle") == ([["Username", "First name", "Last name", *moodle_columns()]], "")


def moodle_columns():
    return [column for name in checks.NAMES for column in (name, f"{name} feedback")]


def test_a_table_that_cannot_be_written_leaves_the_old_one_alone(course, exported, capfd):
    course.grade("anna", SAMPLING)
    exported("canvas")
    before = (course.folder / "canvas.csv").read_bytes()
    course.grade("ben", SAMPLING)
    (course.folder / "canvas.csv.part").mkdir()
    assert main(["export", str(course.folder), "--to", "canvas"]) == 2
    assert "canvas.csv cannot be written: Is a directory." in capfd.readouterr().err
    assert (course.folder / "canvas.csv").read_bytes() == before


def test_a_name_that_is_no_text_stops_nothing(course, exported):
    course.grade("anna", SAMPLING)
    course.hand_in("\udcff", SAMPLING)
    table, _ = exported("csv")
    assert {row["student"] for row in records(table)} == {"anna", "\\udcff"}
