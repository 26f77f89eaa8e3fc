"""Build the packages that are published, check them, and try the wheel alone: ``make dist``.

A wheel that was only built proves little: what is missing in it lies beside it in the clone. So it
is installed into an empty environment, and a reader's and a student's first steps are taken there.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
OUTPUT = ROOT / "_build" / "dist"
BIN = Path(sys.executable).parent
TWINE = "twine==7.0.0"  # in an environment of its own, for nothing else of the project needs it

READER = """
from latents import data, records
sample = data.load("fashion_mnist")
assert sample.size("train") > 0 and records.read("vae", "full"), "data or records are missing"
print("reader: the embedded data and the recorded runs are there")
"""


def main() -> int:
    """Build, check and try; return the exit code."""
    shutil.rmtree(OUTPUT, ignore_errors=True)
    try:
        run(BIN / "uv", "build", "--quiet", "--out-dir", OUTPUT, ROOT)
        packages = sorted(file for file in OUTPUT.iterdir() if file.suffix in (".whl", ".gz"))
        run(BIN / "uv", "tool", "run", "--quiet", TWINE, "check", "--strict", *packages)
        (wheel,) = (file for file in packages if file.suffix == ".whl")
        attempt(wheel)
    except subprocess.CalledProcessError as error:
        print(f"make dist: {Path(error.cmd[0]).name} failed, see above.", file=sys.stderr)
        return 1
    print(f"The packages are ready: {OUTPUT}")
    return 0


def attempt(wheel: Path) -> None:
    """Install a wheel into an empty environment, and take the first steps with it."""
    venv = OUTPUT / "venv"
    run(BIN / "uv", "venv", "--quiet", "--python", sys.executable, venv)
    python = venv / "bin" / "python"
    lock = ROOT / "requirements.txt"  # the versions that the book is tested with
    package = f"latent-spaces[grade] @ {wheel.as_uri()}"
    run(BIN / "uv", "pip", "install", "--quiet", "--python", python, "-c", lock, package)
    notebook = OUTPUT / "sampling.ipynb"
    shutil.copy(ROOT / "book" / "notebooks" / "exercises" / "sampling.ipynb", notebook)
    run(python, "-c", READER, cwd=OUTPUT)
    # Nothing is answered yet, so this ends with 1; with 2 it would have failed.
    run(venv / "bin" / "autograder", "check", notebook, cwd=OUTPUT, expected=1)
    print("student: `autograder check` works")
    shutil.rmtree(venv)


def run(*command: str | Path, cwd: Path = ROOT, expected: int = 0) -> None:
    """Run a command in an environment that knows nothing of this clone."""
    hidden = ("PYTHON", "VIRTUAL_ENV", "LATENTS_", "AUTOGRADER_", "PROFILE")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(hidden)}
    done = subprocess.run([*map(str, command)], cwd=cwd, env=kept)
    if done.returncode != expected:
        raise subprocess.CalledProcessError(done.returncode, [*map(str, command)])


if __name__ == "__main__":
    sys.exit(main())
