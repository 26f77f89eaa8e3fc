"""A chapter without MyST syntax says what the chapter says."""

import pytest
from plain_notebook import PAGE, RECORD, cells_of, make_book, notebooks, plain

from book_references import labels_of
from latents import LatentsError


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


def test_a_remote_figure_is_linked():
    remote = plain("```{figure} https://example.org/a.svg\n:alt: Boxes\n\nA net.\n```")
    assert remote == "![Boxes](https://example.org/a.svg)\n\n**Figure.** A net."


def test_a_drawing_of_the_book_travels_in_the_notebook(tmp_path):
    chapter = "# W\n\n```{figure} ../_static/net.svg\n:name: fig-net\n:alt: Boxes\n\nA net.\n```"
    book = make_book(tmp_path, chapter)
    (book / "book" / "_static").mkdir()
    (book / "book" / "_static" / "net.png").write_bytes(b"pixels")
    assert cells_of(book)[0].source == (
        "# W\n\n![Boxes](data:image/png;base64,cGl4ZWxz)\n\n**Figure.** A net."
    )


def test_a_drawing_without_a_picture_for_notebooks_is_refused():
    with pytest.raises(
        LatentsError, match=r"notebooks need a\.png beside the figure \.\./a\.svg\."
    ):
        plain("```{figure} ../a.svg\nA net.\n```")


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
        ("fixed_epochs", "30"),
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
        ("```{gadget} decoder\n```", "{gadget}"),
        (":::{tab-set}\n:::", "{tab-set}"),
        (":::plain\nx\n:::", ":::plain"),
        ("Press {kbd}`x`.", "{kbd}`x`"),
        ("{{ version }}", "version"),
        ("<div>\n{term}`x`\n</div>", "{term}"),
        ("> - ok\n>\n>   {unknown}`x`", "{unknown}`x`"),
        ("Cite {cite}`nobody1900`.", "nobody1900"),
        ("See {ref}`nowhere`.", "nowhere"),
        ("[a][b]\n\n[b]: ../guide/gpu.md", "../guide/gpu.md"),
        ("A claim.[^1]\n\n[^1]: Its source.", "the footnote 1"),
    ],
)
def test_what_has_no_plain_form_is_refused_by_name(text, named):
    with pytest.raises(LatentsError) as refusal:
        plain(text)
    message = str(refusal.value)
    assert message.startswith(f"{PAGE}.md: ") and named in message and "\n" not in message


def test_a_label_is_none_where_it_stands_in_code():
    cell = "```{code-cell} ipython3\n:tags: [x]\n(b)=\n:name: c\n```"
    text = f"(here)=\n# Title\n\n{cell}\n(d)=\n## Next\n"
    labels, _ = labels_of("page", text)
    assert set(labels) == {"here", "d"}


@pytest.mark.parametrize("fence", ["````", "::::"])
def test_a_code_cell_within_a_directive_is_refused(tmp_path, fence):
    chapter = f"# W\n\n{fence}{{note}}\nx\n\n```{{code-cell}}\n1\n```\n{fence}\n"
    with pytest.raises(LatentsError, match=r"is not closed|code-cell"):
        notebooks.Book(make_book(tmp_path, chapter)).notebooks()


def test_a_solution_without_an_end_is_refused(tmp_path):
    book = make_book(tmp_path, "# W\n\n```{solution-start} a\n```\n\nText")
    with pytest.raises(LatentsError, match=r"has no \{solution-end\}"):
        notebooks.Book(book).notebooks()
