"""A course: its files, its settings, its gradebook, and what to do if one cannot be used."""

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
from autograder.checks.words import one_line, unforeseen

STAMP = "timestamp.txt"  # nbgrader's name for the file with the time of a submission
SETTINGS = "nbgrader_config.py"
STATE = ".autograder"  # what we keep of a course, in its folder
LOGS = "traitlets", "tornado.application"  # where nbgrader logs errors
SQLITE = "sqlite:///"
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
SERVER = "Make sure that the database server responds, and run it again."
OTHERWISE = "Check its permissions and the free disk space, and run it again."


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
        """The folder of the journal, the kept copies of submitted files, and the seeds."""
        return self.folder / STATE

    @property
    def settings(self) -> Path:
        """The file with nbgrader's settings."""
        return self.folder / SETTINGS

    @property
    def submitted(self) -> Path:
        """The folder into which instructors put what students submit."""
        return self.folder / "submitted"

    @property
    def sources(self) -> Path:
        """The folder of the assignments with their solutions."""
        return self.folder / "source"

    def source(self, assignment: str, notebook: str) -> Path:
        """Return the path of the instructors' version of a notebook."""
        return self.sources / assignment / f"{notebook}.ipynb"

    def released(self, assignment: str, notebook: str) -> Path:
        """Return the path of the students' version of a notebook."""
        return self.folder / "release" / assignment / f"{notebook}.ipynb"

    def autograded(self, student: str, assignment: str) -> Path:
        """Return the folder of a graded submission."""
        return self.folder / "autograded" / student / assignment


@contextmanager
def open_nbgrader(course: Course) -> Iterator[Any]:
    """Open nbgrader's API to a course, with the programs that it calls on the PATH.

    Raises
    ------
    AutograderError
        If the settings of the course cannot be used.
    """
    from nbgrader.apps import NbGraderAPI
    from nbgrader.coursedir import CourseDirectory

    config = settings(course)
    # Their errors are raised as well; without a handler, Python would also print tracebacks.
    for name in LOGS:
        if not logging.getLogger(name).handlers:
            logging.getLogger(name).addHandler(logging.NullHandler())
    path = os.environ.get("PATH")
    # nbgrader runs `alembic` by name, which must work even if no environment is activated.
    folders = [str(Path(sys.executable).parent), *([path] if path else [])]
    os.environ["PATH"] = os.pathsep.join(folders)
    try:
        with warnings.catch_warnings():
            # SQLAlchemy warns of nbgrader's own code three times per submission.
            warnings.filterwarnings("ignore", module="nbgrader")
            with explain_settings_errors(course.settings):
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
    with explain_settings_errors(file):
        config = Config(PyFileConfigLoader(file.name, path=str(course)).load_config())
        config.CourseDirectory.root = str(course)
    return config


@contextmanager
def explain_settings_errors(file: Path) -> Iterator[None]:
    """Raise an AutograderError for any error while the settings in a file are used."""
    try:
        yield
    except (Exception, SystemExit) as error:  # settings are Python code, which may raise anything
        raise AutograderError(
            f"The settings in {file} cannot be used: {one_line(error)}. Correct them, or move the "
            "file away and run `autograder release`, which writes it anew."
        ) from error


@contextmanager
def catch_unexpected_errors(report: Callable[[str], None]) -> Iterator[None]:
    """Let AutograderErrors pass, and report any other error in a sentence."""
    try:
        yield
    except AutograderError:
        raise
    except Exception as error:
        report(unforeseen(error))


