"""What the tests of the package share."""

import pytest

from latents import records


@pytest.fixture(autouse=True)
def nothing_unsaved(monkeypatch):
    """Let no later test see what one has measured, as the parts of a notebook would."""
    monkeypatch.setattr(records, "unsaved", {})
