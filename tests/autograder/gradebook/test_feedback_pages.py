"""Nothing that is handed in or printed makes a page of feedback slow or huge."""

import base64
import json
import random
import struct
import time
import zlib
from pathlib import Path

import pytest
import submissions
from feedback_pages import ordinary, seconds, showing
from made_up import MOST, NAME, RIGHT, grade, outcome
from nbformat.v4 import new_code_cell
from nbgrader.converters import GenerateFeedback

from autograder import AutograderError
from autograder.execution.worker import outputs
from autograder.gradebook import recorder
from autograder.submissions import notebooks

pytestmark = pytest.mark.slow  # they measure times
MUCH = 8  # times as long as a page of ordinary code of the greatest size; braces take 3 to 5
BLANK = {
    "blanks": " \n",
    "tabs": "\t\n",
    "form feeds": "\x0c\n",
    "wide blanks": "\u2003\n",
    "no-break": "\xa0\n",
    "mixed": " \n\n",
    "many": "          \n",
}
SOURCES = {name: "1\n" + text * 9_000 + "1" for name, text in BLANK.items()} | {
    "shell": "%%bash\n" + " \n" * 9_000,
    "dots": ("a.b" * 600 + "\n") * 48,
    "braces": ("f'{" * 600 + "\n") * 48,
    "brackets": ("(" * 1_900 + "\n") * 48,
    "quotes": "'''" + "a\n" * 9_000,
    "shell lines": "!\n" * 9_000,
}


def read(tmp_path, *sources: str) -> list:
    """Return the cells of a notebook with these sources, as they are read."""
    made = submissions.notebook(NAME)
    made.cells += [submissions.added(each) for each in sources]
    file = submissions.save(made, tmp_path / f"{NAME}.ipynb")
    return [new_code_cell(cell.source) for cell in notebooks.read(file).cells[-len(sources) :]]


@pytest.mark.parametrize("name", SOURCES)
def test_code_of_any_kind_is_rendered_about_as_fast_as_ordinary_code(tmp_path, name):
    assert seconds(read(tmp_path, SOURCES[name])) < MUCH * ordinary()


def test_code_at_random_is_rendered_about_as_fast_as_ordinary_code(tmp_path):
    draw = random.Random(0)
    pieces = [
        " ",
        "\n",
        "\t",
        " \n",
        "\\\n",
        "'",
        '"""',
        "f'{",
        "#",
        "a",
        "1_",
        "(",
        "%%",
        "!",
        "@",
    ]
    cells = []
    for _ in range(30):
        few = draw.sample(pieces, 3)
        text = "".join(draw.choice(few) * draw.randint(1, 40) for _ in range(120))
        cells += read(tmp_path, "\n".join(line[:1_900] for line in text[:3_000].split("\n")))
    assert seconds(cells) < MUCH * ordinary()


def test_blanks_go_only_from_long_runs_of_blank_lines_and_no_line_goes(tmp_path):
    short, long = "x = '''\n" + " \n" * 20 + "'''", "1\n" + " \n" * 21 + "1"
    found = [cell.source for cell in read(tmp_path, short, long)]
    assert found == [short, "1\n" + "\n" * 21 + "1"]


def test_too_many_lines_are_told(tmp_path):
    with pytest.raises(AutograderError, match="more than the 20,000 that are read: delete what"):
        read(tmp_path, "1\n" + "\n" * 45_000)


# What was printed


def stream(text: str, name: str = "stdout") -> dict:
    return {"output_type": "stream", "name": name, "text": text}


def shown(text: str) -> dict:
    return {"output_type": "display_data", "data": {"text/plain": text}, "metadata": {}}


def error(lines: list[str]) -> dict:
    return {"output_type": "error", "ename": "E", "evalue": "x", "traceback": lines}


PRINTED = {
    "lines": [[stream("\n" * 10**5)]] * 12,
    "returns": [[stream("x\r" * 50_000)]] * 12,
    "many": [[shown("x")] * 200] * 100,
    "two streams": [[stream("x"), stream("y", "stderr")] * 100] * 100,
    "errors": [[error(["x"] * 200)] * 200] * 20,
    "empty errors": [[error([])] * 200] * 100,
    "colours": [[shown("\x1b[31mx\x1b[0m" * 10_000)]] * 12,
    "broken colours": [[shown("\x1b[" * 50_000)]] * 12,
    "marks": [[stream("<&>" * 33_000)]] * 12,
}


