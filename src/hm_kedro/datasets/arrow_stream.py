"""Files as streams of Arrow batches: row order is kept and memory is bounded, without an engine."""

from __future__ import annotations

import posixpath
from typing import Any, NoReturn

import fsspec
import pyarrow as pa
import pyarrow.csv as arrow_csv
import pyarrow.dataset as arrow_dataset
import pyarrow.parquet as pq
from kedro.io import AbstractDataset, DatasetError

from hm_kedro.datasets.raw_table import find_csv, list_parts
from hm_kedro.errors import HmKedroError


class CsvStream(AbstractDataset[Any, Any]):
    """Reads text columns of the first of some CSV files that exists, plain, gzipped or in parts, in file order.

    Args:
        path: the folder of the files.
        files: the files' names, in the order in which they are looked for.
        columns: the columns to read.
        metadata: for kedro-viz.
    """

    def __init__(
        self, *, path: str, files: list[str], columns: list[str], metadata: dict[str, Any] | None = None
    ) -> None:
        self._filepaths = [f"{path}/{name}" for name in files]
        self._columns = columns
        self.metadata = metadata

    def load(self) -> pa.RecordBatchReader:
        """Open the file.

        Raises:
            HmKedroError: no file is there, or a column is missing.
        """
        path = next((found for found in map(_find, self._filepaths) if found), None) or find_csv(self._filepaths[-1])
        readers = [self._open(part) for part in list_parts(path) or [path]]
        batches = (batch for reader in readers for batch in reader)
        return pa.RecordBatchReader.from_batches(readers[0].schema, batches)

    def _open(self, path: str) -> pa.RecordBatchReader:
        options = arrow_csv.ConvertOptions(
            include_columns=self._columns, column_types={name: pa.string() for name in self._columns}
        )
        parse = arrow_csv.ParseOptions(newlines_in_values=True)
        file = fsspec.open(path, "rb", compression="infer").open()
        try:
            return arrow_csv.open_csv(file, convert_options=options, parse_options=parse)
        except (KeyError, pa.ArrowInvalid) as error:
            raise HmKedroError(f"'{path}' can't be read: it needs the columns {', '.join(self._columns)}") from error

    def save(self, data: Any) -> NoReturn:  # noqa: ARG002
        """Refuse: raw files are never written."""
        raise DatasetError(f"raw file '{self._filepaths[0]}' is read only")

    def _exists(self) -> bool:
        return any(_find(path) for path in self._filepaths)

    def _describe(self) -> dict[str, Any]:
        return {"filepaths": self._filepaths, "columns": self._columns}


def _find(filepath: str) -> str | None:
    try:
        return find_csv(filepath)
    except HmKedroError:
        return None


class ParquetStream(AbstractDataset[Any, Any]):
    """Writes a stream of Arrow batches as one Parquet file.

    Args:
        filepath: the file to write.
        metadata: for kedro-viz.
    """

    def __init__(self, *, filepath: str, metadata: dict[str, Any] | None = None) -> None:
        self._filepath = filepath
        self.metadata = metadata

    def save(self, data: pa.RecordBatchReader) -> None:
        """Write the batches as they come."""
        fs, path = fsspec.core.url_to_fs(self._filepath)
        fs.makedirs(posixpath.dirname(path), exist_ok=True)
        with fs.open(path, "wb") as file, pq.ParquetWriter(file, data.schema, compression="zstd") as writer:
            for batch in data:
                writer.write_batch(batch)

    def load(self) -> pa.RecordBatchReader:
        """Open the file as a stream."""
        fs, path = fsspec.core.url_to_fs(self._filepath)
        file = pq.ParquetFile(fs.open(path, "rb"))
        return pa.RecordBatchReader.from_batches(file.schema_arrow, file.iter_batches())

    def _exists(self) -> bool:
        fs, path = fsspec.core.url_to_fs(self._filepath)
        return bool(fs.isfile(path))

    def _describe(self) -> dict[str, Any]:
        return {"filepath": self._filepath}


class ParquetBatches(ParquetStream):
    """Writes a stream of Arrow batches as one Parquet file, and reads any part of it.

    Each batch is a row group: where a column is constant within batches, as the week, a filter on it reads no other.
    """

    def load(self) -> arrow_dataset.Dataset:
        """Open the file for `to_table(filter=…)`."""
        fs, path = fsspec.core.url_to_fs(self._filepath)
        return arrow_dataset.dataset(path, filesystem=fs, format="parquet")
