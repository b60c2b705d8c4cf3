"""A LightGBM model in its own text format."""

from __future__ import annotations

import posixpath
from typing import Any

import fsspec
import lightgbm as lgb
from kedro.io import AbstractDataset

from hm_kedro.errors import HmKedroError


class LightGBMBooster(AbstractDataset[lgb.Booster, lgb.Booster]):
    """A booster with its feature names and parameters; text, so it can be read and compared.

    Args:
        filepath: the file, `.txt` by custom.
        metadata: for kedro-viz.
    """

    def __init__(self, *, filepath: str, metadata: dict[str, Any] | None = None) -> None:
        self._filepath = filepath
        self.metadata = metadata

    def save(self, data: lgb.Booster) -> None:
        """Write the model's text."""
        fs, path = fsspec.core.url_to_fs(self._filepath)
        fs.makedirs(posixpath.dirname(path), exist_ok=True)
        # A run that is killed while it writes must not leave half a model in the place of a whole one.
        with fs.open(f"{path}.part", "w", encoding="utf-8") as file:
            file.write(data.model_to_string())
        fs.mv(f"{path}.part", path)

    def load(self) -> lgb.Booster:
        """Read the model.

        Raises:
            HmKedroError: the file is not there or holds no LightGBM model.
        """
        fs, path = fsspec.core.url_to_fs(self._filepath)
        if not fs.isfile(path):
            raise HmKedroError(f"'{self._filepath}' is not there: run `--pipeline lgbm_ranking` first")
        with fs.open(path, "r", encoding="utf-8", errors="replace") as file:
            text = file.read()
        # LightGBM ends the whole process over a file that breaks off within the trees.
        if not text.startswith("tree\n") or "\nend of trees\n" not in text:
            raise HmKedroError(f"'{self._filepath}' holds no LightGBM model: run `--pipeline lgbm_ranking` again")
        return lgb.Booster(model_str=text)

    def _exists(self) -> bool:
        fs, path = fsspec.core.url_to_fs(self._filepath)
        return bool(fs.isfile(path))

    def _describe(self) -> dict[str, Any]:
        return {"filepath": self._filepath}
