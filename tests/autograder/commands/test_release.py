"""The released notebooks: made from the solutions, always the same, without what they must hide."""

import html
import re
import subprocess
import sys
from pathlib import Path

import jupytext
import nbformat
import pytest
import submissions
from nbclient import NotebookClient
from nbgrader.preprocessors import Execute

from autograder import checks
from autograder.__main__ import main
from autograder.checks import solutions
from autograder.commands import release
from autograder.gradebook.course import Course, open_nbgrader

BEGIN, END = "### BEGIN ", "### END "
TEXTS = (".html", ".ipynb", ".js", ".json", ".md", ".txt", ".xml")


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    folder = tmp_path_factory.mktemp("course")
    assert main(["release", str(folder)]) == 0
    return folder


def regions(name: str) -> tuple[list[str], list[str]]:
    """Return the lines of an exercise inside marked regions, and those outside."""
    inside, outside, open_ = [], [], False
    for cell in jupytext.reads(solutions.file(name).read_text(encoding="utf-8"), "md:myst").cells:
        for line in cell.source.splitlines():
            if BEGIN in line or END in line:
                open_ = BEGIN in line
            elif line.strip():
                (inside if open_ else outside).append(line.strip())
    return inside, outside


def secrets() -> set[str]:
    """Return every line that only the instructor may see; a bracket alone is no secret."""
    found = set()
    for name in checks.NAMES:
        inside, outside = regions(name)
        found |= set(inside) - set(outside)
    return {line for line in found if re.search(r"\w", line)}


def squeezed(text: str) -> str:
    """Return a text without the white space and the mark-up that a page puts between words."""
    return re.sub(r"\s+", "", html.unescape(re.sub(r"<[^>]*>", "", text)))


def without_seed(text: str) -> str:
    """Return a notebook of a course with the public seed in the place of the drawn one."""
    return re.sub(r"hidden=\d+\)", "hidden=0)", text)


def leaks(text: str) -> list[str]:
    searched = squeezed(text)
    return [line for line in secrets() if squeezed(line) in searched]


def test_every_line_that_is_hidden_is_long_enough_to_be_looked_for():
    lines = secrets()
    assert len(lines) > 20
    assert min(map(len, lines)) >= 10, sorted(lines, key=len)[0]


@pytest.mark.parametrize("name", checks.NAMES)
def test_a_solution_is_found_in_the_solved_notebook(course, name):
    solved = (course / "source" / name / f"{name}.ipynb").read_text(encoding="utf-8")
    source = "\n".join(cell.source for cell in nbformat.reads(without_seed(solved), 4).cells)
    inside, outside = regions(name)
    wanted = secrets() & set(inside) - set(outside)
    assert wanted
    assert set(leaks(source)) >= wanted


@pytest.mark.parametrize("name", checks.NAMES)
def test_no_release_shows_a_solution_or_a_hidden_check(course, name):
    text = (course / "release" / name / f"{name}.ipynb").read_text(encoding="utf-8")
    source = "\n".join(cell.source for cell in nbformat.reads(text, 4).cells)
    assert leaks(source) == []
    assert "hidden=" not in text
    assert BEGIN not in text
    assert END not in text


def test_no_notebook_of_the_book_shows_a_solution_or_a_hidden_check(project):
    files = list((project / "book" / "notebooks").rglob("*.ipynb"))
    assert len(files) >= 7 + len(checks.NAMES)
    for file in files:
        source = "\n".join(cell.source for cell in nbformat.read(file, 4).cells)
        assert leaks(source) == [], file


def test_no_source_of_a_page_shows_a_solution_or_a_hidden_check(project):
    files = list((project / "book").rglob("*.md"))
    assert len(files) > 15
    for file in files:
        assert leaks(file.read_text(encoding="utf-8")) == [], file


def test_nbgrader_itself_waits_long_enough_for_tensorflow(course):
    with open_nbgrader(Course(course)) as api:
        assert Execute(config=api.config).timeout > Execute().timeout


@pytest.mark.slow
def test_nothing_on_the_site_or_in_its_downloads_shows_a_solution(built):
    files = [file for file in built.rglob("*") if file.suffix in TEXTS]
    assert any("exercises" in file.parts and file.suffix == ".ipynb" for file in files)
    for file in files:
        text = file.read_text(encoding="utf-8")
        if file.suffix == ".ipynb":
            text = "\n".join(cell.source for cell in nbformat.reads(text, 4).cells)
        assert leaks(text) == [], file
        assert "HIDDEN TESTS" not in text, file


