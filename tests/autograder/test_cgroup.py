"""Control groups, on a tree of files that looks like the kernel's."""

import os
import shutil

import pytest

from autograder import AutograderError, cgroup

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
    assert (tree / "cgroup.subtree_control").read_text() == "+memory +pids"


def test_a_divided_group_stays_as_it_is(tree):
    (tree / "cgroup.subtree_control").write_text("memory pids\n")
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
    for name, populated in (("notebook-1-0", 0), ("notebook-1-1", 1), ("other", 0)):
        (tree / name).mkdir()
        (tree / name / "cgroup.events").write_text(f"populated {populated}\nfrozen 0\n")
    cgroup.divide(tree, [os.getpid()])
    assert sorted(path.name for path in tree.iterdir() if path.is_dir()) == [
        "grader",
        "notebook-1-1",
        "other",
    ]


def test_a_group_limits_its_processes_together(tree):
    group = cgroup.Group(tree, slot=3, memory=2**30, processes=64)
    group.add(123)
    assert group.folder == tree / f"notebook-{os.getpid()}-3"
    written = {path.name: path.read_text() for path in group.folder.iterdir()}
    assert written == {
        "memory.max": str(2**30),
        "memory.oom.group": "1",
        "pids.max": "64",
        "cgroup.procs": "123",
    }


def test_two_notebooks_cannot_share_a_group(tree):
    cgroup.Group(tree, 0, 2**30, 64)
    with pytest.raises(AutograderError, match=r"cannot be made: .*File exists"):
        cgroup.Group(tree, 0, 2**30, 64)


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
