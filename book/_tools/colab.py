"""Run the notebooks of the book with the libraries that are there, as in Colab: ``make colab``.

Colab brings its own versions of everything. This installs the package of the book among them, as
the notebooks tell a reader to, runs every chapter in the quick profile, and lets an untouched
exercise check itself.
"""

import os
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LIMIT = 3600  # seconds of one notebook


def main() -> int:
    """Run them all; return 1 if one has failed, whose last lines are shown."""
    subprocess.run(
        [sys.executable, "-m", "pip", "install", "--quiet", f"{ROOT}[grade]"], check=True
    )
    failed = [file.stem for file in notebooks() if not run(file)]
    if failed:
        print(f"make colab: {', '.join(failed)} failed, see above.", file=sys.stderr)
    return 1 if failed else 0


def notebooks() -> list[Path]:
    """Return the notebooks that a reader can open in Colab."""
    return sorted((ROOT / "book" / "notebooks").rglob("*.ipynb"))


def run(file: Path) -> bool:
    """Run a notebook as ``jupyter execute`` does; return whether all its cells have run."""
    begin = time.monotonic()
    command = [sys.executable, "-m", "jupyter", "execute", f"--timeout={LIMIT}", str(file)]
    if file.parent.name == "exercises":  # checks of an untouched exercise fail, and are to
        command.insert(-1, "--allow-errors")
    done = subprocess.run(
        command,
        env=os.environ
        | {"PROFILE": "quick", "MPLBACKEND": "module://matplotlib_inline.backend_inline"},
        capture_output=True,
        text=True,
    )
    told = "ok" if done.returncode == 0 else f"failed\n{done.stderr[-3000:]}"
    print(f"{file.stem}: {told} ({time.monotonic() - begin:.0f} s)", flush=True)
    return done.returncode == 0


if __name__ == "__main__":
    sys.exit(main())
