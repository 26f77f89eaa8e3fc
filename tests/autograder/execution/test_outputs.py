"""What an untrusted process sends as outputs is cut to texts and pictures that do no harm."""

import json
import time

import nbformat
import pytest
from nbconvert import HTMLExporter

from autograder.execution.worker import outputs
from autograder.execution.worker.outputs import Cleaner, raised, sentences

PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAA=="


def stream(text, name="stdout") -> dict:
    return {"output_type": "stream", "name": name, "text": text}


def display(**data) -> dict:
    data = {key.replace("_", "/"): value for key, value in data.items()}
    return {"output_type": "display_data", "data": data, "metadata": {}}


def valid(cleaned: list) -> list:
    """Return outputs that nbformat accepts and a file can hold."""
    cell = nbformat.v4.new_code_cell(outputs=[nbformat.from_dict(each) for each in cleaned])
    nbformat.validate(nbformat.v4.new_notebook(cells=[cell]))
    json.dumps(cleaned, ensure_ascii=False).encode()
    return cleaned


def test_texts_pictures_and_errors_pass():
    error = {"output_type": "error", "ename": "E", "evalue": "v", "traceback": ["a", "b"]}
    result = {"output_type": "execute_result", "data": {"text/plain": "3"}, "metadata": {}}
    sent = [stream("a\n"), stream("b", "stderr"), display(image_png=PNG, text_plain="x"), error]
    assert valid(Cleaner().clean(sent)) == sent
    assert valid(Cleaner().clean([result])) == [result | {"execution_count": None}]


@pytest.mark.parametrize(
    "sent",
    [
        None,
        {},
        "text",
        [None, 3, [], "x"],
        [{}],
        [{"output_type": ["stream"]}],
        [{"output_type": {"stream": 1}}],
        [stream(None), stream(3), stream(["a"]), stream({"a": 1})],
        [display(text_html="<script>x</script>"), display(application_javascript="x")],
        [display(image_svg="<svg onload=x>"), display(text_markdown="x"), display(text_latex="x")],
        [display(image_png='"><script>x</script>'), display(image_png="PHNjcmlwdD4=")],
        [display(image_png=3), display(image_png=[PNG]), display(image_png=PNG + '" onload="x')],
        [{"output_type": "display_data", "data": [1]}, {"output_type": "display_data"}],
        [{"output_type": "update_display_data", "data": {"text/plain": "x"}}],
    ],
    ids=range(14),
)
def test_nothing_else_passes(sent):
    assert Cleaner().clean(sent) == []


def test_a_forged_error_is_well_formed():
    sent = [{"output_type": "error", "ename": 3, "evalue": ["x"], "traceback": "text"}]
    sent.append({"output_type": "error", "traceback": [None, {"a": 1}, "b"]})
    cleaned = valid(Cleaner().clean(sent))
    assert [each["traceback"] for each in cleaned] == [[], ["", "", "b"]]


def test_control_characters_colours_and_halves_of_pairs_do_not_reach_a_page():
    sent = "\x1b[31mred\x1b[0m \x1b]0;title\x07 a\x00b\x08 \ud800 \x9b2J\ttab\n"
    (cleaned,) = valid(Cleaner().clean([stream(sent)]))
    assert cleaned["text"] == "red ]0;title ab ? 2J\ttab\n"


def test_many_outputs_are_cut_and_that_is_told():
    cleaned = valid(Cleaner().clean([stream("x")] * 10_000))
    assert len(cleaned) == outputs.MAX_OUTPUTS + 1
    assert cleaned[-1]["text"] == "… (9800 more outputs were cut)\n"


def test_all_cells_share_a_limit():
    cleaner = Cleaner()
    cells = [cleaner.clean([stream("x" * 500_000)] * 50) for _ in range(20)]
    size = sum(len(each["text"]) for cell in cells for each in valid(cell))
    assert outputs.TOTAL_TEXT <= size < 1.02 * outputs.TOTAL_TEXT
    assert cells[0][0]["text"].endswith("x… (cut)")
    assert cells[-1][-1]["text"] == "… (cut)"


def test_the_limit_can_be_set():
    cleaner = Cleaner(200)
    (cleaned,) = cleaner.clean([stream("x" * 50)])
    assert cleaned["text"] == "x" * 20 + "… (cut)"
    assert cleaner.texts == 180


def test_pictures_have_a_limit_of_their_own():
    picture = PNG[:-2] + "A" * 3_000_000
    cleaned = Cleaner().clean([display(image_png=picture, text_plain="x")] * 10)
    assert [len(each["data"]) for each in cleaned] == [2, 2] + [1] * 8


@pytest.mark.parametrize("text", ["\x1b[1mx\x1b[0m", "<", "http://a.b ", "x\n", "\x1b["])
@pytest.mark.slow
def test_the_costliest_outputs_are_rendered_in_seconds(text):
    cleaned = Cleaner().clean([stream(text * 100_000)] * 50)
    cell = nbformat.v4.new_code_cell(outputs=[nbformat.from_dict(each) for each in cleaned])
    begin = time.process_time()
    HTMLExporter().from_notebook_node(nbformat.v4.new_notebook(cells=[cell]))
    assert time.process_time() - begin < 15


def test_an_error_is_told_without_what_a_terminal_would_obey():
    odd = {"ename": "ValueError", "evalue": "half \ud800 \x1b[2J\x1b]0;owned\x07"}
    assert raised(odd).isprintable()
    assert raised(odd).startswith("ValueError: half ")


def test_sentences_are_short_and_on_one_line():
    told = sentences(["a\n\tb", "x" * 10_000, "\x1b[2Jc\ud800", ValueError("d")])
    assert told == ("a b", "x" * 899 + "…", "\ufffd[2Jc\ufffd", "d")
    assert sentences([" " * 10**7 + "x"]) == ("",)


@pytest.mark.parametrize(
    ("ename", "evalue", "said"),
    [
        ("SyntaxError", "never closed (<ipython-input-3-8c8a>, line 4)", "never closed (line 4)"),
        ("SyntaxError", "never closed (2834571.py, line 4)", "never closed (line 4)"),
        ("ValueError", "f(x, line 4)", "f(x, line 4)"),
        ("ValueError", "one\ntwo", "one"),
        ("KeyboardInterrupt", "", ""),
        ("ValueError", "x" * 10**6, "x" * 288),
    ],
)
def test_what_was_raised_is_quoted_on_a_line(ename, evalue, said):
    quoted = outputs.raised({"output_type": "error", "ename": ename, "evalue": evalue})
    assert quoted == (f"{ename}: {said}" if said else ename)
