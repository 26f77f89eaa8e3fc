"""Small chapters, and what the notebook generator makes of them."""

import json
from pathlib import Path

import nbformat

import notebooks
from book_references import Bibliography, Numbers, Places
from plain_markdown import PlainMarkdown, make_parser
from plain_prose import PlainProse

PROJECT = Path(__file__).resolve().parents[2]
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
    "runs": {"fixed": {"epochs": 30}},
    "metrics": {"rate": 15.4321, "active_units": 8.0},
}


def prose_of(text: str, record: dict | None = None) -> PlainProse:
    pages = {"book/guide/gpu": "# Running on a GPU\n\n```{exercise}\n```\n", PAGE: text}
    bibliography = Bibliography.read(PROJECT / "book" / "references.bib")
    numbers = Numbers("walk", lambda chapter: record if chapter == "walk" else None)
    return PlainProse(PAGE, Places(pages), bibliography, numbers)


def plain(text: str, record: dict | None = None) -> str:
    return PlainMarkdown(PROJECT, PAGE, PARSER, prose_of(text, record)).cell(text)


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
