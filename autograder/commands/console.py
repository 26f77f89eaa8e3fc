"""The console that commands print on."""

import sys
from contextlib import suppress
from typing import Any

from rich.console import Console


def console(**options: Any) -> Console:
    """Return the console; it escapes characters that the terminal or file cannot show."""
    output: Any = sys.stdout  # may be replaced by an object without `reconfigure`
    with suppress(AttributeError):
        output.reconfigure(errors="backslashreplace")
    return Console(highlight=False, **options)
