"""Submissions in Kaggle's format, of models outside, as one table."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, NoReturn

import fsspec
from kedro.io import AbstractDataset, DatasetError
from pyspark.sql import functions as F

from hm_kedro import engine
from hm_kedro.errors import HmKedroError

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

COLUMNS = ("customer_id", "prediction")
SCHEMA = "contestant string, customer_id string, prediction string"


class SubmissionFiles(AbstractDataset[Any, Any]):
    """Reads a submission, or a folder of them: `customer_id,prediction`, CSV, gzipped or not.

    Args:
        place: the file or folder, from where the command was given; empty where there is none. (Kedro takes an empty
            `path` for the project's folder.)
        metadata: for kedro-viz.
    """

    def __init__(self, *, place: str, metadata: dict[str, Any] | None = None) -> None:
        self._place = place
        self.metadata = metadata

    def load(self) -> DataFrame:
        """Read them.

        Returns:
            One row per line: `contestant`, the file's name without its end, `customer_id`, `prediction`.

        Raises:
            HmKedroError: there is no such file, or it is no submission.
        """
        session = engine.session()
        table = session.createDataFrame([], SCHEMA)
        for name, file in self.find().items():
            lines = session.read.csv(file, header=True, schema=", ".join(f"{column} string" for column in COLUMNS))
            table = table.unionByName(lines.select(F.lit(name).alias("contestant"), *COLUMNS))
        return table

    def find(self) -> dict[str, str]:
        """Give the files by their contestants' names.

        Raises:
            HmKedroError: there is no such file, or it is no submission.
        """
        if not self._place:
            return {}
        fs, path = fsspec.core.url_to_fs(self._place)
        if fs.isdir(path):
            files = sorted(fs.glob(f"{path}/*.csv") + fs.glob(f"{path}/*.csv.gz"))
        else:
            files = [path] if fs.exists(path) else []
        if not files:
            raise HmKedroError(
                f"submissions: '{self._place}' is no file and no folder with .csv or .csv.gz files: name one, or leave "
                "submissions out"
            )
        found: dict[str, str] = {}
        for file in files:
            with fs.open(file, "rt", compression="infer", encoding="utf-8-sig") as text:
                header = tuple(column.strip().strip('"') for column in text.readline().split(","))
            if header != COLUMNS:
                raise HmKedroError(
                    f"submissions: the first line of '{file}' is '{','.join(header)}', not '{','.join(COLUMNS)}': "
                    "write it in Kaggle's format"
                )
            name = PurePosixPath(file).name.removesuffix(".gz").removesuffix(".csv")
            if name in found:
                raise HmKedroError(f"submissions: two files are named '{name}': rename one")
            found[name] = fs.unstrip_protocol(file) if "://" in self._place else file
        return found

    def save(self, data: Any) -> NoReturn:  # noqa: ARG002
        """Refuse: they are others'."""
        raise DatasetError(f"submissions '{self._place}' are read only")

    def _exists(self) -> bool:
        return True

    def _describe(self) -> dict[str, Any]:
        return {"place": self._place}
