"""Time ``autograder grade`` against ``nbgrader autograde`` on the same class: ``make bench``.

Both grade right, wrong and untouched notebooks of all exercises on this machine, one after the
other, from their start to their end. Every answer differs from every other by a comment, so that
none is served from what was graded before; untouched notebooks are alike, as in any class, and ours
runs one of them. Ours writes the pages of feedback, too; nbgrader's are timed apart.

The right answers are the same but for comments, and ours probes equal graphs once. What it costs
where none are equal is measured as well, with the answers of the bank.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from dataclasses import asdict
from datetime import UTC, datetime
from itertools import cycle
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(PROJECT), str(PROJECT / "book"), str(PROJECT / "tests" / "support")]

import submissions  # noqa: E402 - the paths are set above
from processes import Cost, measure  # noqa: E402

from autograder import checks  # noqa: E402
from autograder.checks import solutions  # noqa: E402
from autograder.commands.selftest import bank  # noqa: E402
from latents import records  # noqa: E402

RECORD = PROJECT / "book" / "records" / "bench" / "grading.json"
WRONG = {
    "sampling": "variance_for_deviation",
    "latent_loss": "averaged_over_batch",
    "tfp_encoder": "recipe",
}
MIX = ("right", "right", "right", "wrong", "untouched")  # of each five students
NAMES = {
    "stock": "nbgrader autograde",
    "feedback": "nbgrader generate_feedback",
    "autograder": "autograder grade, with feedback",
    "varied": "the same, no two answers alike",
    "many": "autograder grade, with feedback",
}


def main() -> None:
    """Measure, print the ratios, and keep them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--submissions", type=int, default=40, help="for autograder (40)")
    parser.add_argument("--many", type=int, default=400, help="for autograder once more (400)")
    parser.add_argument("--stock", type=int, default=10, help="for nbgrader (10)")
    parser.add_argument("--jobs", type=int, default=2, help="of autograder (2)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        costs = dict(timed(Path(folder), options))
    record = describe(costs, options.jobs)
    RECORD.parent.mkdir(parents=True, exist_ok=True)
    RECORD.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    show(costs, record)


def timed(folder: Path, options):
    """Yield the name and the cost of each way to grade."""
    stock = [sys.executable, "-m", "nbgrader"]
    grade = [[*stock, "autograde", name] for name in checks.NAMES]
    pages = [[*stock, "generate_feedback", name] for name in checks.NAMES]
    made = course(folder / "stock", options.stock)
    yield told("stock", measure(made, options.stock, grade))
    yield told("feedback", measure(made, options.stock, pages))
    few = options.submissions
    for name, count in (("autograder", few), ("varied", few), ("many", options.many)):
        made = course(folder / name, count, varied=name == "varied")
        ours = [program(), "grade", made, "--jobs", str(options.jobs)]
        yield told(name, measure(made, count, [ours]))


def told(name: str, cost: Cost) -> tuple[str, Cost]:
    """Return a name with its cost, and say that it is done, for all of it takes minutes."""
    print(f"{NAMES[name]}: {cost.submissions} submissions in {cost.wall:.0f} s", flush=True)
    return name, cost


def program() -> str:
    """Return the command."""
    return str(Path(sys.executable).with_name("autograder"))


def course(folder: Path, count: int, varied: bool = False) -> Path:
    """Return a new course in which some students have handed in all exercises."""
    subprocess.run([program(), "release", folder], check=True, stdout=subprocess.DEVNULL)
    for name in checks.NAMES:
        answers = {kind: cycle(every) for kind, every in known(name, varied).items()}
        for number in range(count):
            kind = MIX[number % len(MIX)]
            answer = f"# student {number}\n{next(answers[kind])}" if kind in answers else None
            submissions.hand_in(folder, f"student-{number:04}", name, answer)
    return folder


def known(exercise: str, varied: bool) -> dict[str, list[str]]:
    """Return right and wrong answers: one of each, or those of the bank."""
    folder = PROJECT / "tests" / "bank"
    if not varied:
        wrong = submissions.answer_of(folder, exercise, WRONG[exercise])
        return {"right": [solutions.source(exercise)], "wrong": [wrong]}
    cases = bank.read(folder, exercise)
    return {
        kind: [case.code for case in cases if case.right == (kind == "right")]
        for kind in ("right", "wrong")
    }


def describe(costs: dict[str, Cost], jobs: int) -> dict:
    """Return what is kept: costs, ratios, and what it ran on."""
    each = {name: cost.each() for name, cost in costs.items()}

    def ratio(slow: str, fast: str) -> dict[str, float]:
        pairs = zip(("wall", "cpu"), each[slow], each[fast], strict=True)
        return {kind: round(a / b, 2) for kind, a, b in pairs}

    return {
        "costs": {name: asdict(cost) for name, cost in costs.items()},
        "jobs": jobs,
        "notebooks": len(checks.NAMES),
        "ratios": ratio("stock", "autograder"),
        "ratios_varied": ratio("stock", "varied"),
        "ratios_many": ratio("stock", "many"),
        "growth": ratio("many", "autograder"),
        "finished": datetime.now(UTC).isoformat(timespec="seconds"),
        "hardware": records.hardware(),
        "versions": records.versions(),
    }


def show(costs: dict[str, Cost], record: dict) -> None:
    """Print all costs, the ratios, and how they were measured."""
    mix = ", ".join(f"{MIX.count(kind)} {kind}" for kind in dict.fromkeys(MIX))
    print(
        f"\nOne run on {record['hardware']['cores']} cores. A submission is one notebook of each of"
        f"\n{record['notebooks']} exercises; of {len(MIX)} students: {mix}."
        f"\nCPU and memory are of all processes; autograder runs {record['jobs']} jobs.\n\n"
        f"{'a submission':34}{'number':>8}{'wall, s':>9}{'CPU, s':>9}{'MiB':>8}"
    )
    for name, cost in costs.items():
        wall, cpu = cost.each()
        numbers = f"{cost.submissions:8}{wall:9.2f}{cpu:9.2f}{cost.memory or '?':>8}"
        print(f"{NAMES[name]:34}{numbers}")
    for text, key in (
        ("autograder costs less by", "ratios"),
        ("the same, no two answers alike", "ratios_varied"),
        ("the same, many submissions", "ratios_many"),
        (
            f"{costs['many'].submissions} submissions against {costs['autograder'].submissions}",
            "growth",
        ),
    ):
        print(f"{text:42}{record[key]['wall']:8.1f}×{record[key]['cpu']:8.1f}×")
    print(RECORD)


if __name__ == "__main__":
    main()
