"""Show the built book on this machine: ``make serve`` calls this.

Python's own server, with the types of the files that a site has today, with text packed as hosting
services pack it, and with the page for addresses that lead nowhere.
"""

import argparse
import functools
import gzip
import http.server
import io
import sys
from pathlib import Path

SITE = Path(__file__).resolve().parents[2] / "_build" / "html"
PACKED = (".html", ".css", ".js", ".mjs", ".svg", ".json", ".ipynb", ".xml", ".txt")
TYPES = {".mjs": "text/javascript", ".wasm": "application/wasm", ".whl": "application/zip"}


@functools.lru_cache(maxsize=1000)
def packed(file: Path, changed: float) -> bytes:
    """Return a file as gzip; when it was changed last makes it another one."""
    return gzip.compress(file.read_bytes(), 6, mtime=changed)


class Handler(http.server.SimpleHTTPRequestHandler):
    """Serve the files of a folder."""

    extensions_map = http.server.SimpleHTTPRequestHandler.extensions_map | TYPES

    def send_head(self):
        """Answer with a text file as gzip to those who take it, and else as Python does."""
        file = Path(self.translate_path(self.path))
        file = file / "index.html" if self.path.partition("?")[0].endswith("/") else file
        # Whoever has the file already is answered by Python, which says when it has not changed.
        again = "If-Modified-Since" in self.headers
        takes = "gzip" in self.headers.get("Accept-Encoding", "") and not again
        if not takes or file.suffix not in PACKED or not file.is_file():
            return super().send_head()
        content = packed(file, file.stat().st_mtime)
        self.send_response(200)
        self.send_header("Content-Type", self.guess_type(str(file)))
        self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Last-Modified", self.date_time_string(int(file.stat().st_mtime)))
        self.send_header("Vary", "Accept-Encoding")
        self.end_headers()
        return io.BytesIO(content)

    def send_error(self, code, message=None, explain=None):
        """Answer with the book's own page where a file is missing."""
        page = Path(self.directory, "404.html")
        if code != 404 or not page.is_file():
            return super().send_error(code, message, explain)
        content = page.read_bytes()
        self.send_response(404)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)
        return None

    def log_message(self, *arguments):
        """Say nothing of every request."""


def server(site: Path, port: int) -> http.server.ThreadingHTTPServer:
    """Return a server of a site on this machine alone; port 0 takes a free one."""
    handler = functools.partial(Handler, directory=str(site))
    return http.server.ThreadingHTTPServer(("127.0.0.1", port), handler)


def main() -> int:
    """Serve until interrupted; return the exit code."""
    parser = argparse.ArgumentParser(description="Show the built book in a browser.")
    parser.add_argument("--port", type=int, default=8000)
    port = parser.parse_args().port
    if not (SITE / "index.html").is_file():
        print("make serve: there is no book yet: run 'make book'.", file=sys.stderr)
        return 1
    try:
        with server(SITE, port) as http_server:
            print(f"The book is on http://127.0.0.1:{http_server.server_port}; Ctrl-C ends it.")
            http_server.serve_forever()
    except OSError as error:
        print(
            f"make serve: port {port} cannot be used ({error.strerror}): choose another one with "
            "'make serve PORT=8001'.",
            file=sys.stderr,
        )
        return 1
    except KeyboardInterrupt:
        print()
    return 0


if __name__ == "__main__":
    sys.exit(main())
