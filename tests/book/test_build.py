"""What the build decides by itself: where things live, what to forget, and what to say."""

import importlib.util
import json
import os

import nbformat
import pytest
from jupyter_cache import get_cache
from toy_book import PROJECT

from latents import LatentsError, data, records


@pytest.fixture(scope="module")
def build():
    spec = importlib.util.spec_from_file_location("book_build", PROJECT / "book/_tools/build.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def book(tmp_path, monkeypatch):
    """Return a folder with two chapters; the records of this book lie in its own folder."""
    monkeypatch.setenv("LATENTS_RECORDS", str(tmp_path / "records"))
    (tmp_path / "book" / "experiments").mkdir(parents=True)
    for name in ("one", "two"):
        (tmp_path / "book" / "experiments" / f"{name}.md").write_text('data.load("fashion_mnist")')
    return tmp_path


def keep_run(book, name, profile):
    """Put an executed chapter into the execution cache."""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(f"{name} in {profile}")])
    kernel = f"Python 3 ({profile}-0123456789ab)"
    notebook.metadata.kernelspec = {"name": "python3", "display_name": kernel}
    file = book / f"{profile}.ipynb"
    nbformat.write(notebook, file)
    cache = get_cache(book / ".cache" / "jupyter")
    bundle = cache.cache_notebook_file(
        file, uri=f"book/experiments/{name}.md", check_validity=False
    )
    file.unlink()
    return bundle


def keep_record(book, name, profile):
    file = book / "records" / profile / f"{name}.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(dict.fromkeys(records.KEYS)))


def kept_runs(book):
    cache = get_cache(book / ".cache" / "jupyter")
    bundles = [cache.get_cache_bundle(stored.pk) for stored in cache.list_cache_records()]
    return sorted(bundle.nb.cells[0].source for bundle in bundles)


def test_a_cached_run_is_forgotten_when_its_record_is_gone(build, book):
    for name in ("one", "two"):
        for profile in data.PROFILES:
            keep_run(book, name, profile)
    keep_record(book, "one", "quick")
    build.forget_unrecorded(book, "quick")
    assert kept_runs(book) == ["one in full", "one in quick", "two in full"]


def test_a_cached_run_is_forgotten_when_its_weights_are_gone(build, book):
    for name in ("one", "two"):
        keep_run(book, name, "quick")
        keep_record(book, name, "quick")
    folder = book / "records" / "quick"
    record = dict.fromkeys(records.KEYS) | {"weights": {"one.bin": "0" * 64}}
    (folder / "one.json").write_text(json.dumps(record))
    build.forget_unrecorded(book, "quick")
    assert kept_runs(book) == ["two in quick"]


def test_pages_that_write_no_record_stay_in_the_cache(build, book):
    keep_run(book, "guide", "quick")
    build.forget_unrecorded(book, "quick")
    assert kept_runs(book) == ["guide in quick"]


def test_a_corrupt_record_is_a_sentence_not_a_traceback(build, book, monkeypatch, capsys):
    keep_run(book, "one", "quick")
    file = book / "records" / "quick" / "one.json"
    file.parent.mkdir(parents=True)
    file.write_text("{")
    monkeypatch.setattr("sys.argv", ["build.py", str(book)])
    assert build.main() == 2
    assert capsys.readouterr().err.startswith(f"make book: {file} is not a run record")


def test_a_book_without_a_cache_has_nothing_to_forget(build, book):
    build.forget_unrecorded(book, "quick")
    assert not (book / ".cache").exists()


def test_records_belong_to_the_book_that_is_built(build, tmp_path, monkeypatch):
    assert build.records_folder(tmp_path) == tmp_path / "book" / "records"
    monkeypatch.setenv("LATENTS_RECORDS", str(tmp_path / "elsewhere"))
    assert build.records_folder(tmp_path) == tmp_path / "elsewhere"


def test_chapters_find_the_same_folders_whichever_folder_they_run_in(build, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for variable in ("TFDS_DATA_DIR", "LATENTS_CACHE", "LATENTS_RECORDS"):
        monkeypatch.setenv(variable, "given")
    found = build.environment(tmp_path / "book", "full")
    for variable in ("TFDS_DATA_DIR", "LATENTS_CACHE", "LATENTS_RECORDS"):
        assert found[variable] == str(tmp_path / "given")


def test_chapters_are_told_the_profile_and_that_they_are_in_the_book(build, tmp_path, monkeypatch):
    monkeypatch.setenv("PROFILE", "nonsense")
    monkeypatch.delenv("TFDS_DATA_DIR", raising=False)
    found = build.environment(tmp_path, "full")
    assert found["PROFILE"] == "full"
    assert found["LATENTS_BOOK"] == "1"
    assert found["LATENTS_CACHE"] == str(tmp_path / ".cache" / "training")
    assert "TFDS_DATA_DIR" not in found
    assert found["PATH"] == os.environ["PATH"]


@pytest.mark.parametrize("name", data.NAMES)
def test_only_data_that_a_chapter_loads_are_asked_for(build, book, monkeypatch, name):
    asked = []
    monkeypatch.setenv("TFDS_DATA_DIR", str(book / "nothing"))
    monkeypatch.setattr(build.complete, "require", asked.append)
    (book / "book" / "experiments" / "two.md").write_text(f'data.load("{name}")')
    build.require_data(book, "quick")
    assert asked == []
    build.require_data(book, "full")
    assert asked == sorted({"fashion_mnist", name})


def say(build, tmp_path, log, code=1, page=False):
    if page:
        (tmp_path / "html").mkdir()
        (tmp_path / "html" / "index.html").write_text("")
    (tmp_path / "build.log").write_text(log)
    return build.verdict(code, tmp_path, "12 min")


def test_the_reason_is_the_last_latents_error_even_when_it_is_coloured(build, tmp_path, capsys):
    log = "\x1b[31mLatentsError\x1b[39m: First.\n\x1b[31mLatentsError\x1b[39m: Do this.\nmore\n"
    assert say(build, tmp_path, log, code=3) == 3
    assert capsys.readouterr().err == "\nmake book: the book was not built: Do this.\n"


def test_without_a_latents_error_the_log_is_named(build, tmp_path, capsys):
    assert say(build, tmp_path, "WARNING: something", page=True) == 1
    assert str(tmp_path / "build.log") in capsys.readouterr().err


def test_a_build_that_claims_success_without_a_page_has_failed(build, tmp_path, capsys):
    assert say(build, tmp_path, "", code=0) == 1
    assert "not built" in capsys.readouterr().err


def test_a_good_build_says_where_the_book_is(build, tmp_path, capsys):
    assert say(build, tmp_path, "", code=0, page=True) == 0
    said = capsys.readouterr().out
    assert str(tmp_path / "html" / "index.html") in said
    assert "after 12 min" in said


def test_an_unknown_profile_is_a_sentence_not_a_traceback(build, monkeypatch, capsys):
    monkeypatch.setenv("PROFILE", "nonsense")
    monkeypatch.setattr("sys.argv", ["build.py"])
    assert build.main() == 2
    with pytest.raises(LatentsError) as refusal:
        data.profile()
    assert capsys.readouterr().err == f"make book: {refusal.value}\n"
