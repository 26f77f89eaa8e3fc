"""Train each experiment as published and as its chapter does: part of ``make bench``.

The code is that of the chapters: their cells with the tag ``bench`` are executed, and the functions
that they define are called, on the complete data sets. Every training has a process of its own, and
the two recipes take turns, so that whatever else the machine does falls on both. What is kept says
after how many seconds ours is better than the published recipe at its end: seconds by the clock and
of the processors, building and compiling the model included, evaluation not.
"""

import argparse
import contextlib
import hashlib
import io
import json
import linecache
import os
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType

PROJECT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(PROJECT / "book"), str(PROJECT / "tests" / "support")]

import chapter_text  # noqa: E402 - the paths are set above

from latents import records  # noqa: E402

FOLDER = PROJECT / "book" / "records" / "bench"
KEPT = PROJECT / ".cache" / "bench"


@dataclass(frozen=True)
class Chapter:
    """How a chapter is timed.

    Attributes
    ----------
    figure : str
        Name of what the trainings are compared by: ``figure_of(*trained)`` and, after each epoch,
        ``curve_of(run)`` of the chapter.
    seeds : tuple of int
    higher : bool
        Whether a higher value is a better one.
    short : str
        The training that is timed until it is better than the recipe, where it is not ``ours``:
        one that is planned for fewer epochs.
    """

    figure: str
    seeds: tuple[int, ...]
    higher: bool = False
    short: str = ""


CHAPTERS = {
    "conv_autoencoder": Chapter("PSNR, dB", (42, 43, 44), higher=True),
    "vae": Chapter("−ELBO, nats per image", (42, 43, 44), short="ours in 3 epochs, without XLA"),
    "tfp_vae": Chapter("−ELBO, nats per image", (42,), short="ours in 2 epochs"),
}


def main() -> None:
    """Train everything that was asked for, and keep what came out."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("chapters", nargs="*", metavar="CHAPTER", help=f"of {', '.join(CHAPTERS)}")
    parser.add_argument("--one", nargs=4, metavar=("CHAPTER", "TRAINING", "SEED", "FILE"))
    options = parser.parse_args()
    if options.one:
        chapter, name, seed, file = options.one
        Path(file).write_text(json.dumps(train(chapter, name, int(seed))))
        return
    if unknown := set(options.chapters) - set(CHAPTERS):
        parser.error(f"no such chapter: {', '.join(unknown)} (choose of {', '.join(CHAPTERS)})")
    for chapter in options.chapters or CHAPTERS:
        record = compare(chapter)
        write(FOLDER / f"{chapter}.json", record)
        print(f"{chapter}: sooner by {record['ratios']}", flush=True)


def write(file: Path, record: dict) -> None:
    """Write a record, in a folder that may not be there yet."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(record, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def compare(chapter: str) -> dict:
    """Train as published, as in the chapter, and with each change left out; return the record."""
    how, cells = CHAPTERS[chapter], definitions(chapter)
    compared = [name for name in ("recipe", "ours", how.short) if name]
    plan = [(name, seed) for seed in how.seeds for name in compared]
    plan += [(name, how.seeds[0]) for name in (*controls(cells), *cells.LEVERS)]
    runs: dict[str, list[dict]] = {}
    for name, seed in dict.fromkeys(plan):
        runs.setdefault(name, []).append(in_a_process(chapter, name, seed))
    pairs = zip(runs["recipe"], runs[compared[-1]], strict=True)
    ratios = [ratio(how, *pair) for pair in pairs]
    return {
        "figure": how.figure,
        "seeds": list(how.seeds),
        "figures": {name: [run["figure"] for run in of_it] for name, of_it in runs.items()},
        "runs": runs,
        "ratios": {
            kind: round(statistics.median(pair[kind] for pair in ratios), 2) for kind in ratios[0]
        },
        "ratios_by_seed": ratios,
        "finished": datetime.now(UTC).isoformat(timespec="seconds"),
        "hardware": records.hardware(),
        "versions": records.versions(),
    }


def ratio(how: Chapter, recipe: dict, ours: dict) -> dict[str, float]:
    """Return how many times sooner ours is better than the recipe at its end, for each clock.

    Raises
    ------
    SystemExit
        Ours is never better.
    """
    sign = 1 if how.higher else -1
    end = sign * recipe["curve"][-1]
    better = [epoch for epoch, value in enumerate(ours["curve"]) if sign * value > end]
    if not better:
        sys.exit("make bench: ours never reaches the end of the recipe.")
    clocks = "seconds", "cpu_seconds"
    return {clock: round(recipe[clock][-1] / ours[clock][better[0]], 2) for clock in clocks}


def in_a_process(chapter: str, name: str, seed: int) -> dict:
    """Train once in a process of its own; say so, for all of it takes an hour.

    What has been trained with the same code and libraries is kept, so that an interrupted
    comparison goes on.
    """
    begin = time.monotonic()
    package = [file.read_text() for file in sorted((PROJECT / "book" / "latents").rglob("*.py"))]
    code = "\0".join([name, str(records.versions()), *package, *cells_of(chapter)])
    key = hashlib.sha256(code.encode()).hexdigest()[:16]
    kept = KEPT / f"{chapter}-{seed}-{key}.json"
    if not kept.is_file():
        KEPT.mkdir(parents=True, exist_ok=True)
        part = kept.with_suffix(".part")
        command = [sys.executable, __file__, "--one", chapter, name, str(seed), str(part)]
        environment = os.environ | {"PROFILE": "full", "TF_CPP_MIN_LOG_LEVEL": "3"}
        environment.pop("LATENTS_CACHE", None)  # no training from a cache
        done = subprocess.run(command, env=environment, capture_output=True, text=True)
        if done.returncode:
            sys.exit(f"make bench: {chapter}, {name} failed.\n{done.stderr[-2000:]}")
        part.replace(kept)
    run = json.loads(kept.read_text())
    seconds = time.monotonic() - begin
    print(f"{chapter}, {name}, seed {seed}: {run['figure']:.2f} ({seconds:.0f} s)", flush=True)
    return run


def train(chapter: str, name: str, seed: int) -> dict:
    """Train once in this process; return figure, curve, and the two clocks after each epoch."""
    cells = definitions(chapter)
    published, change = {"recipe": {}} | controls(cells), cells.LEVERS.get(name, {})
    if name in published:
        *trained, run = cells.train_published(seed, **published[name])
    else:
        *trained, run = cells.train_ours(seed, **change)
    return {
        "figure": float(cells.figure_of(*trained)),
        "curve": list(map(float, cells.curve_of(run))),
        "seconds": run.training_seconds,
        "cpu_seconds": run.training_cpu_seconds,
    }


def controls(cells: ModuleType) -> dict[str, dict]:
    """Return the changes of the published recipe that a chapter names, if any."""
    return getattr(cells, "CONTROLS", {})


def cells_of(chapter: str) -> list[str]:
    """Return the code of a chapter's cells that have the tag ``bench``."""
    file = next(file for file in chapter_text.chapters() if file.stem == chapter)
    return chapter_text.tagged(file.read_text(), "bench")


def definitions(chapter: str) -> ModuleType:
    """Run the cells of a chapter that have the tag ``bench`` and return what they define."""
    source, name = "\n\n".join(cells_of(chapter)), f"<cells of {chapter}>"
    # AutoGraph reads the source of what it compiles.
    linecache.cache[name] = len(source), None, source.splitlines(keepends=True), name
    module = ModuleType(chapter)
    with contextlib.redirect_stdout(io.StringIO()):
        exec(compile(source, name, "exec"), vars(module))
    return module


if __name__ == "__main__":
    main()
