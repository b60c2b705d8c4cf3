"""The folder of a study: the files that it works on, the tables that its stages read, what they write meanwhile."""

from __future__ import annotations

import hashlib
import json
import logging
import shutil
import sys
import time
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, NamedTuple

from hm_kedro import subruns
from hm_kedro.pipelines.scaling_study.measurements import FAILED, OK, OUT_OF_MEMORY, OUT_OF_TIME
from hm_kedro.pipelines.scaling_study.plan import SETTINGS
from hm_kedro.pipelines.scaling_study.samples import sample_log
from hm_kedro.pipelines.scaling_study.stages import STAGES
from hm_kedro.pipelines.scaling_study.worker import Result, Spec
from hm_kedro.processes import Ended, run_watched

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from hm_kedro.pipelines.scaling_study.plan import Data, Task

WORKER = "hm_kedro.pipelines.scaling_study.worker"
# What makes the tables that stages read: the engine that is through first, up to what the last stage reads.
PREPARED_BY = "sail"
PREPARED = "data_processing,eda,als_candidates,lgbm_ranking"
PREPARED_TABLES = ("rankers", "bestsellers", "submission_lines")
SIGKILL = -9
# How tools say that memory was not enough.
MEMORY_WORDS = ("OutOfMemoryError", "MemoryError", "Unable to allocate", "Cannot allocate memory", "Out of Memory")
GIB = 1 << 30
MOST_WORDS = 300

logger = logging.getLogger(__name__)


class Limits(NamedTuple):
    """What a measurement may take before it is stopped, which is its result then."""

    seconds: float
    bytes: float


class Size(NamedTuple):
    """How large some data are."""

    transactions: int
    customers: int


