"""The helper that takes functions out of chapters."""

import chapter_code
import pytest


def test_definitions_come_without_the_computations_between_them():
    found = vars(chapter_code.functions("kl_divergence"))
    assert callable(found["kl_standard"])
    assert found["SEED"] == 42
    assert "record" not in found


def test_a_chapter_that_does_not_exist_is_named():
    with pytest.raises(FileNotFoundError, match="no_such_chapter"):
        chapter_code.functions("no_such_chapter")
