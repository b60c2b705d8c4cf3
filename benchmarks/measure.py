"""How long a command takes and how much memory all its processes have together."""

from __future__ import annotations

import os
import resource
import sys
from dataclasses import dataclass
from pathlib import Path

from benchmarks.pages import PROJECT
from hm_kedro.processes import run_watched


@dataclass(frozen=True)
class Measurement:
    """What a run of a command took."""

    seconds: float
    cpu_seconds: float
    peak_bytes: int  # of all its processes together, shared pages counted once


def measure(command: list[str], cwd: Path) -> Measurement:
    """Run a command to its good end and measure it. Linux only.

    Raises:
        RuntimeError: the command failed; its last words are in the message.
    """
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    ended = run_watched(command, cwd, {**os.environ, "DO_NOT_TRACK": "1"})
    if ended.code:
        raise RuntimeError(f"{' '.join(command)} ended with {ended.code}: {ended.said[-2000:]}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Measurement(ended.seconds, cpu, ended.peak_bytes)


def kedro(*arguments: str) -> Measurement:
    """Measure a command of the project's."""
    return measure([sys.executable, "-m", "kedro", *arguments], PROJECT)
