"""Measurements made by hand."""

import datetime as dt

import pandas as pd

from hm_kedro.pipelines.scaling_study.measurements import OK, SCHEMA
from hm_kedro.pipelines.scaling_study.trials import gather

H_AND_M = 31_788_324
REPEATS = (0.99, 1.0, 1.02)
RUN = {
    "kind": "synthetic",
    "size": 0.1,
    "stage": "train",
    "contestant": "spark",
    "cores": 2,
    "factors": 32,
    "blocks": 10,
    "candidates": 100,
    "history_weeks": None,
    "repeat": 1,
    "status": OK,
    "seconds": 10.0,
    "cpu_seconds": 15.0,
    "peak_bytes": 2**30,
    "start_seconds": 5.0,
    "rows": 100,
    "shuffle_bytes": None,
    "spill_bytes": None,
    "message": None,
    "machine": "a machine",
    "machine_cores": 2,
    "machine_bytes": 2**34,
    "versions": "pyspark 4.2.1",
    "spark": "3g, 4 partitions",
    "date": dt.date(2026, 11, 26),
}


def run(**changes):
    """Make a measurement."""
    made = RUN | changes
    made.setdefault("data", f"synthetic {made['size']:g}")
    made.setdefault("transactions", round(made["size"] * H_AND_M))
    made.setdefault("customers", round(made["size"] * 1_371_980))
    return made


def repeat(seconds, spread=REPEATS, **changes):
    """Make the repeats of a configuration, whose median is some seconds."""
    return [run(seconds=seconds * factor, repeat=number, **changes) for number, factor in enumerate(spread, start=1)]


def fail(status, repeats=3, **changes):
    """Make a configuration of which all repeats failed."""
    return [run(status=status, repeat=number, cpu_seconds=None, **changes) for number in range(1, repeats + 1)]


def measured(*configurations):
    """Put configurations together as the table of measurements."""
    rows = [row for configuration in configurations for row in configuration]
    return pd.DataFrame(rows, columns=SCHEMA.names)


def tried(*configurations):
    """Gather configurations as trials."""
    return gather(measured(*configurations))
