"""Pack the built site into one file for machines without a network: ``make offline`` calls this."""

import sys
import zipfile
from pathlib import Path

SITE = Path(__file__).resolve().parents[2] / "_build" / "html"
OUTPUT = SITE.parent / "latent-spaces-offline.zip"
FOLDER = "latent-spaces"
README = """Latent Spaces by Experiment, to be read without a network

Unpack this file, and run in the folder in which this text lies:

    python3 -m http.server --bind 127.0.0.1 8000

Then open http://127.0.0.1:8000 in a browser. (A browser that opens the files themselves shows the
text, but neither search nor what moves.)
"""


def main() -> int:
    """Write the file, say where it is, and return the exit code."""
    if not (SITE / "index.html").is_file():
        print("make offline: there is no book yet: run 'make book'.", file=sys.stderr)
        return 1
    files = pack(SITE, OUTPUT)
    size = OUTPUT.stat().st_size / 1e6
    print(f"{OUTPUT} holds the site in {files} files, {size:.1f} MB; its README.txt says how to.")
    return 0


def pack(site: Path, output: Path) -> int:
    """Write all files of a site and a README into a zip file; return how many they are."""
    files = sorted(file for file in site.rglob("*") if file.is_file())
    with zipfile.ZipFile(output, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(f"{FOLDER}/README.txt", README)
        for file in files:
            archive.write(file, f"{FOLDER}/{file.relative_to(site).as_posix()}")
    return len(files) + 1


if __name__ == "__main__":
    sys.exit(main())
