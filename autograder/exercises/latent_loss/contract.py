"""What of ``latent_loss`` is traced: the function, for codes of several widths."""

from collections.abc import Mapping
from typing import Any

from autograder.checks.contract import Order, Traced
from autograder.checks.values import Values

WIDTHS = (1, 2, 3, 5, 10, 32)  # latents of a code
BATCHES = (1, 2, 3, 32)  # examples, for a function that has to know how many there are


def orders(answers: Mapping[str, Any], settings: Values) -> list[Order]:
    """Return one function for each width; see ``autograder.checks.contract``."""

    def make() -> Traced:
        return Traced(answers["latent_loss"])

    return [Order(name(width), make, ((None, width),) * 2, BATCHES) for width in WIDTHS]


def name(width: int) -> str:
    """Return the name of the function for codes of a width."""
    return f"{width} latents"
