"""Grading on a cluster: the same grades as on one machine, whatever becomes of its workers."""

import contextlib
import re
import shutil
import socket
import sys
from pathlib import Path
from types import SimpleNamespace
from unittest.mock import Mock

import psutil
import pytest
import submissions
from machines import Machines

from autograder import AutograderError
from autograder.__main__ import main
from autograder.checks import solutions
from autograder.commands.grade import Grading
from autograder.execution.pools import cluster
from autograder.execution.processes.session import Budget
from autograder.gradebook.course import Course
from autograder.gradebook.journal import Journal, read_entries
from autograder.sandbox import Containment

pytestmark = [
    pytest.mark.slow,
    pytest.mark.kept("autograder", "solutions", "book/latents", "_config.yml"),
]
NAME = "latent_loss"
STUDENTS = ("ann", "bob", "cem", "dia", "eve")
COMPUTES = """
import time
begin = time.process_time()
while time.process_time() - begin < 2:
    pass
"""
LOOKS = "\nimport sys\nprint('seen:', sorted({'dask', 'distributed'} & set(sys.modules)))"


@pytest.fixture(scope="module")
def machines(tmp_path_factory, project):
    """Return a cluster; each test sees to the workers that it needs."""
    found = Machines(tmp_path_factory.mktemp("machines"), project)
    yield found
    found.close()


@pytest.fixture
def two_workers(machines):
    machines.grow(2)
    return machines


@pytest.fixture(scope="module")
def handed_in(tmp_path_factory, bank_folder):
    """Return a course in which five students have handed in and nothing is graded."""
    folder = tmp_path_factory.mktemp("course")
    assert main(["release", str(folder)]) == 0
    right, wrong = (
        solutions.source(NAME),
        submissions.answer_of(bank_folder, NAME, "averaged_over_batch"),
    )
    answers = (right + LOOKS, right + COMPUTES, wrong, None, right)
    for student, answer in zip(STUDENTS, answers, strict=True):
        submissions.hand_in(folder, student, NAME, answer and f"# {student}\n{answer}")
    return folder


@pytest.fixture
def course(handed_in, tmp_path):
    return Path(shutil.copytree(handed_in, tmp_path / "course"))


@pytest.fixture(scope="module")
def graded_here(handed_in, tmp_path_factory):
    """Return the grades that this machine gives by itself."""
    folder = tmp_path_factory.mktemp("here") / "course"
    shutil.copytree(handed_in, folder)
    assert main(["grade", str(folder)]) == 0
    return grades(folder)


def grades(folder: Path) -> str:
    assert main(["export", str(folder)]) == 0
    return (folder / "grades.csv").read_text(encoding="utf-8")


def grade(folder: Path, address: str, *options: str) -> int:
    return main(["grade", str(folder), "--scheduler", address, *options])


def runs(told: str) -> int:
    return int(re.search(r"\((\d+) notebooks were run\)", told)[1])


@pytest.fixture
def after_first(monkeypatch):
    """Return a function that lets something happen after the first call of a method."""

    def arrange(owner: type, name: str, action) -> None:
        original, due = getattr(owner, name), [action]

        def method(self, *arguments):
            returned = original(self, *arguments)
            if due:
                due.pop()()
            return returned

        monkeypatch.setattr(owner, name, method)

    return arrange


