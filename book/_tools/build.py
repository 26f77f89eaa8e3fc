"""Build the book: ``make book`` calls this.

The gate: every page is read anew (no stale doctree can hide a failure), a failing cell stops the
build, and so does any Sphinx warning. Executed chapters come from the cache when nothing that they
depend on has changed. One build at a time works in a folder; another one waits for it.
"""

import argparse
import fcntl
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from latents import LatentsError, data, records
from latents.data import complete

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("foundations", "experiments", "further")


def main() -> int:
    """Build, say how it went, and return the exit code."""
    parser = argparse.ArgumentParser(description="Build the book into _build/html.")
    parser.add_argument("book", nargs="?", type=Path, default=ROOT, help="folder with _config.yml")
    parser.add_argument("--links", action="store_true", help="only check links to other sites")
    options = parser.parse_args()
    book = options.book.resolve()
    try:
        profile = data.profile()
        require_data(book, profile)
        os.environ["LATENTS_RECORDS"] = str(records_folder(book))
        with alone(book) as lock:
            forget_unrecorded(book, profile)
            return build(book, profile, lock, "linkcheck" if options.links else "html")
    except LatentsError as error:
        print(f"make book: {error}", file=sys.stderr)
        return 2


@contextmanager
def alone(book: Path) -> Iterator[int]:
    """Wait until no other build works in this folder; give the descriptor that keeps others out.

    Jupyter Book inherits it, so that a build goes on to keep others out when only this program,
    but not Jupyter Book, was killed.
    """
    file = book / ".cache" / "build.lock"
    file.parent.mkdir(exist_ok=True)
    with file.open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print("Waiting: another build of this book is still running.", flush=True)
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield lock.fileno()


def require_data(book: Path, profile: str) -> None:
    """Stop before hours of work if a complete data set is neither there nor to be had."""
    if profile == "full":
        text = "".join(file.read_text() for file in chapters(book))
        for name in data.NAMES:
            if f'"{name}"' in text and complete.prepared(name) is None:
                complete.require(name)


def chapters(book: Path) -> list[Path]:
    """Return the chapters, all of which write run records."""
    return sorted(file for room in ROOMS for file in (book / "book" / room).glob("*.md"))


def forget_unrecorded(book: Path, profile: str) -> None:
    """Drop cached runs of this profile whose record or weights are gone: they run again."""
    cache_folder = book / ".cache" / "jupyter"
    missing = {file.name for file in chapters(book) if not records.complete(file.stem, profile)}
    if not missing or not cache_folder.is_dir():
        return
    from jupyter_cache import get_cache

    cache = get_cache(cache_folder)
    for stored in cache.list_cache_records():
        if Path(stored.uri).name in missing:
            notebook = cache.get_cache_bundle(stored.pk).nb
            if f"({profile}-" in notebook.metadata.kernelspec.display_name:
                cache.remove_cache(stored.pk)


def build(book: Path, profile: str, lock: int, builder: str = "html") -> int:
    """Run Jupyter Book with its warnings as errors; keep what it prints in _build/build.log."""
    output = book / "_build"
    shutil.rmtree(output / ".doctrees", ignore_errors=True)
    output.mkdir(exist_ok=True)
    program = Path(sys.executable).with_name("jupyter-book")
    command = [program, "build", str(book), "-W", "-n", "--keep-going", "--builder", builder]
    what = "Checking the links of" if builder == "linkcheck" else "Building"
    print(f"{what} the book, {profile} profile.", flush=True)
    begin = time.perf_counter()
    with (output / "build.log").open("w") as log:
        process = subprocess.Popen(
            command,
            cwd=book,
            env=environment(book, profile),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            pass_fds=[lock],
        )
        for line in process.stdout:
            log.write(line)
            log.flush()
            print(line, end="", flush=True)
        process.wait()
    if builder == "linkcheck":
        return process.returncode
    return verdict(process.returncode, output, records.minutes(time.perf_counter() - begin))


def environment(book: Path, profile: str) -> dict[str, str]:
    """Return what the chapters find in their environment."""
    ours = {
        "PROFILE": profile,
        "LATENTS_BOOK": "1",
        "LATENTS_RECORDS": str(records_folder(book)),
        # A reader's own choice (Agg, Qt) would leave every figure without its picture.
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",
    }
    defaults = {
        "LATENTS_CACHE": str(book / ".cache" / "training"),
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "PYDEVD_DISABLE_FILE_VALIDATION": "1",
    }
    given = {  # a chapter runs in its own folder: there a relative path would lead elsewhere
        name: str(Path(os.environ[name]).expanduser().absolute())
        for name in ("TFDS_DATA_DIR", "LATENTS_CACHE")
        if os.environ.get(name)
    }
    return defaults | dict(os.environ) | given | ours


def records_folder(book: Path) -> Path:
    """Return the folder of the run records of this book."""
    return Path(os.environ.get("LATENTS_RECORDS") or book / "book" / "records").absolute()


def verdict(code: int, output: Path, duration: str) -> int:
    """Say in one sentence whether the book may be used."""
    page = output / "html" / "index.html"
    if code == 0 and page.is_file():
        print(f"\nThe book is ready after {duration}: open {page}")
        return 0
    log = re.sub(r"\x1b\[[0-9;]*m", "", (output / "build.log").read_text())  # without colours
    reasons = re.findall(r"(?:Latents|Launch)Error: (.+)", log)
    reasons = reasons or re.findall(r"\bSphinxError: (.+)", log)
    whole_log = f"see the warnings and errors above, or {output / 'build.log'}"
    reason = reasons[-1] if reasons else whole_log
    print(f"\nmake book: the book was not built: {reason}", file=sys.stderr)
    return code or 1


if __name__ == "__main__":
    sys.exit(main())
