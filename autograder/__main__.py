"""The command ``autograder``: its subcommands, their options and exit codes."""

from autograder import safe_path  # before anything else is imported  # isort: skip

import argparse
import contextlib
import math
import signal
import sys
import time
from pathlib import Path
from typing import Any

from autograder import AutograderError

LIMITS = ("seconds", "cpu", "memory", "disk", "processes", "files", "output")
PATIENCE = 2  # seconds after a signal during which further ones are ignored
STOPPED: list[tuple[float, int]] = []  # time and number of the signals that were acted on
EPILOG = (
    "Exit code: 0 all is well, 1 there were findings, 2 the command could not do its work, "
    "130 or 143 it was stopped."
)


def main(arguments: list[str] | None = None) -> int:
    """Run one command and return the exit code."""
    if arguments is None:  # run as a command, not called from Python
        safe_path.protect_child_processes()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, _stop)
    options = _parser().parse_args(arguments)
    # Otherwise jsonschema, which nbformat imports, takes a second to build grammars of URLs.
    modules: dict[str, Any] = sys.modules  # an entry of None makes an import fail
    modules.setdefault("rfc3987_syntax", None)
    try:
        return options.run(options)
    except AutograderError as error:
        if STOPPED:  # nbgrader turns the interrupt into an error of its own
            return _stopped(options.command)
        print(f"autograder {options.command}: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return _stopped(options.command)
    except BrokenPipeError:  # the reader of the output has closed the pipe, as `head` does
        sys.stderr.close()
        return 2


def _stop(number: int, _frame: object) -> None:
    """Stop the command; ignore a second signal that would interrupt its clean-up."""
    if not STOPPED or time.monotonic() - STOPPED[-1][0] > PATIENCE:
        STOPPED.append((time.monotonic(), number))
        raise KeyboardInterrupt


def _stopped(command: str) -> int:
    """Stop the process that notebooks are forked from, and return the exit code."""
    if start := sys.modules.get("autograder.execution.processes.start"):
        with start.stopping():
            pass
    print(f"\nautograder {command}: stopped.", file=sys.stderr)
    return 128 + (STOPPED[-1][1] if STOPPED else signal.SIGINT)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="autograder",
        description="Check, release and grade the exercises of the book.",
        epilog=EPILOG,
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    check = commands.add_parser("check", help="student: run the visible checks of a notebook")
    check.add_argument(
        "path", type=Path, metavar="FILE.ipynb", help="a notebook or a folder of notebooks"
    )
    check.add_argument(
        "--timeout", type=_seconds, default=60, metavar="S", help="time limit of a cell (60 s)"
    )
    check.set_defaults(run=_check)

    release = commands.add_parser("release", help="instructor: make the student notebooks")
    release.add_argument("folder", type=Path, metavar="DIR", help="folder of the course")
    release.add_argument("--assignment", action="append", metavar="A", help="only this assignment")
    release.set_defaults(run=_release)

    grade = commands.add_parser("grade", help="instructor: grade everything in DIR/submitted/")
    _add_options_of_grade(grade)

    export = commands.add_parser("export", help="instructor: write the grades of a course")
    export.add_argument("folder", type=Path, metavar="DIR", help="folder of the course")
    forms = ["csv", "canvas", "moodle"]
    export.add_argument("--to", choices=forms, default="csv", help="format (csv: DIR/grades.csv)")
    export.set_defaults(run=_export)

    report = commands.add_parser(
        "report", help="instructor: write DIR/report.html, a page on the class"
    )
    report.add_argument("folder", type=Path, metavar="DIR", help="folder of the course")
    report.set_defaults(run=_report)

    selftest = commands.add_parser("selftest", help="grade known answers and check their scores")
    selftest.add_argument("--exercise", action="append", metavar="E", help="only this exercise")
    selftest.add_argument(
        "--jobs", type=_count, metavar="N", help="parallel processes (number of cores)"
    )
    selftest.set_defaults(run=_selftest)
    return parser


def _add_options_of_grade(grade: argparse.ArgumentParser) -> None:
    grade.add_argument("folder", type=Path, metavar="DIR", help="folder of the course")
    grade.add_argument("--assignment", metavar="A", help="only this assignment")
    grade.add_argument("--student", metavar="S", help="only this student")
    grade.add_argument(
        "--jobs", type=_count, metavar="N", help="notebooks at a time (number of cores)"
    )
    grade.add_argument("--force", action="store_true", help="grade again what was graded before")
    grade.add_argument(
        "--timeout", type=_seconds, default=60, metavar="S", help="time limit of a cell (60 s)"
    )
    grade.add_argument(
        "--limit",
        type=_limit,
        action="append",
        default=[],
        metavar="NAME=N",
        help="per notebook: seconds, cpu (s), memory, disk (MiB), processes, files, output (KiB)",
    )
    grade.add_argument("--scheduler", metavar="ADDRESS", help="run on a dask cluster")
    grade.add_argument("--unsafe", action="store_true", help="run student code uncontained")
    grade.set_defaults(run=_grade)


def _seconds(text: str) -> float:
    with contextlib.suppress(ValueError):
        if 0 < (value := float(text)) < math.inf:
            return value
    raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds above 0")


def _limit(text: str) -> tuple[str, int]:
    name, _, number = text.partition("=")
    if name not in LIMITS:
        raise argparse.ArgumentTypeError(f"{name!r} is none of {', '.join(LIMITS)}")
    return name, _count(number)


def _count(text: str) -> int:
    with contextlib.suppress(ValueError):
        if (value := int(text)) >= 1:
            return value
    raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of at least 1")


def _check(options) -> int:
    from autograder.commands import check

    return check.run(options.path, options.timeout)


def _release(options) -> int:
    from autograder.commands import release

    for file in release.release(options.folder, options.assignment or ()):
        print(file)
    return 0


def _grade(options) -> int:
    import os

    from autograder.commands import grade

    if options.scheduler and options.jobs:
        raise AutograderError(
            "With --scheduler, the threads of the workers decide how many notebooks run at a time: "
            "leave --jobs out."
        )
    limits = dict(options.limit)
    budget = grade.budget(options.timeout, limits, options.unsafe, options.scheduler)
    jobs = options.jobs or os.cpu_count() or 1
    only = options.assignment, options.student
    chosen = grade.Options(*only, jobs, options.force, budget, options.scheduler)
    return grade.run(options.folder, chosen)


def _export(options) -> int:
    from autograder.commands import export

    return export.run(options.folder, options.to)


def _report(options) -> int:
    from autograder.commands import report

    return report.run(options.folder)


def _selftest(options) -> int:
    from autograder.commands import selftest

    return selftest.run(options.exercise, options.jobs)


if __name__ == "__main__":
    sys.exit(main())
