"""The chapters keep the house style: frame, figures, no number typed by hand, no machine's path."""

import ast
import os
import re

import chapter_text
import pytest

from latents import plots

TEXT_FILES = {".md", ".py", ".yml", ".yaml", ".toml", ".sh", ".js", ".mjs", ".css"}
MACHINE_PATH = re.compile(r"(?<![\w.~/-])/(?:home|root|work|Users|scratch)/")
UNITS = re.compile(
    r"\d[\d.,]*\s*(?:nats|dB|seconds|s\b|minutes|min\b|hours|epochs?|%|GiB|MiB|GB|MB)"
)
BY_HAND = re.compile(r"\d+\s*min of reading")  # nobody measures that
FRAME = (
    ("title", r"^# \S"),
    ("You will learn", r"\*\*You will learn\W*\*\*"),
    ("You need", r"\*\*You need\W*\*\*"),
    ("Time", r"\*\*Time\W*\*\*"),
    ("Take-away", r"^## Take-away$"),
    ("Exercises", r"^## Exercises$"),
    ("Further reading", r"^## Further reading$"),
)
CHAPTERS = [pytest.param(file.read_text(), id=file.stem) for file in chapter_text.chapters()]
each_chapter = pytest.mark.parametrize("text", CHAPTERS)


def typed_results(text):
    return UNITS.findall(BY_HAND.sub("", chapter_text.prose(text)))


def text_files(project):
    for folder, rooms, names in os.walk(project):
        rooms[:] = [
            room
            for room in rooms
            if room not in ("_build", "node_modules", "__pycache__")
            and (room == ".ci" or not room.startswith("."))
        ]
        for name in names:
            file = project.__class__(folder, name)
            if name == "Makefile" or file.suffix in TEXT_FILES or file.parent.name == ".ci":
                yield file


def test_the_three_experiments_are_looked_at():
    assert {"conv_autoencoder", "vae", "tfp_vae"} <= {param.id for param in CHAPTERS}


def test_no_file_names_a_folder_of_the_machine_it_was_written_on(project):
    files = list(text_files(project))
    assert project / "Makefile" in files
    found = [
        f"{file.relative_to(project)}:{number}: {line.strip()}"
        for file in files
        for number, line in enumerate(file.read_text().splitlines(), 1)
        if MACHINE_PATH.search(line)
    ]
    assert found == []


@pytest.mark.parametrize("room", ["home", "root", "work"])
def test_a_machine_path_would_be_noticed(room):
    assert MACHINE_PATH.search(f"cd /{room}/me")
    assert MACHINE_PATH.search(f'Path("/{room}/me")')
    assert not MACHINE_PATH.search(f"https://example.org/{room}/me and book/{room}/me")


@each_chapter
def test_a_chapter_has_the_frame_in_order(text):
    written = chapter_text.without_code(text)
    places = {
        part: [match.start() for match in re.finditer(pattern, written, re.M)]
        for part, pattern in FRAME
    }
    assert {part: len(found) for part, found in places.items()} == {part: 1 for part, _ in FRAME}
    order = [found[0] for found in places.values()]
    assert order == sorted(order)


@each_chapter
def test_a_promise_of_one_paragraph_follows_the_title(text):
    written = chapter_text.without_code(text)
    after_title = re.search(r"^# .+\n+(.+)\n\n(.+)", written, re.M)
    assert re.match(r"[A-Z“*_]", after_title[1]), after_title[1]
    assert after_title[1].rstrip().endswith((".", "?", "!"))
    assert re.match(r"[:`]{3,}\{", after_title[2]), "the frame follows the promise"


@each_chapter
def test_every_figure_has_an_alternative_text_and_a_caption(text):
    found = chapter_text.figures(text)
    assert found
    opened = re.findall(r"^(?:`{3,}|:{3,})\{(?:glue:)?figure\}", text, re.M)
    assert len(found) == len(opened), "a figure is not closed, or has no name"
    for name, options, caption, _ in found:
        assert len(options.get("alt", "")) >= 20, f"{name} needs an :alt: that describes it"
        assert len(caption) >= 20, f"{name} needs a caption"


@each_chapter
def test_every_picture_that_is_drawn_is_shown_once_and_no_other(text):
    shown = [name for name, _, _, glued in chapter_text.figures(text) if glued]
    drawn = [
        ast.literal_eval(call.args[1])
        for call in chapter_text.calls(chapter_text.code(text), "plots", "show")
    ]
    assert len(set(drawn)) == len(drawn)
    assert sorted(shown) == sorted(drawn)


