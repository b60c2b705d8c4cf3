"""The tables of a `Work`, read and written by Arrow: no engine has a part in it."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as arrow_dataset
import pyarrow.parquet as pq

from hm_kedro.timeline import Timeline

if TYPE_CHECKING:
    from datetime import date
    from pathlib import Path

    from hm_kedro.pipelines.scaling_study.yardsticks import Work

# The project's own, said again here so that no engine is imported: what fractions are rounded to one over before they
# are summed up, the least weight of a purchase among related articles, the channel of online sales.
FRACTION = 2**30
LEAST = 1e-30
ONLINE = 2
BY_WEEK = arrow_dataset.partitioning(pa.schema([("week", pa.date32())]), flavor="hive")


def read_timeline(work: Work) -> Timeline:
    """Read the time line of the tables."""
    return Timeline.read(json.loads((work.tables / "03_primary/timeline.json").read_text(encoding="utf-8")))


def target_weeks(work: Work) -> list[date]:
    """Give every week that needs candidates, newest first."""
    return read_timeline(work).target_weeks(work.params.evaluation.weeks, work.params.training)


def open_table(work: Work, table: str) -> arrow_dataset.Dataset:
    """Open a table such as `04_feature/interactions`; `week` is its last column where it is partitioned by it."""
    folder = work.tables / table
    return arrow_dataset.dataset(folder, partitioning=BY_WEEK if any(folder.glob("week=*")) else None)


def read_table(work: Work, table: str, columns: list[str] | None = None, where: Any = None) -> pa.Table:
    """Read some columns of a table and the rows for which an Arrow expression holds, or all."""
    return open_table(work, table).to_table(columns=columns, filter=where).combine_chunks()


def of_week(*weeks: date) -> Any:
    """Say in Arrow's words that a row is of one of the weeks."""
    return pc.field("week").isin(pa.array(weeks, pa.date32()))


def make_folder(work: Work, table: str) -> Path:
    """Make an empty folder for a table of the output."""
    folder = work.output / table
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def write_table(work: Work, table: str, rows: pa.Table) -> None:
    """Write a table of the output as one file."""
    pq.write_table(rows, make_folder(work, table) / "part.parquet", compression="zstd")
