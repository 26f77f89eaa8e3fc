"""The journal of what a course has received and graded, so that an interrupted run can go on.

One SQLite file in write-ahead mode, ``COURSE/.autograder/journal.db``: what is committed to it
survives a crash of the process or of the machine. A writer holds a lock, which ends with the
process; a reader needs none.
"""

import json
import os
import sqlite3
import time
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from autograder import AutograderError
from autograder.gradebook.course import Course

FILE, LOCK = "journal.db", "lock.db"
VERSION = 1  # of the tables
TABLES = f"""
BEGIN IMMEDIATE;
CREATE TABLE received (
    student TEXT, assignment TEXT, path TEXT, sha256 TEXT, size INTEGER, at REAL,
    PRIMARY KEY (student, assignment, path, sha256)
);
CREATE TABLE jobs (key TEXT PRIMARY KEY, result TEXT, seconds REAL, at REAL);
CREATE TABLE submissions (
    student TEXT, assignment TEXT, sha256 TEXT, key TEXT, status TEXT, reason TEXT, repairs TEXT,
    recorded TEXT, PRIMARY KEY (student, assignment)
);
PRAGMA user_version = {VERSION};
COMMIT;
"""
COLUMNS = "student, assignment, status, reason, sha256, key, repairs, recorded"
RUNS = """
SELECT student, assignment, json_extract(result, '$.containment'), seconds
FROM submissions JOIN jobs USING (key)
"""
REMEDIES = {
    sqlite3.SQLITE_BUSY: "Another grading of this course is running: wait until it has ended.",
    sqlite3.SQLITE_CORRUPT: "It is damaged: restore it, or move it away and grade again.",
    sqlite3.SQLITE_FULL: "Make room on the disk and run it again; what was graded before stays.",
    sqlite3.SQLITE_NOTADB: "It is not a journal: move it away and grade again.",
}
OTHERWISE = "Check the permissions of its folder and the free disk space, and run it again."


@dataclass(frozen=True)
class Entry:
    """The state of one submission.

    Attributes
    ----------
    student, assignment : str
        The student and the assignment.
    status : str
        ``graded``, ``not attempted`` or ``for review``; empty while nothing is decided.
    reason : str
        Why somebody must look at it; empty otherwise.
    sha256 : str
        Hash of the submitted notebook; empty if there is no usable one.
    key : str
        Key of the job whose result is to be recorded.
    repairs : tuple of str
        What was repaired before grading.
    recorded : str
        The value of ``due`` when it was recorded in the gradebook.
    terms : str
        What a late penalty depends on; empty if on time. It is stored only in ``recorded``.
    """

    student: str
    assignment: str
    status: str = ""
    reason: str = ""
    sha256: str = ""
    key: str = ""
    repairs: tuple[str, ...] = ()
    recorded: str = ""
    terms: str = ""

    @property
    def due(self) -> str:
        """What the gradebook must have recorded: ``sha256:key``, plus ``:terms`` if late."""
        return ":".join([self.sha256, self.key, *([self.terms] if self.terms else [])])


@dataclass(frozen=True)
class Run:
    """How the notebook of a submission was run: in what containment, and for how many seconds."""

    containment: str
    seconds: float


