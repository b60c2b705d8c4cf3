"""A folder of Kaggle's files as one dataset: written whole or not at all, and never over files of other origin."""

from __future__ import annotations

import gzip
import io
import json
import shutil
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, NoReturn, Self, cast

import pyarrow as pa
import pyarrow.csv as arrow_csv
import pyarrow.parquet as pq
from kedro.io import AbstractDataset, DatasetError

from hm_kedro.errors import HmKedroError
from hm_kedro.schemas import RAW

MANIFEST = "synthetic.json"
README = "README.md"
MOST_NAMED = 3  # foreign files, in the line that refuses them
ARROW_TYPES = {
    "string": pa.string(),
    "date": pa.date32(),
    "int": pa.int32(),
    "tinyint": pa.int8(),
    "float": pa.float64(),
}


@dataclass(frozen=True)
class KaggleFiles:
    """What goes into the folder.

    Args:
        pieces: by the file's name without its end, its bytes piece by piece: the header, then whole lines.
        about: how the files were made, for the manifest.
        readme: the same for people.
        gzip: write `.csv.gz`.
        parquet: write `.parquet` beside.
        part_bytes: files that grow past so many bytes of text become folders of parts.
    """

    pieces: Mapping[str, Iterable[bytes]]
    about: Mapping[str, Any]
    readme: str
    gzip: bool
    parquet: bool
    part_bytes: int


class KaggleFolder(AbstractDataset[Any, Any]):
    """Writes the four files, a README and a manifest, all of them or none.

    They are written beside the folder and take its place in the end. A folder that holds anything but what an earlier
    run wrote is refused.

    Args:
        path: the folder.
        metadata: for kedro-viz.
    """

    def __init__(self, *, path: str, metadata: dict[str, Any] | None = None) -> None:
        self.path = path
        self.metadata = metadata

    def check_target(self) -> None:
        """Refuse a folder that holds other files.

        Raises:
            HmKedroError: it does, or it is none of this machine.
        """
        remedy = "name an empty or new folder, `--params raw_dir=FOLDER`"
        if "://" in self.path:
            raise HmKedroError(f"raw_dir '{self.path}' is not on this machine: {remedy}, and copy the files from there")
        folder = Path(self.path)
        if folder.exists() and not folder.is_dir():
            raise HmKedroError(f"raw_dir '{self.path}' is a file: {remedy}")
        entries = {entry.name for entry in folder.iterdir()} if folder.exists() else set()
        foreign = sorted(entries - self._own_files(folder))
        if foreign:
            named = ", ".join(foreign[:MOST_NAMED]) + (", …" if len(foreign) > MOST_NAMED else "")
            raise HmKedroError(f"raw_dir '{self.path}' holds files of other origin ({named}): {remedy}")

    @staticmethod
    def _own_files(folder: Path) -> set[str]:
        try:
            manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
            return {MANIFEST, *manifest["files"]}
        except (OSError, ValueError, KeyError, TypeError):
            return set()

    def save(self, data: KaggleFiles) -> None:
        """Write the files."""
        self.check_target()
        folder = Path(self.path).resolve()  # beside the files, not beside a link to them
        partial, old = (folder.parent / f".{folder.name}.{state}" for state in ("partial", "old"))
        if old.exists() and not folder.exists():  # ended between the two renamings below
            old.rename(folder)
        for left_over in (partial, old):
            shutil.rmtree(left_over, ignore_errors=True)
        partial.mkdir(parents=True)
        try:
            for name, pieces in data.pieces.items():
                _write_file(partial, name, pieces, data)
            (partial / README).write_text(data.readme, encoding="utf-8")
            files = sorted(entry.name for entry in partial.iterdir())
            manifest = json.dumps({"files": files, **data.about}, indent=1, default=str)
            (partial / MANIFEST).write_text(manifest + "\n", encoding="utf-8")
            self.check_target()  # what came into the folder meanwhile must not be lost either
            if folder.exists():
                folder.rename(old)
            partial.rename(folder)
        finally:
            shutil.rmtree(partial, ignore_errors=True)
            shutil.rmtree(old, ignore_errors=True)

    def load(self) -> NoReturn:
        """Refuse: each file has a dataset of its own."""
        raise DatasetError(f"the files of '{self.path}' are read one by one")

    def _exists(self) -> bool:
        return (Path(self.path) / MANIFEST).is_file()

    def _describe(self) -> dict[str, Any]:
        return {"path": self.path}


def _write_file(folder: Path, name: str, pieces: Iterable[bytes], files: KaggleFiles) -> None:
    """Write one file and its Parquet, or folders of parts where it grows too large."""
    rest = iter(pieces)
    header = next(rest)
    parts = 0
    piece = next(rest, b"")
    while piece or parts == 0:
        with _Part(folder / f"{name} {parts}", header, name, files) as part:
            while piece and (part.size == len(header) or part.size + len(piece) <= files.part_bytes):
                part.write(piece)
                piece = next(rest, b"")
        parts += 1
    for end in [".csv.gz" if files.gzip else ".csv", *([".parquet"] if files.parquet else [])]:
        if parts == 1:
            (folder / f"{name} 0{end}").rename(folder / f"{name}{end}")
            continue
        (folder / f"{name}{end}").mkdir()
        for part_number in range(parts):
            whole = folder / f"{name} {part_number}{end}"
            whole.rename(folder / f"{name}{end}" / f"part-{part_number:05d}{end}")


class _Part:
    """A CSV file in the making, and its Parquet."""

    def __init__(self, stem: Path, header: bytes, table: str, files: KaggleFiles) -> None:
        self.size = 0
        self._header = header
        self._open = ExitStack()
        path = Path(f"{stem}.csv.gz" if files.gzip else f"{stem}.csv")
        file: BinaryIO = self._open.enter_context(path.open("wb"))
        self._text = file
        if files.gzip:
            # Neither a name nor a time goes into the file: equal rows are equal bytes.
            self._text = self._open.enter_context(cast("BinaryIO", gzip.GzipFile("", "wb", 9, file, mtime=0)))
        self._parquet: pq.ParquetWriter | None = None
        if files.parquet:
            names = header.decode().strip().split(",")
            types = {column.name: ARROW_TYPES[column.type] for column in (RAW[table].columns if table in RAW else ())}
            self._schema = pa.schema([(name, types.get(name, pa.string())) for name in names])
            writer = pq.ParquetWriter(f"{stem}.parquet", self._schema, compression="zstd")
            self._parquet = self._open.enter_context(writer)
        self.write(header)

    def write(self, piece: bytes) -> None:
        """Write whole lines."""
        self._text.write(piece)
        self.size += len(piece)
        if self._parquet is None or piece is self._header:
            return
        types = dict(zip(self._schema.names, self._schema.types, strict=True))
        table = arrow_csv.read_csv(
            io.BytesIO(self._header + piece),
            parse_options=arrow_csv.ParseOptions(newlines_in_values=True),
            convert_options=arrow_csv.ConvertOptions(column_types=types, strings_can_be_null=True),
        )
        self._parquet.write_table(table)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()
