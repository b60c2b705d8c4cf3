"""Find a raw file in any of its forms and part it into chunks that can be read side by side."""

from __future__ import annotations

import csv
import io
import posixpath
import zlib
from typing import TYPE_CHECKING, NamedTuple

import fsspec
import pyarrow.parquet as pq

from hm_kedro.errors import HmKedroError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hm_kedro.schemas import Table

ENDS = ("csv", "csv.gz", "parquet")
CHUNK_BYTES = 32 << 20


class Chunk(NamedTuple):
    """A part of a file that one task reads.

    Attributes:
        path: of the file.
        columns: the names of the file's columns, in its order.
        start, end: of a plain CSV file, the bytes in which its rows begin; of Parquet, `start` is the row group;
            of anything else, and where rows may hold line ends, the whole file (`end` is -1).
    """

    path: str
    columns: tuple[str, ...]
    start: int = 0
    end: int = -1


def find(path: str) -> str:
    """Find a raw file by its path without an end: `.csv`, `.csv.gz`, `.parquet`, or a folder with such parts.

    Raises:
        HmKedroError: none of them is there.
    """
    for end in ENDS:
        fs, candidate = fsspec.core.url_to_fs(f"{path}.{end}")
        if fs.isfile(candidate) or list_parts(f"{path}.{end}"):
            return f"{path}.{end}"
    raise HmKedroError(
        f"'{path}.csv' is not there, nor '.csv.gz' or '.parquet': name the folder of the Kaggle files, "
        "`--params raw_dir=FOLDER`"
    )


def exists(path: str) -> bool:
    """Whether a raw file is there in any of its forms."""
    try:
        return bool(find(path))
    except HmKedroError:
        return False


def list_parts(path: str) -> list[str]:
    """The parts in a folder, by name; none where it is no folder."""
    fs, folder = fsspec.core.url_to_fs(path)
    parts = [part for end in ENDS for part in fs.glob(f"{folder}/*.{end}")] if fs.isdir(folder) else []
    return sorted(fs.unstrip_protocol(part) if "://" in path else part for part in parts)


def name_of(path: str) -> str:
    """Name a file as its rejected rows do: a part of a folder with the folder's name before it.

    >>> name_of("raw/articles.csv"), name_of("s3://hm/articles.csv/part-0.csv")
    ('articles.csv', 'articles.csv/part-0.csv')
    """
    folder, name = posixpath.split(path)
    above = posixpath.basename(folder)
    return f"{above}/{name}" if above.endswith(ENDS) else name


def read_columns(path: str) -> tuple[str, ...]:
    """Read the names of a file's columns.

    Raises:
        HmKedroError: the file can't be read that far.
    """
    try:
        if path.endswith(".parquet"):
            fs, place = fsspec.core.url_to_fs(path)
            with fs.open(place, "rb") as file:
                return tuple(pq.read_schema(file).names)
        # As bytes: text is decoded some way beyond its line.
        with fsspec.open(path, "rb", compression="infer") as file:
            return tuple(next(csv.reader(io.StringIO(file.readline().decode("utf-8-sig"))), ()))
    except (ValueError, EOFError, OSError, zlib.error, csv.Error) as error:
        raise HmKedroError(f"'{path}' can't be read ({_first_words(error)}): get the file anew") from error


def _first_words(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:200]


def plan(path: str, table: Table, chunk_bytes: int = CHUNK_BYTES) -> list[Chunk]:
    """Part a file that was found, or its parts, into chunks, in the order of the rows.

    Args:
        path: what `find` gave.
        table: whose contract the file has.
        chunk_bytes: of plain files; more than the header has.

    Raises:
        HmKedroError: a column of the table is not in the file, or is there twice.
    """
    chunks: list[Chunk] = []
    for part in list_parts(path) or [path]:
        columns = read_columns(part)
        _check_columns(part, columns, table)
        chunks += [Chunk(part, columns, start, end) for start, end in _spans(part, table, chunk_bytes)]
    return chunks


def _check_columns(path: str, columns: tuple[str, ...], table: Table) -> None:
    wanted = [column.name for column in table.columns]
    missing = [name for name in wanted if name not in columns]
    if missing:
        raise HmKedroError(
            f"'{path}' lacks the column{'s' if len(missing) > 1 else ''} {', '.join(missing)}: "
            "its first line must name Kaggle's columns"
        )
    twice = [name for name in wanted if columns.count(name) > 1]
    if twice:
        raise HmKedroError(f"'{path}' has the column {twice[0]} twice: keep one of them")


def _spans(path: str, table: Table, chunk_bytes: int) -> Iterator[tuple[int, int]]:
    fs, place = fsspec.core.url_to_fs(path)
    if path.endswith(".parquet"):
        with fs.open(place, "rb") as file:
            groups = pq.ParquetFile(file).num_row_groups
        yield from ((group, -1) for group in range(groups))
    elif path.endswith(".gz") or table.multi_line:
        yield 0, -1
    else:
        size = fs.size(place)
        yield from ((start, min(start + chunk_bytes, size)) for start in range(0, size, chunk_bytes))
