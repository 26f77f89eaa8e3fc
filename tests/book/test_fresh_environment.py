"""A downloaded notebook in an empty folder, with nothing but what its first cell installs."""

import functools
import os
import re
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import kept_outcomes
import nbformat
import pytest

from serve import server

PROJECT = Path(__file__).resolve().parents[2]
NOTEBOOKS = sorted((PROJECT / "book" / "notebooks").rglob("*.ipynb"))
pytestmark = [
    pytest.mark.slow,
    pytest.mark.kept(*kept_outcomes.SITE, "autograder", "requirements.txt"),
]
# pip, as the first cell calls it, with the packages of the registry from uv's cache and in the
# versions that the book is tested with.
PIP = f"""
import subprocess, sys
command = [{str(Path(sys.executable).with_name("uv"))!r}, "pip", *sys.argv[1:]]
options = ["--python", sys.executable, "--constraint", {str(PROJECT / "requirements.txt")!r}]
sys.exit(subprocess.run([*command, *options]).returncode)
"""
EXECUTE = """
import sys, nbclient, nbformat
source, target, allow = sys.argv[1:]
notebook = nbformat.read(source, as_version=4)
settings = {"kernel_name": "python3", "timeout": 1200, "allow_errors": bool(allow)}
client = nbclient.NotebookClient(notebook, **settings)
client.execute()
nbformat.write(notebook, target)
"""


def environment(venv: Path) -> dict[str, str]:
    """Return an environment that knows nothing of this clone but its cache of trainings."""
    hidden = ("PYTHON", "VIRTUAL_ENV", "LATENTS_", "AUTOGRADER_", "PROFILE", "JUPYTER", "TF_CPP")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(hidden)}
    return kept | {
        "PATH": f"{venv / 'bin'}:{os.environ['PATH']}",
        "LATENTS_CACHE": str(PROJECT / ".cache" / "training"),
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",
        "TF_CPP_MIN_LOG_LEVEL": "3",  # as the first cell sets it
    }


@functools.cache
def fresh(folder: Path) -> Path:
    """Make an environment with Jupyter's own parts, as Colab and every laptop has them."""
    venv = folder / "venv"
    uv = Path(sys.executable).with_name("uv")
    lock = ["--constraint", PROJECT / "requirements.txt"]
    subprocess.run([uv, "venv", "--quiet", "--python", sys.executable, venv], check=True)
    python = venv / "bin" / "python"
    jupyter = [uv, "pip", "install", "--quiet", "--python", python, *lock, "ipykernel", "nbclient"]
    subprocess.run(jupyter, check=True)
    packages = next((venv / "lib").glob("python*")) / "site-packages"
    (packages / "pip").mkdir()
    (packages / "pip" / "__init__.py").touch()
    (packages / "pip" / "__main__.py").write_text(PIP)
    return venv


def downloaded(built: Path, name: str, site: str) -> nbformat.NotebookNode:
    """Return a notebook of the site as a browser saves it: with the address of the site."""
    text = (built / "_notebooks" / name).read_text(encoding="utf-8")
    assert 'SITE = \\"\\"' in text
    return nbformat.reads(text.replace('SITE = \\"\\"', f'SITE = \\"{site}\\"'), as_version=4)


