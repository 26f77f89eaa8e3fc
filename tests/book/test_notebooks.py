"""The notebooks for Colab and for download say what the chapters say, without MyST syntax."""

import json
import re
import sys
from pathlib import Path

import jupytext
import nbformat
import pytest

PROJECT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(PROJECT / "book" / "_tools"))

import notebooks  # noqa: E402
from book_references import Bibliography, Numbers, Places  # noqa: E402
from latents import LatentsError  # noqa: E402
from plain_markdown import PlainMarkdown, make_parser  # noqa: E402
from plain_prose import PlainProse  # noqa: E402

PAGE = "book/experiments/walk"
EXTENSIONS = "amsmath, colon_fence, deflist, dollarmath, linkify, substitution, tasklist"
PARSER = make_parser(EXTENSIONS.split(", "))
HEADER = """---
file_format: mystnb
kernelspec:
  name: python3
  display_name: Python 3
---

"""
RECORD = {
    "epochs": 10,
    "parameters": 1234567,
    "seconds": 720.0,
    "hardware": {"gpus": ["Tesla T4"], "cores": 2},
    "runs": {"mended": {"epochs": 30}},
    "metrics": {"rate": 15.4321, "active_units": 8.0},
}


def prose_of(text: str, record: dict | None = None) -> PlainProse:
    pages = {"book/guide/gpu": "# Running on a GPU\n\n```{exercise}\n```\n", PAGE: text}
    bibliography = Bibliography.read(PROJECT / "book" / "references.bib")
    numbers = Numbers("walk", lambda chapter: record if chapter == "walk" else None)
    return PlainProse(PAGE, Places(pages), bibliography, numbers)


def plain(text: str, record: dict | None = None) -> str:
    return PlainMarkdown(PAGE, PARSER, prose_of(text, record)).cell(text)


def make_book(root: Path, chapter: str, config: str = "", record: dict | None = None) -> Path:
    folder = root / "book" / "experiments"
    folder.mkdir(parents=True)
    (root / "_config.yml").write_text(
        f"parse: {{myst_enable_extensions: [{EXTENSIONS}]}}\n{config}"
    )
    (root / "_toc.yml").write_text(f"format: jb-book\nroot: book/index\nchapters: [file: {PAGE}]\n")
    (root / "book" / "index.md").write_text("# Book\n")
    (folder / "walk.md").write_text(HEADER + chapter)
    if record:
        records = root / "book" / "records" / "full"
        records.mkdir(parents=True)
        (records / "walk.json").write_text(json.dumps(record))
    return root


def cells_of(root: Path) -> list:
    (text,) = notebooks.Book(root).notebooks().values()
    return nbformat.reads(text, as_version=4).cells


@pytest.mark.parametrize("fence", ["```", ":::"])
@pytest.mark.parametrize(
    ("opening", "title"),
    [
        ("{note}", "Note"),
        ("{tip}", "Tip"),
        ("{warning}", "Warning"),
        ("{important}", "Important"),
        ("{admonition} Before you start", "Before you start"),
        ("{dropdown} The proof", "The proof"),
    ],
)
def test_an_admonition_becomes_a_quotation_with_a_bold_title(fence, opening, title):
    text = f"{fence}{opening}\n:class: tip\n\nOne.\n\nTwo.\n{fence}"
    assert plain(text) == f"> **{title}**\n>\n> One.\n>\n> Two."


def test_the_text_on_the_first_line_of_a_note_is_kept():
    assert plain("```{note} Mind this.\n```") == "> **Note**\n>\n> Mind this."


def test_nested_admonitions_become_nested_quotations():
    text = "::::{note}\nOuter.\n\n:::{tip}\nInner {term}`rate`.\n:::\n::::"
    assert plain(text) == "> **Note**\n>\n> Outer.\n>\n> > **Tip**\n> >\n> > Inner rate."


def test_a_directive_in_a_list_stays_in_its_item():
    assert plain("1. First:\n\n   ```{note}\n   a\n   ```\n\n2. Second").split("\n") == [
        "1. First:",
        "",
        "   > **Note**",
        "   >",
        "   > a",
        "",
        "2. Second",
    ]


def test_a_glued_figure_leaves_its_caption():
    options = ':name: "fig-map"\n:alt: Dots.'
    text = f"```{{glue:figure}} map\n{options}\n\nThe map of $z$ {{cite}}`white2016sampling`.\n```"
    assert plain(text) == (
        "**Figure.** The map of $z$ ([White, 2016](https://arxiv.org/abs/1609.04468))."
    )


def test_a_local_figure_is_left_out_and_a_remote_one_is_linked():
    assert plain("```{figure} ../_static/a.svg\nA net.\n```") == "**Figure.** A net."
    remote = plain("```{figure} https://example.org/a.svg\n:alt: Boxes\n\nA net.\n```")
    assert remote == "![Boxes](https://example.org/a.svg)\n\n**Figure.** A net."


