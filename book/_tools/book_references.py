"""What the prose of a chapter refers to: labels, titles, citations and recorded numbers."""

import json
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from pybtex.database import BibliographyData, parse_file
from pybtex.richtext import Text
from sphinx.util import docname_join

from latents import LatentsError, records

NO_NUMBER = "(see the cell above)"
KINDS = {"math": "equation", "glue:figure": "figure", "exercise-start": "exercise"}
DIRECTIVE = re.compile(r"\s*[`:]{3,}\{([^}\s]+)\}\s*(.*)")
OPTION = re.compile(r"""\s*:(?:label|name):\s*["']?([^"']+)["']?\s*$""")
TARGET = re.compile(r"\(([^()]+)\)=\s*$")
EQUATION = re.compile(r".*\$\$\s*\(([^()]+)\)\s*$")
CODE_CELL = re.compile(r"^(`{3,})\{code-cell\}.*?^\1`*\s*?$", re.M | re.S)
HEADING = re.compile(r"#+\s+(.+?)\s*$")


@dataclass(frozen=True)
class Label:
    """A place in the book that the prose can refer to."""

    page: str
    kind: str
    title: str = ""
    number: str = ""  # of an exercise, such as ``3.2``; empty when it has none


class Places:
    """Titles and labels of the pages of the book.

    Parameters
    ----------
    pages : dict of str to str
        Text of each page by its name, such as ``book/guide/gpu``, in the order of the book.
    chapters : dict of str to str, optional
        Numbers of the pages that have one. Exercises are numbered as Sphinx does it: in a chapter
        (``Exercise 3.2``), and through all pages without a number.
    """

    def __init__(self, pages: dict[str, str], chapters: dict[str, str] | None = None):
        self.chapters = chapters or {}
        self.titles: dict[str, str] = {}
        self.labels: dict[str, Label] = {}
        self.exercises_before: dict[str, int] = {}
        counts: Counter = Counter()
        for page, text in pages.items():
            title = re.search(r"^#\s+(.+?)\s*$", text, re.M)
            self.titles[page] = title[1] if title else page
            chapter = self.chapters.get(page, "")
            self.exercises_before[page] = counts[chapter]
            labels, counts[chapter] = labels_of(page, text, counts[chapter], chapter)
            self.labels |= labels

    def number(self, page: str, count: int) -> str:
        """Return the number of an exercise of a page; ``count`` is 0 where it has none."""
        return _number(self.chapters.get(page, ""), count)

    def page(self, page: str, target: str) -> str | None:
        """Return the name of the page that ``target`` names as seen from ``page``."""
        path = docname_join(page, target.split("#")[0]).removesuffix(".md").lstrip("/")
        return path if path in self.titles else None

    def page_title(self, page: str, target: str) -> str | None:
        """Return the title of the page that ``target`` names as seen from ``page``."""
        return self.titles.get(self.page(page, target) or "")


def labels_of(
    page: str, text: str, count: int = 0, chapter: str = ""
) -> tuple[dict[str, Label], int]:
    """Return the labels that a page defines, and how many exercises there are up to its end."""
    found, waiting = {}, []
    kind, title, number = "section", "", ""
    for line in CODE_CELL.sub("", text).splitlines():
        if target := TARGET.match(line):
            waiting.append(target[1])
        elif heading := HEADING.match(line):
            found |= {name: Label(page, "section", heading[1]) for name in waiting}
            waiting = []
        elif directive := DIRECTIVE.match(line):
            kind, title = KINDS.get(directive[1], directive[1].split(":")[-1]), directive[2]
            title = "" if kind == "figure" else title
            count += kind == "exercise"
            number = _number(chapter, count) if kind == "exercise" else ""
            found |= {name: Label(page, kind, title) for name in waiting}
            waiting = []
        elif option := OPTION.match(line):
            found[option[1]] = Label(page, kind, title, number)
        elif line.strip() == ":nonumber:":
            without = number  # a label before this line has it already
            count, number = count - 1, ""
            found |= {k: replace(v, number="") for k, v in found.items() if v.number == without}
        elif equation := EQUATION.match(line):
            found[equation[1]] = Label(page, "equation")
    return found, count


