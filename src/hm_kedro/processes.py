"""What a process and all that came from it take: memory, processor time. Linux only: they are read from /proc."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from hm_kedro.interrupts import undisturbed

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

SECONDS_BETWEEN_LOOKS = 0.5
# A look walks over all pages of a process, which for some GiB takes a tenth of a second and keeps the process from
# getting more meanwhile: so many times as long passes without one.
REST = 10
LAST_WORDS = 50_000


@dataclass(frozen=True)
class Ended:
    """How a command ended.

    Attributes:
        code: its exit code; negative: the signal that ended it.
        said: the end of what it printed.
        seconds: from its start to its end.
        peak_bytes: of all its processes together, shared pages counted once.
        stopped_by: `memory` or `time` where it was stopped for taking too much; else empty.
    """

    code: int
    said: str
    seconds: float
    peak_bytes: int
    stopped_by: str = ""


def can_measure() -> bool:
    """Whether memory and processor time can be read here."""
    return Path("/proc/self/smaps_rollup").exists()


def cores() -> int:
    """Count the cores that this process may run on."""
    return len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1


def keep_to_cores(count: int) -> None:
    """Let this process, its threads and what it starts run on so many cores only; Linux only.

    Raises:
        ValueError: there are fewer.
    """
    free = sorted(os.sched_getaffinity(0))
    if count > len(free):
        raise ValueError(f"{count} cores are asked for, {len(free)} are there")
    # Every thread has its own; new ones and processes get that of who starts them.
    for thread in Path("/proc/self/task").iterdir():
        os.sched_setaffinity(int(thread.name), free[:count])


def run_watched(
    command: Sequence[str],
    cwd: Path,
    environment: Mapping[str, str],
    most_seconds: float = float("inf"),
    most_bytes: float = float("inf"),
) -> Ended:
    """Run a command to its end or until it takes too much, in a session of its own, all of which ends with it."""
    start = time.perf_counter()
    peak, stopped, ended = 0, "", threading.Event()
    with ExitStack() as started:
        with undisturbed():
            process = started.enter_context(
                subprocess.Popen(
                    command,
                    cwd=cwd,
                    env=dict(environment),
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.STDOUT,
                    text=True,
                    errors="replace",
                    start_new_session=True,
                )
            )
            started.push(partial(_end_if_cut, process.pid))

        def watch() -> None:
            nonlocal peak, stopped
            rest = SECONDS_BETWEEN_LOOKS
            while not ended.wait(rest) and not stopped:
                looked = time.perf_counter()
                peak = max(peak, memory(process.pid))
                rest = max(SECONDS_BETWEEN_LOOKS, REST * (time.perf_counter() - looked))
                if peak > most_bytes:
                    stopped = "memory"
                elif time.perf_counter() - start > most_seconds:
                    stopped = "time"
                if stopped:
                    end_family(process.pid)

        watcher = threading.Thread(target=watch)
        watcher.start()
        try:
            said, _ = process.communicate()
        finally:
            ended.set()
            watcher.join()
    return Ended(process.returncode, said[-LAST_WORDS:], time.perf_counter() - start, peak, stopped)


def family(pid: int) -> list[int]:
    """A process and all that came from it."""
    parents = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):  # it has ended meanwhile
            parents[int(stat.parent.name)] = int(_fields(stat)[1])
    members = [pid]
    for member in members:
        members += [child for child, parent in parents.items() if parent == member]
    return members


def memory(pid: int) -> int:
    """Bytes that a process and all that came from it hold together, shared pages counted once."""
    return sum(_memory(member) for member in family(pid))


def processor_seconds(pid: int) -> float:
    """Seconds of processor time that a process and all that came from it have taken, those that ended among them."""
    ticks = 0
    for member in family(pid):
        with suppress(OSError):
            ticks += sum(int(field) for field in _fields(Path(f"/proc/{member}/stat"))[11:15])
    return ticks / os.sysconf("SC_CLK_TCK")


def _end_if_cut(pid: int, error: type[BaseException] | None, *_: object) -> None:
    """End a process and all that came from it where an error ends the wait for it."""
    if error is not None:
        end_family(pid)


def end_family(pid: int) -> None:
    """End a process and all that came from it, parents first, who would else go on without their children."""
    for member in family(pid):
        with suppress(ProcessLookupError):
            os.kill(member, signal.SIGKILL)


def _fields(stat: Path) -> list[str]:
    """What a process's stat says after its name, which may hold blanks: state, parent and so on."""
    return stat.read_text().rpartition(")")[2].split()


def _memory(pid: int) -> int:
    try:
        rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except OSError:
        return 0
    return next((1024 * int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:")), 0)
