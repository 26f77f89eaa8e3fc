"""The interactive parts in a notebook, as widgets of Jupyter."""

from pathlib import Path
from tempfile import TemporaryDirectory

import anywidget
import traitlets

from latents.widgets.modules import needed, source_files

MAIN = "notebook.mjs"


class Part(anywidget.AnyWidget):
    """One interactive part; `latents.widgets.show` makes it.

    Attributes
    ----------
    name, title : str
        Of the module; what the part is, for screen readers.
    modules : dict of str to str
        Sources of the ES modules that it needs, by file name.
    files : dict of str to bytes
        What the part loads, by file name.
    """

    name = traitlets.Unicode().tag(sync=True)
    title = traitlets.Unicode().tag(sync=True)
    modules = traitlets.Dict().tag(sync=True)
    files = traitlets.Dict().tag(sync=True)

    def __init__(self, name: str, content):
        self._esm = source_files()[MAIN].read_text(encoding="utf-8")
        self._css = source_files()["widgets.css"].read_text(encoding="utf-8")
        with TemporaryDirectory() as folder:
            files = {file.name: file.read_bytes() for file in content.write(Path(folder))}
        super().__init__(name=name, title=content.title, modules=needed(f"{name}.mjs"), files=files)