class Workshop:
    """The folder, which is gone on with where it is there.

    Attributes:
        folder: of the study alone.

    Args:
        raw_dir: the log that samples are of.
        params: run-time parameters of every stage, by dotted names.
        base: the value of each setting that tables are made with where a task doesn't vary it.
        limits: of each measurement.
    """

    def __init__(
        self, folder: Path, raw_dir: str, params: Mapping[str, Any], base: Mapping[str, Any], limits: Limits
    ) -> None:
        self.folder = folder
        self._raw_dir = raw_dir
        self._params = dict(params)
        self._base = dict(base)
        self._limits = limits

    def raw(self, data: Data) -> Path:
        """Give the raw files, as plain CSV, made if they are not there."""
        of_a_log = data.kind == "sample"
        folder = self.folder / "raw" / (f"{data.name} of {_mark(self._raw_dir)}" if of_a_log else data.name)
        if folder.exists():
            return folder
        folder.parent.mkdir(parents=True, exist_ok=True)
        if of_a_log:
            sample_log(self._raw_dir, folder, data.size)
        else:
            made, scratch = folder.with_name(f"{data.name}.part"), self.folder / "synthetic"
            shutil.rmtree(made, ignore_errors=True)
            subruns.run_kedro("synthetic_data", {"raw_dir": made, "output_dir": scratch, "scale": data.size})
            shutil.rmtree(scratch)
            made.rename(folder)
        return folder

    def tables(self, task: Task) -> Path:
        """Give the tables that a stage reads, made if they are not there."""
        settings = self._base | {axis: getattr(task, axis) for axis in STAGES[task.stage].inputs}
        told = [f"{axis} {value}" for axis, value in settings.items() if value != self._base[axis]]
        params = self._params | {SETTINGS[axis]: value for axis, value in settings.items()}
        folder = self.folder / "tables" / self.raw(task.data).name / f"{', '.join(told) or 'base'} {_mark(params)}"
        if folder.exists():
            return folder
        made = folder.with_name(f"{folder.name}.part")
        shutil.rmtree(made, ignore_errors=True)
        made.mkdir(parents=True)
        logger.info("Making the tables of %s, %s", task.data.name, folder.name)
        given = self._given(task, made) | params | {"engine": PREPARED_BY}
        subruns.run_kedro(PREPARED, given, "--to-outputs", ",".join(PREPARED_TABLES))
        made.rename(folder)
        return folder

    def size(self, data: Data) -> Size:
        """Count the lines of a log's transactions and customers."""
        raw = self.raw(data)
        counted = raw / "size.json"
        if not counted.exists():
            transactions, customers = (
                _count_lines(raw / f"{name}.csv") for name in ("transactions_train", "customers")
            )
            counted.write_text(json.dumps(Size(transactions, customers)._asdict()), encoding="utf-8")
        return Size(**json.loads(counted.read_text(encoding="utf-8")))

    def measure(self, task: Task) -> dict[str, Any]:
        """Measure: a row of the table of measurements, but for what it tells of the machine."""
        stage = STAGES[task.stage]
        raw, size = self.raw(task.data), self.size(task.data)
        tables = "" if stage.from_raw else str(self.tables(task))
        output, told, result = (self.folder / name for name in ("output", "spec.json", "result.json"))
        result.unlink(missing_ok=True)
        shutil.rmtree(output, ignore_errors=True)
        spec = Spec(
            project=str(subruns.project()),
            env=subruns.env(),
            contestant=task.contestant,
            stage=task.stage,
            pipelines=stage.pipelines,
            nodes=list(stage.nodes),
            to_outputs=list(stage.to_outputs),
            cores=task.cores,
            params=self._given(task, output) | self._params | task.settings() | dict(stage.params),
            raw=str(raw),
            tables=tables,
            output=str(output),
            makes=list(stage.makes),
            begun=time.monotonic(),
        )
        told.write_text(json.dumps(asdict(spec)), encoding="utf-8")
        command = [sys.executable, "-m", WORKER, str(told), str(result)]
        ended = run_watched(command, subruns.project(), subruns.environment(), *self._limits)
        shutil.rmtree(output, ignore_errors=True)
        taken = Result(**json.loads(result.read_text(encoding="utf-8"))) if result.exists() else None
        status = status_of(ended, done=taken is not None)
        return {
            **task.row,
            **size._asdict(),
            "status": status,
            **dict.fromkeys(Result.__dataclass_fields__),
            **(asdict(taken) if taken and status == OK else {"seconds": ended.seconds}),
            "peak_bytes": ended.peak_bytes,
            "message": "" if status == OK else _last_words(ended),
        }

    def _given(self, task: Task, output: Path) -> dict[str, Any]:
        return {
            "raw_dir": str(self.raw(task.data)),
            "output_dir": str(output),
            "cutoff": "",
            "ranker.num_threads": task.cores,
        }


def _mark(what: object) -> str:
    """Tell in a few letters what files are made of or with, so that those of another log or parameter aren't taken."""
    return hashlib.sha256(json.dumps(what, sort_keys=True).encode()).hexdigest()[:8]


def status_of(ended: Ended, *, done: bool) -> str:
    """Say how a measurement ended; what the machine kills by itself it kills for want of memory."""
    if ended.stopped_by == "time":
        return OUT_OF_TIME
    if ended.stopped_by == "memory" or (not done and ended.code == SIGKILL):
        return OUT_OF_MEMORY
    if done and not ended.code:
        return OK
    return OUT_OF_MEMORY if any(words in ended.said for words in MEMORY_WORDS) else FAILED


def _last_words(ended: Ended) -> str:
    if ended.stopped_by:
        return f"stopped after {ended.seconds:.0f} s with {ended.peak_bytes / GIB:.1f} GiB"
    return (ended.said.strip().splitlines() or [f"ended with {ended.code}"])[-1][:MOST_WORDS]


def _count_lines(file: Path) -> int:
    with file.open("rb") as opened:
        return sum(block.count(b"\n") for block in iter(lambda: opened.read(1 << 24), b"")) - 1
