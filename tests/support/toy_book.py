"""A tiny book with the project's own settings, to see what the build lets through."""

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import yaml

PROJECT = Path(__file__).resolve().parents[2]
CELL = """
import os, time
from pathlib import Path
with Path(os.environ["TOY_MARKER"]).open("a") as marker:
    marker.write("ran ")
while Path(os.environ["TOY_MARKER"]).with_name("hold").exists():
    time.sleep(0.05)
print("six times seven is", 6 * 7)
import matplotlib.pyplot as plt
plt.plot([6, 7])
plt.show()
"""
HEADER = "---\nfile_format: mystnb\nkernelspec:\n  name: python3\n  display_name: Python 3\n---\n"


class ToyBook:
    """A book of two pages in ``folder``; ``chapter`` is executed when the book is built."""

    def __init__(self, folder: Path):
        self.folder, self.marker = folder, folder / "marker.txt"
        self.pages = folder / "book" / "toys"
        self.pages.mkdir(parents=True)
        settings = yaml.safe_load((PROJECT / "_config.yml").read_text())
        settings["bibtex_bibfiles"] = [str(PROJECT / "book" / "references.bib")]
        settings["html"].pop("favicon")
        sphinx = settings["sphinx"]
        ours = ("run_key", "execute_ahead", "formulas", "bibliography_labels")
        sphinx["local_extensions"] = dict.fromkeys(ours, str(PROJECT / "book" / "_ext"))
        for project_only in ("html_static_path", "html_css_files", "html_js_files"):
            sphinx["config"].pop(project_only, None)
        sphinx["config"]["html_theme_options"].pop("logo")
        (folder / "_config.yml").write_text(yaml.safe_dump(settings))
        toc = {"format": "jb-book", "root": "book/index", "chapters": []}
        (folder / "_toc.yml").write_text(yaml.safe_dump(toc))
        (folder / "book" / "index.md").write_text("# A toy book\n\nOne page follows.\n")
        self.write()

    def write(self, cell=CELL, sentence="A sentence.", name="toy"):
        """Write the chapter, or another one under a name of its own."""
        text = f"{HEADER}\n# A toy\n\n{sentence}\n\n```{{code-cell}} ipython3{cell}```\n"
        (self.pages / f"{name}.md").write_text(text)
        toc = yaml.safe_load((self.folder / "_toc.yml").read_text())
        if (page := {"file": f"book/toys/{name}"}) not in toc["chapters"]:
            toc["chapters"].append(page)
            (self.folder / "_toc.yml").write_text(yaml.safe_dump(toc))

    def build(self, **environment) -> subprocess.CompletedProcess:
        """Build as ``make book`` does."""
        process = self.start(**environment)
        out, err = process.communicate()
        return subprocess.CompletedProcess(process.args, process.returncode, out, err)

    def start(self, **environment) -> subprocess.Popen:
        """Begin to build, and do not wait for the end."""
        return subprocess.Popen(
            self.command(),
            env=self.environment() | environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def command(self) -> list:
        """Return what ``make book`` calls."""
        return [sys.executable, PROJECT / "book" / "_tools" / "build.py", self.folder]

    def environment(self) -> dict[str, str]:
        """Return the environment of a build."""
        return dict(os.environ) | {"TOY_MARKER": str(self.marker)}

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        """Let a chapter that is executed wait in its first cell until ``with`` is left."""
        hold = self.marker.with_name("hold")
        hold.touch()
        try:
            yield
        finally:
            hold.unlink()

    def runs(self) -> int:
        """Return how often the chapter was executed to its marker."""
        return self.marker.read_text().count("ran") if self.marker.exists() else 0

    def page(self, name="toys/toy") -> Path:
        """Return a page of the built site."""
        return self.folder / "_build" / "html" / "book" / f"{name}.html"
