"""The reference pages keep up with the chapters: symbols, glossary terms and citations."""

import re
from collections import Counter

import chapter_text
import pytest
from chapter_text import PROJECT
from pybtex.database import parse_file

BOOK = {
    file.relative_to(PROJECT / "book").with_suffix("").as_posix(): file.read_text()
    for file in sorted((PROJECT / "book").rglob("*.md"))
}
PAGES = {name: text for name, text in BOOK.items() if "\nkernelspec:" in text}
NOTATION = BOOK["guide/notation"]
GLOSSARY = BOOK["guide/glossary"]
BIBLIOGRAPHY = parse_file(str(PROJECT / "book" / "references.bib"))
each_page = pytest.mark.parametrize("page", sorted(PAGES))

MATH_BLOCK = re.compile(
    r"^(`{3,}|:{3,})\{math\}[^\n]*\n(?::[\w-]+:[^\n]*\n)*(.*?)^\1[ ]*$", re.S | re.M
)
MATH_ROLE = re.compile(r"\{math\}`([^`]+)`")
FENCE_LINE = re.compile(r"^[ ]*(?:`{3,}|:{3,}).*$", re.M)
INLINE_CODE = re.compile(r"(`+)(?!`)(?:(?!\n\s*\n).)+?(?<!`)\1(?!`)", re.S)
FORMULA = re.compile(
    r"""(?<!\\)\$\$(?P<display>.+?)\$\$
    | ^\\begin\{(?P<kind>align|alignat|equation|gather|multline)(?P<star>\*?)\}
      (?P<amsmath>.+?)\\end\{(?P=kind)(?P=star)\}
    | (?<!\\)\$(?P<inline>(?:[^$\\]|\\.)+)\$""",
    re.S | re.M | re.X,
)
NO_SYMBOLS = re.compile(  # words, labels and the names of environments
    r"\\(?:text\w*|mathrm|mathsf|mathtt|operatorname\*?|label|tag|hspace)\s*"
    r"(?:\{(?:[^{}]|\{[^{}]*\})*\}|[A-Za-z])"
    r"|\\(?:begin|end)\{[^}]*\}(?:\{[lcr|@ ]+\})?"
)
TOKEN = re.compile(
    r"\\math(?P<font>cal|bb|bf|frak)\s*\{?\s*(?P<letter>[^\W\d_])"
    r"|(?P<command>\\[A-Za-z]+)|\\.|(?P<plain>[^\W\d_])",
    re.S,
)
WITHOUT_MEANING = set(  # of their own: layout, brackets, relations, operators that all know
    re.findall(
        r"\w+",
        """
        quad qquad left right middle big Big bigg Bigg bigl bigr Bigl Bigr biggl biggr bigm Bigm
        displaystyle textstyle limits nolimits underbrace overbrace boxed phantom notag nonumber
        lvert rvert lVert rVert vert Vert mid parallel lbrace rbrace langle rangle lfloor rfloor
        le leq ge geq ne neq ll gg lt gt approx equiv colon in notin subset
        to mapsto rightarrow longrightarrow Rightarrow Longrightarrow Leftrightarrow iff implies
        frac tfrac dfrac sqrt sum prod int cdot times div pm mp circ
        log ln exp max min arg sup inf lim sin cos tan arcsin arccos det
        infty ldots cdots dots vdots ddots prime square blacksquare
        """,
    )
)


def formulas(text: str) -> list[str]:
    """Return every formula of a page, in whatever directive it stands, but none from code."""
    found = [body for _, body in MATH_BLOCK.findall(chapter_text.without_header(text))]
    written = FENCE_LINE.sub("", chapter_text.without_code(text))
    found += MATH_ROLE.findall(written)
    for match in FORMULA.finditer(INLINE_CODE.sub("•", written)):
        found.append(match["display"] or match["amsmath"] or match["inline"])
    return found


