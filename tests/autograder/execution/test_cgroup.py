"""Control groups, on a tree of files that looks like the kernel's."""

import os
import shutil
from pathlib import Path

import pytest

from autograder import AutograderError
from autograder.execution import job as jobs
from autograder.execution.pools import open_pool
from autograder.execution.processes import cgroup, session
from autograder.execution.processes.session import Budget, MemoryLimitError, Session
from autograder.sandbox import Limits

MOUNTS = """\
22 1 254:0 / / rw,relatime - ext4 /dev/root rw
30 22 0:25 {root} {folder} rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate
"""


@pytest.fixture
def tree(tmp_path):
    """Make a tree with one group in which this process runs; return that group's folder."""
    folder = tmp_path / "fs" / "user.slice" / "grading.scope"
    folder.mkdir(parents=True)
    (folder / "cgroup.controllers").write_text("cpu memory pids\n")
    (folder / "cgroup.subtree_control").write_text("\n")
    (folder / "cgroup.procs").write_text(f"{os.getpid()}\n")
    return folder


def found(tmp_path, membership="0::/user.slice/grading.scope\n", root="/"):
    (tmp_path / "mountinfo").write_text(MOUNTS.format(root=root, folder=tmp_path / "fs"))
    (tmp_path / "membership").write_text(membership)
    return cgroup.delegated(tmp_path / "mountinfo", tmp_path / "membership")


def test_the_own_group_is_found(tree, tmp_path):
    assert found(tmp_path) == tree
    assert found(tmp_path, "12:pids:/x\n0::/user.slice/grading.scope\n") == tree


def test_a_part_of_the_hierarchy_may_be_mounted(tree, tmp_path):
    assert found(tmp_path, "0::/box/user.slice/grading.scope\n", root="/box") == tree


@pytest.mark.parametrize("membership", ["", "3:memory:/x\n", "0::/nowhere\n", "0::/../outside\n"])
def test_without_a_group_of_version_2_there_is_none(tree, tmp_path, membership):
    assert found(tmp_path, membership) is None


def test_a_group_without_the_controllers_is_of_no_use(tree, tmp_path):
    (tree / "cgroup.controllers").write_text("cpu pids\n")
    assert found(tmp_path) is None


def test_a_group_of_somebody_else_is_of_no_use(tree, tmp_path, monkeypatch):
    monkeypatch.setattr(cgroup.os, "access", lambda path, mode: False)
    assert found(tmp_path) is None


def test_the_grader_moves_to_a_group_of_its_own(tree):
    cgroup.divide(tree, [os.getpid()])
    assert (tree / "grader" / "cgroup.procs").read_text() == str(os.getpid())
    assert (tree / "cgroup.subtree_control").read_text() == "+cpu +memory +pids"


def test_equal_shares_of_the_processor_are_taken_where_they_can_be_had(tree):
    (tree / "cgroup.controllers").write_text("memory pids\n")
    cgroup.divide(tree, [os.getpid()])
    assert (tree / "cgroup.subtree_control").read_text() == "+memory +pids"


def test_a_divided_group_stays_as_it_is(tree):
    (tree / "cgroup.subtree_control").write_text("cpu memory pids\n")
    cgroup.divide(tree, [])
    assert not (tree / "grader").exists()


def test_other_programs_are_not_moved(tree):
    (tree / "cgroup.procs").write_text(f"{os.getpid()}\n1\n")
    with pytest.raises(AutograderError, match=r"Other programs share .*systemd-run"):
        cgroup.divide(tree, [os.getpid()])
    assert (tree / "cgroup.subtree_control").read_text() == "\n"


def test_a_refusal_of_the_kernel_is_told(tree):
    (tree / "cgroup.subtree_control").unlink()
    with pytest.raises(AutograderError, match=r"cannot be divided: .*No such file"):
        cgroup.divide(tree, [os.getpid()])


def test_groups_of_a_killed_run_are_removed(tree, monkeypatch):
    monkeypatch.setattr(cgroup.Path, "rmdir", shutil.rmtree)
    gone, here = 2**31, os.getpid()  # no process has so large a number
    kept = [f"notebook-{gone}-1", f"notebook-{here}-0", "other"]
    populated_of = {f"notebook-{gone}-0-ab": 0, kept[0]: 1, kept[1]: 0, "other": 0}
    for name, populated in populated_of.items():
        (tree / name).mkdir()
        (tree / name / "cgroup.events").write_text(f"populated {populated}\nfrozen 0\n")
    cgroup.divide(tree, [os.getpid()])
    assert {path.name for path in tree.iterdir() if path.is_dir()} == {"grader", *kept}


def test_two_groups_of_a_slot_are_in_nobodys_way(tree):
    first, second = (cgroup.Group(tree, slot=3, memory=1, processes=1) for _ in range(2))
    assert first.folder != second.folder


def test_a_group_limits_its_processes_together(tree):
    group = cgroup.Group(tree, slot=3, memory=2**30, processes=64)
    group.add(123)
    assert group.folder.name.startswith(f"notebook-{os.getpid()}-3-")
    written = {path.name: path.read_text() for path in group.folder.iterdir()}
    assert written == {
        "memory.max": str(2**30),
        "memory.oom.group": "1",
        "pids.max": "64",
        "cgroup.procs": "123",
    }


@pytest.mark.parametrize(("kills", "exhausted"), [(0, False), (2, True)])
def test_used_up_memory_is_known(tree, kills, exhausted):
    group = cgroup.Group(tree, 0, 2**30, 64)
    (group.folder / "memory.events").write_text(f"low 0\noom 1\noom_kill {kills}\n")
    assert group.exhausted() is exhausted


