"""Read the rows of a chunk: text in, text out, in pieces of bounded size."""

from __future__ import annotations

import re
import zlib
from typing import IO, TYPE_CHECKING, Any

import fsspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from hm_kedro.errors import HmKedroError
from hm_kedro.raw.files import CHUNK_BYTES, Chunk
from hm_kedro.raw.rows import Broken, Rows, row_start, split_rows

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hm_kedro.schemas import Column, Table


def read_rows(chunk: Chunk, table: Table) -> Iterator[Rows]:
    """Read the rows that begin in a chunk.

    Returns:
        Pieces whose lines count from the chunk's first byte on; only the last piece's `line_count` is the chunk's.

    Raises:
        HmKedroError: a compressed or Parquet file is damaged, so that its rows can't be told apart.
    """
    try:
        if chunk.path.endswith(".parquet"):
            yield _read_row_group(chunk, table)
            return
        wanted = [column.name for column in table.columns]
        start = row_start(table, chunk.columns)
        lines_before = 0
        for data, header_lines in _read_bytes(chunk, whole=table.multi_line):
            lines_before += header_lines
            rows = split_rows(data, chunk.columns, wanted, start)
            broken = [fault._replace(line=fault.line + lines_before) for fault in rows.broken]
            yield Rows(rows.fields, rows.lines + lines_before, broken, rows.line_count + lines_before)
            lines_before += rows.line_count
    except (EOFError, zlib.error, OSError, pa.ArrowInvalid) as error:
        words = (str(error).splitlines() or [type(error).__name__])[0][:200]
        raise HmKedroError(f"'{chunk.path}' is damaged ({words}): get the file anew") from error


def _read_bytes(chunk: Chunk, *, whole: bool) -> Iterator[tuple[bytes, int]]:
    """Give whole lines, each time with the number of header lines that were left out before them."""
    with fsspec.open(chunk.path, "rb", compression="infer") as file:
        if chunk.end >= 0:
            header = 0
            if chunk.start == 0:
                header = _skip_header(file)
            else:
                file.seek(chunk.start - 1)
                file.readline()
            begin = file.tell()
            data = file.read(max(chunk.end - begin, 0))
            if data and not data.endswith(b"\n"):
                data += file.readline()
            yield data, header
            return
        header = _skip_header(file)
        if whole:
            yield file.read(), header
            return
        while data := file.read(CHUNK_BYTES):
            yield data + (b"" if data.endswith(b"\n") else file.readline()), header
            header = 0


def _skip_header(file: IO[bytes]) -> int:
    return int(bool(file.readline()))


def _read_row_group(chunk: Chunk, table: Table) -> Rows:
    fs, path = fsspec.core.url_to_fs(chunk.path)
    with fs.open(path, "rb") as file:
        read = pq.ParquetFile(file).read_row_group(chunk.start, columns=[column.name for column in table.columns])
    broken: list[Broken] = []
    texts: dict[str, pa.ChunkedArray] = {}
    for column in table.columns:
        texts[column.name], undecodable = _as_text(read[column.name], column)
        broken += [Broken(int(row) + 1, "wrong_encoding", text) for row, text in undecodable.items()]
    whole = np.ones(read.num_rows, bool)
    whole[[fault.line - 1 for fault in broken]] = False
    first = {fault.line: fault for fault in reversed(broken)}
    fields = pa.table(texts).filter(pa.array(whole))
    return Rows(fields, np.flatnonzero(whole) + 1, list(first.values()), read.num_rows)


def _as_text(values: Any, column: Column) -> tuple[Any, dict[int, str]]:
    """Write typed values as a CSV file has them, and name those that are no text."""
    kind = values.type
    if pa.types.is_dictionary(kind):
        values = values.cast(kind.value_type)
        kind = values.type
    if pa.types.is_timestamp(kind):
        values = values.cast(pa.date32(), safe=False)
    elif pa.types.is_floating(kind):
        values = pc.if_else(pc.is_nan(values), pa.scalar(None, kind), values)
    elif pa.types.is_integer(kind) and column.form:
        # Ids of digits lose their leading zeros as numbers.
        return pc.utf8_lpad(values.cast(pa.string()), int(re.findall(r"\{(\d+)\}", column.form)[0]), "0"), {}
    if not (pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_binary(kind)):
        return values.cast(pa.string()), {}
    raw = values.cast(pa.binary())
    undecodable: dict[int, str] = {}
    try:
        text = raw.cast(pa.string())
    except pa.ArrowInvalid:
        decoded = []
        for row, value in enumerate(raw.to_pylist()):
            try:
                decoded.append(None if value is None else value.decode())
            except UnicodeDecodeError:
                decoded.append(None)
                undecodable[row] = value.decode(errors="backslashreplace")
        text = pa.chunked_array([pa.array(decoded, pa.string())])
    return pc.if_else(pc.equal(text, ""), pa.scalar(None, pa.string()), text), undecodable
