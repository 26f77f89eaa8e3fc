"""Pages of feedback are those that nbconvert would write."""

import pytest
import submissions
from bs4 import BeautifulSoup
from nbconvert.exporters import HTMLExporter
from nbformat.v4 import new_markdown_cell, new_output

from autograder.gradebook import recorder

OUTPUTS = {
    "nothing": [],
    "text": [new_output("stream", text="a < b & c\n")],
    "result": [new_output("execute_result", {"text/plain": "3"}, execution_count=1)],
    "page": [new_output("display_data", {"text/html": "<img src='x'>", "text/plain": "x"})],
    "picture": [new_output("display_data", {"image/png": "iVBORw0KGgo="})],
    "error": [new_output("error", ename="E", evalue="<b>", traceback=["\x1b[31mE\x1b[0m: <b>"])],
}


@pytest.mark.parametrize("name", OUTPUTS)
@pytest.mark.parametrize("text", ["Plain *text*.", "![](x.png)", "<img src='x.png'>"])
def test_a_page_is_that_of_nbconvert(name, text):
    made = submissions.notebook("latent_loss")
    made.cells[-1].outputs = OUTPUTS[name]
    made.cells.append(new_markdown_cell(text))
    # nbgrader's template is of the family of this one
    ours, theirs = (
        kind(template_name="classic").from_notebook_node(made)[0]
        for kind in (recorder.Pages, HTMLExporter)
    )
    assert str(BeautifulSoup(ours, "html.parser")) == theirs
