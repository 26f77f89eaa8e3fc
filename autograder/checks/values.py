"""What may cross a border: dicts, lists, texts, numbers and arrays of numbers, as JSON."""

from typing import Any

Values = dict[str, Any]