def test_a_wrong_address_and_a_scheduler_alone_are_told(course, machines, monkeypatch, capsys):
    machines.end_workers()
    monkeypatch.setattr(cluster, "SCHEDULER_TIMEOUT", 2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        for address in ("tcp://127.0.0.1:9", f"tcp://127.0.0.1:{port}", "tls://127.0.0.1:9", "?"):
            assert grade(course, address) == 2
            assert f"No scheduler answers at {address}" in capsys.readouterr().err
    assert grade(course, machines.address) == 2
    told = capsys.readouterr().err
    assert f"{machines.address} has no workers: start some with `dask worker" in told
    assert len(told.splitlines()) == 1


def test_a_worker_with_other_checks_is_refused(course, machines, project, tmp_path, capsys):
    other = tmp_path / "other"
    for name in ("autograder", "solutions"):
        shutil.copytree(project / name, other / name)
    with (other / "autograder" / "checks" / f"{NAME}.py").open("a") as file:
        file.write("# changed\n")
    machines.end_workers()
    machines.grow(1, other)
    assert grade(course, machines.address) == 2
    machines.end_workers()
    told = capsys.readouterr().err
    assert "cannot grade. It has a different version of this project or of its packages" in told
    assert len(told.splitlines()) == 1


def test_the_grades_are_those_of_one_machine(course, two_workers, graded_here, capsys):
    assert grade(course, two_workers.address) == 0
    assert runs(capsys.readouterr().out) == len(STUDENTS)
    assert grades(course) == graded_here
    with contextlib.closing(Journal(Course(course))) as journal:
        results = [journal.result(entry.key) for entry in journal.entries()]
    assert {each["containment"] for each in results} <= set(Containment) - {Containment.NONE}
    assert sum("seen: []" in str(each["outputs"]) for each in results) == 1
    assert grade(course, two_workers.address) == 0
    assert runs(capsys.readouterr().out) == 0


def test_a_worker_that_is_killed_loses_nothing_and_leaves_nothing(
    course, two_workers, graded_here, after_first, capsys
):
    killed, finished = [], []
    after_first(Grading, "record", lambda: killed.extend(two_workers.kill(two_workers.busy())))
    after_first(Grading, "record", lambda: finished.append(len(read_entries(Course(course)))))
    assert grade(course, two_workers.address) == 0
    assert finished[0] < len(STUDENTS)
    assert runs(capsys.readouterr().out) == len(STUDENTS)
    assert grades(course) == graded_here
    assert [entry.student for entry in read_entries(Course(course))] == list(STUDENTS)
    assert len(killed) > 4  # nanny, worker, warm process, and those of a notebook
    assert psutil.wait_procs(killed, timeout=60)[1] == []


@pytest.fixture
def allow(machines):
    """Set how many workers may die under a job; afterwards it is what it was."""

    def change(deaths: int) -> int:
        def on_scheduler(dask_scheduler):
            before, dask_scheduler.allowed_failures = dask_scheduler.allowed_failures, deaths
            return before

        return machines.client.run_on_scheduler(on_scheduler)

    before = change(3)
    yield change
    change(before)


def test_a_notebook_whose_workers_die_is_told_and_the_rest_stays(
    course, machines, graded_here, after_first, capsys, allow
):
    machines.grow(1)
    allow(0)
    after_first(Grading, "record", lambda: machines.processes(machines.busy())[1].kill())
    assert grade(course, machines.address) == 2
    told = capsys.readouterr().err
    assert re.search(rf"died while they ran the notebook of \w+/{NAME}: see what they", told)
    assert len(told.splitlines()) == 1
    done = len(read_entries(Course(course)))
    assert 0 < done < len(STUDENTS)
    allow(3)
    assert grade(course, machines.address) == 0
    assert runs(capsys.readouterr().out) == len(STUDENTS) - done
    assert grades(course) == graded_here


def test_a_cluster_without_workers_is_waited_for_and_then_told(
    course, machines, after_first, monkeypatch, capsys
):
    monkeypatch.setattr(cluster, "PATIENCE", 2)
    monkeypatch.setattr(cluster, "POLL_INTERVAL", 0.5)
    machines.grow(1)
    after_first(cluster.Cluster, "start", machines.end_workers)
    assert grade(course, machines.address) == 2
    assert f"{machines.address} has had no workers for 2 s. What was" in capsys.readouterr().err


def test_a_scheduler_that_is_lost_is_told(course, machines, after_first, capsys):
    """The last test with these machines: their scheduler does not come back."""
    machines.grow(1)
    after_first(cluster.Cluster, "start", machines.scheduler.kill)
    assert grade(course, machines.address) == 2
    assert f"connection to the scheduler at {machines.address} was lost" in capsys.readouterr().err


def test_the_workers_decide_how_many_notebooks_run(course, capsys):
    assert grade(course, "tcp://127.0.0.1:9", "--jobs", "2") == 2
    assert "leave --jobs out" in capsys.readouterr().err


def test_a_missing_dask_is_told(course, monkeypatch, capsys):
    monkeypatch.delitem(sys.modules, "autograder.execution.pools.cluster")
    monkeypatch.setitem(sys.modules, "distributed", None)
    monkeypatch.delattr("autograder.execution.pools.cluster", raising=False)
    assert grade(course, "tcp://127.0.0.1:9") == 2
    assert 'install it with `pip install ".[cluster]"`' in capsys.readouterr().err


@pytest.mark.parametrize(
    ("least", "kinds", "agreed"),
    [
        (Containment.USER_NAMESPACES, ["namespaces", "user namespaces"], "user namespaces"),
        (Containment.NONE, ["namespaces", "none"], "none"),
        (Containment.NONE, ["namespaces"], "namespaces"),
    ],
)
def test_the_weakest_containment_of_the_workers_counts(monkeypatch, least, kinds, agreed):
    assert _agreed(monkeypatch, least, *map(_fit, kinds)) == agreed


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ({"containment": "none"}, "worker1:1 cannot grade. No namespaces. Start it where"),
        (ModuleNotFoundError("No module named 'autograder'"), "'autograder': install this"),
        (AutograderError("The solutions are not there."), "grade. The solutions are not there."),
    ],
)
def test_a_worker_that_is_not_fit_is_told(monkeypatch, said, told):
    said = _fit(**said) if isinstance(said, dict) else said
    with pytest.raises(AutograderError, match=re.escape(told)):
        _agreed(monkeypatch, Containment.USER_NAMESPACES, _fit("namespaces"), said)


def test_a_worker_that_joins_later_runs_nothing_if_it_contains_less(monkeypatch):
    monkeypatch.setattr(cluster, "describe", lambda: _fit("none"))
    monkeypatch.setattr(cluster, "get_worker", lambda: SimpleNamespace(address="tcp://late:1"))
    budget = Budget(containment=Containment.NAMESPACES)
    with pytest.raises(AutograderError, match="The worker tcp://late:1 cannot grade"):
        cluster.run(None, budget, cluster.version())


def _fit(containment: str) -> dict[str, str]:
    reason = "No namespaces." if containment == "none" else ""
    return {"version": cluster.version(), "containment": containment, "reason": reason}


def _agreed(monkeypatch, least: str, *said) -> str:
    """Return what containment the grader counts on when its workers say this of themselves."""
    client = Mock()
    client.sync.return_value = {"tcp://worker0:1": 1}
    client.run.return_value = {f"tcp://worker{n}:1": each for n, each in enumerate(said)}
    return cluster.Cluster(client, "tcp://one:1", Budget(containment=least)).budget.containment