class Journal:
    """The journal of a course.

    Parameters
    ----------
    course : Course
        The course.

    Raises
    ------
    AutograderError
        If the file cannot be used; the message says why.
    """

    def __init__(self, course: Course):
        self.file = course.state / FILE
        self._connections: list[sqlite3.Connection] = []
        try:
            with explain_journal_errors(self.file):
                self.file.parent.mkdir(exist_ok=True)
                lock = self._connect(self.file.with_name(LOCK))
                lock.execute("BEGIN EXCLUSIVE")
                self._db = self._connect(self.file)
                new = _is_new(self._db, self.file)
                self._db.execute("PRAGMA journal_mode = WAL")
                self._db.execute("PRAGMA synchronous = FULL")
                if new:
                    self._db.executescript(TABLES)
        except BaseException:
            self.close()
            raise

    def _connect(self, file: Path) -> sqlite3.Connection:
        self._connections.append(sqlite3.connect(file, timeout=0, isolation_level=None))
        return self._connections[-1]

    def close(self) -> None:
        """Close the file and release the lock; calling it again does nothing."""
        for connection in reversed(self._connections):
            connection.close()

    def receive(self, student: str, assignment: str, path: str, sha256: str, size: int) -> None:
        """Note that a file was received; only the first time is kept."""
        values = student, assignment, path, sha256, size, time.time()
        self._run("INSERT OR IGNORE INTO received VALUES (?, ?, ?, ?, ?, ?)", values)

    def result(self, key: str) -> dict[str, Any] | None:
        """Return the result of a finished job, or None."""
        rows = self._run("SELECT result FROM jobs WHERE key = ?", (key,))
        result: dict[str, Any] | None = json.loads(rows[0][0]) if rows else None
        return result

    def finish(self, key: str, result: dict[str, Any], seconds: float) -> None:
        """Store the result of a job."""
        values = key, json.dumps(result), seconds, time.time()
        self._run("INSERT OR REPLACE INTO jobs VALUES (?, ?, ?, ?)", values)

    def entry(self, student: str, assignment: str) -> Entry:
        """Return the entry of a submission; an empty one if there is none."""
        for entry in self.entries("WHERE student = ? AND assignment = ?", (student, assignment)):
            return entry
        return Entry(student, assignment)

    def entries(self, where: str = "", values: tuple[Any, ...] = ()) -> Iterator[Entry]:
        """Yield the entries of all submissions."""
        statement = f"SELECT {COLUMNS} FROM submissions {where} ORDER BY 1, 2"
        yield from map(_entry, self._run(statement, values))

    def note(self, entry: Entry) -> None:
        """Store the entry of a submission."""
        values = (
            *(entry.student, entry.assignment, entry.status, entry.reason, entry.sha256),
            *(entry.key, json.dumps(entry.repairs), entry.recorded),
        )
        placeholders = ", ".join("?" * len(values))
        self._run(f"INSERT OR REPLACE INTO submissions ({COLUMNS}) VALUES ({placeholders})", values)

    def forget_reviews(self, keep: Iterable[Entry]) -> None:
        """Delete the entries for review except those to keep: the others are out of date."""
        kept = {(entry.student, entry.assignment) for entry in keep}
        for entry in [*self.entries("WHERE status = 'for review'")]:
            if (key := (entry.student, entry.assignment)) not in kept:
                self._run("DELETE FROM submissions WHERE student = ? AND assignment = ?", key)

    def _run(self, statement: str, values: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
        with explain_journal_errors(self.file):
            return self._db.execute(statement, tuple(map(_storable, values))).fetchall()


def read_entries(course: Course) -> list[Entry]:
    """Return the entries of all submissions of a course, without writing anything.

    Raises
    ------
    AutograderError
        If there is a journal that cannot be read; the message says why.
    """
    return [*map(_entry, _query(course, f"SELECT {COLUMNS} FROM submissions ORDER BY 1, 2"))]


def runs(course: Course) -> dict[tuple[str, str], Run]:
    """Return by student and assignment how the notebooks were run, without writing anything.

    Raises
    ------
    AutograderError
        If there is a journal that cannot be read; the message says why.
    """
    return {
        (student, assignment): Run(containment or "", seconds)
        for student, assignment, containment, seconds in _query(course, RUNS)
    }


def _query(course: Course, statement: str) -> list[tuple[Any, ...]]:
    """Return the rows that a journal has for a query; none if there is no journal."""
    file = course.state / FILE
    with explain_journal_errors(file):
        if not file.is_file():
            return []
        # In a read-only folder, SQLite opens only a file that is declared immutable. Nobody writes
        # to it there; elsewhere somebody might begin to at any moment.
        effective = os.access in os.supports_effective_ids
        immutable = not os.access(file.parent, os.W_OK, effective_ids=effective)
        uri = f"{file.resolve().as_uri()}?mode=ro{'&immutable=1' * immutable}"
        with closing(sqlite3.connect(uri, timeout=5, uri=True)) as db:
            if _is_new(db, file):
                return []
            return db.execute(statement).fetchall()


@contextmanager
def explain_journal_errors(file: Path) -> Iterator[None]:
    """Raise an AutograderError, which says what to do, for an error in a journal."""
    try:
        yield
    except (OSError, sqlite3.Error) as error:
        message = getattr(error, "strerror", None) or str(error)
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF  # the rest is a detail of the kind
        raise AutograderError(
            f"The journal {file} cannot be used: {message}. {REMEDIES.get(code, OTHERWISE)}"
        ) from error


def _is_new(db: sqlite3.Connection, file: Path) -> bool:
    """Return whether a file is still empty; raise an error if it is not ours."""
    version = db.execute("PRAGMA user_version").fetchone()[0]
    tables = db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    if version == 0 and not tables:
        return True
    if version != VERSION:
        raise AutograderError(
            f"{file} was written by another version of the autograder: use that version, or move "
            "the file away and grade again."
        )
    return False


def _entry(row: tuple[Any, ...]) -> Entry:
    student, assignment, status, reason, sha256, key, repairs, recorded = row
    repaired = tuple(json.loads(repairs))
    return Entry(student, assignment, status, reason, sha256, key, repaired, recorded)


def _storable(value: Any) -> Any:
    """Return a value that SQLite accepts: file names may contain bytes that are not UTF-8."""
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode()
    return value
