"""Make the execution cache notice what a chapter depends on besides its own cells.

jupyter-cache matches a notebook by its code and its kernelspec. Before MyST-NB reads a chapter,
this extension writes a key into the kernelspec's display name: the profile, the data sets that the
chapter loads, every module of ``latents`` that it imports, directly or through another, its style
of figures, and the run records where a page reads them itself.
"""

import ast
import hashlib
import re
from pathlib import Path

from latents import data, records
from latents.data import complete

LATENTS = Path(__file__).resolve().parents[1] / "latents"
NAME = "  display_name: Python 3"
BENCH = re.compile(r"""records\.bench\(["'](\w+)["']\)""")


def run_key(source: str, profile: str) -> str:
    """Return ``profile-xxxxxxxxxxxx`` for the text of a chapter."""
    digest = hashlib.sha256(profile.encode())
    for module in sorted(imported_modules(source)):
        digest.update(module.read_bytes())
    for style in sorted(LATENTS.glob("*.mplstyle")):
        if f'"latents.{style.stem}"' in source:
            digest.update(style.read_bytes())
    for name in data.NAMES:
        if f'"{name}"' in source:
            for file in data_files(name, profile):
                digest.update(file.read_bytes())
    for file in sorted(record_files(source)):
        digest.update(f"{file.parent.name}/{file.name}".encode() + file.read_bytes())
    return f"{profile}-{digest.hexdigest()[:12]}"


def imported_modules(source: str) -> set[Path]:
    """Return the files of ``latents`` that the code cells of a chapter import, transitively."""
    cells = re.findall(r"^```\{code-cell\}[^\n]*\n(.*?)^```", source, re.S | re.M)
    waiting = [_without_options(cell) for cell in cells]
    found: set[Path] = set()
    while waiting:
        for name in _latents_imports(waiting.pop()):
            file = next((f for f in _candidates(name) if f.is_file()), None)
            if file is not None and file not in found:
                found.add(file)
                waiting.append(file.read_text())
    return found


def data_files(name: str, profile: str) -> list[Path]:
    """Return the files that stand for a data set in the key."""
    if profile == "quick":
        embedded = LATENTS / "data"
        return sorted([*embedded.glob("*.py"), *embedded.glob(f"{name}*.npz")])
    folder = complete.prepared(name)
    return sorted(folder.glob("*.json")) if folder else []


def record_files(source: str) -> set[Path]:
    """Return the records that a page reads; the one that a chapter itself writes is none of them.

    ``records.bench("vae")`` reads one file. ``records.read`` may read any run record.
    """
    patterns = [f"bench/{name}.json" for name in re.findall(BENCH, source)]
    patterns += ["bench/machines/*.json"] if "records.machines(" in source else []
    patterns += ["*/*.json"] if reads_run_records(source) else []
    return {file for pattern in patterns for file in records.folder().glob(pattern)}


def reads_run_records(source: str) -> bool:
    """Whether a page reads what chapters wrote, so that it must be executed after them."""
    return "records.read(" in source


def _without_options(cell: str) -> str:
    code = re.sub(r"\A(:[^\n]*\n)+|\A---\n.*?^---\n", "", cell, flags=re.S | re.M)
    return re.sub(r"^[%!].*$", "", code, flags=re.M)  # IPython's own commands


def _latents_imports(code: str) -> set[str]:
    names = {"latents"} if "latents" in code else set()
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "latents":
            names |= {f"{node.module}.{alias.name}" for alias in node.names} | {node.module}
        elif isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names if alias.name.startswith("latents")}
    return names


def _candidates(name: str) -> list[Path]:
    path = LATENTS.joinpath(*name.split(".")[1:])
    return [path.with_suffix(".py"), path / "__init__.py"]


def _write_key(app, docname, source):
    if NAME in source[0]:
        key = run_key(source[0], data.profile())
        source[0] = source[0].replace(NAME, f"{NAME} ({key})", 1)


def setup(app):
    """Connect to Sphinx."""
    app.connect("source-read", _write_key)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
