"""The report of the study: everything that the measurements say, as tables that JSON keeps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import isfinite
from typing import Any

import numpy as np
import pandas as pd

from hm_kedro.chart import Numbers, column_by_column, row_by_row
from hm_kedro.pipelines.scaling_study.claims import claim_rows
from hm_kedro.pipelines.scaling_study.cost import cost_rows, engine_rows, pandas_rows
from hm_kedro.pipelines.scaling_study.elasticity import elasticity_rows, setting_rows
from hm_kedro.pipelines.scaling_study.fits import Laws, fit_laws
from hm_kedro.pipelines.scaling_study.predictions import predict_cores, predict_sizes
from hm_kedro.pipelines.scaling_study.speedup import core_laws, law_rows, speedup_rows, weak_rows
from hm_kedro.pipelines.scaling_study.trials import Line, Trials, find_base, gather, vary_data

MEASURES = ("seconds", "peak_bytes")
CURVE_POINTS = 25
# Enough for two of them to be told apart, few enough to be read.
DIGITS = 6


def fit_scaling(measurements: pd.DataFrame, quality: Numbers) -> dict[str, Numbers]:
    """Fit what scaling buys, in time and in quality.

    Args:
        measurements: `scaling_measurements`, a row per run that was tried.
        quality: `scaling_quality`: `log`, `axis` (customers, history_weeks, candidates), `value`, `method`
            (bestsellers, als, ranker), `map12` with the 95 % interval `low` to `high`, `recall12`, `customers` judged,
            `change` against the least value of the same axis with its interval `change_low` to `change_high`.

    Returns:
        Tables, empty where nothing is known: `base`, `machine`, `configurations` (medians and spread of repeats),
        `size_runs` (single runs by size), `growth` (laws by size), `curves` (these with bands), `speedup`,
        `core_laws`, `weak_scaling`, `cost`, `engines`, `pandas`, `size_predictions`, `core_predictions`, `settings`,
        `elasticity`, `failures`, `quality`, `claims`. Their columns are those of the functions that make them.
    """
    trials = gather(measurements)
    sizes = vary_data(trials)
    growth = {measure: _grow(sizes, measure) for measure in MEASURES}
    laws = core_laws(trials)
    rows: dict[str, Sequence[Mapping[str, Any]]] = {
        "base": [find_base(trials)._asdict()] if trials else [],
        "machine": machine_rows(measurements),
        "configurations": [_configuration(one) for one in trials],
        "size_runs": size_runs(sizes),
        "growth": growth_rows(growth, sizes),
        "curves": curve_rows(growth, sizes),
        "speedup": speedup_rows(trials),
        "core_laws": law_rows(trials, laws),
        "weak_scaling": weak_rows(trials, growth["seconds"]),
        "cost": cost_rows(trials),
        "engines": engine_rows(trials),
        "pandas": pandas_rows(trials),
        "size_predictions": predict_sizes(growth, sizes),
        "core_predictions": predict_cores(trials, laws),
        "settings": setting_rows(trials),
        "elasticity": elasticity_rows(trials),
        "failures": failure_rows(trials),
        "quality": row_by_row(quality),
    }
    report = {name: _numbers(found) for name, found in rows.items()}
    return report | {"claims": _numbers(claim_rows(report))}


def _numbers(found: Sequence[Mapping[str, Any]]) -> Numbers:
    """Give rows as JSON keeps them: numbers rounded to six digits, what is endless or unknown as missing."""
    rows = [{name: _plain(value) for name, value in row.items()} for row in found]
    return column_by_column(rows, list(rows[0])) if rows else {}


def _plain(value: Any) -> Any:
    if isinstance(value, float | np.floating):
        return float(f"{value:.{DIGITS}g}") if isfinite(value) else None
    return int(value) if isinstance(value, np.integer) else value


def machine_rows(measurements: pd.DataFrame) -> list[dict[str, Any]]:
    """Say where and when was measured: a row per machine, versions and settings of Spark, with the number of runs."""
    columns = ["machine", "machine_cores", "machine_bytes", "versions", "spark"]
    found: list[dict[str, Any]] = []
    if measurements.empty:
        return found
    for key, of_machine in measurements.groupby(columns, dropna=False, sort=False):
        days = [str(day) for day in of_machine["date"] if not pd.isna(day)]
        named: dict[str, Any] = dict(zip(columns, key, strict=True))
        span = {"first": min(days, default=None), "last": max(days, default=None), "runs": len(of_machine)}
        found.append({name: None if pd.isna(value) else value for name, value in named.items()} | span)
    return found


def _configuration(one: Trials) -> dict[str, Any]:
    """Sum up the repeats of a configuration.

    `seconds` is the median with failures counted as endless, `low` and `high` the least and the most of the runs that
    ended. `utilisation` is CPU seconds by seconds and cores.
    """
    seconds, cpu = one.values("seconds"), one.values("cpu_seconds")
    busy = [cpu[repeat] / (seconds[repeat] * one.cores) for repeat in cpu if seconds.get(repeat)]
    told = ("peak_bytes", "cpu_seconds", "start_seconds", "rows", "shuffle_bytes", "spill_bytes")
    return {
        "data": one.data,
        "family": one.family,
        "transactions": one.transactions,
        "stage": one.stage,
        "contestant": one.contestant,
        "cores": one.cores,
        **one.settings._asdict(),
        "runs": len(one.runs),
        "failed": len(one.failed),
        "failure": one.failure,
        "seconds": one.seconds,
        "low": min(seconds.values(), default=None),
        "high": max(seconds.values(), default=None),
        **{measure: one.median(measure) for measure in told},
        "utilisation": float(np.median(busy)) if busy else None,
    }


def size_runs(sizes: Mapping[Line, Sequence[Trials]]) -> list[dict[str, Any]]:
    """Give every run over sizes, those that failed among them: a row per family, stage, contestant, size and repeat."""
    return [
        {
            **_named(line),
            "data": one.data,
            "transactions": one.transactions,
            **{name: run[name] for name in ("repeat", "status", *MEASURES)},
        }
        for line, varied in sizes.items()
        for one in varied
        for run in one.runs
    ]


def _named(line: Line) -> dict[str, str]:
    return {"family": line.data, "stage": line.stage, "contestant": line.contestant}


def _known(varied: Sequence[Trials], measure: str) -> tuple[list[float], list[float]]:
    """Give the sizes for which a measure is known, and its medians."""
    medians = [(one.transactions, one.median(measure)) for one in varied]
    known = [(float(size), value) for size, value in medians if value]
    return [size for size, _ in known], [value for _, value in known]


def _grow(sizes: Mapping[Line, Sequence[Trials]], measure: str) -> dict[Line, Laws]:
    return {line: fit_laws(*_known(varied, measure)) for line, varied in sizes.items()}


def growth_rows(
    growth: Mapping[str, Mapping[Line, Laws]], sizes: Mapping[Line, Sequence[Trials]]
) -> list[dict[str, Any]]:
    """Give the laws of growth: a row per measure, family, stage and contestant, fitted or not.

    Returns:
        `sizes` that ended, from `smallest` to `largest` transactions; `exponent` with `low` and `high` of the power
        law; of the law with an overhead the `overhead` (in the measure's unit) and, `beside` it, the exponent; `law`,
        which tells more (power, overhead; missing where none is fitted), and `why`; `failed`, number of sizes that did
        not end.
    """
    found = []
    for measure, of_measure in growth.items():
        for line, laws in of_measure.items():
            known, _ = _known(sizes[line], measure)
            low, high = laws.power.interval() if laws.power else (None, None)
            found.append(
                {
                    "measure": measure,
                    **_named(line),
                    "cores": sizes[line][0].cores,
                    "sizes": len(known),
                    "smallest": int(min(known)) if known else None,
                    "largest": int(max(known)) if known else None,
                    "exponent": laws.power.exponent if laws.power else None,
                    "low": low,
                    "high": high,
                    "overhead": laws.overhead.overhead if laws.overhead else None,
                    "beside": laws.overhead.exponent if laws.overhead else None,
                    "law": laws.better.name if laws.better else None,
                    "why": laws.why,
                    "failed": sum(one.seconds is None for one in sizes[line]),
                }
            )
    return found


def curve_rows(
    growth: Mapping[str, Mapping[Line, Laws]], sizes: Mapping[Line, Sequence[Trials]]
) -> list[dict[str, Any]]:
    """Give the better laws as curves with the 95 % interval of the law, between the sizes measured."""
    found = []
    for measure, laws in growth.items():
        for line, law in ((line, of_line.better) for line, of_line in laws.items()):
            known, _ = _known(sizes[line], measure)
            if law is None:
                continue
            for size in np.geomspace(min(known), max(known), CURVE_POINTS):
                value, low, high = law.at(float(size))
                found.append(
                    {
                        "measure": measure,
                        **_named(line),
                        "transactions": float(size),
                        "value": value,
                        "low": low,
                        "high": high,
                    }
                )
    return found


def failure_rows(trials: Sequence[Trials]) -> list[dict[str, Any]]:
    """List every configuration of which a run failed: what it was, how it failed, its last words."""
    return [
        {
            "stage": one.stage,
            "contestant": one.contestant,
            "data": one.data,
            "transactions": one.transactions,
            "cores": one.cores,
            **one.settings._asdict(),
            "runs": len(one.runs),
            "failed": len(one.failed),
            "failure": one.failure,
            "message": next((run["message"] for run in one.failed if run["message"]), None),
        }
        for one in trials
        if one.failed
    ]
