"""One of Kaggle's files, in whatever form it is there, as a table of rows that are held to the contract."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, NoReturn

import pandas as pd
import pyarrow as pa
import pyarrow.dataset as arrow_dataset
from fsspec.core import url_to_fs
from kedro.io import AbstractDataset, DatasetError

from hm_kedro import engine
from hm_kedro.raw import files
from hm_kedro.raw.values import PLACE, read_checked
from hm_kedro.schemas import RAW, ddl

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    # kedro-viz knows by the name of its return type how a preview is to be shown.
    from kedro_datasets._typing import TablePreview
    from pyspark.sql import DataFrame

    from hm_kedro.schemas import Table

logger = logging.getLogger(__name__)


class RawTable(AbstractDataset[Any, Any]):
    """Reads a raw file: `.csv`, `.csv.gz`, `.parquet`, or a folder of that name with such parts.

    The rows are taken apart and held to the contract in Arrow batches, in the engine's tasks, so that engines agree
    about every row. The table has a row per row of the file, sound or not: the contract's columns, typed, and what
    `hm_kedro.raw.values.PLACE` names. Columns are found by name; those that the contract does not know are left out.

    Args:
        path: the folder of the files.
        names: files' names without an end, in the order in which they are looked for.
        table: whose contract it is (a key of `hm_kedro.schemas.RAW`).
        metadata: for kedro-viz.
    """

    _SINGLE_PROCESS = True

    def __init__(self, *, path: str, names: list[str], table: str, metadata: dict[str, Any] | None = None) -> None:
        if table not in RAW:
            raise DatasetError(f"no raw table '{table}': choose one of {', '.join(RAW)}")
        self._paths = [f"{path}/{name}" for name in names]
        self._table = table
        self.metadata = metadata

    def load(self) -> DataFrame:
        """Read the file.

        Raises:
            HmKedroError: the file or one of its columns is missing.
        """
        table = RAW[self._table]
        path = self._find()
        chunks = files.plan(path, table)
        self._name_left_out(path, chunks)
        numbers = engine.session().range(0, len(chunks), 1, engine.partitions(len(chunks)))
        place = ", ".join(f"`{name}` {kind}" for name, kind in PLACE.items())
        return numbers.mapInArrow(_reader(chunks, table), f"{ddl(table)}, {place}")

    def _find(self) -> str:
        return files.find(next(filter(files.exists, self._paths), self._paths[-1]))

    def _name_left_out(self, path: str, chunks: list[files.Chunk]) -> None:
        known = {column.name for table in RAW.values() for column in table.columns}
        known.update(RAW[self._table].unread)
        left_out = {name: None for chunk in chunks for name in chunk.columns if name not in known}
        if left_out:
            logger.info("%s: left out columns that are not H&M's: %s", files.name_of(path), ", ".join(left_out))

    def save(self, data: Any) -> NoReturn:  # noqa: ARG002
        """Refuse: raw files are never written."""
        raise DatasetError(f"raw file '{self._paths[0]}' is read only")

    def _exists(self) -> bool:
        return any(map(files.exists, self._paths))

    def _describe(self) -> dict[str, Any]:
        return {"paths": self._paths, "table": self._table}

    def preview(self, nrows: int = 5) -> TablePreview:
        """Show the first rows in kedro-viz, without an engine."""
        path = self._find()
        first = next(iter(files.list_parts(path)), path)
        if first.endswith(".parquet"):
            fs, place = url_to_fs(first)
            head = arrow_dataset.dataset(place, filesystem=fs, format="parquet").head(nrows).to_pandas().astype(str)
        else:
            head = pd.read_csv(first, dtype=str, nrows=nrows)
        return head.to_dict(orient="split")


def _reader(chunks: list[files.Chunk], table: Table) -> Callable[[Iterator[pa.RecordBatch]], Iterator[pa.RecordBatch]]:
    """Make the function that reads the chunks whose numbers it is given."""

    def read(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            for number in batch.column(0).to_pylist():
                yield from read_checked(chunks[number], number, table)

    return read
