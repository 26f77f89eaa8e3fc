"""Time ``autograder grade`` against ``nbgrader autograde`` on the same class: ``make bench``.

Both grade right, wrong and untouched notebooks of all exercises on this machine, one after the
other, from their start to their end. Every answer differs from every other by a comment, so that
nothing is served from what was graded before. CPU time is that of all processes that were started.
"""

import argparse
import ctypes
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(PROJECT), str(PROJECT / "book"), str(PROJECT / "tests" / "autograder")]

import submissions  # noqa: E402

from autograder import checks, reference  # noqa: E402
from latents import hardware  # noqa: E402

RECORD = PROJECT / "book" / "records" / "bench" / "grading.json"
WRONG = {
    "sampling": "variance_for_deviation",
    "latent_loss": "averaged_over_batch",
    "tfp_encoder": "recipe",
}
SUBREAPER = 36  # PR_SET_CHILD_SUBREAPER: descendants that lose their parent come to this process


@dataclass(frozen=True)
class Cost:
    """What grading some submissions took, a submission being one notebook of each exercise.

    Attributes
    ----------
    submissions : int
        How many.
    wall, cpu : float
        Seconds in all.
    """

    submissions: int
    wall: float
    cpu: float

    def each(self) -> tuple[float, float]:
        """Return wall and CPU seconds of one submission."""
        return self.wall / self.submissions, self.cpu / self.submissions


def main() -> None:
    """Measure, print the ratios, and keep them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--submissions", type=int, default=40, help="for autograder (40)")
    parser.add_argument("--stock", type=int, default=5, help="for nbgrader (5)")
    parser.add_argument("--jobs", type=int, default=2, help="of autograder (2)")
    options = parser.parse_args()
    ctypes.CDLL(None).prctl(SUBREAPER, 1, 0, 0, 0)
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        courses = [course(Path(folder) / name) for name in ("stock", "ours")]
        hand_in(courses[0], options.stock)
        hand_in(courses[1], options.submissions)
        stock = measure(courses[0], options.stock, *nbgrader())
        jobs = ["--jobs", str(options.jobs)]
        ours = measure(courses[1], options.submissions, [autograder(), "grade", courses[1], *jobs])
    report(stock, ours, options.jobs)


def autograder() -> str:
    """Return the command."""
    return str(Path(sys.executable).with_name("autograder"))


def nbgrader() -> list[list]:
    """Return the commands that do what ours does, feedback included."""
    stock = [sys.executable, "-m", "nbgrader"]
    steps = ("autograde", "generate_feedback")
    return [[*stock, step, name] for name in checks.NAMES for step in steps]


def course(folder: Path) -> Path:
    """Return a new course."""
    subprocess.run([autograder(), "release", folder], check=True, stdout=subprocess.DEVNULL)
    return folder


def hand_in(folder: Path, count: int) -> None:
    """Hand in notebooks: of five, three are right, one is wrong and one untouched."""
    bank = PROJECT / "tests" / "bank"
    for number in range(count):
        for name in checks.NAMES:
            right = reference.source(name)
            wrong = submissions.answer_of(bank, name, WRONG[name])
            answer = (right, right, right, wrong, None)[number % 5]
            answer = answer and f"# student {number}\n{answer}"
            submissions.hand_in(folder, f"student-{number:04}", name, answer)


def measure(folder: Path, count: int, *commands: list) -> Cost:
    """Run commands one after the other; return what they cost."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    begin, used = time.monotonic(), cpu()
    for command in commands:
        subprocess.run(
            command,
            cwd=folder,
            env=os.environ | {"PATH": path, "CUDA_VISIBLE_DEVICES": "-1"},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            check=True,
        )
    wall = time.monotonic() - begin
    reap()
    return Cost(count, round(wall, 2), round(cpu() - used, 2))


def cpu() -> float:
    """Return the CPU seconds of all descendants that have ended."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def reap() -> None:
    """Wait for the descendants that have lost their parent."""
    try:
        while True:
            os.wait()
    except ChildProcessError:
        return


def report(stock: Cost, ours: Cost, jobs: int) -> None:
    """Print both side by side, and keep them as a record."""
    (stock_wall, stock_cpu), (our_wall, our_cpu) = stock.each(), ours.each()
    ratios = {"wall": round(stock_wall / our_wall, 1), "cpu": round(stock_cpu / our_cpu, 1)}
    print(f"seconds a submission of {len(checks.NAMES)} notebooks       wall     CPU")
    print(
        f"nbgrader autograde, {stock.submissions} submissions  {stock_wall:12.2f} {stock_cpu:7.2f}"
    )
    print(
        f"autograder, {ours.submissions} submissions, {jobs} jobs {our_wall:12.2f} {our_cpu:7.2f}"
    )
    print(f"ratio                              {ratios['wall']:12} {ratios['cpu']:7}")
    record = {"stock": asdict(stock), "autograder": asdict(ours), "jobs": jobs, "ratios": ratios}
    RECORD.parent.mkdir(parents=True, exist_ok=True)
    record |= {"hardware": hardware.describe(), "versions": hardware.versions()}
    RECORD.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    print(RECORD)


if __name__ == "__main__":
    main()
