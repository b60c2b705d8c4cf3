"""The work of scaling_study: measure what is not measured yet, and put it together."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from importlib import import_module
from pathlib import Path, PurePath
from typing import Any

import pandas as pd
import pyarrow as pa

from hm_kedro.chart import Numbers, column_by_column
from hm_kedro.errors import HmKedroError
from hm_kedro.parallel import tracked
from hm_kedro.parameters import ScalingParameters, StudyParameters
from hm_kedro.pipelines.scaling_study.machine import describe_machine
from hm_kedro.pipelines.scaling_study.measurements import FAILED, OK, OUT_OF_MEMORY, OUT_OF_TIME, SCHEMA
from hm_kedro.pipelines.scaling_study.plan import SETTINGS, key_of, list_tasks
from hm_kedro.pipelines.scaling_study.quality import CHANGE, compare_parts, list_trials, try_quality
from hm_kedro.pipelines.scaling_study.workshop import GIB, Limits, Workshop
from hm_kedro.processes import can_measure, cores

logger = logging.getLogger(__name__)
QUALITY = ("log", "axis", "value", "method", "map12", "recall12", "low", "high", "customers")
# A run that ended so is not repeated: it would take as long again to say the same.
FINAL = (OUT_OF_MEMORY, OUT_OF_TIME, FAILED)
# What of a machine decides how long a run takes; its memory is told a little differently after each start.
DECIDING = ("machine", "machine_cores", "versions", "spark")


def measure_stages(
    scaling_folder: Path,
    earlier_runs: list[dict[str, Any]],
    raw_dir: str,
    study: str,
    scaling_study: ScalingParameters,
) -> Iterator[dict[str, Any]]:
    """Measure every stage that the study names and that is not measured yet, each in a process of its own.

    Args:
        scaling_folder: where the study keeps its files; nothing else is in it.
        earlier_runs: measurements of this study and others, as they are given here.

    Yields:
        A row of `measurements.SCHEMA`, and `of`: what tells the study's from others.

    Raises:
        HmKedroError: memory and processor time can't be read on this machine.
    """
    if not can_measure():
        raise HmKedroError("scaling_study reads memory and processor time from Linux's /proc, which is not here")
    chosen, machine = scaling_study.studies[study], describe_machine()
    of = identify_runs(study, chosen, raw_dir, machine)
    workshop = open_workshop(scaling_folder, raw_dir, chosen)
    ended = [run for run in earlier_runs if run["of"] == of]
    done = {key_of(run) for run in ended}
    hopeless = {key_of(run | {"repeat": 0}) for run in ended if run["status"] in FINAL}
    tasks = list_tasks(chosen, find_yardsticks(chosen), cores())
    waiting = [task for task in tasks if task.key not in done]
    logger.info("%d of %d measurements are waiting", len(waiting), len(tasks))
    for task in tracked(waiting, len(waiting), "measurements"):
        of_all_repeats = task._replace(repeat=0).key
        if of_all_repeats in hopeless:
            continue
        row = workshop.measure(task) | machine | {"date": datetime.now(UTC).date().isoformat()}
        logger.info("%s", describe_run(row))
        if row["status"] in FINAL:
            hopeless.add(of_all_repeats)
        yield {"of": of, **row}


def measure_quality(
    scaling_folder: Path,
    earlier_quality: list[dict[str, Any]],
    raw_dir: str,
    study: str,
    scaling_study: ScalingParameters,
) -> Iterator[dict[str, Any]]:
    """Run the project on parts of the log, those that have not been tried, and judge its methods.

    Yields:
        A trial: `of`, `axis`, `value`, and `rows`, those of `try_quality`.
    """
    chosen = scaling_study.studies[study]
    of = identify_quality(study, chosen, raw_dir)
    workshop = open_workshop(scaling_folder, raw_dir, chosen)
    done = {(trial["axis"], trial["value"]) for trial in earlier_quality if trial["of"] == of}
    waiting = [trial for trial in list_trials(chosen.quality) if tuple(trial) not in done]
    for trial in tracked(waiting, len(waiting), "runs for quality"):
        found = try_quality(workshop, trial, PurePath(raw_dir).name, chosen.quality.params, chosen.quality, chosen.seed)
        for row in found:
            logger.info("%s %g: %s MAP@12 %.5f", trial.axis, trial.value, row["method"], row["map12"] or 0)
        yield {"of": of, **trial._asdict(), "rows": found}


def collect_measurements(
    scaling_runs: list[dict[str, Any]], raw_dir: str, study: str, scaling_study: ScalingParameters
) -> pd.DataFrame:
    """Put the study's measurements on this machine into one table, `measurements.SCHEMA`."""
    of = identify_runs(study, scaling_study.studies[study], raw_dir, describe_machine())
    runs = [run | {"date": date.fromisoformat(run["date"])} for run in scaling_runs if run["of"] == of]
    table = pa.Table.from_pylist([{name: run[name] for name in SCHEMA.names} for run in runs], SCHEMA)
    frame: pd.DataFrame = table.to_pandas(types_mapper=NULLABLE.get)
    return frame