@each_chapter
def test_no_line_of_code_is_wider_than_a_desk_shows(text):
    lines = [line for _, code in chapter_text.cells(text) for line in code.splitlines()]
    assert [line for line in lines if len(line) > 103] == []


@each_chapter
def test_figures_have_the_style_of_the_book_and_fit_a_phone(text):
    code = "\n".join(code for _, code in chapter_text.cells(text))
    assert 'plt.style.use("latents.book")' in code
    widths = [float(width) for width in re.findall(r"figsize=\((\d+(?:\.\d+)?),", code)]
    assert max(widths, default=plots.WIDTH) <= plots.WIDTH
    unseen = r'color="(?:black|white|k)"|"k[-:.*os]+"'  # on one of the two grounds
    assert not re.findall(rf"{unseen}|fontsize|tight_layout", code)


@each_chapter
def test_no_result_is_typed_by_hand(text):
    assert typed_results(text) == []


@each_chapter
def test_every_number_in_the_prose_is_one_that_the_code_quotes(text):
    known = chapter_text.quoted_names(chapter_text.code(text))
    pasted = chapter_text.glued_text(text)
    assert pasted
    unknown = {name for name in pasted if not any(re.fullmatch(known_, name) for known_ in known)}
    assert unknown == set()


def nine_words(text):
    words = re.findall(r"[^\W_]+", BY_HAND.sub("", chapter_text.prose(text)).lower())
    return {" ".join(words[i : i + 9]) for i in range(len(words) - 8)}


def test_no_sentence_is_repeated_on_another_page(project):
    first, repeated = {}, []
    for page in sorted((project / "book").rglob("*.md")):
        for words in nine_words(page.read_text()):
            if first.setdefault(words, page) != page:
                repeated.append(f"{first[words].stem} and {page.stem}: {words}")
    assert repeated == []


def test_a_repeated_sentence_would_be_noticed():
    sentence = "A code with such axes is called by a long name."
    assert nine_words(f"Some words. {sentence}") & nine_words(f"# Title\n\n{sentence}")


def test_pictures_have_different_names_in_all_chapters():
    names = [name for param in CHAPTERS for name, *_ in chapter_text.figures(param.values[0])]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize(
    "typed",
    [
        "It ends at 243.1 nats.",
        "a gain of 3\N{NARROW NO-BREAK SPACE}dB",
        "12 epochs, 45 s, 3 min, 8 GiB, 95 %, 95% and 1,000 seconds",
        "```{glue:figure} x\n:alt: a curve that falls to 243 nats\n\nCaption.\n```",
        ":::{note}\nIt took 7 min.\n:::",
        "```{note}\nFine.\n```\n\n7 min\n\n```{note}\nFine.\n```",
        "::::{note}\n```{math}\nx\n```\n7 min\n::::",
    ],
)
def test_a_typed_result_would_be_noticed(typed):
    assert typed_results(f"# Title\n\n{typed}\n")


@pytest.mark.parametrize(
    "text",
    [
        "{glue:text}`loss:.2f` nats and $3$ nats, `12 epochs`, {cite}`me2017 nats`",
        "$$\n3 nats\n$$",
        "```{math}\n:label: eq\n3 nats\n```",
        "```{code-cell} ipython3\n# 3 nats\n```",
        "```python\nprint('3 nats')\n```",
        "**Time** 30 min of reading.",
        "three epochs, 3 sets, 28 × 28 pixels, MNIST has 10 classes",
    ],
)
def test_code_formulas_and_quoted_numbers_are_let_through(text):
    assert typed_results(f"---\ntitle: 3 nats\n---\n# Title\n\n{text}\n") == []


def test_names_that_are_quoted_in_every_way_are_found():
    cell = (
        'parts = {"a": 1, **{f"{x}_numbers": 2 for x in y}}\n'
        "records.quote(**parts, b=3, **{'c': 4})\nrecords.quote_time(record)"
    )
    trees = chapter_text.code(f"```{{code-cell}} ipython3\n:tags: [hide]\n{cell}\n```\n")
    known = chapter_text.quoted_names(trees)
    assert known == ["a", ".+_numbers", "b", "c", "run_time", "run_place"]