@contextmanager
def explain_gradebook_errors(course: Course) -> Iterator[None]:
    """Raise an AutograderError, which says what to do, for an error in the gradebook."""
    from sqlalchemy.exc import NoSuchModuleError, SQLAlchemyError

    try:
        yield
    except (ImportError, NoSuchModuleError) as error:
        raise AutograderError(
            f"The gradebook of {course} is in a database for which a Python package is missing: "
            f"{one_line(error)}. Install it, or change `db_url` in {SETTINGS}."
        ) from error
    except SQLAlchemyError as error:
        orig = getattr(error, "orig", None)
        message = next(iter(str(orig or error).strip().splitlines())).rstrip(".")
        code = getattr(orig, "sqlite_errorcode", None)
        # The higher bits of the code are details.
        remedy = SERVER if code is None else REMEDIES.get(code & 0xFF, OTHERWISE)
        raise AutograderError(
            f"The gradebook of {course} cannot be used: {message}. {remedy}"
        ) from error


def address(course: Course, url: str) -> str:
    """Return the address of a gradebook in a form that is valid in any working directory."""
    return f"{SQLITE}{course.folder / url.removeprefix(SQLITE)}" if url.startswith(SQLITE) else url


def is_missing(course: Course, url: str) -> bool:
    """Return whether a gradebook should be a file, but does not exist or is empty."""
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
        return False  # connecting would create it
    with explain_gradebook_errors(course):
        columns, version = _schema(address(course, url))
    if columns and (not _required_columns() <= columns or version != _current_version()):
        raise AutograderError(f"The gradebook of {course} cannot be used. {OTHER}")
    return bool(columns)


def _schema(url: str) -> tuple[set[tuple[str, str]], str | None]:
    """Return the columns of a database, each with its table, and the version of its schema."""
    from sqlalchemy import create_engine, inspect, text

    engine, version = create_engine(url), None
    try:
        with engine.connect() as connection:
            if url.startswith(SQLITE):  # fail now if it cannot be written, not after an hour
                connection.exec_driver_sql("BEGIN IMMEDIATE")
            inspector = inspect(connection)
            tables = inspector.get_table_names()
            columns = {(name, c["name"]) for name in tables for c in inspector.get_columns(name)}
            if ("alembic_version", "version_num") in columns:
                statement = text("SELECT version_num FROM alembic_version")
                version = connection.execute(statement).scalar()
    finally:
        engine.dispose()
    return columns, version


def _required_columns() -> set[tuple[str, str]]:
    """Return the columns that nbgrader uses, each with its table."""
    from nbgrader.api import Base

    tables = Base.metadata.tables.values()
    return {(table.name, column.name) for table in tables for column in table.columns}


def _current_version() -> str | None:
    """Return the schema version of the gradebooks that nbgrader creates."""
    from alembic.script import ScriptDirectory
    from nbgrader.dbutil import ALEMBIC_DIR

    return ScriptDirectory(ALEMBIC_DIR).get_current_head()


def require_gradebook(course: Course, url: str) -> None:
    """Stop if a course has no gradebook; nbgrader would silently create one."""
    if not has_gradebook(course, url):
        raise no_gradebook(course)


def no_gradebook(course: Course) -> AutograderError:
    """Return the error to raise for a course without a gradebook."""
    return AutograderError(f"{course} has no gradebook: run `autograder release {course}` first.")


def prepare_gradebook(course: Course, url: str) -> None:
    """Stop if nbgrader can neither use the gradebook of a course nor create one."""
    if not has_gradebook(course, url) and shutil.which("alembic") is None:
        raise AutograderError(
            "nbgrader needs the program `alembic` to make a gradebook, and it is not on the PATH: "
            "install the requirements of this book again, or activate their environment."
        )


@contextmanager
def atomic_write(file: Path) -> Iterator[TextIO]:
    """Write to a temporary file first, so that a full disk leaves the old file intact."""
    part = file.with_name(f"{file.name}.part")
    try:
        # Names of folders may contain bytes that are not valid text.
        with part.open("w", newline="", encoding="utf-8", errors="backslashreplace") as text:
            yield text
        part.replace(file)
    except OSError as error:
        raise AutograderError(f"{file} cannot be written: {error.strerror}.") from error
    finally:
        with suppress(OSError):  # it exists only if something has failed
            part.unlink()
