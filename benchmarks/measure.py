"""How long a command takes and how much memory all its processes have together."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from benchmarks.pages import PROJECT


@dataclass(frozen=True)
class Measurement:
    """What a run of a command took."""

    seconds: float
    cpu_seconds: float
    peak_bytes: int  # of all its processes together, shared pages counted once


def measure(command: list[str], cwd: Path) -> Measurement:
    """Run a command to its good end and measure it. Linux only: memory is read from /proc.

    Raises:
        RuntimeError: the command failed; its last words are in the message.
    """
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.perf_counter()
    environment = {**os.environ, "DO_NOT_TRACK": "1"}
    with subprocess.Popen(
        command, cwd=cwd, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        peak, ended = [0], threading.Event()

        def watch() -> None:
            while not ended.wait(1.0):
                peak[0] = max(peak[0], sum(_memory(pid) for pid in _family(process.pid)))

        watcher = threading.Thread(target=watch)
        watcher.start()
        said, _ = process.communicate()
        ended.set()
        watcher.join()
    seconds = time.perf_counter() - start
    if process.returncode:
        raise RuntimeError(f"{' '.join(command)} ended with {process.returncode}: {said[-2000:]}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Measurement(seconds, cpu, peak[0])


def kedro(*arguments: str) -> Measurement:
    """Measure a command of the project's."""
    return measure([sys.executable, "-m", "kedro", *arguments], PROJECT)


def _family(pid: int) -> list[int]:
    """A process and all that came from it."""
    parents = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parents[int(stat.parent.name)] = int(stat.read_text().rpartition(")")[2].split()[1])
        except OSError:  # it has ended meanwhile
            continue
    family = [pid]
    for member in family:
        family += [child for child, parent in parents.items() if parent == member]
    return family


def _memory(pid: int) -> int:
    try:
        rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except OSError:
        return 0
    return next((1024 * int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:")), 0)
