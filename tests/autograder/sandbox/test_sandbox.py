"""What contained code sees, what it is refused, and what it knows of its parent."""

import socket
import sys
import tempfile
from pathlib import Path

import pytest

from autograder import sandbox
from autograder.sandbox import confine, rootfs

pytest_plugins = ["boxes"]
pytestmark = pytest.mark.usefixtures("untouched")
SECRET = "the-answers-to-everything"


# What is visible


def test_only_what_was_listed_is_visible(containment):
    source = """
import os
found, skipped = [], set(given["shown"]) | {"/proc", "/tmp", "/dev"}
for folder, folders, files in os.walk("/"):
    folders[:] = [name for name in folders if os.path.join(folder, name) not in skipped]
    found += [os.path.join(folder, name) for name in files]
tell([found, sorted(os.listdir("/dev")), os.listdir("/tmp"), os.getcwd(), given["shown"]])
"""
    prelude = "given['shown'] = list(map(str, readable))"
    files, devices, private, here, shown = containment.tells(source, prelude=prelude)
    allowed = {"/etc/passwd", "/etc/group", "/etc/ld.so.cache", "/etc/localtime"}
    assert set(files) <= allowed
    assert devices == ["null", "ptmx", "pts", "random", "shm", "urandom", "zero"]
    # Where Python or the package itself lies there, its folder shows nothing else.
    assert all(any(Path("/tmp", name) in Path(path).parents for path in shown) for name in private)
    assert here == "/tmp"


def test_solutions_home_and_other_files_are_invisible(containment, project, tmp_path):
    with tempfile.NamedTemporaryFile(dir="/tmp", prefix="other-student-") as other:
        paths = [project / "solutions", project / "tests", tmp_path, other.name, "/etc/shadow"]
        paths += [*Path.home().iterdir()]
        hidden = [str(path) for path in paths if not _shown(Path(path))]
        assert len(hidden) >= 5
        source = f"import os; tell([path for path in {hidden!r} if os.path.lexists(path)])"
        assert containment.tells(source) == []


def _shown(path: Path) -> bool:
    return any(
        shown.is_relative_to(path) or path.is_relative_to(shown)
        for shown in sandbox.readable_paths()
    )


def test_python_and_its_libraries_are_visible(containment):
    source = """
import decimal, sqlite3, subprocess, sys, pwd, os
done = subprocess.run([sys.executable, "-c", "print(6 * 7)"], capture_output=True, text=True)
tell([done.stdout, pwd.getpwuid(os.getuid()).pw_name, os.path.expanduser("~")])
"""
    assert containment.tells(source) == ["42\n", "student", "/tmp"]


def test_a_listed_folder_below_tmp_is_visible_and_its_neighbours_are_not(containment):
    with tempfile.TemporaryDirectory(prefix="course-") as folder:
        Path(folder).chmod(0o755)
        shown, hidden = Path(folder, "shown"), Path(folder, "hidden")
        for path in (shown, hidden):
            path.mkdir()
            (path / "file").write_text("text")
        source = f"import os; tell([os.listdir({folder!r}), open('{shown}/file').read()])"
        assert containment.tells(source, readable=[shown]) == [["shown"], "text"]


def test_only_own_processes_are_visible(containment):
    source = """
import os
tell([sorted(int(name) for name in os.listdir("/proc") if name.isdigit()), os.getpid()])
"""
    seen, own = containment.tells(source)
    assert seen == [own]


def test_programs_find_pseudo_terminals_of_their_own(containment):
    """IPython runs `!command` in one, and so do `%pip` and `%%bash`."""
    source = """
import os, pty
before = os.listdir("/dev/pts")
child, terminal = pty.fork()
if not child:
    os.execv("/bin/sh", ["sh", "-c", "tty; echo hello; test -t 0 && echo terminal"])
text = b""
while True:
    try:
        text += (more := os.read(terminal, 1024))
    except OSError:  # the other end is closed
        break
    if not more:
        break
tell([before, os.waitpid(child, 0)[1], text.decode().split()])
"""
    found = containment.tells(source)
    assert found == [["ptmx"], 0, ["/dev/pts/0", "hello", "terminal"]]


def test_there_are_not_many_terminals(containment):
    source = """
import os
opened = []
try:
    while True:
        opened.append(os.openpty())
except OSError as error:
    tell([len(opened), error.strerror])
"""
    count, said = containment.tells(source)
    assert 1 <= count <= rootfs.TERMINALS
    assert said in ("No space left on device", "out of pty devices")


# What is refused


def test_nobody_types_into_a_terminal(containment):
    source = """
import fcntl, os, termios
terminal, other = os.openpty()
said = []
for request in (termios.TIOCSTI, 0x541C):
    try:
        fcntl.ioctl(other, request, b"x")
        said.append("typed")
    except OSError as error:
        said.append(error.strerror)
tell([os.isatty(other), *said])
"""
    assert containment.tells(source) == [True] + ["Operation not permitted"] * 2


@pytest.mark.parametrize(
    "place", ["/usr/x", "/x", "/etc/x", "/proc/x", "/dev/x", f"{Path.home()}/x", f"{sys.prefix}/x"]
)
def test_nothing_outside_of_tmp_can_be_written(containment, place):
    expected = ("Read-only file system", "Permission denied", "No such file or directory")
    assert containment.tells(containment.writing(place)) in expected