def test_exercises_are_numbered_through_the_book_and_solutions_are_folded():
    text = (
        "```{exercise} Shapes\n:label: shapes\n\nWhich?\n```\n\n"
        "```{solution} shapes\n:class: dropdown\n\nThese: {ref}`shapes`.\n```"
    )
    assert plain(text) == (
        "**Exercise 2: Shapes**\n\nWhich?\n\n<details>\n"
        "<summary><b>Solution to Exercise 2</b></summary>\n\nThese: Exercise 2.\n\n</details>"
    )


def test_code_of_a_gated_solution_stays_a_cell_between_folded_text(tmp_path):
    chapter = (
        "# Walk\n\n```{exercise-start}\n:label: a\n```\nDo.\n\n```{exercise-end}\n```\n\n"
        "```{solution-start} a\n:class: dropdown\n```\nBefore.\n\n```{code-cell}\n1\n```\n\n"
        "After.\n\n```{solution-end}\n```\n\nNext."
    )
    _, _, code, after = cells_of(make_book(tmp_path, chapter))[-4:]
    assert code.source == "1"
    assert after.source.startswith("<details>") and after.source.endswith("</details>\n\nNext.")


def test_a_gated_solution_without_text_leaves_no_empty_fold(tmp_path):
    chapter = (
        "# W\n\n```{solution-start} a\n```\n\n```{code-cell}\n1\n```\n\n```{solution-end}\n```\n"
    )
    assert [cell.source for cell in cells_of(make_book(tmp_path, chapter))][2:] == ["1"]


def test_a_definition_becomes_a_quotation():
    text = "```{prf:definition} Rate\n:label: def-rate\n\nThe KL.\n```"
    assert plain(text) == "> **Definition (Rate).**\n>\n> The KL."


def test_equations_lose_their_labels():
    text = "```{math}\n:label: elbo\n\na = b\n```\n\n$$c$$ (other)\n\nSee equation {eq}`elbo`."
    assert plain(text) == "$$\na = b\n$$\n\n$$\nc\n$$\n\nSee the equation above."


def test_equations_of_several_lines_are_aligned_as_on_the_site():
    assert plain("$$\na &= b \\\\\n&= c\n$$") == (
        "$$\n\\begin{aligned}\na &= b \\\\\n&= c\n\\end{aligned}\n$$"
    )


def test_an_equation_in_a_quotation_stands_on_one_line():
    assert plain(":::{note}\n$$\na\n= b\n$$\n:::") == "> **Note**\n>\n> $$ a = b $$"


@pytest.mark.parametrize(
    ("role", "text"),
    [
        ("{numref}`fig`", "the figure below"),
        ("{numref}`Figure %s <fig>`", "the figure below"),
        ("{numref}`these dots <fig>`", "these dots"),
        ("{eq}`unknown`", "the equation above"),
        ("{ref}`the part <part>`", "the part"),
        ("{ref}`part`", "*The good part*"),
        ("{doc}`../guide/gpu`", "*Running on a GPU*"),
        ("{doc}`/book/guide/gpu`", "*Running on a GPU*"),
        ("{doc}`that page <../guide/gpu>`", "that page"),
        ("[that page](../guide/gpu.md)", "that page"),
        ("[](../guide/gpu.md)", "*Running on a GPU*"),
        ("[the `z` part](#part)", "the `z` part"),
        ("[Keras](https://keras.io)", "[Keras](https://keras.io)"),
        ("{term}`rate`", "rate"),
        ("{term}`rates <rate>`", "rates"),
        ("{abbr}`KL (Kullback-Leibler)`", "KL (Kullback-Leibler)"),
        ("{math}`x_1`", "$x_1$"),
        ("{cite:t}`kingma2014vae`", "[Kingma and Welling (2014)](https://arxiv.org/abs/1312.6114)"),
        ("{cite:p}`salakhutdinov2008quantitative`", "(Salakhutdinov and Murray, 2008)"),
        ("{cite}`loaiza2019continuous`", "([Loaiza-Ganem and Cunningham, 2019]"),
        ("{cite}`burda2016iwae, white2016sampling`", "([Burda et al., 2016]"),
    ],
)
def test_roles_and_links_become_words(role, text):
    rest = "\n\n(part)=\n## The good part\n\n```{glue:figure} f\n:name: fig\n\nDots.\n```"
    assert plain(f"We look at {role} here.{rest}").startswith(f"We look at {text}")


def test_a_sentence_begins_with_a_capital():
    assert plain("Look. {numref}`fig` shows it.") == "Look. The figure above shows it."


def test_code_and_formulas_are_left_alone():
    text = "`{term}` and ``{term}`x` `` cost $\\{a\\}`$.\n\n```python\n# {note} [a](b.md)\n```"
    assert plain(text) == text


def test_targets_comments_and_breaks_disappear():
    assert plain("(here)=\n# Title\n\n% a note to ourselves\n\n+++\n\nText") == "# Title\n\nText"


