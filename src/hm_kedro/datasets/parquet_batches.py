"""A stream of Arrow batches as one Parquet file: row order is kept and memory is bounded, without an engine."""

from __future__ import annotations

import posixpath
from typing import Any

import fsspec
import pyarrow as pa
import pyarrow.dataset as arrow_dataset
import pyarrow.parquet as pq
from kedro.io import AbstractDataset


class ParquetBatches(AbstractDataset[Any, Any]):
    """Writes a stream of Arrow batches as one Parquet file, and reads any part of it.

    Each batch is a row group: where a column is constant within batches, as the week, a filter on it reads no other.

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

    def load(self) -> arrow_dataset.Dataset:
        """Open the file for `to_table(filter=…)`."""
        fs, path = fsspec.core.url_to_fs(self._filepath)
        return arrow_dataset.dataset(path, filesystem=fs, format="parquet")

    def _exists(self) -> bool:
        fs, path = fsspec.core.url_to_fs(self._filepath)
        return bool(fs.isfile(path))

    def _describe(self) -> dict[str, Any]:
        return {"filepath": self._filepath}
