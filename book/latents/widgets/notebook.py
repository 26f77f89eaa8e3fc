"""The interactive parts in a notebook, as widgets of Jupyter."""

import sysconfig
from pathlib import Path
from tempfile import TemporaryDirectory

import anywidget
import traitlets

BESIDE = Path(__file__).resolve().parents[2]  # of the package, in a clone
INSTALLED = Path(sysconfig.get_path("data")) / "share" / "latents" / "widgets"
MAIN = "notebook.mjs"


def source_files() -> list[Path]:
    """Return the ES modules and the style sheet, of the clone or as they came with the wheel."""
    if (BESIDE / "widgets").is_dir():
        return [*sorted((BESIDE / "widgets").rglob("*.mjs")), BESIDE / "_static" / "widgets.css"]
    return sorted(INSTALLED.iterdir())


class Part(anywidget.AnyWidget):
    """One interactive part; `latents.widgets.show` makes it.

    Attributes
    ----------
    name, title : str
        Of the module; what the part is, for screen readers.
    modules : dict of str to str
        Sources of all ES modules by file name.
    files : dict of str to bytes
        What the part loads, by file name.
    """

    name = traitlets.Unicode().tag(sync=True)
    title = traitlets.Unicode().tag(sync=True)
    modules = traitlets.Dict().tag(sync=True)
    files = traitlets.Dict().tag(sync=True)

    def __init__(self, name: str, content):
        sources = {file.name: file.read_text(encoding="utf-8") for file in source_files()}
        self._esm = sources.pop(MAIN)
        self._css = sources.pop("widgets.css")
        with TemporaryDirectory() as folder:
            files = {file.name: file.read_bytes() for file in content.write(Path(folder))}
        super().__init__(name=name, title=content.title, modules=sources, files=files)