def test_files_that_all_may_write_are_read_only(containment):
    with tempfile.TemporaryDirectory(prefix="course-") as folder:
        file = Path(folder, "file")
        file.write_text("text")
        file.chmod(0o666)
        Path(folder).chmod(0o777)
        source = f"""
import os
file = "{file}"
for change in (lambda: open(file, "a"), lambda: os.unlink(file), lambda: os.mkdir(file + "x")):
    try:
        change()
    except OSError as error:
        assert error.errno == 30, error
    else:
        raise AssertionError("written")
tell("kept")
"""
        assert containment.tells(source, readable=[folder]) == "kept"
        assert file.read_text() == "text"


def test_a_listening_port_of_the_machine_is_out_of_reach(containment):
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        address = server.getsockname()
        source = f"""
import os, socket
try:
    socket.create_connection({address!r}, timeout=5)
    told = "connected"
except OSError as error:
    told = error.strerror
tell([told, os.readlink("/proc/self/ns/net")])
"""
        told, network = containment.tells(source)
        assert told == "Permission denied"
        assert network != str(Path("/proc/self/ns/net").readlink())
        with pytest.raises(BlockingIOError):
            server.accept()


def test_even_without_a_filter_there_is_no_network(containment):
    with socket.create_server(("127.0.0.1", 0)) as server:
        source = f"""
import socket
try:
    socket.create_connection({server.getsockname()!r}, timeout=5)
except OSError as error:
    tell(error.strerror)
"""
        unfiltered = """
from autograder.sandbox import confine, seccomp
seccomp.install = lambda: None
confine._verify = lambda user: None
"""
        assert containment.tells(source, prelude=unfiltered) == "Network is unreachable"


def test_rights_cannot_be_gained(containment):
    source = """
import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
calls = {
    "setuid": lambda: libc.setuid(0),
    "setgid": lambda: libc.setgid(0),
    "mount": lambda: libc.mount(b"tmpfs", b"/tmp", b"tmpfs", 0, None),
    "umount": lambda: libc.umount2(b"/tmp", 2),
    "unshare": lambda: libc.unshare(0x10000000),
    "chroot": lambda: libc.chroot(b"/tmp"),
    "ptrace": lambda: libc.ptrace(0, 0, 0, 0),
    "setns": lambda: libc.setns(0, 0),
    "mknod": lambda: libc.mknod(b"/tmp/disk", 0o060666, 0x801),
    "sethostname": lambda: libc.sethostname(b"x", 1),
}
told = {}
for name, call in calls.items():
    ctypes.set_errno(0)
    told[name] = call(), os.strerror(ctypes.get_errno())
tell(told)
"""
    for name, result in containment.tells(source).items():
        assert result[0] == -1, name
        # A number that the user namespace does not know is not even a user.
        assert result[1] in ("Operation not permitted", "Invalid argument"), name


def test_no_right_is_left(containment):
    source = """
status = dict(line.split(":", 1) for line in open("/proc/self/status"))
tell({name: value.split() for name, value in status.items()})
"""
    status = containment.tells(source, slot=7)
    for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
        assert status[name] == ["0" * 16]
    assert status["Uid"] == status["Gid"]
    (user,) = {*status["Uid"]}
    assert int(user) >= 64000
    assert user.endswith("007")
    assert status["NoNewPrivs"] == ["1"]
    if containment.name == "root":
        assert status["Groups"] == []


def test_the_machine_kills_notebooks_first_when_memory_runs_out(containment):
    source = "tell(open('/proc/self/oom_score_adj').read().strip())"
    assert containment.tells(source) == "1000"


# What the parent had


def test_the_environment_of_the_parent_is_gone(containment):
    source = """
import ctypes, os, posix
libc = ctypes.CDLL(None)
libc.getenv.restype = ctypes.c_char_p
libc.prctl(4, 1, 0, 0, 0)  # makes /proc/self/environ readable again
same = {str(key) for key in posix.environ} == {str(key) for key in os.environb}
tell([dict(os.environ), same, libc.getenv(b"TOKEN") is None,
      open("/proc/self/environ", "rb").read().strip(bytes(1)).decode()])
"""
    environment = {"TOKEN": SECRET, "MPLBACKEND": "agg"}
    kept, same, unset, shown = containment.tells(source, environment=environment)
    assert kept["HOME"] == "/tmp"
    assert kept["MPLBACKEND"] == "agg"
    assert set(kept) <= {"HOME", "LOGNAME", "PATH", "USER", "LANG", *confine.KEPT_VARIABLES}
    assert (same, unset, shown) == (True, True, "")


def test_subprocesses_inherit_only_the_small_environment(containment):
    source = """
import subprocess
tell(subprocess.run(["/usr/bin/env"], capture_output=True, text=True).stdout)
"""
    shown = containment.tells(source, environment={"TOKEN": SECRET})
    assert "HOME=/tmp" in shown
    assert SECRET not in shown


def test_only_the_files_to_keep_are_open(containment):
    prelude = "secret = os.open('/etc/passwd', os.O_RDONLY); os.dup2(secret, 150)"
    source = """
import os
links = {}
for name in os.listdir("/proc/self/fd"):
    try:
        links[name] = os.readlink(f"/proc/self/fd/{name}")
    except FileNotFoundError:  # the listing itself
        pass
tell([links, str(given["channel"])])
"""
    links, channel = containment.tells(source, prelude=prelude)
    assert links.pop(channel).startswith("pipe:")
    assert links == dict.fromkeys("012", "/dev/null")