def symbols(formula: str) -> set[str]:
    """Return the letters of a formula: of bases, subscripts and superscripts, one by one.

    A command that is not known to be without meaning counts as a letter, so a new one is noticed.
    """
    found = set()
    for token in TOKEN.finditer(NO_SYMBOLS.sub(" ", formula)):
        if token["letter"]:
            found.add(f"\\math{token['font']} {token['letter']}")
        elif token["plain"] or (token["command"] and token["command"][1:] not in WITHOUT_MEANING):
            found.add(token[0])
    return found


def used(text: str) -> set[str]:
    return set().union(*map(symbols, formulas(text)))


def explained(notation: str) -> list[str]:
    """Return the formulas in the first column of the tables of the notation page."""
    rows = re.findall(r"^\|((?:[^|\\\n]|\\.)*)\|", notation, re.M)
    return [formula for cell in rows for formula in formulas(cell)]


def test_formulas_are_found_wherever_they_stand():
    text = (
        "---\ntitle: $a$\n---\n# Of $x$ and {math}`\\theta`\n\n$$\ny\n$$ (eq-y)\n\n"
        "```{math}\n:label: eq-z\n\nz\n```\n\n\\begin{align}\nu &= w\n\\end{align}\n\n"
        ":::{exercise}\n:label: ex-a\n\nShow $n > 1$.\n:::\n\n"
        "```{figure} f\n:alt: a figure\n\nA curve of $d$.\n```\n\n"
        "`$a$` and \\$a\n\n```python\n$a$\n```\n\n```{code-cell} ipython3\n$a$\n```\n"
    )
    assert used(text) == {"x", "\\theta", "y", "z", "u", "w", "d", "n"}


@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        (r"\mathrm{KL}\bigl(q_\phi(z|x)\,\|\,p(z)\bigr)", {"q", r"\phi", "z", "x", "p"}),
        (
            r"\mathcal N(0, I) \le \mathbb{E}_q[\log f]",
            {r"\mathcal N", "I", r"\mathbb E", "q", "f"},
        ),
        (r"\begin{array}{ll} 1 & 2 \end{array} \text{if $x$ is {so}}", set()),
        (r"\operatorname{Var}(z_j^{(n)}) = \frac12\sum_{k=1}^K", {"z", "j", "n", "k", "K"}),
        (r"\hat\mu \neq \bar{y} + \kappa", {r"\hat", r"\mu", r"\bar", "y", r"\kappa"}),
        (r"\{\text{distortion}\} + 2\cdot\mathrm d x \\ \; \qquad 784", {"x"}),
        (r"\underbrace{R}_{\text{rate}} \quad β", {"R", "β"}),
    ],
)
def test_a_formula_is_taken_apart(formula, expected):
    assert symbols(formula) == expected


def test_a_symbol_that_is_not_on_the_page_would_be_noticed():
    notation = "| symbol | meaning |\n|---|---|\n| $q_\\phi(z\\vert x)$, $D$ | of $w$ |\n"
    known = set().union(*map(symbols, explained(notation)))
    assert used("So $z + w + D_\\psi + q$.") - known == {"w", "\\psi"}


def test_no_symbol_is_explained_twice():
    assert [symbol for symbol, n in Counter(explained(NOTATION)).items() if n > 1] == []


@each_page
def test_every_symbol_is_on_the_notation_page(page):
    known = set().union(*map(symbols, explained(NOTATION)))
    missing = [
        f"{symbol} in {formula}"
        for symbol in sorted(used(PAGES[page]) - known)
        for formula in formulas(PAGES[page])
        if symbol in symbols(formula)
    ]
    assert not missing, "\n".join(["not on the notation page:", *missing])


# The glossary


def entries(page: str) -> dict[tuple[str, ...], str]:
    """Return the definition of each entry of a glossary by its names, the first one first."""
    found, names, lines = {}, (), []
    body = re.search(r"^```\{glossary\}\n(.*?)^```$", page, re.S | re.M)[1]
    for line in [*body.splitlines(), "end"]:
        if line.startswith("  "):
            lines.append(line.strip())
        elif line.strip():
            if lines:
                assert names not in found, f"{names[0]} is defined twice"
                found[names] = " ".join(lines)
                names, lines = (), []
            names += (line.strip(),)
    return found


