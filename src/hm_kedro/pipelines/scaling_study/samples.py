"""A log of some of a log's customers, as plain CSV files, which every tool reads."""

from __future__ import annotations

import shutil
import zlib
from typing import TYPE_CHECKING

import fsspec
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as arrow_csv
import pyarrow.parquet as pq

from hm_kedro.raw.files import exists, find, list_parts, read_columns

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# By the file's name, whether only the sampled customers' rows are kept.
FILES = {"articles": False, "customers": True, "transactions_train": True, "sample_submission": True}
PLACES = 1 << 32


def is_sampled(customer_id: str, share: float) -> bool:
    """Whether a customer is in a sample, by an arithmetic mix of the id: a smaller sample is part of a larger one.

    >>> is_sampled("0" * 64, 1.0), is_sampled("0" * 64, 0.0)
    (True, False)
    """
    return zlib.crc32(customer_id.encode()) < share * PLACES


def sample_log(raw_dir: str, target: Path, share: float) -> None:
    """Write the log of some customers: all articles, the customers' own rows of the other files.

    Args:
        raw_dir: folder of the files in any form that the project reads.
        target: a folder; made by this, whole or not at all.
    """
    part = target.with_name(f"{target.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    for name, of_customers in FILES.items():
        if exists(f"{raw_dir}/{name}"):
            _write(f"{raw_dir}/{name}", part / f"{name}.csv", share if of_customers else 1.0)
    part.rename(target)


def _write(source: str, target: Path, share: float) -> None:
    writer: arrow_csv.CSVWriter | None = None
    for batch in _batches(find(source)):
        kept = batch
        if share < 1:
            # Of each id once, as a log names its customers many times.
            ids = pc.dictionary_encode(batch.column("customer_id"))
            sampled = pa.array([is_sampled(customer or "", share) for customer in ids.dictionary.to_pylist()])
            kept = batch.filter(sampled.take(ids.indices))
        if writer is None:
            writer = arrow_csv.CSVWriter(target, batch.schema)
        writer.write_batch(kept)
    if writer is not None:
        writer.close()


def _batches(path: str) -> Iterator[pa.RecordBatch]:
    """Every value as the text that it is in the file; an empty one is missing."""
    for part in list_parts(path) or [path]:
        if part.endswith(".parquet"):
            with fsspec.open(part, "rb") as file:
                for batch in pq.ParquetFile(file).iter_batches():
                    yield pa.RecordBatch.from_arrays(
                        [column.cast(pa.string()) for column in batch.columns], names=batch.schema.names
                    )
            continue
        columns = {name: pa.string() for name in read_columns(part)}
        convert = arrow_csv.ConvertOptions(column_types=columns, null_values=[""], strings_can_be_null=True)
        parse = arrow_csv.ParseOptions(newlines_in_values=True)
        with fsspec.open(part, "rb", compression="infer") as file:
            reader = arrow_csv.open_csv(file, parse_options=parse, convert_options=convert)
            yield from reader
