"""Fold the cells that keep a chapter's numbers: they are for the book, not for its reader.

A cell that collects ``metrics``, or calls ``records.write`` or ``records.quote``, becomes a line
that opens. What it prints, which is nothing but the values that the text quotes, is folded with it.
"""

import re

from docutils import nodes

KEEPS = re.compile(r"\brecords\.(?:write|quote)\(|^metrics = \{", re.M)
PROMPT = "Show the cell that keeps the numbers of this chapter"


def _fold(app, doctree):
    for cell in doctree.findall(nodes.container):
        if cell.get("nb_element") == "cell_code" and not cell.get("hide_mode"):
            code = next(cell.findall(nodes.literal_block), None)
            if code is not None and KEEPS.search(code.astext()):
                cell["hide_mode"] = "all"
                cell["prompt_show"] = PROMPT
                cell["prompt_hide"] = PROMPT.replace("Show", "Hide")


def setup(app):
    """Connect to Sphinx."""
    app.connect("doctree-read", _fold)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
