"""A dask cluster on this machine, whose parts can be killed: for the tests of grading on one."""

import contextlib
import os
import subprocess
import sys
import time
from pathlib import Path

import psutil
from distributed import Client


class Machines:
    """A scheduler and workers, each a process of its own as `dask` starts it."""

    def __init__(self, folder: Path, project: Path):
        self.folder, self.project = folder, project
        self._started: list[subprocess.Popen] = []
        file = folder / "scheduler.json"
        self.scheduler = self._start("scheduler", "--port", "0", "--scheduler-file", file)
        self.client = Client(scheduler_file=str(file), set_as_default=False)
        self.address = self.client.scheduler.address

    def _start(self, *command, project: Path | None = None) -> subprocess.Popen:
        number = len(self._started)
        place = project or self.project
        with (self.folder / f"{number}.log").open("w") as log:
            started = subprocess.Popen(
                [
                    *(sys.executable, Path(sys.executable).with_name("dask"), *command),
                    *("--host", "127.0.0.1", "--no-dashboard"),
                ],
                cwd=self.folder,
                env=os.environ | {"PYTHONPATH": f"{place}{os.pathsep}{place / 'book'}"},
                stdout=log,
                stderr=log,
            )
        self._started.append(started)
        return started

    def grow(self, count: int, project: Path | None = None) -> None:
        """Start workers until there are so many."""
        for _ in range(count - len(self.client.nthreads())):
            place = self.folder / f"worker{len(self._started)}"
            own = ("--nthreads", "1", "--local-directory", place)
            self._start("worker", self.address, *own, project=project)
        self.client.wait_for_workers(count, timeout=60)

    def busy(self) -> str:
        """Return the address of a worker that runs a job; wait for one, as jobs come and go."""
        end = time.monotonic() + 300
        while time.monotonic() < end:
            for worker, jobs in self.client.call_stack().items():
                if jobs:
                    return worker
            time.sleep(0.02)
        raise AssertionError("no worker had a job for five minutes")

    def processes(self, worker: str) -> list[psutil.Process]:
        """Return the processes of a worker: its nanny, itself, and all that it has started."""
        (nanny,) = self.client.run(os.getppid, workers=[worker]).values()
        own, *others = psutil.Process(nanny).children(recursive=True)
        (number,) = self.client.run(os.getpid, workers=[worker]).values()
        others = [each for each in (own, *others) if each.pid != number]
        return [psutil.Process(nanny), psutil.Process(number), *others]

    def kill(self, worker: str) -> list[psutil.Process]:
        """Kill a worker and its nanny, which would start it again; return all its processes."""
        found = self.processes(worker)
        for each in found[:2]:
            with contextlib.suppress(psutil.NoSuchProcess):
                each.kill()
        return found

    def end_workers(self) -> None:
        """Kill all workers, and wait until the scheduler has noticed."""
        for worker in self.client.nthreads():
            self.kill(worker)
        while self.client.nthreads():
            time.sleep(0.05)

    def close(self) -> None:
        """End all processes."""
        self.client.close()
        for each in reversed(self._started):
            each.terminate()
        for each in reversed(self._started):
            each.wait()
