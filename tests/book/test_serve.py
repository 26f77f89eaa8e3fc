"""What ``make serve`` answers: text packed, everything else as it is, and the book's own 404."""

import gzip
import threading
import urllib.error
import urllib.request

import pytest

from serve import server

TEXT = "<p>latent spaces</p>" * 200


@pytest.fixture
def ask(tmp_path):
    """Serve a small site; return a function that asks for a path."""
    (tmp_path / "index.html").write_text(TEXT)
    (tmp_path / "weights.bin").write_bytes(bytes(range(256)))
    (tmp_path / "404.html").write_text("nothing here")
    with server(tmp_path, 0) as http:
        threading.Thread(target=http.serve_forever, daemon=True).start()

        def asked(path, **headers):
            address = f"http://127.0.0.1:{http.server_port}/{path}"
            return urllib.request.urlopen(urllib.request.Request(address, headers=headers))

        yield asked
        http.shutdown()


@pytest.mark.parametrize("path", ["", "index.html", "index.html?v=1", "./index.html"])
def test_text_is_packed_for_those_who_take_it(ask, path):
    with ask(path, **{"Accept-Encoding": "gzip, br"}) as answer:
        content = answer.read()
        assert answer.headers["Content-Encoding"] == "gzip"
        assert int(answer.headers["Content-Length"]) == len(content) < len(TEXT) / 10
        assert answer.headers.get_content_type() == "text/html"
    assert gzip.decompress(content).decode() == TEXT


def test_what_the_browser_has_already_is_not_sent_again(ask):
    with ask("index.html", **{"Accept-Encoding": "gzip"}) as answer:
        changed = answer.headers["Last-Modified"]
    known = {"Accept-Encoding": "gzip", "If-Modified-Since": changed}
    with pytest.raises(urllib.error.HTTPError) as failed:
        ask("index.html", **known)
    assert failed.value.code == 304
    for other in ("Mon, 01 Jan 2001 00:00:00 GMT", "yesterday"):
        with ask("index.html", **known | {"If-Modified-Since": other}) as answer:
            assert answer.read().decode() == TEXT


def test_others_get_it_as_it_is(ask):
    with ask("index.html") as answer:
        assert answer.headers["Content-Encoding"] is None
        assert answer.read().decode() == TEXT


def test_weights_are_not_packed(ask):
    with ask("weights.bin", **{"Accept-Encoding": "gzip"}) as answer:
        assert answer.headers["Content-Encoding"] is None
        assert answer.read() == bytes(range(256))


def test_a_changed_file_is_packed_anew(ask, tmp_path):
    gzipped = {"Accept-Encoding": "gzip"}
    with ask("index.html", **gzipped) as answer:
        answer.read()
    (tmp_path / "index.html").write_text("new")
    with ask("index.html", **gzipped) as answer:
        assert gzip.decompress(answer.read()) == b"new"


@pytest.mark.parametrize("path", ["missing.html", "../secret.html", "%2e%2e/secret.html"])
def test_what_is_missing_or_outside_is_the_books_own_page(ask, tmp_path, path):
    (tmp_path.parent / "secret.html").write_text("secret")
    with pytest.raises(urllib.error.HTTPError) as failed:
        ask(path, **{"Accept-Encoding": "gzip"})
    assert failed.value.code == 404
    assert failed.value.read() == b"nothing here"
