"""The generated notebooks are complete, stable and up to date."""

import re
import subprocess
from pathlib import Path

import jupytext
import nbformat
import pytest
from IPython.core.interactiveshell import InteractiveShell
from plain_notebook import (
    PAGE,
    PROJECT,
    RECORD,
    cells_of,
    make_book,
    notebooks,
)

from latents import data
from latents.widgets import WIDGETS


def setup_cell(root, config=""):
    return cells_of(make_book(root, "# Walk", config))[1].source


def test_the_first_code_cell_names_the_configured_address(tmp_path):
    config = "repository: {url: https://github.com/someone/book/, branch: trunk}"
    assert 'REPOSITORY = "git+https://github.com/someone/book@trunk"' in setup_cell(
        tmp_path, config
    )


def test_the_address_of_the_environment_goes_before_the_configured_one(tmp_path, monkeypatch):
    monkeypatch.setenv("LATENTS_REPOSITORY", "https://github.com/someone/book")
    config = "repository: {url: https://github.com/other/book, branch: trunk}"
    assert 'REPOSITORY = "git+https://github.com/someone/book@trunk"' in setup_cell(
        tmp_path, config
    )


def test_without_an_address_one_sentence_tells_what_to_do(tmp_path, monkeypatch, capsys):
    setup = setup_cell(tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    shell = InteractiveShell()
    assert not shell.run_cell(setup).success
    told = capsys.readouterr().out.strip()
    assert told.startswith("The package of this book is not installed: put latent_spaces-")
    assert "\n" not in told


@pytest.mark.parametrize(
    ("wheel", "site", "source"),
    [
        (True, "https://book.org/_notebooks/", "latent_spaces-9-py3-none-any.whl"),
        (False, "https://book.org/_notebooks/", "https://book.org/_notebooks/latent_spaces-"),
        (False, "", "git+https://github.com/someone/book@main"),
    ],
)
def test_the_wheel_beside_the_notebook_comes_first_then_its_site_then_the_repository(
    tmp_path, monkeypatch, wheel, site, source
):
    monkeypatch.setenv("LATENTS_REPOSITORY", "https://github.com/someone/book")
    setup = setup_cell(tmp_path / "book").replace('SITE = ""', f'SITE = "{site}"')
    monkeypatch.chdir(tmp_path)
    if wheel:
        Path("latent_spaces-9-py3-none-any.whl").touch()
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    commands = []

    def run(command):
        commands.append(command)
        return subprocess.CompletedProcess(command, 0)

    monkeypatch.setattr("subprocess.run", run)
    exec(setup, {})
    ((*_, package),) = commands
    assert package.startswith("latent-spaces @ ") and source in package


def test_a_notebook_can_be_told_to_use_the_complete_data_and_says_what_that_costs(tmp_path):
    setup = cells_of(make_book(tmp_path, "# Walk", record=RECORD))[1].source
    *_, cost, line = setup.splitlines()
    assert "complete data set" in cost
    assert cost.endswith("12 min of training on Tesla T4.")
    assert line == "# %env PROFILE=full"
    shell = InteractiveShell()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PROFILE", "quick")
        shell.run_cell(setup).raise_error()
        assert data.profile() == "quick"
        shell.run_cell(setup.replace(line, line.removeprefix("# "))).raise_error()
        assert data.profile() == "full"


def test_the_same_chapter_gives_the_same_file_with_unique_ids(tmp_path):
    book = make_book(tmp_path, "# W\n\n" + "```{code-cell}\n1\n```\n\n" * 3)
    first, second = (notebooks.Book(book).notebooks() for _ in range(2))
    assert first == second
    ids = [cell.id for cell in cells_of(book)]
    assert len(ids) == len(set(ids)) == 5


def test_a_new_cell_leaves_the_ids_of_the_others_alone(tmp_path):
    code = "```{code-cell}\n1\n```\n"
    before = cells_of(make_book(tmp_path / "a", f"# W\n\n{code}"))
    after = cells_of(make_book(tmp_path / "b", f"# W\n\nNew.\n\n{code}"))
    assert before[-1].id == after[-1].id


def test_check_names_what_is_missing_stale_or_left_over(tmp_path, capsys):
    book = make_book(tmp_path, "# Walk")
    folder = book / "book" / "notebooks"
    assert notebooks.main([str(book), "--check"]) == 1
    assert "walk.ipynb is missing: run make notebooks." in capsys.readouterr().err
    assert notebooks.main([str(book)]) == 0
    assert notebooks.main([str(book), "--check"]) == 0
    (folder / "walk.ipynb").write_text("{}")
    (folder / "gone.ipynb").write_text("{}")
    assert notebooks.main([str(book), "--check"]) == 1
    told = capsys.readouterr().err
    assert "walk.ipynb is older than" in told and "gone.ipynb belongs to no chapter" in told
    assert notebooks.main([str(book)]) == 0
    assert [file.name for file in folder.iterdir()] == ["walk.ipynb"]


def test_a_refusal_is_one_sentence_and_writes_nothing(tmp_path, capsys):
    book = make_book(tmp_path, "# Walk\n\n```{gadget} x\n```")
    assert notebooks.main([str(book)]) == 2
    assert capsys.readouterr().err.startswith(
        f"make notebooks: {PAGE}.md: the directive {{gadget}}"
    )
    assert not (book / "book" / "notebooks").exists()


@pytest.fixture(scope="module")
def generated() -> dict[Path, str]:
    return notebooks.Book(PROJECT).notebooks()


def test_the_committed_notebooks_are_up_to_date(generated):
    assert notebooks.stale(PROJECT, generated | notebooks.exercises(PROJECT)) == []


def test_the_notebooks_are_valid_and_have_no_outputs_and_no_tags(generated):
    for text in generated.values():
        notebook = nbformat.reads(text, as_version=4)
        nbformat.validate(notebook)
        given = {"colab", "kernelspec", "language_info"}
        assert given <= set(notebook.metadata) <= given | {"accelerator"}
        assert all(cell.metadata == {} for cell in notebook.cells)
        code = [cell for cell in notebook.cells if cell.cell_type == "code"]
        assert all(cell.outputs == [] and cell.execution_count is None for cell in code)
        assert text.endswith("}\n")


def test_no_notebook_shows_a_raw_directive_or_role(generated):
    raw = re.compile(r"^\s*(`{3,}|:{3,})\{|\{[\w:-]+\}`|^\([\w-]+\)=$|^\+\+\+", re.M)
    for file, text in generated.items():
        for cell in nbformat.reads(text, as_version=4).cells:
            if cell.cell_type == "markdown":
                assert raw.search(cell.source) is None, file.name


def test_the_code_is_that_of_the_chapter_in_its_order(generated):
    assert generated
    pages = {page.rsplit("/", 1)[-1]: page for page in notebooks.Book(PROJECT).pages}
    for file, text in generated.items():
        chapter = jupytext.read(PROJECT / f"{pages[file.stem]}.md", fmt="md:myst")
        wanted = [cell.source for cell in chapter.cells if cell.cell_type == "code"]
        cells = nbformat.reads(text, as_version=4).cells
        setup, *found = [cell.source for cell in cells if cell.cell_type == "code"]
        assert 'find_spec, ["latents"]' in setup
        parts = [name for name, part in WIDGETS.items() if part.chapter == file.stem]
        shown = [
            cell.removeprefix("from latents import widgets\n\n") for cell in found[len(wanted) :]
        ]
        assert found[: len(wanted)] == wanted
        assert shown == [f'widgets.show("{name}")' for name in parts], file.name


def test_the_interactive_parts_stand_at_the_end_of_some_notebook(generated):
    chapters = {file.stem for file in generated}
    assert {part.chapter for part in WIDGETS.values()} - {""} <= chapters
    text = "".join(generated.values())
    for name, part in WIDGETS.items():
        if part.chapter:
            assert f'widgets.show(\\"{name}\\")' in text, name
