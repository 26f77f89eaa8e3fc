"""A course: where its files are, and nbgrader's API to it, or why it cannot be opened."""

import logging
import os
import shutil
import sqlite3
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

from autograder import AutograderError

STAMP = "timestamp.txt"  # nbgrader's name for the file with the time of a submission
SETTINGS = "nbgrader_config.py"
STATE = ".autograder"  # what we keep of a course, in its folder
LOGS = "traitlets", "tornado.application"  # where nbgrader writes what goes wrong
SQLITE = "sqlite:///"
LONGEST = 300  # characters of what an exception says
OTHER = "It was made by another version of nbgrader: use that version, or copy the gradebook to a "
OTHER += "safe place and run `nbgrader db upgrade` in the folder of the course."
IN_USE = "Another program uses it: close it, and run this again; what was graded before stays."
DAMAGED = "It is damaged: restore it from a copy, or move it away, release and grade again."
REMEDIES = {
    sqlite3.SQLITE_BUSY: IN_USE,
    sqlite3.SQLITE_LOCKED: IN_USE,
    sqlite3.SQLITE_CORRUPT: DAMAGED,
    sqlite3.SQLITE_NOTADB: DAMAGED,
    sqlite3.SQLITE_ERROR: OTHER,  # a table or a column is missing
    sqlite3.SQLITE_FULL: "Make room on the disk and run it again; what was graded before stays.",
}
SERVER = "Make sure that the server of the database answers, and run it again."
OTHERWISE = "See to its rights and the room on the disk, and run it again."


@dataclass(frozen=True)
class Course:
    """A course in a folder, as nbgrader lays it out; ``.autograder`` holds what we keep of it.

    Attributes
    ----------
    folder : Path
        The folder of the course.
    """

    folder: Path

    def __str__(self) -> str:
        return str(self.folder)

    @property
    def state(self) -> Path:
        """The folder of the journal, the files that were handed in, and the seeds."""
        return self.folder / STATE

    @property
    def settings(self) -> Path:
        """The file with nbgrader's settings."""
        return self.folder / SETTINGS

    @property
    def submitted(self) -> Path:
        """The folder into which instructors put what students hand in."""
        return self.folder / "submitted"

    @property
    def sources(self) -> Path:
        """The folder of the assignments with their solutions."""
        return self.folder / "source"

    def source(self, assignment: str, notebook: str) -> Path:
        """Return a notebook as instructors have it."""
        return self.sources / assignment / f"{notebook}.ipynb"

    def released(self, assignment: str, notebook: str) -> Path:
        """Return a notebook as students get it."""
        return self.folder / "release" / assignment / f"{notebook}.ipynb"

    def autograded(self, student: str, assignment: str) -> Path:
        """Return the folder of what a student has handed in, after it was graded."""
        return self.folder / "autograded" / student / assignment


@contextmanager
def opened(course: Course) -> Iterator[Any]:
    """Give nbgrader's API to a course, with the programs that it calls on the path.

    Raises
    ------
    AutograderError
        If the settings of the course cannot be used.
    """
    from nbgrader.apps import NbGraderAPI
    from nbgrader.coursedir import CourseDirectory

    config = settings(course)
    # What they write is raised, too; without a handler Python would print it with tracebacks.
    for name in LOGS:
        if not logging.getLogger(name).handlers:
            logging.getLogger(name).addHandler(logging.NullHandler())
    path = os.environ.get("PATH")
    # nbgrader starts `alembic` by its name, also when no environment is activated.
    places = [str(Path(sys.executable).parent), *([path] if path else [])]
    os.environ["PATH"] = os.pathsep.join(places)
    try:
        with warnings.catch_warnings():
            # Three of SQLAlchemy about nbgrader's own code, at every submission.
            warnings.filterwarnings("ignore", module="nbgrader")
            with usable(course.settings):
                api = NbGraderAPI(CourseDirectory(config=config), config=config)
            yield api
    finally:
        if path is None:
            del os.environ["PATH"]
        else:
            os.environ["PATH"] = path


def settings(course: Course) -> Any:
    """Return nbgrader's settings of a course.

    Raises
    ------
    AutograderError
        If there are none, or if they cannot be used.
    """
    from traitlets.config import Config, PyFileConfigLoader

    file = course.settings
    if not file.is_file():
        raise AutograderError(f"{file} is missing: run `autograder release {course}` first.")
    with usable(file):
        config = Config(PyFileConfigLoader(file.name, path=str(course)).load_config())
        config.CourseDirectory.root = str(course)
    return config


@contextmanager
def usable(file: Path) -> Iterator[None]:
    """Raise an AutograderError for whatever happens while the settings in a file are used."""
    try:
        yield
    except (Exception, SystemExit) as error:  # they are a program, which may do anything
        raise AutograderError(
            f"The settings in {file} cannot be used: {in_a_line(error)}. Correct them, or move the "
            "file away and run `autograder release`, which writes it anew."
        ) from error


@contextmanager
def foreseen(otherwise: Callable[[str], None]) -> Iterator[None]:
    """Let the AutograderErrors of a course pass, and hand a sentence on any other error over."""
    try:
        yield
    except AutograderError:
        raise
    except Exception as error:
        otherwise(f"The autograder failed at it: {in_a_line(error)}. Please report that.")