@pytest.mark.parametrize("name", PRINTED)
def test_what_was_printed_is_rendered_about_as_fast_as_ordinary_code(name):
    begin = time.process_time()
    cells = showing(PRINTED[name])
    assert time.process_time() - begin < ordinary()  # and cleaning it takes less
    assert seconds(cells) < MUCH * ordinary()


def test_outputs_of_all_cells_are_limited_and_that_is_told():
    cells = showing(PRINTED["many"])
    count = [len(cell.outputs) for cell in cells]
    assert count == [200] * 5 + [1] * 95
    assert "200 more outputs were cut" in cells[-1].outputs[0].text


def test_lines_are_limited_and_that_is_told():
    cells = showing([[stream("x\n" * 5_000)]] * 12)
    texts = [cell.outputs[0].text for cell in cells]
    assert texts[0] == "\n".join(["x"] * outputs.MAX_LINES) + "… (cut)"
    assert texts[-1] == "… (cut)"
    assert sum(text.count("x") for text in texts) == outputs.TOTAL_LINES


# Pictures


def picture(width: int, height: int) -> str:
    """Return a PNG file as it would be sent; only the size that it says of itself is true."""
    head = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    chunks = [(b"IHDR", head), (b"IDAT", zlib.compress(b"\0")), (b"IEND", b"")]
    file = b"\x89PNG\r\n\x1a\n"
    for kind, data in chunks:
        file += struct.pack(">I", len(data)) + kind + data
        file += struct.pack(">I", zlib.crc32(kind + data))
    return base64.b64encode(file).decode()


def image(data: str) -> dict:
    found = {"image/png": data, "text/plain": "<Figure>"}
    return {"output_type": "display_data", "data": found, "metadata": {}}


@pytest.mark.parametrize("size", [(640, 480), (5000, 5000), (1, 25_000_000)])
def test_a_picture_of_a_usual_size_passes(size):
    ((output,),) = [cell.outputs for cell in showing([[image(picture(*size))]])]
    assert set(output.data) == {"image/png", "text/plain"}


@pytest.mark.parametrize("size", [(30_000, 30_000), (5001, 5000), (2**31, 2**31), (1, 2**32 - 1)])
@pytest.mark.parametrize("cut", [1, 4, 64])
def test_a_picture_of_too_many_points_becomes_a_sentence(size, cut):
    data = picture(*size)
    data = "\n".join(data[n : n + cut] for n in range(0, len(data), cut)) if cut == 64 else data
    ((output,),) = [cell.outputs for cell in showing([[image(data)]])]
    width, height = size
    assert output.data == {
        "text/plain": f"(A picture of {width:,} × {height:,} pixels was left out: more than 25 "
        "million.)"
    }


def test_many_pictures_have_a_limit_of_points():
    cells = showing([[image(picture(5000, 5000))]] * 6)
    kinds = ["image/png" in cell.outputs[0].data for cell in cells]
    assert kinds == [True] * 4 + [False] * 2
    assert "the pictures of this notebook are too large" in json.dumps(cells[-1])


@pytest.mark.parametrize("data", [picture(0, 5), picture(5, 0), picture(5, 5)[:20], "iVBORw0KGgo"])
def test_a_picture_that_does_not_say_its_size_does_not_pass(data):
    ((output,),) = [cell.outputs for cell in showing([[image(data)]])]
    assert output.data == {"text/plain": "<Figure>"}


# The last resort


def test_a_page_that_takes_too_long_is_for_review_and_the_rest_goes_on(course, monkeypatch, capsys):
    real = GenerateFeedback.convert_single_notebook

    def slow(self, notebook):
        while "ann" in Path(notebook).parts:
            pass
        real(self, notebook)

    monkeypatch.setattr(GenerateFeedback, "convert_single_notebook", slow)
    monkeypatch.setattr(recorder, "SLOWEST", 1)
    assert grade(course) == 1
    assert "it takes more than 1 s of computing time" in " ".join(capsys.readouterr().out.split())
    assert outcome(course)["ann"] == ("for review", "")
    assert outcome(course)["cem"] == RIGHT == ("graded", MOST)


def test_ordinary_code_is_what_the_times_are_compared_with():
    assert 0.2 < ordinary() < 30
    assert seconds([new_code_cell("x = 1")]) < ordinary() / 10
