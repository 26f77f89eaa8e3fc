"""How much a test tries: all, a few in the fast part of the tests, or as much as possible."""

import os

PROFILE = os.environ.get("HYPOTHESIS_PROFILE", "same")  # see conftest.py; `make check` sets few
FEW_SEEDS, FEW_EXAMPLES, MANY_EXAMPLES = 4, 20, 5_000


def seeds(count: int) -> range:
    """Return the first seeds of hidden checks."""
    return range(min(count, FEW_SEEDS) if PROFILE == "few" else count)


def examples(count: int) -> int:
    """Return how many examples hypothesis tries."""
    return {"few": FEW_EXAMPLES, "search": MANY_EXAMPLES}.get(PROFILE, count)