def in_a_line(error: BaseException) -> str:
    """Return an exception in one line without a full stop."""
    told = next(iter(str(error).strip().splitlines()), "").rstrip(".")[:LONGEST]
    told = "".join(each if each.isprintable() else "?" for each in told)
    return f"{type(error).__name__}: {told}" if told else type(error).__name__


@contextmanager
def told_of_gradebook(course: Course) -> Iterator[None]:
    """Raise an AutograderError for what happens to the gradebook of a course, with what to do."""
    from sqlalchemy.exc import NoSuchModuleError, SQLAlchemyError

    try:
        yield
    except (ImportError, NoSuchModuleError) as error:
        raise AutograderError(
            f"The gradebook of {course} lies in a database for which a Python package is missing: "
            f"{in_a_line(error)}. Install it, or change `db_url` in {SETTINGS}."
        ) from error
    except SQLAlchemyError as error:
        orig = getattr(error, "orig", None)
        told = next(iter(str(orig or error).strip().splitlines())).rstrip(".")
        code = getattr(orig, "sqlite_errorcode", None)
        remedy = (
            SERVER if code is None else REMEDIES.get(code & 0xFF, OTHERWISE)
        )  # the rest: details
        raise AutograderError(
            f"The gradebook of {course} cannot be used: {told}. {remedy}"
        ) from error


def address(course: Course, url: str) -> str:
    """Return the address of a gradebook as it can be used in any folder."""
    return f"{SQLITE}{course.folder / url.removeprefix(SQLITE)}" if url.startswith(SQLITE) else url


def is_missing(course: Course, url: str) -> bool:
    """Return whether a gradebook should be a file and is not there, or is empty."""
    file = course.folder / url.removeprefix(SQLITE)
    return url.startswith(SQLITE) and not (file.is_file() and file.stat().st_size)


def has_gradebook(course: Course, url: str) -> bool:
    """Return whether a course has a gradebook that this version of nbgrader can use.

    Raises
    ------
    AutograderError
        If it has one that cannot be used.
    """
    if is_missing(course, url):
        return False  # and none is made, as SQLite would
    with told_of_gradebook(course):
        columns, version = _content(address(course, url))
    if columns and (not _needed() <= columns or version != _version()):
        raise AutograderError(f"The gradebook of {course} cannot be used. {OTHER}")
    return bool(columns)


def _content(url: str) -> tuple[set[tuple[str, str]], str | None]:
    """Return the columns of a database, each with its table, and the version noted in it."""
    from sqlalchemy import create_engine, inspect, text

    engine, version = create_engine(url), None
    try:
        with engine.connect() as opened:
            if url.startswith(SQLITE):  # told now whether it can be written, not after an hour
                opened.exec_driver_sql("BEGIN IMMEDIATE")
            inspector = inspect(opened)
            tables = inspector.get_table_names()
            columns = {(name, c["name"]) for name in tables for c in inspector.get_columns(name)}
            if ("alembic_version", "version_num") in columns:
                version = opened.execute(text("SELECT version_num FROM alembic_version")).scalar()
    finally:
        engine.dispose()
    return columns, version


def _needed() -> set[tuple[str, str]]:
    """Return the columns that nbgrader works with, each with its table."""
    from nbgrader.api import Base

    tables = Base.metadata.tables.values()
    return {(table.name, column.name) for table in tables for column in table.columns}


def _version() -> str | None:
    """Return the version of the gradebooks that nbgrader makes."""
    from alembic.script import ScriptDirectory
    from nbgrader.dbutil import ALEMBIC_DIR

    return ScriptDirectory(ALEMBIC_DIR).get_current_head()


def require_gradebook(course: Course, url: str) -> None:
    """Stop if a course has no gradebook, which nbgrader would make without a word."""
    if not has_gradebook(course, url):
        raise no_gradebook(course)


def no_gradebook(course: Course) -> AutograderError:
    """Return what to raise for a course without a gradebook."""
    return AutograderError(f"{course} has no gradebook: run `autograder release {course}` first.")


def prepare_gradebook(course: Course, url: str) -> None:
    """Stop if nbgrader can neither use the gradebook of a course nor make one."""
    if not has_gradebook(course, url) and shutil.which("alembic") is None:
        raise AutograderError(
            "nbgrader needs the program `alembic` to make a gradebook, and it is not on the PATH: "
            "install the requirements of this book again, or activate their environment."
        )


@contextmanager
def replacing(file: Path) -> Iterator[TextIO]:
    """Write under another name first, so that a full disk leaves the old file alone."""
    part = file.with_name(f"{file.name}.part")
    try:
        # Names of folders may hold bytes that are no text.
        with part.open("w", newline="", encoding="utf-8", errors="backslashreplace") as text:
            yield text
        part.replace(file)
    except OSError as error:
        raise AutograderError(f"{file} cannot be written: {error.strerror}.") from error
    finally:
        with suppress(OSError):  # it is there only where something has failed
            part.unlink()
