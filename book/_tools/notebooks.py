"""Generate book/notebooks: ``make notebooks`` calls this.

The notebooks of the chapters are for Colab and for download. They have no outputs and no MyST
syntax, and the same chapter gives the same file everywhere. Those of the exercises are what
``autograder release`` makes of the solutions. ``--check`` writes nothing and names what is out of
date.
"""

import argparse
import hashlib
import sys
from collections import Counter
from functools import partial
from pathlib import Path

import jupytext
import nbformat
import yaml
from myst_parser.config.main import read_topmatter
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from sphinx_external_toc.parsing import parse_toc_yaml

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "book" / "_ext"))  # questions are read there

from autograder import AutograderError  # noqa: E402
from autograder.commands.release import METADATA, student_notebooks  # noqa: E402
from autograder.commands.setup_cell import setup_source  # noqa: E402
from book_references import Bibliography, Numbers, Places, read_record  # noqa: E402
from latents import LatentsError, address  # noqa: E402
from latents.records import time_and_place  # noqa: E402
from latents.widgets import WIDGETS  # noqa: E402
from plain_markdown import PlainMarkdown, make_parser  # noqa: E402
from plain_prose import PlainProse  # noqa: E402

TRAIN = ("book/experiments/", "book/further/")  # chapters whose training a graphics card shortens
FOLDERS = ("book/experiments/", "book/foundations/", "book/further/")
PROFILE = """

# The complete data set, downloaded once, instead of a sample{cost}.
# %env PROFILE=full"""


def main(arguments: list[str] | None = None) -> int:
    """Write or check the notebooks, and return the exit code."""
    parser = argparse.ArgumentParser(description="Generate book/notebooks from the chapters.")
    parser.add_argument("book", nargs="?", type=Path, default=ROOT, help="folder with _config.yml")
    parser.add_argument("--check", action="store_true", help="only name what is out of date")
    options = parser.parse_args(arguments)
    try:
        book = Book(options.book.resolve())
        notebooks = book.notebooks() | exercises(book.root)
    except (AutograderError, LatentsError) as error:
        print(f"make notebooks: {error}", file=sys.stderr)
        return 2
    if options.check:
        problems = stale(book.root, notebooks)
        print("".join(f"{problem}\n" for problem in problems), end="", file=sys.stderr)
        return 1 if problems else 0
    write(book.root, notebooks)
    for chapter, names in book.without_number.items():
        print(f"{chapter}: no full run has recorded {', '.join(names)}.")
    return 0


def exercises(root: Path) -> dict[Path, str]:
    """Return the text of the student notebook of every exercise by its file."""
    if not (root / "solutions").is_dir():
        return {}
    folder = root / "book" / "notebooks" / "exercises"
    return {folder / f"{name}.ipynb": text for name, text in student_notebooks().items()}


def stale(root: Path, notebooks: dict[Path, str]) -> list[str]:
    """Return one sentence for every notebook that does not say what its chapter says."""
    problems = []
    for file, text in notebooks.items():
        name = file.relative_to(root).as_posix()
        if not file.is_file():
            problems.append(f"{name} is missing: run make notebooks.")
        elif file.read_text(encoding="utf-8") != text:
            problems.append(
                f"{name} is older than its chapter or its run record: run make notebooks."
            )
    for file in left_over(root, notebooks):
        name = file.relative_to(root).as_posix()
        problems.append(f"{name} belongs to no chapter: run make notebooks.")
    return problems


def write(root: Path, notebooks: dict[Path, str]) -> None:
    """Write what has changed, and delete the notebooks of chapters that are gone."""
    for file in left_over(root, notebooks):
        file.unlink()
    for file, text in notebooks.items():
        file.parent.mkdir(parents=True, exist_ok=True)
        if not file.is_file() or file.read_text(encoding="utf-8") != text:
            file.write_text(text, encoding="utf-8", newline="\n")


def left_over(root: Path, notebooks: dict[Path, str]) -> list[Path]:
    """Return the notebooks in book/notebooks that neither chapter nor exercise gives."""
    return sorted(set((root / "book" / "notebooks").rglob("*.ipynb")) - set(notebooks))


