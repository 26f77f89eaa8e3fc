"""What a course has kept of what was handed in."""

import hashlib
import sqlite3
from contextlib import closing
from pathlib import Path

from autograder.gradebook.course import STATE
from autograder.gradebook.journal import FILE


def kept(course: Path) -> dict[str, bytes]:
    """Return the content of the kept files by their hash, which each must have for its name."""
    files = [file for file in (course / STATE / "received").rglob("*") if file.is_file()]
    found = {file.name: file.read_bytes() for file in files}
    assert len(found) == len(files)
    assert all(hashlib.sha256(content).hexdigest() == name for name, content in found.items())
    return found


def received(course: Path) -> list[tuple]:
    """Return student, assignment, path and hash of what has come in, as the journal has it."""
    with closing(sqlite3.connect(course / STATE / FILE)) as db:
        columns = "student, assignment, path, sha256"
        return db.execute(f"SELECT {columns} FROM received ORDER BY at").fetchall()