def executed(venv: Path, folder: Path, notebook, *, allow_errors: bool = False):
    """Run a notebook in a folder with nothing else; return it with its outputs."""
    folder.mkdir(parents=True)
    source, target = folder / "notebook.ipynb", folder / "executed.ipynb"
    nbformat.write(notebook, source)
    allow = "yes" if allow_errors else ""
    done = subprocess.run(
        [venv / "bin" / "python", "-c", EXECUTE, source, target, allow],
        cwd=folder,
        env=environment(venv),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return nbformat.read(target, as_version=4)


def first_output(notebook) -> str:
    """Return what the first code cell has printed."""
    cell = next(cell for cell in notebook.cells if cell.cell_type == "code")
    return "".join(output.get("text", "") for output in cell.outputs)


@pytest.fixture(scope="module")
def site(built):
    http = server(built, 0)
    threading.Thread(target=http.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{http.server_port}/_notebooks/"
    http.shutdown()


@pytest.fixture(scope="module")
def outcomes(built, site, tmp_path_factory):
    """Run every notebook; the first one installs the package from the served site."""
    folder = tmp_path_factory.mktemp("fresh")
    venv = fresh(folder)

    def run(file):
        name = file.relative_to(PROJECT / "book" / "notebooks").as_posix()
        whole = downloaded(built, name, site)
        place = next(i for i, cell in enumerate(whole.cells) if cell.cell_type == "code")
        setup, rest = whole.copy(), whole.copy()
        setup.cells = whole.cells[place : place + 1]
        # Without this cell the code is that of the book, whose trainings are found again.
        rest.cells = whole.cells[:place] + whole.cells[place + 1 :]
        begun = executed(venv, folder / f"{file.stem}-setup", setup)
        exercise = name.startswith("exercises/")
        return begun, executed(venv, folder / file.stem, rest, allow_errors=exercise)

    # An exercise asks for more than a chapter does, so its first cell is tried first.
    files = sorted(NOTEBOOKS, key=lambda file: file.parent.name != "exercises")
    found = {files[0]: run(files[0])}
    with ThreadPoolExecutor(2) as pool:
        found |= dict(zip(files[1:], pool.map(run, files[1:]), strict=True))
    return venv, folder, found


def test_every_notebook_runs_and_its_first_cell_is_silent(outcomes):
    _, _, found = outcomes
    assert len(found) == len(NOTEBOOKS) >= 14
    said = {file.stem: first_output(begun) for file, (begun, _) in found.items()}
    assert {name: text for name, text in said.items() if text} == {}


def test_the_first_cell_keeps_the_log_of_tensorflow_out_of_the_notebook():
    for file in NOTEBOOKS:
        text = file.read_text(encoding="utf-8")
        loads = re.search(r"import (?:keras|tensorflow)", text)
        assert "TF_CPP_MIN_LOG_LEVEL" in text[: loads.start() if loads else None], file.stem


def test_no_start_up_log_of_tensorflow_stands_in_a_notebook(outcomes):
    noise = ("cuInit", "oneDNN", "absl::InitializeLog", "cudart_stub")
    for file, (_, done) in outcomes[2].items():
        text = str([cell.get("outputs") for cell in done.cells])
        assert not [word for word in noise if word in text], file.stem


def test_what_an_exercise_tells_a_student_to_type_works(outcomes):
    venv, folder, found = outcomes
    (file,) = (file for file in found if file.stem == "sampling")
    done = subprocess.run(
        [venv / "bin" / "autograder", "check", folder / file.stem / "notebook.ipynb"],
        env=environment(venv),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1 and "Traceback" not in done.stdout + done.stderr


def test_where_it_cannot_be_installed_one_sentence_says_what_to_do(built, tmp_path):
    venv = fresh(tmp_path)
    for site in ("", "http://127.0.0.1:9/"):
        notebook = downloaded(built, "vae.ipynb", site)
        del notebook.cells[4:]
        done = executed(venv, tmp_path / (site or "none")[:4], notebook, allow_errors=True)
        cell = next(cell for cell in done.cells if cell.cell_type == "code")
        (error,) = (output for output in cell.outputs if output.output_type == "error")
        (sentence,) = error.traceback
        assert "put latent_spaces-" in sentence and "beside this notebook" in sentence


def test_the_wheel_beside_a_notebook_is_enough(built, tmp_path):
    venv = fresh(tmp_path)
    notebook = downloaded(built, "kl_divergence.ipynb", "")
    del notebook.cells[4:]
    folder = tmp_path / "beside"
    folder.mkdir()
    (wheel,) = (built / "_notebooks").glob("*.whl")
    os.link(wheel, folder / wheel.name)
    (folder / "x").mkdir()
    source = folder / "notebook.ipynb"
    nbformat.write(notebook, source)
    subprocess.run(
        [venv / "bin" / "python", "-c", EXECUTE, source, folder / "out.ipynb", ""],
        cwd=folder,
        env=environment(venv),
        check=True,
    )
    subprocess.run([venv / "bin" / "python", "-c", "import latents"], cwd=tmp_path, check=True)
