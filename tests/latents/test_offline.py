"""Without the complete sets and without a network, the full profile says so, soon and plainly."""

import os
import socket
import subprocess
import sys
import time
from contextlib import contextmanager

import pytest

from latents import data

PATIENCE = 15  # seconds
REMEDIES = ("connect to a network", "set TFDS_DATA_DIR to a folder", "use PROFILE=quick")


@contextmanager
def dead_port():
    """Reserve a loopback port on which nobody listens."""
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        yield reserved.getsockname()[1]


@contextmanager
def silent_server():
    """Accept every connection (the kernel does, up to the backlog) and never answer."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen(16)
        yield server.getsockname()[1]


def run(arguments, folder, port, **extra):
    """Run Python with no data and with a proxy at ``port``; return the result and the seconds."""
    unwanted = {"no_proxy", "NO_PROXY", "http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"}
    environment = {name: value for name, value in os.environ.items() if name not in unwanted}
    proxy = f"http://127.0.0.1:{port}"
    environment |= {
        "PROFILE": "full",
        "TFDS_DATA_DIR": str(folder),
        "http_proxy": proxy,
        "https_proxy": proxy,
    } | extra
    begin = time.perf_counter()
    result = subprocess.run(
        [sys.executable, *arguments],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return result, time.perf_counter() - begin


@pytest.mark.parametrize("network", [dead_port, silent_server])
def test_make_book_refuses_in_one_sentence_and_soon(project, tmp_path, network):
    with network() as port:
        result, seconds = run([project / "book" / "_tools" / "build.py"], tmp_path, port)
    assert result.returncode != 0
    assert seconds < PATIENCE
    (said,) = result.stderr.splitlines()
    assert said.startswith("make book: The complete ")
    assert str(tmp_path) in said
    for remedy in REMEDIES:
        assert remedy in said
    assert "Traceback" not in result.stdout + result.stderr


@pytest.mark.parametrize(
    ("name", "network"),
    [(data.NAMES[0], dead_port), (data.NAMES[1], dead_port), (data.NAMES[1], silent_server)],
)
def test_loading_a_missing_set_is_refused_soon(tmp_path, name, network):
    code = (
        "from latents import LatentsError, data\n"
        f"try:\n    data.load('{name}')\n"
        "except LatentsError as refusal:\n    print(refusal)"
    )
    with network() as port:
        result, seconds = run(["-c", code], tmp_path, port)
    assert seconds < PATIENCE
    assert result.stdout.startswith(f"The complete {name} is not in {tmp_path}")
    assert list(tmp_path.iterdir()) == []


def test_a_proxy_that_answers_is_believed(tmp_path):
    answer = (
        "import threading, http.server\n"
        "class Yes(http.server.BaseHTTPRequestHandler):\n"
        "    def do_HEAD(self):\n"
        "        self.send_response(200); self.end_headers()\n"
        "server = http.server.HTTPServer(('127.0.0.1', 0), Yes)\n"
        "threading.Thread(target=server.serve_forever, daemon=True).start()\n"
        "import os; os.environ['http_proxy'] = f'http://127.0.0.1:{server.server_port}'\n"
        "from latents.data import complete; complete.require('fashion_mnist'); print('go on')"
    )
    with dead_port() as port:
        result, _ = run(["-c", answer], tmp_path, port)
    assert result.stdout == "go on\n"
