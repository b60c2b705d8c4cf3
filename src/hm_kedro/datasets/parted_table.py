"""A table that is made part by part, so that a run that stops goes on where it was."""

from __future__ import annotations

import json
import posixpath
from typing import TYPE_CHECKING, Any, NamedTuple

import fsspec
from kedro.io import AbstractDataset
from pyspark.sql import DataFrame

from hm_kedro import engine
from hm_kedro.errors import HmKedroError

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem


class Part(NamedTuple):
    """Some rows of a table.

    Attributes:
        work: what names all that decides the rows; parts of other work are not kept beside these.
        name: of the part.
        parts: how many there are in all.
        rows: no row of which is in another part.
    """

    work: str
    name: str
    parts: int
    rows: DataFrame


class Progress(NamedTuple):
    """How far a table is made: the work, the parts that are there, how many there are to be, and the columns' types."""

    work: str
    names: tuple[str, ...]
    parts: int
    schema: str = ""

    def has(self, work: str, name: str) -> bool:
        """Say whether a part is there of unfinished work; what was finished is made anew when asked for again."""
        return work == self.work and len(self.names) < self.parts and name in self.names


class PartedTable(AbstractDataset[Part, DataFrame]):
    """A folder of Parquet files, a folder in it a part, and what is done in a JSON file beside it.

    Args:
        filepath: the folder.
        metadata: for kedro-viz.
    """

    def __init__(self, *, filepath: str, metadata: dict[str, Any] | None = None) -> None:
        self._filepath = filepath
        self.metadata = metadata

    def load(self) -> DataFrame:
        """Read the table.

        Raises:
            HmKedroError: it is not there, or parts of it are missing.
        """
        progress = read_progress(self._filepath)
        if not progress.parts:
            raise HmKedroError(f"'{self._filepath}' is not there: run the pipeline that makes it first")
        if len(progress.names) < progress.parts:
            raise HmKedroError(
                f"'{self._filepath}' has {len(progress.names)} of {progress.parts} parts: run the pipeline that makes "
                "it again, it goes on from there"
            )
        fs, path = fsspec.core.url_to_fs(self._filepath)
        if not fs.glob(f"{path}/*/*.parquet"):
            return engine.session().createDataFrame([], progress.schema)
        return engine.session().read.parquet(self._filepath).drop("part")

    def save(self, data: Part) -> None:
        """Write a part; parts of other work go first."""
        fs, path = fsspec.core.url_to_fs(self._filepath)
        progress = read_progress(self._filepath)
        names = progress.names if (data.work, data.parts) == (progress.work, progress.parts) else ()
        if not names or data.name in names or len(names) == data.parts:
            names = ()
            # Said first: what a run leaves that is killed meanwhile must not pass for the earlier table.
            _write_progress(fs, path, Progress(data.work, names, data.parts))
            _remove(fs, path)
        place = f"{path}/part={data.name}"
        _remove(fs, place)
        _remove(fs, f"{path}.part")
        # What is killed in the writing lies beside the parts.
        data.rows.write.mode("overwrite").option("compression", "zstd").parquet(f"{self._filepath}.part")
        fs.makedirs(path, exist_ok=True)
        if fs.exists(f"{path}.part"):  # Sail writes nothing of no rows
            fs.mv(f"{path}.part", place, recursive=True)
        schema = ", ".join(f"{name} {kind}" for name, kind in data.rows.dtypes)
        _write_progress(fs, path, Progress(data.work, (*names, data.name), data.parts, schema))

    def _exists(self) -> bool:
        progress = read_progress(self._filepath)
        return bool(progress.parts) and len(progress.names) == progress.parts

    def _describe(self) -> dict[str, Any]:
        return {"filepath": self._filepath}


class TableProgress(AbstractDataset[None, Progress]):
    """How far a `PartedTable` is made.

    Args:
        filepath: the table's folder.
        metadata: for kedro-viz.
    """

    def __init__(self, *, filepath: str, metadata: dict[str, Any] | None = None) -> None:
        self._filepath = filepath
        self.metadata = metadata

    def load(self) -> Progress:
        """Read it; nothing is done where there is no table."""
        return read_progress(self._filepath)

    def save(self, data: None) -> None:
        """Refuse: the table itself says what is done."""
        raise HmKedroError(f"nothing to write: what is done of '{self._filepath}' is written with it ({data})")

    def _exists(self) -> bool:
        return True

    def _describe(self) -> dict[str, Any]:
        return {"filepath": self._filepath}


def read_progress(filepath: str) -> Progress:
    """Read how far the table of a folder is made."""
    fs, path = fsspec.core.url_to_fs(filepath)
    if not fs.exists(f"{path}.json"):
        return Progress("", (), 0)
    with fs.open(f"{path}.json", "r", encoding="utf-8") as file:
        saved = json.load(file)
    return Progress(saved["work"], tuple(saved["names"]), saved["parts"], saved["schema"])


def _remove(fs: AbstractFileSystem, path: str) -> None:
    if fs.exists(path):
        fs.rm(path, recursive=True)


def _write_progress(fs: AbstractFileSystem, path: str, progress: Progress) -> None:
    fs.makedirs(posixpath.dirname(path), exist_ok=True)
    with fs.open(f"{path}.json.part", "w", encoding="utf-8") as file:
        json.dump(progress._asdict(), file)
    fs.mv(f"{path}.json.part", f"{path}.json")
