"""A folder of this machine in which a pipeline lays out files of its own."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NoReturn

from kedro.io import AbstractDataset, DatasetError

from hm_kedro.errors import HmKedroError


class WorkFolder(AbstractDataset[Any, Path]):
    """The folder, made when it is first asked for; what lies in it stays.

    Args:
        path: of the folder, on this machine.
        metadata: for kedro-viz.
    """

    def __init__(self, *, path: str, metadata: dict[str, Any] | None = None) -> None:
        self._path = path
        self.metadata = metadata

    def load(self) -> Path:
        """Give the folder.

        Raises:
            HmKedroError: it is on shared storage.
        """
        if "://" in self._path:
            raise HmKedroError(f"'{self._path}' is no folder of this machine: choose another output_dir")
        folder = Path(self._path).resolve()
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def save(self, data: Any) -> NoReturn:
        """Refuse: files are laid out in it by those who load it."""
        raise DatasetError(f"'{self._path}' is a folder to work in: {type(data).__name__} can't be saved to it")

    def _exists(self) -> bool:
        return Path(self._path).is_dir()

    def _describe(self) -> dict[str, Any]:
        return {"path": self._path}
