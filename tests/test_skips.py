"""Only tests that really cannot run on a machine may be skipped there."""

import subprocess
import sys

import pytest
import skips


@pytest.fixture
def run(tmp_path, project):
    """Give a function that runs a test and returns how pytest ended and what it printed."""

    def outcome(body: str) -> tuple[int, str]:
        (tmp_path / "test_it.py").write_text(f"import os, pytest, skips\n{body}\n")
        code = f"import sys; sys.path.insert(0, {str(project / 'tests' / 'support')!r})\n"
        code += "import pytest; sys.exit(pytest.main(['-p', 'skips', '-p', 'no:cacheprovider']))"
        done = subprocess.run(
            [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, timeout=120
        )
        return done.returncode, done.stdout

    return outcome


def test_a_skip_for_a_reason_of_its_own_fails_the_run(run):
    code, text = run("def test_a(): pytest.skip('it rains')")
    assert code == pytest.ExitCode.TESTS_FAILED
    assert "1  it rains (NOT EXPECTED HERE, fails the run)" in text


def test_a_file_that_skips_itself_fails_the_run(run):
    code, text = run("pytest.importorskip('no_such_library_anywhere')")
    assert code != pytest.ExitCode.OK
    assert "could not import" in text


def test_a_skip_that_this_machine_explains_is_shown_and_passes(run):
    reason = "skips.ROOT if os.geteuid() == 0 else skips.NO_ROOT"
    code, text = run(f"def test_a(): pytest.skip({reason})\ndef test_b(): pass")
    assert code == pytest.ExitCode.OK
    assert "(expected here)" in text


def test_a_skip_whose_reason_does_not_hold_here_fails_the_run(run):
    reason = "skips.NO_ROOT if os.geteuid() == 0 else skips.ROOT"
    code, text = run(f"def test_a(): pytest.skip({reason})\ndef test_b(): pass")
    assert code == pytest.ExitCode.TESTS_FAILED
    assert "NOT EXPECTED HERE" in text


def test_every_reason_says_when_it_holds():
    assert all(isinstance(holds(), bool) for holds in skips.REASONS.values())