def _number(chapter: str, count: int) -> str:
    return ".".join(filter(None, (chapter, str(count)))) if count else ""


class Bibliography:
    """Citations as author and year, linked to the paper where its address is known."""

    def __init__(self, entries: BibliographyData):
        self.entries = entries.entries

    @classmethod
    def read(cls, file: Path) -> "Bibliography":
        """Read a BibTeX file; without one there is nothing to cite."""
        return cls(parse_file(str(file)) if file.is_file() else BibliographyData())

    def cite(self, keys: str, *, textual: bool) -> str:
        """Return ``(Author, Year; Author, Year)``, or ``Author (Year)`` when textual."""
        works = [self._work(key.strip(), textual) for key in keys.split(",")]
        return ", ".join(works) if textual else f"({'; '.join(works)})"

    def _work(self, key: str, textual: bool) -> str:
        if key not in self.entries:
            raise LatentsError(f"the bibliography has no entry {key!r}")
        fields, persons = self.entries[key].fields, self.entries[key].persons.get("author", [])
        names = [_plain(" ".join(person.prelast_names + person.last_names)) for person in persons]
        author = f"{names[0]} et al." if len(names) > 2 else " and ".join(names) or key
        year, address = fields.get("year", "no year"), _address(fields)
        text = f"{author} ({year})" if textual else f"{author}, {year}"
        return f"[{text}]({address})" if address else text


def _plain(latex: str) -> str:
    return str(Text.from_latex(latex))


def _address(fields) -> str:
    if "doi" in fields:
        return f"https://doi.org/{fields['doi']}"
    return f"https://arxiv.org/abs/{fields['eprint']}" if "eprint" in fields else fields.get("url")


class Numbers:
    """Quoted numbers, from the committed records of full runs.

    Parameters
    ----------
    chapter : str
    record_of : callable
        Takes the name of a chapter, returns its run record or None.

    Attributes
    ----------
    used : bool
        True once a recorded number has been quoted.
    missing : list of str
        Names for which no record has a number.
    """

    def __init__(self, chapter: str, record_of: Callable[[str], dict | None]):
        self.chapter, self.record_of = chapter, record_of
        self.used, self.missing = False, []

    def quote(self, reference: str) -> str:
        """Return the value of ``name``, ``name:format`` or ``page::name:format``."""
        page, _, rest = reference.rpartition("::")
        name, _, spec = rest.partition(":")
        values = recorded(self.record_of(page.rpartition("/")[2] or self.chapter))
        if name not in values:
            self.missing.append(name)
            return NO_NUMBER
        self.used = True
        try:
            return formatted(values[name], spec.strip())
        except ValueError as error:
            raise LatentsError(f"{{glue:text}}`{reference}` has no valid format") from error

    def source(self) -> str:
        """Say where the quoted numbers come from; empty when there are none."""
        if not self.used:
            return ""
        record = self.record_of(self.chapter)
        place = f" on {recorded(record)['run_place']}" if record else ""
        return (
            f"*The numbers quoted in the text come from the recorded full run{place}; "
            "they differ from what your own run will print.*"
        )


def read_record(root: Path, chapter: str) -> dict | None:
    """Return the committed record of a chapter's full run, or None."""
    file = root / "book" / "records" / "full" / f"{chapter}.json"
    return json.loads(file.read_text(encoding="utf-8")) if file.is_file() else None


def recorded(record: dict | None) -> dict:
    """Return what can be quoted from a run record, by the names that the chapters use."""
    if record is None:
        return {}
    time, place = records.minutes(record["seconds"]), records.place(record)
    counts = {name: record[name] for name in ("epochs", "parameters") if name in record}
    epochs = {f"{name}_epochs": run["epochs"] for name, run in record.get("runs", {}).items()}
    return {**counts, **epochs, "run_time": time, "run_place": place, **record["metrics"]}


def formatted(value: str | float, spec: str) -> str:
    """Format a recorded value; a whole number stays one (``16``, not ``16.0``)."""
    if isinstance(value, str):
        return value
    if float(value).is_integer() and spec[-1:] not in ("e", "E", "f", "F", "g", "G", "%"):
        value = int(value)
    return format(value, spec or ("" if isinstance(value, int) else ".4g"))