def test_definition_lists_become_lists():
    assert plain("`mode()`\n: the most probable.\n\n`mean()`\n: the chances.") == (
        "- **`mode()`**: the most probable.\n\n- **`mean()`**: the chances."
    )


@pytest.mark.parametrize(
    ("quoted", "shown"),
    [
        ("rate:.2f", "15.43"),
        ("rate", "15.43"),
        ("active_units", "8"),
        ("parameters:,", "1,234,567"),
        ("mended_epochs", "30"),
        ("run_time", "12 min"),
        ("run_place", "Tesla T4"),
        ("nothing:.2f", "(see the cell above)"),
    ],
)
def test_a_quoted_number_comes_from_the_recorded_run(quoted, shown):
    assert plain(f"It is {{glue:text}}`{quoted}`.", RECORD) == f"It is {shown}."


def test_without_a_recorded_run_the_reader_is_sent_to_the_cell():
    assert plain("It is {glue:text}`rate:.2f` nats.") == "It is (see the cell above) nats."


def test_the_notebook_says_where_its_numbers_come_from(tmp_path):
    book = make_book(tmp_path, "# Walk\n\nHello.\n\n## Way\n\n{glue:text}`rate`", record=RECORD)
    title, setup, way = cells_of(book)
    assert title.source.startswith("# Walk\n\nHello.\n\n*The numbers quoted in the text come from")
    assert "full run on Tesla T4" in title.source
    assert setup.cell_type == "code"
    assert way.source == "## Way\n\n15.43"


def test_no_such_sentence_stands_where_no_number_is_quoted(tmp_path):
    book = make_book(tmp_path, "# Walk\n\n{glue:text}`nothing`", record=RECORD)
    assert "recorded" not in cells_of(book)[0].source


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("```{widget} decoder\n```", "{widget}"),
        (":::{tab-set}\n:::", "{tab-set}"),
        (":::plain\nx\n:::", ":::plain"),
        ("Press {kbd}`x`.", "{kbd}`x`"),
        ("{{ version }}", "version"),
        ("<div>\n{term}`x`\n</div>", "{term}"),
        ("> - ok\n>\n>   {unknown}`x`", "{unknown}`x`"),
        ("Cite {cite}`nobody1900`.", "nobody1900"),
        ("See {ref}`nowhere`.", "nowhere"),
        ("[a][b]\n\n[b]: ../guide/gpu.md", "../guide/gpu.md"),
    ],
)
def test_what_has_no_plain_form_is_refused_by_name(text, named):
    with pytest.raises(LatentsError) as refusal:
        plain(text)
    message = str(refusal.value)
    assert message.startswith(f"{PAGE}.md: ") and named in message and "\n" not in message


@pytest.mark.parametrize("fence", ["````", "::::"])
def test_a_code_cell_within_a_directive_is_refused(tmp_path, fence):
    chapter = f"# W\n\n{fence}{{note}}\nx\n\n```{{code-cell}}\n1\n```\n{fence}\n"
    with pytest.raises(LatentsError, match=r"is not closed|code-cell"):
        notebooks.Book(make_book(tmp_path, chapter)).notebooks()


def test_a_solution_without_an_end_is_refused(tmp_path):
    book = make_book(tmp_path, "# W\n\n```{solution-start} a\n```\n\nText")
    with pytest.raises(LatentsError, match=r"has no \{solution-end\}"):
        notebooks.Book(book).notebooks()


def test_the_first_code_cell_installs_the_package_from_the_configured_address(tmp_path):
    config = "repository: {url: https://github.com/someone/book/, branch: trunk}"
    setup = cells_of(make_book(tmp_path, "# Walk", config))[1].source
    assert 'find_spec("latents") is None' in setup
    assert "git+https://github.com/someone/book@trunk" in setup


def test_without_an_address_it_tells_how_to_install(tmp_path, monkeypatch):
    monkeypatch.setenv("LATENTS_REPOSITORY", "https://github.com/someone/book")
    setup = cells_of(make_book(tmp_path, "# Walk"))[1].source
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(ModuleNotFoundError, match="pip install"):
        exec(setup, {})


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
    book = make_book(tmp_path, "# Walk\n\n```{widget} x\n```")
    assert notebooks.main([str(book)]) == 2
    assert capsys.readouterr().err.startswith(
        f"make notebooks: {PAGE}.md: the directive {{widget}}"
    )
    assert not (book / "book" / "notebooks").exists()


@pytest.fixture(scope="module")
def generated() -> dict[Path, str]:
    return notebooks.Book(PROJECT).notebooks()


def test_the_committed_notebooks_are_up_to_date(generated):
    assert notebooks.stale(PROJECT, generated) == []


def test_the_notebooks_are_valid_and_have_no_outputs_and_no_tags(generated):
    for text in generated.values():
        notebook = nbformat.reads(text, as_version=4)
        nbformat.validate(notebook)
        assert set(notebook.metadata) == {"accelerator", "colab", "kernelspec", "language_info"}
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
        assert 'find_spec("latents")' in setup
        assert found == wanted