def collect_quality(
    quality_runs: list[dict[str, Any]], raw_dir: str, study: str, scaling_study: ScalingParameters
) -> Numbers:
    """Put together what the study's runs reached: a row a method and part of the log (see `compare_parts`)."""
    of = identify_quality(study, scaling_study.studies[study], raw_dir)
    trials = sorted(quality_runs, key=lambda trial: (trial["axis"], trial["value"]))
    rows = [row for trial in trials if trial["of"] == of for row in trial["rows"]]
    return column_by_column(list(compare_parts(rows)), QUALITY + CHANGE)


# Integers that may be missing stay integers.
NULLABLE = {pa.int32(): pd.Int32Dtype(), pa.int64(): pd.Int64Dtype()}


def open_workshop(folder: Path, raw_dir: str, study: StudyParameters) -> Workshop:
    """Open the folder of a study."""
    base = {name: getattr(study, name)[0] for name in SETTINGS}
    return Workshop(folder, raw_dir, study.params, base, Limits(study.most_seconds, study.most_gb * GIB))


def identify_quality(name: str, study: StudyParameters, raw_dir: str) -> dict[str, Any]:
    """Tell what decides a study's runs for quality besides what each says: its name, log, parameters, who is judged."""
    quality = study.quality
    return {
        "study": name,
        "raw_dir": raw_dir,
        "params": dict(quality.params),
        "judged": min(quality.shares),
        "whole": max(quality.shares),
        "seed": study.seed,
    }


def identify_runs(name: str, study: StudyParameters, raw_dir: str, machine: Mapping[str, Any]) -> dict[str, Any]:
    """Tell what decides a study's measurements besides what each row says: its name, log, parameters, limits, machine.

    Rounds are compared in pairs, so none may be half of one machine, its versions or its settings of Spark, and half of
    another.
    """
    return {
        "study": name,
        "raw_dir": raw_dir,
        "params": dict(study.params),
        "limits": [study.most_seconds, study.most_gb],
        "machine": {fact: machine[fact] for fact in DECIDING},
    }


def find_yardsticks(study: StudyParameters) -> dict[str, tuple[str, ...]]:
    """Find the yardsticks that are installed and the stages that each knows."""
    found: dict[str, tuple[str, ...]] = {}
    for name in study.yardsticks:
        try:
            import_module(name)
        except ImportError:
            logger.warning("%s is not installed: it is left out (`pip install 'hm-kedro[scaling]'`)", name)
            continue
        module = import_module(f"hm_kedro.pipelines.scaling_study.yardsticks.{name}_stages")
        found[name] = tuple(module.STAGES)
    return found


def describe_run(row: dict[str, Any]) -> str:
    """Say in a line what was measured."""
    what = f"{row['data']}, {row['stage']}, {row['contestant']} on {row['cores']}, repeat {row['repeat']}"
    memory = f"{row['peak_bytes'] / GIB:.1f} GiB"
    if row["status"] != OK:
        return f"{what}: {row['status']}, {row['message']}"
    return f"{what}: {row['seconds']:.1f} s after {row['start_seconds']:.1f} s, {memory}"