class Book:
    """The pages of the book, and what is the same for all of its notebooks.

    Parameters
    ----------
    root : Path
        Folder with ``_config.yml`` and ``_toc.yml``.

    Attributes
    ----------
    without_number : dict of str to list of str
        Quoted names that no full run has recorded, by chapter; known after ``notebooks()``.
    """

    def __init__(self, root: Path):
        self.root = root
        self.config = yaml.safe_load((root / "_config.yml").read_text(encoding="utf-8"))
        toc = parse_toc_yaml(root / "_toc.yml")
        self.pages = {
            page: (root / f"{page}.md").read_text(encoding="utf-8")
            for page in (str(name).removesuffix(".md") for name in toc)
            if (root / f"{page}.md").is_file()
        }
        self.places = Places(self.pages, chapter_numbers(toc))
        configured = self.config.get("repository") or {}
        self.site = address.site(address.repository(configured.get("url") or ""))
        self.bibliography = Bibliography.read(root / "book" / "references.bib")
        extensions = self.config.get("parse", {}).get("myst_enable_extensions", [])
        self.parser = make_parser(extensions)
        self.without_number: dict[str, list[str]] = {}

    def notebooks(self) -> dict[Path, str]:
        """Return the text of every notebook by its file."""
        found: dict[Path, str] = {}
        for page, text in self.pages.items():
            if page.startswith(FOLDERS) and "kernelspec" in (read_topmatter(text) or {}):
                file = self.root / "book" / "notebooks" / f"{page.rsplit('/', 1)[-1]}.ipynb"
                if file in found:
                    raise LatentsError(
                        f"two chapters would be the notebook {file.name}: rename one."
                    )
                found[file] = serialize(self.cells(page, text), gpu=page.startswith(TRAIN))
        return found

    def cells(self, page: str, text: str) -> list:
        """Return the cells of the notebook of one page."""
        chapter = page.rsplit("/", 1)[-1]
        numbers = Numbers(chapter, partial(read_record, self.root))
        prose = PlainProse(page, self.places, self.bibliography, numbers, self.site)
        plain = PlainMarkdown(self.root, page, self.parser, prose)
        cells = []
        for cell in jupytext.reads(text, fmt="md:myst").cells:
            if cell.cell_type == "code":
                cells.append(new_code_cell(cell.source))
            elif source := plain.cell(cell.source):
                cells.append(new_markdown_cell(source))
        cells += interactive(chapter)
        plain.finish()
        if numbers.missing:
            self.without_number[page] = list(dict.fromkeys(numbers.missing))
        setup = setup_cell(self.config.get("repository", {}), read_record(self.root, chapter))
        return with_setup(cells, setup, numbers.source())


def interactive(chapter: str) -> list:
    """Return the cells that show the interactive parts with what a notebook has trained."""
    names = [name for name, part in WIDGETS.items() if part.chapter == chapter]
    if not names:
        return []
    first = new_markdown_cell(
        "## The interactive parts of this chapter\n\nThey show the networks that this notebook has "
        "trained; run it up to here first."
    )
    shown = [new_code_cell(f'widgets.show("{name}")') for name in names]
    shown[0].source = f"from latents import widgets\n\n{shown[0].source}"
    return [first, *shown]


def chapter_numbers(toc) -> dict[str, str]:
    """Return the numbers of the pages that have one; they go on from part to part."""
    trees = (tree for tree in toc.root.subtrees if tree.numbered)
    pages = (str(item) for tree in trees for item in tree.files())
    return {page.removesuffix(".md"): str(number) for number, page in enumerate(pages, 1)}


def setup_cell(repository: dict, record: dict | None):
    """Return the cell that installs ``latents``, or says how to, and that can choose the profile.

    Parameters
    ----------
    repository : dict
        ``url`` and ``branch`` as in ``_config.yml``.
    record : dict, optional
        The recorded full run of the chapter, which tells what the full profile costs.
    """
    cost = f": {time_and_place(record)}" if record else ""
    source = setup_source(("latents",), repository)
    return new_code_cell(source + PROFILE.format(cost=cost))


def with_setup(cells: list, setup, note: str) -> list:
    """Put the setup cell behind the title and what introduces it, up to the first section."""
    title, rest = "", cells
    if cells and cells[0].cell_type == "markdown":
        title, *sections = ("\n" + cells[0].source).split("\n## ", 1)
        rest = [new_markdown_cell(f"## {text}") for text in sections] + cells[1:]
    head = "\n\n".join(part for part in (title.strip(), note) if part)
    return [*([new_markdown_cell(head)] if head else []), setup, *rest]


def serialize(cells: list, *, gpu: bool = False) -> str:
    """Return the notebook file of some cells; Colab gives it a graphics card if ``gpu``."""
    seen: Counter = Counter()
    for cell in cells:
        key = f"{cell.cell_type}\n{cell.source}"
        seen[key] += 1
        cell["id"] = hashlib.sha256(f"{seen[key]}\n{key}".encode()).hexdigest()[:12]
    notebook = new_notebook(
        cells=cells, metadata=METADATA | ({"accelerator": "GPU"} if gpu else {})
    )
    notebook.nbformat_minor = 5
    nbformat.validate(notebook)
    return nbformat.writes(notebook, indent=1, ensure_ascii=False).rstrip("\n") + "\n"


if __name__ == "__main__":
    sys.exit(main())
