"""What trials found, a line of JSON each, kept as they end: a search that stops goes on where it was."""

from __future__ import annotations

import json
import posixpath
from typing import Any

import fsspec
from kedro.io import AbstractDataset


class TrialLog(AbstractDataset[dict[str, Any], list[dict[str, Any]]]):
    """A file of JSON lines to which every save adds one.

    Args:
        filepath: the file; loading one that is not there gives no trials.
        metadata: for kedro-viz.
    """

    def __init__(self, *, filepath: str, metadata: dict[str, Any] | None = None) -> None:
        self._filepath = filepath
        self.metadata = metadata

    def load(self) -> list[dict[str, Any]]:
        """Read all trials; a last line that was cut off in the writing is left out."""
        fs, path = fsspec.core.url_to_fs(self._filepath)
        if not fs.exists(path):
            return []
        with fs.open(path, "r", encoding="utf-8") as file:
            lines = file.read().split("\n")
        return [json.loads(line) for line in lines[:-1] if line]

    def save(self, data: dict[str, Any]) -> None:
        """Add a trial."""
        fs, path = fsspec.core.url_to_fs(self._filepath)
        fs.makedirs(posixpath.dirname(path), exist_ok=True)
        kept = "".join(f"{json.dumps(trial)}\n" for trial in [*self.load(), data])
        with fs.open(f"{path}.part", "w", encoding="utf-8") as file:
            file.write(kept)
        fs.mv(f"{path}.part", path)

    def _exists(self) -> bool:
        fs, path = fsspec.core.url_to_fs(self._filepath)
        return bool(fs.isfile(path))

    def _describe(self) -> dict[str, Any]:
        return {"filepath": self._filepath}
