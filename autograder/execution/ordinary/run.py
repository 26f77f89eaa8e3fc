"""Run a notebook of an ordinary nbgrader assignment, and return the outputs that nbgrader scores.

The tests run beside the student's code, as nbgrader runs them, in a contained process. One thing
differs from ``nbgrader autograde``: hidden tests enter that process only after the student's last
cell. At first, a cell with hidden tests runs as it was released. When the last cell has ended, the
complete cell runs with the names, the random numbers (of ``random`` and ``numpy.random``) and the
working folder that it had at its place in the notebook, and that run counts. So

- objects that later cells have changed in place (a list that grew, a fitted model) and files
  appear as they are at the end;
- the visible lines of such a cell run twice;
- names that hidden lines define exist for later hidden tests only;
- without hidden tests nothing differs.
"""

import base64
import hashlib
import json
import time
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from autograder import AutograderError
from autograder.checks.running.cells import is_test
from autograder.checks.words import listing, printable
from autograder.execution.ordinary.outputs import NO_REASON, scored
from autograder.execution.processes import code
from autograder.execution.processes.session import Budget, EndedError, Session, UnusableError
from autograder.execution.result import JobResult
from autograder.execution.worker.outputs import Cleaner, Output, failure, sentences

GRACE = 5  # seconds between the interrupt of a cell and the end of its process
CHUNK = 2**20  # bytes of a file in one message
CALL = '__import__("autograder.execution.worker.plain", fromlist=["plain"]).{}({})'
STATE_LOST = "The notebook's state at this test could not be restored, so it is worth no points."


@dataclass(frozen=True)
class PlainCell:
    """A code cell.

    Attributes
    ----------
    id, source : str
        As they are in the notebook that is recorded.
    scored : bool
        Whether its outputs give points.
    released : str or None
        For a cell with hidden tests, its source without them.
    """

    id: str
    source: str
    scored: bool = False
    released: str | None = None


@dataclass(frozen=True)
class PlainJob:
    """A notebook to run.

    Attributes
    ----------
    name : str
        What it is called in messages.
    cells : tuple of PlainCell
        Its code cells, in order.
    files : tuple of (str, bytes)
        Name, relative to the working folder, and content of each file there.
    libraries : tuple of str
        What the process has imported before it begins.
    environment : str
        What `code.environment` returned on the machine that made this job.
    """

    name: str
    cells: tuple[PlainCell, ...]
    files: tuple[tuple[str, bytes], ...] = ()
    libraries: tuple[str, ...] = ()
    environment: str = field(default_factory=code.environment)

    def key(self, budget: Budget) -> str:
        """Return a hash that is equal for jobs that must have the same result."""
        cells = [asdict(cell) for cell in self.cells]
        files = sorted((name, hashlib.sha256(data).hexdigest()) for name, data in self.files)
        parts = cells, files, self.libraries, self.environment, asdict(budget)
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def plain_job(
    name: str,
    notebook: Any,
    released: dict[str, str],
    files: Iterable[tuple[str, bytes]] = (),
    libraries: tuple[str, ...] = (),
) -> PlainJob:
    """Return the job for a notebook whose locked cells are those of the source.

    Parameters
    ----------
    name : str
        What it is called in messages.
    notebook : NotebookNode
        The notebook to run.
    released : dict of str to str
        Source of the cells with hidden tests as students have it, by ``grade_id``.
    files : iterable of (str, bytes)
        Names and contents of the files beside it.
    libraries : tuple of str
        What the process has imported before it begins.
    """
    cells = []
    for cell in notebook.cells:
        if cell.cell_type != "code" or not cell.source.strip():
            continue
        scored = is_test(cell)
        visible = released.get(cell.metadata["nbgrader"]["grade_id"]) if scored else None
        cells.append(PlainCell(cell.id, cell.source, scored, visible))
    return PlainJob(name, tuple(cells), tuple(files), libraries)


def execute_plain(
    job: PlainJob, budget: Budget, slot: int = 0, groups: Path | None = None
) -> JobResult:
    """Run the cells of a notebook.

    Parameters
    ----------
    job : PlainJob
        What to run.
    budget : Budget
        Limits and containment of the process.
    slot : int
        Number of this notebook among those that run at the same time.
    groups : Path or None
        The control group that holds the groups of notebooks.

    Raises
    ------
    AutograderError
        If the fault is not the notebook's.
    """
    start = time.monotonic()
    if job.environment != code.environment():
        raise AutograderError(
            f"{job.name} must run with the packages that the machine of the gradebook has: install "
            "the same versions here."
        )
    outputs: dict[str, list[Output]] = {}
    remarks: list[str] = []
    review = ""
    try:
        # A cell that can be interrupted leaves the process alive for the cells below.
        with Session(replace(budget, cell=budget.cell + GRACE), 2 * slot, groups) as session:
            run = _Run(session, budget)
            run.begin(job)
            ended = run.cells(job.cells)
            outputs = run.outputs
            remarks = [remark for remark in (ended, run.changed_tests_remark()) if remark]
    except UnusableError as error:
        review = str(error)
    return JobResult(
        outputs=outputs,
        parts={},
        remarks=sentences(remarks),
        review=review,
        seconds=round(time.monotonic() - start, 3),
        containment=budget.containment,
    )


