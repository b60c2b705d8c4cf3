"""The pictures of articles that come with Kaggle's download, if they are there."""

from __future__ import annotations

from typing import Any, NoReturn

import fsspec
from kedro.io import AbstractDataset, DatasetError


class Pictures:
    """Pictures by article id; each is read when it is asked for.

    Args:
        path: the folder; an article's picture is in a folder of the id's first three digits.
    """

    def __init__(self, path: str) -> None:
        self._fs, self._path = fsspec.core.url_to_fs(path)

    def get(self, article_id: str) -> bytes | None:
        """Read the JPEG of an article; None where there is none."""
        place = f"{self._path}/{article_id[:3]}/{article_id}.jpg"
        return bytes(self._fs.cat_file(place)) if self._fs.isfile(place) else None


class ArticleImages(AbstractDataset[Any, Any]):
    """Gives the `Pictures` of a folder, which need not be there.

    Args:
        path: the folder `images` of the download.
        metadata: for kedro-viz.
    """

    def __init__(self, *, path: str, metadata: dict[str, Any] | None = None) -> None:
        self._path = path
        self.metadata = metadata

    def load(self) -> Pictures:
        """Give the pictures."""
        return Pictures(self._path)

    def save(self, data: Any) -> NoReturn:  # noqa: ARG002
        """Refuse: raw files are never written."""
        raise DatasetError(f"raw folder '{self._path}' is read only")

    def _exists(self) -> bool:
        return True  # as a folder that may be empty

    def _describe(self) -> dict[str, Any]:
        return {"path": self._path}
