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
