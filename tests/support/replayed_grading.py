"""Grade courses with kept results: ``python replayed_grading.py RESULTS``.

Each line of standard input is JSON: ``{"course": FOLDER, "moment": SECONDS}``. A process of its own
then grades the course; everything but the execution of notebooks is that of ``autograder grade``.
After these seconds it is killed with all that it has started; null leaves it alone. The answer is a
line with ``code``, what the process ended with (negative for a signal), and ``seconds``.

The processes are forked from one that has imported all that they need and knows the versions of all
packages, but has no threads: that takes longer than a grading.
"""

import importlib
import json
import os
import select
import signal
import sys
import threading
import time
import traceback
from pathlib import Path

from autograder import checks
from autograder.commands import grade
from autograder.execution import job as jobs
from autograder.execution.processes import code, start
from autograder.execution.processes.session import Budget
from autograder.execution.result import JobResult

LATE = (  # what `grade` and its libraries import late
    "alembic.autogenerate",
    "alembic.runtime.environment",
    "autograder.commands.grading.summary",
    "autograder.gradebook.recorder",
    "pygments.lexers.python",
    "rich.progress",
    "sqlalchemy.dialects.sqlite",
)


def read(file: Path) -> dict[str, JobResult]:
    """Return results by the keys of their jobs."""
    kept = json.loads(file.read_text(encoding="utf-8"))
    return {key: JobResult.from_json(result) for key, result in kept.items()}


def run(course: Path, known: dict[str, JobResult]) -> int:
    """Grade in this process, whose output goes to standard error; return what ``grade`` returns."""
    os.dup2(2, 1)
    jobs.execute = lambda job, *_: known[job.key(Budget())]
    start.context = lambda: None
    return grade.run(course, grade.Options(jobs=2, budget=Budget()))


def forked(course: Path, moment: float | None, known: dict[str, JobResult]) -> dict:
    """Grade in a process of its own; return how it ended."""
    assert threading.active_count() == 1, "a fork would copy locks that nobody opens"
    begin = time.monotonic()
    pid = os.fork()
    if not pid:
        os.setpgid(0, 0)
        try:
            os._exit(run(course, known))
        except BaseException:
            traceback.print_exc()
            os._exit(99)
    ended = os.pidfd_open(pid)
    select.select([ended], [], [], moment)
    os.close(ended)
    if moment is not None:
        os.killpg(pid, signal.SIGKILL)
    _, status = os.waitpid(pid, 0)
    return {"code": os.waitstatus_to_exitcode(status), "seconds": time.monotonic() - begin}


def main(results: str) -> None:
    """Answer each line of standard input."""
    known = read(Path(results))
    for name in LATE:
        importlib.import_module(name)
    for name in checks.NAMES:
        checks.load(name)
    code.environment()
    for line in sys.stdin:
        wanted = json.loads(line)
        print(json.dumps(forked(Path(wanted["course"]), wanted["moment"], known)), flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
