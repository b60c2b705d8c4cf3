"""Rankers compiled to machine code by `lleaves`, where it is installed: the same scores in less time."""

from __future__ import annotations

import logging
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt

from hm_kedro import engine

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    import lightgbm as lgb

logger = logging.getLogger(__name__)
# Rows that pass the trees at once, as float64: few enough to stay in a core's cache.
CHUNK_ROWS = 1 << 12


class Code(NamedTuple):
    """A booster as machine code, for processors like the one that it was compiled on.

    Attributes:
        text: the booster's, which `lleaves` reads beside the code.
        names: of the features, in the order of the matrix.
        code: an object file.
    """

    text: str
    names: tuple[str, ...]
    code: bytes


class CompiledBooster:
    """As much of LightGBM's `Booster` as scoring needs, of machine code."""

    def __init__(self, made: Code) -> None:
        self._names = list(made.names)
        with TemporaryDirectory(prefix="hm-kedro-") as folder:
            (Path(folder) / "code").write_bytes(made.code)
            self._model = _open(made.text, Path(folder))

    def feature_name(self) -> list[str]:
        """Give the features' names in the order of the matrix."""
        return self._names

    def num_trees(self) -> int:
        """Count the trees."""
        trees: int = self._model.num_trees()
        return trees

    def predict(self, matrix: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
        """Score rows as LightGBM does, but for the order in which trees are summed up."""
        starts = range(0, len(matrix), CHUNK_ROWS)
        chunks = [self._model.predict(matrix[start : start + CHUNK_ROWS], n_jobs=1) for start in starts]
        return np.concatenate([np.empty(0), *chunks])


def compile_booster(booster: lgb.Booster) -> Code:
    """Compile a booster that has trees."""
    text = booster.model_to_string()
    with TemporaryDirectory(prefix="hm-kedro-") as folder:
        _open(text, Path(folder))
        return Code(text, tuple(booster.feature_name()), (Path(folder) / "code").read_bytes())


def _open(text: str, folder: Path) -> Any:
    """Load the code in a folder; compile the text and leave the code there where there is none."""
    import lleaves

    (folder / "text").write_text(text, encoding="utf-8")
    model = lleaves.Model(model_file=str(folder / "text"))
    model.compile(cache=str(folder / "code"))
    return model


def choose_weeks(rows: Mapping[date, int], compile_rows: int) -> set[date]:
    """Choose the weeks whose rankers are to be compiled, those with so many rows to score.

    None where `lleaves` is not installed, which the log says if it would pay.
    """
    large = {week for week, count in rows.items() if count >= compile_rows}
    if large and find_spec("lleaves") is None:
        logger.info('Scoring %d candidates; `pip install "hm-kedro[compiled]"` makes that faster', sum(rows.values()))
        return set()
    return large


def may_compile(compile_rows: int) -> bool:
    """Whether rankers are compiled at all: the workers of a cluster may have other processors than this machine."""
    return compile_rows > 0 and engine.on_this_machine()