class _Run:
    """One notebook in its process, and the outputs so far."""

    def __init__(self, session: Session, budget: Budget):
        self._session, self._budget = session, budget
        self._cleaner = Cleaner(budget.limits.output)
        self.outputs: dict[str, list[Output]] = {}
        self._passed_in_place: set[str] = set()  # tests whose released form passed at its place
        self._changed: list[str] = []  # those of them whose released form fails at the end

    def changed_tests_remark(self) -> str:
        """Name the tests that fail only because of what later cells changed; usually empty."""
        if not self._changed:
            return ""
        tests = listing(f"`{cell_id}`" for cell_id in self._changed)
        return (
            f"After the last cell {tests} fails in lines that passed at its place, so a later cell "
            "has changed what is tested there. Please check whether points were lost only for that."
        )

    def begin(self, job: PlainJob) -> None:
        """Prepare the shell and write the files, before any code of the student runs."""
        if reason := self._reason_to_fail(_call("begin", self._budget.cell)):
            raise AutograderError(f"{job.name} could not start: {reason}")
        for name, data in job.files:
            for chunk in _chunks(name, data):
                if reason := self._reason_to_fail(_call("write", *chunk)):
                    raise UnusableError(
                        f"The file {printable(name)} could not be put beside the notebook: "
                        f"{reason.rstrip('.')}."
                    )

    def _reason_to_fail(self, call: str) -> str:
        """Run a call that prepares the process; return why it failed, if it did."""
        try:
            run = self._session.run(call)
        except EndedError as error:
            return str(error)
        reasons = [output["evalue"] for output in run.outputs if output.get("evalue")]
        return "" if run.ok else sentences([*reasons, NO_REASON])[0]

    def cells(self, cells: tuple[PlainCell, ...]) -> str:
        """Run all cells; return why the process ended too early, or an empty text."""
        self.outputs = {cell.id: [] for cell in cells if not cell.scored}
        ended = ""
        try:
            for cell in cells:
                self._in_place(current := cell)
            for cell in filter(_has_hidden_tests, cells):
                self._complete(current := cell)
        except EndedError as error:
            ended = str(error)
            self.outputs[current.id] = [failure("Ended", ended)]
        message = f"This test was not run. {ended}".strip()
        for cell in cells:
            self.outputs.setdefault(cell.id, [failure("NotRun", message)])
        return ended

    def _in_place(self, cell: PlainCell) -> None:
        if cell.released is not None:
            self._session.run(_call("save_state", cell.id))
            if self._session.run(cell.released).ok:
                self._passed_in_place.add(cell.id)
        elif cell.scored:
            self.outputs[cell.id] = scored(self._session.run(cell.source))
        else:
            self.outputs[cell.id] = self._cleaner.clean(self._session.run(cell.source).outputs)

    def _complete(self, cell: PlainCell) -> None:
        assert cell.released is not None  # otherwise it has run completely at its place
        if not self._session.run(_call("restore_state", cell.id)).ok:
            self.outputs[cell.id] = [failure("NotScored", STATE_LOST)]
            return
        outputs = scored(self._session.run(cell.source))
        errors = [output for output in outputs if output["output_type"] == "error"]
        for error in errors:  # a traceback would show the hidden lines
            error["traceback"] = [f"{error['ename']}: {error['evalue']}"]
        self.outputs[cell.id] = outputs
        if errors and cell.id in self._passed_in_place:
            self._session.run(_call("restore_state", cell.id))
            if not self._session.run(cell.released).ok:
                self._changed.append(cell.id)


def _has_hidden_tests(cell: PlainCell) -> bool:
    return cell.released is not None


def _call(name: str, *arguments: Any) -> str:
    return CALL.format(name, ", ".join(map(repr, arguments)))


def _chunks(name: str, data: bytes) -> Iterator[tuple[str, str, bool]]:
    """Yield the arguments of `plain.write` for each chunk of a file; an empty file has one."""
    for begin in range(0, max(1, len(data)), CHUNK):
        chunk = zlib.compress(data[begin : begin + CHUNK], 1)
        yield name, base64.b64encode(chunk).decode(), begin > 0