def test_the_release_is_the_same_at_every_run(course, tmp_path):
    program = [sys.executable, "-m", "autograder", "release", str(tmp_path)]
    done = subprocess.run(program, capture_output=True, text=True, check=True)
    assert len(done.stdout.splitlines()) == len(checks.NAMES)
    for name in checks.NAMES:
        for room in ("source", "release"):
            place = Path(room, name, f"{name}.ipynb")
            one, two = ((each / place).read_text(encoding="utf-8") for each in (course, tmp_path))
            if room == "source":  # every course draws its own seeds
                one, two = without_seed(one), without_seed(two)
            assert one == two


def test_a_second_release_into_the_same_folder_changes_nothing(course):
    files = sorted(course.glob("release/*/*.ipynb"))
    before = [file.read_bytes() for file in files]
    assert main(["release", str(course)]) == 0
    assert [file.read_bytes() for file in files] == before


def test_the_notebooks_of_the_book_are_up_to_date(project):
    for name in checks.NAMES:
        file = project / "book" / "notebooks" / "exercises" / f"{name}.ipynb"
        assert file.read_text(encoding="utf-8") == release.student_notebooks()[name], (
            f"{file.name} is older than its solution: run make notebooks."
        )


@pytest.mark.parametrize("name", checks.NAMES)
def test_cells_keep_their_ids_and_locks(name):
    for cell in submissions.notebook(name).cells:
        nbgrader = cell.metadata.nbgrader
        assert cell.id == nbgrader.grade_id
        assert cell.metadata.get("deletable") is False
        if nbgrader.solution:
            assert cell.metadata.get("editable", True)
        else:
            assert cell.metadata.editable is False


@pytest.mark.parametrize("name", checks.NAMES)
def test_the_stub_differs_from_the_solution_only_inside_the_marked_region(name):
    solved = solutions.notebook(name).cells
    given = {cell.id: cell.source for cell in submissions.notebook(name).cells}
    for cell in solved:
        expected = re.sub(
            rf"^( *){BEGIN}SOLUTION\n.*?{END}SOLUTION$",
            r"\1# YOUR CODE HERE\n\1raise NotImplementedError()",
            re.sub(
                rf"^{BEGIN}HIDDEN TESTS\n.*?{END}HIDDEN TESTS\n", "", cell.source, flags=re.M | re.S
            ),
            flags=re.M | re.S,
        )
        assert given[cell.metadata["nbgrader"]["grade_id"]] == expected


@pytest.mark.parametrize("name", checks.NAMES)
def test_points_and_parts_agree_with_the_checks(name):
    exercise = checks.load(name)
    scored = {
        cell.id: cell for cell in submissions.notebook(name).cells if cell.metadata.nbgrader.grade
    }
    assert list(scored) == [exercise.cell(part) for part in exercise.parts]
    for part in exercise.parts:
        cell = scored[exercise.cell(part)]
        assert cell.metadata.nbgrader.points == part.points
        assert f'exercise.check("{part.name}"' in cell.source
    assert sum(part.points for part in exercise.parts) == 10


@pytest.mark.parametrize("name", checks.NAMES)
def test_the_task_lists_the_points_and_gives_two_hints(name):
    text = "\n".join(cell.source for cell in submissions.notebook(name).cells)
    for part in checks.load(name).parts:
        assert re.search(rf"^\| {part.name} \|.*\| {part.points} \|$", text, flags=re.M), part.name
    assert text.count("<details>") == text.count("</details>") == 2


@pytest.mark.slow
@pytest.mark.parametrize("name", checks.NAMES)
def test_an_untouched_release_runs_from_top_to_bottom_without_an_error(name):
    made = submissions.notebook(name)
    NotebookClient(made, timeout=300).execute()
    outputs = {cell.id: cell.outputs for cell in made.cells if cell.cell_type == "code"}
    for part in checks.load(name).parts:
        *said, value = outputs[f"{name}-{part.name}"]  # under load, text comes in several pieces
        assert {output.name for output in said} == {"stdout"}
        assert "not attempted yet" in "".join(output.text for output in said)
        assert value.data["text/plain"] == "0"


def test_a_folder_that_cannot_be_written_is_one_sentence(tmp_path, capsys):
    (tmp_path / "source").write_text("in the way")
    assert main(["release", str(tmp_path)]) == 2
    said = capsys.readouterr().err
    assert said.startswith("autograder release: ")
    assert len(said.splitlines()) == 1


def test_solutions_that_are_elsewhere_are_one_sentence(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("AUTOGRADER_SOLUTIONS", str(tmp_path / "nowhere"))
    solutions.notebook.cache_clear()
    assert main(["release", str(tmp_path)]) == 2
    assert "work in a clone of the book" in capsys.readouterr().err
