"""A slow test that has passed is not run again, until something that it depends on changes."""

import kept_outcomes
import kept_results
import pytest

pytest_plugins = ["pytester"]
TEST = """
import pathlib, pytest
pytestmark = pytest.mark.kept("source")

@pytest.fixture(scope="module")
def costly():
    with pathlib.Path("made.txt").open("a") as file:
        file.write("made ")

@pytest.mark.parametrize("number", [1, 2])
def test_it(costly, number):
    assert pathlib.Path("source/code.py").read_text() != "broken" or number == 1

def test_always_wrong(costly):
    assert False
"""


@pytest.fixture
def run(pytester, monkeypatch):
    """Give a function that runs a small project with one marked file of tests."""
    monkeypatch.setattr(kept_results, "FOLDER", pytester.path / "kept")
    monkeypatch.delenv("KEPT", raising=False)
    pytester.makepyfile(test_small=TEST)
    pytester.makeini("[pytest]\nmarkers = kept")
    (pytester.path / "source").mkdir()

    def once(code, **expected):
        (pytester.path / "source" / "code.py").write_text(code)
        kept_outcomes.state.cache_clear()
        result = pytester.runpytest_inprocess("-p", "kept_outcomes", "-p", "no:cacheprovider")
        result.assert_outcomes(**expected)
        return result.stdout.str()

    return once


def test_a_pass_is_kept_and_said_and_a_failure_is_not(run, pytester):
    assert "have passed before" not in run("right", passed=2, failed=1)
    assert "2 slow tests have passed before" in run("right", passed=2, failed=1)
    assert (pytester.path / "made.txt").read_text() == "made made "  # for the failing test alone


def test_changed_sources_are_tested_anew(run):
    run("right", passed=2, failed=1)
    assert "have passed before" not in run("broken", passed=1, failed=2)
    assert "1 slow test has passed before" in run("broken", passed=1, failed=2)


def test_everything_is_run_on_request(run, monkeypatch):
    run("right", passed=2, failed=1)
    monkeypatch.setenv("KEPT", "no")
    assert "have passed before" not in run("right", passed=2, failed=1)


def test_what_a_build_makes_anew_does_not_count(tmp_path):
    quick, full = (tmp_path / "book" / "records" / name for name in ("quick", "full"))
    for folder in (quick, full):
        folder.mkdir(parents=True)
        (folder / "vae.json").write_text("1")

    def state() -> str:
        kept_outcomes.state.cache_clear()
        return kept_outcomes.state(tmp_path, "book")

    before = state()
    (quick / "vae.json").write_text("2")
    assert state() == before
    (full / "vae.json").write_text("2")
    assert state() != before


def test_the_tests_of_some_folders_are_all_kept(request):
    for folder, paths in kept_outcomes.FOLDERS.items():
        assert (request.config.rootpath / folder).is_dir()
        assert all((request.config.rootpath / path).exists() for path in paths)
    items = request.session.items
    here = [item for item in items if item.path.parent.name == "site"]
    assert all(item.get_closest_marker("kept") for item in here)