def linked(text: str) -> list[str]:
    """Return the terms that a page links, as the glossary names them but in small letters."""
    roles = re.findall(r"\{term\}`([^`]+)`", chapter_text.without_code(text))
    targets = [re.sub(r".*<([^<>]+)>", r"\1", role, flags=re.S) for role in roles]
    return [" ".join(target.split()).casefold() for target in targets]


def of_glossary() -> dict[str, str]:
    """Return the first name of the entry of each name, in small letters."""
    return {name.casefold(): names[0] for names in entries(GLOSSARY) for name in names}


def test_an_entry_can_have_several_names():
    page = "# G\n\n```{glossary}\nBit\n  Two values.\n\nELBO\nBound\n  Below.\n  Long.\n```\n"
    assert entries(page) == {("Bit",): "Two values.", ("ELBO", "Bound"): "Below. Long."}


def test_links_are_found_with_and_without_another_text():
    text = "A {term}`Nat`, {term}`many\nnats <Nat>`.\n\n```python\n{term}`Bit`\n```\n"
    assert linked(text) == ["nat", "nat"]


def test_the_glossary_is_large_sorted_and_without_repetition():
    first = [names[0].casefold() for names in entries(GLOSSARY)]
    every = [name.casefold() for names in entries(GLOSSARY) for name in names]
    assert len(first) >= 40
    assert first == sorted(first)
    assert [name for name, n in Counter(every).items() if n > 1] == []


def test_every_definition_says_something():
    short = {
        names[0]: definition
        for names, definition in entries(GLOSSARY).items()
        if len(re.sub(r"See \{(?:ref|doc)\}`[^`]*`\.?", "", definition).strip()) < 40
    }
    assert short == {}


def test_every_definition_says_where_the_term_is_explained():
    lost = [n[0] for n, text in entries(GLOSSARY).items() if not re.search(r"\{(ref|doc)\}`", text)]
    assert lost == []


@each_page
def test_every_linked_term_is_in_the_glossary(page):
    assert set(linked(PAGES[page])) - of_glossary().keys() == set()


@each_page
def test_a_term_is_linked_once_in_a_chapter(page):
    known = of_glossary()
    count = Counter(known.get(name, name) for name in linked(PAGES[page]))
    assert [name for name, n in count.items() if n > 1] == []


def test_every_term_is_linked_from_a_chapter():
    known = of_glossary()
    found = {known.get(name) for text in PAGES.values() for name in linked(text)}
    lonely = sorted(set(known.values()) - found)
    assert not lonely, "no chapter links " + ", ".join(lonely)


# Citations


def cited(text: str) -> set[str]:
    """Return the keys that a page cites."""
    roles = re.findall(r"\{cite(?::\w+)?\}`([^`]+)`", chapter_text.without_code(text))
    return {key.strip() for role in roles for key in role.split(",")}


def test_citations_are_found_in_every_form():
    text = "{cite}`a2001, b2002` {cite:t}`c2003`\n\n```python\n{cite}`d2004`\n```\n"
    assert cited(text) == {"a2001", "b2002", "c2003"}


@pytest.mark.parametrize("page", sorted(BOOK))
def test_every_cited_work_is_in_the_bibliography(page):
    assert cited(BOOK[page]) - set(BIBLIOGRAPHY.entries) == set()


def test_every_work_in_the_bibliography_is_cited():
    everywhere = set().union(*map(cited, BOOK.values()))
    unread = sorted(set(BIBLIOGRAPHY.entries) - everywhere)
    assert not unread, "nobody cites " + ", ".join(unread)


@pytest.mark.parametrize("key", sorted(BIBLIOGRAPHY.entries))
def test_a_work_has_what_a_reader_needs_to_find_it(key):
    entry = BIBLIOGRAPHY.entries[key]
    assert entry.persons.get("author")
    assert entry.fields["title"]
    assert re.fullmatch(r"(19|20)\d\d", entry.fields["year"])
    place = {"eprint", "doi", "url", "booktitle", "journal", "publisher"}
    assert place & {name.lower() for name in entry.fields}, "no place where it can be found"