def test_closing_kills_waits_and_removes(tree, monkeypatch):
    steps = []

    class Poll:
        def register(self, *_):
            steps.append("register")

        def poll(self, patience):
            steps.append((group.folder / "cgroup.kill").read_text())
            events.write_text("populated 0\n")
            return [1]

    monkeypatch.setattr(cgroup.select, "poll", Poll)
    monkeypatch.setattr(cgroup.Path, "rmdir", shutil.rmtree)
    with cgroup.Group(tree, 0, 2**30, 64) as group:
        events = group.folder / "cgroup.events"
        events.write_text("populated 1\n")
    assert steps == ["register", "1"]
    assert not group.folder.exists()


def test_processes_that_do_not_end_are_told(tree, monkeypatch):
    group = cgroup.Group(tree, 0, 2**30, 64)
    (group.folder / "cgroup.events").write_text("populated 1\n")
    monkeypatch.setattr(cgroup, "PATIENCE", 0)
    with pytest.raises(AutograderError, match="do not end"):
        group.close()


def test_a_process_that_has_ended_needs_no_group(tree, monkeypatch):
    group = cgroup.Group(tree, 0, 2**30, 64)
    monkeypatch.setattr(Path, "write_text", ended)
    group.add(123)


def ended(*_):
    raise ProcessLookupError


def test_a_process_that_is_not_taken_in_is_told(tree):
    group = cgroup.Group(tree, 0, 2**30, 64)
    shutil.rmtree(group.folder)
    with pytest.raises(AutograderError, match=r"accepts no process: .*No such file"):
        group.add(123)


# How grading begins


def test_the_own_group_is_prepared_for_notebooks(tree, monkeypatch):
    monkeypatch.setattr(cgroup, "delegated", lambda: tree)
    assert cgroup.prepared() == (tree, "")
    assert (tree / "grader" / "cgroup.procs").read_text() == str(os.getpid())


def test_a_process_that_grades_twice_finds_the_same_group(tree, monkeypatch):
    monkeypatch.setattr(cgroup, "delegated", lambda: tree)
    cgroup.prepared()
    (tree / "cgroup.subtree_control").write_text("memory pids\n")  # as the kernel would show it
    monkeypatch.setattr(cgroup, "delegated", lambda: tree / "grader")
    assert cgroup.prepared() == (tree, "")
    assert not (tree / "grader" / "grader").exists()


def test_without_a_group_grading_goes_on_in_silence(monkeypatch):
    monkeypatch.setattr(cgroup, "delegated", lambda: None)
    assert cgroup.prepared() == (None, "")


def test_with_a_shared_group_grading_goes_on_and_says_why(tree, monkeypatch):
    monkeypatch.setattr(cgroup, "delegated", lambda: tree)
    (tree / "cgroup.procs").write_text(f"{os.getpid()}\n1\n")
    folder, note = cgroup.prepared()
    assert folder is None
    assert note.startswith("Other programs share the control group")


def test_the_pool_hands_the_group_to_every_notebook(tree, monkeypatch):
    given = []
    monkeypatch.setattr(cgroup, "prepared", lambda: (tree, "a note"))
    monkeypatch.setattr(jobs, "execute", lambda *arguments: given.append(arguments) or {})
    with open_pool(None, 1, Budget()) as opened:
        opened.start(jobs.Job("sampling", (), ())).result()
        assert opened.note == "a note"
    assert given[0][-1] == tree


# A notebook in its group


@pytest.fixture
def groups(monkeypatch):
    """Take the place of the kernel's groups; return what happened to them."""
    steps = []

    class Group:
        used_up = False

        def __init__(self, folder, slot, memory, processes):
            steps.append((folder, slot, memory, processes))

        def add(self, process):
            steps.append(("begun", begun(process)))

        def exhausted(self):
            return self.used_up

        def close(self):
            steps.append("closed")

    monkeypatch.setattr(cgroup, "Group", Group)
    return Group, steps


def begun(process: int) -> bool:
    """Return whether a notebook's process has reached its own code."""
    return Path(f"/proc/{process}/cwd").readlink().name.startswith("autograder-")


def test_a_process_has_its_group_before_it_begins(groups, tmp_path):
    _, steps = groups
    limits = Limits(memory=3 * 2**30, processes=50)
    with Session(Budget(60, limits=limits), 4, tmp_path) as running:
        assert begun(running.pid)
    processes = 50 + session.HELPER_PROCESSES
    assert steps == [(tmp_path, 4, 3 * 2**30, processes), ("begun", False), "closed"]


def test_used_up_memory_is_told_in_plain_words(groups, tmp_path):
    group, _ = groups
    limits = Limits(memory=3 * 2**30)
    with Session(Budget(60, limits=limits), 0, tmp_path) as running:
        group.used_up = True
        with pytest.raises(
            MemoryLimitError, match="cell used up the 3,072 MiB of memory of the notebo"
        ):
            running.run("import os; os.kill(os.getpid(), 9)")  # as the kernel does then


def test_a_group_that_takes_no_process_stops_the_grading(groups, tmp_path, monkeypatch):
    group, steps = groups

    def refuse(*_):
        raise AutograderError("It accepts no process.")

    monkeypatch.setattr(group, "add", refuse)
    with pytest.raises(AutograderError, match="accepts no process"):
        Session(Budget(60), 0, tmp_path)
    assert steps[-1] == "closed"
