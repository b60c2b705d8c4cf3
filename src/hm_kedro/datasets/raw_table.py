"""One of Kaggle's CSV files, plain or gzipped, as a table of text columns."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Any, ClassVar, NoReturn

import fsspec
import pandas as pd
from kedro.io import AbstractDataset, DatasetError

from hm_kedro import engine
from hm_kedro.errors import HmKedroError
from hm_kedro.schemas import RAW

if TYPE_CHECKING:
    from pyspark.sql import DataFrame


def find_csv(filepath: str) -> str:
    """Find a CSV file or its gzipped form, or a folder of that name that holds its parts.

    Raises:
        HmKedroError: neither is there.
    """
    for candidate in (filepath, f"{filepath}.gz"):
        fs, path = fsspec.core.url_to_fs(candidate)
        if fs.isfile(path) or list_parts(candidate):
            return candidate
    raise HmKedroError(
        f"'{filepath}' is not there, nor '{filepath}.gz': name the folder of the Kaggle files, "
        "`--params raw_dir=FOLDER`"
    )


def list_parts(filepath: str) -> list[str]:
    """The CSV files in a folder, by name; none where it is no folder."""
    fs, path = fsspec.core.url_to_fs(filepath)
    parts = [part for end in ("csv", "csv.gz") for part in fs.glob(f"{path}/*.{end}")] if fs.isdir(path) else []
    return sorted(fs.unstrip_protocol(part) if "://" in filepath else part for part in parts)


def read_header(filepath: str) -> list[str]:
    """Read the names in the first line of a CSV file, or of the first of its parts."""
    first = next(iter(list_parts(filepath)), filepath)
    with fsspec.open(first, "rt", encoding="utf-8-sig", compression="infer") as file:
        return next(csv.reader(io.StringIO(file.readline())), [])


class RawTable(AbstractDataset[Any, Any]):
    """Reads a raw file, or its parts, as the engine's DataFrame; every column is text, in the order of the schema.

    Columns are found by their names in the header; those that the schema does not know are left out.

    Args:
        filepath: the file's path without `.gz`.
        table: the file's name in `hm_kedro.schemas.RAW`.
        metadata: for kedro-viz.
    """

    _SINGLE_PROCESS = True
    OPTIONS: ClassVar[dict[str, Any]] = {"header": True, "multiLine": True, "quote": '"', "escape": '"'}

    def __init__(self, *, filepath: str, table: str, metadata: dict[str, Any] | None = None) -> None:
        if table not in RAW:
            raise DatasetError(f"no raw table '{table}': choose one of {', '.join(RAW)}")
        self._filepath = filepath
        self._table = table
        self.metadata = metadata

    def load(self) -> DataFrame:
        """Read the file.

        Raises:
            HmKedroError: the file or one of its columns is missing.
        """
        path = find_csv(self._filepath)
        header = read_header(path)
        columns = [column.name for column in RAW[self._table]]
        missing = [name for name in columns if name not in header]
        if missing:
            raise HmKedroError(
                f"'{path}' lacks the column{'s' if len(missing) > 1 else ''} {', '.join(missing)}: "
                "its first line must name Kaggle's columns"
            )
        options = dict(self.OPTIONS)
        if self._table != "articles":
            # Only descriptions hold line ends; without them a plain file is read in parallel.
            options["multiLine"] = False
        reader = engine.session().read.format("csv").options(**options)
        schema = ", ".join(f"`{name}` string" for name in header)
        return reader.schema(schema).load(path).select(*columns)

    def save(self, data: Any) -> NoReturn:  # noqa: ARG002
        """Refuse: raw files are never written."""
        raise DatasetError(f"raw file '{self._filepath}' is read only")

    def _exists(self) -> bool:
        try:
            return bool(find_csv(self._filepath))
        except HmKedroError:
            return False

    def _describe(self) -> dict[str, Any]:
        return {"filepath": self._filepath, "table": self._table}

    def preview(self, nrows: int = 5) -> dict[str, Any]:
        """Show the first rows in kedro-viz, without an engine."""
        path = find_csv(self._filepath)
        head = pd.read_csv(next(iter(list_parts(path)), path), dtype=str, nrows=nrows)
        preview: dict[str, Any] = head.to_dict(orient="split")
        return preview
