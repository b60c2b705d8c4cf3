"""The engine's tables: Parquet that kedro-viz can preview, and a single CSV file."""

from __future__ import annotations

import csv
import posixpath
from typing import TYPE_CHECKING, Any, NoReturn

import fsspec
import pyarrow.dataset as arrow_dataset
import pyarrow.parquet as pq
from kedro.io import AbstractDataset, DatasetError
from kedro_datasets.spark import SparkDatasetV2

from hm_kedro import engine
from hm_kedro.errors import HmKedroError

if TYPE_CHECKING:
    # kedro-viz knows by the name of its return type how a preview is to be shown.
    from kedro_datasets._typing import TablePreview
    from pyspark.sql import DataFrame

PARTITION_TYPES = {"week": "date", "weeks_to_cutoff": "int"}


class SparkTable(SparkDatasetV2):  # type: ignore[misc]
    """A Parquet table of the engine, which starts when the table is first loaded or saved.

    A partition column is written as text into the folders' names; it comes back as the type that it
    had. Loading a table that is not there fails here, with its name: engines disagree about it.
    """

    def _load(self) -> DataFrame:
        if not self._exists():
            raise HmKedroError(f"'{self._filepath}' is not there: run the pipeline that makes it first")
        engine.session()
        table: DataFrame = super()._load()
        for column in self._save_args.get("partitionBy", []):
            table = table.withColumn(column, table[column].cast(PARTITION_TYPES[column]))
        return table

    def _save(self, data: Any) -> None:
        engine.session()
        # Sail's overwrite leaves the files of an earlier run where they are.
        fs, path = fsspec.core.url_to_fs(self._spark_path)
        if fs.exists(path):
            fs.rm(path, recursive=True)
        super()._save(data)
        self._keep_schema_of_nothing(data)

    def _keep_schema_of_nothing(self, data: DataFrame) -> None:
        """Write a file without rows where a table without rows left none, so that it can be loaded."""
        fs, path = fsspec.core.url_to_fs(self._spark_path)
        if fs.exists(path) and any(file.endswith(".parquet") for file in fs.find(path)):
            return
        fs.makedirs(path, exist_ok=True)
        with fs.open(f"{path}/part-empty.parquet", "wb") as file:
            pq.write_table(data.limit(0).toArrow(), file)

    def _exists(self) -> bool:
        fs, path = fsspec.core.url_to_fs(self._spark_path)
        return bool(fs.exists(path))

    def preview(self, nrows: int = 5) -> TablePreview:
        """Show the first rows in kedro-viz, without an engine."""
        fs, path = fsspec.core.url_to_fs(self._spark_path)
        rows = arrow_dataset.dataset(path, filesystem=fs, format="parquet", partitioning="hive").head(nrows)
        text = rows.to_pandas().astype(str)
        return text.to_dict(orient="split")


class SparkCsvFile(AbstractDataset[Any, Any]):
    """One CSV file, with a header, written by the engine in the order of a column that is then left out.

    Args:
        filepath: the file to write.
        order_by: the column that orders the lines.
        metadata: for kedro-viz.
    """

    _SINGLE_PROCESS = True

    def __init__(self, *, filepath: str, order_by: str, metadata: dict[str, Any] | None = None) -> None:
        self._filepath = filepath
        self._order_by = order_by
        self.metadata = metadata

    def save(self, data: DataFrame) -> None:
        """Write the lines, streamed from the engine, beside the file and then put them in its place."""
        fs, target = fsspec.core.url_to_fs(self._filepath)
        fs.makedirs(posixpath.dirname(target), exist_ok=True)
        columns = [name for name in data.columns if name != self._order_by]
        with fs.open(f"{target}.part", "w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(columns)
            writer.writerows(data.orderBy(self._order_by).select(*columns).toLocalIterator())
        fs.mv(f"{target}.part", target)

    def load(self) -> NoReturn:
        """Refuse: the file is the run's last word, nothing reads it back."""
        raise DatasetError(f"'{self._filepath}' is written only")

    def _exists(self) -> bool:
        fs, path = fsspec.core.url_to_fs(self._filepath)
        return bool(fs.isfile(path))

    def _describe(self) -> dict[str, Any]:
        return {"filepath": self._filepath, "order_by": self._order_by}

    def preview(self, nrows: int = 5) -> TablePreview:
        """Show the first lines in kedro-viz."""
        import pandas as pd

        return pd.read_csv(self._filepath, dtype=str, nrows=nrows).to_dict(orient="split")
