"""Every course draws the seeds of its hidden checks, keeps them, and tells no student."""

import json
import stat

import pytest

from autograder import AutograderError, checks
from autograder.commands import release, seeds
from autograder.commands.seeds import of_course
from autograder.gradebook.course import Course


def file(course):
    return course / ".autograder" / "seeds.json"


def test_two_courses_have_different_seeds(tmp_path):
    one, two = (of_course(Course(tmp_path / name), checks.NAMES) for name in ("one", "two"))
    assert set(one) == set(two) == set(checks.NAMES)
    assert not set(one.values()) & set(two.values())


def test_a_course_keeps_its_seeds_and_draws_those_that_are_new(tmp_path):
    first = of_course(Course(tmp_path), ["sampling"])
    both = of_course(Course(tmp_path), ["sampling", "latent_loss"])
    assert both["sampling"] == first["sampling"]
    assert of_course(Course(tmp_path), ["sampling", "latent_loss"]) == both


def test_only_the_owner_can_read_them(tmp_path):
    of_course(Course(tmp_path), ["sampling"])
    assert stat.S_IMODE(file(tmp_path).stat().st_mode) == 0o600


@pytest.mark.parametrize(
    "text", ["", "{", "[1]", '{"sampling": -1}', '{"sampling": "1"}', "\ud800"]
)
def test_a_damaged_file_is_told_and_stays(tmp_path, text):
    of_course(Course(tmp_path), ["sampling"])
    file(tmp_path).write_text(text, encoding="utf-8", errors="surrogatepass")
    with pytest.raises(AutograderError, match="does not hold the seeds of the hidden checks"):
        of_course(Course(tmp_path), ["sampling"])
    assert file(tmp_path).read_text(encoding="utf-8", errors="surrogatepass") == text


@pytest.mark.slow
def test_a_release_writes_them_into_the_source_and_not_into_what_students_get(tmp_path):
    release.release(tmp_path / "course")
    known = json.loads(file(tmp_path / "course").read_text(encoding="utf-8"))
    for name in checks.NAMES:
        source, released = (
            (tmp_path / "course" / step / name / f"{name}.ipynb").read_text(encoding="utf-8")
            for step in ("source", "release")
        )
        count = source.count(f"hidden={known[name]})")
        assert count == source.count("hidden=") == len(checks.load(name).parts)
        assert "hidden=" not in released
        assert str(known[name]) not in released
    release.release(tmp_path / "course")
    assert json.loads(file(tmp_path / "course").read_text(encoding="utf-8")) == known


def test_the_public_solutions_hold_no_seed(project):
    for name in checks.NAMES:
        text = (project / "solutions" / f"{name}.md").read_text(encoding="utf-8")
        assert text.count("hidden=") == text.count(release.NO_SEED) > 0


def test_seeds_are_drawn_from_many(monkeypatch, tmp_path):
    asked = []
    monkeypatch.setattr(seeds.secrets, "randbelow", lambda most: asked.append(most) or 1)
    of_course(Course(tmp_path), ["sampling"])
    assert asked == [2**31]
